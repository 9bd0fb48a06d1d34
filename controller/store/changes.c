/*
 * changes: who is told about changes, and the recent ones kept for watches that come later.
 */
#include "store_priv.h"

#define KEEP_BYTES (4u * MIB)
#define KEEP_COUNT 10000u

void changes_init(struct changes *c, uint64_t rv)
{
	for (int i = 0; i < KIND_COUNT; i++)
		c->floor[i] = rv;
}

void changes_release(struct changes *c)
{
	for (size_t i = c->first; i < c->len; i++)
		free(c->entries[i]);
	free(c->entries);
	free(c->listeners);
	memset(c, 0, sizeof(*c));
}

/* ---- listeners ---- */

void store_listen(struct store *s, const struct store_listener *l)
{
	struct changes *c = &s->changes;

	GROW(c->listeners, c->listener_cap, c->listener_len + 1);
	c->listeners[c->listener_len++] = *l;
}

/* The dead are those without any function. */
static void drop_dead(struct changes *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->listener_len; i++)
		if (c->listeners[i].written || c->listeners[i].committed || c->listeners[i].lost)
			c->listeners[n++] = c->listeners[i];
	c->listener_len = n;
}

void store_unlisten(struct store *s, void *ctx)
{
	struct changes *c = &s->changes;

	for (size_t i = 0; i < c->listener_len; i++)
		if (c->listeners[i].ctx == ctx)
			c->listeners[i] = (struct store_listener){0};
	if (c->calling == 0)
		drop_dead(c);
}

/* Listeners may listen and unlisten in the call: copies and indices, no pointers into the list. */
static void tell_written(struct changes *c, const struct change *change)
{
	c->calling++;
	for (size_t i = 0; i < c->listener_len; i++) {
		struct store_listener l = c->listeners[i];

		if (l.written)
			l.written(l.ctx, change);
	}
	if (--c->calling == 0)
		drop_dead(c);
}

static void tell_committed(struct changes *c, const struct change *change)
{
	c->calling++;
	for (size_t i = 0; i < c->listener_len; i++) {
		struct store_listener l = c->listeners[i];

		if (l.committed)
			l.committed(l.ctx, change);
	}
	if (--c->calling == 0)
		drop_dead(c);
}

static void tell_lost(struct changes *c)
{
	c->calling++;
	for (size_t i = 0; i < c->listener_len; i++) {
		struct store_listener l = c->listeners[i];

		if (l.lost)
			l.lost(l.ctx);
	}
	if (--c->calling == 0)
		drop_dead(c);
}

/* ---- the memory of changes ---- */

/* Copies LEN bytes and a NUL to *p, which moves behind them; NULL stays NULL. */
static const char *put(char **p, const char *text, size_t len)
{
	char *to = *p;

	if (!text)
		return NULL;
	memcpy(to, text, len);
	to[len] = '\0';
	*p = to + len + 1;
	return to;
}

static struct change_entry *entry_new(const struct change *c)
{
	size_t ns = strlen(c->ns), name = strlen(c->name), uid = strlen(c->uid);
	size_t bytes = sizeof(struct change_entry) + ns + name + uid + c->body_len +
		       c->old_body_len + c->labels_len + c->fields_len + c->old_labels_len +
		       c->old_fields_len + 9;
	struct change_entry *entry = xmalloc(bytes);
	char *p = (char *)(entry + 1);

	entry->bytes = bytes;
	entry->c = *c;
	entry->c.ns = put(&p, c->ns, ns);
	entry->c.name = put(&p, c->name, name);
	entry->c.uid = put(&p, c->uid, uid);
	entry->c.body = put(&p, c->body, c->body_len);
	entry->c.old_body = put(&p, c->old_body, c->old_body_len);
	entry->c.labels = put(&p, c->labels, c->labels_len);
	entry->c.fields = put(&p, c->fields, c->fields_len);
	entry->c.old_labels = put(&p, c->old_labels, c->old_labels_len);
	entry->c.old_fields = put(&p, c->old_fields, c->old_fields_len);
	return entry;
}

void changes_add(struct changes *c, const struct change *change)
{
	struct change_entry *entry = entry_new(change);

	GROW(c->entries, c->cap, c->len + 1);
	c->entries[c->len++] = entry;
	c->bytes += entry->bytes;
	tell_written(c, &entry->c);
}

static void forget_oldest(struct changes *c)
{
	struct change_entry *entry = c->entries[c->first++];

	c->floor[entry->c.kind->id] = entry->c.rv;
	c->bytes -= entry->bytes;
	free(entry);
}

/* Closes the gap at the front once it is half of the list. */
static void compact(struct changes *c)
{
	if (c->first < 64 || c->first < c->len / 2)
		return;
	memmove(c->entries, c->entries + c->first, (c->len - c->first) * sizeof(*c->entries));
	c->len -= c->first;
	c->published -= c->first;
	c->first = 0;
}

void changes_publish(struct changes *c)
{
	size_t end = c->len;

	while (c->published < end)
		tell_committed(c, &c->entries[c->published++]->c);
	while (c->first < c->published && (c->bytes > KEEP_BYTES || c->len - c->first > KEEP_COUNT))
		forget_oldest(c);
	compact(c);
}

void changes_undo(struct changes *c)
{
	while (c->len > c->published) {
		struct change_entry *entry = c->entries[--c->len];

		c->bytes -= entry->bytes;
		free(entry);
	}
	tell_lost(c);
}

int store_changes_since(struct store *s, const struct kind *k, uint64_t after,
    void (*fn)(void *ctx, const struct change *c), void *ctx, struct err *e)
{
	struct changes *c = &s->changes;
	size_t lo = c->first, end = c->published;

	/* A version of the future is another database's, or of a turn that was undone. */
	if (after < c->floor[k->id] || after > s->rv)
		return err_set(e, ERR_EXPIRED, "too old resource version: %llu (%llu)",
		    (unsigned long long)after, (unsigned long long)s->rv);
	for (size_t hi = end; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->entries[mid]->c.rv <= after)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < end; lo++)
		if (c->entries[lo]->c.kind == k)
			fn(ctx, &c->entries[lo]->c);
	return 0;
}
