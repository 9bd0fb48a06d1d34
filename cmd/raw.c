#include "raw.h"

#include "fetch.h"
#include "manifest.h"

struct raw {
	struct cmd_ctx *ctx;
	bool done;
	struct err err;
};

/* What stands behind the host of a whole URL; NULL: it is no path. */
static const char *path_of(const char *text)
{
	const char *host = strstr(text, "://");

	if (host)
		text = strchr(host + 3, '/');
	return text && *text == '/' && !strpbrk(text, " \t\r\n") ? text : NULL;
}

static bool on_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct raw *r = ctx;

	out_add(&r->ctx->out, data, len);
	if (!out_flush(&r->ctx->out))
		r->done = true;
	return true;
}

static void on_done(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct raw *raw = ctx;

	raw->done = true;
	if (err) {
		client_transport_error(raw->ctx->client, r, err, &raw->err);
		return;
	}
	client_note_headers(raw->ctx->client, r);
	if (r->status >= 300)
		client_status_error(r->status, r->body, r->body_len, &raw->err);
}

/* A stream without end, such as a watch, is shown as it comes. */
static int exchange(struct cmd_ctx *ctx, const char *method, const char *path, const char *body,
    size_t body_len, struct err *e)
{
	struct raw r = {.ctx = ctx};
	const char *headers[] = {"Accept: " MIME_JSON, "User-Agent: kjob/" KJOB_VERSION,
	    body ? "Content-Type: " MIME_JSON : NULL, NULL};
	struct http_request request = {
	    .method = method,
	    .path = path,
	    .headers = headers,
	    .body = body,
	    .body_len = body_len,
	    .own_connection = true,
	    .done = on_done,
	    .on_data = on_data,
	    .ctx = &r,
	};
	http_id id;

	if (!cmd_client(ctx, e))
		return -1;
	id = http_send(client_http(ctx->client), &request);
	while (!r.done)
		client_turn(ctx->client);
	http_cancel(client_http(ctx->client), id);
	if (r.err.reason == ERR_NONE)
		return 0;
	err_move(e, &r.err);
	return -1;
}

static int check(
    const struct cmd_ctx *ctx, const char *const *alone, const struct strlist *files, struct err *e)
{
	for (size_t i = 0; alone[i]; i++)
		if (opts_given(&ctx->opts, alone[i]))
			return err_set(
			    e, ERR_BAD_REQUEST, "--raw and --%s are mutually exclusive", alone[i]);
	if (ctx->argc)
		return err_set(
		    e, ERR_BAD_REQUEST, "arguments may not be passed when --raw is specified");
	if (!path_of(opts_str(&ctx->opts, "raw"))) {
		auto_free char *quoted = str_go_quote(opts_str(&ctx->opts, "raw"));

		return err_set(e, ERR_BAD_REQUEST,
		    "--raw must be a valid URL path: parse %s: invalid URI for request", quoted);
	}
	if (files && (files->len > 1 || (files->len && fetch_is_url(files->items[0]))))
		return err_set(
		    e, ERR_BAD_REQUEST, "--raw can only use a single local file or stdin");
	return 0;
}

int raw_request(struct cmd_ctx *ctx, const char *method, const char *const *alone, struct err *e)
{
	const char *path = path_of(opts_str(&ctx->opts, "raw"));
	const struct strlist *files =
	    opts_known(&ctx->opts, "filename") ? opts_list(&ctx->opts, "filename") : NULL;
	auto_free char *body = NULL;
	size_t len = 0;

	if (check(ctx, alone, files, e) < 0)
		return -1;
	if (files && files->len) {
		body = manifest_read_text(files->items[0], &len, e);
		if (!body)
			return -1;
	}
	return exchange(ctx, method, path, body, len, e);
}
