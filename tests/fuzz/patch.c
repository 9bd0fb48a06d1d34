/* Patches: the first byte chooses the type, the rest is applied to a pod. */
#include "../../controller/api/patch.h"
#include "fuzz.h"

FUZZ_SEEDS(TEXT("0[{\"op\":\"add\",\"path\":\"/metadata/labels/"
		"a~1b\",\"value\":\"x\"},{\"op\":\"test\",\"path\":\"/kind\","
		"\"value\":\"Pod\"},{\"op\":\"move\",\"from\":\"/spec/containers/0\",\"path\":\"/"
		"spec/containers/-\"}]"),
    TEXT("0[{\"op\":\"copy\",\"from\":\"/spec\",\"path\":\"/spec/"
	 "x\"},{\"op\":\"replace\",\"path\":\"\",\"value\":{}},{\"op\":\"remove\","
	 "\"path\":\"/spec/containers/1\"}]"),
    TEXT("1{\"metadata\":{\"labels\":{\"a\":null,\"b\":\"c\"}},\"spec\":{\"containers\":[]}}"),
    TEXT("2{\"spec\":{\"$setElementOrder/"
	 "containers\":[{\"name\":\"b\"},{\"name\":\"a\"}],\"containers\":[{\"name\":\"a\","
	 "\"image\":\"z\","
	 "\"env\":[{\"$patch\":\"replace\"},{\"name\":\"X\",\"value\":\"y\"}]},{\"$patch\":"
	 "\"delete\",\"name\":\"b\"}]}}"),
    TEXT("2{\"metadata\":{\"$retainKeys\":[\"name\"],\"$deleteFromPrimitiveList/"
	 "finalizers\":[\"f\"]},\"$patch\":\"merge\"}"))
FUZZ_WORDS(TEXT("\"$patch\":\"delete\","), TEXT("\"$patch\":\"replace\","),
    TEXT("\"$retainKeys\":[],"), TEXT("null"), TEXT("/spec/containers/0/env/-"), TEXT("~1"),
    TEXT("~"), TEXT("{\"op\":\"copy\",\"from\":\"\",\"path\":\"/metadata/x\"},"),
    TEXT("{\"op\":\"test\",\"path\":\"/spec\",\"value\":null},"),
    TEXT("\"$setElementOrder/env\":[{\"name\":\"X\"}],"), TEXT("[]"), TEXT("{}"))

static const char pod[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\",\"labels\":{\"a\":\"b\"},"
    "\"finalizers\":[\"e\",\"f\"]},"
    "\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"i\",\"env\":[{\"name\":\"X\",\"value\":"
    "\"1\"},{\"name\":\"Y\",\"value\":\"2\"}],"
    "\"ports\":[{\"containerPort\":80,\"protocol\":\"TCP\"},{\"containerPort\":80,\"protocol\":"
    "\"UDP\"}]},{\"name\":\"b\",\"image\":\"j\"}],"
    "\"tolerations\":[{\"key\":\"k\"}],\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kind *k = kind_by_id(KIND_POD);
	struct patch p = {.fields = FIELDS_WARN, .copy_max = 64 * KIB};
	auto_json *object = json_parse(pod, sizeof(pod) - 1, 0, NULL), *before = json_dup(object),
		  *after = NULL;
	auto_err e = {0};

	if (!size)
		return 0;
	p.type = (enum patch_type)(*data % PATCH_TYPE_COUNT);
	after = patch_apply(k, object, (const char *)data + 1, size - 1, &p, &e);
	EXPECT(json_equal(object, before));
	EXPECT(after || *err_msg(&e));
	if (after) {
		auto_free char *text = json_print(after);
		auto_json *again = json_parse(text, strlen(text), 0, &e);

		EXPECT(again);
	}
	return 0;
}
