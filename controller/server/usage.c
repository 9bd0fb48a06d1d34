#include "usage.h"

#include "../../runtime/base/clock.h"
#include "../../runtime/base/map.h"

#define KEEP_MS 60000 /* a first reading is of use for so long */
#define FRESH_MS 1000
#define WINDOW_MIN_NS (NSEC_PER_SEC / 2)
#define SECOND_AFTER_MS 800 /* Docker reads once a second: the next one */

struct entry {
	struct container_stats last;
	int64_t read_ms; /* the same moment by our clock */
	bool has_figure;
	struct usage_figure figure;
};

struct usage {
	struct loop *loop;
	struct engine *engine;
	struct map entries; /* by the engine's id */
};

struct usage_query {
	struct usage *usage;
	struct strlist ids;
	engine_id *calls; /* of each id */
	bool *failed;
	size_t pending;
	bool second;
	struct timer timer;
	void (*done)(void *ctx);
	void *ctx;
};

struct usage *usage_new(struct loop *l, struct engine *en)
{
	struct usage *u = xcalloc(1, sizeof(*u));

	u->loop = l;
	u->engine = en;
	return u;
}

static void drop_old(struct usage *u)
{
	struct map_iter it = {0};
	const char *id;
	void *value;

	while (map_next(&u->entries, &it, &id, &value))
		if (clock_mono_ms() - ((struct entry *)value)->read_ms > KEEP_MS)
			free(map_del(&u->entries, id));
}

void usage_free(struct usage *u)
{
	if (!u)
		return;
	map_release(&u->entries, free);
	free(u);
}

bool usage_get(const struct usage *u, const char *id, struct usage_figure *ret)
{
	const struct entry *entry = map_get(&u->entries, id);

	if (!entry || !entry->has_figure)
		return false;
	*ret = entry->figure;
	return true;
}

/* ---- readings ---- */

static void take(struct usage *u, const char *id, const struct container_stats *now)
{
	struct entry *entry = map_get(&u->entries, id);
	int64_t window = entry ? now->read_ns - entry->last.read_ns : 0;
	uint64_t used;

	if (!entry) {
		entry = xcalloc(1, sizeof(*entry));
		map_set(&u->entries, id, entry);
	} else if (window < WINDOW_MIN_NS) {
		return; /* the one before will do */
	} else {
		used = now->cpu_ns > entry->last.cpu_ns ? now->cpu_ns - entry->last.cpu_ns : 0;
		entry->figure = (struct usage_figure){.window_ns = window,
		    .cpu_nano = (int64_t)((double)used / (double)window * (double)NSEC_PER_SEC),
		    .memory_bytes = (int64_t)now->memory_bytes};
		entry->has_figure = true;
	}
	entry->last = *now;
	entry->read_ms = clock_mono_ms();
}

/* So new that another reading would tell no more. */
static bool is_fresh(const struct usage *u, const char *id)
{
	const struct entry *entry = map_get(&u->entries, id);

	return entry && entry->has_figure && clock_mono_ms() - entry->read_ms < FRESH_MS;
}

static bool needs_second(const struct usage_query *q)
{
	struct usage_figure ignored;

	for (size_t i = 0; i < q->ids.len; i++)
		if (!q->failed[i] && !usage_get(q->usage, q->ids.items[i], &ignored))
			return true;
	return false;
}

static void finish_round(struct usage_query *q)
{
	if (!q->second && needs_second(q)) {
		q->second = true;
		timer_set(q->usage->loop, &q->timer, SECOND_AFTER_MS);
		return;
	}
	q->done(q->ctx);
}

static void on_stats(struct engine_who who, const struct container_stats *s, const struct err *err)
{
	struct usage_query *q = who.ctx;

	q->calls[who.key] = 0;
	q->failed[who.key] = !s;
	if (s)
		take(q->usage, q->ids.items[who.key], s);
	if (--q->pending == 0)
		finish_round(q);
}

/* A round: all of them, and then those without a figure. */
static void begin(void *arg)
{
	struct usage_query *q = arg;
	struct usage_figure ignored;

	for (size_t i = 0; i < q->ids.len; i++) {
		if (q->failed[i] || is_fresh(q->usage, q->ids.items[i]) ||
		    (q->second && usage_get(q->usage, q->ids.items[i], &ignored)))
			continue;
		q->pending++;
		q->calls[i] = container_get_stats(q->usage->engine, q->ids.items[i], on_stats,
		    (struct engine_who){.ctx = q, .key = i});
	}
	if (!q->pending)
		finish_round(q);
}

struct usage_query *usage_ask(
    struct usage *u, const struct strlist *ids, void (*done)(void *ctx), void *ctx)
{
	struct usage_query *q = xcalloc(1, sizeof(*q));

	drop_old(u);
	q->usage = u;
	q->done = done;
	q->ctx = ctx;
	q->timer = (struct timer){.name = "second reading", .fn = begin, .arg = q};
	q->calls = xcalloc(ids->len + 1, sizeof(*q->calls));
	q->failed = xcalloc(ids->len + 1, sizeof(*q->failed));
	for (size_t i = 0; i < ids->len; i++)
		strlist_add(&q->ids, ids->items[i]);
	timer_set(u->loop, &q->timer, 0);
	return q;
}

void usage_query_free(struct usage_query *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < q->ids.len; i++)
		if (q->calls[i])
			engine_cancel(q->usage->engine, q->calls[i]);
	timer_cancel(q->usage->loop, &q->timer);
	strlist_release(&q->ids);
	free(q->calls);
	free(q->failed);
	free(q);
}
