/*
 * engine: a Docker or Podman engine as kjob sees one.
 *
 * Everything is asynchronous on the loop. A call's callback runs exactly once, later, and not at
 * all once the call is cancelled (engine_cancel) or the engine is freed. The differences between
 * engines end here: one quirks table (engine_quirks.c) holds them; callers see one behaviour and
 * one error type: ERR_NOT_FOUND       no such container or image ERR_ALREADY_EXISTS  the container
 * name is taken ERR_CONFLICT        the state does not allow it (exec on an exited container, …)
 *   ERR_BAD_REQUEST     the request itself is wrong (an invalid image name, a command that cannot
 * be run) ERR_FORBIDDEN       a registry or the engine refuses access ERR_UNAVAILABLE     the
 * engine did not answer (not running, connection lost, timeout) ERR_INTERNAL        any other
 * refusal, with the engine's own text
 */
#ifndef KJOB_ENGINE_H
#define KJOB_ENGINE_H

#include "base/json.h"
#include "container_spec.h"
#include "http.h"

enum engine_kind { ENGINE_DOCKER, ENGINE_PODMAN };

/* ---- finding an engine (engine_find.c; blocking, used once at start-up) ---- */

struct engine_addr {
	char *socket; /* path of a unix socket, or NULL */
	char *tcp;    /* "http://host:port", or NULL */
	char *
	    source; /* what led here: "DOCKER_HOST", "default socket", "podman system service", … */
	enum engine_kind kind;
	char *version;     /* the engine's own: "20.10.24" */
	char *api_version; /* of the Docker API it offers: "1.41" */
	long service_pid; /* > 0: a `podman system service` that engine_find started; the owner ends
			     it with SIGTERM */
	char *service_dir; /* the folder that was made for its socket, removed by engine_addr_stop;
			      or NULL */
};

/*
 * SPEC is auto, docker, podman, unix://PATH or tcp://HOST:PORT (NULL: KJOB_ENGINE or auto). auto
 * tries DOCKER_HOST, CONTAINER_HOST, the current docker context, the usual sockets (rootful,
 * rootless, Docker Desktop, Colima), and last starts `podman system service` on a socket in
 * RUNTIME_DIR. A variable that is set but does not answer is an error, not a reason to go on. The
 * error lists what was tried and why each failed (no such file, permission denied, refused).
 */
int engine_find(
    const char *spec, const char *runtime_dir, struct engine_addr *ret, struct err *e) MUST_USE;
void engine_addr_stop(
    struct engine_addr *a); /* ends the service that engine_find started, if any */
void engine_addr_release(struct engine_addr *a);
/* Whether the engine runs on this machine and sees the files that this process sees. */
bool engine_addr_is_local(const struct engine_addr *a);

/* ---- a connection ---- */

struct engine;
typedef uint64_t engine_id; /* of a call under way; 0: none */

/* Who is told: ctx and key come back as they are. Late callbacks look the key up and find nothing:
 * that is the point. */
struct engine_who {
	void *ctx;
	uint64_t key;
};

struct engine *engine_new(struct loop *l, const struct engine_addr *a);
void engine_free(struct engine *en);
enum engine_kind engine_kind(const struct engine *en);
/* Whether a container that joins another's network may have a hostname of its own. */
bool engine_hostname_follows(const struct engine *en);
void engine_cancel(struct engine *en, engine_id id);

typedef void engine_done_fn(struct engine_who who, const struct err *err); /* err NULL: fine */
typedef void engine_json_fn(struct engine_who who, const json *reply, const struct err *err);
typedef void engine_text_fn(struct engine_who who, const char *text, const struct err *err);

struct engine_info {
	const char *name, *os, *kernel, *arch, *server_version;
	const char *root_dir; /* where it keeps containers and volumes, on its machine */
	int64_t cpus, memory_bytes;
};
typedef void engine_info_fn(
    struct engine_who who, const struct engine_info *info, const struct err *err);
engine_id engine_get_info(struct engine *en, engine_info_fn *cb, struct engine_who who);

/* ---- containers (containers.c) ---- */

enum container_state { CONTAINER_CREATED, CONTAINER_RUNNING, CONTAINER_PAUSED, CONTAINER_EXITED };

struct container_info {
	const char *id, *name, *image_id, *error;
	const json *labels;         /* object of strings */
	enum container_state state; /* EXITED only when the engine says so and FinishedAt is there
				       or the state is lost */
	bool lost; /* the engine no longer knows how it ended (reboot): exit_code is meaningless */
	int exit_code;
	bool oom_killed;
	/*
	 * The engine does not tell of kills for memory, and this exit looks like one: SIGKILL, with
	 * a limit of memory. Whoever did not send that signal may take it for one.
	 */
	bool oom_likely;
	int64_t started_at_ns, finished_at_ns; /* TIME_ZERO_NS: never */
	const char *ip;                        /* "" or NULL without */
	const char *stop_signal;               /* name or number; NULL: SIGTERM */
};
typedef void container_info_fn(
    struct engine_who who, const struct container_info *info, const struct err *err);

/* cb's text: the id of the container. */
engine_id container_create(
    struct engine *en, const struct container_spec *s, engine_text_fn *cb, struct engine_who who);
engine_id container_put_archive(struct engine *en, const char *id, const char *path,
    const void *tar, size_t len, engine_done_fn *cb, struct engine_who who);
/*
 * exit_code: 0 when started or when the trouble is not the command's; 126, 127 or 128 where the
 * engine says that the command cannot be run (ERR_BAD_REQUEST with its text).
 */
typedef void container_start_fn(struct engine_who who, int exit_code, const struct err *err);
engine_id container_start(
    struct engine *en, const char *id, container_start_fn *cb, struct engine_who who);
engine_id container_inspect(
    struct engine *en, const char *id_or_name, container_info_fn *cb, struct engine_who who);
/* How many bytes its own files take, beside those of the image. */
typedef void engine_size_fn(struct engine_who who, int64_t bytes, const struct err *err);
engine_id container_size(
    struct engine *en, const char *id, engine_size_fn *cb, struct engine_who who);
/* Signals; a container that does not run (any more) is fine. */
engine_id container_kill(struct engine *en, const char *id, const char *signal, engine_done_fn *cb,
    struct engine_who who);
/* Removes, by SIGKILL first when it runs; one that is gone or going is fine. */
engine_id container_remove(
    struct engine *en, const char *id, engine_done_fn *cb, struct engine_who who);
/* All containers, running or not, with these labels ("k=v", all must hold). infos: without exit
 * code, times and ip. */
typedef void container_list_fn(
    struct engine_who who, const struct container_info *infos, size_t len, const struct err *err);
engine_id container_list(
    struct engine *en, const char *const *labels, container_list_fn *cb, struct engine_who who);

/* ---- figures (stats.c) ---- */

struct container_stats {
	int64_t read_ns;       /* when, by the engine's clock */
	uint64_t cpu_ns;       /* since its start, of all processors */
	uint64_t memory_bytes; /* now, without idle page cache where the engine tells that apart */
};
typedef void container_stats_fn(
    struct engine_who who, const struct container_stats *stats, const struct err *err);
/* Of a running container; ERR_CONFLICT or ERR_NOT_FOUND of others. Takes Docker up to a second. */
engine_id container_get_stats(
    struct engine *en, const char *id, container_stats_fn *cb, struct engine_who who);

/* ---- streams (streams.c) ---- */

enum stream_kind { STREAM_STDOUT = 1, STREAM_STDERR = 2 };
struct stream_callbacks {
	/* The engine has accepted the attach: only now may the container be started. */
	void (*on_open)(struct engine_who who);
	/* A piece of output, demultiplexed; pieces are not lines. Returning false pauses until
	 * stream_resume. */
	bool (*on_data)(struct engine_who who, enum stream_kind kind, const char *data, size_t len);
	/*
	 * The stream ended, or (err) could not be opened or broke. A hint: inspect decides. It may
	 * come before the start, when the start will fail. No further callback.
	 */
	void (*on_end)(struct engine_who who, const struct err *err);
	/* Optional: after stream_write has said false, there is room again. */
	void (*on_writable)(struct engine_who who);
};
struct stream;
/*
 * Output (and, with stdin, input) of a created or running container, from now on; engines keep who
 * attaches to an exited one waiting. tty: the stream is not framed. Podman does most of a start at
 * the first attach.
 */
struct stream *container_attach(struct engine *en, const char *id, bool with_stdin, bool tty,
    const struct stream_callbacks *cb, struct engine_who who);
/* Input alone, to a running container. */
struct stream *container_attach_stdin(
    struct engine *en, const char *id, const struct stream_callbacks *cb, struct engine_who who);
/* The engine's own log from its beginning, followed to the container's end; for recovery. */
struct stream *container_logs(struct engine *en, const char *id, bool follow, bool tty,
    const struct stream_callbacks *cb, struct engine_who who);
/* stdin, up to 1 MiB ahead. False: nothing was taken, there is too much queued. What comes after
 * the end is dropped. */
bool stream_write(struct stream *s, const void *data, size_t len);
void stream_close_stdin(struct stream *s);
void stream_resume(struct stream *s);
void stream_free(struct stream *s); /* closes; no callback follows; fine in its own callbacks */

/* ---- events (events.c) ---- */

enum engine_event_type { EVENT_START, EVENT_DIE, EVENT_OOM, EVENT_DESTROY };
struct engine_event {
	enum engine_event_type type;
	const char *container_id;
	int exit_code;   /* EVENT_DIE: -1 where the engine does not say */
	int64_t time_ns; /* 0: unknown */
};
struct events_callbacks {
	void (*on_event)(struct engine_who who, const struct engine_event *event);
	void (*on_connected)(struct engine_who who); /* relist now: events before it are lost */
	void (*on_lost)(struct engine_who who,
	    const struct err *err); /* reconnecting by itself, 0.1 s to 5 s */
};
struct events;
struct events *events_watch(struct engine *en, const char *const *labels,
    const struct events_callbacks *cb, struct engine_who who);
void events_free(struct events *ev);
/*
 * Whether EVENT_DIE, which bears the exit code, is quicker than an inspect. Docker tells it as soon
 * as the process has ended and answers an inspect only when the network is torn down, tens of
 * milliseconds later; Podman's comes late.
 */
bool engine_die_is_prompt(const struct engine *en);

/* ---- images (images.c) ---- */

struct image_info {
	const char *id, *user;
	int64_t size_bytes;
};
typedef void image_info_fn(
    struct engine_who who, const struct image_info *info, const struct err *err);
engine_id image_inspect(
    struct engine *en, const char *ref, image_info_fn *cb, struct engine_who who);
/* progress: "3 of 5 layers, 12.1MB / 40.0MB", at most four times a second; may be NULL. auth:
 * registry_config.h; NULL: none. */
engine_id image_pull(struct engine *en, const char *ref, const char *auth,
    void (*progress)(struct engine_who who, const char *text), engine_done_fn *cb,
    struct engine_who who);

#endif
