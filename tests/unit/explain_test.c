#include "../../cmd/explain_text.h"
#include "test.h"

/* As a cluster's documents are: references alone and wrapped, lists, maps, a type within itself. */
#define REF(t) "{\"$ref\":\"#/components/schemas/" t "\"}"
static const char text[] =
    "{\"components\":{\"schemas\":{"
    "\"io.x.Thing\":{\"description\":\"A thing.\\n\\nIt has a second paragraph.\","
    "\"x-kubernetes-group-version-kind\":[{\"group\":\"x\",\"kind\":\"Thing\",\"version\":\"v1\"}],"
    "\"required\":[\"spec\"],\"properties\":{"
    "\"spec\":{\"description\":\"What it is.\",\"allOf\":[" REF(
	"io.x.Spec") "]},"
		     "\"parts\":{\"type\":\"array\",\"items\":{\"allOf\":[" REF(
			 "io.x.Thing") "],\"default\":{}}},"
				       "\"bare\":" REF(
					   "io.x.Spec") "}},"
							"\"io.x.Spec\":{\"type\":\"object\","
							"\"description\":\"The "
							"spec.\",\"properties\":{"
							"\"when\":{\"allOf\":[" REF(
							    "io.x.Time") "],\"description\":\"When."
									 "\"},"
									 "\"size\":" REF(
									     "io.x.Quantity") ","
											      "\"si"
											      "zes"
											      "\":{"
											      "\"ty"
											      "pe\""
											      ":\"o"
											      "bjec"
											      "t\","
											      "\"ad"
											      "diti"
											      "onal"
											      "Prop"
											      "erti"
											      "es\""
											      ":" REF(
												  "io.x.Quantity") "},"
														   "\"modes\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}},"
														   "\"mode\":{\"type\":\"string\",\"enum\":[\"\",\"a\",\"b\",\"c\",\"d\"],\"description\":\"Mode.\"},"
														   "\"later\":{\"description\":\"Some day.\",\"x-kjob-unsupported\":true,"
														   "\"allOf\":[" REF(
														       "io.x.Later") "]},"
																     "\"lost\":" REF(
																	 "io.x.Nowhere") ",\"odd\":7}},"
																			 "\"io.x.Later\":{\"properties\":{\"deep\":{\"type\":\"boolean\",\"description\":\"Deep.\"}}},"
																			 "\"io.x.Loop\":" REF(
																			     "io.x.Loop") ","
																					  "\"io.x.Time\":{\"type\":\"string\",\"format\":\"date-time\",\"description\":\"A time.\"},"
																					  "\"io.x.Quantity\":{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"number\"}]}}}}";

/* The answer to "spec.mode", or the error; in a static buffer. */
static const char *explain(const char *path, bool recursive)
{
	static char out[4096];
	auto_err e = {0};
	auto_json *document = json_parse(text, sizeof(text) - 1, 0, &e);
	auto_strlist fields = {0};
	auto_buf b = {0};
	struct explain x = {document, "x", "v1", "Thing", "things", &fields, recursive};

	CHECK_STR(err_msg(&e), "");
	if (*path)
		str_split(&fields, path, '.');
	if (explain_print(&x, &b, &e) < 0)
		snprintf(out, sizeof(out), "error: %s", err_msg(&e));
	else
		snprintf(out, sizeof(out), "%s", buf_str(&b));
	return out;
}

#define HEAD "GROUP:      x\nKIND:       Thing\nVERSION:    v1\n\n"

TEST("a kind shows its description and its fields by name, the required ones marked")
{
	CHECK_STR(explain("", false), HEAD "DESCRIPTION:\n"
					   "    A thing.\n"
					   "    \n"
					   "    It has a second paragraph.\n"
					   "    \n"
					   "FIELDS:\n"
					   "  bare\t<Spec>\n"
					   "    <no description>\n\n"
					   "  parts\t<[]Thing>\n"
					   "    <no description>\n\n"
					   "  spec\t<Spec> -required-\n"
					   "    What it is.\n\n\n");
}

TEST("a field shows its type, its values and what its type says")
{
	CHECK_STR(explain("spec.mode", false),
	    HEAD "FIELD: mode <string>\nENUM:\n    \"\"\n    a\n    b\n    c\n    d\n\n"
		 "DESCRIPTION:\n    Mode.\n    \n\n");
	CHECK_STR(explain("bare.when", false),
	    HEAD "FIELD: when <string>\n\n\nDESCRIPTION:\n    When.\n    A time.\n    \n\n");
	CHECK_STR(explain("spec.sizes", false),
	    HEAD "FIELD: sizes <map[string]Quantity>\n\n\nDESCRIPTION:\n    <empty>\n\n");
}

TEST("all fields below are shown without descriptions, and a type within itself once")
{
	CHECK_STR(explain("", true), HEAD "DESCRIPTION:\n"
					  "    A thing.\n"
					  "    \n"
					  "    It has a second paragraph.\n"
					  "    \n"
					  "FIELDS:\n"
					  "  bare\t<Spec>\n"
					  "    later\t<Later>\n"
					  "      deep\t<boolean>\n"
					  "    lost\t<Nowhere>\n"
					  "    mode\t<string>\n"
					  "    enum: \"\", a, b, c, ....\n"
					  "    modes\t<[]string>\n"
					  "    enum: a, b\n"
					  "    odd\t<Object>\n"
					  "    size\t<Quantity>\n"
					  "    sizes\t<map[string]Quantity>\n"
					  "    when\t<string>\n"
					  "  parts\t<[]Thing>\n"
					  "  spec\t<Spec> -required-\n"
					  "    later\t<Later>\n"
					  "      deep\t<boolean>\n"
					  "    lost\t<Nowhere>\n"
					  "    mode\t<string>\n"
					  "    enum: \"\", a, b, c, ....\n"
					  "    modes\t<[]string>\n"
					  "    enum: a, b\n"
					  "    odd\t<Object>\n"
					  "    size\t<Quantity>\n"
					  "    sizes\t<map[string]Quantity>\n"
					  "    when\t<string>\n\n");
}

TEST("a path goes through lists, also into the type that it came from")
{
	CHECK(strstr(explain("parts.parts.spec.mode", false), "FIELD: mode <string>") != NULL);
}

TEST("a field below one that this version refuses says so")
{
	CHECK(
	    strstr(explain("spec.later.deep", false),
		"    Deep.\n    (Part of later, which this version of kjob does not support.)\n") !=
	    NULL);
	CHECK(strstr(explain("spec.later", false), "Part of") == NULL);
}

TEST("an unknown field is named, with the nearest one")
{
	CHECK_STR(explain("spec.mod", false),
	    "error: field \"mod\" does not exist (did you mean \"mode\"?)");
	CHECK_STR(explain("spec.mode.x", false), "error: field \"x\" does not exist");
	CHECK_STR(explain("spec.lost.x", false), "error: field \"x\" does not exist");
	CHECK_STR(explain("spec.Mode", false),
	    "error: field \"Mode\" does not exist (did you mean \"mode\"?)");
}

TEST("a document without the kind is an error")
{
	auto_json *empty = json_new_object();
	auto_strlist none = {0};
	auto_err e = {0};
	auto_buf b = {0};
	struct explain x = {empty, "x", "v1", "Thing", "things", &none, false};

	CHECK_INT(explain_print(&x, &b, &e), -1);
	CHECK_STR(err_msg(&e), "GVR (x/v1, Resource=things) not found in OpenAPI schema");
	CHECK_INT(b.len, 0);
}

static const char *wrapped(const char *in, size_t width, size_t indent)
{
	static char out[256];
	auto_buf b = {0};

	explain_wrap(in, width, indent, &b);
	snprintf(out, sizeof(out), "%s", buf_str(&b));
	return out;
}

TEST("text is wrapped at blanks; wide words stay whole; characters count, not bytes")
{
	CHECK_STR(wrapped("aaa bbb ccc", 7, 2), "  aaa bbb\n  ccc");
	CHECK_STR(wrapped("aaaaaaaaaa b", 4, 0), "aaaaaaaaaa\nb");
	CHECK_STR(wrapped("a  b", 9, 0), "a  b");
	CHECK_STR(wrapped("a\n\nb\n", 9, 1), " a\n \n b\n ");
	CHECK_STR(wrapped("äää ööö", 7, 0), "äää ööö");
	CHECK_STR(wrapped("", 7, 4), "    ");
}

int main(void)
{
	return test_main();
}
