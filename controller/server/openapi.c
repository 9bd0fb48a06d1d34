/* openapi: /openapi/v3 and the document of each group below it. */
#include "../api/openapi.h"

#include "internal.h"

static struct openapi_server openapi_of(const struct exchange *x)
{
	return (struct openapi_server){
	    .version = server_of(x)->version,
	    .verbs = route_verbs,
	};
}

/* Only JSON is spoken: a client that takes nothing else is told so. */
static bool acceptable(struct exchange *x)
{
	struct view view;
	auto_err e = {0};

	if (view_parse(x, &view, &e) == 0)
		return true;
	answer_err(x, &e);
	return false;
}

/* Whether the client has this text already, by the ETag of an earlier answer. */
static bool unchanged(struct exchange *x, const char *hash)
{
	auto_free char *tag = xasprintf("\"%s\"", hash);
	const char *known = exchange_header(x, "If-None-Match");

	exchange_header_set(x, "ETag", tag);
	return known && (strstr(known, tag) || str_eq(known, "*"));
}

static void answer_tagged(struct exchange *x, struct buf *text)
{
	char hash[OPENAPI_HASH_MAX];

	if (unchanged(x, openapi_hash(text, hash))) {
		buf_clear(text);
		exchange_reply(x, 304, "application/json", NULL, text, false);
		return;
	}
	answer_text(x, 200, NULL, text);
}

void handle_openapi_index(struct exchange *x)
{
	struct openapi_server s = openapi_of(x);
	auto_buf text = {0};

	if (!acceptable(x))
		return;
	openapi_index(&s, &text);
	answer_tagged(x, &text);
}

/* openapi/v3/api/VERSION, openapi/v3/apis/GROUP/VERSION */
void handle_openapi(struct exchange *x)
{
	struct openapi_server s = openapi_of(x);
	bool core = str_eq(x->path.items[2], "api");
	auto_buf text = {0};
	auto_err e = {0};

	if (!acceptable(x))
		return;
	if (openapi_document(
		&s, core ? "" : x->path.items[3], x->path.items[core ? 3 : 4], &text)) {
		answer_tagged(x, &text);
		return;
	}
	err_no_route(&e);
	answer_err(x, &e);
}
