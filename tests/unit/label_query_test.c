#include "test.h"

#include "../../cmd/label_query.h"

/* 1: the labels a=1, b=2, c= are selected; 0: they are not; -1: no selector. */
static int selects(const char *text)
{
	static const char labels[] = "{\"a\": \"1\", \"b\": \"2\", \"c\": \"\"}";
	auto_json *j = json_parse(labels, strlen(labels), 0, NULL);
	auto_label_query s = {0};

	return label_query_parse(&s, text, NULL) < 0 ? -1 : label_query_matches(&s, j);
}

TEST("a selector is met where each of its requirements is")
{
	static const struct {
		const char *text;
		int want;
	} cases[] = {
	    {"", 1},
	    {"a", 1},
	    {"x", 0},
	    {"!a", 0},
	    {"!x", 1},
	    {"! x", 1},
	    {"a=1", 1},
	    {"a==1", 1},
	    {" a = 1 , b = 2 ", 1},
	    {"a=2", 0},
	    {"a!=2", 1},
	    {"a!=1", 0},
	    {"x!=1", 1},
	    {"x=", 0},
	    {"c=", 1},
	    {"a in (1,2)", 1},
	    {"a in ( 3 , 4 )", 0},
	    {"x in (1)", 0},
	    {"a notin (3)", 1},
	    {"a notin (1, 3)", 0},
	    {"x notin (1)", 1},
	    {"a in (1),b notin (3),!x", 1},
	    {"a in (1),x", 0},
	    {"=", -1},
	    {",", -1},
	    {"a,", -1},
	    {"a=1 b=2", -1},
	    {"a in 1", -1},
	    {"a in (1", -1},
	    {"a of (1)", -1},
	    {"a=(1)", -1},
	    {"a>1", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int got = selects(cases[i].text);

		if (got != cases[i].want)
			printf("# %s: %d\n", cases[i].text, got);
		CHECK_INT(got, cases[i].want);
	}
}

int main(void)
{
	return test_main();
}
