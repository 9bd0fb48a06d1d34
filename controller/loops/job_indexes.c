/* job_indexes: which pod of an Indexed Job has which index, and which index is next. */
#include "job_round.h"

/* By index, stopping pods before active ones, and of these the one to keep last. */
static int compare_slots(const void *a, const void *b)
{
	const struct job_slot *x = a, *y = b;
	bool x_active = job_pod_active(x->pod), y_active = job_pod_active(y->pod);

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	if (x_active != y_active)
		return y_active ? -1 : 1;
	return job_surplus_compare(x, y);
}

void job_indexes_sort(struct job_round *r)
{
	const struct job_obs *o = r->o;

	if (!o->indexed)
		return;
	r->slots = xcalloc(o->pod_count + 1, sizeof(*r->slots));
	for (size_t i = 0; i < o->pod_count; i++) {
		const struct job_pod *p = &o->pods[i];

		if (!pod_phase_terminal(p->phase) && job_pod_valid(o, p))
			r->slots[r->slot_count++] = (struct job_slot){p->index, p, i};
	}
	qsort(r->slots, r->slot_count, sizeof(*r->slots), compare_slots);
	for (size_t i = 0; i < r->slot_count; i++) {
		bool last = i + 1 == r->slot_count || r->slots[i + 1].index != r->slots[i].index;

		r->busy_indexes += last && job_pod_active(r->slots[i].pod);
	}
}

static bool has_active(const struct job_round *r, int64_t index)
{
	size_t low = 0, high = r->slot_count;

	while (low < high) { /* the first slot of a larger index */
		size_t mid = low + (high - low) / 2;

		if (r->slots[mid].index > index)
			high = mid;
		else
			low = mid + 1;
	}
	return low > 0 && r->slots[low - 1].index == index && job_pod_active(r->slots[low - 1].pod);
}

/* ---- back-off per index ---- */

bool job_indexes_gives_up(const struct job_obs *o, const struct job_pod *p)
{
	enum pod_verdict verdict = job_pod_verdict(p);

	return verdict == VERDICT_FAIL_INDEX ||
	       (verdict != VERDICT_IGNORE &&
		   job_sane_count(p->index_failures) >= o->backoff_limit_per_index);
}

/* By index, then the pod with the most failures behind it last. */
static int compare_held(const void *a, const void *b)
{
	const struct job_slot *x = a, *y = b;
	const int64_t order[][2] = {
	    {x->index, y->index},
	    {job_sane_count(x->pod->index_failures) + job_sane_count(x->pod->index_ignored),
		job_sane_count(y->pod->index_failures) + job_sane_count(y->pod->index_ignored)},
	    {x->pod->finished_at, y->pod->finished_at},
	    {(int64_t)x->at, (int64_t)y->at},
	};

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (order[i][0] != order[i][1])
			return order[i][0] < order[i][1] ? -1 : 1;
	return 0;
}

/* Whether the index of a failed pod is to be tried again and nothing does so yet. */
static bool needs_replacement(const struct job_round *r, int64_t index)
{
	return !index_set_has(&r->plan->completed, index) &&
	       !index_set_has(&r->plan->failed_indexes, index) && !has_active(r, index);
}

void job_indexes_hold(struct job_round *r)
{
	const struct job_obs *o = r->o;
	enum job_pod_fate *fates = r->plan->fates;
	size_t n = 0;

	if (!job_per_index(o))
		return;
	r->held = xcalloc(o->pod_count + 1, sizeof(*r->held));
	for (size_t i = 0; i < o->pod_count; i++) {
		const struct job_pod *p = &o->pods[i];

		if (p->tracked && job_pod_failed(o, p) && job_pod_valid(o, p) &&
		    needs_replacement(r, p->index))
			r->held[n++] = (struct job_slot){p->index, p, i};
	}
	qsort(r->held, n, sizeof(*r->held), compare_held);
	for (size_t i = 0; i < n; i++) {
		struct job_slot s = r->held[i];

		if (i + 1 < n && r->held[i + 1].index == s.index)
			continue;
		if (fates[s.at] == FATE_COUNT_FAILED) {
			r->plan->failed--;
			r->held_failures++;
		}
		fates[s.at] = FATE_KEEP;
		r->held[r->held_count++] = s;
	}
}

/* ---- new pods ---- */

/* The indexes that need no new pod. */
static void find_taken(const struct job_round *r, struct index_set *ret)
{
	auto_index_set settled = {0}, busy = {0};

	index_set_union(&settled, &r->plan->completed, &r->plan->failed_indexes);
	index_set_init(&busy, r->o->completions);
	for (size_t i = 0; i < r->slot_count; i++)
		if (job_pod_active(r->slots[i].pod) || job_only_ended(r->o))
			index_set_add(&busy, r->slots[i].index);
	index_set_union(ret, &settled, &busy);
}

/* The failures of an index that its new pod carries on. */
static struct job_new_pod succeed_pod(int64_t index, const struct job_pod *before)
{
	struct job_new_pod new_pod = {.index = index};

	if (!before)
		return new_pod;
	new_pod.failures = job_sane_count(before->index_failures);
	new_pod.ignored = job_sane_count(before->index_ignored);
	if (job_pod_verdict(before) == VERDICT_IGNORE)
		new_pod.ignored++;
	else
		new_pod.failures++;
	return new_pod;
}

void job_indexes_create(struct job_round *r, int64_t count)
{
	struct job_plan *plan = r->plan;
	auto_index_set taken = {0};
	int64_t index = -1;
	size_t h = 0;

	find_taken(r, &taken);
	plan->new_pods = xcalloc((size_t)count + 1, sizeof(*plan->new_pods));
	while (count-- > 0 && (index = index_set_next_free(&taken, index + 1)) >= 0) {
		const struct job_pod *before = NULL;
		int64_t due;

		while (h < r->held_count && r->held[h].index < index)
			h++;
		if (h < r->held_count && r->held[h].index == index)
			before = r->held[h].pod;
		due = before ? job_backoff_index_due(r, before) : r->o->now;
		if (due > r->o->now) {
			job_wake(r, due);
			continue;
		}
		plan->new_pods[plan->create++] = succeed_pod(index, before);
		if (before) /* it is let go of in the next round */
			job_wake(r, r->o->now);
	}
}
