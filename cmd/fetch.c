#include "fetch.h"

#include <string.h>

#include "../runtime/http.h"

#define REDIRECTS_MAX 10
#define TRIES_MAX 3
#define RETRY_MS 1000
#define TIMEOUT_MS 300000 /* for one answer */

struct fetch {
	struct loop *loop;
	const char *url; /* as it was given */
	size_t max;
	struct http_url at;
	bool done;
	/* of the last answer: */
	int status;
	char *body, *location;
	size_t len;
	struct err err;
};

bool fetch_is_url(const char *name)
{
	return str_has_prefix(name, "http://") || str_has_prefix(name, "https://");
}

static void on_done(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct fetch *f = ctx;

	f->done = true;
	f->status = r->status;
	if (err) {
		err_copy(&f->err, err);
		return;
	}
	f->body = xmemdupz(r->body, r->body_len);
	f->len = r->body_len;
	if (http_header(r, "Location"))
		f->location = xstrdup(http_header(r, "Location"));
}

static void turn_until_done(struct fetch *f)
{
	while (!f->done)
		loop_turn(f->loop, -1);
	f->done = false;
}

static void pause_over(void *arg)
{
	((struct fetch *)arg)->done = true;
}

static void pause_before_retry(struct fetch *f)
{
	struct timer t = {.name = "fetch", .fn = pause_over, .arg = f};

	timer_set(f->loop, &t, RETRY_MS);
	turn_until_done(f);
}

static int ask(struct fetch *f, struct err *e)
{
	struct http_target target = {.base_url = f->at.origin, .compressed = true};
	struct http_request request = {
	    .method = "GET",
	    .path = f->at.path,
	    .max_body = f->max,
	    .timeout_ms = TIMEOUT_MS,
	    .done = on_done,
	    .ctx = f,
	};
	struct http *h = http_new(f->loop, &target);

	free(TAKE(f->body));
	free(TAKE(f->location));
	http_send(h, &request);
	turn_until_done(f);
	http_free(h);
	if (f->err.reason == ERR_NONE)
		return 0;
	err_move(e, &f->err);
	return err_wrap(e, "unable to read URL \"%s\"", f->url);
}

static bool leads_on(const struct fetch *f)
{
	return f->status >= 300 && f->status < 400 && f->location;
}

static int follow(struct fetch *f, struct err *e)
{
	auto_free char *here = xasprintf("%s%s", f->at.origin, f->at.path);

	http_url_release(&f->at);
	if (http_url_resolve(here, f->location, &f->at, e) < 0)
		return err_wrap(e, "unable to read URL \"%s\"", f->url);
	return 0;
}

static int get(struct fetch *f, struct err *e)
{
	int redirects = 0;

	for (int tries = 1;;) {
		if (ask(f, e) < 0)
			return -1;
		if (leads_on(f) && redirects++ < REDIRECTS_MAX) {
			if (follow(f, e) < 0)
				return -1;
		} else if (f->status >= 500 && tries++ < TRIES_MAX) {
			pause_before_retry(f);
		} else {
			break;
		}
	}
	if (leads_on(f))
		return err_set(e, ERR_BAD_REQUEST,
		    "unable to read URL \"%s\": more than %d redirects", f->url, REDIRECTS_MAX);
	if (f->status != 200)
		return err_set(e, f->status == 404 ? ERR_NOT_FOUND : ERR_BAD_REQUEST,
		    "unable to read URL \"%s\", server reported status code=%d", f->url, f->status);
	return 0;
}

char *fetch_url(const char *url, size_t max, size_t *ret_len, struct err *e)
{
	struct fetch f = {.url = url, .max = max};
	char *ret = NULL;

	if (http_url_resolve(url, NULL, &f.at, e) < 0) {
		err_wrap(e, "unable to read URL \"%s\"", url);
		return NULL;
	}
	f.loop = loop_new();
	if (get(&f, e) == 0) {
		*ret_len = f.len;
		ret = TAKE(f.body);
	}
	free(f.body);
	free(f.location);
	http_url_release(&f.at);
	loop_free(f.loop);
	return ret;
}
