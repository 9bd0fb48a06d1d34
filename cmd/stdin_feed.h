/*
 * stdin_feed: this process's standard input to a container's, over the attach WebSocket. Its end
 * closes the container's. Output does not come this way. The struct is the caller's and must not
 * move while it is started.
 */
#ifndef KJOB_CMD_STDIN_FEED_H
#define KJOB_CMD_STDIN_FEED_H

#include "../runtime/ws.h"
#include "client.h"

enum feed_state { FEED_IDLE, FEED_OPENING, FEED_OPEN, FEED_LOST, FEED_DONE };

struct stdin_feed {
	struct client *client;
	char *path;
	struct upgrade *conn;
	struct loop_fd *input;
	struct ws ws;
	enum feed_state state;
	struct buf held;       /* a frame that did not fit into the connection's queue */
	bool no_close_channel; /* an old server: the end of input closes the connection */
	bool eof;              /* standard input has ended */
	unsigned failures;
	struct err err; /* of FEED_LOST: why */
};

/* Path: "/api/v1/namespaces/NS/pods/POD/attach?…". */
void stdin_feed_start(struct stdin_feed *f, struct client *c, const char *path);
/* Connects again when the connection was lost; only while the container runs. -1: it cannot be had
 * back. */
int stdin_feed_pump(struct stdin_feed *f, struct err *e) MUST_USE;
void stdin_feed_stop(struct stdin_feed *f);

#endif
