/* podsummary: see podsummary.h. The rules, odd as some are, are those of Kubernetes' printer. */
#include "podsummary.h"

#include "../../runtime/base/str.h"
#include "api.h"

#define READS_STATUS(at)                                                                          \
	at "restartCount " at "ready " at "started " at "lastState.terminated.finishedAt " at     \
	   "state.waiting.reason " at "state.terminated.reason " at "state.terminated.signal " at \
	   "state.terminated.exitCode " at "state.running.startedAt "

const char pod_summary_reads[] =
    "metadata.deletionTimestamp spec.containers.name spec.initContainers.name "
    "spec.initContainers.restartPolicy status.phase status.reason status.conditions.type "
    "status.conditions.status status.conditions.reason "
    "status.initContainerStatuses.name " READS_STATUS("status.initContainerStatuses.")
	READS_STATUS("status.containerStatuses.");

static void set_status(struct pod_summary *s, char *text_taken)
{
	free(s->status);
	s->status = text_taken;
}

static const json *find_by(const json *list, const char *key, const char *value)
{
	json_for (item, list)
		if (str_eq(json_str(item, key), value))
			return item;
	return NULL;
}

static bool condition_true(const json *pod, const char *type)
{
	const json *c = find_by(json_path(pod, "status.conditions"), "type", type);

	return c && str_eq(json_str(c, "status"), "True");
}

/* Adds a container's restarts; times are RFC 3339 in UTC, so the later text is the later time. */
static void count_restarts(const json *status, int64_t *restarts, const char **last)
{
	const char *ended = json_str(status, "lastState.terminated.finishedAt");

	*restarts += json_int(status, "restartCount", 0);
	if (ended && (!*last || strcmp(ended, *last) > 0))
		*last = ended;
}

/* "Error", "ExitCode:3" or "Signal:9"; owned. */
static char *terminated_text(const json *terminated)
{
	const char *reason = json_str_or(terminated, "reason", "");
	long long signal = json_int(terminated, "signal", 0);

	if (*reason)
		return xstrdup(reason);
	if (signal)
		return xasprintf("Signal:%lld", signal);
	return xasprintf("ExitCode:%lld", (long long)json_int(terminated, "exitCode", 0));
}

/* What an unfinished init container shows; NULL: it is done or, as a sidecar, started. Owned. */
static char *init_text(const json *pod, const json *status, bool sidecar, size_t index)
{
	const json *terminated = json_path(status, "state.terminated");
	const char *waiting = json_str_or(status, "state.waiting.reason", "");
	auto_free char *end = NULL;

	if (terminated && json_int(terminated, "exitCode", 0) == 0)
		return NULL;
	if (sidecar && json_bool(status, "started", false))
		return NULL;
	if (terminated) {
		end = terminated_text(terminated);
		return xasprintf("Init:%s", end);
	}
	if (*waiting && !str_eq(waiting, "PodInitializing"))
		return xasprintf("Init:%s", waiting);
	return xasprintf("Init:%zu/%zu", index, json_len(json_path(pod, "spec.initContainers")));
}

static bool is_sidecar(const json *pod, const char *name)
{
	const json *c = find_by(json_path(pod, "spec.initContainers"), "name", name);

	return c && str_eq(json_str(c, "restartPolicy"), "Always");
}

/* Goes through init containers up to the first that is not done; true: there is one. */
static bool summarize_init(
    struct pod_summary *s, const json *pod, int64_t *sidecar_restarts, const char **sidecar_last)
{
	size_t index = 0;

	json_for (status, json_path(pod, "status.initContainerStatuses")) {
		bool sidecar = is_sidecar(pod, json_str(status, "name"));
		char *text;

		count_restarts(status, &s->restarts, &s->restarted);
		if (sidecar)
			count_restarts(status, sidecar_restarts, sidecar_last);
		text = init_text(pod, status, sidecar, index++);
		if (text) {
			set_status(s, text);
			return true;
		}
		if (sidecar && json_bool(status, "ready", false) &&
		    !json_path(status, "state.terminated"))
			s->ready++;
	}
	return false;
}

/* The first container of the list that has something to say decides. */
static void summarize_containers(struct pod_summary *s, const json *pod)
{
	bool running = false, decided = false;

	json_for (status, json_path(pod, "status.containerStatuses")) {
		const char *waiting = json_str_or(status, "state.waiting.reason", "");
		const json *terminated = json_path(status, "state.terminated");
		char *text = NULL;

		count_restarts(status, &s->restarts, &s->restarted);
		if (*waiting) {
			text = xstrdup(waiting);
		} else if (terminated) {
			text = terminated_text(terminated);
		} else if (json_bool(status, "ready", false) &&
			   json_path(status, "state.running")) {
			running = true;
			s->ready++;
		}
		if (text && !decided)
			set_status(s, text);
		else
			free(text);
		decided = decided || text;
	}
	if (running && str_eq(s->status, "Completed"))
		set_status(s, xstrdup(condition_true(pod, "Ready") ? "Running" : "NotReady"));
}

static void summarize_deletion(struct pod_summary *s, const json *pod)
{
	const char *phase = json_str_or(pod, "status.phase", "");

	if (!json_has(pod, "metadata.deletionTimestamp"))
		return;
	if (str_eq(json_str_or(pod, "status.reason", ""), "NodeLost"))
		set_status(s, xstrdup("Unknown"));
	else if (!str_eq(phase, "Succeeded") && !str_eq(phase, "Failed"))
		set_status(s, xstrdup("Terminating"));
}

void pod_summary_init(struct pod_summary *s, const json *pod)
{
	const char *phase = json_str_or(pod, "status.phase", ""),
		   *reason = json_str_or(pod, "status.reason", "");
	const json *scheduled =
	    find_by(json_path(pod, "status.conditions"), "type", "PodScheduled");
	int64_t sidecar_restarts = 0;
	const char *sidecar_last = NULL;
	bool initializing;

	memset(s, 0, sizeof(*s));
	s->total = (int)json_len(json_path(pod, "spec.containers"));
	json_for (c, json_path(pod, "spec.initContainers"))
		s->total += str_eq(json_str(c, "restartPolicy"), "Always");
	set_status(s, xstrdup(*reason ? reason : phase));
	if (scheduled && str_eq(json_str(scheduled, "reason"), POD_GATED_REASON))
		set_status(s, xstrdup(POD_GATED_REASON));
	initializing = summarize_init(s, pod, &sidecar_restarts, &sidecar_last);
	if (!initializing || condition_true(pod, "Initialized")) {
		s->restarts = sidecar_restarts;
		s->restarted = sidecar_last;
		summarize_containers(s, pod);
	}
	summarize_deletion(s, pod);
}

void pod_summary_release(struct pod_summary *s)
{
	free(s->status);
	s->status = NULL;
}
