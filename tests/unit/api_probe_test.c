/* api_probe: what the API refuses of probes, hooks, init containers and restart rules. */
#include "../../controller/api/api.h"

#include "quoted.h"

/* What creating a pod with this spec answers, from the first error on. */
static char *refusal(const char *spec)
{
	auto_free char *text = xasprintf(
	    "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','namespace':'default'},"
	    "'spec':{%s}}",
	    spec);
	auto_json *pod = parse(text);
	auto_err e = {0};
	const char *at;

	api_default(kind_by_id(KIND_POD), pod);
	if (api_validate_create(kind_by_id(KIND_POD), pod, NULL, &e) == 0)
		return xstrdup("");
	at = strstr(err_msg(&e), "is invalid: ");
	return xstrdup(at ? at + strlen("is invalid: ") : err_msg(&e));
}

static void check(const char *spec, const char *wanted)
{
	auto_free char *got = refusal(spec);

	CHECK_STR(got, wanted);
}

#define C(more) "'containers':[{'name':'c','image':'i'" more "}]"

static const struct {
	const char *container, *wanted;
} containers[] = {
    {",'livenessProbe':{'exec':{'command':['a']}}", ""},
    {",'livenessProbe':{}", "spec.containers[0].livenessProbe: Required value: must specify a "
			    "handler type"},
    {",'livenessProbe':{'exec':{}}",
	"spec.containers[0].livenessProbe.exec.command: Required value"},
    {",'livenessProbe':{'exec':{'command':['a']},'tcpSocket':{'port':1}}",
	"spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 "
	"handler "
	"type"},
    {",'livenessProbe':{'exec':{'command':['a']},'successThreshold':2}",
	"spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"},
    {",'readinessProbe':{'exec':{'command':['a']},'successThreshold':2}", ""},
    {",'readinessProbe':{'exec':{'command':['a']},'terminationGracePeriodSeconds':2}",
	"spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 2: must "
	"not "
	"be set for readinessProbes"},
    {",'startupProbe':{'exec':{'command':['a']},'terminationGracePeriodSeconds':0}",
	"spec.containers[0].startupProbe.terminationGracePeriodSeconds: Invalid value: 0: must be "
	"greater than 0"},
    {",'startupProbe':{'exec':{'command':['a']},'periodSeconds':-1}",
	"spec.containers[0].startupProbe.periodSeconds: Invalid value: -1: must be greater than or "
	"equal to 0"},
    {",'readinessProbe':{'tcpSocket':{'port':65536}}",
	"spec.containers[0].readinessProbe.tcpSocket.port: Invalid value: 65536: must be between 1 "
	"and 65535, inclusive"},
    {",'readinessProbe':{'httpGet':{'port':'web'}}", ""},
    {",'readinessProbe':{'httpGet':{'port':80,'scheme':'FTP'}}",
	"spec.containers[0].readinessProbe.httpGet.scheme: Unsupported value: \"FTP\": supported "
	"values: \"HTTP\", \"HTTPS\""},
    {",'lifecycle':{'preStop':{'sleep':{'seconds':31}}}",
	"spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and "
	"less "
	"than terminationGracePeriodSeconds (30)"},
    {",'lifecycle':{'postStart':{'exec':{'command':['a']}},'preStop':{'sleep':{'seconds':3}}}", ""},
    {",'lifecycle':{'postStart':{}}",
	"spec.containers[0].lifecycle.postStart: Required value: must specify a handler type"},
    {",'restartPolicyRules':[{'action':'Restart','exitCodes':{'operator':'In','values':[3]}}]",
	"spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart "
	"rules are used"},
    {",'restartPolicy':'Never','restartPolicyRules':[{'action':'Restart','exitCodes':{'operator':'"
     "In',"
     "'values':[3]}}]",
	""},
    {",'restartPolicy':'never'",
	"spec.containers[0].restartPolicy: Unsupported value: \"never\": supported values: "
	"\"Always\", \"Never\", \"OnFailure\""},
};

TEST("probes, hooks and restart rules are checked in Kubernetes' words")
{
	for (size_t i = 0; i < ARRAY_LEN(containers); i++) {
		auto_free char *spec =
		    xasprintf("'containers':[{'name':'c','image':'i'%s}]", containers[i].container);

		check(spec, containers[i].wanted);
	}
}

TEST("probes and hooks belong to sidecars, not to other init containers")
{
#define INIT(more) C("") ",'initContainers':[{'name':'s','image':'i'" more "}]"
	check(INIT(",'restartPolicy':'Always','livenessProbe':{'exec':{'command':['a']}}"), "");
	check(INIT(",'livenessProbe':{'exec':{'command':['a']}}"),
	    "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers "
	    "without restartPolicy=Always");
	check(INIT(",'lifecycle':{'preStop':{'sleep':{'seconds':1}}}"),
	    "spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers "
	    "without restartPolicy=Always");
	check(C("") ",'initContainers':[{'name':'c','image':'i'}]",
	    "spec.initContainers[0].name: Duplicate value: \"c\"");
}

static char *update_refusal(const char *before, const char *after)
{
	auto_free char *a = xasprintf("{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p',"
				      "'namespace':'default','uid':'u'},'spec':{%s" C("") "}}",
	    before);
	auto_free char *b = xasprintf("{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p',"
				      "'namespace':'default','uid':'u'},'spec':{%s" C("") "}}",
	    after);
	auto_json *old = parse(a), *pod = parse(b);
	auto_err e = {0};
	const char *at;

	api_default(kind_by_id(KIND_POD), old);
	api_default(kind_by_id(KIND_POD), pod);
	if (api_validate_update(kind_by_id(KIND_POD), pod, old, &e) == 0)
		return xstrdup("");
	at = strstr(err_msg(&e), "is invalid: ");
	return xstrdup(at ? at + strlen("is invalid: ") : err_msg(&e));
}

TEST("the deadline of a pod may be set and brought forward only")
{
	static const struct {
		const char *before, *after, *wanted;
	} cases[] = {
	    {"", "'activeDeadlineSeconds':5,", ""},
	    {"'activeDeadlineSeconds':5,", "'activeDeadlineSeconds':3,", ""},
	    {"'activeDeadlineSeconds':5,", "'activeDeadlineSeconds':6,",
		"spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to "
		"previous value"},
	    {"'activeDeadlineSeconds':5,", "",
		"spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive "
		"integer to nil value"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *got = update_refusal(cases[i].before, cases[i].after);

		CHECK_STR(got, cases[i].wanted);
	}
}

TEST("of a pod's spec images and little else may change")
{
#define OTHER                                                                                 \
	"spec: Forbidden: pod updates may not change fields other than "                      \
	"`spec.containers[*].image`,`spec.initContainers[*].image`,`spec."                    \
	"activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)," \
	"`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously " \
	"negative)"
#define INIT_IMAGE(image) "'initContainers':[{'name':'s','image':'" image "'}],"
	static const struct {
		const char *before, *after, *wanted;
	} cases[] = {
	    {INIT_IMAGE("i"), INIT_IMAGE("j"), ""},
	    {INIT_IMAGE("i"), "",
		"spec.initContainers: Forbidden: pod updates may not add or remove containers"},
	    {"'hostname':'a',", "'hostname':'b',", OTHER},
	    {"'terminationGracePeriodSeconds':-1,", "'terminationGracePeriodSeconds':1,", ""},
	    {"'terminationGracePeriodSeconds':2,", "'terminationGracePeriodSeconds':1,", OTHER},
	    {"'tolerations':[{'key':'a','effect':'NoExecute','tolerationSeconds':1}],",
		"'tolerations':[{'key':'a','effect':'NoExecute','tolerationSeconds':2},"
		"{'operator':'Exists'}],",
		""},
	    {"'tolerations':[{'key':'a','value':'b'}],", "",
		"spec.tolerations: Forbidden: existing toleration can not be modified except its "
		"tolerationSeconds"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *got = update_refusal(cases[i].before, cases[i].after);

		CHECK_STR(got, cases[i].wanted);
	}
}

int main(void)
{
	return test_main();
}
