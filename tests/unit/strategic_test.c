#include "test.h"

#include "../../cmd/merge.h"
#include "../../cmd/strategic.h"
#include "../../cmd/typedoc.h"

/* Quotes are single ones, as nothing here needs both. */
static json *parse(const char *text)
{
	auto_free char *quoted = xstrdup(text);
	auto_err e = {0};
	json *j;

	for (char *p = quoted; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	j = json_parse(quoted, strlen(quoted), JSON_PARSE_STRICT, &e);
	if (!j)
		printf("# %s\n", err_msg(&e));
	return j;
}

#define GVK "'x-kubernetes-group-version-kind':[{'group':'','version':'v1','kind':'Thing'}]"
#define LIST(key, strategy, items)                             \
	"{'type':'array','x-kubernetes-patch-merge-key':'" key \
	"','x-kubernetes-patch-strategy':'" strategy "','items':" items "}"
#define TYPES(ref)                                                                                 \
	"'Thing':{" GVK ",'properties':{'spec':{'allOf':[{'$ref':'" ref "Spec'}],'default':{}},"   \
	"'labels':{'additionalProperties':{'type':'string'}}}},"                                   \
	"'Spec':{'properties':{"                                                                   \
	"'c':" LIST("name", "merge",                                                               \
	    "{'allOf':[{'$ref':'" ref                                                              \
	    "Box'}]}") ","                                                                         \
		       "'v':" LIST(                                                                \
			   "name", "merge,retainKeys", "{'type':'object'}") ","                    \
									    "'how':{'x-"           \
									    "kubernetes-patch-"    \
									    "strategy':'"          \
									    "retainKeys','"        \
									    "properties':{}},"     \
									    "'whole':{'x-"         \
									    "kubernetes-patch-"    \
									    "strategy':'replace'," \
									    "'properties':{}},"    \
									    "'set':{'type':'"      \
									    "array','x-"           \
									    "kubernetes-patch-"    \
									    "strategy':'merge','"  \
									    "items':{}},"          \
									    "'args':{'type':'"     \
									    "array','items':{'"    \
									    "type':'string'}}}},"  \
									    "'Box':{'properties':" \
									    "{'name':{},'env'"     \
									    ":" LIST("name",       \
										"merge",           \
										"{'type':'object'" \
										"}") ","           \
										     "'ports'"     \
										     ":" LIST(     \
											 "port",   \
											 "merge",  \
											 "{'type'" \
											 ":'"      \
											 "object'" \
											 "}") "}}"

static const char v3[] = "{'components':{'schemas':{" TYPES(
    "#/components/schemas/") "}},"
			     "'paths':{'/x':{'get':{}},'/"
			     "y':{'patch':{'x-kubernetes-group-version-kind':"
			     "{'group':'','version':'v1','kind':'Thing'},'requestBody':{'content':{"
			     "'application/strategic-merge-patch+json':{}}}}}}}";
static const char v2[] = "{'definitions':{" TYPES(
    "#/definitions/") "},"
		      "'paths':{'/y':{'patch':{'x-kubernetes-group-version-kind':"
		      "{'group':'','version':'v1','kind':'Thing'},"
		      "'consumes':['application/json-patch+json',"
		      "'application/strategic-merge-patch+json']}}}}";

#define C(items) "{'spec':{'c':[" items "]}}"
#define ORDER(names, rest) "{'spec':{'$setElementOrder/c':[" names "]" rest "}}"

static const struct {
	const char *name, *original, *modified, *live, *want;
} cases[] = {
    {"items of others stay", C("{'name':'a'}"), C("{'name':'a'}"),
	C("{'name':'x'},{'name':'a','d':1}"), "{}"},
    {"an item that differs is patched, by its key", C("{'name':'a','i':1}"),
	C("{'name':'a','i':2}"), C("{'name':'x'},{'name':'a','i':1,'d':1}"),
	ORDER("{'name':'a'}", ",'c':[{'i':2,'name':'a'}]")},
    {"an item that is not applied any more goes", C("{'name':'a'},{'name':'b'}"), C("{'name':'b'}"),
	C("{'name':'a'},{'name':'b'}"),
	ORDER("{'name':'b'}", ",'c':[{'$patch':'delete','name':'a'}]")},
    {"one that is gone already does not", C("{'name':'a'},{'name':'b'}"), C("{'name':'b'}"),
	C("{'name':'b'}"), "{}"},
    {"the last one goes without an order", C("{'name':'a'}"), C(""), C("{'name':'a'}"),
	"{'spec':{'c':[{'$patch':'delete','name':'a'}]}}"},
    {"without a record nothing goes", NULL, C("{'name':'b'}"), C("{'name':'a'},{'name':'b'}"),
	"{}"},
    {"a new one is added, and the order is the manifest's", C("{'name':'a'}"),
	C("{'name':'n','i':1},{'name':'a'}"), C("{'name':'a'}"),
	ORDER("{'name':'n'},{'name':'a'}", ",'c':[{'i':1,'name':'n'}]")},
    {"the order alone", C("{'name':'a'},{'name':'b'}"), C("{'name':'b'},{'name':'a'}"),
	C("{'name':'a'},{'name':'b'}"), ORDER("{'name':'b'},{'name':'a'}", "")},
    {"a list that is not there is set", NULL, C("{'name':'a'}"), "{'spec':{}}", C("{'name':'a'}")},
    {"lists in items", C("{'name':'a','env':[{'name':'A','value':'1'},{'name':'B'}]}"),
	C("{'name':'a','env':[{'name':'A','value':'2'}]}"),
	C("{'name':'a','env':[{'name':'A','value':'1'},{'name':'B'},{'name':'X'}]}"),
	ORDER("{'name':'a'}",
	    ",'c':[{'$setElementOrder/env':[{'name':'A'}],'env':[{'name':'A','value':'2'},"
	    "{'$patch':'delete','name':'B'}],'name':'a'}]")},
    {"a field of an item goes", C("{'name':'a','env':[{'name':'A'}]}"), C("{'name':'a'}"),
	C("{'name':'a','env':[{'name':'A'}]}"),
	ORDER("{'name':'a'}", ",'c':[{'env':null,'name':'a'}]")},
    {"a key that does not tell items apart: the whole list",
	C("{'name':'a','ports':[{'port':53,'protocol':'TCP'}]}"),
	C("{'name':'a','ports':[{'port':53,'protocol':'TCP'},{'port':53,'protocol':'UDP'}]}"),
	C("{'name':'a','ports':[{'port':53,'protocol':'TCP'}]}"),
	ORDER("{'name':'a'}",
	    ",'c':[{'name':'a','ports':[{'port':53,'protocol':'TCP'},{'port':53,'protocol':'UDP'},"
	    "{'$patch':'replace'}]}]")},
    {"such a list as it was applied", C("{'name':'a','ports':[{'port':5,'p':1},{'port':5,'p':2}]}"),
	C("{'name':'a','ports':[{'port':5,'p':1},{'port':5,'p':2}]}"),
	C("{'name':'a','ports':[{'port':5,'p':1,'d':1},{'port':5,'p':2}]}"), "{}"},
    {"an item without its key", NULL, C("{'i':1}"), C("{'name':'a'}"),
	"{'spec':{'c':[{'i':1},{'$patch':'replace'}]}}"},
    {"a union names what may stay", NULL, "{'spec':{'v':[{'name':'v','secret':{}}]}}",
	"{'spec':{'v':[{'name':'v','emptyDir':{}}]}}",
	"{'spec':{'$setElementOrder/v':[{'name':'v'}],'v':[{'$retainKeys':['name','secret'],"
	"'name':'v','secret':{}}]}}"},
    {"a union that only has too much", NULL, "{'spec':{'how':{'type':'a'}}}",
	"{'spec':{'how':{'type':'a','rolling':{}}}}", "{'spec':{'how':{'$retainKeys':['type']}}}"},
    {"an object as a whole", "{'spec':{'whole':{'a':1}}}", "{'spec':{'whole':{'a':2}}}",
	"{'spec':{'whole':{'a':1,'b':1}}}", "{'spec':{'whole':{'a':2}}}"},
    {"values as a set", "{'spec':{'set':['a','b']}}", "{'spec':{'set':['b','c']}}",
	"{'spec':{'set':['a','b','x']}}",
	"{'spec':{'$deleteFromPrimitiveList/set':['a'],'$setElementOrder/set':['b','c'],'set':['c']"
	"}}"},
    {"lists without a strategy are replaced", "{'spec':{'args':[1,2]}}", "{'spec':{'args':[1]}}",
	"{'spec':{'args':[1,2]}}", "{'spec':{'args':[1]}}"},
    {"what the document does not know, too", NULL, "{'x':[{'name':'a'}],'y':{'z':1}}",
	"{'x':[{'name':'b'}],'y':{'q':1}}", "{'x':[{'name':'a'}],'y':{'z':1}}"},
    {"maps member by member", "{'labels':{'a':'1','b':'1'}}", "{'labels':{'a':'2'}}",
	"{'labels':{'a':'1','b':'1','c':'1'}}", "{'labels':{'a':'2','b':null}}"},
    {"null deletes what is there", NULL, "{'a':null,'b':null}", "{'a':1}", "{'a':null}"},
    {"another type is set", NULL, C("{'name':'a'}"), "{'spec':{'c':{'a':1}}}", C("{'name':'a'}")},
};

static void check_all(const char *text)
{
	auto_json *document = parse(text);
	const json *type = typedoc_kind(document, "", "v1", "Thing");

	CHECK(type != NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *o = cases[i].original ? parse(cases[i].original) : NULL;
		auto_json *m = parse(cases[i].modified), *l = parse(cases[i].live);
		auto_json *want = parse(cases[i].want);
		auto_json *patch = strategic_three_way(document, type, o, m, l);
		auto_free char *got_text = NULL, *want_text = NULL;

		json_sort(patch);
		json_sort(want);
		got_text = json_print(patch);
		want_text = json_print(want);
		if (!str_eq(got_text, want_text))
			printf("# %s\n", cases[i].name);
		CHECK_STR(got_text, want_text);
	}
}

TEST("patches of lists and objects by the document's strategies")
{
	check_all(v3);
}

TEST("documents of version 2 say the same")
{
	check_all(v2);
}

TEST("kinds that take strategic patches, and those that do not")
{
	auto_json *three = parse(v3), *two = parse(v2);
	struct resource thing = {
	    .group = (char *)"", .version = (char *)"v1", .kind = (char *)"Thing"};
	struct resource other = {
	    .group = (char *)"", .version = (char *)"v1", .kind = (char *)"Other"};

	CHECK(typedoc_takes_patch(three, &thing, MIME_STRATEGIC_PATCH));
	CHECK(typedoc_takes_patch(two, &thing, MIME_STRATEGIC_PATCH));
	CHECK(!typedoc_takes_patch(three, &thing, "application/merge-patch+json"));
	CHECK(!typedoc_takes_patch(two, &other, MIME_STRATEGIC_PATCH));
	CHECK(!typedoc_kind(NULL, "", "v1", "Thing"));
}

TEST("references that lead round in a circle end")
{
	auto_json *d = parse("{'definitions':{'A':{" GVK ",'$ref':'#/definitions/B'},"
			     "'B':{'allOf':[{'$ref':'#/definitions/A'}]}}}");
	auto_json *m = parse(C("{'name':'a'}")), *l = parse(C("{'name':'b'}"));
	auto_json *patch = strategic_three_way(d, typedoc_kind(d, "", "v1", "Thing"), NULL, m, l);

	CHECK_INT(json_len(patch), 1);
}

int main(void)
{
	return test_main();
}
