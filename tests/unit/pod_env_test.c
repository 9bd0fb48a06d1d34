#include "../../controller/loops/pod_env.h"

#include "api_fixture.h"

/* Two config maps and a secret, as a test's store. */
static json *get(void *ctx, enum kind_id kind, const char *name)
{
	static const struct {
		enum kind_id kind;
		const char *name, *text;
	} objects[] = {
	    {KIND_CONFIGMAP, "m1", "{'data':{'A':'a1','B':'$(A)','k.x':'dotted'}}"},
	    {KIND_CONFIGMAP, "m2", "{'data':{'A':'a2'},'binaryData':{'C':'AA=='}}"},
	    {KIND_SECRET, "s1",
		"{'metadata':{'name':'s1','namespace':'default'},"
		"'data':{'A':'c2VjcmV0','nul':'AA==','latin':'5A=='}}"},
	};
	int *asked = ctx;

	++*asked;
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		if (objects[i].kind == kind && str_eq(objects[i].name, name))
			return parse(objects[i].text);
	return NULL;
}

static const char pod_text[] =
    "{'metadata':{'name':'p','namespace':'default','uid':'u1','labels':{'app':'x','b':'2'},"
    "'annotations':{'n':'a \\'b\\''}},'spec':{'nodeName':'here','containers':["
    "{'name':'c','resources':{'limits':{'cpu':'1500m','memory':'100Mi'},"
    "'requests':{'memory':'1000'}}},{'name':'d'}]}}";

/* The environment of a container joined by commas, or the error; owned. */
static char *resolved(const char *container)
{
	static const char *const links[] = {"REDIS_SERVICE_HOST=10.1.2.3", "A=link"};
	auto_json *pod = parse(pod_text), *c = parse(container);
	auto_json *node = parse("{'cpu':'4','memory':'8Gi'}");
	auto_strlist services = {0}, env = {0};
	auto_err e = {0};
	int asked = 0;
	struct env_source source = {
	    .downward = {pod, "127.0.0.1", "10.0.0.7", node},
	    .container = c,
	    .services = &services,
	    .get = get,
	    .ctx = &asked,
	};

	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		strlist_add(&services, links[i]);
	if (pod_env_resolve(&source, &env, &e) < 0)
		return xstrdup(err_msg(&e));
	CHECK(str_eq(env.items[0], "REDIS_SERVICE_HOST=10.1.2.3"));
	free(env.items[0]);
	env.items[0] = xstrdup("");
	return strlist_join(&env, ",");
}

static void check(const char *container, const char *want)
{
	auto_free char *got = resolved(container);

	CHECK_QUOTED(got, want);
}

/* One variable V with this source, behind an empty A; NULL: there is no V. */
static void from(const char *source, const char *want)
{
	auto_free char *c = xasprintf(
	    "{'name':'c','resources':{'limits':{'cpu':'1500m','memory':'100Mi'},'requests':{"
	    "'memory':'1000'}},'env':[{'name':'A','value':''},{'name':'V','valueFrom':{%s}}]}",
	    source);
	auto_free char *full =
	    !want || *want == ',' ? xasprintf(",A=%s", want ? want : "") : xstrdup(want);

	check(c, full);
}

TEST("N21: $(NAME) sees what was defined before it; $$ and unknown names stay text")
{
	check("{'env':[{'name':'A','value':'1'},{'name':'B','value':'$(A)'},{'name':'C','value':"
	      "'$(D)'},{'name':'D','value':'2'},{'name':'E','value':'$$(A)'},{'name':'F','value':"
	      "'$(B$A)$'},{'name':'G','value':'$(A'},{'name':'H','value':'$x$$$(D)'}]}",
	    ",A=1,B=1,C=$(D),D=2,E=$(A),F=$(B$A)$,G=$(A,H=$x$2");
	check("{'env':[{'name':'A','value':'x'},{'name':'A','value':'$(A)y'}]}", ",A=xy");
	check("{'env':[{'name':'U','value':'tcp://$(REDIS_SERVICE_HOST)'},{'name':'L','value':"
	      "'$(A)'}]}",
	    ",A=link,U=tcp://10.1.2.3,L=link");
}

TEST("N22: a later map wins, env wins over both, and a prefix goes before every name")
{
	check("{'envFrom':[{'configMapRef':{'name':'m1'}},{'configMapRef':{'name':'m2'}}]}",
	    ",A=a2,B=$(A),k.x=dotted");
	check("{'envFrom':[{'configMapRef':{'name':'m2'}},{'configMapRef':{'name':'m1'}}],"
	      "'env':[{'name':'A','value':'e'},{'name':'R','value':'$(B)'}]}",
	    ",A=e,B=$(A),k.x=dotted,R=$(A)");
	check("{'envFrom':[{'prefix':'P_','configMapRef':{'name':'m2'}},{'prefix':'P_','secretRef'"
	      ":{'name':'none','optional':true}}]}",
	    ",A=link,P_A=a2");
}

TEST("what is missing is named as Kubernetes names it, unless it is optional")
{
	check("{'envFrom':[{'configMapRef':{'name':'none'}}]}", "configmap 'none' not found");
	check("{'envFrom':[{'secretRef':{'name':'none'}}]}", "secret 'none' not found");
	from("'configMapKeyRef':{'name':'none','key':'A'}", "configmap 'none' not found");
	from("'secretKeyRef':{'name':'none','key':'A'}", "secret 'none' not found");
	from("'configMapKeyRef':{'name':'m1','key':'Z'}",
	    "couldn|t find key Z in ConfigMap default/m1");
	from("'secretKeyRef':{'name':'s1','key':'Z'}", "couldn|t find key Z in Secret default/s1");
	from("'secretKeyRef':{'name':'none','key':'A','optional':true}", NULL);
	from("'configMapKeyRef':{'name':'m1','key':'Z','optional':true}", NULL);
	check("{'envFrom':[{'configMapRef':{'name':'m1'}}],'env':[{'name':'A','valueFrom':{"
	      "'secretKeyRef':{'name':'s1','key':'Z','optional':true}}}]}",
	    ",A=a1,B=$(A),k.x=dotted");
}

TEST("values of config maps and secrets are taken as they are")
{
	from("'configMapKeyRef':{'name':'m1','key':'B'}", ",V=$(A)");
	from("'secretKeyRef':{'name':'s1','key':'A'}", ",V=secret");
	from("'secretKeyRef':{'name':'s1','key':'nul'}",
	    "key nul in Secret default/s1 cannot be the variable V: its value is no text");
	from("'secretKeyRef':{'name':'s1','key':'latin'}",
	    "key latin in Secret default/s1 cannot be the variable V: its value is no text");
}

TEST("N34: fields of the pod and resources of the container")
{
	from("'fieldRef':{'fieldPath':'metadata.name'}", ",V=p");
	from("'fieldRef':{'fieldPath':'metadata.namespace'}", ",V=default");
	from("'fieldRef':{'fieldPath':'metadata.uid'}", ",V=u1");
	from("'fieldRef':{'fieldPath':'metadata.labels[|app|]'}", ",V=x");
	from("'fieldRef':{'fieldPath':'metadata.labels[|none|]'}", ",V=");
	from("'fieldRef':{'fieldPath':'spec.nodeName'}", ",V=here");
	from("'fieldRef':{'fieldPath':'status.hostIP'}", ",V=127.0.0.1");
	from("'fieldRef':{'fieldPath':'status.podIP'}", ",V=10.0.0.7");
	from("'fieldRef':{'fieldPath':'status.podIPs'}", ",V=10.0.0.7");
	from("'resourceFieldRef':{'resource':'limits.cpu'}", ",V=2");
	from("'resourceFieldRef':{'resource':'limits.cpu','divisor':'1m'}", ",V=1500");
	from("'resourceFieldRef':{'resource':'requests.cpu','divisor':'1m'}", ",V=1500");
	from("'resourceFieldRef':{'resource':'limits.memory'}", ",V=104857600");
	from("'resourceFieldRef':{'resource':'limits.memory','divisor':'1Mi'}", ",V=100");
	from("'resourceFieldRef':{'resource':'requests.memory','divisor':'1Ki'}", ",V=1");
	from("'resourceFieldRef':{'resource':'limits.ephemeral-storage'}", ",V=0");
	from("'resourceFieldRef':{'containerName':'d','resource':'limits.cpu'}", ",V=4");
	from("'resourceFieldRef':{'containerName':'d','resource':'limits.memory','divisor':'1Gi'}",
	    ",V=8");
	from("'resourceFieldRef':{'containerName':'d','resource':'requests.cpu'}", ",V=0");
	from("'resourceFieldRef':{'containerName':'z','resource':'limits.cpu'}",
	    "container z not found");
}

TEST("a volume gets all labels and annotations as quoted lines")
{
	auto_json *pod = parse(pod_text);
	const struct downward d = {.pod = pod};
	auto_free char *labels = downward_field(&d, "metadata.labels");
	auto_free char *annotations = downward_field(&d, "metadata.annotations");

	CHECK_QUOTED(labels, "app='x'\nb='2'");
	CHECK_STR(annotations, "n=\"a \\\"b\\\"\"");
}

TEST("an object that many variables name is read once")
{
	auto_json *c = parse("{'envFrom':[{'configMapRef':{'name':'m1'}}],'env':["
			     "{'name':'X','valueFrom':{'configMapKeyRef':{'name':'m1','key':'A'}}},"
			     "{'name':'Y','valueFrom':{'configMapKeyRef':{'name':'n','key':'A',"
			     "'optional':true}}},{'name':'Z','valueFrom':{'configMapKeyRef':{"
			     "'name':'n','key':'A','optional':true}}}]}");
	auto_strlist env = {0};
	auto_err e = {0};
	int asked = 0;
	struct env_source source = {.container = c, .get = get, .ctx = &asked};

	CHECK_INT(pod_env_resolve(&source, &env, &e), 0);
	CHECK_INT(asked, 2);
}

TEST("variables that double each other end at the limit of an environment")
{
	auto_json *c = json_new_object();
	json *list = json_new_array();
	auto_strlist env = {0};
	auto_err e = {0};
	struct env_source source = {.container = c};

	json_set(c, "env", list);
	for (int i = 0; i < 40; i++) {
		auto_free char *name = xasprintf("V%d", i);
		auto_free char *value = i ? xasprintf("$(V%d)$(V%d)", i - 1, i - 1) : xstrdup("x");
		json *var = json_new_object();

		json_set_str(var, "name", name);
		json_set_str(var, "value", value);
		json_add(list, var);
	}
	CHECK_INT(pod_env_resolve(&source, &env, &e), -1);
	CHECK_STR(err_msg(&e), "the environment is larger than 2097152 bytes");
}

TEST("N21: command and args are expanded by the whole environment, the newest value first")
{
	auto_strlist env = {0};
	auto_json *list = parse("['$(B)-$(X)','','$$(B)','$(A)']"), *none = parse("[]");
	json *out = NULL, *nothing = NULL;
	auto_free char *text = NULL;
	auto_err e = {0};

	strlist_add(&env, "A=1=2");
	strlist_add(&env, "B=old");
	strlist_add(&env, "B=1");
	CHECK_INT(pod_env_expand_list(list, &env, &out, &e), 0);
	text = json_print(out);
	CHECK_QUOTED(text, "['1-$(X)','','$(B)','1=2']");
	CHECK_INT(pod_env_expand_list(none, &env, &nothing, &e), 0);
	CHECK(!nothing);
	json_free(out);
}

TEST("only who asks for the pod's address needs a sandbox for it")
{
#define ASKS(path) "'env':[{'name':'X','valueFrom':{'fieldRef':{'fieldPath':'" path "'}}}]"
	static const struct {
		const char *spec;
		bool sandbox;
	} cases[] = {
	    {"'containers':[{}]", false},
	    {"'containers':[{" ASKS("status.hostIP") "}]", false},
	    {"'containers':[{},{" ASKS("status.podIP") "}]", true},
	    {"'containers':[{}],'initContainers':[{" ASKS("status.podIPs") "}]", true},
	    {"'hostNetwork':true,'containers':[{" ASKS("status.podIP") "}]", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *text = xasprintf("{'spec':{%s}}", cases[i].spec);
		auto_json *pod = parse(text);

		CHECK_INT(pod_needs_sandbox_for_env(pod), cases[i].sandbox);
	}
}

int main(void)
{
	return test_main();
}
