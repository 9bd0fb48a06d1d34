#include "test.h"

#include "../../cmd/auth_rules.h"

static char *table_of(const char *status)
{
	auto_err e = {0};
	auto_json *j = json_parse(status, strlen(status), 0, &e);
	auto_text_table t = {0};
	struct buf text = {0};

	buf_init(&text, 0);
	auth_rules_table(j, true, &t);
	text_table_flush(&t, &text);
	return buf_take(&text);
}

TEST("rules are taken apart by group and resource, their verbs gathered, and sorted by these")
{
	auto_free char *text = table_of(
	    "{\"resourceRules\": ["
	    "{\"verbs\": [\"get\"], \"apiGroups\": [\"\", \"batch\"], \"resources\": [\"jobs\"]},"
	    "{\"verbs\": [\"get\", \"create\"], \"apiGroups\": [\"batch\"], \"resources\": "
	    "[\"jobs\", \"pods/log\"]},"
	    "{\"verbs\": [\"*\"], \"apiGroups\": [\"\"], \"resources\": [\"secrets\"], "
	    "\"resourceNames\": [\"a\", \"b\"]}],"
	    "\"nonResourceRules\": [{\"verbs\": [\"get\"], \"nonResourceURLs\": [\"/healthz\", "
	    "\"/version\"]}]}");

	CHECK_STR(text, "Resources        Non-Resource URLs   Resource Names   Verbs\n"
			"secrets          []                  [a]              [*]\n"
			"secrets          []                  [b]              [*]\n"
			"jobs.batch       []                  []               [get create]\n"
			"pods.batch/log   []                  []               [get create]\n"
			"                 [/healthz]          []               [get]\n"
			"                 [/version]          []               [get]\n"
			"jobs             []                  []               [get]\n");
}

TEST("a review that allows nothing is a table without rows, whatever it looks like")
{
	auto_free char *empty = table_of("{}");
	auto_free char *odd = table_of(
	    "{\"resourceRules\": [1, {\"verbs\": 3, \"apiGroups\": {}}], \"nonResourceRules\": 7}");

	CHECK_STR(empty, "Resources   Non-Resource URLs   Resource Names   Verbs\n");
	CHECK_STR(odd, empty);
}

int main(void)
{
	return test_main();
}
