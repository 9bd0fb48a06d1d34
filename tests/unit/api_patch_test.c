/* The three kinds of patches. */
#include "../../controller/api/patch.h"
#include "../../controller/api/schema.h"
#include "api_fixture.h"

struct patch_case {
	const char *name, *object, *patch, *want;
};

/* The patched tree as text or, behind "error: ", what is wrong; owned. */
static char *outcome(json *object, int rc, const struct err *e)
{
	return rc < 0 ? xasprintf("error: %s", err_msg(e)) : json_print(object);
}

static void check_outcome(const struct patch_case *c, const char *got)
{
	auto_free char *want = unquote(c->want);

	CHECK_STR(got, want);
	if (!str_eq(got, want))
		printf("# case %s\n", c->name);
}

/* ---- RFC 6902 ---- */

#define MISSING(what) "error: " what ": missing value"

static const struct patch_case json_cases[] = {
    {"nothing", "{'a':1}", "[]", "{'a':1}"},
    {"add a member", "{'a':1}", "[{'op':'add','path':'/b','value':{'c':2}}]",
	"{'a':1,'b':{'c':2}}"},
    {"add over a member", "{'a':1}", "[{'op':'add','path':'/a','value':2}]", "{'a':2}"},
    {"add an item", "{'a':[1,3]}", "[{'op':'add','path':'/a/1','value':2}]", "{'a':[1,2,3]}"},
    {"add at the end", "{'a':[1]}", "[{'op':'add','path':'/a/-','value':2}]", "{'a':[1,2]}"},
    {"add at the length", "{'a':[1]}", "[{'op':'add','path':'/a/1','value':2}]", "{'a':[1,2]}"},
    {"add from the end", "{'a':[1,2]}", "[{'op':'add','path':'/a/-1','value':3}]", "{'a':[1,2,3]}"},
    {"add past the end", "{'a':[1]}", "[{'op':'add','path':'/a/2','value':2}]",
	"error: error in add for path: |/a/2|: value was not a proper array index: |2|: Unable to "
	"access invalid index: 2: invalid index referenced"},
    {"add at a word", "{'a':[1]}", "[{'op':'add','path':'/a/x','value':2}]",
	"error: error in add for path: |/a/x|: value was not a proper array index: |x|: "
	"strconv.Atoi: parsing 'x': invalid syntax"},
    {"add nowhere", "{'a':1}", "[{'op':'add','path':'/b/c','value':2}]",
	MISSING("add operation does not apply: doc is missing path: '/b/c'")},
    {"add below a value", "{'a':1}", "[{'op':'add','path':'/a/c','value':2}]",
	MISSING("add operation does not apply: doc is missing path: '/a/c'")},
    {"add without a value", "{}", "[{'op':'add','path':'/a'}]", "{'a':null}"},
    {"the whole document", "{}", "[{'op':'add','path':'','value':{}}]",
	MISSING("add operation does not apply: doc is missing path: ''")},
    {"a path without its slash", "{'a':1}", "[{'op':'remove','path':'a'}]",
	MISSING("remove operation does not apply: doc is missing path: 'a'")},
    {"escapes", "{'a/b':{'~c':1}}", "[{'op':'replace','path':'/a~1b/~0c','value':2}]",
	"{'a/b':{'~c':2}}"},
    {"an escape of an escape", "{'~1':1}", "[{'op':'remove','path':'/~01'}]", "{}"},
    {"an empty name", "{'':1}", "[{'op':'replace','path':'/','value':2}]", "{'':2}"},
    {"remove a member", "{'a':1,'b':2}", "[{'op':'remove','path':'/a'}]", "{'b':2}"},
    {"remove an item", "{'a':[1,2,3]}", "[{'op':'remove','path':'/a/1'}]", "{'a':[1,3]}"},
    {"remove the last item", "{'a':[1,2,3]}", "[{'op':'remove','path':'/a/-1'}]", "{'a':[1,2]}"},
    {"remove nothing", "{'a':1}", "[{'op':'remove','path':'/b'}]",
	MISSING("error in remove for path: |/b|: Unable to remove nonexistent key: b")},
    {"remove no item", "{'a':[]}", "[{'op':'remove','path':'/a/0'}]",
	"error: error in remove for path: |/a/0|: Unable to access invalid index: 0: invalid index "
	"referenced"},
    {"remove the place behind", "{'a':[1]}", "[{'op':'remove','path':'/a/-'}]",
	"error: error in remove for path: |/a/-|: strconv.Atoi: parsing '-': invalid syntax"},
    {"replace", "{'a':{'b':[1,{'c':1}]}}", "[{'op':'replace','path':'/a/b/1/c','value':[2]}]",
	"{'a':{'b':[1,{'c':[2]}]}}"},
    {"replace nothing", "{'a':1}", "[{'op':'replace','path':'/b','value':2}]",
	MISSING("replace operation does not apply: doc is missing key: /b")},
    {"replace nowhere", "{'a':1}", "[{'op':'replace','path':'/b/c','value':2}]",
	MISSING("replace operation does not apply: doc is missing path: /b/c")},
    {"move", "{'a':{'b':1},'c':{}}", "[{'op':'move','from':'/a/b','path':'/c/d'}]",
	"{'a':{},'c':{'d':1}}"},
    {"move in a list", "{'a':[1,2,3]}", "[{'op':'move','from':'/a/0','path':'/a/-'}]",
	"{'a':[2,3,1]}"},
    {"move from a member to an item", "{'a':[],'b':{'x':1}}",
	"[{'op':'move','from':'/b','path':'/a/0'}]", "{'a':[{'x':1}]}"},
    {"move nothing", "{}", "[{'op':'move','from':'/a','path':'/b'}]",
	MISSING("error in move for path: |a|: unable to get nonexistent key: a")},
    {"move into itself", "{'a':{'b':{}}}", "[{'op':'move','from':'/a','path':'/a/b/c'}]",
	MISSING("move operation does not apply: doc is missing destination path: /a/b/c")},
    {"move from nowhere", "{}", "[{'op':'move','from':'/a/b','path':'/c'}]",
	MISSING("move operation does not apply: doc is missing from path: /a/b")},
    {"copy", "{'a':{'b':1}}", "[{'op':'copy','from':'/a','path':'/c'}]",
	"{'a':{'b':1},'c':{'b':1}}"},
    {"copy nothing", "{}", "[{'op':'copy','from':'/a','path':'/b'}]",
	MISSING("error in copy for from: |/a|: unable to get nonexistent key: a")},
    {"copy to nowhere", "{'a':1}", "[{'op':'copy','from':'/a','path':'/b/c'}]",
	MISSING("copy operation does not apply: doc is missing destination path: /b/c")},
    {"test", "{'a':{'b':[1,2]}}", "[{'op':'test','path':'/a','value':{'b':[1,2]}}]",
	"{'a':{'b':[1,2]}}"},
    {"test in vain", "{'a':1}", "[{'op':'test','path':'/a','value':'1'}]",
	"error: testing value /a failed: test failed"},
    {"test what is not there", "{}", "[{'op':'test','path':'/a','value':null}]", "{}"},
    {"test what is not there in vain", "{}", "[{'op':'test','path':'/a','value':0}]",
	"error: testing value /a failed: test failed"},
    {"test stops the rest", "{'a':1}",
	"[{'op':'test','path':'/a','value':2},{'op':'remove','path':'/a'}]",
	"error: testing value /a failed: test failed"},
    {"in order", "{}",
	"[{'op':'add','path':'/a','value':[]},{'op':'add','path':'/a/-','value':1},{'op':'add',"
	"'path':'/a/0','value':0}]",
	"{'a':[0,1]}"},
    {"no such operation", "{}", "[{'op':'merge','path':'/a'}]", "error: Unexpected kind: merge"},
    {"no operation", "{}", "[{'path':'/a'}]", "error: Unexpected kind: unknown"},
    {"no path", "{}", "[{'op':'add','value':1}]",
	MISSING("add operation failed to decode path: operation missing path field")},
    {"no from", "{}", "[{'op':'copy','path':'/a'}]",
	MISSING("copy operation failed to decode from: operation missing from field")},
    {"a path that is no text", "{}", "[{'op':'remove','path':1}]",
	MISSING("remove operation failed to decode path: operation missing path field")},
};

TEST("every operation of a JSON patch does what RFC 6902 says, with the library's texts")
{
	for (size_t i = 0; i < ARRAY_LEN(json_cases); i++) {
		const struct patch_case *c = &json_cases[i];
		auto_json *object = parse(c->object), *ops = parse(c->patch);
		auto_err e = {0};
		auto_free char *got = outcome(object, patch_json(object, ops, 0, &e), &e);

		check_outcome(c, got);
	}
}

TEST("copies of copies come to an end")
{
	auto_json *object = parse("{'a':{'x':'0123456789'}}");
	auto_json *ops = json_new_array();
	auto_err e = {0};

	for (int i = 0; i < 64; i++)
		json_add(ops, parse("{'op':'copy','from':'/a','path':'/a/b'}"));
	CHECK_INT(patch_json(object, ops, 1000, &e), -1);
	CHECK(str_has_prefix(err_msg(&e),
	    "Unable to complete the copy, the accumulated size increase "
	    "of copy is "));
	CHECK(str_has_suffix(err_msg(&e), ", exceeding the limit 1000"));
}

TEST("a patch cannot make an object deeper than it may be")
{
	auto_json *object = parse("{}");
	auto_json *ops = json_new_array();
	auto_buf path = {0};
	auto_err e = {0};

	for (int i = 0; i < JSON_MAX_DEPTH + 1; i++) {
		json *op = parse("{'op':'add','value':{}}");

		buf_adds(&path, "/a");
		json_set_str(op, "path", buf_str(&path));
		json_add(ops, op);
	}
	CHECK_INT(patch_json(object, ops, 0, &e), -1);
	CHECK(strstr(err_msg(&e), "exceeded max depth of 200") != NULL);
}

/* ---- strategic merge ---- */

#define TWO "{'spec':{'containers':[{'name':'a','image':'1'},{'name':'b','image':'2'}]}}"
#define CONTAINERS(list) "{'spec':{'containers':[" list "]}}"
#define A1 "{'name':'a','image':'1'}"
#define B2 "{'name':'b','image':'2'}"
#define FINALIZERS(list) "{'metadata':{'finalizers':[" list "]}}"

/* All on a Pod. */
static const struct patch_case strategic_cases[] = {
    {"nothing", TWO, "{}", TWO},
    {"an item is merged by its key", TWO, CONTAINERS("{'name':'b','image':'3','tty':true}"),
	CONTAINERS(A1 ",{'name':'b','image':'3','tty':true}")},
    {"a new item stands in front", CONTAINERS(A1), CONTAINERS(B2), CONTAINERS(B2 "," A1)},
    {"two new items keep their order", CONTAINERS(A1), CONTAINERS("{'name':'d'},{'name':'c'}"),
	CONTAINERS("{'name':'d'},{'name':'c'}," A1)},
    {"an item is deleted", TWO, CONTAINERS("{'name':'a','$patch':'delete'}"), CONTAINERS(B2)},
    {"an item that is not there is deleted", TWO, CONTAINERS("{'name':'z','$patch':'delete'}"),
	TWO},
    {"a list is replaced", TWO, CONTAINERS("{'$patch':'replace'},{'name':'c'}"),
	CONTAINERS("{'name':'c'}")},
    {"a list is emptied", TWO, CONTAINERS("{'$patch':'replace'}"), CONTAINERS("")},
    {"the order is set", TWO,
	"{'spec':{'$setElementOrder/containers':[{'name':'b'},{'name':'a'}]}}",
	CONTAINERS(B2 "," A1)},
    {"as kubectl applies", TWO,
	"{'spec':{'$setElementOrder/"
	"containers':[{'name':'a'},{'name':'c'}],'containers':[{'name':'c',"
	"'image':'4'},{'name':'b','$patch':'delete'}]}}",
	CONTAINERS(A1 ",{'name':'c','image':'4'}")},
    {"what the order does not name stays near its neighbours",
	CONTAINERS("{'name':'s'}," A1 ",{'name':'t'}," B2),
	"{'spec':{'$setElementOrder/containers':[{'name':'a'},{'name':'b'}]}}",
	CONTAINERS("{'name':'s'}," A1 ",{'name':'t'}," B2)},
    {"an order for a list that is not there", "{'spec':{}}",
	"{'spec':{'$setElementOrder/containers':[{'name':'a'}]}}", "{'spec':{}}"},
    {"an order with a new list", "{'spec':{}}",
	"{'spec':{'$setElementOrder/containers':[{'name':'a'},{'name':'b'}],'containers':[" A1
	"," B2 "]}}",
	TWO},
    {"an order that the patch does not keep", TWO,
	"{'spec':{'$setElementOrder/"
	"containers':[{'name':'b'},{'name':'a'}],'containers':[{'name':'a'},"
	"{'name':'b'}]}}",
	"error: The order in patch list:\n[map[name:a] map[name:b]]\n doesn|t match "
	"$setElementOrder "
	"list:\n[map[name:b] map[name:a]]\n"},
    {"numbers as keys",
	CONTAINERS("{'name':'a','ports':[{'containerPort':80},{'containerPort':81}]}"),
	CONTAINERS("{'name':'a','ports':[{'containerPort':81,'name':'x'}]}"),
	CONTAINERS("{'name':'a','ports':[{'containerPort':80},{'containerPort':81,'name':'x'}]}")},
    {"lists in items of lists", CONTAINERS("{'name':'a','env':[{'name':'X','value':'1'}]}"),
	CONTAINERS("{'name':'a','env':[{'name':'X','value':null,'valueFrom':{}},{'name':'Y'}]}"),
	CONTAINERS("{'name':'a','env':[{'name':'X','valueFrom':{}},{'name':'Y'}]}")},
    {"a list without a key is replaced", CONTAINERS("{'name':'a','args':['1','2']}"),
	CONTAINERS("{'name':'a','args':['3']}"), CONTAINERS("{'name':'a','args':['3']}")},
    {"a list of objects without a key is replaced", "{'spec':{'tolerations':[{'key':'a'}]}}",
	"{'spec':{'tolerations':[{'key':'b'}]}}", "{'spec':{'tolerations':[{'key':'b'}]}}"},
    {"plain values are merged as a set", FINALIZERS("'a','b'"), FINALIZERS("'c','a'"),
	FINALIZERS("'c','a','b'")},
    {"plain values are deleted", FINALIZERS("'a','b','c'"),
	"{'metadata':{'$deleteFromPrimitiveList/finalizers':['b','z']}}", FINALIZERS("'a','c'")},
    {"plain values are deleted from nothing", "{'metadata':{}}",
	"{'metadata':{'$deleteFromPrimitiveList/finalizers':['b']}}", "{'metadata':{}}"},
    {"plain values are deleted and put in order", FINALIZERS("'a','b','c'"),
	"{'metadata':{'$deleteFromPrimitiveList/finalizers':['b'],'$setElementOrder/"
	"finalizers':['c',"
	"'a']}}",
	FINALIZERS("'c','a'")},
    {"maps are merged, null deletes", "{'metadata':{'labels':{'a':'1','b':'2'}}}",
	"{'metadata':{'labels':{'a':null,'c':'3','z':null}}}",
	"{'metadata':{'labels':{'b':'2','c':'3'}}}"},
    {"a map is replaced", "{'metadata':{'labels':{'a':'1'}}}",
	"{'metadata':{'labels':{'$patch':'replace','c':'3'}}}",
	"{'metadata':{'labels':{'c':'3'}}}"},
    {"a map is emptied", "{'metadata':{'labels':{'a':'1'},'name':'x'}}",
	"{'metadata':{'labels':{'$patch':'delete'}}}", "{'metadata':{'labels':{},'name':'x'}}"},
    {"what is new has neither nulls nor directives", "{}",
	CONTAINERS("{'name':'a','env':null,'$retainKeys':['name']},{'name':'b','$patch':'delete'}"),
	CONTAINERS("{'name':'a'}")},
    {"members are retained", "{'spec':{'volumes':[{'name':'v','emptyDir':{}}]}}",
	"{'spec':{'volumes':[{'$retainKeys':['name','hostPath'],'name':'v','hostPath':{'path':'/"
	"x'}}]}}",
	"{'spec':{'volumes':[{'name':'v','hostPath':{'path':'/x'}}]}}"},
    {"more than is retained", "{'spec':{'volumes':[{'name':'v'}]}}",
	"{'spec':{'volumes':[{'$retainKeys':['name'],'name':'v','hostPath':{}}]}}",
	"error: invalid patch format of retainKeys"},
    {"retained by no list", "{'spec':{'x':1}}", "{'spec':{'$retainKeys':'x'}}",
	"error: invalid patch format of retainKeys"},
    {"an item without its key", TWO, CONTAINERS("{'image':'3'}"),
	"error: map: map[image:3] does not contain declared merge key: name"},
    {"a deletion without its key", TWO, CONTAINERS("{'$patch':'delete'}"),
	"error: map: map[$patch:delete] does not contain declared merge key: name"},
    {"an unknown directive", TWO, "{'spec':{'$patch':'drop'}}",
	"error: unknown patch type: drop in map: map[$patch:drop]"},
    {"an unknown directive in a list", TWO, CONTAINERS("{'name':'a','$patch':'drop'}"),
	"error: unknown patch type: drop in map: map[$patch:drop name:a]"},
    {"merge as a directive", TWO, CONTAINERS("{'name':'a','$patch':'merge'}"),
	"error: merging lists cannot yet be specified in the patch"},
    {"values among objects", TWO, CONTAINERS("'a'"),
	"error: list element types are not identical: [[a]]"},
    {"lists of lists", TWO, CONTAINERS("[]"), "error: lists of lists are not supported"},
    {"an order for no list", TWO, "{'spec':{'$setElementOrder/nothing':[]}}",
	"error: unable to find api field in struct PodSpec for the json field 'nothing'"},
    {"an order that is no list", TWO, "{'spec':{'$setElementOrder/containers':1}}",
	"error: invalid patch format of setElementOrder list"},
    {"deletions that are no list", TWO, "{'metadata':{'$deleteFromPrimitiveList/finalizers':1}}",
	"{'spec':{'containers':[" A1 "," B2 "]},'metadata':{}}"},
    {"deletions that are no list, from a list", FINALIZERS("'a'"),
	"{'metadata':{'$deleteFromPrimitiveList/finalizers':1}}",
	"error: invalid patch format of primitive list"},
    {"another type", "{'spec':{'containers':{}}}", CONTAINERS(A1), CONTAINERS(A1)},
};

TEST("strategic patches merge by the schema and obey their directives")
{
	for (size_t i = 0; i < ARRAY_LEN(strategic_cases); i++) {
		const struct patch_case *c = &strategic_cases[i];
		auto_json *object = parse(c->object), *patch = parse(c->patch);
		auto_err e = {0};
		auto_free char *got =
		    outcome(object, patch_strategic(&schema_pod, object, patch, &e), &e);

		check_outcome(c, got);
	}
}

/* ---- from text to object ---- */

#define META "'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'x'}"

/* "CODE: message" or the object; warnings behind it. Owned. */
static char *patched(enum patch_type type, enum field_validation fields, const char *patch)
{
	auto_strlist warnings = {0};
	auto_json *object = parse("{" META ",'spec':{'parallelism':2}}"), *result = NULL;
	const struct patch p = {type, fields, 0, &warnings};
	auto_free char *text = unquote(patch), *joined = NULL, *shown = NULL;
	auto_err e = {0};

	result = patch_apply(kind_by_id(KIND_JOB), object, text, strlen(text), &p, &e);
	if (!result)
		return xasprintf("%d: %s", err_http_code(e.reason), err_msg(&e));
	joined = strlist_join(&warnings, "; ");
	shown = json_print(result);
	return xasprintf("%s%s%s", shown, warnings.len ? " warns: " : "", joined);
}

TEST("what is no patch is a bad request; what comes of one is judged as an object")
{
	static const struct {
		enum patch_type type;
		enum field_validation fields;
		const char *patch, *want;
	} cases[] = {
	    {PATCH_MERGE, FIELDS_STRICT, "{'spec':{'parallelism':null,'suspend':true}}",
		"{" META ",'spec':{'suspend':true}}"},
	    {PATCH_STRATEGIC, FIELDS_STRICT, "{'spec':{'parallelism':3}}",
		"{" META ",'spec':{'parallelism':3}}"},
	    {PATCH_JSON, FIELDS_STRICT, "[{'op':'replace','path':'/spec/parallelism','value':3}]",
		"{" META ",'spec':{'parallelism':3}}"},
	    {PATCH_MERGE, FIELDS_STRICT, "[]",
		"400: error decoding patch: json: cannot unmarshal array into Go value of type "
		"map[string]interface {}"},
	    {PATCH_STRATEGIC, FIELDS_STRICT, "'x'",
		"400: json: cannot unmarshal string into Go value of type map[string]interface {}"},
	    {PATCH_JSON, FIELDS_STRICT, "{}",
		"400: error decoding patch: json: cannot unmarshal object into Go value of type "
		"[]handlers.jsonPatchOp"},
	    {PATCH_JSON, FIELDS_STRICT, "[1]",
		"400: error decoding patch: json: cannot unmarshal number into Go value of type "
		"handlers.jsonPatchOp"},
	    {PATCH_MERGE, FIELDS_STRICT, "{",
		"400: error decoding patch: line 1, column 2: unexpected end of the text"},
	    {PATCH_JSON, FIELDS_STRICT, "[{'op':'test','path':'/spec/parallelism','value':9}]",
		"422: the server rejected our request due to an error in our request: testing "
		"value "
		"/spec/parallelism failed: test failed"},
	    {PATCH_MERGE, FIELDS_STRICT, "{'spec':{'paralelism':3}}",
		"422:  '' is invalid: patch: Invalid value: '{\\'apiVersion\\':\\'batch/v1\\',"
		"\\'kind\\':\\'Job\\',\\'metadata\\':{\\'name\\':\\'x\\'},\\'spec\\':{"
		"\\'paralleli…': strict decoding error: unknown field "
		"'spec.paralelism' (did you mean 'parallelism'?)"},
	    {PATCH_MERGE, FIELDS_WARN, "{'spec':{'paralelism':3}}",
		"{" META
		",'spec':{'parallelism':2}} warns: unknown field 'spec.paralelism' (did you "
		"mean 'parallelism'?)"},
	    {PATCH_MERGE, FIELDS_IGNORE, "{'spec':{'paralelism':3}}",
		"{" META ",'spec':{'parallelism':2}}"},
	    {PATCH_STRATEGIC, FIELDS_STRICT, "{'spec':{'paralelism':3}}",
		"422:  '' is invalid: patch: Invalid value: 'map[spec:map[paralelism:3]]': strict "
		"decoding error: unknown field 'spec.paralelism' (did you mean 'parallelism'?)"},
	    {PATCH_STRATEGIC, FIELDS_IGNORE, "{'spec':{'parallelism':'x'}}",
		"422:  '' is invalid: patch: Invalid value: 'map[spec:map[parallelism:x]]': json: "
		"cannot unmarshal string into Go struct field JobSpec.spec.parallelism of type "
		"int32"},
	    {PATCH_MERGE, FIELDS_WARN, "{'spec':{'parallelism':4,'parallelism':5}}",
		"{" META ",'spec':{'parallelism':5}} warns: duplicate field 'spec.parallelism'"},
	    {PATCH_JSON, FIELDS_WARN,
		"[{'op':'replace','op':'test','path':'/spec/parallelism','value':2,'form':'x'}]",
		"{" META
		",'spec':{'parallelism':2}} warns: json patch duplicate field '[0].op'; json "
		"patch unknown field '[0].form'"},
	    {PATCH_MERGE, FIELDS_STRICT, "{'kind':'Pod'}",
		"400: the kind in the data (Pod) does not match the expected kind (Job)"},
	    {PATCH_MERGE, FIELDS_STRICT, "{'apiVersion':'v1'}",
		"400: the API version in the data (v1) does not match the expected API version "
		"(batch/v1)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *got = patched(cases[i].type, cases[i].fields, cases[i].patch);
		auto_free char *want = unquote(cases[i].want);

		CHECK_STR(got, want);
	}
}

TEST("the number of operations has a most")
{
	auto_buf ops = {0};
	auto_free char *got = NULL;

	buf_adds(&ops, "[");
	for (int i = 0; i < 10001; i++)
		buf_addf(
		    &ops, "%s{'op':'test','path':'/spec/parallelism','value':2}", i ? "," : "");
	buf_adds(&ops, "]");
	got = patched(PATCH_JSON, FIELDS_STRICT, buf_str(&ops));
	CHECK_STR(got,
	    "413: Request entity too large: The allowed maximum operations in a JSON patch "
	    "is 10000, got 10001");
}

int main(void)
{
	return test_main();
}
