#include "test.h"

#include "../../probes/probe.h"

/* One container of a pod and one probe of it, moved through time by a script. */
struct world {
	struct probe_spec spec;
	struct probe_state st;
	struct probe_obs obs;
	char trace[1024];
};

static struct world world_new(enum probe_kind kind, int64_t delay, int64_t period)
{
	struct world w = {.spec = {.kind = kind, .initial_delay_s = delay, .period_s = period}};

	probe_spec_default(&w.spec);
	w.obs = (struct probe_obs){
	    .container_id = "one",
	    .running = true,
	    .started = kind != PROBE_STARTUP,
	    .started_at_ms = 100000,
	    .now_ms = 100000,
	    .controller_start_ms = 0,
	    .jitter = 0.5,
	};
	return w;
}

static const char verdicts[] = {
    [PROBE_UNKNOWN] = '?', [PROBE_SUCCESS] = '+', [PROBE_FAILURE] = '-'};

static void say(struct world *w, const char *text)
{
	size_t len = strlen(w->trace);

	snprintf(w->trace + len, sizeof(w->trace) - len, "%s%s", len ? " " : "", text);
}

static struct probe_decision decide(struct world *w)
{
	return probe_decide(&w->spec, &w->st, &w->obs);
}

/*
 * Lives until END_MS after the container's start; every run ends at once with the next letter of
 * RESULTS: + success, - failure, ! an error of the prober. Traces "seconds:result" and behind it
 * the verdict where it flipped.
 */
static void live(struct world *w, int64_t end_ms, const char *results)
{
	for (int steps = 0; steps < 1000; steps++) {
		struct probe_decision d = decide(w);
		char text[64];
		enum probe_verdict v;
		bool flipped;

		if (d.what == PROBE_END) {
			say(w, "end");
			return;
		}
		if (d.what == PROBE_WAIT) {
			if (d.at_ms > w->obs.started_at_ms + end_ms) {
				w->obs.now_ms = w->obs.started_at_ms + end_ms;
				return;
			}
			CHECK(d.at_ms > w->obs.now_ms);
			w->obs.now_ms = d.at_ms;
			continue;
		}
		if (!*results) {
			say(w, "more");
			return;
		}
		v = *results == '+'   ? PROBE_SUCCESS
		    : *results == '-' ? PROBE_FAILURE
				      : PROBE_UNKNOWN;
		flipped = probe_note(&w->spec, &w->st, v, NULL);
		snprintf(text, sizeof(text), "%g:%c",
		    (double)(w->obs.now_ms - w->obs.started_at_ms) / 1000, *results++);
		say(w, text);
		if (flipped) {
			snprintf(text, sizeof(text), "%c", verdicts[w->st.verdict]);
			say(w, text);
		}
		if (flipped && w->spec.kind == PROBE_STARTUP && w->st.verdict == PROBE_SUCCESS)
			w->obs.started = true;
	}
	CHECK(!"it never comes to an end");
}

TEST("each kind begins with the verdict that Kubernetes gives it")
{
	static const struct {
		enum probe_kind kind;
		enum probe_verdict verdict;
	} rows[] = {
	    {PROBE_STARTUP, PROBE_UNKNOWN},
	    {PROBE_LIVENESS, PROBE_SUCCESS},
	    {PROBE_READINESS, PROBE_FAILURE},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w = world_new(rows[i].kind, 5, 1);
		struct probe_decision d = decide(&w);

		CHECK(d.flipped);
		CHECK_INT(d.what, PROBE_WAIT);
		CHECK_INT(w.st.verdict, rows[i].verdict);
		CHECK(!decide(&w).flipped);
	}
}

TEST("defaults are those of Kubernetes")
{
	struct probe_spec s = {.kind = PROBE_LIVENESS};

	probe_spec_default(&s);
	CHECK_INT(s.period_s, 10);
	CHECK_INT(s.timeout_s, 1);
	CHECK_INT(s.success_threshold, 1);
	CHECK_INT(s.failure_threshold, 3);
}

TEST("runs, thresholds and flips")
{
	static const struct {
		const char *what;
		enum probe_kind kind;
		int64_t delay, period;
		int success, failure;
		int64_t end_ms;
		const char *results, *trace;
	} rows[] = {
	    {"N16: the first run waits for the initial delay, from the container's start",
		PROBE_READINESS, 15, 10, 1, 3, 40000, "+++", "15:+ + 25:+ 35:+"},
	    {"without a delay the first run is at once", PROBE_READINESS, 0, 10, 1, 3, 20000, "+++",
		"0:+ + 10:+ 20:+"},
	    {"three failures in a row fail a readiness", PROBE_READINESS, 0, 1, 1, 3, 6000,
		"+--+---", "0:+ + 1:- 2:- 3:+ 4:- 5:- 6:- -"},
	    {"a single success resets the count of failures", PROBE_LIVENESS, 0, 1, 1, 3, 7000,
		"--+--+--", "0:- 1:- 2:+ 3:- 4:- 5:+ 6:- 7:-"},
	    {"a single failure resets the count of successes", PROBE_READINESS, 0, 1, 3, 1, 7000,
		"++-+++-+", "0:+ 1:+ 2:- 3:+ 4:+ 5:+ + 6:- - 7:+"},
	    {"N12: a liveness probe fails at its threshold and pauses", PROBE_LIVENESS, 0, 1, 1, 3,
		60000, "+---", "0:+ 1:- 2:- 3:- -"},
	    {"N17: a startup probe fails at its threshold and pauses", PROBE_STARTUP, 0, 2, 1, 3,
		60000, "---", "0:- 2:- 4:- -"},
	    {"a startup probe ends its work with the first success", PROBE_STARTUP, 1, 2, 1, 3,
		60000, "--+", "1:- 3:- 5:+ +"},
	    {"an error of the prober is tried three times at once, and then forgotten",
		PROBE_LIVENESS, 0, 1, 1, 1, 2000, "!!!!!+!!-",
		"0:! 0:! 0:! 1:! 1:! 1:+ 2:! 2:! 2:- -"},
	    {"errors do not break a row of failures", PROBE_LIVENESS, 0, 1, 1, 2, 9000, "-!!!-",
		"0:- 1:! 1:! 1:! 2:- -"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w = world_new(rows[i].kind, rows[i].delay, rows[i].period);

		w.spec.success_threshold = rows[i].success;
		w.spec.failure_threshold = rows[i].failure;
		live(&w, rows[i].end_ms, rows[i].results);
		if (strcmp(w.trace, rows[i].trace) != 0)
			printf("# %s\n", rows[i].what);
		CHECK_STR(w.trace, rows[i].trace);
	}
}

TEST("N17: liveness and readiness wait for the start, and count their delay from the container's")
{
	struct world w = world_new(PROBE_LIVENESS, 5, 10);
	struct probe_decision d;

	w.obs.started = false;
	w.obs.now_ms += 20000;
	d = decide(&w);
	CHECK_INT(d.what, PROBE_WAIT);
	CHECK_INT(d.at_ms, PROBE_NEVER);
	w.obs.started = true;
	live(&w, 31000, "+++");
	CHECK_STR(w.trace, "20:+ 30:+");
}

TEST("a readiness probe is triggered by the start, and its period begins anew")
{
	struct world w = world_new(PROBE_READINESS, 0, 10);

	live(&w, 4000, "-");
	probe_trigger(&w.st);
	live(&w, 15000, "++");
	CHECK_STR(w.trace, "0:- 4:+ + 14:+");
}

TEST("a trigger does not shorten the initial delay")
{
	struct world w = world_new(PROBE_READINESS, 10, 10);

	decide(&w);
	probe_trigger(&w.st);
	live(&w, 15000, "+");
	CHECK_STR(w.trace, "10:+ +");
}

TEST("N12: after a failure nothing runs until another container comes")
{
	struct world w = world_new(PROBE_LIVENESS, 0, 1);
	struct probe_decision d;

	live(&w, 60000, "---");
	CHECK(probe_kills(&w.spec, &w.st));
	CHECK_INT(decide(&w).at_ms, PROBE_NEVER);
	w.obs.running = false;
	CHECK_INT(decide(&w).what, PROBE_WAIT);
	w.obs.container_id = "two";
	w.obs.running = true;
	w.obs.started_at_ms = w.obs.now_ms;
	d = decide(&w);
	CHECK_INT(d.what, PROBE_RUN);
	CHECK(d.flipped);
	CHECK_INT(w.st.verdict, PROBE_SUCCESS);
	CHECK(!probe_kills(&w.spec, &w.st));
}

TEST("a row of results does not reach into the next container")
{
	struct world w = world_new(PROBE_LIVENESS, 0, 1);

	live(&w, 1500, "--");
	w.obs.container_id = "two";
	w.obs.started_at_ms = w.obs.now_ms;
	w.trace[0] = '\0';
	live(&w, 60000, "---");
	CHECK_STR(w.trace, "0:- 1:- 2:- -");
}

TEST("what runs for a container that is gone is cancelled, and its result counts for nothing")
{
	struct world w = world_new(PROBE_LIVENESS, 0, 10);
	struct probe_decision d;
	bool report = true;

	w.spec.failure_threshold = 1;
	CHECK_INT(decide(&w).what, PROBE_RUN);
	CHECK_INT(decide(&w).what, PROBE_WAIT); /* one at a time */
	w.obs.container_id = "two";
	w.obs.started_at_ms = w.obs.now_ms += 2000;
	d = decide(&w);
	CHECK(d.cancel);
	CHECK_INT(d.what, PROBE_RUN);
	w.obs.running = false;
	d = decide(&w);
	CHECK(d.cancel);
	CHECK_INT(d.what, PROBE_WAIT);
	CHECK(!probe_note(&w.spec, &w.st, PROBE_FAILURE, &report));
	CHECK(!report);
}

TEST("N19: deletion ends liveness and startup with a success, readiness goes on")
{
	static const struct {
		enum probe_kind kind;
		enum probe_what what;
	} rows[] = {
	    {PROBE_STARTUP, PROBE_END}, {PROBE_LIVENESS, PROBE_END}, {PROBE_READINESS, PROBE_RUN}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w = world_new(rows[i].kind, 0, 1);
		struct probe_decision d;

		live(&w, 100, "-");
		w.obs.now_ms += 2000;
		CHECK_INT(decide(&w).what, PROBE_RUN);
		w.obs.deleting = true;
		d = decide(&w);
		CHECK_INT(d.cancel, rows[i].what == PROBE_END);
		if (rows[i].what == PROBE_RUN) {
			CHECK_INT(d.what, PROBE_WAIT);
			continue;
		}
		CHECK_INT(d.what, PROBE_END);
		CHECK_INT(w.st.verdict, PROBE_SUCCESS);
		w.obs.now_ms += 60000;
		CHECK_INT(decide(&w).what, PROBE_END);
	}
}

TEST("N19: readiness turns false while the pod is being deleted")
{
	struct world w = world_new(PROBE_READINESS, 0, 1);

	w.obs.deleting = true;
	live(&w, 4000, "+---+");
	CHECK_STR(w.trace, "0:+ + 1:- 2:- 3:- - 4:+ +");
}

TEST("a container that stops is not ready at once; one that will not run again ends the probe")
{
	struct world w = world_new(PROBE_READINESS, 0, 1);
	struct probe_decision d;

	live(&w, 500, "+");
	w.obs.running = false;
	d = decide(&w);
	CHECK(d.flipped);
	CHECK_INT(w.st.verdict, PROBE_FAILURE);
	CHECK_INT(d.what, PROBE_WAIT);
	w.obs.over = true;
	CHECK_INT(decide(&w).what, PROBE_END);
	w = world_new(PROBE_LIVENESS, 0, 1);
	w.obs.pod_over = true;
	CHECK_INT(decide(&w).what, PROBE_END);
}

TEST("a container that is made but not started yet keeps the first verdict")
{
	struct world w = world_new(PROBE_LIVENESS, 0, 1);

	w.obs.container_id = NULL;
	CHECK_INT(decide(&w).what, PROBE_WAIT);
	w.obs.container_id = "one";
	w.obs.running = false;
	decide(&w);
	CHECK_INT(w.st.verdict, PROBE_SUCCESS);
	w.obs.running = true;
	CHECK_INT(decide(&w).what, PROBE_RUN);
}

TEST("only in the first period after a start of the controller the first run is spread")
{
	static const struct {
		int64_t uptime_ms;
		double jitter;
		const char *trace;
	} rows[] = {
	    {0, 0.5, "5:+ + 15:+"},
	    {9999, 0.25, "2.5:+ + 12.5:+"},
	    {10000, 0.5, "0:+ + 10:+"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w = world_new(PROBE_READINESS, 0, 10);

		w.obs.controller_start_ms = w.obs.now_ms - rows[i].uptime_ms;
		w.obs.jitter = rows[i].jitter;
		live(&w, 18000, "+++");
		CHECK_STR(w.trace, rows[i].trace);
	}
}

TEST("a slow run shifts nothing: what was missed is made up for once")
{
	struct world w = world_new(PROBE_READINESS, 0, 10);

	CHECK_INT(decide(&w).what, PROBE_RUN);
	w.obs.now_ms += 34000;
	CHECK_INT(decide(&w).what, PROBE_WAIT);
	probe_note(&w.spec, &w.st, PROBE_SUCCESS, NULL);
	live(&w, 52000, "++++");
	CHECK_STR(w.trace, "34:+ 40:+ 50:+");
}

TEST("events are due for every failure and for the last of three errors")
{
	struct world w = world_new(PROBE_LIVENESS, 0, 1);
	static const struct {
		enum probe_verdict result;
		bool report;
	} rows[] = {
	    {PROBE_SUCCESS, false},
	    {PROBE_FAILURE, true},
	    {PROBE_UNKNOWN, false},
	    {PROBE_UNKNOWN, false},
	    {PROBE_UNKNOWN, true},
	    {PROBE_FAILURE, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool report;

		while (decide(&w).what == PROBE_WAIT)
			w.obs.now_ms += 100;
		probe_note(&w.spec, &w.st, rows[i].result, &report);
		CHECK_INT(report, rows[i].report);
	}
}

int main(void)
{
	return test_main();
}
