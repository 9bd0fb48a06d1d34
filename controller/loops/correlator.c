#include "correlator.h"

#include "../../runtime/base/map.h"
#include "../../runtime/base/str.h"

#define PAIRS_MAX 256
#define REASONS_MAX 16
#define OWN_MAX 9 /* events of a reason with an object of their own */
#define SIMILAR_MS (INT64_C(10) * 60 * 1000)
#define BURST 25
#define REFILL_MS (INT64_C(5) * 60 * 1000)

/* Events of one reason about one object. */
struct similar {
	char *key; /* type and reason */
	int64_t last_ms;
	struct event_slot *own; /* at most OWN_MAX */
	size_t own_len;
	struct event_slot combined;
};

/* A source and an object. In the list, the one heard of last stands first. */
struct pair {
	char *key;
	struct pair *newer, *older;
	double tokens;
	int64_t filled_ms;
	struct similar *reasons; /* at most REASONS_MAX */
	size_t reason_len;
};

struct correlator {
	struct map pairs;
	struct pair *newest, *oldest;
};

/* ---- memory ---- */

static void similar_release(struct similar *s)
{
	for (size_t i = 0; i < s->own_len; i++)
		free(s->own[i].name);
	free(s->own);
	free(s->combined.name);
	free(s->key);
	memset(s, 0, sizeof(*s));
}

static void pair_free(void *p)
{
	struct pair *pair = p;

	for (size_t i = 0; i < pair->reason_len; i++)
		similar_release(&pair->reasons[i]);
	free(pair->reasons);
	free(pair->key);
	free(pair);
}

struct correlator *correlator_new(void)
{
	return xcalloc(1, sizeof(struct correlator));
}

void correlator_free(struct correlator *c)
{
	if (!c)
		return;
	map_release(&c->pairs, pair_free);
	free(c);
}

/* ---- pairs, the last heard of first ---- */

static void unlink_pair(struct correlator *c, struct pair *p)
{
	*(p->newer ? &p->newer->older : &c->newest) = p->older;
	*(p->older ? &p->older->newer : &c->oldest) = p->newer;
}

static void link_first(struct correlator *c, struct pair *p)
{
	p->newer = NULL;
	p->older = c->newest;
	*(p->older ? &p->older->newer : &c->oldest) = p;
	c->newest = p;
}

static void forget_oldest(struct correlator *c)
{
	struct pair *p = c->oldest;

	unlink_pair(c, p);
	map_del(&c->pairs, p->key);
	pair_free(p);
}

static struct pair *find_pair(struct correlator *c, const struct event_facts *f, int64_t now_ms)
{
	auto_free char *key = xasprintf("%s|%s", f->uid, f->source);
	struct pair *p = map_get(&c->pairs, key);

	if (p) {
		unlink_pair(c, p);
	} else {
		if (c->pairs.len >= PAIRS_MAX)
			forget_oldest(c);
		p = xcalloc(1, sizeof(*p));
		p->tokens = BURST;
		p->filled_ms = now_ms;
		map_set(&c->pairs, key, p);
		p->key = TAKE(key);
	}
	link_first(c, p);
	return p;
}

/* ---- reasons ---- */

/* The one of this reason; a new one takes the place of the one that is silent for longest. */
static struct similar *find_similar(struct pair *p, const struct event_facts *f, bool *ret_new)
{
	auto_free char *key = xasprintf("%s|%s", f->type, f->reason);
	size_t at = 0;

	*ret_new = false;
	for (size_t i = 0; i < p->reason_len; i++) {
		if (str_eq(p->reasons[i].key, key))
			return &p->reasons[i];
		if (p->reasons[i].last_ms < p->reasons[at].last_ms)
			at = i;
	}
	if (p->reason_len < REASONS_MAX) {
		at = p->reason_len++;
		p->reasons = xrealloc(p->reasons, p->reason_len * sizeof(*p->reasons));
		p->reasons[at] = (struct similar){0};
	}
	similar_release(&p->reasons[at]);
	p->reasons[at].key = TAKE(key);
	*ret_new = true;
	return &p->reasons[at];
}

/* FNV-1a. */
static uint64_t digest(const struct event_facts *f)
{
	const char *texts[] = {f->field_path ? f->field_path : "", "|", f->message};
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		for (const char *c = texts[i]; *c; c++)
			h = (h ^ (unsigned char)*c) * UINT64_C(1099511628211);
	return h;
}

/* Its own slot, that of one that is silent for long, a new one, or the combined one. */
static struct event_slot *find_slot(struct similar *s, uint64_t d, int64_t now_ms)
{
	struct event_slot *slot = NULL;

	for (size_t i = 0; i < s->own_len; i++) {
		if (now_ms - s->last_ms > SIMILAR_MS)
			s->own[i].live = false;
		if (s->own[i].digest == d)
			return &s->own[i];
		if (!s->own[i].live)
			slot = &s->own[i];
	}
	if (s->own_len < OWN_MAX) {
		s->own = xrealloc(s->own, (s->own_len + 1) * sizeof(*s->own));
		slot = &s->own[s->own_len++];
	} else if (!slot) {
		return &s->combined;
	} else {
		free(slot->name);
	}
	*slot = (struct event_slot){.digest = d};
	return slot;
}

/* ---- the budget ---- */

static bool take_token(struct pair *p, int64_t now_ms)
{
	if (now_ms > p->filled_ms)
		p->tokens += (double)(now_ms - p->filled_ms) / REFILL_MS;
	p->filled_ms = now_ms;
	if (p->tokens > BURST)
		p->tokens = BURST;
	if (p->tokens < 1)
		return false;
	p->tokens -= 1;
	return true;
}

struct event_slot *correlator_add(
    struct correlator *c, const struct event_facts *f, int64_t now_ms, bool *ret_combined)
{
	struct pair *p = find_pair(c, f, now_ms);
	bool first;
	struct similar *s = find_similar(p, f, &first);
	struct event_slot *slot = find_slot(s, digest(f), now_ms);
	bool allowed = take_token(p, now_ms);

	s->last_ms = now_ms;
	slot->live = true;
	slot->count++;
	*ret_combined = slot == &s->combined;
	return allowed || first ? slot : NULL;
}

void event_slot_named(struct event_slot *slot, char *name)
{
	free(slot->name);
	slot->name = name;
}
