#include "../../runtime/base/str.h"

#include "test.h"

TEST("a list keeps copies in order, joins, sorts and finds them")
{
	char text[] = "pear";
	auto_free char *joined = NULL, *sorted = NULL, *empty = NULL;
	auto_strlist l = {0}, none = {0};

	strlist_add(&l, text);
	text[0] = 'b';
	strlist_addf(&l, "%s-%d", "fig", 7);
	strlist_add_take(&l, xstrdup("apple"));
	joined = strlist_join(&l, ", ");
	CHECK_STR(joined, "pear, fig-7, apple");
	CHECK(strlist_has(&l, "fig-7"));
	CHECK(!strlist_has(&l, "fig"));
	strlist_sort(&l);
	sorted = strlist_join(&l, "");
	CHECK_STR(sorted, "applefig-7pear");
	strlist_sort(&none);
	empty = strlist_join(&none, ", ");
	CHECK_STR(empty, "");
	CHECK(!strlist_has(&none, ""));
}

TEST("splitting keeps empty pieces, and an empty text is one piece")
{
	static const struct {
		const char *text;
		size_t len;
		const char *joined;
	} cases[] = {
	    {"a,b,c", 3, "a|b|c"},
	    {"", 1, ""},
	    {",", 2, "|"},
	    {"a,", 2, "a|"},
	    {",,a", 3, "||a"},
	    {"abc", 1, "abc"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *joined = NULL;
		auto_strlist l = {0};

		str_split(&l, cases[i].text, ',');
		joined = strlist_join(&l, "|");
		CHECK_INT(l.len, cases[i].len);
		CHECK_STR(joined, cases[i].joined);
	}
}

TEST("NULL equals only NULL; prefixes and suffixes may be empty or too long")
{
	CHECK(str_eq(NULL, NULL));
	CHECK(!str_eq(NULL, ""));
	CHECK(!str_eq("", NULL));
	CHECK(str_eq("a", "a"));
	CHECK(!str_eq("a", "A"));
	CHECK(str_has_prefix("abc", "ab"));
	CHECK(str_has_prefix("abc", ""));
	CHECK(!str_has_prefix("ab", "abc"));
	CHECK(str_has_suffix("abc", "bc"));
	CHECK(str_has_suffix("abc", ""));
	CHECK(str_has_suffix("abc", "abc"));
	CHECK(!str_has_suffix("bc", "abc"));
	CHECK(!str_has_suffix("abc", "ab"));
}

TEST("an integer is decimal, whole and in its range, and nothing else")
{
	static const char *const bad[] = {"", " 1", "1 ", "+", "-", "--1", "0x10", "1.0", "1e3",
	    "9223372036854775808", "-9223372036854775809", "99999999999999999999999", "a", "1a",
	    "101", "-11"};
	int64_t n = 77;

	CHECK_INT(str_to_int("-10", -10, 100, &n), 0);
	CHECK_INT(n, -10);
	CHECK_INT(str_to_int("+100", -10, 100, &n), 0);
	CHECK_INT(n, 100);
	CHECK_INT(str_to_int("007", 0, 10, &n), 0);
	CHECK_INT(n, 7);
	CHECK_INT(str_to_int("9223372036854775807", INT64_MIN, INT64_MAX, &n), 0);
	CHECK(n == INT64_MAX);
	CHECK_INT(str_to_int("-9223372036854775808", INT64_MIN, INT64_MAX, &n), 0);
	CHECK(n == INT64_MIN);
	n = 77;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK_INT(str_to_int(bad[i], -10, 100, &n), -1);
		CHECK_INT(n, 77);
	}
	CHECK_INT(str_to_int(NULL, 0, 1, &n), -1);
}

TEST("did-you-mean finds typing errors and wrong case, and stays silent on other words")
{
	static const char *const fields[] = {"restartPolicy", "metadata", "name", "namespace",
	    "env", "envFrom", "image", "imagePullPolicy", "backoffLimit", "NAME", NULL};
	static const char *const none[] = {NULL};
	char a[200] = "", b[200] = "";
	const char *const long_ones[] = {b, NULL};
	static const struct {
		const char *word, *want;
	} cases[] = {
	    {"restartyPolicy", "restartPolicy"},
	    {"restartpolicy", "restartPolicy"},
	    {"metdata", "metadata"},
	    {"nmae", "name"},
	    {"Name", "name"},
	    {"NAmE", "NAME"},
	    {"nameSpace", "namespace"},
	    {"imgae", "image"},
	    {"backofLimits", "backoffLimit"},
	    {"imagePulPolcy", "imagePullPolicy"},
	    {"en", "env"},
	    {"imagepullplicies", "imagePullPolicy"},
	    {"x", NULL},
	    {"", NULL},
	    {"container", NULL},
	    {"job", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_STR(str_nearest(cases[i].word, fields), cases[i].want);
	CHECK(!str_nearest("name", none));
	memset(a, 'a', sizeof(a) - 1);
	memset(b, 'b', sizeof(b) - 1);
	CHECK(!str_nearest(a, long_ones));
}

TEST("UTF-8 is decoded strictly")
{
	static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
	    "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
	    "\xc3", "\xe2\x82", "\xc3(", "\xe2\x28\xa1"};
	uint32_t c = 0;

	CHECK_INT(str_utf8("", 0, &c), 0);
	CHECK_INT(str_utf8("a", 1, &c), 1);
	CHECK_INT(c, 'a');
	CHECK_INT(str_utf8("\xc3\xa4", 2, &c), 2);
	CHECK_INT(c, 0xe4);
	CHECK_INT(str_utf8("\xe2\x82\xac", 3, &c), 3);
	CHECK_INT(c, 0x20ac);
	CHECK_INT(str_utf8("\xf4\x8f\xbf\xbf", 4, &c), 4);
	CHECK_INT(c, 0x10ffff);
	CHECK_INT(str_utf8("\xe2\x82\xac", 2, &c), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(str_utf8(bad[i], strlen(bad[i]), &c), 0);
}

TEST("quoting escapes what Go's %q escapes")
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", "\"\""},
	    {"plain", "\"plain\""},
	    {"a\"b\\c", "\"a\\\"b\\\\c\""},
	    {"\a\b\f\n\r\t\v", "\"\\a\\b\\f\\n\\r\\t\\v\""},
	    {"\x01\x1b\x7f", "\"\\x01\\x1b\\x7f\""},
	    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
	    {"\xc2\xa0\xe2\x80\x8b", "\"\\u00a0\\u200b\""},
	    {"\xf3\xa0\x80\x81", "\"\\U000e0001\""},
	    {"\xff\xc3", "\"\\xff\\xc3\""},
	    {"it's", "\"it's\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *quoted = str_go_quote(cases[i].text);

		CHECK_STR(quoted, cases[i].want);
	}
}

int main(void)
{
	return test_main();
}
