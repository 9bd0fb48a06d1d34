#include "../../controller/loops/job_policy.h"

#include "test.h"

static json *parse(const char *text)
{
	return json_parse(text, strlen(text), JSON_PARSE_STRICT, NULL);
}

/* The verdict on a failed pod default/j-x with this status; the message goes to `message`. */
static enum pod_verdict judge(const char *rules, const char *status, char **message)
{
	auto_free char *policy_text = xasprintf("{\"rules\":[%s]}", rules);
	auto_free char *pod_text = xasprintf("{\"metadata\":{\"name\":\"j-x\",\"namespace\":"
					     "\"default\"},\"status\":{\"phase\":\"Failed\",%s}}",
	    status);
	auto_json *policy = parse(policy_text), *pod = parse(pod_text);

	*message = NULL;
	CHECK(policy && pod);
	return job_policy_verdict(policy, pod, message);
}

#define ENDED(name, code) \
	"{\"name\":\"" name "\",\"state\":{\"terminated\":{\"exitCode\":" #code "}}}"
#define CODES(action, op, values)                                                                 \
	"{\"action\":\"" action "\",\"onExitCodes\":{\"operator\":\"" op "\",\"values\":[" values \
	"]}}"
#define CODES_OF(action, op, values, name)                                      \
	"{\"action\":\"" action "\",\"onExitCodes\":{\"containerName\":\"" name \
	"\",\"operator\":\"" op "\",\"values\":[" values "]}}"
#define CONDITION(action, type, status)                                           \
	"{\"action\":\"" action "\",\"onPodConditions\":[{\"type\":\"" type "\"," \
	"\"status\":\"" status "\"}]}"
#define MAIN(code) "\"containerStatuses\":[" ENDED("main", code) "]"

static void expect(const char *rules, const char *status, enum pod_verdict want)
{
	auto_free char *message = NULL;

	CHECK_INT(judge(rules, status, &message), want);
	CHECK((message != NULL) == (want == VERDICT_FAIL_JOB));
}

TEST("P01: FailJob on an exit code names container, pod, code and rule")
{
	auto_free char *message = NULL;

	CHECK_INT(judge(CODES("FailJob", "In", "1"), MAIN(1), &message), VERDICT_FAIL_JOB);
	CHECK_STR(message,
	    "Container main for pod default/j-x failed with exit code 1 matching FailJob rule at "
	    "index 0");
}

TEST("P02: Ignore on code 42; other codes count")
{
	expect(CODES("Ignore", "In", "42"), MAIN(42), VERDICT_IGNORE);
	expect(CODES("Ignore", "In", "42"), MAIN(1), VERDICT_COUNT);
	expect(CODES("Ignore", "In", "1,42,255"), MAIN(255), VERDICT_IGNORE);
}

TEST("P03: a condition matches by type and status")
{
	static const char evicted[] =
	    "\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\"},"
	    "{\"type\":\"DisruptionTarget\",\"status\":\"True\"}]," MAIN(137);
	auto_free char *message = NULL;

	expect(CONDITION("Ignore", "DisruptionTarget", "True"), evicted, VERDICT_IGNORE);
	expect(CONDITION("Ignore", "DisruptionTarget", "False"), evicted, VERDICT_COUNT);
	expect(CONDITION("FailIndex", "Ready", "False"), evicted, VERDICT_FAIL_INDEX);
	CHECK_INT(
	    judge(CODES("Count", "In", "3") "," CONDITION("FailJob", "DisruptionTarget", "True"),
		evicted, &message),
	    VERDICT_FAIL_JOB);
	CHECK_STR(message,
	    "Pod default/j-x has condition DisruptionTarget matching FailJob rule at index 1");
}

TEST("P04: the first rule that matches decides")
{
	expect(CODES("Ignore", "In", "42") "," CODES("FailJob", "NotIn", "0"), MAIN(42),
	    VERDICT_IGNORE);
	expect(CODES("FailJob", "NotIn", "0") "," CODES("Ignore", "In", "42"), MAIN(42),
	    VERDICT_FAIL_JOB);
	expect(
	    CODES("Count", "In", "42") "," CODES("FailJob", "In", "42"), MAIN(42), VERDICT_COUNT);
}

TEST("P05: containerName restricts the containers that count")
{
	static const char two[] = "\"containerStatuses\":[" ENDED("a", 0) "," ENDED("b", 42) "]";

	expect(CODES_OF("FailJob", "In", "42", "a"), two, VERDICT_COUNT);
	expect(CODES_OF("FailJob", "In", "42", "b"), two, VERDICT_FAIL_JOB);
	expect(CODES("FailJob", "In", "42"), two, VERDICT_FAIL_JOB);
}

TEST("P06: init containers count, after the others")
{
	auto_free char *message = NULL;

	expect(CODES("Ignore", "In", "42"),
	    "\"initContainerStatuses\":[" ENDED(
		"prepare", 42) "],\"containerStatuses\":"
			       "[{\"name\":\"main\",\"state\":{\"waiting\":{\"reason\":"
			       "\"PodInitializing\"}}}]",
	    VERDICT_IGNORE);
	CHECK_INT(judge(CODES("FailJob", "NotIn", "7"),
		      "\"initContainerStatuses\":[" ENDED("prepare", 5) "]," MAIN(6), &message),
	    VERDICT_FAIL_JOB);
	CHECK_STR(message,
	    "Container main for pod default/j-x failed with exit code 6 matching FailJob rule at "
	    "index 0");
}

TEST("NotIn matches any failed container whose code is not listed, and never exit 0")
{
	expect(CODES("FailIndex", "NotIn", "1,2"), MAIN(3), VERDICT_FAIL_INDEX);
	expect(CODES("FailIndex", "NotIn", "1,2"), MAIN(2), VERDICT_COUNT);
	expect(CODES("FailIndex", "NotIn", "1"), MAIN(0), VERDICT_COUNT);
	expect(CODES("FailIndex", "NotIn", "1"),
	    "\"containerStatuses\":[" ENDED("a", 1) "," ENDED("b", 2) "]", VERDICT_FAIL_INDEX);
}

TEST("an exit of an earlier attempt is no exit of the pod")
{
	expect(CODES("FailJob", "In", "1"),
	    "\"containerStatuses\":[{\"name\":\"a\",\"state\":{\"running\":{}},"
	    "\"lastState\":{\"terminated\":{\"exitCode\":1}}}]",
	    VERDICT_COUNT);
}

TEST("rules with an action or an operator of the future are passed over")
{
	expect(CODES("Explode", "In", "1") "," CODES("Ignore", "In", "1"), MAIN(1), VERDICT_IGNORE);
	expect(
	    CODES("FailJob", "Near", "1") "," CODES("Ignore", "In", "1"), MAIN(1), VERDICT_IGNORE);
	expect("{},{\"action\":\"FailJob\"},{\"action\":\"FailJob\",\"onExitCodes\":7}", MAIN(1),
	    VERDICT_COUNT);
}

TEST("without a policy, and before phase Failed, a pod counts")
{
	auto_json *policy = parse("{\"rules\":[" CODES("FailJob", "In", "1") "]}");
	auto_json *failed = parse("{\"status\":{\"phase\":\"Failed\"," MAIN(1) "}}");
	auto_json *running = parse("{\"status\":{\"phase\":\"Running\"," MAIN(1) "}}");

	CHECK_INT(job_policy_verdict(NULL, failed, NULL), VERDICT_COUNT);
	CHECK_INT(job_policy_verdict(policy, running, NULL), VERDICT_COUNT);
	CHECK_INT(job_policy_verdict(policy, failed, NULL), VERDICT_FAIL_JOB);
}

int main(void)
{
	return test_main();
}
