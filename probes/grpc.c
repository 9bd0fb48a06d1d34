/*
 * grpc: grpc.health.v1.Health/Check over HTTP/2 without TLS. The two messages are so small that
 * they are written and read by hand.
 */
#include <ctype.h>

#include "../runtime/base/protobuf.h"
#include "action_internal.h"

#define RETRY_MS 1000 /* gRPC's first back-off */
#define MAX_REPLY (64u * KIB)
#define MAX_SERVICE 1024

struct grpc_state {
	struct dial *dial;
	struct http *client;
	struct runner *via; /* NULL: straight */
	struct timer retry;
	char *host, *origin;
	unsigned port;
	struct buf request;
	bool connected;
};

static const char *const codes[] = {"OK", "Canceled", "Unknown", "InvalidArgument",
    "DeadlineExceeded", "NotFound", "AlreadyExists", "PermissionDenied", "ResourceExhausted",
    "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented", "Internal", "Unavailable",
    "DataLoss", "Unauthenticated"};
enum {
	CODE_OK = 0,
	CODE_UNKNOWN = 2,
	CODE_DEADLINE = 4,
	CODE_UNIMPLEMENTED = 12,
	CODE_INTERNAL = 13
};

static const char *const statuses[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
enum { STATUS_SERVING = 1 };

/* What a status of HTTP means where a gRPC status is missing. */
static const struct {
	int http, code;
} http_codes[] = {
    {400, CODE_INTERNAL},
    {401, 16},
    {403, 7},
    {404, CODE_UNIMPLEMENTED},
    {429, 14},
    {502, 14},
    {503, 14},
    {504, 14},
};

/* ---- messages ---- */

/* HealthCheckRequest{service = 1} in a frame of gRPC. */
static void write_request(struct buf *b, const char *service)
{
	size_t len = strnlen(service, MAX_SERVICE), size = len ? len + (len < 128 ? 2 : 3) : 0;
	const unsigned char frame[5] = {0, 0, 0, (unsigned char)(size >> 8), (unsigned char)size};

	buf_add(b, frame, sizeof(frame));
	if (!len)
		return;
	buf_addch(b, 0x0a);
	if (len >= 128)
		buf_addch(b, (char)(0x80 | (len & 0x7f)));
	buf_addch(b, (char)(len < 128 ? len : len >> 7));
	buf_add(b, service, len);
}

/* The status in a frame with a HealthCheckResponse; -1: it is none. */
static int64_t read_reply(const char *body, size_t len)
{
	const unsigned char *p = (const unsigned char *)body;
	struct protobuf_field f;
	struct protobuf m;
	uint64_t status = 0;
	size_t size;
	int rc;

	if (len < 5 || p[0] != 0)
		return -1;
	size = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
	if (size > len - 5)
		return -1;
	m = (struct protobuf){p + 5, size};
	while ((rc = protobuf_next(&m, &f, NULL)) > 0)
		if (f.number == 1 && f.type == PROTOBUF_VARINT)
			status = f.value;
	return rc == 0 && status <= INT32_MAX ? (int64_t)status : -1;
}

/* A grpc-message: percent-encoded; owned. */
static char *unescape(const char *text)
{
	auto_buf b = {0};

	for (const char *p = text; *p; p++) {
		char hex[3] = {p[0] == '%' ? p[1] : '\0', p[0] == '%' && p[1] ? p[2] : '\0', '\0'};

		if (isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1])) {
			buf_addch(&b, (char)strtol(hex, NULL, 16));
			p += 2;
		} else {
			buf_addch(&b, *p);
		}
	}
	return buf_take(&b);
}

/* ---- the result ---- */

static void finish_connect(struct action *a)
{
	struct grpc_state *g = a->state;
	char duration[TIME_TEXT_MAX];
	auto_free char *address = dial_address(g->host, g->port);

	action_finishf(a, ACTION_FAILURE,
	    "timeout: failed to connect service \"%s\" within %s: context deadline exceeded",
	    address, duration_format(duration, a->timeout_ms * NSEC_PER_MSEC));
}

static void finish_deadline(struct action *a)
{
	char duration[TIME_TEXT_MAX];

	action_finishf(a, ACTION_FAILURE, "timeout: health rpc did not complete within %s",
	    duration_format(duration, a->timeout_ms * NSEC_PER_MSEC));
}

static void finish_code(struct action *a, int64_t code, const char *message)
{
	if (code == CODE_UNIMPLEMENTED)
		action_finishf(a, ACTION_FAILURE,
		    "error: this server does not implement the grpc health protocol "
		    "(grpc.health.v1.Health): %s",
		    message);
	else if (code == CODE_DEADLINE)
		finish_deadline(a);
	else if (code >= 0 && code < (int64_t)ARRAY_LEN(codes))
		action_finishf(a, ACTION_FAILURE,
		    "error: health rpc probe failed: rpc error: code = %s desc = %s", codes[code],
		    message);
	else
		action_finishf(a, ACTION_FAILURE,
		    "error: health rpc probe failed: rpc error: code = Code(%lld) desc = %s",
		    (long long)code, message);
}

/* An answer without a gRPC status. */
static void finish_http(struct action *a, const struct http_response *r)
{
	const char *type = http_header(r, "content-type");
	auto_free char *message = NULL;
	int code = CODE_UNKNOWN;

	for (size_t i = 0; i < ARRAY_LEN(http_codes); i++)
		if (http_codes[i].http == r->status)
			code = http_codes[i].code;
	if (r->status != 200)
		message =
		    xasprintf("unexpected HTTP status code received from server: %d", r->status);
	else if (!type || !str_has_prefix(type, "application/grpc"))
		message = xasprintf("unexpected HTTP status code received from server: 200 (OK); "
				    "transport: received unexpected content-type \"%s\"",
		    type ? type : "");
	else
		message = xstrdup("server closed the stream without sending trailers");
	finish_code(a, code, message);
}

static void finish_status(struct action *a, const struct http_response *r)
{
	int64_t status = read_reply(r->body, r->body_len);

	if (status == STATUS_SERVING)
		action_finishf(a, ACTION_SUCCESS, "service healthy");
	else if (status < 0)
		finish_code(a, CODE_INTERNAL, "grpc: failed to unmarshal the received message");
	else if (status < (int64_t)ARRAY_LEN(statuses))
		action_finishf(a, ACTION_FAILURE, "service unhealthy (responded with \"%s\")",
		    statuses[status]);
	else
		action_finishf(a, ACTION_FAILURE, "service unhealthy (responded with \"%lld\")",
		    (long long)status);
}

/* ---- the call ---- */

static void retry_later(struct action *a)
{
	struct grpc_state *g = a->state;

	g->connected = false;
	timer_set(a->loop, &g->retry, RETRY_MS); /* the time limit comes in between, or not */
}

static void on_done(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct action *a = ctx;
	const char *text = http_header(r, "grpc-status"), *message = http_header(r, "grpc-message");
	int64_t code;

	if (a->finished)
		return;
	if (err && !r->status) {
		retry_later(a); /* no HTTP/2 is spoken there, or not yet */
		return;
	}
	if (!text || str_to_int(text, 0, INT32_MAX, &code) != 0) {
		finish_http(a, r);
		return;
	}
	if (code == CODE_OK) {
		finish_status(a, r);
		return;
	}
	auto_free char *clear = unescape(message ? message : "");
	finish_code(a, code, clear);
}

/* socket: a connection through the runner; NULL: none. */
static void send_request(struct action *a, const char *socket)
{
	static const char *const headers[] = {"Content-Type: application/grpc", "TE: trailers",
	    "User-Agent: " ACTION_USER_AGENT, NULL};
	struct grpc_state *g = a->state;
	struct http_target t = {
	    .base_url = g->origin,
	    .unix_socket = socket,
	    .no_proxy = true,
	    .http2 = true,
	    .connect_ms = a->timeout_ms + 1000,
	};
	struct http_request req = {
	    .method = "POST",
	    .path = "/grpc.health.v1.Health/Check",
	    .headers = headers,
	    .bare_headers = true,
	    .body = buf_str(&g->request),
	    .body_len = g->request.len,
	    .max_body = MAX_REPLY,
	    .own_connection = true,
	    .done = on_done,
	    .ctx = a,
	};

	g->client = http_new(a->loop, &t);
	http_send(g->client, &req);
}

/* First whether somebody listens: from there on a silent server is slow, not absent. */
static void on_dialled(void *ctx, enum http_fault fault, int os_error)
{
	struct action *a = ctx;
	struct grpc_state *g = a->state;
	bool fine = fault == HTTP_FAULT_NONE;
	const char *socket = g->via && fine ? dial_socket(g->dial) : NULL;

	if (!socket) /* otherwise the connection goes through it */
		dial_free(TAKE(g->dial));
	if (a->finished)
		return;
	if (g->via && (fine ? !socket : fault == HTTP_FAULT_OTHER)) {
		action_no_network(a);
	} else if (!fine) {
		retry_later(a);
	} else {
		g->connected = true;
		send_request(a, socket);
	}
}

static void dial_now(void *arg)
{
	struct action *a = arg;
	struct grpc_state *g = a->state;

	http_free(TAKE(g->client));
	dial_free(TAKE(g->dial));
	if (g->via)
		g->dial = action_dial(a, g->via, g->host, g->port, on_dialled);
	else
		g->dial = dial_new(a->loop, g->host, g->port, a->timeout_ms + 1000, on_dialled, a);
}

static void grpc_start(struct action *a, const struct action_spec *s)
{
	struct grpc_state *g = xcalloc(1, sizeof(*g));
	auto_free char *address = dial_address(s->host, s->port);

	a->state = g;
	g->host = xstrdup(s->host);
	g->port = s->port;
	g->origin = xasprintf("http://%s", address);
	g->retry = (struct timer){.name = "gRPC probe's next attempt", .fn = dial_now, .arg = a};
	write_request(&g->request, s->service ? s->service : "");
	g->via = s->runner;
	if (g->via)
		action_wait(a);
	dial_now(a);
}

static void grpc_timed_out(struct action *a)
{
	struct grpc_state *g = a->state;

	if (g->connected)
		finish_deadline(a);
	else
		finish_connect(a);
}

static void grpc_stop(struct action *a)
{
	struct grpc_state *g = a->state;

	if (!g)
		return;
	timer_cancel(a->loop, &g->retry);
	http_free(g->client);
	dial_free(g->dial);
	buf_release(&g->request);
	free(g->host);
	free(g->origin);
	free(g);
}

const struct action_ops grpc_action = {grpc_start, grpc_timed_out, grpc_stop};
