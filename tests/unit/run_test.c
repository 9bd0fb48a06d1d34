#include "test.h"

#include "../../cmd/cmd.h"
#include "../../cmd/logstream.h"
#include "../../cmd/run_job.h"
#include "../../cmd/run_state.h"

#include <unistd.h>

/* ---- the object ---- */

static json *object(struct err *e, const char *const *argv)
{
	auto_opts o = {0};
	size_t argc = 0;

	while (argv[argc])
		argc++;
	opts_add_table(&o, cmd_run.options);
	if (opts_parse(&o, argv, argc, e) < 0)
		return NULL;
	return run_object(&o, "default", o.args, o.argc, e);
}

#define OBJECT(e, ...) object(&(e), (const char *const[]){__VA_ARGS__, NULL})

static bool is_json(const json *j, const char *text)
{
	auto_json *want = json_parse(text, strlen(text), 0, NULL);

	return want && json_equal(j, want);
}

TEST("a plain run is a job that never retries")
{
	auto_err e = {0};
	auto_json *j = OBJECT(e, "x", "--image=i", "--", "echo", "hi");

	CHECK(is_json(j,
	    "{\"apiVersion\":\"batch/"
	    "v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"x\",\"namespace\":"
	    "\"default\",\"labels\":{\"run\":\"x\"}},\"spec\":{\"backoffLimit\":0,\"template\":{"
	    "\"metadata\":{"
	    "\"labels\":{\"run\":\"x\"}},\"spec\":{\"containers\":[{\"name\":\"x\",\"image\":\"i\","
	    "\"imagePullPolicy\":\"IfNotPresent\",\"args\":[\"echo\",\"hi\"]}],\"restartPolicy\":"
	    "\"Never\",\"terminationGracePeriodSeconds\":10}}}}"));
}

TEST("on failure keeps the default back off limit")
{
	auto_err e = {0};
	auto_json *j = OBJECT(e, "x", "--image=i", "--restart=OnFailure"), *k = NULL;

	CHECK(!json_has(j, "spec.backoffLimit"));
	CHECK_STR(json_str(j, "spec.template.spec.restartPolicy"), "OnFailure");
	k = OBJECT(e, "x", "--image=i", "--restart=OnFailure", "--backoff-limit=3");
	CHECK(json_int(k, "spec.backoffLimit", -1) == 3);
}

TEST("always makes a bare pod")
{
	auto_err e = {0};
	auto_json *j = OBJECT(e, "x", "--image=i", "--restart=Always", "--timeout=1500ms");
	auto_json *k = NULL;

	CHECK_STR(json_str(j, "kind"), "Pod");
	CHECK(json_int(j, "spec.activeDeadlineSeconds", 0) == 2);
	k = OBJECT(e, "x", "--image=i", "--restart=Always", "--completions=2");
	CHECK(!k);
	CHECK_STR(err_msg(&e), "--completions is for Jobs; --restart=Always runs a bare Pod");
}

TEST("standard input and a terminal are asked for in the container's spec")
{
	static const struct {
		const char *options[2];
		bool in, once, tty;
	} cases[] = {
	    {{"-i"}, true, true, false},
	    {{"-it"}, true, true, true},
	    {{"-it", "--leave-stdin-open"}, true, false, true},
	    {{"-it", "--restart=Always"}, true, true, true},
	    {{"-q"}, false, false, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_err e = {0};
		auto_json *j =
		    OBJECT(e, "x", "--image=i", cases[i].options[0], cases[i].options[1]);
		const json *c = run_container(j);

		CHECK(json_bool(c, "stdin", false) == cases[i].in);
		CHECK(json_bool(c, "stdinOnce", false) == cases[i].once);
		CHECK(json_bool(c, "tty", false) == cases[i].tty);
	}
}

TEST("a schedule makes a cron job of the same job")
{
	auto_err e = {0};
	auto_json *j = OBJECT(e, "x", "--image=i", "--schedule=@daily", "--time-zone=Etc/UTC",
	    "--ttl=90s", "--completions=3", "--indexed");
	const json *job = json_path(j, "spec.jobTemplate");

	CHECK_STR(json_str(j, "kind"), "CronJob");
	CHECK_STR(json_str(j, "spec.schedule"), "@daily");
	CHECK_STR(json_str(j, "spec.timeZone"), "Etc/UTC");
	CHECK_STR(json_str(j, "metadata.labels.run"), "x");
	CHECK_STR(json_str(job, "metadata.labels.run"), "x");
	CHECK_STR(json_str(job, "spec.template.metadata.labels.run"), "x");
	CHECK_STR(json_str(job, "spec.template.spec.restartPolicy"), "Never");
	CHECK_STR(json_str(job, "spec.completionMode"), "Indexed");
	CHECK(json_int(job, "spec.ttlSecondsAfterFinished", -1) == 90);
	CHECK(json_int(job, "spec.backoffLimit", -1) == 0);
	CHECK(!json_has(j, "spec.template"));
}

TEST("env without a value is taken from here")
{
	auto_err e = {0};
	auto_json *j = NULL;

	setenv("RUN_TEST_SET", "yes", 1);
	unsetenv("RUN_TEST_UNSET");
	j = OBJECT(e, "x", "--image=i", "-eA=1=2", "-e", "RUN_TEST_SET", "-eRUN_TEST_UNSET",
	    "--env=EMPTY=");
	CHECK(is_json(json_get(json_first(json_path(j, "spec.template.spec.containers")), "env"),
	    "[{\"name\":\"A\",\"value\":\"1=2\"},{\"name\":\"RUN_TEST_SET\",\"value\":\"yes\"},"
	    "{\"name\":\"EMPTY\",\"value\":\"\"}]"));
}

TEST("overrides are merged last")
{
	auto_err e = {0};
	auto_json *j =
	    OBJECT(e, "x", "--image=i", "--overrides={\"spec\":{\"ttlSecondsAfterFinished\":5}}");
	auto_json *bad = NULL;

	CHECK(json_int(j, "spec.ttlSecondsAfterFinished", 0) == 5);
	CHECK_STR(json_str(j, "spec.template.spec.restartPolicy"), "Never");
	bad = OBJECT(e, "x", "--image=i", "--overrides=[1]");
	CHECK(!bad);
	CHECK_STR(err_msg(&e), "--overrides must be a JSON object");
}

TEST("a port, all rights, and the service that exposes the run")
{
	auto_err e = {0};
	const char *const argv[] = {
	    "x", "--image=i", "--port=80", "--privileged", "-l", "a=b", NULL};
	auto_json *job = object(&e, argv), *service = NULL;
	auto_opts o = {0};
	const json *c = json_at(json_path(job, "spec.template.spec.containers"), 0);

	CHECK(is_json(json_get(c, "ports"), "[{\"containerPort\":80}]"));
	CHECK(json_bool(c, "securityContext.privileged", false));
	opts_add_table(&o, cmd_run.options);
	CHECK_INT(opts_parse(&o, argv, ARRAY_LEN(argv) - 1, &e), 0);
	service = run_service(&o, job);
	CHECK_STR(json_str(service, "metadata.name"), "x");
	CHECK(is_json(json_path(service, "spec"),
	    "{\"ports\":[{\"port\":80,\"protocol\":\"TCP\",\"targetPort\":80}],\"selector\":{"
	    "\"a\":\"b\"}}"));
}

TEST("labels replace the default one")
{
	auto_err e = {0};
	auto_json *j = OBJECT(e, "x", "--image=i", "-l", "a=b,c=", "--annotations=n=1");
	auto_json *bad = NULL;

	CHECK(is_json(json_path(j, "metadata.labels"), "{\"a\":\"b\",\"c\":\"\"}"));
	CHECK(is_json(json_path(j, "spec.template.metadata.annotations"), "{\"n\":\"1\"}"));
	bad = OBJECT(e, "x", "--image=i", "-l", "nonsense");
	CHECK_STR(err_msg(&e), "--labels: \"nonsense\" is not KEY=VALUE");
}

TEST("reuse of sandboxes is an annotation of the Job, not of its pods")
{
	auto_err e = {0};
	auto_json *j = OBJECT(e, "x", "--image=i", "--reuse-sandbox");
	auto_json *no = OBJECT(e, "x", "--image=i", "--reuse-sandbox=false");
	auto_json *cron = OBJECT(e, "x", "--image=i", "--reuse-sandbox", "--schedule=@daily");
	auto_json *pod = OBJECT(e, "x", "--image=i", "--reuse-sandbox", "--restart=Always");

	CHECK(
	    is_json(json_path(j, "metadata.annotations"), "{\"kjob.io/reuse-sandbox\":\"true\"}"));
	CHECK(!json_has(j, "spec.template.metadata.annotations"));
	CHECK(is_json(
	    json_path(no, "metadata.annotations"), "{\"kjob.io/reuse-sandbox\":\"false\"}"));
	CHECK(is_json(json_path(cron, "spec.jobTemplate.metadata.annotations"),
	    "{\"kjob.io/reuse-sandbox\":\"true\"}"));
	CHECK(!pod);
	CHECK_STR(err_msg(&e), "--reuse-sandbox is for Jobs; --restart=Always runs a bare Pod");
}

/* ---- what pods and Jobs tell ---- */

static json *parsed(const char *text)
{
	return json_parse(text, strlen(text), 0, NULL);
}

#define POD(phase, status)                                                                         \
	"{\"metadata\":{\"name\":\"p\",\"uid\":\"u\"},\"spec\":{\"containers\":[{\"name\":\"c\"}]" \
	"},"                                                                                       \
	"\"status\":{\"phase\":\"" phase "\",\"containerStatuses\":[{\"name\":\"c\"," status       \
	"}]}}"

TEST("a view tells which attempt has output")
{
	static const struct {
		const char *pod;
		enum view_stage stage;
		int attempt, code;
		bool trouble, cannot;
	} cases[] = {
	    {POD("Pending", "\"state\":{\"waiting\":{\"reason\":\"ContainerCreating\"}}"),
		VIEW_WAITING, -1, 0, false, false},
	    {POD("Pending", "\"state\":{\"waiting\":{\"reason\":\"ErrImagePull\"}}"), VIEW_WAITING,
		-1, 0, true, false},
	    {POD("Running", "\"state\":{\"running\":{}},\"restartCount\":2"), VIEW_RUNNING, 2, 0,
		false, false},
	    {POD("Failed", "\"state\":{\"terminated\":{\"exitCode\":7}}"), VIEW_TERMINATED, 0, 7,
		false, false},
	    {POD("Failed",
		 "\"state\":{\"terminated\":{\"exitCode\":127,\"reason\":\"ContainerCannotRun\"}}"),
		VIEW_TERMINATED, 0, 127, false, true},
	    {POD("Running",
		 "\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}},\"restartCount\":1,"
		 "\"lastState\":{\"terminated\":{\"exitCode\":3}}"),
		VIEW_WAITING, 1, 3, false, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *pod = parsed(cases[i].pod);
		struct pod_view v;

		pod_view(pod, &v);
		CHECK_STR(v.name, "p");
		CHECK(v.stage == cases[i].stage);
		CHECK(v.attempt == cases[i].attempt);
		CHECK(v.exit_code == cases[i].code);
		CHECK(view_is_trouble(&v) == cases[i].trouble);
		CHECK(view_cannot_run(&v) == cases[i].cannot);
	}
}

TEST("the shape tells whether one pod decides")
{
#define JOB(spec)                           \
	"{\"kind\":\"Job\",\"spec\":{" spec \
	",\"template\":{\"spec\":{\"restartPolicy\":\"Never\"}}}}"
	static const struct {
		const char *job;
		bool many, tells;
	} cases[] = {
	    {JOB("\"completions\":1,\"parallelism\":1,\"backoffLimit\":0"), false, true},
	    {JOB("\"completions\":1,\"parallelism\":1,\"backoffLimit\":2"), false, false},
	    {JOB("\"completions\":1,\"parallelism\":1,\"backoffLimit\":0,\"activeDeadlineSeconds\":"
		 "9"),
		false, false},
	    {JOB("\"completions\":4,\"parallelism\":1,\"backoffLimit\":0"), true, false},
	    {JOB("\"parallelism\":2,\"backoffLimit\":0"), true, false},
	};
#undef JOB

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *job = parsed(cases[i].job);
		struct run_shape s;

		run_shape_of(job, &s);
		CHECK(s.is_job);
		CHECK(s.many == cases[i].many);
		CHECK(s.pod_tells == cases[i].tells);
	}
}

TEST("the verdict follows from the facts")
{
	static const struct {
		struct run_facts f;
		int code;
	} cases[] = {
	    /* one pod decides */
	    {{.shape = {.is_job = true, .pod_tells = true}, .last_code = -1, .first_failure = -1},
		-1},
	    {{.shape = {.is_job = true, .pod_tells = true},
		 .pod_ended = true,
		 .pod_succeeded = true},
		0},
	    {{.shape = {.is_job = true, .pod_tells = true},
		 .pod_ended = true,
		 .last_code = 7,
		 .first_failure = 7},
		7},
	    /* retries: the Job's end decides, the last pod's code counts */
	    {{.shape = {.is_job = true}, .pod_ended = true, .last_code = 7, .first_failure = 7},
		-1},
	    {{.shape = {.is_job = true},
		 .job = RUN_FAILED,
		 .pod_ended = true,
		 .last_code = 9,
		 .first_failure = 7},
		9},
	    /* several completions: the first failure's code */
	    {{.shape = {.is_job = true, .many = true},
		 .pod_ended = true,
		 .pod_succeeded = true,
		 .last_code = 0},
		-1},
	    {{.shape = {.is_job = true, .many = true}, .job = RUN_COMPLETE, .first_failure = 5}, 0},
	    {{.shape = {.is_job = true, .many = true},
		 .job = RUN_FAILED,
		 .last_code = 0,
		 .first_failure = 5},
		5},
	    {{.shape = {.is_job = true, .many = true},
		 .job = RUN_FAILED,
		 .last_code = 0,
		 .first_failure = -1},
		1},
	    {{.shape = {.is_job = true},
		 .job = RUN_FAILED,
		 .job_timed_out = true,
		 .last_code = 143},
		RUN_EXIT_TIMEOUT},
	    {{.shape = {.is_job = true}, .job = RUN_DELETED, .last_code = -1}, RUN_EXIT_TROUBLE},
	    {{.shape = {.is_job = true}, .job = RUN_DELETED, .pod_ended = true, .last_code = 143},
		143},
	    /* a bare Pod */
	    {{.last_code = -1, .first_failure = -1}, -1},
	    {{.pod_ended = true, .last_code = 0}, 0},
	    {{.pod_ended = true, .last_code = 127}, 127},
	    {{.pod_ended = true, .pod_timed_out = true, .last_code = 0}, RUN_EXIT_TIMEOUT},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK(run_verdict(&cases[i].f) == cases[i].code);
}

/* ---- output ---- */

TEST("frames may come in any pieces")
{
	static const char data[] =
	    "\1\0\0\0\0\0\0\3abc\2\0\0\0\0\0\0\2de\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\1f";
	size_t len = sizeof(data) - 1;

	for (size_t piece = 1; piece <= len; piece++) {
		struct frame_parser p = {0};
		char out[8] = "", err[8] = "";

		for (size_t from = 0; from < len; from += piece) {
			size_t n = len - from < piece ? len - from : piece, at = 0, got;
			const char *text;
			int stream;

			while ((stream = frame_next(&p, data + from, n, &at, &text, &got))) {
				char *to = stream == 2 ? err : out;

				memcpy(to + strlen(to), text, got);
			}
		}
		CHECK_STR(out, "abcf");
		CHECK_STR(err, "de");
	}
}

static void read_all(int fd, char *buf, size_t size)
{
	ssize_t n = read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
}

TEST("a prefix stands before whole lines only")
{
	struct line_sink s = {0};
	struct outlet o = {0};
	char got[256];
	int fds[2];

	CHECK(pipe(fds) == 0);
	o.out_fd = fds[1];
	line_sink_write(&s, &o, fds[1], "[p] ", "one\ntw", 6, false);
	line_sink_write(&s, &o, fds[1], "[p] ", "o\n\nend", 6, false);
	line_sink_write(&s, &o, fds[1], "[p] ", NULL, 0, true);
	read_all(fds[0], got, sizeof(got));
	CHECK_STR(got, "[p] one\n[p] two\n[p] \n[p] end\n");
	close(fds[0]);
	close(fds[1]);
	buf_release(&s.partial);
}

int main(void)
{
	return test_main();
}
