#include "job_fixture.h"

static int64_t now_sec(void)
{
	return clock_wall_ns() / NSEC_PER_SEC;
}

/* "TYPE=STATUS REASON: MESSAGE" of each condition; owned. */
static char *conditions(struct world *w, const char *job)
{
	auto_json *obj = get_job(w, job);
	auto_strlist list = {0};

	json_for (c, json_path(obj, "status.conditions"))
		strlist_addf(&list, "%s=%s %s: %s", json_str_or(c, "type", "?"),
		    json_str_or(c, "status", "?"), json_str_or(c, "reason", "?"),
		    json_str_or(c, "message", "?"));
	return strlist_join(&list, " | ");
}

static void check_conditions(struct world *w, const char *job, const char *wanted)
{
	auto_free char *got = conditions(w, job);

	CHECK_STR(got, wanted);
}

#define COMPLETE                                                                            \
	"SuccessCriteriaMet=True CompletionsReached: Reached expected number of succeeded " \
	"pods | Complete=True CompletionsReached: Reached expected number of succeeded pods"

TEST("J01 the success of its pod completes a job, and its status has just the usual fields")
{
	struct world *w = world_new();
	auto_json *job = NULL;

	make_job(w, "j", "");
	CHECK_INT(pod_count(w, "j"), 1);
	check_job(w, "j", "status.active", "1");
	check_job(w, "j", "status.ready", "0");
	nth_becomes(w, "j", 0, "Succeeded", 0);
	check_conditions(w, "j", COMPLETE);
	job = get_job(w, "j");
	CHECK_STR(json_str(job, "status.completionTime"),
	    json_str(meta_condition(job, "Complete"), "lastTransitionTime"));
	CHECK_INT(json_len(json_get(job, "status")), 7);
	check_job(w, "j", "status.succeeded", "1");
	check_job(w, "j", "status.uncountedTerminatedPods", "{}");
	check_job(w, "j", "status.active", "-");
	check_job(w, "j", "status.failed", "-");
	check_job(w, "j", "status.completedIndexes", "-");
	CHECK_INT(events_like(w, "Normal SuccessfulCreate Created pod: j-"), 1);
	CHECK_INT(events_like(w, "Normal Completed Job completed"), 1);
	CHECK_INT(jobs_unfinished(w->jobs), 0);
	world_free(w);
}

TEST("F01 a failed job has an interim and a final condition, an event, and no completionTime")
{
	struct world *w = world_new();

	make_job(w, "j", "'backoffLimit':0");
	nth_becomes(w, "j", 0, "Failed", 1);
	check_conditions(w, "j",
	    "FailureTarget=True BackoffLimitExceeded: Job has reached the specified backoff limit "
	    "| Failed=True BackoffLimitExceeded: Job has reached the specified backoff limit");
	check_job(w, "j", "status.failed", "1");
	check_job(w, "j", "status.completionTime", "-");
	CHECK_INT(events_like(w, "Warning BackoffLimitExceeded Job has reached"), 1);
	world_free(w);
}

TEST("J14 F20 counts outlive a restart, and a pod is counted once")
{
	struct world *w = world_new();

	make_job(w, "j", "'completions':3,'parallelism':1,'backoffLimit':3");
	nth_becomes(w, "j", 0, "Failed", 1);
	restart(w);
	check_job(w, "j", "status.failed", "1");
	CHECK_INT(pod_count(w, "j"), 2);
	restart(w);
	CHECK_INT(pod_count(w, "j"), 2);
	check_job(w, "j", "status.failed", "1");
	check_job(w, "j", "status.active", "1");
	CHECK_INT(jobs_unfinished(w->jobs), 1);
	world_free(w);
}

TEST("a pod that ended while no controller ran is counted at the next start")
{
	struct world *w = world_new();
	auto_free char *name = NULL;
	json *pod;

	make_job(w, "j", "");
	name = pod_name(w, "j", 0);
	pod = get_pod(w, name);
	set_phase(pod, "Succeeded", 0);
	put(w, pod_kind(), pod, UPDATE_SYSTEM);
	CHECK_INT(store_commit(w->env.store, NULL), 0);
	restart(w);
	check_conditions(w, "j", COMPLETE);
	check_at(w, pod_kind(), name, "metadata.finalizers", "-");
	world_free(w);
}

TEST("a pod deleted by force goes when it is counted, and the job ends without more news")
{
	struct world *w = world_new();
	auto_free char *name = NULL;
	struct delete_options o = {.grace_seconds = 0};
	bool gone;

	make_job(w, "j", "'backoffLimit':0");
	name = pod_name(w, "j", 0);
	json_free(registry_delete(w->env.store, pod_kind(), "default", name, &o, &gone, NULL));
	settle(w);
	CHECK_INT(pod_count(w, "j"), 0);
	check_job(w, "j", "status.failed", "1");
	check_job(w, "j", "status.terminating", "0");
	check_conditions(w, "j",
	    "FailureTarget=True BackoffLimitExceeded: Job has reached the specified backoff limit "
	    "| Failed=True BackoffLimitExceeded: Job has reached the specified backoff limit");
	world_free(w);
}

TEST("what was not committed happens again after a crash, once")
{
	struct world *w = world_new();
	auto_free char *name = NULL;
	json *pod;

	make_job(w, "j", "'completions':2");
	name = pod_name(w, "j", 0);
	pod = get_pod(w, name);
	set_phase(pod, "Succeeded", 0);
	put(w, pod_kind(), pod, UPDATE_SYSTEM);
	CHECK_INT(store_commit(w->env.store, NULL), 0);
	while (jobs_reconcile(w->jobs))
		;
	check_job(w, "j", "status.succeeded", "1");
	restart(w); /* the round above is lost */
	check_job(w, "j", "status.succeeded", "1");
	CHECK_INT(pod_count(w, "j"), 2);
	world_free(w);
}

TEST("P01 the message names the pod, also in the final condition when that pod is gone")
{
	static const char policy[] = "'completions':2,'parallelism':2,'podFailurePolicy':{'rules':"
				     "[{'action':'FailJob','onExitCodes':{'operator':'In',"
				     "'values':[3]}}]}";
	struct world *w = world_new();
	auto_free char *first = NULL, *second = NULL, *wanted = NULL;
	struct delete_options o = {.grace_seconds = -1};
	bool gone;

	make_job(w, "j", policy);
	first = pod_name(w, "j", 0);
	second = pod_name(w, "j", 1);
	pod_becomes(w, second, "Running", -1);
	pod_becomes(w, first, "Failed", 3);
	wanted = xasprintf("FailureTarget=True PodFailurePolicy: Container c for pod default/%s "
			   "failed with exit code 3 matching FailJob rule at index 0",
	    first);
	check_conditions(w, "j", wanted);
	check_job(w, "j", "status.terminating", "1");
	json_free(registry_delete(w->env.store, pod_kind(), "default", first, &o, &gone, NULL));
	settle(w);
	CHECK(!get_pod(w, first));
	pod_becomes(w, second, "Failed", 137);
	free(wanted);
	wanted =
	    xasprintf("Warning PodFailurePolicy Container c for pod default/%s failed with", first);
	CHECK_INT(events_like(w, wanted), 1);
	{
		auto_json *job = get_job(w, "j");

		CHECK_STR(json_str(meta_condition(job, "Failed"), "message"),
		    json_str(meta_condition(job, "FailureTarget"), "message"));
	}
	world_free(w);
}

TEST("I01 pods of an Indexed job carry their index, and the done ones are listed")
{
	struct world *w = world_new();
	auto_free char *name = NULL;

	make_job(w, "j", "'completionMode':'Indexed','completions':4,'parallelism':2");
	CHECK_INT(pod_count(w, "j"), 2);
	name = pod_name(w, "j", 1);
	CHECK(str_has_prefix(name, "j-1-"));
	check_at(w, pod_kind(), name, "spec.hostname", "'j-1'");
	pod_becomes(w, name, "Succeeded", 0);
	check_job(w, "j", "status.completedIndexes", "'1'");
	check_job(w, "j", "status.failedIndexes", "-");
	check_job(w, "j", "status.succeeded", "1");
	CHECK_INT(pod_count(w, "j"), 3);
	world_free(w);
}

TEST("I09 failedIndexes is there from the start where backoffLimitPerIndex is, if empty")
{
	struct world *w = world_new();

	make_job(w, "j",
	    "'completionMode':'Indexed','completions':3,'parallelism':1,'backoffLimitPerIndex':0");
	check_job(w, "j", "status.failedIndexes", "''");
	nth_becomes(w, "j", 0, "Failed", 1);
	check_job(w, "j", "status.failedIndexes", "'0'");
	nth_becomes(w, "j", 1, "Succeeded", 0);
	nth_becomes(w, "j", 2, "Succeeded", 0);
	check_job(w, "j", "status.completedIndexes", "'1,2'");
	check_conditions(w, "j",
	    "FailureTarget=True FailedIndexes: Job has failed indexes | "
	    "Failed=True FailedIndexes: Job has failed indexes");
	world_free(w);
}

TEST("I10 the pod that replaces one of an index counts its failures")
{
	struct world *w = world_new();
	auto_free char *name = NULL;
	auto_json *pod = NULL;

	make_job(w, "j",
	    "'completionMode':'Indexed','completions':1,'parallelism':1,'backoffLimitPerIndex':2");
	nth_becomes(w, "j", 0, "Failed", 1);
	CHECK_INT(pod_count(w, "j"), 2);
	check_job(w, "j", "status.failed", "1");
	{
		auto_strlist names = pods_of(w, "j");

		for (size_t i = 0; i < names.len; i++) {
			auto_json *one = get_pod(w, names.items[i]);

			if (str_eq(json_str(one, "status.phase"), "Pending"))
				name = xstrdup(names.items[i]);
		}
	}
	pod = get_pod(w, name ? name : "?");
	CHECK_STR(json_string_value(json_get(json_path(pod, "metadata.annotations"),
		      "batch.kubernetes.io/job-index-failure-count")),
	    "1");
	world_free(w);
}

TEST("S01 a success policy says which of its rules was met")
{
	struct world *w = world_new();

	make_job(w, "j",
	    "'completionMode':'Indexed','completions':3,'parallelism':3,"
	    "'successPolicy':{'rules':[{'succeededIndexes':'2'},{'succeededIndexes':'1'}]}");
	nth_becomes(w, "j", 1, "Succeeded", 0);
	check_conditions(w, "j",
	    "SuccessCriteriaMet=True SuccessPolicy: Matched rules at index 1 | "
	    "Complete=True SuccessPolicy: Matched rules at index 1");
	check_job(w, "j", "status.failed", "-");
	CHECK_INT(events_like(w, "Normal Completed Job completed"), 1);
	world_free(w);
}

TEST("U01 U02 a job that is made suspended waits without startTime, and starts when resumed")
{
	struct world *w = world_new();
	auto_json *job = NULL;

	make_job(w, "j", "'suspend':true");
	CHECK_INT(pod_count(w, "j"), 0);
	check_conditions(w, "j", "Suspended=True JobSuspended: Job suspended");
	check_job(w, "j", "status.startTime", "-");
	CHECK_INT(events_like(w, "Normal Suspended Job suspended"), 1);
	patch_job(w, "j", "spec.suspend", "false");
	check_conditions(w, "j", "Suspended=False JobResumed: Job resumed");
	CHECK_INT(events_like(w, "Normal Resumed Job resumed"), 1);
	CHECK_INT(pod_count(w, "j"), 1);
	job = get_job(w, "j");
	CHECK(now_sec() - meta_time(job, "status.startTime") <= 2);
	nth_becomes(w, "j", 0, "Succeeded", 0);
	check_conditions(w, "j", "Suspended=False JobResumed: Job resumed | " COMPLETE);
	world_free(w);
}

TEST("U03 suspending deletes the pods uncounted and takes startTime away")
{
	struct world *w = world_new();

	make_job(w, "j", "'completions':2,'parallelism':2");
	nth_becomes(w, "j", 0, "Running", -1);
	nth_becomes(w, "j", 1, "Running", -1);
	patch_job(w, "j", "spec.suspend", "true");
	check_conditions(w, "j", "Suspended=True JobSuspended: Job suspended");
	check_job(w, "j", "status.startTime", "-");
	check_job(w, "j", "status.terminating", "2");
	nth_becomes(w, "j", 1, "Failed", 137);
	nth_becomes(w, "j", 0, "Failed", 137);
	CHECK_INT(pod_count(w, "j"), 0);
	check_job(w, "j", "status.failed", "-");
	check_job(w, "j", "status.terminating", "0");
	CHECK_INT(events_like(w, "Normal SuccessfulDelete Deleted pod: j-"), 2);
	world_free(w);
}

TEST("J17 a pod that has lost its ownerReference is adopted again")
{
	struct world *w = world_new();
	auto_free char *name = NULL, *owner = NULL;
	json *pod;

	make_job(w, "j", "");
	name = pod_name(w, "j", 0);
	pod = get_pod(w, name);
	owner = text_of(pod, "metadata.ownerReferences");
	json_del_path(pod, "metadata.ownerReferences");
	put(w, pod_kind(), pod, UPDATE_MAIN);
	settle(w);
	check_at(w, pod_kind(), name, "metadata.ownerReferences", owner);
	check_at(
	    w, pod_kind(), name, "metadata.finalizers", "['batch.kubernetes.io/job-tracking']");
	CHECK_INT(pod_count(w, "j"), 1);
	pod_becomes(w, name, "Succeeded", 0);
	check_conditions(w, "j", COMPLETE);
	world_free(w);
}

TEST("J18 a pod whose labels do not match any more is let go, and another one made")
{
	struct world *w = world_new();
	auto_free char *name = NULL;
	json *pod;

	make_job(w, "j", "");
	name = pod_name(w, "j", 0);
	pod = get_pod(w, name);
	json_set_str(json_path(pod, "metadata.labels"), "batch.kubernetes.io/controller-uid", "x");
	put(w, pod_kind(), pod, UPDATE_MAIN);
	settle(w);
	check_at(w, pod_kind(), name, "metadata.ownerReferences", "-");
	check_at(w, pod_kind(), name, "metadata.finalizers", "-");
	CHECK_INT(pod_count(w, "j"), 1);
	check_job(w, "j", "status.active", "1");
	check_job(w, "j", "status.failed", "-");
	world_free(w);
}

TEST("J19 a job of another controller is left alone")
{
	struct world *w = world_new();

	make_job(w, "j", "'managedBy':'acme.io/x'");
	CHECK_INT(pod_count(w, "j"), 0);
	check_job(w, "j", "status", "{}");
	CHECK_INT(events_like(w, ""), 0);
	CHECK_INT(jobs_unfinished(w->jobs), 0);
	restart(w);
	CHECK_INT(jobs_unfinished(w->jobs), 0);
	make_job(w, "own", "'managedBy':'kubernetes.io/job-controller'");
	CHECK_INT(pod_count(w, "own"), 1);
	world_free(w);
}

#define MANUAL                                                          \
	"'manualSelector':true,'selector':{'matchLabels':{'app':'j'}}," \
	"'completions':3,'parallelism':3"

TEST("a job with a selector of its user's takes the pods that match it, made before or after")
{
	struct world *w = world_new();

	make_pod(w, "before", "'app':'j'");
	make_pod(w, "other", "'app':'x'");
	make_job(w, "j", MANUAL);
	CHECK_INT(pod_count(w, "j"), 3);
	check_at(
	    w, pod_kind(), "before", "metadata.finalizers", "['batch.kubernetes.io/job-tracking']");
	check_at(w, pod_kind(), "other", "metadata.ownerReferences", "-");
	make_pod(w, "after", "'app':'j'"); /* one is surplus now, whichever */
	CHECK_INT(pod_count(w, "j"), 3);
	CHECK_INT(events_like(w, "Normal SuccessfulDelete Deleted pod: "), 1);
	restart(w);
	make_pod(w, "later", "'app':'j'");
	CHECK_INT(pod_count(w, "j"), 3);
	CHECK_INT(events_like(w, "Normal SuccessfulDelete Deleted pod: "), 2);
	world_free(w);
}

TEST("a job that is finished or being deleted adopts nothing")
{
	struct world *w = world_new();

	make_job(w, "j", "'manualSelector':true,'selector':{'matchLabels':{'app':'j'}}");
	nth_becomes(w, "j", 0, "Succeeded", 0);
	make_pod(w, "late", "'app':'j'");
	check_at(w, pod_kind(), "late", "metadata.ownerReferences", "-");
	world_free(w);
}

TEST("a refused pod gives one FailedCreate, however many were wanted")
{
	struct world *w = world_new();
	auto_json *job = NULL;

	make_job(w, "j", "'parallelism':0,'completions':3");
	job = get_job(w, "j");
	json_set_path(job, "spec.parallelism", json_new_int(3));
	json_set_path(job, "spec.template.spec.containers", json_new_array());
	put(w, job_kind(), TAKE(job), UPDATE_SYSTEM);
	settle(w);
	CHECK_INT(pod_count(w, "j"), 0);
	check_job(w, "j", "status.active", "-");
	CHECK_INT(events_like(w, "Warning FailedCreate Error creating: Pod \"j-"), 1);
	world_free(w);
}

TEST("a job whose completionMode is unknown is passed over, with an event")
{
	struct world *w = world_new();
	json *job;

	make_job(w, "j", "'parallelism':0");
	job = get_job(w, "j");
	json_set_path(job, "spec.completionMode", json_new_string("Other"));
	json_set_path(job, "spec.parallelism", json_new_int(1));
	put(w, job_kind(), job, UPDATE_SYSTEM);
	settle(w);
	CHECK_INT(pod_count(w, "j"), 0);
	CHECK_INT(events_like(w, "Warning UnknownCompletionMode Skipped Job sync because "
				 "completion mode is unknown"),
	    1);
	world_free(w);
}

TEST("a finished job is never written again")
{
	struct world *w = world_new();
	auto_free char *before = NULL, *after = NULL, *name = NULL;
	json *pod;

	make_job(w, "j", "");
	name = pod_name(w, "j", 0);
	pod_becomes(w, name, "Succeeded", 0);
	{
		auto_json *job = get_job(w, "j");

		before = text_of(job, "metadata.resourceVersion");
	}
	restart(w);
	pod = get_pod(w, name);
	json_set_str(json_path(pod, "metadata.labels"), "x", "y");
	put(w, pod_kind(), pod, UPDATE_MAIN);
	settle(w);
	{
		auto_json *job = get_job(w, "j");

		after = text_of(job, "metadata.resourceVersion");
	}
	CHECK_STR(after, before);
	world_free(w);
}

TEST("an interim condition with a reason of another program's ends the job with that reason")
{
	struct world *w = world_new();

	make_job(w, "j", "");
	{
		json *job = get_job(w, "j");

		json_set_path(job, "status.conditions",
		    parse("[{'type':'FailureTarget','status':'True','reason':'Foo',"
			  "'message':'bar','lastTransitionTime':'2026-01-02T03:04:05Z'}]"));
		put(w, job_kind(), job, UPDATE_SYSTEM);
		settle(w);
	}
	check_conditions(w, "j", "FailureTarget=True Foo: bar | Failed=True Foo: bar");
	world_free(w);
}

int main(void)
{
	return test_main();
}
