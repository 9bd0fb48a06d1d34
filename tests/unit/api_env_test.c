#include "../../controller/api/api.h"
#include "../../controller/api/fieldpath.h"
#include "test.h"

#define POD(spec)                                                                             \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\",\"namespace\":" \
	"\"default\"},\"spec\":{" spec "}}"
#define ENV(var)                                                                        \
	POD("\"containers\":[{\"name\":\"c\",\"image\":\"busybox\",\"env\":[{\"name\":" \
	    "\"V\"," var "}]}]")
#define FIELD(path) ENV("\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"" path "\"}}")
#define AT "spec.containers[0].env[0].valueFrom"
#define LATER "Forbidden: not supported by this version of kjob"

/* What validation says behind "… is invalid: "; "" when all is well. */
static void check(const char *text, const char *want)
{
	const struct kind *k = kind_by_id(KIND_POD);
	auto_err e = {0};
	auto_json *pod = api_decode(k, text, strlen(text), FIELDS_STRICT, NULL, &e);
	const char *got = err_msg(&e), *colon;

	if (pod) {
		json_set_path(pod, "metadata.uid", json_new_string("u"));
		api_default(k, pod);
		api_prepare_create(k, pod);
		if (api_validate_create(k, pod, NULL, &e) < 0)
			got = err_msg(&e);
	}
	colon = strstr(got, "is invalid: ");
	CHECK_STR(colon ? colon + strlen("is invalid: ") : got, want);
}

TEST("a variable may take its value from the pod's own fields")
{
	check(FIELD("metadata.name"), "");
	check(FIELD("metadata.namespace"), "");
	check(FIELD("metadata.uid"), "");
	check(FIELD("spec.nodeName"), "");
	check(FIELD("spec.host"), "");
	check(FIELD("spec.serviceAccountName"), "");
	check(FIELD("metadata.labels['batch.kubernetes.io/job-completion-index']"), "");
	check(FIELD("metadata.annotations['Example.COM/x']"), "");
}

TEST("fields that no variable can hold are refused in Kubernetes' words")
{
	check(FIELD("status.phase"),
	    AT ".fieldRef.fieldPath: Unsupported value: \"status.phase\": supported values: "
	       "\"metadata.name\", \"metadata.namespace\", \"metadata.uid\", \"spec.nodeName\", "
	       "\"spec.serviceAccountName\", \"status.hostIP\", \"status.hostIPs\", "
	       "\"status.podIP\", \"status.podIPs\"");
	check(FIELD("metadata.labels"),
	    AT ".fieldRef.fieldPath: Unsupported value: \"metadata.labels\": supported values: "
	       "\"metadata.name\", \"metadata.namespace\", \"metadata.uid\", \"spec.nodeName\", "
	       "\"spec.serviceAccountName\", \"status.hostIP\", \"status.hostIPs\", "
	       "\"status.podIP\", \"status.podIPs\"");
	check(FIELD("metadata.whoops"),
	    AT ".fieldRef.fieldPath: Invalid value: \"metadata.whoops\": error converting "
	       "fieldPath: field label not supported: metadata.whoops");
	check(FIELD("metadata.name['a']"),
	    AT ".fieldRef.fieldPath: Invalid value: \"metadata.name['a']\": error converting "
	       "fieldPath: field label does not support subscript: metadata.name['a']");
	check(FIELD("metadata.labels['']"),
	    "[" AT ".fieldRef: Invalid value: \"\": name part must be non-empty, " AT
	    ".fieldRef: Invalid value: \"\": name part must consist of alphanumeric characters, "
	    "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
	    "'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
	    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')]");
	check(ENV("\"valueFrom\":{\"fieldRef\":{}}"), AT ".fieldRef.fieldPath: Required value");
	check(ENV("\"valueFrom\":{\"fieldRef\":{\"apiVersion\":\"v2\",\"fieldPath\":"
		  "\"metadata.name\"}}"),
	    AT ".fieldRef.fieldPath: Invalid value: \"metadata.name\": error converting "
	       "fieldPath: unsupported pod version: v2");
}

TEST("a value has one source")
{
	check(ENV("\"valueFrom\":{}"),
	    AT ": Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`, "
	       "`configMapKeyRef` or `secretKeyRef`");
	check(ENV("\"value\":\"v\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.name\"}}"),
	    AT ": Invalid value: \"\": may not be specified when `value` is not empty");
	check(ENV("\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.name\"},"
		  "\"secretKeyRef\":{\"name\":\"s\",\"key\":\"k\"}}"),
	    AT ": Invalid value: \"\": may not have more than one field specified at a time");
}

TEST("sources that this version does not have are refused by name")
{
	check(ENV("\"valueFrom\":{\"fileKeyRef\":{\"volumeName\":\"v\",\"path\":\"p\",\"key\":"
		  "\"k\"}}"),
	    AT ".fileKeyRef: " LATER);
}

#define KEY_REF(ref) ENV("\"valueFrom\":{\"configMapKeyRef\":{" ref "}}")

TEST("a key of a config map or secret is named by two good names")
{
	check(KEY_REF("\"name\":\"m\",\"key\":\"a.B_c-1\""), "");
	check(ENV("\"valueFrom\":{\"secretKeyRef\":{\"name\":\"m\",\"key\":\"k\",\"optional\":true}"
		  "}"),
	    "");
	check(KEY_REF("\"name\":\"m\""), AT ".configMapKeyRef.key: Required value");
	check(KEY_REF("\"name\":\"m\",\"key\":\"..\""),
	    AT ".configMapKeyRef.key: Invalid value: \"..\": must not be '..'");
	check(KEY_REF("\"name\":\"a..b\",\"key\":\"k\""), AT
	    ".configMapKeyRef.name: Invalid value: \"a..b\": a lowercase RFC 1123 subdomain must "
	    "consist of lower case alphanumeric characters, '-' or '.', and must start and end "
	    "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
	    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
}

#define RESOURCE(ref) ENV("\"valueFrom\":{\"resourceFieldRef\":{" ref "}}")

TEST("a resource is one that containers have, in a unit that suits it")
{
	check(RESOURCE("\"resource\":\"limits.cpu\""), "");
	check(RESOURCE("\"resource\":\"limits.cpu\",\"divisor\":\"1m\""), "");
	check(RESOURCE("\"resource\":\"limits.cpu\",\"divisor\":\"0\""), "");
	check(RESOURCE("\"resource\":\"requests.memory\",\"divisor\":\"1Mi\""), "");
	check(RESOURCE("\"resource\":\"requests.hugepages-2Mi\""), "");
	check(RESOURCE("\"divisor\":\"1\""), AT ".resourceFieldRef.resource: Required value");
	check(RESOURCE("\"resource\":\"limits.gpu\""),
	    AT ".resourceFieldRef.resource: Unsupported value: \"limits.gpu\": supported values: "
	       "\"limits.cpu\", \"limits.ephemeral-storage\", \"limits.memory\", "
	       "\"requests.cpu\", \"requests.ephemeral-storage\", \"requests.memory\"");
	check(RESOURCE("\"resource\":\"limits.cpu\",\"divisor\":\"1Mi\""),
	    AT ".resourceFieldRef.divisor: Invalid value: \"limits.cpu\": only divisor's values 1m "
	       "and 1 are supported with the cpu resource");
	check(RESOURCE("\"resource\":\"limits.memory\",\"divisor\":\"2Mi\""),
	    AT ".resourceFieldRef.divisor: Invalid value: \"limits.memory\": only divisor's values "
	       "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the "
	       "memory resource");
}

#define FROM(item) \
	POD("\"containers\":[{\"name\":\"c\",\"image\":\"busybox\",\"envFrom\":[" item "]}]")
#define AT_FROM "spec.containers[0].envFrom"

TEST("envFrom takes one config map or secret at a time")
{
	check(FROM("{\"prefix\":\"P_\",\"configMapRef\":{\"name\":\"m\"}},{\"secretRef\":{\"name\":"
		   "\"s\",\"optional\":true}}"),
	    "");
	check(FROM("{}"),
	    AT_FROM ": Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`");
	check(FROM("{\"configMapRef\":{\"name\":\"m\"},\"secretRef\":{\"name\":\"s\"}}"),
	    AT_FROM ": Invalid value: \"\": may not have more than one field specified at a time");
	check(FROM("{\"secretRef\":{}}"), AT_FROM "[0].secretRef.name: Required value");
	check(FROM("{\"prefix\":\"a=\",\"secretRef\":{\"name\":\"s\"}}"),
	    AT_FROM "[0].prefix: Invalid value: \"a=\": a valid environment variable name must "
		    "consist only of printable ASCII characters other than '='");
}

TEST("a host name is a DNS label")
{
	check(POD("\"hostname\":\"job-3\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]"), "");
	check(POD("\"hostname\":\"a.b\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]"),
	    "spec.hostname: Invalid value: \"a.b\": must not contain dots");
}

static void check_value(const json *pod, const char *path, const char *want)
{
	auto_free char *got = fieldpath_value(pod, path);

	CHECK_STR(got, want);
}

TEST("a path gives the pod's field, and nothing where there is none")
{
	static const char text[] =
	    "{\"metadata\":{\"name\":\"p\",\"uid\":\"u\",\"labels\":{\"a.b/c\":\"3\"},"
	    "\"annotations\":{\"n\":\"$(X)\"}},\"spec\":{\"nodeName\":\"here\"}}";
	auto_json *pod = json_parse(text, strlen(text), JSON_PARSE_STRICT, NULL);

	check_value(pod, "metadata.name", "p");
	check_value(pod, "metadata.namespace", "");
	check_value(pod, "metadata.labels['a.b/c']", "3");
	check_value(pod, "metadata.labels['none']", "");
	check_value(pod, "metadata.annotations['n']", "$(X)");
	check_value(pod, "spec.host", "here");
	check_value(pod, "spec.serviceAccountName", "default");
	check_value(pod, "spec['nodeName']", "");
}

TEST("only a key in quotes and brackets is a subscript")
{
	static const char *const plain[] = {
	    "", "metadata.labels", "metadata.labels[a]", "['a']", "a[']", "a['b'", "a'b']"};

	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		char *path = NULL, *key = NULL;

		CHECK(!fieldpath_split(plain[i], &path, &key));
	}
}

int main(void)
{
	return test_main();
}
