/*
 * podlog: pods/log. The file is read in large pieces whenever the client has room for more;
 * following means to look again whenever the pod loop says that the file has grown. Over a
 * WebSocket (binary.k8s.io, which is also for clients that name no protocol) each piece is a
 * message, in base64.binary.k8s.io one of text.
 */
#include <strings.h>

#include "../../runtime/base/base64.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "../../runtime/ws.h"
#include "../store/logfile.h"
#include "internal.h"
#include "upgrade.h"

#define MUX_TYPE "application/vnd.docker.multiplexed-stream"
#define PIECE_BYTES (256 * KIB)
/* Pieces of one callback: other connections get their turn in between. */
#define PIECES_A_TURN 8
#define HIGH_WATER (1 * MIB)
/* Clients have nothing to say but that they go. */
#define MAX_MESSAGE_BYTES (4 * KIB)

/* ---- which container ---- */

static char *joined_names(const json *pod, const char *list)
{
	auto_strlist names = {0};

	json_for (c, json_path(pod, list))
		strlist_add(&names, json_str_or(c, "name", ""));
	return strlist_join(&names, " ");
}

const char *pod_container(const json *pod, const char *wanted, struct err *e)
{
	const char *name = json_str_or(pod, "metadata.name", "");
	auto_free char *names = NULL, *inits = NULL;

	if (wanted && *wanted) {
		if (container_spec(pod, wanted))
			return wanted;
		err_set(e, ERR_BAD_REQUEST, "container %s is not valid for pod %s", wanted, name);
		return NULL;
	}
	if (json_len(json_path(pod, "spec.containers")) == 1)
		return json_str_or(json_first(json_path(pod, "spec.containers")), "name", "");
	names = joined_names(pod, "spec.containers");
	inits = joined_names(pod, "spec.initContainers");
	err_set(e, ERR_BAD_REQUEST,
	    "a container name must be specified for pod %s, choose one of: [%s]%s%s%s", name, names,
	    *inits ? " or one of the init containers: [" : "", inits, *inits ? "]" : "");
	return NULL;
}

/* ---- the query ---- */

struct log_request {
	struct log_query query;
	bool follow, previous;
};

static int invalid(struct err *e, const struct request *r, const char *reason, const char *field,
    const char *detail)
{
	return err_option(e, "", "PodLogOptions", r->name, reason, field, detail);
}

static int at_least(
    struct err *e, const struct request *r, const char *field, int64_t value, int64_t least)
{
	auto_free char *detail = NULL;

	if (value >= least)
		return 0;
	detail = xasprintf("Invalid value: %lld: must be greater than%s 0", (long long)value,
	    least == 0 ? " or equal to" : "");
	return invalid(e, r, "FieldValueInvalid", field, detail);
}

static int parse_since(
    const struct exchange *x, const struct request *r, struct log_query *q, struct err *e)
{
	const char *time = exchange_query(x, "sinceTime");
	const char *seconds = exchange_query(x, "sinceSeconds");
	int64_t ago = 0;

	if (time && *time && seconds && *seconds)
		return invalid(e, r, "FieldValueForbidden", "sinceSeconds",
		    "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified");
	if (time && *time && time_parse(time, &q->since_ns) < 0) {
		auto_free char *quoted = str_go_quote(time);

		return err_set(e, ERR_BAD_REQUEST,
		    "sinceTime: %s is not a time like 2026-01-02T03:04:05Z", quoted);
	}
	if (!seconds || !*seconds)
		return 0;
	if (query_int(x, "sinceSeconds", INT64_MIN, &ago, e) < 0 ||
	    at_least(e, r, "sinceSeconds", ago, 1) < 0)
		return -1;
	q->since_ns = 1;
	if (ago < clock_wall_ns() / NSEC_PER_SEC)
		q->since_ns = clock_wall_ns() - ago * NSEC_PER_SEC;
	return 0;
}

static int parse_stream(
    const struct exchange *x, const struct request *r, struct log_query *q, struct err *e)
{
	static const struct {
		const char *name;
		unsigned streams;
	} names[] = {{"", 0}, {"All", 0}, {"Stdout", LOG_STDOUT}, {"Stderr", LOG_STDERR}};
	const char *v = exchange_query(x, "stream");
	auto_free char *quoted = NULL, *detail = NULL;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(v ? v : "", names[i].name)) {
			q->streams = names[i].streams;
			return 0;
		}
	}
	quoted = str_go_quote(v);
	detail = xasprintf(
	    "Unsupported value: %s: supported values: \"All\", \"Stderr\", \"Stdout\"", quoted);
	return invalid(e, r, "FieldValueNotSupported", "stream", detail);
}

static int parse_log_request(
    const struct exchange *x, const struct request *r, struct log_request *ret, struct err *e)
{
	struct log_query *q = &ret->query;
	const char *limit = exchange_query(x, "limitBytes");
	const char *accept = exchange_header(x, "Accept");
	int64_t tail = 0;
	const char *tail_text = exchange_query(x, "tailLines");

	*ret = (struct log_request){.query = {.tail_lines = -1}};
	ret->follow = exchange_query_bool(x, "follow");
	ret->previous = exchange_query_bool(x, "previous");
	q->timestamps = exchange_query_bool(x, "timestamps");
	q->framed = accept && strstr(accept, MUX_TYPE);
	if (tail_text && *tail_text) {
		if (query_int(x, "tailLines", INT64_MIN, &tail, e) < 0 ||
		    at_least(e, r, "tailLines", tail, 0) < 0)
			return -1;
		q->tail_lines = tail;
	}
	if (limit && *limit &&
	    (query_int(x, "limitBytes", INT64_MIN, &q->limit_bytes, e) < 0 ||
		at_least(e, r, "limitBytes", q->limit_bytes, 1) < 0))
		return -1;
	if (parse_since(x, r, q, e) < 0)
		return -1;
	return parse_stream(x, r, q, e);
}

/* ---- streaming ---- */

struct log_stream_state {
	struct server *server;
	struct exchange *x;
	char *path;
	struct log_query query;
	struct logreader *reader;  /* NULL: there is no file yet */
	struct log_follow *follow; /* NULL: what is there now is all */
	struct timer again;        /* goes on reading in the next turn */
	bool queued;               /* pump is deferred */
	bool socket, text;         /* over a WebSocket; as base64 */
	bool hang_up;              /* its client closed it, or broke the protocol */
	struct ws ws;
};

static void log_free(struct log_stream_state *l)
{
	if (l->follow)
		l->server->deps.pods_ops->follow_stop(l->follow);
	timer_cancel(l->server->deps.loop, &l->again);
	loop_undefer(l->server->deps.loop, l);
	logreader_free(l->reader);
	ws_release(&l->ws);
	free(l->path);
	free(l);
}

static void send_frame(struct log_stream_state *l, enum ws_opcode op, const void *data, size_t len)
{
	auto_buf frame = {0};

	ws_frame(&l->ws, &frame, op, data, len);
	exchange_write_take(l->x, &frame);
}

static void log_end(struct log_stream_state *l)
{
	if (l->socket)
		send_frame(l, WS_CLOSE, WS_CLOSE_NORMAL, 2);
	exchange_end(l->x);
	log_free(l);
}

static void send_piece(struct log_stream_state *l, struct buf *piece)
{
	auto_free char *encoded = NULL;

	if (!l->socket) {
		exchange_write_take(l->x, piece);
	} else if (piece->len && l->text) {
		encoded = base64_encode(piece->ptr, piece->len);
		send_frame(l, WS_TEXT, encoded, strlen(encoded));
	} else if (piece->len) {
		send_frame(l, WS_BINARY, piece->ptr, piece->len);
	}
}

/* Appends what there is; as logreader_next. A file that does not exist yet reads as empty. */
static int read_piece(struct log_stream_state *l, struct buf *out, struct err *e)
{
	if (!l->reader) {
		l->reader = logreader_open(l->path, &l->query, e);
		if (!l->reader && e->reason == ERR_NOT_FOUND) {
			err_clear(e);
			return 0;
		}
		if (!l->reader)
			return -1;
	}
	return logreader_next(l->reader, PIECE_BYTES, out, e);
}

/* Sends until the client has enough unread or the file is at its end. */
static void pump(void *arg)
{
	struct log_stream_state *l = arg;

	l->queued = false;
	for (int i = 0; exchange_unsent(l->x) < HIGH_WATER; i++) {
		auto_err e = {0};
		auto_buf piece = {0};
		/* Asked before reading: what is written before its end is read then. */
		bool live = l->follow && l->server->deps.pods_ops->follow_live(l->follow);
		int more;

		if (i == PIECES_A_TURN) {
			timer_set(l->server->deps.loop, &l->again, 0);
			return;
		}
		more = read_piece(l, &piece, &e);
		send_piece(l, &piece);
		if (more < 0) {
			log_warn("reading %s: %s", l->path, err_msg(&e));
			exchange_abort(l->x);
			log_free(l);
			return;
		}
		if (more == 0 && (!live || (l->reader && logreader_done(l->reader)))) {
			log_end(l);
			return;
		}
		if (more == 0)
			return; /* on_grown comes */
	}
}

/* Deferred: this stream's end stops the follow, which is not for its own callback to do. */
static void on_grown(void *ctx)
{
	struct log_stream_state *l = ctx;

	if (l->queued)
		return;
	l->queued = true;
	loop_defer(l->server->deps.loop, pump, l);
}

static void on_writable(void *ctx)
{
	pump(ctx);
}

static void on_gone(void *ctx)
{
	log_free(ctx);
}

/* The log goes on: an end would say that this was all. */
static void on_drain(void *ctx)
{
	struct log_stream_state *l = ctx;

	exchange_abort(l->x);
	log_free(l);
}

static void on_message(void *ctx, enum ws_opcode op, const unsigned char *data, size_t len)
{
	struct log_stream_state *l = ctx;

	if (op == WS_CLOSE)
		l->hang_up = true;
	else if (op == WS_PING && exchange_unsent(l->x) < HIGH_WATER)
		send_frame(l, WS_PONG, data, len);
}

static void on_data(void *ctx, const void *data, size_t len)
{
	struct log_stream_state *l = ctx;
	auto_err e = {0};

	if (l->socket && ws_feed(&l->ws, data, len, on_message, l, &e) < 0)
		l->hang_up = true;
	if (l->hang_up)
		log_end(l);
}

static const struct exchange_ops log_ops = {
    .on_writable = on_writable, .on_data = on_data, .on_gone = on_gone, .on_drain = on_drain};

/* Takes the connection; -1: it is to be a WebSocket, and is no good one. */
static int open_stream(struct log_stream_state *l, struct err *e)
{
	static const char *const known[] = {"binary.k8s.io", "base64.binary.k8s.io", "", NULL};
	auto_buf headers = {0};

	l->socket = upgrade_asks(l->x, "websocket");
	if (!l->socket) {
		exchange_stream(l->x, l->query.framed ? MUX_TYPE : "text/plain", &log_ops, l);
		return 0;
	}
	if (upgrade_websocket(l->x, known, &headers, e) < 0)
		return -1;
	l->text = str_has_prefix(upgrade_choose(l->x, WEBSOCKET_PROTOCOL, known), "base64");
	ws_init(&l->ws, false, MAX_MESSAGE_BYTES);
	exchange_upgrade(l->x, buf_str(&headers), &log_ops, l);
	return 0;
}

/*
 * kjob's own: with uid and attempt one certain file is meant, whether or not the pod is still
 * there. A Job that fails by its backoffLimit deletes the pod whose output `kjob run` is about to
 * read.
 */
static int find_attempt(
    struct exchange *x, const struct request *r, const char *uid, char **ret_path, struct err *e)
{
	struct server *s = server_of(x);
	const char *container = exchange_query(x, "container");
	int64_t attempt = 0;

	if (query_int(x, "attempt", 0, &attempt, e) < 0)
		return -1;
	if (attempt > INT32_MAX)
		return err_not_found(e, r->kind, r->name);
	return s->deps.pods_ops->find_attempt_log(s->deps.pods, r->ns, r->name, uid,
	    container ? container : "", (int)attempt, ret_path, e);
}

static int find_current(struct exchange *x, const struct request *r, bool previous, char **ret_path,
    bool *ret_live, struct err *e)
{
	struct server *s = server_of(x);
	auto_json *pod = store_get(s->deps.store, r->kind, r->ns, r->name, e);
	const char *container = pod ? pod_container(pod, exchange_query(x, "container"), e) : NULL;

	if (!container)
		return -1;
	return s->deps.pods_ops->find_log(
	    s->deps.pods, pod, container, previous, ret_path, ret_live, e);
}

void handle_log(struct exchange *x, const struct request *r)
{
	struct server *s = server_of(x);
	const char *uid = exchange_query(x, "uid");
	auto_err e = {0};
	auto_free char *path = NULL;
	struct logreader *reader = NULL;
	struct log_request lr;
	struct log_stream_state *l;
	bool live = false;

	if (parse_log_request(x, r, &lr, &e) < 0 ||
	    (uid ? find_attempt(x, r, uid, &path, &e)
		 : find_current(x, r, lr.previous, &path, &live, &e)) < 0) {
		answer_err(x, &e);
		return;
	}
	reader = logreader_open(path, &lr.query, &e);
	if (!reader && e.reason != ERR_NOT_FOUND) {
		answer_err(x, &e);
		return;
	}
	l = xcalloc(1, sizeof(*l));
	*l = (struct log_stream_state){
	    .server = s, .x = x, .path = TAKE(path), .query = lr.query, .reader = reader};
	l->again = (struct timer){.name = "log stream", .fn = pump, .arg = l};
	if (open_stream(l, &e) < 0) {
		answer_err(x, &e);
		log_free(l);
		return;
	}
	if (lr.follow && live)
		l->follow = s->deps.pods_ops->follow_log(s->deps.pods, l->path, on_grown, l);
	pump(l);
}
