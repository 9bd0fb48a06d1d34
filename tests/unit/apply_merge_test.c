#include "test.h"

#include "../../cmd/merge.h"

static json *parse(const char *text)
{
	auto_err e = {0};
	json *j = json_parse(text, strlen(text), JSON_PARSE_STRICT, &e);

	if (!j)
		printf("# %s\n", err_msg(&e));
	return j;
}

static char *patch_text(const char *original, const char *modified, const char *live)
{
	auto_json *o = original ? parse(original) : NULL, *m = parse(modified), *l = parse(live);
	auto_json *patch = merge_three_way(o, m, l);

	json_sort(patch);
	return json_print(patch);
}

#define CHECK_PATCH(original, modified, live, want)                           \
	do {                                                                  \
		auto_free char *text_ = patch_text(original, modified, live); \
		CHECK_STR(text_, want);                                       \
	} while (0)

TEST("nothing to do is an empty patch")
{
	CHECK_PATCH("{\"a\":1}", "{\"a\":1}", "{\"a\":1,\"status\":{\"b\":2}}", "{}");
	CHECK_PATCH("{\"a\":{\"b\":[1,2]}}", "{\"a\":{\"b\":[1,2]}}",
	    "{\"a\":{\"c\":1,\"b\":[1,2]}}", "{}");
}

TEST("a changed field is set and what others set is kept")
{
	CHECK_PATCH("{\"a\":{\"x\":1}}", "{\"a\":{\"x\":2}}", "{\"a\":{\"x\":1,\"default\":true}}",
	    "{\"a\":{\"x\":2}}");
}

TEST("a field that somebody else changed is set back")
{
	CHECK_PATCH("{\"a\":1}", "{\"a\":1}", "{\"a\":5}", "{\"a\":1}");
}

TEST("a field that is no longer applied is deleted, at any depth")
{
	CHECK_PATCH("{\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"x\":1}}",
	    "{\"a\":{\"x\":1,\"y\":2,\"z\":3}}", "{\"a\":{\"y\":null}}");
	CHECK_PATCH(
	    "{\"a\":{\"x\":1},\"b\":1}", "{\"b\":1}", "{\"a\":{\"x\":1},\"b\":1}", "{\"a\":null}");
}

TEST("a field that is gone already needs no deletion")
{
	CHECK_PATCH("{\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"x\":1}}", "{\"a\":{\"x\":1}}", "{}");
	CHECK_PATCH("{\"a\":{\"x\":1}}", "{}", "{}", "{}");
}

TEST("without a record nothing is deleted")
{
	CHECK_PATCH(NULL, "{\"a\":1}", "{\"a\":1,\"b\":2}", "{}");
	CHECK_PATCH(NULL, "{\"a\":{\"n\":1}}", "{\"b\":2}", "{\"a\":{\"n\":1}}");
}

TEST("setting and deleting meet in one object")
{
	CHECK_PATCH("{\"m\":{\"l\":{\"a\":\"1\",\"b\":\"2\"}}}",
	    "{\"m\":{\"l\":{\"a\":\"9\",\"c\":\"3\"}}}",
	    "{\"m\":{\"l\":{\"a\":\"1\",\"b\":\"2\",\"live\":\"x\"}}}",
	    "{\"m\":{\"l\":{\"a\":\"9\",\"b\":null,\"c\":\"3\"}}}");
}

TEST("a list that was not applied as it is now is replaced as a whole")
{
	CHECK_PATCH("{\"c\":[{\"n\":\"b\"}]}", "{\"c\":[{\"n\":\"a\"}]}",
	    "{\"c\":[{\"n\":\"a\",\"d\":1}]}", "{\"c\":[{\"n\":\"a\"}]}");
}

TEST("a list that was applied as it is stays with what the server added to it")
{
	static const char list[] = "{\"l\":[{\"n\":\"a\",\"args\":[\"x\"]}]}";

	CHECK_PATCH(list, list,
	    "{\"l\":[{\"n\":\"a\",\"args\":[\"x\"],\"d\":1,\"m\":[{}]},{\"n\":\"b\"}]}", "{}");
	CHECK_PATCH(list, list, "{\"l\":[{\"n\":\"a\",\"args\":[\"x\",\"y\"]}]}",
	    "{\"l\":[{\"args\":[\"x\"],\"n\":\"a\"}]}");
	CHECK_PATCH(list, list, "{\"l\":[{\"n\":\"c\"},{\"n\":\"a\",\"args\":[\"x\"]}]}",
	    "{\"l\":[{\"args\":[\"x\"],\"n\":\"a\"}]}");
	CHECK_PATCH(list, list, "{\"l\":[]}", "{\"l\":[{\"args\":[\"x\"],\"n\":\"a\"}]}");
	CHECK_PATCH("{\"l\":[{\"n\":\"b\"}]}", list,
	    "{\"l\":[{\"n\":\"a\",\"args\":[\"x\"],\"d\":1}]}",
	    "{\"l\":[{\"args\":[\"x\"],\"n\":\"a\"}]}");
}

TEST("null in a manifest deletes only what is there")
{
	CHECK_PATCH(NULL, "{\"a\":null}", "{\"a\":1}", "{\"a\":null}");
	CHECK_PATCH(NULL, "{\"a\":null}", "{}", "{}");
}

TEST("a field that changes its type is set")
{
	CHECK_PATCH("{\"a\":{\"x\":1}}", "{\"a\":\"s\"}", "{\"a\":{\"x\":1}}", "{\"a\":\"s\"}");
}

TEST("the record is the object without the record, sorted and with a newline behind it")
{
	auto_json *obj =
	    parse("{\"kind\":\"Job\",\"metadata\":{\"name\":\"x\",\"annotations\":{\"" LAST_APPLIED
		  "\":\"old\"}},\"apiVersion\":\"batch/v1\"}");
	auto_json *back = NULL;
	const json *annotations;

	merge_record_applied(obj);
	annotations = json_path(obj, "metadata.annotations");
	CHECK_STR(json_string_value(json_get(annotations, LAST_APPLIED)),
	    "{\"apiVersion\":\"batch/"
	    "v1\",\"kind\":\"Job\",\"metadata\":{\"annotations\":{},\"name\":\"x\"}}\n");
	back = merge_recorded(obj);
	CHECK_STR(json_str(back, "metadata.name"), "x");
}

TEST("the record is written as Go does it: kubectl reads and writes the same")
{
	auto_json *obj = parse("{\"a\":\"<&> \xe2\x80\xa8 \\b/\"}");

	merge_record_applied(obj);
	CHECK_STR(json_string_value(json_get(json_path(obj, "metadata.annotations"), LAST_APPLIED)),
	    "{\"a\":\"\\u003c\\u0026\\u003e \\u2028 \\b/\",\"metadata\":{\"annotations\":{}}}\n");
}

TEST("a broken record counts as none")
{
	auto_json *live =
	    parse("{\"metadata\":{\"annotations\":{\"" LAST_APPLIED "\":\"{oops\"}}}");
	auto_json *none = parse("{\"metadata\":{}}");

	CHECK(merge_recorded(live) == NULL);
	CHECK(merge_recorded(none) == NULL);
}

int main(void)
{
	return test_main();
}
