/* Short texts with a grammar of their own; the first byte chooses which. */
#include "../../controller/api/api.h"
#include "../../controller/api/cron.h"
#include "../../controller/api/fieldpath.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/jsonpath.h"
#include "../../runtime/http.h"
#include "fuzz.h"

FUZZ_SEEDS(TEXT("aapp in (a, b),!x,y!=z,tier notin (c),k"),
    TEXT("bstatus.phase!=Running,metadata.name==x"), TEXT("c1.5Gi"), TEXT("c-12e3"), TEXT("c100m"),
    TEXT("d*/5 0-23/2 1,15 JAN-DEC MON#2"), TEXT("d@every 1h30m"), TEXT("dTZ=Asia/Tokyo 0 0 L * ?"),
    TEXT("e{range .items[*]}{.metadata.name}{\"\\t\"}{.x[?(@.a=='b')].c}{\"\\n\"}{end}"),
    TEXT("e{..name}{.items[0:2:-1]['a','b'].c}"), TEXT("fmetadata.labels['a.b/c']"),
    TEXT("g1h2m3.5s"), TEXT("g-0.5ms"), TEXT("hhttp://[::1]:8080/a/../b?c#d"),
    TEXT("hhttps://user@host/x"), TEXT("i2026-02-29T23:59:60.123456789+01:00"))
FUZZ_WORDS(TEXT("("), TEXT(")"), TEXT(","), TEXT("!"), TEXT("{"), TEXT("}"), TEXT("["), TEXT("]"),
    TEXT("@"), TEXT(".."), TEXT("*"), TEXT("/"), TEXT("99999999999"), TEXT("Ki"), TEXT("e"),
    TEXT("'"), TEXT("\\"), TEXT("?"), TEXT("-"))

static void label(const char *text)
{
	static const char index[] = "app\0a\0y\0q";
	struct selector *s = label_selector_parse(text, NULL);

	if (s)
		(void)selector_matches_index(s, index, sizeof(index));
	selector_free(s);
}

static void field(const char *text)
{
	selector_free(field_selector_parse(kind_by_id(KIND_POD), text, NULL));
}

static void quantity(const char *text)
{
	auto_free char *canonical = NULL, *again = NULL;
	int64_t milli, same;

	if (quantity_parse(text, &canonical, &milli, NULL) < 0)
		return;
	EXPECT(quantity_parse(canonical, &again, &same, NULL) == 0);
	EXPECT(str_eq(canonical, again) && milli == same);
}

static void cron(const char *text)
{
	struct cron c;
	int64_t next, last;

	if (cron_parse(&c, text, NULL) < 0 || !cron_next(&c, NULL, 1800000000, &next))
		return;
	EXPECT(next > 1800000000);
	EXPECT(cron_last(&c, NULL, 1800000000, next, &last) && last == next);
}

static void path(const char *text)
{
	static const char data[] = "{\"items\":[{\"metadata\":{\"name\":\"a\"},\"x\":[{\"a\":\"b\","
				   "\"c\":1}]},{\"a\":{\"c\":[]}}],\"name\":null}";
	struct jsonpath *p = jsonpath_new(text, NULL);
	auto_json *j = json_parse(data, sizeof(data) - 1, 0, NULL);
	auto_buf out = {0};

	if (p && jsonpath_print(p, j, true, &out, NULL) < 0)
		EXPECT(p);
	jsonpath_free(p);
}

static void downward(const char *text)
{
	auto_json *pod = json_parse("{\"metadata\":{\"name\":\"x\"}}", 26, 0, NULL);
	auto_free char *problem = fieldpath_problem(text), *value = fieldpath_value(pod, text);

	EXPECT(value || problem);
}

static void duration(const char *text)
{
	char printed[TIME_TEXT_MAX];
	int64_t ns, again;

	if (duration_parse(text, &ns) < 0)
		return;
	EXPECT(duration_parse(duration_format(printed, ns), &again) == 0 && again == ns);
}

static void url(const char *text)
{
	struct http_url u = {0};

	if (http_url_resolve("http://host/a/b", text, &u, NULL) == 0)
		EXPECT(u.origin && u.host && u.path && *u.path == '/');
	http_url_release(&u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(const char *text) = {
	    label, field, quantity, cron, path, downward, duration, url};
	auto_free char *text = size ? xstrndup((const char *)data + 1, size - 1) : NULL;

	if (text)
		readers[*data % ARRAY_LEN(readers)](text);
	return 0;
}
