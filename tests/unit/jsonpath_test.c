#include "../../runtime/base/jsonpath.h"
#include "test.h"

static const char data[] =
    "{\"kind\":\"Foo\",\"metadata\":{\"name\":\"a\",\"labels\":{\"app.kubernetes.io/"
    "name\":\"w\",\"x\":\"1\"}},"
    "\"list\":[1,2,3,4,5],\"f\":1.5,\"big\":1234567.5,\"t\":true,\"nul\":null,\"o\":{\"b\":{\"n\":"
    "2},\"a\":{\"n\":1}},"
    "\"c\":[{\"name\":\"a\",\"image\":\"i1\",\"p\":80,\"on\":true},{\"name\":\"b\",\"image\":"
    "\"i2\",\"p\":90.5},"
    "{\"name\":\"c\",\"p\":7,\"sub\":[{\"v\":1},{\"v\":2}]}],\"e\":[],\"html\":\"a<b\"}";

/* What a template prints; or "error: " or "parse: " and the message. */
static char *run(const char *template_text, bool allow_missing)
{
	auto_json *j = json_parse(data, strlen(data), JSON_PARSE_STRICT, NULL);
	auto_err e = {0};
	auto_buf out = {0};
	struct jsonpath *p = jsonpath_new(template_text, &e);
	int rc;

	if (!p)
		return xasprintf("parse: %s", err_msg(&e));
	rc = jsonpath_print(p, j, allow_missing, &out, &e);
	jsonpath_free(p);
	if (rc < 0)
		return xasprintf("error: %s", err_msg(&e));
	return xstrdup(buf_str(&out));
}

struct example {
	const char *template_text, *want;
};

static void check_all(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		auto_free char *got = run(examples[i].template_text, true);

		if (strcmp(got, examples[i].want) != 0)
			printf("# %s\n", examples[i].template_text);
		CHECK_STR(got, examples[i].want);
	}
}

TEST("paths, text and relaxed forms print what they name")
{
	static const struct example examples[] = {
	    {"{.metadata.name}", "a"},
	    {".metadata.name", "a"},
	    {"metadata.name", "a"},
	    {"{metadata.name}", "a"},
	    {"$.metadata.name", "a"},
	    {"c[1].name", "b"},
	    {"kind is {$.kind}, {@.kind}!", "kind is Foo, Foo!"},
	    {"{ .kind }", "Foo"},
	    {"{.metadata['name']}", "a"},
	    {"{['metadata']['name']}", "a"},
	    {"{.metadata['name','labels']}", "a {\"app.kubernetes.io/name\":\"w\",\"x\":\"1\"}"},
	    {"{.metadata.labels.app\\.kubernetes\\.io/name}", "w"},
	    {"{.metadata.labels['app\\.kubernetes\\.io/name']}", "w"},
	    {"{.nope}", ""},
	    {"{.c[0].nope.deep}", ""},
	    {"{.metadata.name.deep}", ""},
	    {"{.nul.x}{.nul[0]}", ""},
	    {"a}b", "a}b"},
	    {"", ""},
	};

	check_all(examples, ARRAY_LEN(examples));
}

TEST("lists, slices, unions, wildcards and descent find all their values")
{
	static const struct example examples[] = {
	    {"{.c[*].name}", "a b c"},
	    {"{.c.*.name}", "a b c"},
	    {"{.c[*].image}", "i1 i2"},
	    {"{.c[-1].name}", "c"},
	    {"{.c[].name}", "a"},
	    {"{.list[0:2]}", "1 2"},
	    {"{.list[::2]}", "1 3 5"},
	    {"{.list[1:]}", "2 3 4 5"},
	    {"{.list[-2:]}", "4 5"},
	    {"{.list[:-1]}", "1 2 3 4"},
	    {"{.list[0:-1:2]}", "1 3"},
	    {"{.list[2:2]}", ""},
	    {"{.list[0, 2]}", "1 3"},
	    {"{.c[*]['name','p']}", "a b c 80 90.5 7"},
	    {"{.o.*.n}", "2 1"},
	    {"{..n}", "2 1"},
	    {"{.o..n}", "2 1"},
	    {"{..name}", "a a b c"},
	    {"{.c[0]..name}", "a"},
	};

	check_all(examples, ARRAY_LEN(examples));
}

TEST("values print as kubectl prints them")
{
	static const struct example examples[] = {
	    {"{.list}", "[1,2,3,4,5]"},
	    {"{.o}", "{\"a\":{\"n\":1},\"b\":{\"n\":2}}"},
	    {"{.t} {.f} {.big} {.nul} {.html}", "true 1.5 1.2345675e+06 null a<b"},
	    {"{.e}", "[]"},
	    {"{1}{2.5}{true}{-5}{+3}", "12.5true-53"},
	};
	auto_free char *all = run("{}", true);

	check_all(examples, ARRAY_LEN(examples));
	CHECK(strstr(all, "\"html\":\"a\\u003cb\"") != NULL);
}

TEST("filters compare, and ask for existence")
{
	static const struct example examples[] = {
	    {"{.c[?(@.name==\"b\")].image}", "i2"},
	    {"{.c[?(@.name=='b')].image}", "i2"},
	    {"{.c[?(@.name != \"b\")].name}", "a c"},
	    {"{.c[?(@.image!=\"i1\")].name}", "b"},
	    {"{.c[?(@.p>10)].name}", "a b"},
	    {"{.c[?(@.p>=90.5)].name}", "b"},
	    {"{.c[?(@.p<80)].name}", "c"},
	    {"{.c[?(@.p<=80)].name}", "a c"},
	    {"{.c[?(@.on==true)].name}", "a"},
	    {"{.c[?(@.on)].name}", "a"},
	    {"{.c[?(@.none)].name}", ""},
	    {"{.c[?(@.sub[0].v==1)].name}", "c"},
	    {"{.c[?(@.name>\"a\")].name}", "b c"},
	    {"{.list[?(@>2)]}", "3 4 5"},
	    {"{.c[?(@.name==\")\")].name}", ""},
	    {"{.c[?(@.p==\"80\")].name}", "error: incompatible types for comparison"},
	    {"{.c[?(@.on<true)].name}", "error: invalid type for comparison"},
	    {"{.c[?(@.name==b)].image}", "error: unrecognized identifier b"},
	    {"{.c[?(@.name=\"b\")].image}", "error: unrecognized filter operator ="},
	    {"{.kind[?(@.n==1)]}", "error: string is not array or slice and cannot be filtered"},
	    {"{.c[?(@.name==\"b\" && @.p>1)]}",
		"parse: unrecognized character in action: U+0026 '&'"},
	    {"{.c[?(@.name==\"b\"||@.p>1)]}",
		"parse: unrecognized character in action: U+007C '|'"},
	};

	check_all(examples, ARRAY_LEN(examples));
}

TEST("ranges repeat what is in them, also in each other and unclosed")
{
	static const struct example examples[] = {
	    {"{range .c[*]}{.name}{\"\\t\"}{.p}{\"\\n\"}{end}", "a\t80\nb\t90.5\nc\t7\n"},
	    {"{range .c[*]}{.name}{range .sub[*]}[{.v}]{end};{end}.", "a;b;c[1][2];."},
	    {"{range .e[*]}{.x}{end}done", "done"},
	    {"{range .c[*]}{.name}", "abc"},
	    {"{range .list[*]}{@},{end}", "1,2,3,4,5,"},
	    {"{end}", "error: not in range, nothing to end"},
	};

	check_all(examples, ARRAY_LEN(examples));
}

TEST("quoted text knows Go's escapes")
{
	static const struct example examples[] = {
	    {"{'it'}{\"a\\\"b\"}{'a\\'b'}", "ita\"ba'b"},
	    {"{\"\\u0041\\x41\\101\\u00e9\\U0001F600\"}", "AAA\xc3\xa9\xf0\x9f\x98\x80"},
	    {"{\"\\\\\"}", "\\"},
	    {"{\"\\q\"}", "parse: unquote string \"\\q\" error invalid syntax"},
	    {"{\"\\x4\"}", "parse: unquote string \"\\x4\" error invalid syntax"},
	    {"{\"abc", "parse: unterminated quoted string"},
	    {"{\"abc\\", "parse: unterminated quoted string"},
	};

	check_all(examples, ARRAY_LEN(examples));
}

TEST("errors use kubectl's words")
{
	static const struct example examples[] = {
	    {"{.x[", "parse: unterminated array"},
	    {"{.x", "parse: unclosed action"},
	    {"{.c[a]}", "parse: invalid array index a"},
	    {"{.c[\"x\"]}", "parse: invalid array index \"x\""},
	    {"{.c[99999999999999999999]}",
		"parse: array index 99999999999999999999 is not a number"},
	    {"{.c[?(@.name==\"b\"]}", "parse: unterminated filter"},
	    {"{.c[?(@.name==\"b\")}", "parse: unclosed array expect ]"},
	    {"{....name}", "parse: invalid multiple recursive descent"},
	    {"{-}", "parse: cannot parse number -"},
	    {"{1.2.3}", "parse: cannot parse number 1.2.3"},
	    {"{|}", "parse: unrecognized character in action: U+007C '|'"},
	    {"x {foo}", "error: unrecognized identifier foo"},
	    {"{.c[3].name}", "error: array index out of bounds: index 3, length 3"},
	    {"{.c[-4].name}", "error: array index out of bounds: index -1, length 3"},
	    {"{.list[0:9]}", "error: array index out of bounds: index 8, length 5"},
	    {"{.list[3:1]}", "error: starting index 3 is greater than ending index 1"},
	    {"{.list[0:3:0]}", "error: step must be > 0"},
	    {"{.kind[0]}", "error: string is not array or slice"},
	    {"{.metadata[0]}", "error: map[string]interface {} is not array or slice"},
	};
	auto_free char *strict = run("{.x}", false);

	check_all(examples, ARRAY_LEN(examples));
	CHECK_STR(strict, "error: x is not found");
}

TEST("find gives the nodes of the first expression")
{
	auto_json *j = json_parse(data, strlen(data), JSON_PARSE_STRICT, NULL);
	struct jsonpath *p = jsonpath_new("{.c[*].image}", NULL);
	const json **found = NULL;
	size_t len = 0;

	CHECK(jsonpath_find(p, j, &found, &len, NULL) == 0);
	CHECK_INT(len, 2);
	CHECK_STR(json_string_value(found[1]), "i2");
	free(found);
	jsonpath_free(p);
	p = jsonpath_new(".none", NULL);
	CHECK(jsonpath_find(p, j, &found, &len, NULL) == 0);
	CHECK_INT(len, 0);
	free(found);
	jsonpath_free(p);
}

TEST("hostile templates end in an error, not in a crash")
{
	static const char nasty[] = "{}[]().@$?*'\"\\:,-=<>!~09ab \n";
	auto_buf deep = {0};
	unsigned state = 3;
	int rounds = test_rounds(20000, 2000);

	for (int i = 0; i < 200; i++)
		buf_adds(&deep, "{[?([?(");
	free(run(deep.ptr, true));
	for (int round = 0; round < rounds; round++) {
		auto_buf text = {0};

		buf_addch(&text, '{');
		for (unsigned n = round % 24; n > 0; n--) {
			state = state * 1664525u + 1013904223u;
			buf_addch(&text, nasty[(state >> 8) % (sizeof(nasty) - 1)]);
		}
		buf_addch(&text, '}');
		free(run(text.ptr, round % 2));
	}
}

int main(void)
{
	return test_main();
}
