#include "workqueue.h"

void workqueue_add(struct workqueue *q, struct work *w)
{
	if (w->queued)
		return;
	*w = (struct work){.queued = true};
	if (q->first)
		q->last->next = w;
	else
		q->first = w;
	q->last = w;
}

struct work *workqueue_take(struct workqueue *q)
{
	struct work *w = q->first;

	if (!w)
		return NULL;
	q->first = w->next;
	w->queued = false;
	return w;
}

void workqueue_remove(struct workqueue *q, struct work *w)
{
	struct work **at = &q->first, *before = NULL;

	if (!w->queued)
		return;
	while (*at != w) {
		before = *at;
		at = &before->next;
	}
	*at = w->next;
	if (q->last == w)
		q->last = before;
	w->queued = false;
}
