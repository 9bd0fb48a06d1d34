/* job_surplus: which pods a Job deletes, when it has too many and when it ends. */
#include "job_round.h"

/* A pod that has run for less time, or not at all, goes before one that has run for longer. */
static int64_t phase_rank(enum pod_phase p)
{
	static const int rank[] = {
	    [POD_PENDING] = 0,
	    [POD_UNKNOWN] = 1,
	    [POD_RUNNING] = 2,
	    [POD_SUCCEEDED] = 3,
	    [POD_FAILED] = 3,
	};

	return rank[p];
}

int job_surplus_compare(const struct job_slot *a, const struct job_slot *b)
{
	const struct job_pod *x = a->pod, *y = b->pod;
	bool both_ready = x->ready && y->ready;
	const int64_t order[][2] = {
	    {x->scheduled, y->scheduled},
	    {phase_rank(x->phase), phase_rank(y->phase)},
	    {x->ready, y->ready},
	    {both_ready ? y->ready_since : 0, both_ready ? x->ready_since : 0},
	    {y->restarts, x->restarts},
	    {y->created_at, x->created_at},
	    {(int64_t)b->at, (int64_t)a->at},
	};

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (order[i][0] != order[i][1])
			return order[i][0] < order[i][1] ? -1 : 1;
	return 0;
}

/* Deletes an active pod. */
static void remove_pod(struct job_round *r, size_t at, enum job_pod_fate fate)
{
	struct job_plan *plan = r->plan;
	const struct job_pod *p = &r->o->pods[at];

	plan->fates[at] = p->tracked ? fate : FATE_DELETE;
	plan->failed += plan->fates[at] == FATE_DELETE_FAILED;
	plan->active--;
	plan->ready -= p->ready;
	plan->terminating++;
}

/* ---- too many ---- */

/* Those that have no business to be there come first; here `index` says which: 0 goes, 1 may stay.
 */
static int compare_candidates(const void *a, const void *b)
{
	const struct job_slot *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return job_surplus_compare(x, y);
}

/* All active pods in the order in which they go. */
static struct job_slot *rank_active(const struct job_round *r, size_t *ret_len)
{
	const struct job_obs *o = r->o;
	struct job_slot *list = xcalloc(o->pod_count + 1, sizeof(*list));
	auto_free bool *keeps = xcalloc(o->pod_count + 1, sizeof(*keeps));

	for (size_t i = 0; i < r->slot_count; i++)
		keeps[r->slots[i].at] =
		    i + 1 == r->slot_count || r->slots[i + 1].index != r->slots[i].index;
	*ret_len = 0;
	for (size_t i = 0; i < o->pod_count; i++)
		if (job_pod_active(&o->pods[i]))
			list[(*ret_len)++] =
			    (struct job_slot){!o->indexed || keeps[i], &o->pods[i], i};
	qsort(list, *ret_len, sizeof(*list), compare_candidates);
	return list;
}

bool job_surplus_delete(struct job_round *r, int64_t wanted)
{
	int64_t surplus = r->plan->active - wanted;
	int64_t misplaced = r->o->indexed ? r->plan->active - r->busy_indexes : 0;
	auto_free struct job_slot *list = NULL;
	size_t len;

	if (surplus < misplaced)
		surplus = misplaced;
	if (surplus <= 0)
		return false;
	if (surplus > JOB_ROUND_MAX) {
		surplus = JOB_ROUND_MAX;
		job_wake(r, r->o->now);
	}
	list = rank_active(r, &len);
	for (size_t i = 0; i < len && (int64_t)i < surplus; i++)
		remove_pod(r, list[i].at, FATE_DELETE_UNCOUNTED);
	if (r->plan->active < wanted)
		job_wake(r, r->o->now);
	return true;
}

/* ---- the end ---- */

void job_surplus_end(struct job_round *r, enum job_end end)
{
	const struct job_obs *o = r->o;
	struct job_plan *plan = r->plan;
	bool failing = end != JOB_END_COMPLETE && end != JOB_END_SUCCESS_POLICY;
	int64_t room = JOB_ROUND_MAX;

	for (size_t i = 0; i < o->pod_count; i++) {
		const struct job_pod *p = &o->pods[i];
		bool valid = job_pod_valid(o, p);

		if (plan->fates[i] != FATE_KEEP)
			continue;
		if (job_pod_active(p)) {
			if (room-- > 0)
				remove_pod(r, i,
				    failing && valid ? FATE_DELETE_FAILED : FATE_DELETE_UNCOUNTED);
			else
				job_wake(r, o->now);
		} else if (p->tracked) { /* stopping, or held */
			bool counts = valid && (failing || job_pod_failed(o, p)) &&
				      job_pod_verdict(p) != VERDICT_IGNORE;

			plan->fates[i] = counts ? FATE_COUNT_FAILED : FATE_RELEASE;
			plan->failed += counts;
		}
	}
}
