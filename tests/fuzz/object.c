/*
 * Objects in the bodies of requests: decoding, defaults, validation, rows of tables, fields and who
 * owns them. What a create accepts, an update that changes nothing accepts, too.
 */
#include "../../controller/api/api.h"
#include "../../controller/api/managed_fields.h"
#include "fuzz.h"

#define NOW 1800000000

FUZZ_SEEDS(
    TEXT("{\"apiVersion\":\"batch/"
	 "v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"x\",\"labels\":{\"a\":\"b\"}},"
	 "\"spec\":{\"completions\":3,\"parallelism\":2,\"completionMode\":\"Indexed\","
	 "\"backoffLimitPerIndex\":1,"
	 "\"podFailurePolicy\":{\"rules\":[{\"action\":\"FailIndex\",\"onExitCodes\":{\"operator\":"
	 "\"In\",\"values\":[3]}}]},"
	 "\"successPolicy\":{\"rules\":[{\"succeededIndexes\":\"0-1\",\"succeededCount\":1}]},"
	 "\"template\":{\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\","
	 "\"image\":\"i\"}]}}}}"),
    TEXT("{\"apiVersion\":\"batch/"
	 "v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"x\"},\"spec\":{\"schedule\":\"*/5 * * "
	 "* 1-5\","
	 "\"timeZone\":\"Europe/"
	 "Berlin\",\"concurrencyPolicy\":\"Forbid\",\"jobTemplate\":{\"spec\":{\"template\":{"
	 "\"spec\":{"
	 "\"restartPolicy\":\"OnFailure\",\"containers\":[{\"name\":\"c\",\"image\":\"i:1\"}]}}}}}"
	 "}"),
    TEXT("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\",\"ownerReferences\":"
	 "[{\"apiVersion\":\"batch/v1\","
	 "\"kind\":\"Job\",\"name\":\"j\",\"uid\":\"u\",\"controller\":true}]},\"spec\":{"
	 "\"initContainers\":[{\"name\":\"s\",\"image\":\"i\","
	 "\"restartPolicy\":\"Always\"}],\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"env\":[{"
	 "\"name\":\"A\",\"valueFrom\":{"
	 "\"fieldRef\":{\"fieldPath\":\"metadata.labels['a']\"}}}],\"ports\":[{\"name\":\"h\","
	 "\"containerPort\":80}],"
	 "\"resources\":{\"limits\":{\"cpu\":\"100m\",\"memory\":\"1Gi\"}},\"livenessProbe\":{"
	 "\"httpGet\":{\"port\":\"h\"}},"
	 "\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\",\"subPath\":\"a/"
	 "b\"}]}],\"volumes\":[{\"name\":\"v\",\"projected\":{"
	 "\"sources\":[{\"configMap\":{\"name\":\"m\"}},{\"downwardAPI\":{\"items\":[{\"path\":"
	 "\"p\",\"fieldRef\":{"
	 "\"fieldPath\":\"metadata.name\"}}]}}]}}]},\"status\":{\"phase\":\"Running\","
	 "\"containerStatuses\":[{\"name\":\"c\","
	 "\"state\":{\"terminated\":{\"exitCode\":3,\"reason\":\"Error\"}}}]}}"),
    TEXT("{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"x\"},\"spec\":{"
	 "\"selector\":{\"a\":\"b\"},"
	 "\"clusterIP\":\"10.96.0.5\",\"ports\":[{\"name\":\"p\",\"port\":80,\"targetPort\":\"h\"},"
	 "{\"name\":\"q\",\"port\":81}]}}"),
    TEXT("{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"x\","
	 "\"managedFields\":[{\"manager\":\"m\","
	 "\"operation\":\"Apply\",\"apiVersion\":\"v1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{"
	 "\"f:data\":{\"f:a\":{}}}}]},"
	 "\"type\":\"Opaque\",\"data\":{\"a\":\"MQ==\"},\"stringData\":{\"b\":\"c\"}}"),
    TEXT("{\"apiVersion\":\"discovery.k8s.io/"
	 "v1\",\"kind\":\"EndpointSlice\",\"metadata\":{\"name\":\"x\"},\"addressType\":\"IPv4\","
	 "\"endpoints\":[{\"addresses\":[\"10.0.0.1\"],\"conditions\":{\"ready\":true}}],\"ports\":"
	 "[{\"port\":80}]}"),
    TEXT("{\"apiVersion\":\"v1\",\"kind\":\"PersistentVolumeClaim\",\"metadata\":{\"generateName\":"
	 "\"x-\"},\"spec\":{\"accessModes\":["
	 "\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}"),
    TEXT("{\"apiVersion\":\"coordination.k8s.io/"
	 "v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":\"x\"},\"spec\":{"
	 "\"renewTime\":\"2026-01-02T03:04:05.123456Z\",\"leaseDurationSeconds\":40}}"))
FUZZ_WORDS(TEXT("null"), TEXT("{}"), TEXT("[]"), TEXT("[{}]"), TEXT("\"\""), TEXT("true"),
    TEXT("\"k\":{"), TEXT("\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"k\"}}"),
    TEXT("\"emptyDir\":{\"sizeLimit\":\"1e3\"}"), TEXT("\"hostPath\":{\"path\":\"/../x\"}"),
    TEXT("\"securityContext\":{\"runAsUser\":0}"), TEXT("\"restartPolicy\":\"Always\","),
    TEXT("\"exec\":{\"command\":[\"x\"]},"), TEXT("$(A)$$(B"),
    TEXT("\"matchExpressions\":[{\"key\":\"k\",\"operator\":\"In\",\"values\":[\"v\"]}]"),
    TEXT("0-4294967295"))

static const struct kind *kind_of(const json *j)
{
	return kind_by_gvk(json_str_or(j, "apiVersion", ""), json_str_or(j, "kind", ""));
}

static void look_at(const struct kind *k, const json *obj)
{
	struct table_rows *rows = table_rows_new(k, INCLUDE_METADATA, NOW);
	auto_free char *body = json_print(obj);
	auto_buf row = {0}, fields = {0}, labels = {0};
	auto_json *read = NULL;

	EXPECT(table_row(rows, body, strlen(body), &row, NULL) == 0);
	table_rows_free(rows);
	read = json_parse(buf_str(&row), row.len, 0, NULL);
	EXPECT(read);
	api_index_fields(k, obj, &fields);
	api_index_labels(obj, &labels);
}

/* Another client applies the same, and owns it then, too. */
static void apply_to(const struct kind *k, const json *obj)
{
	const struct field_manager who = {.name = "fuzz", .now = NOW},
				   other = {.name = "other", .now = NOW};
	auto_json *live = json_dup(obj), *config = json_dup(obj), *merged = NULL;

	json_del_path(config, "metadata.managedFields");
	managed_update(k, NULL, live, &who);
	merged = managed_apply(k, live, config, &other, false, NULL);
	json_free(TAKE(merged));
	merged = managed_apply(k, live, config, &other, true, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_json *j = json_parse((const char *)data, size, JSON_ALLOW_DUPLICATES, NULL),
		  *obj = NULL, *twice = NULL;
	const struct kind *k = kind_of(j);
	auto_strlist warnings = {0};
	auto_err e = {0};

	if (!k)
		return 0;
	obj = api_decode(k, (const char *)data, size, FIELDS_WARN, &warnings, &e);
	EXPECT(obj || *err_msg(&e));
	if (!obj)
		return 0;
	if (k->namespaced)
		json_set_path(obj, "metadata.namespace", json_new_string("default"));
	json_set_path(obj, "metadata.uid", json_new_string("11111111-2222-3333-4444-555555555555"));
	look_at(k, obj);
	api_default(k, obj);
	twice = json_dup(obj);
	api_default(k, twice);
	EXPECT(json_equal(obj, twice));
	api_prepare_create(k, obj);
	if (api_validate_create(k, obj, &warnings, &e) < 0)
		return 0;
	look_at(k, obj);
	apply_to(k, obj);
	json_free(TAKE(twice));
	twice = json_dup(obj);
	api_prepare_update(k, twice, obj);
	api_default(k, twice);
	EXPECT(api_validate_update(k, twice, obj, &e) == 0);
	return 0;
}
