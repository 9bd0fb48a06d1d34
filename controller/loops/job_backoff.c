/* job_backoff: how long a Job waits before it replaces failed pods. */
#include "job_round.h"

#define BACKOFF_BASE 10
#define BACKOFF_CAP 600

int64_t job_backoff_delay(int64_t failures)
{
	int64_t delay = BACKOFF_BASE;

	if (failures <= 0)
		return 0;
	while (--failures > 0 && delay < BACKOFF_CAP)
		delay *= 2;
	return delay < BACKOFF_CAP ? delay : BACKOFF_CAP;
}

int64_t job_sane_count(int64_t n)
{
	return n < 0 || n > INT32_MAX ? 0 : n;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Whether a pod is one of those that this round counts for the back-off. */
static bool feeds(const struct job_obs *o, const struct job_pod *p)
{
	return p->tracked && job_pod_valid(o, p) &&
	       (p->phase == POD_SUCCEEDED || job_pod_failed(o, p));
}

/* Any new success begins a new row; of the failures seen with it only the later ones are in it. */
static void update_row(struct job_round *r)
{
	const struct job_obs *o = r->o;
	struct job_backoff *b = &r->plan->backoff;
	int64_t last_success = INT64_MIN;

	for (size_t i = 0; i < o->pod_count; i++) {
		const struct job_pod *p = &o->pods[i];

		if (!feeds(o, p) || p->phase != POD_SUCCEEDED)
			continue;
		*b = (struct job_backoff){0};
		if (p->finished_at > last_success)
			last_success = p->finished_at;
	}
	for (size_t i = 0; i < o->pod_count; i++) {
		const struct job_pod *p = &o->pods[i];
		int64_t at = earlier(p->finished_at, o->now);

		if (!feeds(o, p) || p->phase == POD_SUCCEEDED || p->finished_at <= last_success)
			continue;
		b->failures++;
		if (at > b->last_failure_at)
			b->last_failure_at = at;
	}
}

/*
 * With delays per index the failed pods say all, but for those that end in the future: the record
 * keeps since when there are any, and they count from then.
 */
static void update_anchor(struct job_round *r)
{
	struct job_backoff *b = &r->plan->backoff;
	bool any = false;

	for (size_t i = 0; i < r->held_count; i++)
		any = any || r->held[i].pod->finished_at > r->o->now;
	b->failures = 0;
	if (!any)
		b->last_failure_at = 0;
	else if (b->last_failure_at == 0)
		b->last_failure_at = r->o->now;
}

void job_backoff_update(struct job_round *r)
{
	struct job_backoff *b = &r->plan->backoff;

	b->last_failure_at = earlier(b->last_failure_at, r->o->now); /* the clock was set back */
	if (job_per_index(r->o))
		update_anchor(r);
	else
		update_row(r);
}

int64_t job_backoff_due(const struct job_round *r)
{
	const struct job_backoff *b = &r->plan->backoff;

	if (job_per_index(r->o) || b->failures == 0)
		return r->o->now;
	return b->last_failure_at + job_backoff_delay(b->failures);
}

int64_t job_backoff_index_due(const struct job_round *r, const struct job_pod *p)
{
	int64_t failures = job_sane_count(p->index_failures) + job_sane_count(p->index_ignored) + 1;
	int64_t since = p->finished_at;

	if (since > r->o->now)
		since = r->plan->backoff.last_failure_at;
	return since + job_backoff_delay(failures);
}
