#include "../../runtime/base/json_view.h"

#include <math.h>

#include "test.h"

static json *parse(const char *text)
{
	struct err e = {0};
	json *j = json_parse(text, strlen(text), JSON_PARSE_STRICT, &e);

	if (!j)
		CHECK_STR(err_msg(&e), text);
	err_clear(&e);
	return j;
}

/* The compact text of TEXT, or the error; static storage. */
static const char *round_trip(const char *text, int flags)
{
	static char out[4096];
	auto_err e = {0};
	auto_json *j = json_parse(text, strlen(text), flags, &e);
	auto_free char *printed = j ? json_print(j) : NULL;

	snprintf(out, sizeof(out), "%s", printed ? printed : err_msg(&e));
	return out;
}

static void check_text(const json *j, const char *want, const char *file, int line)
{
	auto_free char *text = json_print(j);

	if (strcmp(text, want) != 0) {
		printf("# %s:%d: %s, want %s\n", file, line, text, want);
		test_failed = true;
	}
}

#define CHECK_JSON(j, want) check_text(j, want, __FILE__, __LINE__)

TEST("documents of every kind are parsed and printed back compactly")
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"{}", "{}"},
	    {"[]", "[]"},
	    {" {\n\t\"a\" : [ 1 , true,false , null ] , \"b\":{\"c\":\"d\"} }\r\n",
		"{\"a\":[1,true,false,null],\"b\":{\"c\":\"d\"}}"},
	    {"\"\"", "\"\""},
	    {"null", "null"},
	    {"[[],{},[[]]]", "[[],{},[[]]]"},
	    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", "\"\\\"\\\\/\\b\\f\\n\\r\\tA\""},
	    {"\"\\u00e4\\u20ac\\ud83d\\ude00\"", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
	    {"\"\xc3\xa4 \x7f <&>\"", "\"\xc3\xa4 \x7f <&>\""},
	    {"\"\\u0001\\u001f\"", "\"\\u0001\\u001f\""},
	    {"{\"\":{\"\":1}}", "{\"\":{\"\":1}}"},
	    {"{\"A\":1,\"a\":2}", "{\"A\":1,\"a\":2}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_STR(round_trip(cases[i].text, 0), cases[i].want);
}

TEST("numbers are printed as Go prints them, integers never with an exponent")
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"0", "0"},
	    {"-0", "0"},
	    {"-1", "-1"},
	    {"1.0", "1"},
	    {"1e3", "1000"},
	    {"0.1", "0.1"},
	    {"-2.50", "-2.5"},
	    {"3.141592653589793", "3.141592653589793"},
	    {"0.30000000000000004", "0.30000000000000004"},
	    {"123456789.123456789", "123456789.12345679"},
	    {"0.000001", "0.000001"},
	    {"0.0000015", "0.0000015"},
	    {"0.0000001", "1e-7"},
	    {"1.5e-300", "1.5e-300"},
	    {"5e-324", "5e-324"},
	    {"1e-400", "0"},
	    {"1e20", "100000000000000000000"},
	    {"123e18", "123000000000000000000"},
	    {"1e21", "1e+21"},
	    {"-1.25e30", "-1.25e+30"},
	    {"1.7976931348623157e308", "1.7976931348623157e+308"},
	    {"1E2", "100"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_STR(round_trip(cases[i].text, 0), cases[i].want);
}

TEST("integers past 2^53 keep every digit, among others and alone")
{
	static const char *const same[] = {"9007199254740991", "9007199254740992",
	    "9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808",
	    "18446744073709551615", "123456789012345678901234567890",
	    "[1,1234567890123456,9007199254740993,{\"a\":9007199254740995},2.5,9007199254740997]"};
	auto_json *j = parse("{\"a\":9007199254740993,\"b\":9223372036854775808,\"c\":1e300}");
	auto_json *copy = json_dup(j);
	int64_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		CHECK_STR(round_trip(same[i], 0), same[i]);
	CHECK_INT(json_type(json_get(j, "a")), JSON_NUMBER);
	CHECK(json_is_int(json_get(j, "a"), &n));
	CHECK_INT(n, INT64_C(9007199254740993));
	CHECK_INT(json_int(j, "a", 0), INT64_C(9007199254740993));
	CHECK(json_number_value(json_get(j, "b")) == 0x1p63);
	CHECK(!json_is_int(json_get(j, "b"), &n));
	CHECK_INT(json_int(j, "b", 7), 7);
	CHECK(!json_is_int(json_get(j, "c"), &n));
	CHECK(json_equal(j, copy));
	CHECK_JSON(json_get(copy, "b"), "9223372036854775808");
}

TEST("integers that are made keep their digits too")
{
	static const int64_t values[] = {0, -1, INT64_C(1) << 53, (INT64_C(1) << 53) + 1,
	    -(INT64_C(1) << 53) - 1, INT64_MAX, INT64_MIN};

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		auto_json *j = json_new_int(values[i]);
		auto_free char *text = json_scalar_text(j), *want = NULL;
		int64_t n = 0;

		want = xasprintf("%lld", (long long)values[i]);
		CHECK_STR(text, want);
		CHECK(json_is_int(j, &n) && n == values[i]);
	}
}

TEST("errors say where and what")
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", "line 1, column 1: unexpected end of the text"},
	    {"  \n ", "line 2, column 2: unexpected end of the text"},
	    {"{\"a\":1", "line 1, column 7: unexpected end of the text"},
	    {"{\n  \"a\": 1\n  \"b\": 2}", "line 3, column 3: expected ',' or '}'"},
	    {"[1 2]", "line 1, column 4: expected ',' or ']'"},
	    {"[1}", "line 1, column 3: expected ',' or ']'"},
	    {"{\"\xc3\xa4\xc3\xa4\" 1}", "line 1, column 7: expected ':' behind the member name"},
	    {"{a:1}", "line 1, column 2: expected a member name in double quotes"},
	    {"{\"a\":1,}", "line 1, column 8: expected a member name in double quotes"},
	    {"[1,]", "line 1, column 4: expected a value"},
	    {"[,1]", "line 1, column 2: expected a value"},
	    {"]", "line 1, column 1: expected a value"},
	    {"nul", "line 1, column 1: expected a value"},
	    {"True", "line 1, column 1: expected a value"},
	    {"'a'", "line 1, column 1: expected a value"},
	    {"NaN", "line 1, column 1: expected a value"},
	    {"\xef\xbb\xbf{}", "line 1, column 1: expected a value"},
	    {"// x\n1", "line 1, column 1: expected a value"},
	    {"{} {}", "line 1, column 4: unexpected text behind the document"},
	    {"nullx", "line 1, column 5: unexpected text behind the document"},
	    {"01", "line 1, column 1: a number cannot begin with 0"},
	    {"-01", "line 1, column 1: a number cannot begin with 0"},
	    {"-", "line 1, column 2: unexpected end of the text"},
	    {"+1", "line 1, column 1: expected a value"},
	    {".5", "line 1, column 1: expected a value"},
	    {"[1.]", "line 1, column 4: expected a digit"},
	    {"[1e]", "line 1, column 4: expected a digit"},
	    {"[-a]", "line 1, column 3: expected a digit"},
	    {"0x10", "line 1, column 2: unexpected text behind the document"},
	    {"[\"abc]", "line 1, column 2: string without its closing quote"},
	    {"\"\\", "line 1, column 3: unexpected end of the text"},
	    {"\"\\x41\"", "line 1, column 2: invalid escape in a string"},
	    {"\"\\u12g4\"", "line 1, column 2: \\u needs four hexadecimal digits"},
	    {"\"\\u12", "line 1, column 2: \\u needs four hexadecimal digits"},
	    {"\"a\tb\"", "line 1, column 3: control character in a string "
			 "(write it as \\n, \\t or \\u00XX)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_STR(round_trip(cases[i].text, 0), cases[i].want);
}

TEST("NUL characters, halves of surrogate pairs and invalid UTF-8 are refused")
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"\"a\\u0000\"", "line 1, column 3: \\u0000 is not allowed"},
	    {"{\"\\u0000\":1}", "line 1, column 3: \\u0000 is not allowed"},
	    {"\"\\ud800\"", "line 1, column 2: \\u surrogate without its other half"},
	    {"\"\\ud800x\"", "line 1, column 2: \\u surrogate without its other half"},
	    {"\"\\udc00\\ud800\"", "line 1, column 2: \\u surrogate without its other half"},
	    {"\"\\ud800\\u0041\"", "line 1, column 2: \\u surrogate without its other half"},
	    {"\"\\ud800\\u", "line 1, column 2: \\u surrogate without its other half"},
	    {"\"\xff\"", "line 1, column 2: invalid UTF-8"},
	    {"\"\xc0\x80\"", "line 1, column 2: invalid UTF-8"},
	    {"\"\xed\xa0\x80\"", "line 1, column 2: invalid UTF-8"},
	    {"\"\xe2\x82", "line 1, column 2: invalid UTF-8"},
	};
	auto_err e = {0};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_STR(round_trip(cases[i].text, 0), cases[i].want);
	CHECK(!json_parse("\"a\0b\"", 5, 0, &e));
	CHECK(!json_parse("1\0", 2, 0, &e));
	CHECK_STR(err_msg(&e), "line 1, column 2: unexpected text behind the document");
	CHECK_INT(e.reason, ERR_BAD_REQUEST);
}

TEST("only the given bytes are read")
{
	auto_err e = {0};
	auto_json *j = json_parse("12345", 3, 0, &e);

	CHECK_JSON(j, "123");
	CHECK(!json_parse("\"abc\"", 4, 0, &e));
	CHECK(!json_parse("true", 3, 0, &e));
	CHECK(!json_parse("[1e5", 3, 0, NULL));
}

TEST("numbers past the range of a double and endless ones are refused, with their place")
{
	char text[200];
	auto_err e = {0};
	auto_json *longest = NULL;

	CHECK_STR(round_trip("1e400", 0), "line 1, column 1: number out of range");
	CHECK_STR(
	    round_trip("{\"a\":[1,2],\n\"b\":-1e999}", 0), "line 2, column 5: number out of range");
	CHECK_STR(
	    round_trip("[1e999]", JSON_ALLOW_DUPLICATES), "line 1, column 2: number out of range");
	memset(text, '9', sizeof(text));
	longest = json_parse(text, 63, 0, &e);
	CHECK_INT(json_type(longest), JSON_NUMBER);
	CHECK(!json_parse(text, 64, 0, &e));
	CHECK_STR(err_msg(&e), "line 1, column 1: number of more than 63 characters");
}

TEST("nesting ends at its limit")
{
	char text[2 * JSON_MAX_DEPTH + 10];
	auto_err e = {0};
	auto_json *deep = NULL;
	auto_free char *printed = NULL;
	auto_free char *bomb = xmalloc(MIB);

	memset(text, '[', JSON_MAX_DEPTH);
	memset(text + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
	deep = json_parse(text, 2 * JSON_MAX_DEPTH, 0, &e);
	printed = json_print(deep);
	CHECK_INT(strlen(printed), 2 * JSON_MAX_DEPTH);
	memset(text, '[', JSON_MAX_DEPTH + 1);
	memset(text + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
	CHECK(!json_parse(text, 2 * JSON_MAX_DEPTH + 2, 0, &e));
	CHECK_STR(err_msg(&e), "line 1, column 201: nested too deeply");
	memset(bomb, '[', MIB);
	CHECK(!json_parse(bomb, MIB, 0, &e));
	for (size_t i = 0; i + 5 <= MIB; i += 5)
		memcpy(bomb + i, "{\"a\":", 5);
	CHECK(!json_parse(bomb, MIB, 0, &e));
}

TEST("a name that comes twice in one object is an error with its place, unless that is allowed")
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"{\"a\":1,\n \"a\":2}", "line 2, column 2: duplicate name \"a\""},
	    {"{\"a\":1,\"\\u0061\":2}", "line 1, column 8: duplicate name \"\\u0061\""},
	    {"{\"x\":{\"b\":1},\"y\":[{\"b\":1,\"c\":2,\"b\":3}]}",
		"line 1, column 32: duplicate name \"b\""},
	    {"{\"\":1,\"\":2}", "line 1, column 7: duplicate name \"\""},
	    {"{\"a\\\"\":1,\"a\\\"\":2}", "line 1, column 10: duplicate name \"a\\\"\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_STR(round_trip(cases[i].text, 0), cases[i].want);
	CHECK_STR(round_trip("{\"a\":1,\"a\":2}", JSON_ALLOW_DUPLICATES), "{\"a\":1,\"a\":2}");
	CHECK_STR(round_trip("[{\"a\":1},{\"a\":1}]", 0), "[{\"a\":1},{\"a\":1}]");
}

/* {"m0":0,"m1":1,…}; with DUPLICATE, "m7" comes again at the end. */
static char *big_object(int count, bool duplicate)
{
	auto_buf b = {0};

	buf_addch(&b, '{');
	for (int i = 0; i < count; i++)
		buf_addf(&b, "%s\"m%d\":%d", i ? "," : "", i, i);
	buf_adds(&b, duplicate ? ",\"m7\":1,\"m3\":2}" : "}");
	return buf_take(&b);
}

TEST("big objects are checked, compared, sorted and patched in less than quadratic time")
{
	int count = test_rounds(200000, 5000);
	auto_free char *text = big_object(count, false), *twice = big_object(count, true);
	auto_free char *last = xasprintf("m%d", count - 1);
	auto_json *a = parse(text), *b = parse(text), *patched = NULL;
	auto_err e = {0};

	CHECK(!json_parse(twice, strlen(twice), 0, &e));
	CHECK(strstr(err_msg(&e), "duplicate name \"m7\""));
	json_sort(b);
	CHECK_STR(json_key(json_at(b, 2)), "m10");
	CHECK(json_equal(a, b));
	patched = json_merge_patch(json_dup(a), b);
	CHECK(json_equal(patched, b));
	json_set_int(b, last, -1);
	CHECK(!json_equal(a, b));
}

TEST("small objects on both sides of the switch to sorting find their duplicates")
{
	for (int count = 9; count < 40; count++) {
		auto_free char *text = big_object(count, true), *fine = big_object(count, false);
		auto_json *j = parse(fine);
		auto_err e = {0};

		CHECK_INT(json_len(j), count);
		CHECK(!json_parse(text, strlen(text), 0, &e));
		CHECK(strstr(err_msg(&e), "duplicate name \"m7\""));
	}
}

TEST("getters accept what is absent, null or of another type")
{
	auto_json *j =
	    parse("{\"s\":\"x\",\"n\":3,\"f\":2.5,\"t\":true,\"z\":null,\"o\":{\"a.b\":1,"
		  "\"p\":{\"q\":\"deep\"}},\"l\":[1,{\"k\":2}]}");

	CHECK_STR(json_str(j, "s"), "x");
	CHECK(!json_str(j, "n"));
	CHECK(!json_str(j, "o.p.q.r"));
	CHECK_STR(json_str(j, "o.p.q"), "deep");
	CHECK_STR(json_str_or(j, "z", "none"), "none");
	CHECK_INT(json_int(j, "n", 9), 3);
	CHECK_INT(json_int(j, "f", 9), 9);
	CHECK_INT(json_int(j, "s", 9), 9);
	CHECK(json_bool(j, "t", false));
	CHECK(json_bool(j, "n", true));
	CHECK(json_has(j, "o.p") && !json_has(j, "z") && !json_has(j, "no"));
	CHECK(json_get(j, "z") && !json_get(j, "S"));
	CHECK_INT(json_type(json_get(json_get(j, "o"), "a.b")), JSON_NUMBER);
	CHECK(!json_path(j, "o.a.b"));
	CHECK(!json_path(j, "l.0"));
	CHECK_INT(json_len(json_get(j, "l")), 2);
	CHECK_INT(json_int(json_at(json_get(j, "l"), 1), "k", 0), 2);
	CHECK(!json_at(json_get(j, "l"), 2));
	CHECK_INT(json_len(json_get(j, "s")), 0);
	CHECK(json_number_value(json_get(j, "f")) == 2.5);
	CHECK(!json_key(json_first(json_get(j, "l"))));
	CHECK_STR(json_key(json_next(json_first(j))), "n");
}

TEST("a NULL node reads as absent everywhere")
{
	auto_free char *text = json_scalar_text(NULL);
	int64_t n;

	CHECK_INT(json_type(NULL), JSON_ABSENT);
	CHECK(!json_first(NULL) && !json_next(NULL) && !json_key(NULL) && !json_at(NULL, 0));
	CHECK(!json_get(NULL, "a") && !json_path(NULL, "a.b") && !json_str(NULL, "a"));
	CHECK(!json_string_value(NULL) && !json_bool_value(NULL) && json_number_value(NULL) == 0);
	CHECK(!json_is_int(NULL, &n) && !json_has(NULL, "a") && json_len(NULL) == 0);
	CHECK(!json_dup(NULL));
	CHECK(json_equal(NULL, NULL));
	CHECK_STR(text, "");
	json_free(NULL);
	json_for (c, NULL)
		CHECK(!"a child of nothing");
}

TEST("type names are Go's")
{
	auto_json *j = parse("[\"\",1,9007199254740993,true,null,[],{}]");
	static const char *const want[] = {
	    "string", "number", "number", "bool", "null", "array", "object"};
	size_t i = 0;

	json_for (c, j)
		CHECK_STR(json_type_name(json_type(c)), want[i++]);
	CHECK_INT(i, 7);
}

TEST("scalars as text are bare")
{
	auto_json *j = parse("[\"a\\\"b\",1.50,12345678901234567890,true,null,{\"a\":1}]");
	static const char *const want[] = {
	    "a\"b", "1.5", "12345678901234567890", "true", "null", "{\"a\":1}"};
	size_t i = 0;

	json_for (c, j) {
		auto_free char *text = json_scalar_text(c);

		CHECK_STR(text, want[i++]);
	}
}

TEST("members are set in place or at the end, and deleted")
{
	auto_json *j = parse("{\"a\":1,\"b\":2,\"c\":3}");

	json_set_str(j, "b", "two");
	json_set_bool(j, "d", true);
	CHECK_JSON(j, "{\"a\":1,\"b\":\"two\",\"c\":3,\"d\":true}");
	json_set_str(j, "a", NULL);
	json_set_str(j, "nothing", NULL);
	json_set(j, "d", NULL);
	CHECK_JSON(j, "{\"b\":\"two\",\"c\":3}");
	json_set(j, "c", json_new_string(NULL));
	json_set_int(j, "e", 5);
	json_del(j, "b");
	json_del(j, "b");
	CHECK_JSON(j, "{\"c\":null,\"e\":5}");
	json_set(j, "c", json_get(j, "c"));
	json_set_str(j, json_key(json_first(j)), "x");
	CHECK_JSON(j, "{\"c\":\"x\",\"e\":5}");
}

TEST("paths make the objects on their way")
{
	auto_json *j = json_new_object();

	json_set_path(j, "a", json_new_int(1));
	json_set_path(j, "a.b.c", json_new_int(2));
	json_set_path(j, "a.b.d", json_new_array());
	json_set_int(json_obj(j, "a.x"), "y", 3);
	json_set_int(json_obj(j, "a.x"), "z", 4);
	CHECK_JSON(j, "{\"a\":{\"b\":{\"c\":2,\"d\":[]},\"x\":{\"y\":3,\"z\":4}}}");
	json_del_path(j, "a.b.c");
	json_del_path(j, "a.no.c");
	json_del_path(j, "a.x");
	json_set_path(j, "a.b.no", NULL);
	CHECK_JSON(j, "{\"a\":{\"b\":{\"d\":[]}}}");
}

TEST("members and items are taken, replaced and removed, and the list stays whole")
{
	auto_json *j = parse("{\"a\":1,\"b\":[1,2,3],\"c\":3}");
	json *list = json_get(j, "b");
	auto_json *taken = NULL, *none = json_take(j, "zzz");

	CHECK(!none);
	json_remove(list, json_at(list, 2));
	json_add(list, json_new_int(4));
	json_remove(list, json_at(list, 0));
	json_replace(list, json_at(list, 1), json_new_string("five"));
	json_add(list, json_new_null());
	CHECK_JSON(list, "[2,\"five\",null]");
	taken = json_take(j, "b");
	CHECK_JSON(j, "{\"a\":1,\"c\":3}");
	json_replace(j, json_get(j, "a"), json_new_bool(false));
	json_set(j, "new", TAKE(taken));
	CHECK_JSON(j, "{\"a\":false,\"c\":3,\"new\":[2,\"five\",null]}");
	json_remove(j, json_get(j, "a"));
	json_remove(j, json_get(j, "c"));
	json_remove(j, json_get(j, "new"));
	json_set_int(j, "a", 1);
	CHECK_JSON(j, "{\"a\":1}");
}

TEST("a taken member can be set under another name")
{
	auto_json *j = parse("{\"a\":[1],\"b\":2}");
	json *a = json_take(j, "a");

	json_set(j, "c", a);
	CHECK_JSON(j, "{\"b\":2,\"c\":[1]}");
}

TEST("equality ignores the order of members and how a number is written, and nothing else")
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
	    {"{\"a\":1,\"b\":[1,2]}", "{\"b\":[1,2],\"a\":1}", true},
	    {"{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":1,\"c\":3,\"b\":2}", true},
	    {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
	    {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
	    {"{\"a\":null}", "{}", false},
	    {"[1,2]", "[2,1]", false},
	    {"[1]", "[1,1]", false},
	    {"[]", "{}", false},
	    {"1", "1.0", true},
	    {"100", "1e2", true},
	    {"1", "\"1\"", false},
	    {"true", "false", false},
	    {"null", "null", true},
	    {"\"a\"", "\"\\u0061\"", true},
	    {"\"a\"", "\"A\"", false},
	    {"9007199254740992", "9007199254740993", false},
	    {"9007199254740994", "9007199254740993", false},
	    {"9007199254740993", "9007199254740993", true},
	    {"1000000000000000000", "1e18", true},
	    {"1000000000000000001", "1e18", false},
	    {"100000000000000000000", "1e20", true},
	    {"0.1", "0.10", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *a = parse(cases[i].a), *b = parse(cases[i].b);

		if (json_equal(a, b) != cases[i].equal || json_equal(b, a) != cases[i].equal)
			CHECK_STR(cases[i].a, cases[i].b);
	}
}

TEST("sorting goes in depth and leaves the list usable")
{
	auto_json *j = parse("{\"b\":[{\"z\":1,\"y\":2}],\"a\":{\"d\":1,\"c\":{}},\"B\":0}");

	json_sort(j);
	CHECK_JSON(j, "{\"B\":0,\"a\":{\"c\":{},\"d\":1},\"b\":[{\"y\":2,\"z\":1}]}");
	json_set_int(j, "A", 1);
	json_del(j, "B");
	CHECK_JSON(j, "{\"a\":{\"c\":{},\"d\":1},\"b\":[{\"y\":2,\"z\":1}],\"A\":1}");
}

TEST("merge patches follow the examples of RFC 7386")
{
	static const struct {
		const char *target, *patch, *want;
	} cases[] = {
	    {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
	    {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
	    {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
	    {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
	    {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
	    {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
	    {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
	    {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
	    {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
	    {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
	    {"{\"a\":\"foo\"}", "null", "null"},
	    {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
	    {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
	    {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
	    {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
	    {"{\"a\":1}", "{\"a\":{\"b\":null,\"c\":9007199254740993}}",
		"{\"a\":{\"c\":9007199254740993}}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *patch = parse(cases[i].patch);
		auto_json *result = json_merge_patch(parse(cases[i].target), patch);

		CHECK_JSON(result, cases[i].want);
		CHECK_JSON(patch, cases[i].patch);
	}
}

TEST("a big merge patch deletes, replaces and adds as a small one does")
{
	auto_json *target = parse("{\"m3\":{\"x\":1},\"m5\":{\"y\":2},\"m7\":7,\"keep\":0}");
	auto_free char *text = big_object(30, false);
	auto_json *patch = parse(text), *result = NULL;

	json_set(patch, "m3", json_new_null());
	json_set(patch, "m4", json_new_null());
	json_set_int(json_obj(patch, "m5"), "z", 3);
	result = json_merge_patch(TAKE(target), patch);
	CHECK(!json_get(result, "m3") && !json_get(result, "m4"));
	CHECK_JSON(json_get(result, "m5"), "{\"y\":2,\"z\":3}");
	CHECK_INT(json_int(result, "m29", 0), 29);
	CHECK_INT(json_len(result), 29);
	CHECK_STR(json_key(json_first(result)), "m5");
}

TEST("indented text is laid out as Go's MarshalIndent does")
{
	auto_json *j =
	    parse("{\"a\":{},\"b\":[],\"c\":[1,{\"d\":\"<&>\xe2\x80\xa8\"}],\"e<\":null}");
	auto_free char *text = json_print_indent(j, 4), *compact = json_print(j);
	auto_json *leaf = json_new_int(1);
	auto_free char *leaf_text = json_print_indent(leaf, 2);

	CHECK_STR(text, "{\n"
			"    \"a\": {},\n"
			"    \"b\": [],\n"
			"    \"c\": [\n"
			"        1,\n"
			"        {\n"
			"            \"d\": \"\\u003c\\u0026\\u003e\\u2028\"\n"
			"        }\n"
			"    ],\n"
			"    \"e\\u003c\": null\n"
			"}");
	CHECK_STR(compact, "{\"a\":{},\"b\":[],\"c\":[1,{\"d\":\"<&>\xe2\x80\xa8\"}],\"e<\":null}");
	CHECK_STR(leaf_text, "1");
}

TEST("strings that are no UTF-8 are printed as valid text")
{
	auto_json *j = json_new_string("a\xff"
				       "b\xc3");
	auto_json *back = NULL;
	auto_free char *text = json_print(j);

	CHECK_STR(text, "\"a\\ufffdb\\ufffd\"");
	back = parse(text);
	CHECK_STR(json_string_value(back), "a\xef\xbf\xbd"
					   "b\xef\xbf\xbd");
}

TEST("printing into a buffer that is too small overflows it")
{
	auto_json *j = parse("{\"a\":\"0123456789\"}");
	auto_buf b = {.max = 10};

	json_print_to(j, &b);
	CHECK(b.overflow);
	CHECK(b.len <= 10);
}

TEST("numbers that are not finite become null")
{
	auto_json *nan_value = json_new_number((double)NAN),
		  *inf = json_new_number((double)INFINITY);
	auto_json *half = json_new_number(0.5);

	CHECK_JSON(nan_value, "null");
	CHECK_JSON(inf, "null");
	CHECK_JSON(half, "0.5");
}

TEST("a view has what the paths lead to, and nothing beside it")
{
	static const struct {
		const char *text, *paths, *want;
	} cases[] = {
	    {"{\"a\":1,\"b\":2}", "a", "{\"a\":1}"},
	    {"{\"a\":1,\"b\":2}", "b", "{\"b\":2}"},
	    {"{\"a\":1,\"b\":2}", "b a", "{\"a\":1,\"b\":2}"},
	    {"{\"ab\":1,\"a\":2}", "a", "{\"a\":2}"},
	    {"{\"a\":1,\"ab\":2}", "ab", "{\"ab\":2}"},
	    {"{\"a\":1}", "x", "{}"},
	    {"{}", "x", "{}"},
	    {"{\"a\":{\"b\":[{\"c\":1,\"d\":2},{\"d\":3}],\"e\":\"}\\\"]\"},\"f\":4}", "a.b.c f",
		"{\"a\":{\"b\":[{\"c\":1},{}]},\"f\":4}"},
	    {"{\"a\":{\"b\":[1,\"}\",null]},\"c\":{\"x\":[{}]}}", "a c.x",
		"{\"a\":{\"b\":[1,\"}\",null]},\"c\":{\"x\":[{}]}}"},
	    {"{\"a\":{\"b\":1,\"c\":{\"d\":2}}}", "a.b a.c.d", "{\"a\":{\"b\":1,\"c\":{\"d\":2}}}"},
	    {"{\"a\":{\"b\":1,\"c\":2,\"d\":3},\"e\":4}", "a.!c", "{\"a\":{\"b\":1,\"d\":3}}"},
	    {"{\"a\":null,\"b\":7}", "a.b b.c", "{\"a\":null,\"b\":7}"},
	    {" { \"a\" : [ { \"b\" : 1 } , 2 ] , \"c\" : 3 } \n", "a.b", "{\"a\":[{\"b\":1},2]}"},
	    {"[[{\"a\":1,\"b\":2}],3]", "a", "[[{\"a\":1}],3]"},
	    {"{\"wanted\":1,\"rest\": is not looked at", "wanted", "{\"wanted\":1}"},
	};
	static const char *const broken[] = {"", "{", "{\"a\"", "{\"a\":", "{\"a\":}", "[}", "[1",
	    "{\"b\":[1}", "{a:1}", "{\"b\":\"x", "{\"b\":\"\\"};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const paths[] = {cases[i].paths, NULL};
		struct json_view *v = json_view_new(paths);

		for (int twice = 0; twice < 2; twice++) {
			const json *j =
			    json_view_read(v, cases[i].text, strlen(cases[i].text), NULL);

			CHECK_JSON(j, cases[i].want);
		}
		json_view_free(v);
	}
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		static const char *const paths[] = {"a.b", "c", NULL};
		struct json_view *v = json_view_new(paths);

		CHECK(!json_view_read(v, broken[i], strlen(broken[i]), NULL));
		json_view_free(v);
	}
}

TEST("a view reads what parsing reads: texts, numbers, and many nodes")
{
	static const char *const all[] = {"a", "b", NULL};
	struct json_view *v = json_view_new(all);
	auto_buf text = {0};

	buf_adds(&text,
	    "{\"a\":[0,-1,15,-0,0.5,1e3,123456789012345,1234567890123456,9007199254740993,"
	    "true,false,null,\"\",\"\\\"\\u00e4\\ud83d\\ude00\",\"\\\\\"],\"b\":[");
	for (int i = 0; i < 500; i++)
		buf_addf(&text, "%s{\"n\\u0061me\":%d}", i ? "," : "", i);
	buf_adds(&text, "]}");
	for (int twice = 0; twice < 2; twice++) {
		const json *j = json_view_read(v, text.ptr, text.len, NULL);
		auto_json *parsed = parse(text.ptr);

		CHECK(json_equal(j, parsed));
		CHECK_INT(json_int(json_at(json_get(j, "a"), 8), "", 0), 0);
		CHECK_STR(json_string_value(json_at(json_get(j, "a"), 14)), "\\");
		CHECK_INT(json_int(json_at(json_get(j, "b"), 499), "name", 0), 499);
	}
	json_view_free(v);
}

/* -1: refused, which no document is. */
static int view(const char *text, size_t len)
{
	static const char *const paths[] = {"a", "b.!c", NULL};
	struct json_view *v = json_view_new(paths);
	auto_json *whole = json_parse(text, len, JSON_ALLOW_DUPLICATES, NULL);
	/* so that reading past the end is seen, and NUL is a byte like others */
	auto_free char *copy = xmemdup(text, len + !len);
	bool read = json_view_read(v, copy, len, NULL) != NULL;

	CHECK(read || !whole);
	json_view_free(v);
	return read ? 0 : -1;
}

TEST("every cut and every changed byte of a document is either refused or printed and read again")
{
	static const char text[] =
	    "{\"a\":[1,-2.5e3,true,null,\"x\\u00e4\\n\xc3\xa4\"],\"b\":{\"c\":"
	    "9007199254740993,\"d\":\"\\ud83d\\ude00\"}}";
	char changed[sizeof(text)];

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		CHECK(!json_parse(text, i, 0, NULL));
		CHECK(view(text, i) <= 0);
		for (int c = 0; c < 256; c++) {
			auto_json *j = NULL;

			memcpy(changed, text, sizeof(text));
			changed[i] = (char)c;
			j = json_parse(changed, sizeof(text) - 1, 0, NULL);
			CHECK(view(changed, sizeof(text) - 1) >= (j ? 0 : -1));
			if (j) {
				auto_free char *once = json_print(j);
				auto_json *again = parse(once);

				CHECK(json_equal(j, again));
			}
		}
	}
}

int main(void)
{
	return test_main();
}
