/* Who owns which field, and server-side apply: cases step by step, then many random steps. */
#include "../../controller/api/field_set.h"
#include "../../controller/api/managed_fields.h"
#include "api_fixture.h"

/* One object as it goes through the hands of several clients. */
struct object {
	const struct kind *k;
	json *obj; /* NULL: not there */
	int64_t now;
	const char *subresource;
	struct err e;
};

static void object_release(struct object *o)
{
	json_free(o->obj);
	err_clear(&o->e);
}
#define auto_object CLEANUP(object_release) struct object

static bool apply_tree(struct object *o, const char *who, bool force, const json *config)
{
	struct field_manager m = {who, o->subresource, ++o->now};
	json *next;

	err_clear(&o->e);
	next = managed_apply(o->k, o->obj, config, &m, force, &o->e);
	if (!next)
		return false;
	CHECK_INT(api_decode_tree(o->k, next, NULL, &o->e), 0);
	api_default(o->k, next);
	if (o->obj)
		managed_keep_times(next, o->obj);
	json_free(o->obj);
	o->obj = next;
	return true;
}

static bool apply(struct object *o, const char *who, const char *config)
{
	auto_json *j = parse(config);

	return apply_tree(o, who, false, j);
}

static bool force(struct object *o, const char *who, const char *config)
{
	auto_json *j = parse(config);

	return apply_tree(o, who, true, j);
}

/* The whole object is what it says, and managedFields if it says some. */
static void update(struct object *o, const char *who, const char *text)
{
	struct field_manager m = {who, o->subresource, ++o->now};
	json *next = parse(text);

	CHECK_INT(api_decode_tree(o->k, next, NULL, &o->e), 0);
	api_default(o->k, next);
	managed_update(o->k, o->obj, next, &m);
	json_free(o->obj);
	o->obj = next;
}

/* "who/Apply .a.b .c; who/Update .d": who owns what; owned. */
static char *owners(const struct object *o)
{
	auto_buf out = {0};

	json_for (entry, json_path(o->obj, "metadata.managedFields")) {
		auto_field_set s = {0};
		auto_strlist paths = {0};
		auto_free char *all = NULL;
		const char *sub = json_str(entry, "subresource");

		CHECK_INT(field_set_from_json(json_get(entry, "fieldsV1"), &s, NULL), 0);
		field_set_paths(&s, &paths);
		all = strlist_join(&paths, " ");
		buf_addf(&out, "%s%s/%s%s%s %s", out.len ? "; " : "", json_str(entry, "manager"),
		    json_str(entry, "operation"), sub ? "/" : "", sub ? sub : "", all);
	}
	return buf_take(&out);
}

static void check_owners(const char *file, int line, const struct object *o, const char *wanted)
{
	auto_free char *have = owners(o);
	auto_free char *want = unquote(wanted);

	if (!str_eq(have, want)) {
		printf("# %s:%d: owners are \"%s\", not \"%s\"\n", file, line, have, want);
		test_failed = true;
	}
}
#define CHECK_OWNERS(o, wanted) check_owners(__FILE__, __LINE__, o, wanted)

static struct object object(enum kind_id id)
{
	return (struct object){.k = kind_by_id(id), .now = 1000000000};
}

#define MAP(labels, data) \
	"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'" labels "},'data':{" data "}}"
#define JOB(spec) "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'j'},'spec':{" spec "}}"
#define POD(container)                                                                   \
	"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},'spec':{'containers':[" \
	"{'name':'a'" container "}]}}"
#define C ".spec.containers[name='a']"

/* ---- ownership ---- */

TEST("who applies owns what it said, and nothing of what the server fills in")
{
	auto_object o = object(KIND_POD);

	CHECK(apply(&o, "me", POD(",'image':'i','ports':[{'containerPort':80}],'resources':{}")));
	CHECK_OWNERS(&o, "me/Apply " C " " C ".image " C ".name " C ".resources " C
			 ".ports[containerPort=80,protocol='TCP'] " C
			 ".ports[containerPort=80,protocol='TCP'].containerPort");
	CHECK_STR(
	    json_str(json_first(json_path(o.obj, "spec.containers")), "imagePullPolicy"), "Always");
}

TEST("who creates owns all, structs that Go always has apart")
{
	auto_object o = object(KIND_JOB);

	update(&o, "kubectl-create",
	    JOB("'suspend':true,'template':{'spec':{'restartPolicy':'Never','containers':["
		"{'name':'a','image':'i:1','env':[{'name':'E','value':'1'}]}]}}"));
#define T ".spec.template.spec"
#define TC T ".containers[name='a']"
	CHECK_OWNERS(&o,
	    "kubectl-create/Update .spec.backoffLimit .spec.completionMode .spec.completions "
	    ".spec.manualSelector .spec.parallelism .spec.podReplacementPolicy .spec.suspend " T
	    ".dnsPolicy " T ".restartPolicy " T ".schedulerName " T ".securityContext " T
	    ".terminationGracePeriodSeconds " TC " " TC ".env " TC ".image " TC
	    ".imagePullPolicy " TC ".name " TC ".resources " TC ".terminationMessagePath " TC
	    ".terminationMessagePolicy " TC ".env[name='E'] " TC ".env[name='E'].name " TC
	    ".env[name='E'].value");
}

TEST("a value that two applied is shared: it goes when both have dropped it")
{
	auto_object o = object(KIND_CONFIGMAP);

	CHECK(apply(&o, "a", MAP("", "'x':'1','y':'1'")));
	CHECK(apply(&o, "b", MAP("", "'x':'1'")));
	CHECK_OWNERS(&o, "a/Apply .data.x .data.y; b/Apply .data.x");
	CHECK(apply(&o, "a", MAP("", "'y':'1'")));
	CHECK_STR(json_str(o.obj, "data.x"), "1");
	CHECK_OWNERS(&o, "b/Apply .data.x; a/Apply .data.y");
	CHECK(apply(&o, "b", MAP("", "")));
	CHECK(!json_has(o.obj, "data.x"));
	CHECK_OWNERS(&o, "a/Apply .data.y; b/Apply .data");
}

TEST("an update takes what it changes from the others, and loses what it removes")
{
	auto_object o = object(KIND_CONFIGMAP);

	CHECK(apply(&o, "a", MAP("", "'x':'1','y':'1'")));
	o.now += 5;
	update(&o, "edit", MAP("", "'x':'2','y':'1','z':'1'"));
	CHECK_OWNERS(&o, "a/Apply .data.y; edit/Update .data.x .data.z");
	update(&o, "edit", MAP("", "'y':'1','z':'1'"));
	CHECK_OWNERS(&o, "a/Apply .data.y; edit/Update .data.z");
	update(&o, "other", MAP("", "'y':'1'"));
	CHECK_OWNERS(&o, "a/Apply .data.y");
}

TEST("a change of somebody's field is a conflict that names field and owner")
{
	auto_object o = object(KIND_CONFIGMAP);

	CHECK(apply(&o, "a", MAP(",'labels':{'l/l':'1'}", "'x':'1','y':'1'")));
	update(&o, "edit", MAP(",'labels':{'l/l':'1'}", "'x':'1','y':'2'"));
	CHECK(!apply(&o, "b", MAP("", "'x':'2'")));
	CHECK_STR(err_msg(&o.e), "Apply failed with 1 conflict: conflict with \"a\": .data.x");
	CHECK_INT(o.e.reason, ERR_CONFLICT);
	CHECK_STR(json_str(json_first(json_get(o.e.details, "causes")), "reason"),
	    "FieldManagerConflict");
	CHECK_STR(json_str(json_first(json_get(o.e.details, "causes")), "message"),
	    "conflict with \"a\"");
	CHECK(!apply(&o, "b", MAP(",'labels':{'l/l':'2'}", "'x':'2','y':'3'")));
	CHECK_STR(err_msg(&o.e),
	    "Apply failed with 3 conflicts: conflicts with \"a\":\n- .data.x\n"
	    "- .metadata.labels.l/l\nconflicts with \"edit\" using v1:\n- .data.y");
	CHECK(force(&o, "b", MAP("", "'x':'2'")));
	CHECK_OWNERS(&o, "a/Apply .metadata.labels.l/l; b/Apply .data.x; edit/Update .data.y");
}

TEST("objects that nobody tracked belong to before-first-apply when somebody applies")
{
	auto_object o = object(KIND_CONFIGMAP);

	o.obj = parse(MAP(",'uid':'u'", "'x':'1'"));
	update(&o, "edit", MAP(",'uid':'u'", "'x':'2'"));
	CHECK_OWNERS(&o, "");
	CHECK(!apply(&o, "a", MAP("", "'x':'3'")));
	CHECK_STR(err_msg(&o.e), "Apply failed with 1 conflict: conflict with "
				 "\"before-first-apply\" using v1: .data.x");
	CHECK(apply(&o, "a", MAP("", "'x':'2'")));
	CHECK_OWNERS(&o, "a/Apply .data.x; before-first-apply/Update .data .data.x");
}

TEST("applying the same again changes nothing, not even a time")
{
	auto_object o = object(KIND_CONFIGMAP);
	auto_json *before = NULL;

	CHECK(apply(&o, "a", MAP("", "'x':'1'")));
	before = json_dup(o.obj);
	CHECK(apply(&o, "a", MAP("", "'x':'1'")));
	CHECK(json_equal(before, o.obj));
}

TEST("managers who own nothing any more are dropped")
{
	auto_object o = object(KIND_CONFIGMAP);

	CHECK(apply(&o, "a", MAP("", "'x':'1'")));
	update(&o, "edit", MAP("", "'x':'2'"));
	CHECK_OWNERS(&o, "edit/Update .data.x");
}

TEST("beyond ten who update, the oldest become one")
{
	auto_object o = object(KIND_CONFIGMAP);
	auto_buf data = {0};

	buf_adds(&data, "'k':'0'");
	for (int i = 0; i < 13; i++) {
		auto_free char *who = xasprintf("client-%02d", i), *text = NULL;

		buf_addf(&data, ",'k%02d':'1'", i);
		text = xasprintf(MAP("", "%s"), buf_str(&data));
		update(&o, who, text);
	}
	CHECK_INT(json_len(json_path(o.obj, "metadata.managedFields")), 10);
	CHECK_STR(json_str(json_first(json_path(o.obj, "metadata.managedFields")), "manager"),
	    "ancient-changes");
}

/* ---- lists and whole values ---- */

TEST("items of a list are owned one by one, and come in the order of who applies")
{
	auto_object o = object(KIND_POD);
	auto_free char *text = NULL;

	CHECK(apply(&o, "a", POD(",'image':'i:1','env':[{'name':'A'},{'name':'B'},{'name':'C'}]")));
	CHECK(apply(&o, "b", POD(",'env':[{'name':'C'},{'name':'X'},{'name':'A'}]")));
	text = json_print(json_get(json_first(json_path(o.obj, "spec.containers")), "env"));
	CHECK_STR(text, "[{\"name\":\"B\"},{\"name\":\"C\"},{\"name\":\"X\"},{\"name\":\"A\"}]");
	CHECK(apply(&o, "b", POD(",'env':[{'name':'A'}]")));
	free(text);
	text = json_print(json_get(json_first(json_path(o.obj, "spec.containers")), "env"));
	CHECK_STR(text, "[{\"name\":\"B\"},{\"name\":\"C\"},{\"name\":\"A\"}]");
}

TEST("what is atomic is owned and replaced as a whole")
{
	auto_object o = object(KIND_POD);

#define NODES(s) "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},'spec':{" s "}}"
	CHECK(apply(&o, "a",
	    NODES("'nodeSelector':{'x':'1'},'tolerations':[{'key':'k'}],"
		  "'imagePullSecrets':[{'name':'s'}]")));
	CHECK_OWNERS(&o, "a/Apply .spec.nodeSelector .spec.tolerations "
			 ".spec.imagePullSecrets[name='s']");
	CHECK(!apply(&o, "b", NODES("'nodeSelector':{'y':'1'}")));
	CHECK_STR(
	    err_msg(&o.e), "Apply failed with 1 conflict: conflict with \"a\": .spec.nodeSelector");
	CHECK(force(&o, "b", NODES("'nodeSelector':{'y':'1'}")));
	CHECK(!json_has(o.obj, "spec.nodeSelector.x"));
}

TEST("values of a set are owned one by one")
{
	auto_object o = object(KIND_CONFIGMAP);
	auto_free char *text = NULL;

#define FINALIZERS(list) \
	"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c','finalizers':[" list "]}}"
	CHECK(apply(&o, "a", FINALIZERS("'f/a','f/b'")));
	CHECK(apply(&o, "b", FINALIZERS("'f/b','f/c'")));
	CHECK_OWNERS(&o, "a/Apply .metadata.finalizers[='f/a'] .metadata.finalizers[='f/b'];"
			 " b/Apply .metadata.finalizers[='f/b'] .metadata.finalizers[='f/c']");
	CHECK(apply(&o, "a", FINALIZERS("")));
	text = json_print(json_path(o.obj, "metadata.finalizers"));
	CHECK_STR(text, "[\"f/b\",\"f/c\"]");
}

TEST("an item goes with what others set in it, a struct stays for their parts")
{
	auto_object o = object(KIND_POD);

	CHECK(apply(&o, "a",
	    POD(",'image':'i:1','env':[{'name':'A','value':'1'}],"
		"'resources':{'limits':{'cpu':'1'}}")));
	CHECK(apply(&o, "b", POD(",'resources':{'limits':{'memory':'1Gi'}}")));
	CHECK(apply(&o, "a", POD(",'image':'i:1'")));
	CHECK(!json_has(json_first(json_path(o.obj, "spec.containers")), "resources.limits.cpu"));
	CHECK_STR(
	    json_str(json_first(json_path(o.obj, "spec.containers")), "resources.limits.memory"),
	    "1Gi");
	CHECK(!json_has(json_first(json_path(o.obj, "spec.containers")), "env"));
}

/* ---- forms ---- */

TEST("what is not of the kind's form is refused by its path")
{
	static const struct {
		const char *spec, *text;
	} cases[] = {
	    {"'paralellism':1",
		".spec.paralellism: field not declared in schema (did you mean \"parallelism\"?)"},
	    {"'suspend':'yes'", ".spec.suspend: expected boolean, got &{yes}"},
	    {"'parallelism':'1'", ".spec.parallelism: expected numeric (int or float), got string"},
	    {"'template':{'spec':{'containers':[{'name':'a','image':1}]}}",
		".spec.template.spec.containers[name=\"a\"].image: expected string, got "
		"&value.valueUnstructured{Value:1}"},
	    {"'template':{'spec':{'containers':{'name':'a'}}}",
		".spec.template.spec.containers: expected list, got &{map[name:a]}"},
	    {"'template':{'spec':{'containers':[{'image':'a'}]}}",
		".spec.template.spec.containers: element 0: associative list with keys has an "
		"element that omits key field \"name\" (and doesn't have default value)"},
	    {"'template':{'spec':{'containers':[{'name':'a'},{'name':'a'}]}}",
		".spec.template.spec.containers: duplicate entries for key [name=\"a\"]"},
	    {"'a':1,'b':2", "errors:\n  .spec.a: field not declared in schema\n  .spec.b: field "
			    "not declared in schema"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_object o = object(KIND_JOB);
		auto_free char *text = xasprintf(JOB("%s"), cases[i].spec);
		auto_free char *wanted =
		    xasprintf("failed to create typed patch object (/j; batch/v1, Kind=Job): %s",
			cases[i].text);

		CHECK(!apply(&o, "a", text));
		CHECK_STR(err_msg(&o.e), wanted);
		CHECK_INT(o.e.reason, ERR_BAD_REQUEST);
	}
}

TEST("another version and own managedFields are refused")
{
	auto_object o = object(KIND_CONFIGMAP);

	CHECK(!apply(&o, "a", "{'apiVersion':'batch/v1','kind':'ConfigMap'}"));
	CHECK_STR(err_msg(&o.e), "Incorrect version specified in apply patch. Specified patch "
				 "version: batch/v1, expected: v1");
	CHECK(!apply(&o, "a", MAP(",'managedFields':[]", "")));
	CHECK_STR(err_msg(&o.e), "metadata.managedFields must be nil");
	CHECK(apply(&o, "a", MAP(",'managedFields':null", "")));
}

#define ENTRY(fields)                                                                             \
	"{'manager':'m','operation':'Apply','apiVersion':'v1','fieldsType':'FieldsV1','fieldsV1'" \
	":" fields "}"

TEST("clients may write managedFields: well-formed ones count, [{}] clears them")
{
	static const struct {
		const char *entries, *owners;
	} cases[] = {
	    {ENTRY("{'f:data':{'f:x':{}}}"), "m/Apply .data.x"},
	    {"", "a/Apply .data.x"},
	    {"{}", ""},
	    {ENTRY("{'f:data':{'x':{}}}"), "a/Apply .data.x"},
	    {ENTRY("{'f:data':{'q:x':{},'f:x':{}}}"), "m/Apply .data.x"},
	    {ENTRY("{'k:{':{}}"), "a/Apply .data.x"},
	    {"{'manager':'m','operation':'Apply','apiVersion':'v1','fieldsV1':{}}",
		"a/Apply .data.x"},
	    {"{'manager':'m','operation':'Ap','apiVersion':'v1'}", "a/Apply .data.x"},
	    {"{'manager':'m','operation':'Apply','fieldsType':'FieldsV1'}", "a/Apply .data.x"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_object o = object(KIND_CONFIGMAP);
		auto_free char *text =
		    xasprintf(MAP(",'managedFields':[%s]", "'x':'1'"), cases[i].entries);

		CHECK(apply(&o, "a", MAP("", "'x':'1'")));
		update(&o, "edit", text);
		CHECK_OWNERS(&o, cases[i].owners);
	}
}

TEST("a subresource has entries of its own")
{
	auto_object o = object(KIND_JOB);

	update(&o, "create", JOB("'suspend':true"));
	o.subresource = "status";
	CHECK(apply(&o, "s",
	    "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'j'},"
	    "'spec':{'suspend':false},'status':{'active':1}}"));
	CHECK(!apply(&o, "t",
	    "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'j'},"
	    "'status':{'active':2}}"));
	CHECK_STR(err_msg(&o.e), "Apply failed with 1 conflict: conflict with \"s\" with "
				 "subresource \"status\": .status.active");
}

TEST("kubectl takes over from its own client-side apply, and keeps the record up to date")
{
	static const char record[] =
	    ",'annotations':{'kubectl.kubernetes.io/last-applied-configuration':"
	    "'{\\'apiVersion\\':\\'v1\\',\\'kind\\':\\'ConfigMap\\',\\'metadata\\':"
	    "{\\'name\\':\\'c\\'},\\'data\\':{\\'x\\':\\'1\\',\\'y\\':\\'1\\'}}'}";
	auto_object o = object(KIND_CONFIGMAP);
	auto_free char *text = xasprintf(MAP("%s", "'x':'1','y':'2'"), record);

	update(&o, "kubectl-client-side-apply", text);
	CHECK(!apply(&o, "other", MAP("", "'x':'2'")));
	CHECK(!apply(&o, "kubectl", MAP("", "'y':'3'"))); /* is not as the record left it */
	CHECK(apply(&o, "kubectl", MAP("", "'x':'2'")));
	CHECK_STR(json_string_value(json_get(json_path(o.obj, "metadata.annotations"),
		      "kubectl.kubernetes.io/last-applied-configuration")),
	    "{\"apiVersion\":\"v1\",\"data\":{\"x\":\"2\"},\"kind\":\"ConfigMap\",\"metadata\":{"
	    "\"name\":\"c\"}}\n");
}

TEST("names of managers are short and printable; a User-Agent gives one")
{
	const char *reason;
	auto_free char *long_name = xcalloc(1, FIELD_MANAGER_MAX + 2);
	auto_free char *problem = NULL, *cut = NULL, *agent = NULL, *odd = NULL;

	memset(long_name, 'x', FIELD_MANAGER_MAX + 1);
	problem = managed_name_problem(long_name, &reason);
	CHECK_STR(problem, "Too long: may not be more than 128 bytes");
	free(problem);
	problem = managed_name_problem("a\tb", &reason);
	CHECK_STR(problem, "Invalid value: \"a\\tb\": invalid character U+0009 (at position 1)");
	CHECK_STR(reason, "FieldValueInvalid");
	CHECK(!managed_name_problem("Größe 1", &reason));
	cut = managed_name_of_agent(long_name);
	CHECK_INT(strlen(cut), FIELD_MANAGER_MAX);
	agent = managed_name_of_agent("kubectl/v1.32 (linux)");
	CHECK_STR(agent, "kubectl");
	odd = managed_name_of_agent("a\xff\tb");
	CHECK_STR(odd, "ab");
}

/* ---- random steps ---- */

enum { KEYS = 5, WHOS = 3 };

static uint64_t seed = 1;

static unsigned below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* A state or configuration: a value per key, 0: absent. */
struct model {
	int value[KEYS];
};

/* Keys as members of a map, or as variables of a container: both are owned one by one. */
static char *text_of(const struct model *m, bool env)
{
	auto_buf b = {0};

	for (int i = 0; i < KEYS; i++)
		if (m->value[i] && env)
			buf_addf(
			    &b, "%s{'name':'k%d','value':'%d'}", b.len ? "," : "", i, m->value[i]);
		else if (m->value[i])
			buf_addf(&b, "%s'k%d':'%d'", b.len ? "," : "", i, m->value[i]);
	return env ? xasprintf(POD(",'image':'i:1','env':[%s]"), buf_str(&b))
		   : xasprintf(MAP("", "%s"), buf_str(&b));
}

static int value_of(const struct object *o, bool env, int key)
{
	char name[16];
	const char *text = NULL;

	snprintf(name, sizeof(name), "k%d", key);
	if (!env)
		text = json_str(json_get(o->obj, "data"), name);
	else
		json_for (v, json_get(json_first(json_path(o->obj, "spec.containers")), "env"))
			if (str_eq(json_str(v, "name"), name))
				text = json_str(v, "value");
	return text ? *text - '0' : 0;
}

static bool owns(const struct object *o, bool env, const char *who, bool applied, int key)
{
	json_for (entry, json_path(o->obj, "metadata.managedFields")) {
		auto_field_set s = {0};
		auto_strlist paths = {0};
		auto_free char *path = xasprintf(
		    env ? ".spec.containers[name=\"a\"].env[name=\"k%d\"].value" : ".data.k%d",
		    key);

		if (who && !str_eq(json_str(entry, "manager"), who))
			continue;
		if (who && str_eq(json_str(entry, "operation"), "Apply") != applied)
			continue;
		CHECK_INT(field_set_from_json(json_get(entry, "fieldsV1"), &s, NULL), 0);
		field_set_paths(&s, &paths);
		if (strlist_has(&paths, path))
			return true;
	}
	return false;
}

/* What must hold after `who` has applied, or failed to. */
static void check_applied(const struct object *before, const struct object *o, bool env,
    const char *who, const struct model *config, bool ok, bool forced)
{
	CHECK(ok || !forced);
	for (int i = 0; i < KEYS; i++) {
		int was = value_of(before, env, i), is = value_of(o, env, i);
		bool others = false;

		for (int w = 0; w < WHOS; w++) {
			char name[16];

			snprintf(name, sizeof(name), "m%d", w);
			others |= owns(before, env, name, false, i) ||
				  (!str_eq(name, who) && owns(before, env, name, true, i));
		}
		if (!ok) {
			CHECK_INT(is, was);
			continue;
		}
		CHECK(owns(o, env, who, true, i) == (config->value[i] != 0));
		if (config->value[i])
			CHECK_INT(is, config->value[i]);
		else if (owns(before, env, who, true, i) && !others)
			CHECK_INT(is, 0);
		else if (!env) /* a variable goes with its item, whoever owns the value */
			CHECK_INT(is, was);
		if (others && !forced && was != is && (is || !env))
			CHECK(was == 0);
	}
}

static void check_updated(const struct object *before, const struct object *o, bool env,
    const char *who, const struct model *state)
{
	for (int i = 0; i < KEYS; i++) {
		int was = value_of(before, env, i);

		CHECK_INT(value_of(o, env, i), state->value[i]);
		if (!state->value[i])
			CHECK(!owns(o, env, NULL, false, i));
		else if (was != state->value[i])
			CHECK(owns(o, env, who, false, i));
		for (int w = 0; w < WHOS && was != state->value[i]; w++) {
			char name[16];

			snprintf(name, sizeof(name), "m%d", w);
			CHECK(!owns(o, env, name, true, i));
		}
	}
}

static void random_step(struct object *o, bool env)
{
	struct object before = {.obj = json_dup(o->obj)};
	bool applies = below(2) || !o->obj, forced = below(3) == 0, ok;
	struct model m = {0};
	char who[16];
	auto_free char *text = NULL;

	for (int i = 0; i < KEYS; i++)
		m.value[i] = (int)below(4);
	snprintf(who, sizeof(who), "m%d", (int)below(WHOS));
	text = text_of(&m, env);
	if (applies) {
		ok = forced ? force(o, who, text) : apply(o, who, text);
		check_applied(&before, o, env, who, &m, ok, forced);
		if (ok) {
			auto_json *same = json_dup(o->obj);

			CHECK(apply(o, who, text));
			CHECK(json_equal(same, o->obj));
		}
	} else {
		update(o, who, text);
		check_updated(&before, o, env, who, &m);
	}
	json_free(before.obj);
}

TEST("whatever clients apply and update, fields have the owners that they should")
{
	int runs = test_rounds(100, 6);

	for (int run = 0; run < runs && !test_failed; run++) {
		auto_object o = object(run % 2 ? KIND_POD : KIND_CONFIGMAP);

		for (int step = 0; step < 30 && !test_failed; step++)
			random_step(&o, run % 2);
	}
}

/* ---- sets ---- */

TEST("a set of fields is read and written in one form only")
{
	static const char text[] = "{\"f:b\":{\"k:{\\\"y\\\":1, \\\"x\\\":\\\"a\\\"}\":{\".\":{},"
				   "\"f:n\":{}}},\"f:a\":{},\"v:\\\"z\\\"\":{}}";
	auto_json *j = json_parse(text, strlen(text), 0, NULL), *again = NULL;
	auto_free char *printed = NULL;
	auto_field_set s = {0};

	CHECK_INT(field_set_from_json(j, &s, NULL), 0);
	again = field_set_to_json(&s);
	printed = json_print(again);
	CHECK_STR(printed, "{\"f:a\":{},\"f:b\":{\"k:{\\\"x\\\":\\\"a\\\",\\\"y\\\":1}\":{\".\":{},"
			   "\"f:n\":{}}},\"v:\\\"z\\\"\":{}}");
}

int main(void)
{
	return test_main();
}
