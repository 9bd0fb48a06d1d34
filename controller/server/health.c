/* health: /healthz, /livez and /readyz, as a whole, with ?verbose, and check by check. */
#include "internal.h"

/* The engine may be away for a while: the controller lives, but starts nothing. */
static bool engine_ok(struct server *s)
{
	auto_json *status = s->deps.status(s->deps.ctx);

	return json_bool(status, "engine.reachable", true);
}

static bool always_ok(struct server *s)
{
	return true;
}

static const struct check {
	const char *name;
	bool (*ok)(struct server *s);
	bool readiness_only;
} checks[] = {{"ping", always_ok, false}, {"engine", engine_ok, true}};

static bool is_excluded(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i + 1 < x->query.len; i += 2)
		if (str_eq(x->query.items[i], "exclude") && str_eq(x->query.items[i + 1], name))
			return true;
	return false;
}

void handle_health(struct exchange *x)
{
	const char *whole = x->path.items[0];
	const char *only = x->path.len > 1 ? x->path.items[1] : NULL;
	auto_buf text = {0};
	auto_err e = {0};
	bool found = false, ok = true;

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		const struct check *c = &checks[i];
		bool good, excluded;

		if ((only && !str_eq(only, c->name)) ||
		    (c->readiness_only && !str_eq(whole, "readyz")))
			continue;
		found = true;
		excluded = is_excluded(x, c->name);
		good = excluded || c->ok(server_of(x));
		ok &= good;
		buf_addf(&text,
		    excluded ? "[+]%s excluded: ok\n"
		    : good   ? "[+]%s ok\n"
			     : "[-]%s failed: reason withheld\n",
		    c->name);
	}
	if (!found) {
		err_no_route(&e);
		answer_err(x, &e);
		return;
	}
	buf_addf(&text, "%s check %s\n", whole, ok ? "passed" : "failed");
	if (ok && (only || !exchange_query(x, "verbose"))) {
		buf_clear(&text);
		buf_adds(&text, "ok");
	}
	exchange_reply(x, ok ? 200 : 500, "text/plain; charset=utf-8", NULL, &text, false);
}
