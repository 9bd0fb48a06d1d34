/* openapi: /openapi/v3 and the document of each group below it, and all of it as /openapi/v2. */
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
	enum shape shape;
	auto_err e = {0};

	if (shape_parse(x, OFFER_DOCUMENT, &shape, &e) == 0)
		return true;
	answer_err(x, &e);
	return false;
}

void handle_openapi_index(struct exchange *x)
{
	struct openapi_server s = openapi_of(x);
	auto_buf text = {0};

	if (!acceptable(x))
		return;
	openapi_index(&s, &text);
	answer_tagged(x, "application/json", &text);
}

/*
 * The index names each document with its hash: under that name it never changes, and clients keep
 * it. True: it has another one now, and that was the answer.
 */
static bool redirected(struct exchange *x, const char *path, const struct buf *text)
{
	const char *asked = exchange_query(x, "hash");
	auto_free char *location = NULL;
	char hash[OPENAPI_HASH_MAX];
	struct buf none = {0};

	if (!asked)
		return false;
	openapi_hash(text, hash);
	if (str_eq(asked, hash)) {
		exchange_header_set(x, "Cache-Control", "public, immutable, max-age=31536000");
		return false;
	}
	location = xasprintf("/openapi/v3/%s?hash=%s", path, hash);
	exchange_header_set(x, "Location", location);
	exchange_reply(x, 301, "application/json", NULL, &none, false);
	return true;
}

/* openapi/v3/api/VERSION, openapi/v3/apis/GROUP/VERSION */
void handle_openapi(struct exchange *x)
{
	struct openapi_server s = openapi_of(x);
	bool core = str_eq(x->path.items[2], "api");
	const char *group, *version;
	auto_buf text = {0};
	auto_err e = {0};

	if (!acceptable(x))
		return;
	group = core ? "" : x->path.items[3];
	version = x->path.items[core ? 3 : 4];
	if (openapi_document(&s, group, version, &text)) {
		auto_free char *path =
		    core ? xasprintf("api/%s", version) : xasprintf("apis/%s/%s", group, version);

		if (!redirected(x, path, &text))
			answer_tagged(x, "application/json", &text);
		return;
	}
	err_no_route(&e);
	answer_err(x, &e);
}

/*
 * The names under which clients ask for the one form of v2 that older kubectl reads. The first is
 * no media type by the rules, which newer clients check: all are answered with the second.
 */
static const char *const proto_types[] = {
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
};

void handle_openapi_v2(struct exchange *x)
{
	const char *accept = exchange_header(x, "Accept");
	struct openapi_server s = openapi_of(x);
	bool proto = false;
	auto_json *v2 = NULL;
	auto_buf text = {0};

	for (size_t i = 0; accept && i < ARRAY_LEN(proto_types); i++)
		proto |= strcasestr(accept, proto_types[i]) != NULL;
	if (!proto && !acceptable(x))
		return;
	v2 = openapi_v2_document(&s);
	if (proto)
		openapi_v2_proto(v2, &text);
	else
		json_print_to(v2, &text);
	answer_tagged(x, proto ? proto_types[1] : "application/json", &text);
}
