/*
 * watcher: a watch that goes on by itself, for commands that look at several things at a time.
 *
 * It resumes at the version it has seen when the server ends the stream or the controller dies
 * (which is started again), and lists anew where that version is no longer kept. Its callbacks only
 * collect: events are delivered by watcher_pump, which the command calls between turns of the loop,
 * so that handlers may make calls of their own. The struct is the caller's and must not move while
 * it is started.
 */
#ifndef KJOB_CMD_WATCHER_H
#define KJOB_CMD_WATCHER_H

#include "client.h"

struct watcher {
	struct client *client;
	char *path;    /* of the list, with selectors */
	char *version; /* the newest that was seen */
	struct buf lines;
	http_id id; /* 0: not started */
	bool closed, paused;
	struct err err;
	unsigned failures; /* in a row, each soon after its beginning */
	int64_t began_ms;
};

/*
 * "ADDED", "MODIFIED", "DELETED"; WATCHER_RELIST with a whole list: what is not in it is gone, its
 * items follow as ADDED.
 */
#define WATCHER_RELIST "RELIST"
typedef void watcher_fn(void *ctx, const char *type, const json *object);

/* path: of a list. version NULL or "": begin with what is there. The struct is zeroed, or was
 * stopped. */
void watcher_start(struct watcher *w, struct client *c, const char *path, const char *version);
/* Delivers what has come, and resumes what has ended. -1: it cannot go on. */
int watcher_pump(struct watcher *w, watcher_fn *fn, void *ctx, struct err *e) MUST_USE;
/* Ends it and frees what it holds. */
void watcher_stop(struct watcher *w);

#endif
