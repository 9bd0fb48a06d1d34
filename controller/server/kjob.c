/* kjob: the program's own endpoints, /kjob/v1. */
#include "internal.h"

void handle_kjob_status(struct exchange *x)
{
	struct server *s = server_of(x);

	answer_json_take(x, 200, s->deps.status(s->deps.ctx));
}

void handle_kjob_stop(struct exchange *x)
{
	struct server *s = server_of(x);
	json *body = json_new_object();

	json_set_str(body, "status", "stopping");
	answer_json_take(x, 200, body);
	s->deps.stop(s->deps.ctx);
}
