/*
 * job_claim: pods without a controller that match a job's selector become its own; pods of its own
 * that do not match any more are let go.
 *
 * A generated selector names the job's uid, so the pod's own label leads to the job. Only jobs with
 * a selector of the user's are asked one by one, and only about pods without a controller.
 */
#include "../../runtime/base/log.h"
#include "job_status.h"
#include "jobs_internal.h"

#define UID_LABEL "batch.kubernetes.io/controller-uid"

/* ---- selectors ---- */

static const char *uid_label(const json *labels)
{
	return json_string_value(json_get(labels, UID_LABEL));
}

static bool is_generated(const json *selector, const char *uid)
{
	const json *match = json_get(selector, "matchLabels");

	return str_eq(uid_label(match), uid) && json_len(match) == 1 &&
	       json_len(json_get(selector, "matchExpressions")) == 0;
}

static bool has_controller(const char *body)
{
	return strstr(body, "\"controller\":true") != NULL;
}

static bool note_row(void *ctx, const struct store_row *row)
{
	struct jobs *set = ctx;

	if (!has_controller(row->body))
		map_set(&set->loose, row->uid, set);
	return true;
}

void claim_learn(struct job *j, const json *obj)
{
	const json *selector = json_path(obj, "spec.selector");
	struct store_query q = {.kind = pod_kind(), .ns = j->ns};
	struct job **at = &j->set->manual;
	auto_err e = {0};

	j->known = true;
	j->selector = selector ? label_selector_from(selector, &e) : NULL;
	if (!j->selector || is_generated(selector, j->uid))
		return;
	j->manual = true;
	while (*at)
		at = &(*at)->next_manual;
	*at = j;
	q.labels = j->selector;
	if (store_list(j->set->env->store, &q, note_row, j->set, NULL, &e) < 0)
		log_warn("job %s/%s: cannot look for its pods: %s", j->ns, j->name, err_msg(&e));
}

void claim_forget(struct job *j)
{
	struct job **at = &j->set->manual;

	while (*at && *at != j)
		at = &(*at)->next_manual;
	if (*at)
		*at = j->next_manual;
	selector_free(TAKE(j->selector));
}

bool claim_holds(const struct job *j, const json *pod)
{
	return !j->selector ||
	       selector_matches_labels(j->selector, json_path(pod, "metadata.labels"));
}

/* ---- owner references ---- */

static void store_pod(const struct job *j, json *pod, const char *what)
{
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_free char *name = xstrdup(meta_name(pod));
	auto_err e = {0};
	auto_json *stored = registry_update(j->set->env->store, pod_kind(), pod, &o, &e);

	if (!stored && e.reason != ERR_NOT_FOUND)
		log_warn(
		    "job %s/%s: cannot %s pod %s: %s", j->ns, j->name, what, name, err_msg(&e));
}

/* Consumes pod. */
static void adopt(const struct job *j, const json *obj, json *pod)
{
	auto_free char *name = xstrdup(meta_name(pod));

	meta_add_controller(pod, job_kind(), obj);
	meta_add_finalizer(pod, JOB_TRACKING_FINALIZER);
	log_info("job %s/%s: adopts pod %s", j->ns, j->name, name);
	store_pod(j, pod, "adopt");
}

/* Consumes pod. */
static void release(const struct job *j, json *pod)
{
	json *owners = json_path(pod, "metadata.ownerReferences");

	json_for (o, owners) {
		if (str_eq(json_str(o, "uid"), j->uid)) {
			json_remove(owners, o);
			break;
		}
	}
	if (json_len(owners) == 0)
		json_del_path(pod, "metadata.ownerReferences");
	meta_remove_finalizer(pod, JOB_TRACKING_FINALIZER);
	log_info("job %s/%s: lets go of pod %s", j->ns, j->name, meta_name(pod));
	store_pod(j, pod, "let go of");
}

void claim_release(struct round *r)
{
	for (size_t i = 0; i < r->strays.len; i++) {
		json *pod =
		    store_get_by_uid(r->job->set->env->store, pod_kind(), r->strays.items[i]);

		if (pod)
			release(r->job, pod);
	}
}

/* ---- pods without a controller ---- */

/* The value of a label in the text of an index: "key\0value\0…". */
static const char *index_value(const char *text, size_t len, const char *key)
{
	const char *end = text + len;

	while (text < end) {
		const char *value = text + strlen(text) + 1;

		if (strcmp(text, key) == 0)
			return value;
		text = value + strlen(value) + 1;
	}
	return NULL;
}

void claim_note(struct jobs *set, const struct change *c)
{
	const char *uid;

	if (c->type == CHANGE_DELETED || set->by_uid.len == 0 || has_controller(c->body))
		return;
	uid = index_value(c->labels, c->labels_len, UID_LABEL);
	if (set->manual || (uid && map_get(&set->by_uid, uid)))
		map_set(&set->loose, c->uid, set);
}

/* The job's object, where it may take pods: not when it has finished or is being deleted. Owned. */
static json *adopter(const struct job *j, const json *pod)
{
	auto_json *obj = NULL;

	if (!j || !j->selector || !str_eq(j->ns, meta_namespace(pod)) || !claim_holds(j, pod))
		return NULL;
	obj = store_get(j->set->env->store, job_kind(), j->ns, j->name, NULL);
	if (!obj || !str_eq(meta_uid(obj), j->uid) || meta_deleting(obj) || job_is_foreign(obj) ||
	    job_status_finished(obj))
		return NULL;
	return TAKE(obj);
}

/* Consumes the pod when the job takes it. */
static bool offer(const struct job *j, json **pod)
{
	auto_json *obj = adopter(j, *pod);

	if (obj)
		adopt(j, obj, TAKE(*pod));
	return obj != NULL;
}

static void consider(struct jobs *set, const char *uid)
{
	auto_json *pod = store_get_by_uid(set->env->store, pod_kind(), uid);
	const char *label = uid_label(json_path(pod, "metadata.labels"));

	if (!pod || meta_controller(pod) || meta_deleting(pod))
		return;
	if (label && offer(map_get(&set->by_uid, label), &pod))
		return;
	for (struct job *j = set->manual; j; j = j->next_manual)
		if (offer(j, &pod))
			return;
}

void claim_adopt(struct jobs *set)
{
	struct map loose = set->loose; /* what adoption writes is noted in a new one */
	struct map_iter it = {0};
	const char *uid;
	void *value;

	set->loose = (struct map){0};
	while (map_next(&loose, &it, &uid, &value))
		consider(set, uid);
	map_release(&loose, NULL);
}
