#include "../../controller/api/api.h"
#include "quoted.h"

/* The Pod as it is stored, or NULL and what is wrong with it. */
static json *create(const char *spec, struct strlist *warnings, struct err *e)
{
	const struct kind *k = kind_by_id(KIND_POD);
	auto_free char *text =
	    xasprintf("{'apiVersion':'v1','kind':'Pod','metadata':{'name':'x'},'spec':{%s}}", spec);
	auto_free char *body = unquote(text);
	json *pod = api_decode(k, body, strlen(body), FIELDS_STRICT, NULL, e);

	if (!pod)
		return NULL;
	json_set_path(pod, "metadata.namespace", json_new_string("default"));
	json_set_path(pod, "metadata.uid", json_new_string("u"));
	api_default(k, pod);
	api_prepare_create(k, pod);
	if (api_validate_create(k, pod, warnings, e) == 0)
		return pod;
	json_free(pod);
	return NULL;
}

struct rule {
	const char *spec, *want; /* want: behind "is invalid: "; "": it is valid */
};

static void check_rules(const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		auto_err e = {0};
		auto_json *pod = create(rules[i].spec, NULL, &e);
		const char *behind = strstr(err_msg(&e), "is invalid: ");
		auto_free char *want = unquote(rules[i].want);

		CHECK_STR(behind ? behind + strlen("is invalid: ") : err_msg(&e), want);
	}
}

#define C(members) "'containers':[{'name':'c','image':'i'," members "}]"
#define PLAIN C("'command':['x']")

TEST("N31 security contexts are checked in Kubernetes' words")
{
	static const struct rule rules[] = {
	    {"'securityContext':{'runAsUser':-1,'fsGroup':2147483648,'supplementalGroups':[1,-2]}"
	     "," PLAIN,
		"[spec.securityContext.fsGroup: Invalid value: 2147483648: must be between 0 and "
		"2147483647, inclusive, spec.securityContext.runAsUser: Invalid value: -1: must be "
		"between 0 and 2147483647, inclusive, spec.securityContext.supplementalGroups[1]: "
		"Invalid value: -2: must be between 0 and 2147483647, inclusive]"},
	    {C("'securityContext':{'runAsGroup':-1}"),
		"spec.containers[0].securityContext.runAsGroup: Invalid value: -1: must be between "
		"0 and 2147483647, inclusive"},
	    {C("'securityContext':{'privileged':true,'allowPrivilegeEscalation':false}"),
		"spec.containers[0].securityContext: Invalid value: "
		"{'privileged':true,'allowPrivilegeEscalation':false}: cannot set "
		"`allowPrivilegeEscalation` to false and `privileged` to true"},
	    {C("'securityContext':{'capabilities':{'add':['CAP_SYS_ADMIN']},"
	       "'allowPrivilegeEscalation':false}"),
		"spec.containers[0].securityContext: Invalid value: "
		"{'capabilities':{'add':['CAP_SYS_ADMIN']},'allowPrivilegeEscalation':false}: "
		"cannot "
		"set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"},
	    {C("'securityContext':{'procMount':'Unmasked'}"),
		"spec.containers[0].securityContext.procMount: Invalid value: 'Unmasked': "
		"`hostUsers` must be false to use `Unmasked`"},
	    {C("'securityContext':{'seccompProfile':{'type':'Localhost'}}"),
		"[spec.containers[0].securityContext.seccompProfile.localhostProfile: Required "
		"value: must be set when seccomp type is Localhost, "
		"spec.containers[0].securityContext.seccompProfile.type: Forbidden: Localhost is "
		"not supported by this version of kjob]"},
	    {C("'securityContext':{'seccompProfile':{'type':'Unconfined','localhostProfile':'x'}}"),
		"spec.containers[0].securityContext.seccompProfile.localhostProfile: Invalid "
		"value: "
		"'x': can only be set when seccomp type is Localhost"},
	    {"'securityContext':{'seccompProfile':{'type':'None'}}," PLAIN,
		"spec.securityContext.seccompProfile.type: Unsupported value: 'None': supported "
		"values: 'Localhost', 'RuntimeDefault', 'Unconfined'"},
	    {"'securityContext':{'seccompProfile':{'type':'Localhost','localhostProfile':'x'}}"
	     "," PLAIN,
		"spec.securityContext.seccompProfile.type: Forbidden: Localhost is not supported "
		"by "
		"this version of kjob"},
	    {"'securityContext':{'sysctls':[{'name':'net.core.somaxconn','value':'1'},"
	     "{'name':'net.core.somaxconn','value':'2'},{'name':'a..b','value':''}]}," PLAIN,
		"[spec.securityContext.sysctls[1].name: Duplicate value: 'net.core.somaxconn', "
		"spec.securityContext.sysctls[2].name: Invalid value: 'a..b': must have at most "
		"253 "
		"characters and match regex "
		"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$]"},
	    {"'shareProcessNamespace':true,'hostPID':true," PLAIN,
		"spec.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and "
		"HostPID "
		"cannot both be enabled"},
	    {"'securityContext':{'runAsUser':0,'runAsGroup':5,'fsGroup':2147483647,'sysctls':["
	     "{'name':'net/ipv4/a-b_c','value':''}],'seccompProfile':{'type':'RuntimeDefault'},"
	     "'supplementalGroupsPolicy':'Merge'},'hostPID':true,'hostIPC':true," C(
		 "'securityContext':{'privileged':true,'capabilities':{'drop':['ALL']},"
		 "'readOnlyRootFilesystem':true,'runAsNonRoot':false}"),
		""},
	};

	check_rules(rules, ARRAY_LEN(rules));
}

TEST("N33 host ports, aliases and the resolver are checked in Kubernetes' words")
{
	static const struct rule rules[] = {
	    {C("'ports':[{'containerPort':80,'hostPort':8080},{'containerPort':81,'hostPort':8080},"
	       "{'containerPort':82,'hostPort':8080,'protocol':'UDP'}]"),
		"spec.containers[0].ports[1].hostPort: Duplicate value: 'TCP//8080'"},
	    {C("'ports':[{'containerPort':80,'hostPort':8080,'hostIP':'x'}]"),
		"spec.containers[0].ports[0].hostIP: Invalid value: 'x': must be a valid IP "
		"address, (e.g. 10.9.8.7 or 2001:db8::ffff)"},
	    {"'hostNetwork':true," C("'ports':[{'containerPort':80,'hostPort':8080}]"),
		"spec.containers[0].ports[0].hostPort: Invalid value: 8080: must match "
		"`containerPort` when `hostNetwork` is true"},
	    {"'hostNetwork':true," C("'ports':[{'containerPort':80}]"), ""},
	    {"'hostAliases':[{'ip':'10.0.0.256','hostnames':['a']},{'ip':'::1','hostnames':['A_b']}"
	     "]," PLAIN,
		"[spec.hostAliases[0].ip: Invalid value: '10.0.0.256': must be a valid IP address, "
		"(e.g. 10.9.8.7 or 2001:db8::ffff), spec.hostAliases[1].hostnames[0]: Invalid "
		"value: "
		"'A_b': a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
		"characters, '-' or '.', and must start and end with an alphanumeric character "
		"(e.g. 'example.com', regex used for validation is "
		"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')]"},
	    {"'dnsPolicy':'None'," PLAIN,
		"spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is "
		"None"},
	    {"'dnsPolicy':'None','dnsConfig':{}," PLAIN,
		"spec.dnsConfig.nameservers: Required value: must provide at least one DNS "
		"nameserver when `dnsPolicy` is None"},
	    {"'dnsConfig':{'nameservers':['1.1.1.1','1.1.1.2','1.1.1.3','x']}," PLAIN,
		"[spec.dnsConfig.nameservers: Invalid value: "
		"['1.1.1.1','1.1.1.2','1.1.1.3','x']: must not have more than 3 nameservers, "
		"spec.dnsConfig.nameservers[3]: Invalid value: 'x': must be a valid IP address, "
		"(e.g. 10.9.8.7 or 2001:db8::ffff)]"},
	    {"'dnsConfig':{'searches':['a.b.','.'],'options':[{'value':'1'}]}," PLAIN,
		"spec.dnsConfig.options[0]: Required value: must not be empty"},
	    {"'dnsPolicy':'Nope'," PLAIN,
		"spec.dnsPolicy: Unsupported value: 'Nope': supported values: 'ClusterFirst', "
		"'ClusterFirstWithHostNet', 'Default', 'None'"},
	    {"'subdomain':'a.b'," PLAIN,
		"spec.subdomain: Invalid value: 'a.b': must not contain dots"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		auto_err e = {0};
		auto_json *pod = create(rules[i].spec, NULL, &e);
		const char *behind = strstr(err_msg(&e), "is invalid: ");
		auto_free char *got =
		    xstrdup(behind ? behind + strlen("is invalid: ") : err_msg(&e));

		for (char *c = got; *c; c++)
			*c = *c == '"' ? '\'' : *c;
		CHECK_STR(got, rules[i].want);
	}
}

TEST("requests and limits are checked in Kubernetes' words")
{
	static const struct rule rules[] = {
	    {C("'resources':{'requests':{'cpu':'2','memory':'1Gi'},'limits':{'cpu':'1'}}"),
		"spec.containers[0].resources.requests: Invalid value: '2': must be less than or "
		"equal to cpu limit of 1"},
	    {C("'resources':{'limits':{'memory':'-1','bogus':'1'}}"),
		"[spec.containers[0].resources.limits[memory]: Invalid value: '-1': must be "
		"greater "
		"than or equal to 0, spec.containers[0].resources.limits[bogus]: Invalid value: "
		"'bogus': must be a standard resource type or fully qualified, "
		"spec.containers[0].resources.limits[bogus]: Invalid value: 'bogus': must be a "
		"standard resource for containers, spec.containers[0].resources.requests[memory]: "
		"Invalid value: '-1': must be greater than or equal to 0, "
		"spec.containers[0].resources.requests[bogus]: Invalid value: 'bogus': must be a "
		"standard resource type or fully qualified, "
		"spec.containers[0].resources.requests[bogus]: Invalid value: 'bogus': must be a "
		"standard resource for containers]"},
	    {C("'resources':{'requests':{'x.com/gpu':'1'}}"),
		"spec.containers[0].resources.limits: Required value: Limit must be set for non "
		"overcommitable resources"},
	    {C("'resources':{'requests':{'x.com/gpu':'1'},'limits':{'x.com/gpu':'2'}}"),
		"spec.containers[0].resources.requests: Invalid value: '1': must be equal to "
		"x.com/gpu limit of 2"},
	    {C("'resources':{'limits':{'x.com/gpu':'2','memory':'0','cpu':'1500m'}}"), ""},
	};

	check_rules(rules, ARRAY_LEN(rules));
}

TEST("requests that are missing are the limits, in Pods and not in templates")
{
	auto_err e = {0};
	auto_strlist warnings = {0};
	auto_json *pod = create(
	    C("'resources':{'limits':{'cpu':'1000m','memory':'64Mi','ephemeral-storage':'1Gi'},"
	      "'requests':{'cpu':'100m'}}"),
	    &warnings, &e);
	const json *requests =
	    json_path(json_at(json_path(pod, "spec.containers"), 0), "resources.requests");
	const struct kind *k = kind_by_id(KIND_JOB);
	auto_free char *body = unquote(
	    "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'x'},'spec':{'template':{"
	    "'spec':{'restartPolicy':'Never','containers':[{'name':'c','image':'i','resources':{"
	    "'limits':{'cpu':'1'}}}]}}}}");
	auto_json *job = api_decode(k, body, strlen(body), FIELDS_STRICT, NULL, &e);

	CHECK_STR(json_str(requests, "cpu"), "100m");
	CHECK_STR(json_str(requests, "memory"), "64Mi");
	CHECK_INT(warnings.len, 0);
	api_default(k, job);
	CHECK(!json_has(
	    json_at(json_path(job, "spec.template.spec.containers"), 0), "resources.requests"));
}

TEST("the class of a pod follows from the requests and limits of all its containers")
{
	static const struct {
		const char *spec, *want;
	} cases[] = {
	    {PLAIN, "BestEffort"},
	    {C("'resources':{'limits':{'ephemeral-storage':'1Gi'}}"), "BestEffort"},
	    {C("'resources':{'requests':{'cpu':'1'}}"), "Burstable"},
	    {C("'resources':{'limits':{'cpu':'1'}}"), "Burstable"},
	    {C("'resources':{'limits':{'cpu':'1','memory':'1Gi'}}"), "Guaranteed"},
	    {C("'resources':{'limits':{'cpu':'1','memory':'1Gi'},'requests':{'cpu':'500m'}}"),
		"Burstable"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_err e = {0};
		auto_json *pod = create(cases[i].spec, NULL, &e);

		CHECK_STR(json_str(pod, "status.qosClass"), cases[i].want);
	}
}

TEST("scheduling gates hold a pod until they are taken away, and none is added")
{
#define GATES(list) "'schedulingGates':[" list "]," PLAIN
	static const struct rule rules[] = {
	    {GATES("{'name':'example.com/a'},{'name':'b'}"), ""},
	    {GATES("{'name':'a'},{'name':'a'}"), "spec.schedulingGates[1]: Duplicate value: 'a'"},
	    {"'nodeName':'n'," GATES("{'name':'a'}"),
		"spec.nodeName: Forbidden: cannot be set until all schedulingGates have been "
		"cleared"},
	};
	static const struct {
		const char *gates;
		bool ok;
	} updates[] = {
	    {"[{'name':'b'}]", true},
	    {"[]", true},
	    {"[{'name':'a'},{'name':'c'}]", false},
	};
	auto_json *old = create(GATES("{'name':'a'},{'name':'b'}"), NULL, NULL);
	const json *c = json_at(json_path(old, "status.conditions"), 0);

	check_rules(rules, ARRAY_LEN(rules));
	CHECK_STR(json_str(c, "reason"), "SchedulingGated");
	CHECK_STR(json_str(c, "status"), "False");
	for (size_t i = 0; i < ARRAY_LEN(updates); i++) {
		auto_json *pod = json_dup(old);
		auto_free char *text = unquote(updates[i].gates);
		auto_err e = {0};

		json_set_path(pod, "spec.schedulingGates",
		    json_parse(text, strlen(text), JSON_PARSE_STRICT, NULL));
		CHECK_INT(api_validate_update(kind_by_id(KIND_POD), pod, old, &e),
		    updates[i].ok ? 0 : -1);
		CHECK_STR(err_msg(&e), updates[i].ok
					   ? ""
					   : "Pod \"x\" is invalid: spec.schedulingGates[1]: "
					     "Forbidden: only deletion is allowed, but found new "
					     "scheduling gate 'c'");
	}
}

TEST("tolerations and taints are checked in Kubernetes' words")
{
#define TOLERATES(t) "'tolerations':[" t "]," PLAIN
	static const struct rule rules[] = {
	    {TOLERATES("{'operator':'Exists'},{'key':'a/b','value':'c','effect':'NoSchedule'}"),
		""},
	    {TOLERATES(
		 "{'key':'a','operator':'Exists','effect':'NoExecute','tolerationSeconds':1}"),
		""},
	    {TOLERATES("{'value':'c'}"),
		"spec.tolerations[0].operator: Invalid value: '': operator must be Exists when "
		"`key` is empty, which means \"match all values and all keys\""},
	};
	static const struct {
		const char *taints, *error;
	} nodes[] = {
	    {"[{'key':'a','effect':'NoSchedule'},{'key':'a','effect':'PreferNoSchedule'}]", ""},
	    {"[{'key':'a','effect':'NoSchedule'},{'key':'a','effect':'NoSchedule'}]",
		"Node \"x\" is invalid: spec.taints[1]: Duplicate value: "
		"{\"key\":\"a\",\"effect\":\"NoSchedule\"}"},
	    {"[{'key':'a'}]", "Node \"x\" is invalid: spec.taints[0].effect: Required value"},
	    {"[{'key':'a','effect':'NoExecute'}]",
		"Node \"x\" is invalid: spec.taints[0].effect: Forbidden: NoExecute is not "
		"supported by this version of kjob: NoSchedule keeps new pods away, and an "
		"eviction ends those that run"},
	};

	check_rules(rules, ARRAY_LEN(rules));
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		auto_free char *taints = unquote(nodes[i].taints);
		auto_json *node = json_new_object();
		auto_err e = {0};

		json_set_path(node, "metadata.name", json_new_string("x"));
		json_set_path(node, "spec.taints",
		    json_parse(taints, strlen(taints), JSON_PARSE_STRICT, NULL));
		CHECK_INT(api_validate_create(kind_by_id(KIND_NODE), node, NULL, &e),
		    *nodes[i].error ? -1 : 0);
		CHECK_STR(err_msg(&e), nodes[i].error);
	}
}

int main(void)
{
	return test_main();
}
