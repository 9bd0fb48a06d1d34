/* Bodies in Kubernetes' protobuf: what is understood is JSON. */
#include "../../controller/api/api.h"
#include "fuzz.h"

/* k8s\0, then runtime.Unknown: the type, and in field 2 the object. */
FUZZ_SEEDS(TEXT("k8s\0\x0a\x0f\x0a\x08"
		"batch/"
		"v1\x12\x03Job\x12\x1b\x0a\x05\x0a\x01x\x5a\x00\x12\x12\x08\x03\x32\x0e\x0a\x00\x12"
		"\x0a\x12\x05\x0a\x01"
		"c\x12\x00\x1a\x01N"),
    TEXT("k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x10\x0a\x06\x0a\x01x\x32\x01u\x12\x06\x12\x04\x0a"
	 "\x02"
	 "cc"),
    TEXT("k8s\0\x0a\x0f\x0a\x02v1\x12\x09"
	 "ConfigMap\x12\x0f\x0a\x03\x0a\x01x\x12\x08\x0a\x01k\x12\x03val"))
FUZZ_WORDS(TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), TEXT("\x0a\x00"),
    TEXT("\x12\x02\x0a\x00"), TEXT("\x0b\x0c"), TEXT("\x80\x01"), TEXT("\x0d\x00\x00\x80\x3f"),
    TEXT("\x0a\x08"
	 "batch/v1\x12\x07"
	 "CronJob"),
    TEXT("\x1a\x7f"))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_strlist unknown = {0};
	auto_buf text = {0};
	auto_err e = {0};

	if (api_protobuf_to_json(data, size, &unknown, &text, &e) < 0) {
		EXPECT(*err_msg(&e));
	} else {
		auto_json *j = json_parse(buf_str(&text), text.len, JSON_ALLOW_DUPLICATES, &e);

		EXPECT(j || e.reason != ERR_NONE);
	}
	return 0;
}
