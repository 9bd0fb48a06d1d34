/* Every rule for the fields of a Job, by its text: on create, on update, and for its status. */
#include "api_fixture.h"

#define POD(members) "'spec':{" members "'containers':[{'name':'c','image':'i'}]}"
#define T "'template':{" POD("'restartPolicy':'Never',") "}"
#define IX "'completionMode':'Indexed',"
#define NONNEGATIVE(f, n) "spec." f ": Invalid value: " n ": must be greater than or equal to 0"

struct rule {
	const char *id, *spec, *want;
};

/* `name` and `spec` make a Job; its errors, owned. */
static char *created(const char *name, const char *spec)
{
	const struct kind *k = kind_by_id(KIND_JOB);
	auto_free char *text =
	    xasprintf("{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'%s'},'spec':{%s}}",
		name, spec);
	auto_err e = {0};
	auto_json *job = prepared(k, text, &e);

	if (job && api_validate_create(k, job, NULL, &e) == 0)
		return xstrdup("");
	return errors_of(&e);
}

static void check_rules(const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		auto_free char *got = created("x", rules[i].spec);
		bool failed = test_failed;

		test_failed = false;
		CHECK_QUOTED(got, rules[i].want);
		if (test_failed)
			printf("# case %s: {%s}\n", rules[i].id, rules[i].spec);
		test_failed |= failed;
	}
}

TEST("V04, V06, V09: counts and indexes are checked in Kubernetes' words and order")
{
	static const struct rule rules[] = {
	    {"good", T, ""},
	    {"V04", "'parallelism':-1,'backoffLimit':-1," T,
		"[" NONNEGATIVE("parallelism", "-1") ", " NONNEGATIVE("backoffLimit", "-1") "]"},
	    {"all negative",
		"'maxFailedIndexes':-7,'backoffLimitPerIndex':-6,'ttlSecondsAfterFinished':-5,"
		"'backoffLimit':-4,'activeDeadlineSeconds':-3,'completions':-2,'parallelism':-1," IX
		    T,
		"[" NONNEGATIVE("parallelism", "-1") ", " NONNEGATIVE(
		    "completions", "-2") ", " NONNEGATIVE("activeDeadlineSeconds",
		    "-3") ", " NONNEGATIVE("backoffLimit",
		    "-4") ", " NONNEGATIVE("ttlSecondsAfterFinished",
		    "-5") ", " NONNEGATIVE("backoffLimitPerIndex",
		    "-6") ", " NONNEGATIVE("maxFailedIndexes", "-7") "]"},
	    {"V09", "'maxFailedIndexes':1," T,
		"[spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified, "
		"spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode]"},
	    {"mode", "'completionMode':'indexed','backoffLimitPerIndex':1," T,
		"spec.completionMode: Unsupported value: 'indexed': supported values: "
		"'NonIndexed', "
		"'Indexed'"},
	    {"V06", "'parallelism':2," IX T,
		"spec.completions: Required value: when completion mode is Indexed"},
	    {"par", "'completions':3,'parallelism':100001," IX T,
		"spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 "
		"when "
		"completion mode is Indexed"},
	    {"par edge", "'completions':3,'parallelism':100000," IX T, ""},
	    {"max", "'completions':3,'backoffLimitPerIndex':1,'maxFailedIndexes':4," IX T,
		"spec.maxFailedIndexes: Invalid value: 4: must be less than or equal to "
		"completions"},
	    {"max edge", "'completions':3,'backoffLimitPerIndex':1,'maxFailedIndexes':3," IX T, ""},
	    {"huge max", "'completions':5,'backoffLimitPerIndex':1,'maxFailedIndexes':100001," IX T,
		"[spec.maxFailedIndexes: Invalid value: 100001: must be less than or equal to "
		"completions, spec.maxFailedIndexes: Invalid value: 100001: must be less than or "
		"equal "
		"to 100000]"},
	    {"many", "'completions':100001,'parallelism':1,'backoffLimitPerIndex':1," IX T,
		"spec.maxFailedIndexes: Required value: must be specified when completions is "
		"above "
		"100000"},
	    {"many, each",
		"'completions':100001,'parallelism':10001,'backoffLimitPerIndex':1,"
		"'maxFailedIndexes':10001," IX T,
		"[spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when "
		"completions are above 100000 and used with backoff limit per index, "
		"spec.maxFailedIndexes: Invalid value: 10001: must be less than or equal to 10000 "
		"when "
		"completions are above 100000 and used with backoff limit per index]"},
	    {"many edge", "'completions':100000,'parallelism':10001,'backoffLimitPerIndex':1," IX T,
		""},
	    {"not indexed", "'backoffLimitPerIndex':0,'maxFailedIndexes':0,'successPolicy':{}," T,
		"[spec.backoffLimitPerIndex: Invalid value: 0: requires indexed completion mode, "
		"spec.maxFailedIndexes: Invalid value: 0: requires indexed completion mode, "
		"spec.successPolicy: Invalid value: {}: requires indexed completion mode]"},
	    {"per index", "'completions':3,'backoffLimitPerIndex':0," IX T, ""},
	};

	check_rules(rules, ARRAY_LEN(rules));
}

#define MANAGED(s)                           \
	"spec.managedBy: Invalid value: '" s \
	"': must be a domain-prefixed path (such as 'acme.io/foo')"
#define LONG16 "aaaaaaaaaaaaaaaa"

TEST("V07: managedBy and podReplacementPolicy")
{
	static const struct rule rules[] = {
	    {"V07", "'managedBy':'x'," T, MANAGED("x")},
	    {"good", "'managedBy':'acme.io/foo'," T, ""},
	    {"own", "'managedBy':'kubernetes.io/job-controller'," T, ""},
	    {"long", "'managedBy':'acme.io/" LONG16 LONG16 LONG16 LONG16 "'," T,
		"spec.managedBy: Too long: may not be more than 63 bytes"},
	    {"replacement", "'podReplacementPolicy':'Never'," T,
		"spec.podReplacementPolicy: Unsupported value: 'Never': supported values: "
		"'Failed', "
		"'TerminatingOrFailed'"},
	    {"both", "'podReplacementPolicy':'Failed'," T, ""},
	    {"with policy",
		"'podReplacementPolicy':'TerminatingOrFailed','podFailurePolicy':{'rules':[]}," T,
		"spec.podReplacementPolicy: Unsupported value: 'TerminatingOrFailed': supported "
		"values: 'Failed'"},
	};

	check_rules(rules, ARRAY_LEN(rules));
}

#define RESTART "spec.template.spec.restartPolicy: "

TEST("V01, V02, V03, P07: the restart policy, behind the containers")
{
	static const struct rule rules[] = {
	    {"V01", "'template':{" POD("") "}",
		RESTART "Required value: valid values: 'OnFailure', 'Never'"},
	    {"Always", "'template':{" POD("'restartPolicy':'Always',") "}",
		RESTART "Required value: valid values: 'OnFailure', 'Never'"},
	    {"V02", "'template':{" POD("'restartPolicy':'never',") "}",
		"[" RESTART "Unsupported value: 'never': supported values: 'Always', 'OnFailure', "
		"'Never', " RESTART "Unsupported value: 'never': supported values: 'OnFailure', "
		"'Never']"},
	    {"V03", "'template':{'spec':{}}",
		"[spec.template.spec.containers: Required value, " RESTART
		"Required value: valid values: 'OnFailure', 'Never']"},
	    {"no template", "'parallelism':1",
		"[spec.template.spec.containers: Required value, " RESTART
		"Required value: valid values: 'OnFailure', 'Never']"},
	    {"P07",
		"'podFailurePolicy':{'rules':[]},'template':{" POD(
		    "'restartPolicy':'OnFailure',") "}",
		RESTART
		"Invalid value: 'OnFailure': only 'Never' is supported when podFailurePolicy "
		"is specified"},
	    {"OnFailure", "'template':{" POD("'restartPolicy':'OnFailure',") "}", ""},
	    {"ephemeral",
		"'template':{" POD("'restartPolicy':'Never','ephemeralContainers':[{'name':'e',"
				   "'image':'i','imagePullPolicy':'Always',"
				   "'terminationMessagePolicy':'File'}],") "}",
		"[spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not "
		"allowed "
		"in pod template, spec.template.spec.ephemeralContainers: Forbidden: not supported "
		"by "
		"this version of kjob]"},
	};

	check_rules(rules, ARRAY_LEN(rules));
}

TEST("V08: every pod of an Indexed Job can have its name")
{
	auto_free char *a = created("a23456789a123456789a123456789a123456789a123456789a123456789b",
	    "'completions':1000," IX T);
	auto_free char *b = created("a.b", "'completions':2," IX T);
	auto_free char *c = created("a23456789a123456789a123456789a123456789a123456789a123456789b",
	    "'completions':10," IX T);

	CHECK_QUOTED(a, "metadata.name: Invalid value: "
			"'a23456789a123456789a123456789a123456789a123456789a123456789b': will not "
			"able to create "
			"pod with invalid DNS label: "
			"a23456789a123456789a123456789a123456789a123456789a123456789b-999");
	CHECK_QUOTED(b, "metadata.name: Invalid value: 'a.b': will not able to create pod with "
			"invalid DNS label: a.b-1");
	CHECK_STR(c, "");
}

#define PFP(rules) "'podFailurePolicy':{'rules':[" rules "]}," T
#define FAIL_JOB(codes) "{'action':'FailJob','onExitCodes':{" codes "}}"
#define AT "spec.podFailurePolicy.rules[0]"

TEST("V10, I08: rules of a pod failure policy")
{
	static const struct rule rules[] = {
	    {"good",
		PFP(FAIL_JOB("'operator':'In','values':[1,42]") ",{'action':'Ignore',"
								"'onPodConditions':[{'type':'"
								"DisruptionTarget'}]}"),
		""},
	    {"empty", PFP(""), ""},
	    {"no action", PFP("{'onExitCodes':{'operator':'In','values':[1]}}"),
		AT
		".action: Required value: valid values: ['Count' 'FailIndex' 'FailJob' 'Ignore']"},
	    {"action", PFP("{'action':'failJob','onExitCodes':{'operator':'In','values':[1]}}"),
		AT ".action: Unsupported value: 'failJob': supported values: 'Count', 'FailIndex', "
		   "'FailJob', 'Ignore'"},
	    {"I08", PFP("{'action':'FailIndex','onExitCodes':{'operator':'In','values':[1]}}"),
		AT
		".action: Invalid value: 'FailIndex': requires the backoffLimitPerIndex to be set"},
	    {"both",
		PFP("{'action':'Count','onExitCodes':{'operator':'In','values':[1]},"
		    "'onPodConditions':[{'type':'A'}]}"),
		AT ": Invalid value: specifying both OnExitCodes and OnPodConditions is not "
		   "supported"},
	    {"neither", PFP("{'action':'Count'}"),
		AT
		": Invalid value: specifying one of OnExitCodes and OnPodConditions is required"},
	    {"no operator", PFP(FAIL_JOB("'values':[1]")),
		AT ".onExitCodes.operator: Required value: valid values: ['In' 'NotIn']"},
	    {"operator", PFP(FAIL_JOB("'operator':'in','values':[1]")),
		AT
		".onExitCodes.operator: Unsupported value: 'in': supported values: 'In', 'NotIn'"},
	    {"container", PFP(FAIL_JOB("'containerName':'d','operator':'In','values':[1]")),
		AT
		".onExitCodes.containerName: Invalid value: 'd': must be one of the container or "
		"initContainer names in the pod template"},
	    {"container known", PFP(FAIL_JOB("'containerName':'c','operator':'In','values':[1]")),
		""},
	    {"no values", PFP(FAIL_JOB("'operator':'In','values':[]")),
		AT ".onExitCodes.values: Invalid value: []: at least one value is required"},
	    {"zero", PFP(FAIL_JOB("'operator':'In','values':[0]")),
		AT ".onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator"},
	    {"zero not in", PFP(FAIL_JOB("'operator':'NotIn','values':[0]")), ""},
	    {"twice", PFP(FAIL_JOB("'operator':'In','values':[1,1]")),
		AT ".onExitCodes.values[1]: Duplicate value: 1"},
	    {"unsorted", PFP(FAIL_JOB("'operator':'In','values':[3,1]")),
		AT ".onExitCodes.values: Invalid value: [3,1]: must be ordered"},
	    {"all of it", PFP(FAIL_JOB("'operator':'In','values':[2,0,2]")),
		"[" AT
		".onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator, " AT
		".onExitCodes.values[2]: Duplicate value: 2, " AT
		".onExitCodes.values: Invalid value: [2,0,2]: must be ordered]"},
	    {"condition",
		PFP("{'action':'Count','onPodConditions':[{'type':'a b','status':'true'}]}"),
		"[" AT ".onPodConditions[0].type: Invalid value: 'a b': name part must consist of "
		"alphanumeric characters, |-|, |_| or |.|, and must start and end with an "
		"alphanumeric "
		"character (e.g. |MyName|,  or |my.name|,  or |123-abc|, regex used for validation "
		"is "
		"|([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]|), " AT
		".onPodConditions[0].status: Unsupported value: 'true': supported values: 'False', "
		"'True', 'Unknown']"},
	};

	check_rules(rules, ARRAY_LEN(rules));
}

/* `item` n times, joined by commas, between head and tail; owned. */
static char *many(const char *head, const char *item, int n, const char *tail)
{
	struct buf b = {0};

	buf_adds(&b, head);
	for (int i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? "," : "", item);
	buf_adds(&b, tail);
	return buf_take(&b);
}

static void check_many(
    const char *head, const char *item, int n, const char *tail, const char *want)
{
	auto_free char *spec = many(head, item, n, tail);
	auto_free char *got = created("x", spec);

	if (*want)
		CHECK(strstr(got, want) != NULL);
	else
		CHECK_STR(got, "");
	if (!strstr(got, want))
		printf("# got %.300s\n", got);
}

TEST("lists of rules, codes and conditions have a most")
{
	static const char rule[] = "{'action':'Ignore','onPodConditions':[{'type':'A'}]}";
	static const char success[] = "{'succeededCount':1}";

	check_many("'podFailurePolicy':{'rules':[", rule, 20, "]}," T, "");
	check_many("'podFailurePolicy':{'rules':[", rule, 21, "]}," T,
	    "spec.podFailurePolicy.rules: Too many: 21: must have at most 20 items");
	check_many("'podFailurePolicy':{'rules':[{'action':'Count','onExitCodes':{'operator':'In',"
		   "'values':[",
	    "7", 256, "]}}]}," T,
	    AT ".onExitCodes.values: Too many: 256: must have at most 255 items");
	check_many("'podFailurePolicy':{'rules':[{'action':'Count','onPodConditions':[",
	    "{'type':'A'}", 21, "]}]}," T,
	    AT ".onPodConditions: Too many: 21: must have at most 20 items");
	check_many("'completions':3," IX "'successPolicy':{'rules':[", success, 20, "]}," T, "");
	check_many("'completions':3," IX "'successPolicy':{'rules':[", success, 21, "]}," T,
	    "spec.successPolicy.rules: Too many: 21: must have at most 20 items");
}

#define SP(rules) "'completions':5," IX "'successPolicy':{'rules':[" rules "]}," T
#define INDEXES(text, problem)                                                \
	"spec.successPolicy.rules[0].succeededIndexes: Invalid value: '" text \
	"': error parsing succeededIndexes: " problem

TEST("S05: success policies")
{
	static const struct rule rules[] = {
	    {"good", SP("{'succeededIndexes':'0,2-4','succeededCount':4},{'succeededCount':5}"),
		""},
	    {"no list of indexes", SP("{'succeededIndexes':''}"), ""},
	    {"S05 no rules", SP(""),
		"spec.successPolicy.rules: Required value: at least one rules "
		"must be specified when the successPolicy is specified"},
	    {"S05 empty rule", SP("{}"),
		"spec.successPolicy.rules[0]: Required value: at least one "
		"of succeededCount or succeededIndexes must be specified"},
	    {"S05 no completions",
		IX "'parallelism':2,'successPolicy':{'rules':[{'succeededCount':9,"
		   "'succeededIndexes':'0-99'}]}," T,
		"spec.completions: Required value: when completion mode is Indexed"},
	    {"S05 not indexed",
		"'completions':5,'successPolicy':{'rules':[{'succeededCount':1}]}," T,
		"spec.successPolicy: Invalid value: {'rules':[{'succeededCount':1}]}: requires "
		"indexed completion mode"},
	    {"word", SP("{'succeededIndexes':'0,a'}"),
		INDEXES("0,a", "cannot convert string to integer for index: 'a'")},
	    {"end", SP("{'succeededIndexes':'0-'}"),
		INDEXES("0-", "cannot convert string to integer for index: ''")},
	    {"blank", SP("{'succeededIndexes':'0, 2'}"),
		INDEXES("0, 2", "cannot convert string to integer for index: ' 2'")},
	    {"negative", SP("{'succeededIndexes':'-1'}"),
		INDEXES("-1", "cannot convert string to integer for index: ''")},
	    {"large", SP("{'succeededIndexes':'5'}"), INDEXES("5", "too large index: '5'")},
	    {"large end", SP("{'succeededIndexes':'2-5'}"), INDEXES("2-5", "too large index: '5'")},
	    {"huge", SP("{'succeededIndexes':'99999999999'}"),
		INDEXES("99999999999", "too large index: '99999999999'")},
	    {"beyond", SP("{'succeededIndexes':'99999999999999999999'}"),
		INDEXES("99999999999999999999",
		    "cannot convert string to integer for index: '99999999999999999999'")},
	    {"order", SP("{'succeededIndexes':'3,2'}"),
		INDEXES("3,2", "non-increasing order, previous: 3, current: 2")},
	    {"overlap", SP("{'succeededIndexes':'0-2,2'}"),
		INDEXES("0-2,2", "non-increasing order, previous: 2, current: 2")},
	    {"back", SP("{'succeededIndexes':'3-1'}"),
		INDEXES("3-1", "non-increasing order, previous: 3, current: 1")},
	    {"one", SP("{'succeededIndexes':'1-1'}"),
		INDEXES("1-1", "non-increasing order, previous: 1, current: 1")},
	    {"count", SP("{'succeededCount':6}"),
		"spec.successPolicy.rules[0].succeededCount: Invalid value: 6: must be less than "
		"or "
		"equal to 5 (the number of specified completions)"},
	    {"count below 0", SP("{'succeededCount':-1}"),
		NONNEGATIVE("successPolicy.rules[0].succeededCount", "-1")},
	    {"count of indexes", SP("{'succeededIndexes':'0-1','succeededCount':3}"),
		"spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than "
		"or "
		"equal to 2 (the number of indexes in the specified succeededIndexes field)"},
	};
	auto_free char *parts = created("x", SP("{'succeededIndexes':'0-1-2'}"));
	auto_free char *text =
	    many("'completions':5," IX "'successPolicy':{'rules':[{'succeededIndexes':'", "0",
		40000, "'}]}," T);
	auto_free char *too_long = created("x", text);

	check_rules(rules, ARRAY_LEN(rules));
	CHECK_STR(parts,
	    "spec.successPolicy.rules[0].succeededIndexes: Invalid value: \"0-1-2\": error parsing "
	    "succeededIndexes: the fragment \"0-1-2\" violates the requirement that an index "
	    "interval "
	    "can have at most two parts separated by '-'");
	CHECK(strstr(too_long,
	    "spec.successPolicy.rules[0].succeededIndexes: Too long: may not be more "
	    "than 65536 bytes"));
}

TEST("generated labels may not be altered; a manual selector must be there and match")
{
	static const char *const keys[] = {"controller-uid", "job-name",
	    "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		auto_free char *spec = xasprintf(
				   "'template':{'metadata':{'labels':{'%s':'wrong'}}," POD(
				       "'restartPolicy':'Never',") "}",
				   keys[i]),
			       *got = created("x", spec);
		auto_free char *want =
		    xasprintf("spec.template.metadata.labels[%s]: Invalid value: ", keys[i]);

		CHECK(strstr(got, want) != NULL);
		CHECK(strstr(got, strstr(keys[i], "uid") ? "must be '" UID "'" : "must be 'x'") !=
		      NULL);
	}
	{
		static const struct rule rules[] = {
		    {"none", "'manualSelector':true," T,
			"[spec.selector: Required value, spec.template.metadata.labels: Invalid "
			"value: {}: `selector` does not match template `labels`]"},
		    {"other", "'manualSelector':true,'selector':{'matchLabels':{'a':'b'}}," T,
			"spec.template.metadata.labels: Invalid value: {}: `selector` does not "
			"match "
			"template `labels`"},
		    {"good",
			"'manualSelector':true,'selector':{'matchLabels':{'a':'b'}},'template':{"
			"'metadata':{'labels':{'a':'b'}}," POD("'restartPolicy':'Never',") "}",
			""},
		    {"not manual",
			"'selector':{'matchLabels':{'batch.kubernetes.io/controller-uid':'u'}}," T,
			"[spec.selector: Invalid value: {'matchLabels':{"
			"'batch.kubernetes.io/controller-uid':'u'}}: `selector` not "
			"auto-generated, "
			"spec.template.metadata.labels: Invalid value: {"
			"'batch.kubernetes.io/controller-uid':'" UID
			"','batch.kubernetes.io/job-name':'x',"
			"'controller-uid':'" UID
			"','job-name':'x'}: `selector` does not match template "
			"`labels`]"},
		};

		check_rules(rules, ARRAY_LEN(rules));
	}
}

/* ---- bad values ---- */

TEST("values of wrong types and numbers out of range are named with field, type and value")
{
#define CANNOT "Job in version 'v1' cannot be handled as a Job: "
#define INTO(what, field, type) \
	CANNOT "json: cannot unmarshal " what " into Go struct field " field " of type " type
	static const struct rule rules[] = {
	    {"text", "'parallelism':'two'," T, INTO("string", "JobSpec.spec.parallelism", "int32")},
	    {"fraction", "'parallelism':1.5," T,
		INTO("number 1.5", "JobSpec.spec.parallelism", "int32")},
	    {"int32", "'completions':2147483648," T,
		INTO("number 2147483648", "JobSpec.spec.completions", "int32")},
	    {"int32 below", "'completions':-2147483649," T,
		INTO("number -2147483649", "JobSpec.spec.completions", "int32")},
	    {"int32 most", "'completions':2147483647," T, ""},
	    {"int64", "'activeDeadlineSeconds':9223372036854775808," T,
		INTO("number 9223372036854775808", "JobSpec.spec.activeDeadlineSeconds", "int64")},
	    {"int64 most", "'activeDeadlineSeconds':9223372036854775807," T, ""},
	    {"exponent", "'backoffLimit':1e400," T, NULL},
	    {"NaN", "'backoffLimit':NaN," T, NULL},
	    {"Infinity", "'backoffLimit':Infinity," T, NULL},
	    {"bool", "'suspend':'yes'," T, INTO("string", "JobSpec.spec.suspend", "bool")},
	    {"bool number", "'suspend':1," T, INTO("number", "JobSpec.spec.suspend", "bool")},
	    {"object", "'podFailurePolicy':[]," T,
		INTO("array", "JobSpec.spec.podFailurePolicy", "v1.PodFailurePolicy")},
	    {"list", "'podFailurePolicy':{'rules':{}}," T,
		INTO("object", "PodFailurePolicy.spec.podFailurePolicy.rules",
		    "[]v1.PodFailurePolicyRule (a list is expected)")},
	    {"item", "'podFailurePolicy':{'rules':[{'onExitCodes':{'values':['1']}}]}," T,
		INTO("string",
		    "PodFailurePolicyOnExitCodesRequirement.spec.podFailurePolicy.rules."
		    "onExitCodes."
		    "values",
		    "int32 (did you mean 1, without quotes?)")},
	    {"null", "'parallelism':null,'suspend':null,'successPolicy':null," T, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		auto_free char *got = created("x", rules[i].spec);

		if (rules[i].want)
			CHECK_QUOTED(got, rules[i].want);
		else
			CHECK(strstr(got, "line 1, column ") != NULL);
	}
}

/* ---- updates ---- */

/* A Job with the spec and status, then a merge patch; "generation N" or the errors, owned. */
static char *updated(const char *spec, const char *status, const char *patch)
{
	const struct kind *k = kind_by_id(KIND_JOB);
	auto_free char *text = xasprintf(
	    "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'x'},'spec':{%s}}", spec);
	auto_err e = {0};
	auto_json *old = prepared(k, text, &e), *obj = NULL, *p = parse(patch);

	json_set(old, "status", parse(status));
	obj = json_merge_patch(json_dup(old), p);
	api_default(k, obj);
	api_prepare_update(k, obj, old);
	if (api_validate_update(k, obj, old, &e) == 0)
		return xasprintf(
		    "generation %lld", (long long)json_int(obj, "metadata.generation", 0));
	return errors_of(&e);
}

struct update {
	const char *id, *spec, *status, *patch, *want;
};

static void check_updates(const struct update *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		auto_free char *got = updated(cases[i].spec, cases[i].status, cases[i].patch);
		auto_free char *want = unquote(cases[i].want);
		/* "…" at the end: what comes then does not matter. */
		bool same = str_has_suffix(want, "…") ? strncmp(got, want, strlen(want) - 3) == 0
						      : str_eq(got, want);

		CHECK(same);
		if (!same)
			printf("# case %s: got %.400s\n", cases[i].id, got);
	}
}

#define STARTED "{'startTime':'2026-01-01T00:00:00Z','active':1}"
#define PAUSED \
	"{'startTime':'2026-01-01T00:00:00Z','conditions':[{'type':'Suspended','status':'True'}]}"
#define PAUSING                                                                             \
	"{'startTime':'2026-01-01T00:00:00Z','active':1,'conditions':[{'type':'Suspended'," \
	"'status':'True'}]}"
#define TEMPLATE_OF(members) "{'spec':{'template':" members "}}"
#define IMMUTABLE "field is immutable"

TEST("what of a Job's spec may change, and what not")
{
	static const struct update cases[] = {
	    {"nothing", T, STARTED, "{}", "generation 1"},
	    {"metadata", T, STARTED, "{'metadata':{'labels':{'a':'b'},'annotations':{'c':'d'}}}",
		"generation 1"},
	    {"status", T, STARTED, "{'status':{'active':7}}", "generation 1"},
	    {"mutable", T, STARTED,
		"{'spec':{'backoffLimit':1,'parallelism':0,'suspend':true,'activeDeadlineSeconds':"
		"3,"
		"'ttlSecondsAfterFinished':4,'podReplacementPolicy':'Failed','manualSelector':true}"
		"}",
		"generation 2"},
	    {"max failed", "'completions':3,'backoffLimitPerIndex':1," IX T, STARTED,
		"{'spec':{'maxFailedIndexes':2}}", "generation 2"},
	    {"completions", T, STARTED, "{'spec':{'completions':2}}",
		"spec.completions: Invalid value: 2: " IMMUTABLE},
	    {"completions gone", T, STARTED, "{'spec':{'completions':null}}",
		"spec.completions: Invalid value: null: " IMMUTABLE},
	    {"elastic", "'completions':3,'parallelism':2," IX T, STARTED,
		"{'spec':{'completions':4,'parallelism':4}}", "generation 2"},
	    {"elastic alone", "'completions':3,'parallelism':3," IX T, STARTED,
		"{'spec':{'completions':4}}",
		"spec.completions: Invalid value: 4: can only be modified in tandem with "
		"spec.parallelism"},
	    {"elastic to nothing", "'completions':3,'parallelism':3," IX T, STARTED,
		"{'spec':{'completions':null}}",
		"spec.completions: Required value: when completion mode is Indexed"},
	    {"parallelism alone", "'completions':3,'parallelism':3," IX T, STARTED,
		"{'spec':{'parallelism':9}}", "generation 2"},
	    {"the fixed ones", "'completions':3,'backoffLimitPerIndex':1," IX T, STARTED,
		"{'spec':{'completionMode':'Indexed','podFailurePolicy':{'rules':[]},"
		"'backoffLimitPerIndex':2,'managedBy':'a.io/b',"
		"'successPolicy':{'rules':[{'succeededCount':1}]},'podReplacementPolicy':'Failed'}"
		"}",
		"[spec.podFailurePolicy: Invalid value: {'rules':[]}: " IMMUTABLE
		", spec.backoffLimitPerIndex: Invalid value: 2: " IMMUTABLE
		", spec.managedBy: Invalid value: 'a.io/b': " IMMUTABLE
		", spec.successPolicy: Invalid value: {'rules':[{'succeededCount':1}]}: " IMMUTABLE
		"]"},
	    {"mode", "'completions':3," T, STARTED, "{'spec':{'completionMode':'Indexed'}}",
		"spec.completionMode: Invalid value: 'Indexed': " IMMUTABLE},
	    {"selector", T, STARTED, "{'spec':{'selector':{'matchLabels':{'job-name':'x'}}}}",
		"spec.selector: Invalid value: "
		"{'matchLabels':{'batch.kubernetes.io/controller-uid':'" UID
		"','job-name':'x'}}: " IMMUTABLE},
	    {"V05", T, STARTED, TEMPLATE_OF("{'spec':{'containers':[{'name':'c','image':'j'}]}}"),
		"spec.template: Invalid value: {…"},
	    {"a manifest without the generated parts", T, STARTED, "{'spec':{'selector':null}}",
		"[spec.selector: Required value, spec.template.metadata.labels: Invalid value: {…"},
	    {"finalizers of a deleting object", T, STARTED,
		"{'metadata':{'deletionTimestamp':'2026-01-01T00:00:00Z','finalizers':['a.io/b']}}",
		"generation 1"},
	};

	check_updates(cases, ARRAY_LEN(cases));
}

TEST("U05, U06: at rest the template of a suspended Job takes scheduling, metadata and resources")
{
#define S "'suspend':true," T
	static const struct update cases[] = {
	    {"U05 labels", S, "{}",
		TEMPLATE_OF("{'metadata':{'labels':{'a':'b'},'annotations':{'c':'d'}}}"),
		"generation 2"},
	    {"U05 scheduling", S, "{}",
		TEMPLATE_OF(
		    "{'spec':{'nodeSelector':{'a':'b'},'tolerations':[{'operator':'Exists'}],"
		    "'affinity':{'nodeAffinity':{}}}}"),
		"generation 2"},
	    {"U05 image", S, "{}",
		TEMPLATE_OF("{'spec':{'containers':[{'name':'c','image':'j'}]}}"),
		"spec.template: Invalid value: {…"},
	    {"U05 again at rest", S, PAUSED, TEMPLATE_OF("{'spec':{'nodeSelector':{'a':'b'}}}"),
		"generation 2"},
	    {"pods are left", S, PAUSING, TEMPLATE_OF("{'spec':{'nodeSelector':{'a':'b'}}}"),
		"spec.template: Invalid value: {…"},
	    {"never suspended", T, STARTED, TEMPLATE_OF("{'spec':{'nodeSelector':{'a':'b'}}}"),
		"spec.template: Invalid value: {…"},
	    {"not started, not suspended", T, "{}",
		TEMPLATE_OF("{'spec':{'nodeSelector':{'a':'b'}}}"),
		"spec.template: Invalid value: {…"},
	    {"generated labels stay", S, "{}",
		TEMPLATE_OF("{'metadata':{'labels':{'job-name':null}}}"),
		"spec.template.metadata.labels[job-name]: Required value: must be |x|"},
	    {"resume and change", S, "{}",
		"{'spec':{'suspend':false,'template':{'metadata':{'annotations':{'c':'d'}}}}}",
		"generation 2"},
	    {"pod affinity", S, "{}", TEMPLATE_OF("{'spec':{'affinity':{'podAffinity':{}}}}"),
		"spec.template: Invalid value: {…"},
	    {"U06", S, "{}",
		TEMPLATE_OF(
		    "{'spec':{'containers':[{'name':'c','image':'i','imagePullPolicy':'Always',"
		    "'terminationMessagePath':'/dev/termination-log',"
		    "'terminationMessagePolicy':'File','resources':{'limits':{'cpu':'1'}}}]}}"),
		"generation 2"},
	    {"a deadline", S, "{}", TEMPLATE_OF("{'spec':{'terminationGracePeriodSeconds':1}}"),
		"spec.template: Invalid value: {…"},
	};

	check_updates(cases, ARRAY_LEN(cases));
}

/* ---- the status ---- */

/* From one status to the next, as somebody else's controller writes them; errors, owned. */
static char *restated(const char *spec, const char *from, const char *to)
{
	const struct kind *k = kind_by_id(KIND_JOB);
	auto_free char *text = xasprintf(
	    "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'x'},'spec':{%s}}", spec);
	auto_err e = {0};
	auto_json *old = prepared(k, text, &e), *obj = json_dup(old);

	json_set(old, "status", parse(from));
	json_set(obj, "status", parse(to));
	if (api_validate_status(k, obj, old, &e) == 0)
		return xstrdup("");
	return errors_of(&e);
}

#define COND(type) "{'type':'" type "','status':'True'}"
#define START "'startTime':'2026-01-01T00:00:00Z'"
#define END "'completionTime':'2026-01-01T00:01:00Z'"
#define DONE \
	"{'conditions':[" COND("SuccessCriteriaMet") "," COND("Complete") "]," START "," END "}"
#define LOST "{'conditions':[" COND("FailureTarget") "," COND("Failed") "]," START "}"
#define CONDITIONS "status.conditions: Invalid value: "

TEST("a status keeps the promises of the API, whoever writes it")
{
	static const struct {
		const char *id, *spec, *from, *to, *want;
	} cases[] = {
	    {"progress", T, "{}", "{" START ",'active':2,'ready':1}", ""},
	    {"done", T, "{" START "}", DONE, ""},
	    {"lost", T, "{" START "}", LOST, ""},
	    {"negative", T, "{}", "{'active':-1,'terminating':-2}",
		"[status.active: Invalid value: -1: must be greater than or equal to 0, "
		"status.terminating: Invalid value: -2: must be greater than or equal to 0]"},
	    {"uids", T, "{}",
		"{'uncountedTerminatedPods':{'succeeded':['a','a',''],'failed':['a']}}",
		"[status.uncountedTerminatedPods.succeeded[1]: Duplicate value: 'a', "
		"status.uncountedTerminatedPods.succeeded[2]: Invalid value: '': must not be "
		"empty, "
		"status.uncountedTerminatedPods.failed[0]: Duplicate value: 'a']"},
	    {"both ends", T, "{" START "}",
		"{'conditions':[" COND("SuccessCriteriaMet") "," COND("Complete") "," COND(
		    "FailureTarget") "," COND("Failed") "]," START "," END "}",
		"[" CONDITIONS "cannot set Complete=True and Failed=true conditions, " CONDITIONS
		"cannot set Complete=True and FailureTarget=true conditions, " CONDITIONS
		"cannot set SuccessCriteriaMet=True and Failed=true conditions, " CONDITIONS
		"cannot set SuccessCriteriaMet=True and FailureTarget=true conditions]"},
	    {"bare Complete", T, "{}", "{'conditions':[" COND("Complete") "]}",
		"[status.completionTime: Required value: completionTime is required for Complete "
		"jobs, " CONDITIONS
		"cannot set Complete=True condition without the SuccessCriteriaMet=true "
		"condition, status.startTime: Required value: startTime is required for finished "
		"job]"},
	    {"bare Failed", T, "{" START "}", "{'conditions':[" COND("Failed") "]," START "}",
		CONDITIONS
		"cannot set Failed=True condition without the FailureTarget=true condition"},
	    {"time without end", T, "{" START "}", "{" START "," END "}",
		"status.completionTime: Invalid value: '2026-01-01T00:01:00Z': cannot set "
		"completionTime when there is no Complete=True condition"},
	    {"end before start", T, "{}",
		"{'conditions':[" COND("SuccessCriteriaMet") "," COND(
		    "Complete") "],"
				"'startTime':'2026-01-01T00:02:00Z'," END "}",
		"status.completionTime: Invalid value: '2026-01-01T00:01:00Z': completionTime "
		"cannot be "
		"set before startTime"},
	    {"busy at the end", T, "{" START "}",
		"{'conditions':[" COND("FailureTarget") "," COND(
		    "Failed") "]," START ",'active':1,'terminating':2,'uncountedTerminatedPods':{'"
			      "failed':['a']}}",
		"[status.active: Invalid value: 1: active>0 is invalid for finished job, "
		"status.uncountedTerminatedPods: Invalid value: {'failed':['a']}: "
		"uncountedTerminatedPods needs to be empty for finished job, status.terminating: "
		"Invalid value: 2: terminating>0 is invalid for finished job]"},
	    {"suspended with nothing to do", "'completions':0,'suspend':true," T, "{}",
		"{'conditions':[" COND("SuccessCriteriaMet") "," COND("Complete") "]," END "}", ""},
	    {"indexes", "'completions':3,'backoffLimitPerIndex':1," IX T, "{}",
		"{'completedIndexes':'0-3','failedIndexes':'x'}",
		"[status.completedIndexes: Invalid value: '0-3': error parsing completedIndexes: "
		"too "
		"large index: '3', status.failedIndexes: Invalid value: 'x': error parsing "
		"failedIndexes: cannot convert string to integer for index: 'x']"},
	    {"overlap", "'completions':9,'backoffLimitPerIndex':1," IX T, "{}",
		"{'completedIndexes':'0-1,4-6','failedIndexes':'2,5-8'}",
		"status.failedIndexes: Invalid value: '2,5-8': failedIndexes and completedIndexes "
		"overlap at index: 5"},
	    {"disjoint", "'completions':9,'backoffLimitPerIndex':1," IX T, "{}",
		"{'completedIndexes':'0-1,4','failedIndexes':'2-3,5-8'}", ""},
	    {"indexes of no Indexed Job", T, "{}", "{'completedIndexes':'0','failedIndexes':''}",
		"[status.completedIndexes: Invalid value: '0': cannot set non-empty "
		"completedIndexes "
		"when non-indexed completion mode, status.failedIndexes: Invalid value: '': cannot "
		"set "
		"non-null failedIndexes when backoffLimitPerIndex is null]"},
	    {"an old fault blocks nothing", T, "{'completedIndexes':'0'}",
		"{'completedIndexes':'0','active':1}", ""},
	    {"ready", T, "{}", "{'active':1,'ready':2}",
		"status.ready: Invalid value: 2: cannot set more ready pods than active"},
	    {"end of a success policy",
		"'completions':1," IX "'successPolicy':{'rules':[{'succeededCount':1}]}," T,
		"{" START "}", "{'conditions':[" COND("Complete") "]," START "," END "}",
		"[" CONDITIONS
		"cannot set Complete=True condition without the SuccessCriteriaMet=true "
		"condition, " CONDITIONS
		"cannot set Complete=True for Job with SuccessPolicy unless "
		"SuccessCriteriaMet=True]"},
	    {"taken back", T, LOST, "{" START "}",
		"[" CONDITIONS "cannot disable the terminal Failed=True condition, " CONDITIONS
		"cannot disable the terminal FailureTarget=True condition]"},
	    {"taken back too", T, DONE, "{" START "}",
		"[" CONDITIONS "cannot disable the terminal Complete=True condition, " CONDITIONS
		"cannot disable the SuccessCriteriaMet=True condition]"},
	    {"counters", T, "{'failed':2,'succeeded':3}", "{'failed':1}",
		"[status.failed: Invalid value: 1: cannot decrease the failed counter, "
		"status.succeeded: Invalid value: 0: cannot decrease the succeeded counter]"},
	    {"elastic", "'completions':3,'parallelism':3," IX T, "{'succeeded':3}",
		"{'succeeded':2}", ""},
	    {"other end", T, DONE,
		"{'conditions':[" COND("SuccessCriteriaMet") "," COND(
		    "Complete") "]," START ",'completionTime':'2026-01-01T00:09:00Z'}",
		"status.completionTime: Invalid value: '2026-01-01T00:09:00Z': completionTime "
		"cannot be "
		"mutated"},
	    {"other start", T, "{" START "}", "{'startTime':'2026-01-01T00:09:00Z'}",
		"status.startTime: Required value: startTime cannot be removed for unsuspended "
		"job"},
	    {"start of a suspended one", "'suspend':true," T, "{" START "}", "{}", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *got = restated(cases[i].spec, cases[i].from, cases[i].to);
		auto_free char *want = unquote(cases[i].want);

		CHECK_STR(got, want);
		if (!str_eq(got, want))
			printf("# case %s\n", cases[i].id);
	}
}

TEST("an object that goes takes no new finalizers and keeps those it has")
{
	const struct kind *k = kind_by_id(KIND_JOB);
	auto_err e = {0};
	auto_free char *got = NULL;
	auto_json *old = prepared(
	    k, "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'x'},'spec':{" T "}}", &e);
	auto_json *obj = NULL;

	json_set_path(old, "metadata.deletionTimestamp", json_new_string("2026-01-01T00:00:00Z"));
	json_set_path(old, "metadata.finalizers", parse("['a.io/b']"));
	obj = json_dup(old);
	CHECK_INT(api_validate_update(k, obj, old, &e), 0);
	json_set_path(obj, "metadata.finalizers", parse("['a.io/b','a.io/c','a.io/d']"));
	CHECK_INT(api_validate_update(k, obj, old, &e), -1);
	got = errors_of(&e);
	CHECK_QUOTED(got,
	    "metadata.finalizers: Forbidden: no new finalizers can be added if the object "
	    "is being deleted, found new finalizers []string{'a.io/c', 'a.io/d'}");
}

int main(void)
{
	return test_main();
}
