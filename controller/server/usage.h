/*
 * usage: how much of the processors and of memory containers use now. The engine tells how much
 * they have used so far; two readings make a rate. One of up to a minute ago serves as the first,
 * else a second one follows.
 */
#ifndef KJOB_SERVER_USAGE_H
#define KJOB_SERVER_USAGE_H

#include "../../runtime/base/str.h"
#include "../../runtime/engine.h"

struct usage;
struct usage *usage_new(struct loop *l, struct engine *en); /* both borrowed */
void usage_free(struct usage *u);                           /* after its queries */

struct usage_figure {
	int64_t window_ns;    /* what cpu_nano is the mean of */
	int64_t cpu_nano;     /* billionths of a processor */
	int64_t memory_bytes; /* at the end of the window */
};

struct usage_query;
/* done(ctx), later and once, when there are figures of the containers with these engine ids, as far
 * as they run. */
struct usage_query *usage_ask(
    struct usage *u, const struct strlist *ids, void (*done)(void *ctx), void *ctx);
/* False: there are none. */
bool usage_get(const struct usage *u, const char *id, struct usage_figure *ret);
/* Ends a query, in `done` or before it. */
void usage_query_free(struct usage_query *q);

#endif
