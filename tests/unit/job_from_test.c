#include "test.h"

#include "../../cmd/job_from.h"

static json *make(const char *source, struct err *e)
{
	auto_json *j = json_parse(source, strlen(source), JSON_PARSE_STRICT, NULL);

	return job_from(j, "m", e);
}

#define CHECK_MADE(source, want)                           \
	do {                                               \
		auto_err e_ = {0};                         \
		auto_json *made_ = make(source, &e_);      \
		auto_free char *text_ = json_print(made_); \
		CHECK_STR(text_, want);                    \
	} while (0)

TEST("K15: a Job from a cron job is its template, owned by it and marked as started by hand")
{
	CHECK_MADE("{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"c\","
		   "\"uid\":\"u\",\"labels\":{\"own\":\"1\"}},\"spec\":{\"schedule\":\"@daily\","
		   "\"jobTemplate\":{\"metadata\":{\"labels\":{\"a\":\"b\"},\"annotations\":{\"n\":"
		   "\"1\"}},\"spec\":{\"template\":{\"spec\":{}}}}}}",
	    "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"m\","
	    "\"annotations\":{\"cronjob.kubernetes.io/instantiate\":\"manual\",\"n\":\"1\"},"
	    "\"labels\":{\"a\":\"b\"},\"ownerReferences\":[{\"apiVersion\":\"batch/v1\",\"kind\":"
	    "\"CronJob\",\"name\":\"c\",\"uid\":\"u\",\"controller\":true}]},\"spec\":{"
	    "\"template\":{\"spec\":{}}}}");
}

TEST("a Job from a Job has neither its selector nor the labels that name it")
{
	CHECK_MADE("{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"j\","
		   "\"uid\":\"u\",\"labels\":{\"a\":\"b\",\"controller-uid\":\"u\"}},\"spec\":{"
		   "\"selector\":{\"matchLabels\":{}},\"manualSelector\":false,\"template\":{"
		   "\"metadata\":{\"labels\":{\"batch.kubernetes.io/job-name\":\"j\",\"job-name\":"
		   "\"j\",\"c\":\"d\"}}}},\"status\":{\"succeeded\":1}}",
	    "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"m\",\"labels\":"
	    "{\"a\":\"b\"}},\"spec\":{\"template\":{\"metadata\":{\"labels\":{\"c\":\"d\"}}}}}");
}

TEST("nothing else has a template for Jobs")
{
	auto_err e = {0};

	CHECK(make("{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}", &e) == NULL);
	CHECK_STR(err_msg(&e), "from must be an existing cronjob or job");
}

int main(void)
{
	return test_main();
}
