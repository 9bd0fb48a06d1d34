#include "test.h"

#include "../../cmd/logs_pods.h"
#include "../../cmd/wait_cond.h"

static json *parsed(const char *text)
{
	return text ? json_parse(text, strlen(text), 0, NULL) : NULL;
}

#define JOB(conditions)                                                               \
	"{\"kind\":\"Job\",\"metadata\":{\"generation\":2},\"status\":{\"active\":1," \
	"\"conditions\":[" conditions "]}}"
#define COND(type) "{\"type\":\"" type "\",\"status\":\"True\",\"reason\":\"R\",\"message\":\"M\"}"

static const char running_job[] = JOB("");
static const char complete_job[] = JOB(COND("SuccessCriteriaMet") "," COND("Complete"));
static const char failing_job[] = JOB(COND("FailureTarget"));
static const char failed_job[] = JOB(COND("FailureTarget") "," COND("Failed"));
static const char old_job[] =
    JOB("{\"type\":\"Complete\",\"status\":\"True\",\"observedGeneration\":1}");
static const char running_pod[] = "{\"kind\":\"Pod\",\"status\":{\"phase\":\"Running\"}}";
static const char ended_pod[] = "{\"kind\":\"Pod\",\"status\":{\"phase\":\"Succeeded\"}}";

TEST("conditions hold, go on, or cannot hold any more")
{
	static const struct {
		const char *text, *kind, *obj;
		bool existed;
		enum wait_state want;
		const char *why;
	} cases[] = {
	    {"condition=complete", "Job", running_job, true, WAIT_ON, NULL},
	    {"condition=Complete", "Job", complete_job, true, WAIT_MET, NULL},
	    {"condition=complete=TRUE", "Job", complete_job, true, WAIT_MET, NULL},
	    {"condition=complete", "Job", failing_job, true, WAIT_NEVER, "Failed: R: M"},
	    {"condition=complete", "Job", failed_job, true, WAIT_NEVER, "Failed: R: M"},
	    {"condition=failed", "Job", failing_job, true, WAIT_ON, NULL},
	    {"condition=failed", "Job", complete_job, true, WAIT_NEVER, "Complete: R: M"},
	    {"condition=complete", "Job", NULL, true, WAIT_NEVER, "it was deleted"},
	    {"condition=complete", "Job", NULL, false, WAIT_ON, NULL},
	    {"condition=Ready", "Pod", running_pod, true, WAIT_ON, NULL},
	    {"condition=Ready", "Pod", ended_pod, true, WAIT_NEVER, "Succeeded"},
	    {"finished", "Job", running_job, true, WAIT_ON, NULL},
	    {"finished", "Job", failing_job, true, WAIT_ON, NULL},
	    {"finished", "Job", complete_job, true, WAIT_MET, NULL},
	    {"finished", "Job", failed_job, true, WAIT_NEVER, "Failed: R: M"},
	    {"finished", "Pod", ended_pod, true, WAIT_MET, NULL},
	    {"delete", "Job", running_job, true, WAIT_ON, NULL},
	    {"delete", "Job", NULL, false, WAIT_MET, NULL},
	    {"create", "Job", NULL, false, WAIT_ON, NULL},
	    {"create", "Job", running_job, false, WAIT_MET, NULL},
	    {"jsonpath={.status.active}=1", "Job", running_job, true, WAIT_MET, NULL},
	    {"jsonpath={.status.active}=2", "Job", running_job, true, WAIT_ON, NULL},
	    {"jsonpath={.status.active}=2", "Job", failed_job, true, WAIT_NEVER, "Failed: R: M"},
	    {"jsonpath={.metadata.generation}=3", "Job", failed_job, true, WAIT_ON, NULL},
	    {"jsonpath={.status.startTime}", "Job", running_job, true, WAIT_ON, NULL},
	    {"jsonpath={.status.active}", "Job", running_job, true, WAIT_MET, NULL},
	    {"jsonpath=.status.phase=Running", "Pod", running_pod, true, WAIT_MET, NULL},
	    {"jsonpath={.status.phase}=\"Running\"", "Pod", running_pod, true, WAIT_MET, NULL},
	    {"jsonpath={.status.conditions[?(@.type==\"Failed\")].status}=True", "Job", failed_job,
		true, WAIT_MET, NULL},
	    {"jsonpath={.status}=1", "Job", running_job, true, WAIT_NEVER,
		"jsonpath leads to a nested object or list which is not supported"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *obj = parsed(cases[i].obj);
		struct wait_cond c;
		auto_err e = {0};
		auto_free char *why = NULL;
		enum wait_state got;

		CHECK_INT(wait_cond_parse(&c, cases[i].text, &e), 0);
		got = wait_cond_check(&c, cases[i].kind, obj, cases[i].existed, &why);
		if (got != cases[i].want)
			printf("# %s, case %zu\n", cases[i].text, i);
		CHECK_INT(got, cases[i].want);
		CHECK_STR(why, cases[i].why);
		wait_cond_release(&c);
	}
}

TEST("a condition of an older generation does not hold")
{
	auto_json *obj = parsed(old_job);
	struct wait_cond c;
	auto_err e = {0};
	auto_free char *why = NULL;

	CHECK_INT(wait_cond_parse(&c, "condition=Complete", &e), 0);
	CHECK(wait_cond_check(&c, "Job", obj, true, &why) != WAIT_MET);
	wait_cond_release(&c);
}

TEST("what cannot be waited for is refused")
{
	static const char *const texts[] = {
	    "foo", "condition=", "jsonpath=", "jsonpath={.a}=", "jsonpath={.a", "condition", ""};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct wait_cond c;
		auto_err e = {0};

		if (wait_cond_parse(&c, texts[i], &e) == 0)
			printf("# %s\n", texts[i]);
		CHECK(e.reason != ERR_NONE);
		wait_cond_release(&c);
	}
}

/* ---- logs ---- */

#define POD(name, node, phase, created, more)                                                     \
	"{\"metadata\":{\"name\":\"" name "\",\"creationTimestamp\":\"2026-01-01T00:00:0" created \
	"Z\"},\"spec\":{\"nodeName\":\"" node "\"},\"status\":{\"phase\":\"" phase "\"" more "}}"
#define READY(since)                                                                       \
	",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\",\"lastTransitionTime\":" \
	"\"2026-01-01T00:00:0" since "Z\"}]"

TEST("of several pods the one whose log is worth most is chosen")
{
	static const struct {
		const char *items, *best;
	} cases[] = {
	    {"[" POD("a", "", "Pending", "1", "") "," POD("b", "n", "Pending", "2", "") "]", "b"},
	    {"[" POD("a", "n", "Pending", "1", "") "," POD("b", "n", "Failed", "2", "") "]", "b"},
	    {"[" POD("a", "n", "Running", "1", "") "," POD(
		 "b", "n", "Running", "2", READY("5")) "]",
		"b"},
	    {"[" POD("a", "n", "Running", "1", READY("5")) "," POD(
		 "b", "n", "Running", "2", READY("3")) "]",
		"b"},
	    {"[" POD("a", "n", "Failed", "1", "") "," POD(
		 "b", "n", "Failed", "2", ",\"containerStatuses\":[{\"restartCount\":3}]") "]",
		"b"},
	    {"[" POD("a", "n", "Failed", "2", "") "," POD("b", "n", "Succeeded", "1", "") "]", "b"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *items = parsed(cases[i].items);

		CHECK_STR(json_str(logs_best_pod(items), "metadata.name"), cases[i].best);
	}
	CHECK(!logs_best_pod(NULL));
}

static const char three[] =
    "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}],"
    "\"initContainers\":[{\"name\":\"c\"}]}}";

static char *chosen(const char *pod_text, struct logs_choice choice, char **note, struct err *e)
{
	auto_json *pod = parsed(pod_text);
	auto_strlist names = {0};

	if (logs_containers(pod, &choice, &names, note, e) < 0)
		return NULL;
	return strlist_join(&names, " ");
}

TEST("X11 of several containers the first one is shown, and said so")
{
	auto_err e = {0};
	auto_free char *note = NULL, *none = NULL;
	auto_free char *names = chosen(three, (struct logs_choice){.container = ""}, &note, &e);
	auto_free char *one = chosen(three, (struct logs_choice){.container = "c"}, &none, &e);
	auto_free char *all = chosen(three, (struct logs_choice){"", true}, &none, &e);
	auto_free char *bad = chosen(three, (struct logs_choice){.container = "x"}, &none, &e);

	CHECK_STR(names, "a");
	CHECK_STR(note, "Defaulted container \"a\" out of: a, b, c (init)");
	CHECK_STR(one, "c");
	CHECK_STR(all, "c a b");
	CHECK_STR(bad, NULL);
	CHECK_STR(err_msg(&e), "container x is not valid for pod p out of: a, b, c (init)");
}

TEST("the annotation of a default container is heeded in silence")
{
	static const char pod[] =
	    "{\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/default-container\":\"b\"}},"
	    "\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}}";
	auto_err e = {0};
	auto_free char *note = NULL;
	auto_free char *names = chosen(pod, (struct logs_choice){.container = ""}, &note, &e);

	CHECK_STR(names, "b");
	CHECK_STR(note, NULL);
}

int main(void)
{
	return test_main();
}
