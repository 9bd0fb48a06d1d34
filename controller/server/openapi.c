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
	enum shape shape;
	auto_err e = {0};

	if (shape_parse(x, false, &shape, &e) == 0)
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
		answer_tagged(x, "application/json", &text);
		return;
	}
	err_no_route(&e);
	answer_err(x, &e);
}
