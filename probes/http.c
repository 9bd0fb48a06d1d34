/*
 * http: a GET; 200 to 399 is a success. One connection per request. Redirects are followed as long
 * as they stay on the host that was asked.
 */
#include <strings.h>

#include "action_internal.h"

#define MAX_REDIRECTS 10

struct http_state {
	struct http *client;
	struct runner *via; /* NULL: straight */
	struct dial *dial;  /* of via: what the client's connection goes through */
	struct http_url url;
	char *first_host;
	char *host; /* for "dial tcp" */
	unsigned port;
	struct strlist headers;
	bool any_answer;
	bool answered; /* the head of the answer has come */
	int redirects;
};

static void on_done(void *ctx, uint64_t key, const struct http_response *r, const struct err *err);

static void on_headers(void *ctx, uint64_t key, const struct http_response *r)
{
	struct action *a = ctx;
	struct http_state *h = a->state;

	h->answered = true;
}

/* socket: a connection through the runner; NULL: none. */
static void send_on(struct action *a, const char *socket)
{
	struct http_state *h = a->state;
	struct http_target t = {
	    .base_url = h->url.origin,
	    .unix_socket = socket,
	    .no_proxy = true,
	    .insecure = true,
	    .connect_ms = a->timeout_ms + 1000,
	};
	auto_free const char **lines = xcalloc(h->headers.len + 1, sizeof(*lines));
	struct http_request req = {
	    .method = "GET",
	    .path = h->url.path,
	    .headers = lines,
	    .bare_headers = true,
	    .max_body = ACTION_TEXT_MAX,
	    .own_connection = true,
	    .done = on_done,
	    .on_headers = on_headers,
	    .ctx = a,
	};

	for (size_t i = 0; i < h->headers.len; i++)
		lines[i] = h->headers.items[i];
	h->client = http_new(a->loop, &t);
	http_send(h->client, &req);
}

static void finish_get(struct action *a, enum action_outcome outcome, const char *why);

static void on_dialled(void *ctx, enum http_fault fault, int os_error)
{
	struct action *a = ctx;
	struct http_state *h = a->state;

	if (a->finished)
		return;
	if (fault == HTTP_FAULT_NONE && dial_socket(h->dial))
		send_on(a, dial_socket(h->dial));
	else if (fault != HTTP_FAULT_NONE && dial_text(h->dial))
		finish_get(a, ACTION_FAILURE, dial_text(h->dial));
	else
		action_no_network(a);
}

/* Where the URL leads: another port than the first, perhaps. */
static unsigned url_port(const struct http_url *u)
{
	const char *colon = strrchr(u->origin, ':');
	int64_t port;

	if (colon && str_to_int(colon + 1, 1, 65535, &port) == 0)
		return (unsigned)port;
	return str_has_prefix(u->origin, "https:") ? 443 : 80;
}

static void send_request(struct action *a)
{
	struct http_state *h = a->state;

	h->answered = false;
	http_free(TAKE(h->client));
	dial_free(TAKE(h->dial));
	if (h->via)
		h->dial = action_dial(a, h->via, h->host, url_port(&h->url), on_dialled);
	else
		send_on(a, NULL);
}

/* As Go's client tells of trouble: 'Get "http://…": why'. */
static void finish_get(struct action *a, enum action_outcome outcome, const char *why)
{
	struct http_state *h = a->state;
	auto_free char *url = xasprintf("%s%s", h->url.origin, h->url.path);
	auto_free char *quoted = str_go_quote(url);

	action_finishf(a, outcome, "Get %s: %s", quoted, why);
}

/* ---- redirects ---- */

static bool is_redirect(int status)
{
	return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

/* The Host header of the probe stays only where the location names no host of its own. */
static void drop_host_header(struct strlist *headers)
{
	for (size_t i = 0; i < headers->len; i++) {
		if (strncasecmp(headers->items[i], "Host:", 5) != 0)
			continue;
		free(headers->items[i]);
		memmove(headers->items + i, headers->items + i + 1,
		    (--headers->len - i) * sizeof(*headers->items));
		i--;
	}
}

/* True: there is nothing more to do with this answer. */
static bool follow(struct action *a, const struct http_response *r)
{
	struct http_state *h = a->state;
	const char *location = is_redirect(r->status) ? http_header(r, "Location") : NULL;
	auto_free char *from = xasprintf("%s%s", h->url.origin, h->url.path);
	struct http_url to = {0};
	auto_err e = {0};

	if (!location || !*location)
		return false;
	if (http_url_resolve(from, location, &to, &e) != 0) {
		auto_free char *quoted = str_go_quote(location);
		auto_free char *why =
		    xasprintf("failed to parse Location header %s: invalid URL", quoted);

		finish_get(a, ACTION_FAILURE, why);
		return true;
	}
	if (strcmp(to.host, h->first_host) != 0) {
		http_url_release(&to);
		return false;
	}
	if (++h->redirects >= MAX_REDIRECTS) {
		finish_get(a, ACTION_FAILURE, "stopped after 10 redirects");
		http_url_release(&to);
		return true;
	}
	if (strstr(location, "//"))
		drop_host_header(&h->headers);
	http_url_release(&h->url);
	h->url = to;
	send_request(a);
	return true;
}

/* ---- the answer ---- */

static void finish_fault(struct action *a, const struct http_response *r, const struct err *err)
{
	struct http_state *h = a->state;
	auto_free char *why = NULL;

	if (r->fault == HTTP_FAULT_RESOLVE || r->fault == HTTP_FAULT_CONNECT)
		why = action_dial_text(h->host, h->port, r->fault, r->os_error);
	else if (r->fault == HTTP_FAULT_CLOSED && !r->os_error)
		why = xstrdup("EOF");
	else if (r->fault == HTTP_FAULT_CLOSED) {
		auto_free char *address = dial_address(h->host, h->port);

		why = xasprintf("read tcp %s: read: connection reset by peer", address);
	} else {
		why = xasprintf("net/http: %s", err_msg(err));
	}
	finish_get(a, ACTION_FAILURE, why);
}

static void on_done(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct action *a = ctx;
	struct http_state *h = a->state;
	bool cut = err && r->fault == HTTP_FAULT_TOO_LARGE; /* the rest of the body says nothing */

	if (a->finished)
		return;
	if (err && !cut && h->answered && !h->any_answer) {
		action_finishf(a, ACTION_ERROR, "%s",
		    r->fault == HTTP_FAULT_CLOSED ? "unexpected EOF" : err_msg(err));
		return;
	}
	if (err && !cut && !h->answered) {
		finish_fault(a, r, err);
		return;
	}
	if (follow(a, r))
		return;
	if (h->any_answer || (r->status >= 200 && r->status < 300))
		action_finish(a, ACTION_SUCCESS, r->body, r->body_len);
	else if (r->status >= 300 && r->status < 400)
		action_finishf(a, ACTION_WARNING, "Probe terminated redirects, Response body: %s",
		    r->body ? r->body : "");
	else
		action_finishf(
		    a, ACTION_FAILURE, "HTTP probe failed with statuscode: %d", r->status);
}

/* ---- start and end ---- */

/*
 * Those of the manifest, and Kubernetes' own where it names none. "User-Agent:" and "Accept:"
 * without a value mean: send none.
 */
static void set_headers(struct strlist *to, const char *const *headers)
{
	static const char *const own[] = {"User-Agent:", "Accept:"};
	static const char *const values[] = {ACTION_USER_AGENT, "*/*"};
	bool given[ARRAY_LEN(own)] = {false};

	for (const char *const *p = headers; p && *p; p++) {
		bool drop = false;

		for (size_t i = 0; i < ARRAY_LEN(own); i++) {
			size_t len = strlen(own[i]);

			if (strncasecmp(*p, own[i], len) != 0)
				continue;
			given[i] = true;
			drop = !(*p)[len + strspn(*p + len, " \t")];
		}
		if (!drop)
			strlist_add(to, *p);
	}
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (!given[i])
			strlist_addf(to, "%s %s", own[i], values[i]);
	strlist_add(to, "Connection: close");
}

static void http_start(struct action *a, const struct action_spec *s)
{
	struct http_state *h = xcalloc(1, sizeof(*h));
	auto_free char *address = dial_address(s->host, s->port);

	a->state = h;
	h->host = xstrdup(s->host);
	h->port = s->port;
	h->any_answer = s->any_answer;
	h->url.origin = xasprintf("%s://%s", s->https ? "https" : "http", address);
	h->url.path = http_clean_path(s->path ? s->path : "/");
	h->url.host = strchr(s->host, ':') ? xasprintf("[%s]", s->host) : xstrdup(s->host);
	h->first_host = xstrdup(h->url.host);
	set_headers(&h->headers, s->headers);
	h->via = s->runner;
	if (h->via)
		action_wait(a);
	send_request(a);
}

static void http_timed_out(struct action *a)
{
	struct http_state *h = a->state;

	if (h->answered && !h->any_answer)
		action_finishf(a, ACTION_ERROR,
		    "context deadline exceeded (Client.Timeout or context cancellation while "
		    "reading body)");
	else if (h->answered)
		action_finish(a, ACTION_SUCCESS, "", 0);
	else
		finish_get(a, ACTION_FAILURE,
		    "context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
}

static void http_stop(struct action *a)
{
	struct http_state *h = a->state;

	if (!h)
		return;
	http_free(h->client);
	dial_free(h->dial);
	http_url_release(&h->url);
	strlist_release(&h->headers);
	free(h->first_host);
	free(h->host);
	free(h);
}

const struct action_ops http_action = {http_start, http_timed_out, http_stop};
