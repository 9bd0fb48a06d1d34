/*
 * Descriptions of the objects in tests/golden/describe-*.json. The text beside each was compared
 * with what kubectl 1.32 prints for it: the same bytes but for what came later (names of ports,
 * words for probe thresholds, a cron job's time zone, field paths of events), and what is
 * kjob's own (a schedule that never fires). With arguments it is
 * a tool: `describe_test FILE NOW` prints one.
 */
#include <dirent.h>

#include "../../cmd/describe.h"
#include "../../cmd/describe_quantity.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/paths.h"
#include "../../runtime/base/str.h"
#include "test.h"

#define GOLDEN "tests/golden/"

static json *read_json(const char *path)
{
	auto_err e = {0};
	size_t len = 0;
	auto_free char *text = path_read_file(path, 4 * MIB, &len, &e);
	json *j = text ? json_parse(text, len, JSON_PARSE_STRICT, &e) : NULL;

	if (!j)
		printf("# %s: %s\n", path, err_msg(&e));
	return j;
}

/* The description of a case; now in seconds, or -1: as the case says. */
static char *describe_case(const json *c, int64_t now)
{
	int64_t ns = 0;
	struct describe_input in = {
	    .object = json_get(c, "object"),
	    .events = json_get(c, "events"),
	    .lease = json_get(c, "lease"),
	    .lease_error = "leases \"bare\" not found",
	    .pods = json_get(c, "pods"),
	    .slices = json_get(c, "slices"),
	    .secrets = json_get(c, "secrets"),
	    .now = now,
	};
	auto_buf text = {0};

	if (now < 0 && time_parse(json_str_or(c, "now", ""), &ns) == 0)
		in.now = ns / NSEC_PER_SEC;
	describe_object(&in, &text);
	return buf_take(&text);
}

static void check_golden(const char *name)
{
	auto_err e = {0};
	size_t len = 0;
	auto_free char *input = xasprintf(GOLDEN "%s.json", name),
		       *output = xasprintf(GOLDEN "%s.txt", name);
	auto_free char *want = path_read_file(output, 4 * MIB, &len, &e), *got = NULL;
	auto_json *c = read_json(input);

	printf("# %s\n", name);
	got = describe_case(c, -1);
	CHECK_STR(got, want);
}

TEST("X05 X06 the descriptions of all objects in tests/golden are kubectl's")
{
	DIR *dir = opendir(GOLDEN);
	auto_strlist names = {0};

	CHECK(dir != NULL);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		size_t len = strlen(entry->d_name);

		if (str_has_prefix(entry->d_name, "describe-") &&
		    str_has_suffix(entry->d_name, ".json"))
			strlist_add_take(&names, xstrndup(entry->d_name, len - strlen(".json")));
	}
	if (dir)
		closedir(dir);
	strlist_sort(&names);
	CHECK(names.len > 10);
	for (size_t i = 0; i < names.len; i++)
		check_golden(names.items[i]);
}

/* Puts another value in the place of node number *left, counted in depth; false: there are not so
 * many. */
static bool replace_node(json *parent, size_t *left, int kind)
{
	json_for (child, parent) {
		if ((*left)-- == 0) {
			json_replace(parent, child,
			    kind == 0   ? json_new_int(-7)
			    : kind == 1 ? json_new_string("\x1b[2J\tx\r\ny")
			    : kind == 2 ? json_new_null()
					: json_parse("[[1],{\"a\":[]},\"b\",null]", 23,
					      JSON_PARSE_STRICT, NULL));
			return true;
		}
		if (replace_node(child, left, kind))
			return true;
	}
	return false;
}

TEST("a value of any other type in any place of an object breaks nothing")
{
	static const char *const names[] = {"pod-full", "pod-terminated", "job-indexed", "node",
	    "pod-volumes", "event", "configmap", "secret", "service", "endpoints", "endpointslice",
	    "claim"};

	for (size_t n = 0; n < ARRAY_LEN(names); n++) {
		auto_free char *path = xasprintf(GOLDEN "describe-%s.json", names[n]);
		auto_json *c = read_json(path);
		bool more = c != NULL;

		for (size_t i = 0; more; i += (size_t)test_rounds(1, 7)) {
			auto_json *copy = json_dup(c);
			auto_free char *text = NULL;
			size_t left = i;

			more = replace_node(copy, &left, (int)(i % 4));
			text = describe_case(copy, -1);
			CHECK(strchr(text, 0x1b) == NULL);
		}
	}
}

TEST("an empty object of each kind is described")
{
	static const char *const kinds[] = {
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}",
	    "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\"}",
	    "{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\"}",
	    "{\"apiVersion\":\"v1\",\"kind\":\"Node\"}",
	    "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\"}",
	    "{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\"}",
	    "{}",
	    "[]",
	    "3",
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		auto_json *c = json_new_object();
		auto_free char *text = NULL;

		json_set(
		    c, "object", json_parse(kinds[i], strlen(kinds[i]), JSON_PARSE_STRICT, NULL));
		json_set(c, "events", json_new_array());
		text = describe_case(c, 0);
		CHECK(str_has_prefix(text, "Name:"));
	}
}

TEST("columns are as wide as the widest cell of adjacent lines")
{
	auto_dtext t = {0};

	dtext_init(&t);
	dtext_add(&t, 0, "a\tb\tc\n");
	dtext_add(&t, 1, "long\td\n");
	dtext_add(&t, 0, "plain\n");
	dtext_add(&t, 0, "\tx\n");
	dtext_add(&t, 0, "\xc3\xa4\ty");
	CHECK_STR(dtext_str(&t), "a       b  c\n  long  d\nplain\n   x\n\xc3\xa4  y");
}

TEST("control characters are made visible")
{
	auto_dtext t = {0};

	dtext_init(&t);
	dtext_add(&t, 0, "%s\n", "a\x1b[31m\rb\x7f\x07");
	CHECK_STR(dtext_str(&t), "a^[[31m\\rb^?^G\n");
}

TEST("amounts are added and written as the server does")
{
	static const struct {
		const char *a, *b, *sum;
	} cases[] = {
	    {"500m", "500m", "1"},
	    {"1Gi", "512Mi", "1536Mi"},
	    {"0", "1Ki", "1Ki"},
	    {"1.5Gi", "0", "1536Mi"},
	    {"100M", "1", "100000001"},
	    {"1Mi", "1k", "1049576"},
	    {"1e3", "0", "1k"},
	    {"512", "512", "1024"},
	    {"x", "3", "3"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct quantity q = quantity_of(cases[i].a);
		auto_free char *text = NULL;

		quantity_add(&q, quantity_of(cases[i].b));
		text = quantity_text(q);
		CHECK_STR(text, cases[i].sum);
	}
}

int main(int argc, char **argv)
{
	int64_t now;

	setenv("TZ", "UTC", 1);
	tzset();
	if (argc == 3 && str_to_int(argv[2], 0, INT64_MAX, &now) == 0) {
		auto_json *c = read_json(argv[1]);
		auto_free char *text = describe_case(c, now);

		fputs(text, stdout);
		return 0;
	}
	return test_main();
}
