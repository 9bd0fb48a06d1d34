#include "tty_size.h"

#include "engine_internal.h"

#define PAUSE_MS 20

static void done(struct engine_who who, const struct err *err)
{
	struct tty_size *t = who.ctx;

	t->call = 0;
	timer_set(t->en->loop, &t->pause, PAUSE_MS);
}

static void reply(struct call *c, const struct http_response *r, const struct err *err)
{
	c->cb.done(c->who, err);
}

static void send(void *arg)
{
	struct tty_size *t = arg;
	struct call *c;

	if (!t->again)
		return;
	t->again = false;
	c = call_new(t->en, CALL_RESIZE, reply, (struct engine_who){.ctx = t});
	c->cb.done = done;
	t->call = call_sendf(c, "POST", "%s/resize?h=%u&w=%u", t->path, t->rows, t->columns);
}

static void set(struct tty_size *t, struct engine *en, const char *what, const char *id,
    unsigned columns, unsigned rows)
{
	if (!t->path) {
		auto_free char *target = engine_escape(id);

		t->en = en;
		t->pause = (struct timer){.name = "terminal size", .fn = send, .arg = t};
		t->path = xasprintf("/%s/%s", what, target);
	}
	t->columns = columns;
	t->rows = rows;
	t->again = true;
	if (!t->call && !timer_is_set(&t->pause))
		send(t);
}

void tty_size_set_container(
    struct tty_size *t, struct engine *en, const char *id, unsigned columns, unsigned rows)
{
	set(t, en, "containers", id, columns, rows);
}

void tty_size_set_exec(
    struct tty_size *t, struct engine *en, const char *id, unsigned columns, unsigned rows)
{
	set(t, en, "exec", id, columns, rows);
}

void tty_size_release(struct tty_size *t)
{
	if (!t->path)
		return;
	engine_cancel(t->en, t->call);
	timer_cancel(t->en->loop, &t->pause);
	free(t->path);
	*t = (struct tty_size){0};
}
