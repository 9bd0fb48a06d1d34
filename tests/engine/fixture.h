/*
 * fixture: what the engine tests share: one engine, one loop, and calls that wait for their answer.
 * A program defines its tests or measurements and calls fixture_open and fixture_close.
 */
#ifndef KJOB_TESTS_ENGINE_FIXTURE_H
#define KJOB_TESTS_ENGINE_FIXTURE_H

#include <stdarg.h>
#include <unistd.h>

#include "../../runtime/base/clock.h"
#include "../../runtime/base/rand.h"
#include "../../runtime/engine.h"
#include "../unit/test.h"

#define IMAGE "localhost/busybox:test"
#define WAIT_MS 60000

static struct loop *loop;
static struct engine_addr addr;
static struct engine *en;
static char run_label[64];

/* ---- what callbacks have said ---- */

struct answer {
	int calls;
	enum err_reason reason;
	char msg[1024];
	char text[256];
	int exit_code;
};

static struct answer answers[64];
static unsigned next_answer;

static struct engine_who who_new(struct answer **ret)
{
	*ret = &answers[next_answer++ % ARRAY_LEN(answers)];
	**ret = (struct answer){0};
	return (struct engine_who){.ctx = *ret, .key = next_answer};
}

UNUSED static struct answer *note(struct engine_who who, const struct err *err)
{
	struct answer *a = who.ctx;

	a->calls++;
	a->reason = err ? err->reason : ERR_NONE;
	snprintf(a->msg, sizeof(a->msg), "%s", err ? err_msg(err) : "");
	return a;
}

UNUSED static void on_done(struct engine_who who, const struct err *err)
{
	note(who, err);
}

UNUSED static void on_text(struct engine_who who, const char *text, const struct err *err)
{
	struct answer *a = note(who, err);

	snprintf(a->text, sizeof(a->text), "%s", text ? text : "");
}

UNUSED static void on_start(struct engine_who who, int exit_code, const struct err *err)
{
	note(who, err)->exit_code = exit_code;
}

/* Turns until *counter is at least N. */
UNUSED static bool wait_for(const int *counter, int n)
{
	int64_t deadline = clock_mono_ms() + WAIT_MS;

	while (*counter < n && clock_mono_ms() < deadline)
		loop_turn(loop, 100);
	return *counter >= n;
}

UNUSED static void turn_for(int64_t ms)
{
	int64_t deadline = clock_mono_ms() + ms, now;

	while ((now = clock_mono_ms()) < deadline)
		loop_turn(loop, (int)(deadline - now));
}

UNUSED static enum err_reason wait_answer(struct answer *a)
{
	CHECK(wait_for(&a->calls, 1));
	CHECK_INT(a->calls, 1);
	return a->reason;
}

UNUSED static void check_fine(struct answer *a, int line)
{
	if (wait_answer(a) == ERR_NONE)
		return;
	printf("# %s:%d: %s\n", __FILE__, line, a->msg);
	test_failed = true;
}
#define CHECK_FINE(a) check_fine(a, __LINE__)

/* ---- containers of the tests ---- */

UNUSED static json *words(const char *first, ...)
{
	json *a = json_new_array();
	va_list ap;

	va_start(ap, first);
	for (const char *w = first; w; w = va_arg(ap, const char *))
		json_add(a, json_new_string(w));
	va_end(ap);
	return a;
}

UNUSED static char *create_spec(struct container_spec *s, struct answer **ret)
{
	static char name[64];
	char suffix[9];
	auto_json *labels = json_new_object();
	struct answer *a;
	struct engine_who who = who_new(&a);

	json_set_str(labels, "kjob.test/run", run_label);
	json_set_str(labels, "kjob.test/extra", "a b=c,d");
	s->labels = labels;
	if (!s->image)
		s->image = IMAGE;
	if (!s->name) {
		snprintf(name, sizeof(name), "kjobtest-%s", rand_suffix(suffix, 8));
		s->name = name;
	}
	container_create(en, s, on_text, who);
	wait_answer(a);
	s->labels = NULL;
	if (ret)
		*ret = a;
	return a->reason ? NULL : xstrdup(a->text);
}

UNUSED static char *create_shell(const char *script)
{
	auto_json *command = words("/bin/sh", "-c", script, NULL);
	struct container_spec s = {.command = command};
	struct answer *a;
	char *id = create_spec(&s, &a);

	if (!id)
		printf("# create: %s\n", a->msg);
	CHECK(id && strlen(id) == 64);
	return id ? id : xstrdup("none");
}

UNUSED static struct answer *start(const char *id)
{
	struct answer *a;
	struct engine_who who = who_new(&a);

	container_start(en, id, on_start, who);
	wait_answer(a);
	return a;
}

UNUSED static struct answer *kill_with(const char *id, const char *signal)
{
	struct answer *a;
	struct engine_who who = who_new(&a);

	container_kill(en, id, signal, on_done, who);
	wait_answer(a);
	return a;
}

UNUSED static struct answer *remove_it(const char *id)
{
	struct answer *a;
	struct engine_who who = who_new(&a);

	container_remove(en, id, on_done, who);
	wait_answer(a);
	return a;
}

/* What an inspect said, copied. */
static struct {
	int calls;
	enum err_reason reason;
	char id[80], name[80], label[80], ip[64], error[512];
	enum container_state state;
	bool lost, oom, oom_likely;
	int exit_code;
	int64_t started, finished;
} seen;

UNUSED static void on_inspect(
    struct engine_who who, const struct container_info *i, const struct err *err)
{
	memset(&seen, 0, sizeof(seen));
	seen.calls = 1;
	seen.reason = err ? err->reason : ERR_NONE;
	if (!i)
		return;
	snprintf(seen.id, sizeof(seen.id), "%s", i->id);
	snprintf(seen.name, sizeof(seen.name), "%s", i->name);
	snprintf(seen.label, sizeof(seen.label), "%s",
	    json_string_value(json_get(i->labels, "kjob.test/extra")));
	snprintf(seen.ip, sizeof(seen.ip), "%s", i->ip ? i->ip : "");
	snprintf(seen.error, sizeof(seen.error), "%s", i->error ? i->error : "");
	seen.state = i->state;
	seen.lost = i->lost;
	seen.oom = i->oom_killed;
	seen.oom_likely = i->oom_likely;
	seen.exit_code = i->exit_code;
	seen.started = i->started_at_ns;
	seen.finished = i->finished_at_ns;
}

UNUSED static void inspect(const char *id)
{
	seen.calls = 0;
	container_inspect(en, id, on_inspect, (struct engine_who){0});
	CHECK(wait_for(&seen.calls, 1));
}

UNUSED static void inspect_until_exited(const char *id)
{
	int64_t pause = 2;

	for (int i = 0; i < 100; i++) {
		inspect(id);
		if (seen.reason || seen.state == CONTAINER_EXITED)
			return;
		turn_for(pause);
		pause = pause * 2 < 250 ? pause * 2 : 250;
	}
	CHECK(!"it never ends");
}

/* ---- streams of the tests ---- */

struct output {
	int opened, ended;
	enum err_reason reason;
	struct buf out, err;
	size_t bytes;
	int pause_every; /* pieces; 0: never */
	int pieces, pauses;
	bool paused;
};

UNUSED static void out_open(struct engine_who who)
{
	((struct output *)who.ctx)->opened++;
}

UNUSED static bool out_data(
    struct engine_who who, enum stream_kind kind, const char *data, size_t len)
{
	struct output *o = who.ctx;

	CHECK(!o->paused);
	o->bytes += len;
	if (!o->out.max) {
		buf_init(&o->out, 64 * KIB);
		buf_init(&o->err, 64 * KIB);
	}
	buf_add(kind == STREAM_STDERR ? &o->err : &o->out, data, len);
	if (o->pause_every && ++o->pieces % o->pause_every == 0) {
		o->pauses++;
		o->paused = true;
		return false;
	}
	return true;
}

UNUSED static void out_end(struct engine_who who, const struct err *err)
{
	struct output *o = who.ctx;

	o->ended++;
	o->reason = err ? err->reason : ERR_NONE;
}

static const struct stream_callbacks out_callbacks = {
    .on_open = out_open, .on_data = out_data, .on_end = out_end};

UNUSED static void output_release(struct output *o)
{
	buf_release(&o->out);
	buf_release(&o->err);
}

UNUSED static struct stream *attach(const char *id, bool with_stdin, bool tty, struct output *o)
{
	struct stream *s = container_attach(
	    en, id, with_stdin, tty, &out_callbacks, (struct engine_who){.ctx = o});

	CHECK(wait_for(&o->opened, 1));
	return s;
}

/* ---- the engine ---- */

UNUSED static void fixture_open(const char *spec)
{
	auto_err e = {0};
	char suffix[9];

	if (engine_find(spec, NULL, &addr, &e) != 0) {
		printf("Bail out! %s\n", err_msg(&e));
		exit(1);
	}
	printf("# %s %s, API %s, at %s (%s)\n", addr.kind == ENGINE_PODMAN ? "Podman" : "Docker",
	    addr.version, addr.api_version, addr.socket ? addr.socket : addr.tcp, addr.source);
	snprintf(run_label, sizeof(run_label), "%s", rand_suffix(suffix, 8));
	loop = loop_new();
	en = engine_new(loop, &addr);
}

UNUSED static void fixture_close(void)
{
	engine_free(en);
	loop_free(loop);
	engine_addr_stop(&addr);
	engine_addr_release(&addr);
}

#endif
