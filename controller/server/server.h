/*
 * server: the Kubernetes-style API over HTTP/1.1: routes, objects, lists, watches, tables, logs,
 * attach, exec, discovery, and kjob's own endpoints under /kjob/v1.
 *
 * The server owns its listeners, connections and everything that streams on them; it borrows all of
 * its deps, which must outlive it. Answers of requests that write are held until the turn's
 * transaction is on disk: the owner of the loop calls store_commit and then server_after_commit at
 * the end of each turn. Nothing here blocks.
 */
#ifndef KJOB_SERVER_H
#define KJOB_SERVER_H

#include "../../runtime/engine.h"
#include "../loops/pods.h"
#include "../store/store.h"

struct server;

/* What the server needs of the pod loop, as a table: the functions of loops/pods.h, or a test's
 * own. */
struct server_pods_ops {
	int (*find_log)(struct pods *p, const json *pod, const char *container, bool previous,
	    char **ret_path, bool *ret_live, struct err *e);
	int (*find_attempt_log)(struct pods *p, const char *ns, const char *pod, const char *uid,
	    const char *container, int attempt, char **ret_path, struct err *e);
	struct log_follow *(*follow_log)(
	    struct pods *p, const char *path, void (*fn)(void *ctx), void *ctx);
	bool (*follow_live)(const struct log_follow *f);
	void (*follow_stop)(struct log_follow *f);
	int (*stdin_open)(struct pods *p, const char *uid, const char *container,
	    bool *ret_first, struct err *e);
	bool (*stdin_write)(
	    struct pods *p, const char *uid, const char *container, const void *data, size_t len);
	void (*stdin_close)(struct pods *p, const char *uid, const char *container);
	void (*tty_resize)(struct pods *p, const char *uid, const char *container, unsigned columns,
	    unsigned rows);
	struct pod_dial *(*dial)(struct pods *p, const char *uid, unsigned port,
	    const struct pod_dial_callbacks *cb, void *ctx, struct err *e);
	bool (*dial_write)(struct pod_dial *d, const void *data, size_t len);
	void (*dial_end)(struct pod_dial *d);
	void (*dial_resume)(struct pod_dial *d);
	void (*dial_free)(struct pod_dial *d);
};

struct server_deps {
	struct loop *loop;
	struct store *store;
	struct engine *engine; /* for commands in containers, their files and ports */
	struct pods *pods;
	const struct server_pods_ops *pods_ops; /* static storage */
	const char *version;                    /* of kjob: "0.1.0"; copied */
	const char *state_dir;      /* for the TLS listener and its keys; NULL: there is none */
	json *(*status)(void *ctx); /* body of GET /kjob/v1/status; owned by the caller */
	void (*stop)(void *ctx);    /* POST /kjob/v1/stop was answered */
	void *ctx;
};

struct server *server_new(const struct server_deps *deps);
/*
 * Listens on a unix socket that only this user can open. A socket file that nobody listens on is
 * replaced; one that answers is an error (another controller), and so is a file that is no socket.
 */
int server_listen_unix(struct server *s, const char *path, struct err *e) MUST_USE;
/* Listens on a socket that is bound and listening already; the server owns fd from then on. */
int server_listen_fd(struct server *s, int fd, struct err *e) MUST_USE;

/*
 * The TLS listener, if a client has ever asked for it (POST /kjob/v1/serve) and not ended it since;
 * where it cannot listen it says so and tries again.
 */
void server_resume_tls(struct server *s);
/* Whether there is to be a TLS listener. */
bool server_has_tls(const struct server *s);
/* Where it listens, and how it does; owned. NULL: there is none. */
json *server_tls_status(const struct server *s);

/* Connections with a request under way; watches, log streams and attaches count until they end. */
size_t server_clients(const struct server *s);
/* clock_mono_ms() of the newest request's beginning or end; of server_new before the first. */
int64_t server_last_activity_ms(const struct server *s);

/*
 * After store_commit: sends the answers that waited for it or, where `err` is set (the commit
 * failed and nothing of it is kept), that error in their place.
 */
void server_after_commit(struct server *s, const struct err *err);

/*
 * Takes no new connections, lets the requests under way finish and ends the endless ones (watches,
 * followed logs) orderly. The owner goes on turning the loop until server_clients is 0 or it has no
 * more patience.
 */
void server_drain(struct server *s);
/* Closes everything that is left and removes the socket file. */
void server_free(struct server *s);

#endif
