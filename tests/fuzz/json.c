/* JSON: what is read is written so that the same is read again; views show parts of it. */
#include "../../runtime/base/json_view.h"
#include "fuzz.h"

FUZZ_SEEDS(TEXT("{\"a\":[1,2.5,-3e7,true,false,null,\"x\\u00e9\\n\"],\"b\":{\"c\":{}}}"),
    TEXT("{\"metadata\":{\"name\":\"x\",\"labels\":{\"a.b/"
	 "c\":\"d\"}},\"status\":{\"phase\":\"Failed\"}}"),
    TEXT("[\"\\ud83d\\ude00\",9007199254740993,1e-7,{\"\":\"\"}]"), TEXT(" 12345678901234567890 "),
    TEXT("[[[[[[[[[[{\"a\":[[[[]]]]}]]]]]]]]]]"))
FUZZ_WORDS(TEXT("\""), TEXT("\\u0000"), TEXT("\\ud800"), TEXT("{\"a\":"), TEXT("[[[[[[[["),
    TEXT(","), TEXT("}"), TEXT("]"), TEXT("\xff"), TEXT("null"), TEXT("\"metadata\":{\"name\":"),
    TEXT("\\"))

/* What is wanted of a document that was parsed is as in the whole; any other text does no harm. */
static void check_view(const uint8_t *data, size_t size, const json *whole)
{
	static const char *const paths[] = {
	    "metadata.name metadata.labels status.phase", "a b.!c", NULL};
	struct json_view *v = json_view_new(paths);
	const json *part = json_view_read(v, (const char *)data, size, NULL);

	if (whole) {
		EXPECT(part);
		EXPECT(json_equal(json_path(part, "a"), json_path(whole, "a")));
		EXPECT(json_equal(
		    json_path(part, "metadata.labels"), json_path(whole, "metadata.labels")));
		EXPECT(!json_path(part, "b.c") && !json_path(part, "status.x"));
	}
	json_view_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_err e = {0};
	auto_json *j = json_parse((const char *)data, size, 0, &e), *again = NULL, *copy = NULL;
	auto_json *lax = json_parse((const char *)data, size, JSON_ALLOW_DUPLICATES, NULL);
	auto_free char *text = NULL, *pretty = NULL;

	EXPECT(j ? lax != NULL : *err_msg(&e));
	check_view(data, size, j);
	if (!j)
		return 0;
	text = json_print(j);
	again = json_parse(text, strlen(text), 0, &e);
	EXPECT(again && json_equal(j, again));
	pretty = json_print_indent(j, 4);
	copy = json_parse(pretty, strlen(pretty), 0, &e);
	EXPECT(copy && json_equal(j, copy));
	again = json_merge_patch(again, copy);
	json_sort(again);
	return 0;
}
