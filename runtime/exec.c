/* exec: see exec.h. */
#include "exec.h"

#include "base/os.h"
#include "base/rand.h"
#include "engine_internal.h"
#include "tty_size.h"

#define MARK "KJOB_EXEC"
#define MARK_LEN 16
#define HELD_MAX 8192 /* of output that may be the engine's own word */
#define INSPECT_FIRST_MS 2
#define INSPECT_MAX_MS 250

struct exec {
	struct engine *en;
	struct engine_who who;
	struct exec_callbacks cb;
	char *container;
	char *id;                /* once it is created */
	char mark[MARK_LEN + 1]; /* "": none */
	bool with_stdin, tty;
	bool stdin_ended; /* perhaps before there was a stream */
	engine_id call;   /* create, or inspect */
	struct stream *stream;
	struct timer timer; /* the next inspect */
	int64_t pause_ms;
	bool open;  /* the engine has accepted the start */
	bool flown; /* output has gone to the owner: nothing is held any more */
	struct buf held;
	enum stream_kind held_kind;
	unsigned columns, rows;
	struct tty_size size;
	int busy; /* > 0: in a callback */
	bool dead;

	/* once it is to be killed: no callbacks any more, the engine owns it */
	bool dying;
	bool killed;               /* from here, for certain; the engine has yet to notice */
	struct exec *next, **link; /* in en->dying */
	int tries, misses; /* misses: times that there was no such process on this machine */
};

static void destroy(struct exec *x)
{
	if (x->link) {
		*x->link = x->next;
		if (x->next)
			x->next->link = x->link;
	}
	engine_cancel(x->en, x->call);
	stream_free(x->stream);
	timer_cancel(x->en->loop, &x->timer);
	tty_size_release(&x->size);
	buf_release(&x->held);
	free(x->container);
	free(x->id);
	free(x);
}

/* False: the owner freed it in a callback; it is gone now. */
static bool leave(struct exec *x)
{
	if (--x->busy == 0 && x->dead) {
		destroy(x);
		return false;
	}
	return !x->dead;
}

void exec_free(struct exec *x)
{
	if (!x || x->dead)
		return;
	x->dead = true;
	if (x->busy == 0)
		destroy(x);
}

/* ---- the end ---- */

static void finish(struct exec *x, int exit_code, const struct err *err)
{
	x->busy++;
	stream_free(TAKE(x->stream));
	x->cb.on_end(x->who, exit_code, err);
	leave(x);
}

/* Output that was held back was the command's own. False: paused or gone. */
static bool let_fly(struct exec *x)
{
	struct buf held = x->held;
	bool go_on = true;

	x->held = (struct buf){0};
	x->flown = true;
	if (held.len)
		go_on = x->cb.on_data(x->who, x->held_kind, held.ptr, held.len);
	buf_release(&held);
	return go_on && !x->dead;
}

static void inspect(void *arg);
static void kill_look(struct exec *x, const json *j);

static void inspected(struct engine_who who, const json *j, const struct err *err)
{
	struct exec *x = who.ctx;
	auto_free char *refusal = NULL;
	auto_err e = {0};
	int code = (int)json_int(j, "ExitCode", -1);

	x->call = 0;
	if (x->dying) {
		kill_look(x, err ? NULL : j);
		return;
	}
	if (err) {
		finish(x, -1, err);
		return;
	}
	if (json_bool(j, "Running", false)) { /* it has closed its output, no more */
		x->pause_ms = x->pause_ms * 2 < INSPECT_MAX_MS ? x->pause_ms * 2 : INSPECT_MAX_MS;
		timer_set(x->en->loop, &x->timer, x->pause_ms);
		return;
	}
	if (x->held.len && quirk_exec_refused(x->en->kind, code, buf_str(&x->held), &refusal)) {
		err_set(&e, ERR_BAD_REQUEST, "%s", refusal);
		finish(x, code == 127 ? 127 : 126, &e);
		return;
	}
	x->busy++;
	let_fly(x); /* a pause changes nothing: the end is here */
	if (leave(x))
		finish(x, code, NULL);
}

static void json_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);

	c->cb.json(c->who, j, err ? err : e.reason ? &e : NULL);
}

static void inspect(void *arg)
{
	struct exec *x = arg;
	struct call *c =
	    call_new(x->en, CALL_EXEC_INSPECT, json_reply, (struct engine_who){.ctx = x});
	auto_free char *target = engine_escape(x->id);

	timer_cancel(x->en->loop, &x->timer);
	c->cb.json = inspected;
	x->call = call_sendf(c, "GET", "/exec/%s/json", target);
}

/* ---- the stream ---- */

static void send_size(struct exec *x)
{
	tty_size_set_exec(&x->size, x->en, x->id, x->columns, x->rows);
}

void exec_resize(struct exec *x, unsigned columns, unsigned rows)
{
	x->columns = columns;
	x->rows = rows;
	if (x->open && columns && rows)
		send_size(x);
}

static void on_open(struct engine_who who)
{
	struct exec *x = who.ctx;

	x->open = true;
	if (x->dying) {
		inspect(x);
		return;
	}
	if (x->columns && x->rows)
		send_size(x);
	x->busy++;
	if (x->cb.on_open)
		x->cb.on_open(x->who);
	leave(x);
}

/* Keeps what may be the engine's word on a refusal: it begins with it, and there is little of it.
 */
static bool hold(struct exec *x, enum stream_kind kind, const char *data, size_t len)
{
	char start[64];

	if (!x->held.len) {
		snprintf(start, sizeof(start), "%.*s",
		    (int)(len < sizeof(start) ? len : sizeof(start) - 1), data);
		if (!quirk_exec_foretells_refusal(x->en->kind, start))
			return false;
		x->held_kind = kind;
	}
	if (kind != x->held_kind || x->held.len + len > HELD_MAX)
		return false;
	buf_add(&x->held, data, len);
	return true;
}

static bool on_data(struct engine_who who, enum stream_kind kind, const char *data, size_t len)
{
	struct exec *x = who.ctx;
	bool go_on;

	if (x->dying || (!x->flown && hold(x, kind, data, len)))
		return true;
	x->busy++;
	go_on = x->flown || let_fly(x);
	if (!x->dead && !x->dying)
		go_on &= x->cb.on_data(x->who, kind, data, len);
	leave(x);
	return go_on;
}

static void on_writable(struct engine_who who)
{
	struct exec *x = who.ctx;

	x->busy++;
	if (x->cb.on_writable && !x->dying)
		x->cb.on_writable(x->who);
	leave(x);
}

static void on_end(struct engine_who who, const struct err *err)
{
	struct exec *x = who.ctx;

	if (x->dying) {
		exec_free(x);
		return;
	}
	if (err) {
		finish(x, -1, err);
		return;
	}
	x->pause_ms = INSPECT_FIRST_MS;
	inspect(x);
}

static const struct stream_callbacks stream_callbacks = {
    .on_open = on_open,
    .on_data = on_data,
    .on_end = on_end,
    .on_writable = on_writable,
};

bool exec_write(struct exec *x, const void *data, size_t len)
{
	return x->stream && stream_write(x->stream, data, len);
}

void exec_close_stdin(struct exec *x)
{
	x->stdin_ended = true;
	if (x->stream)
		stream_close_stdin(x->stream);
}

void exec_resume(struct exec *x)
{
	if (x->stream)
		stream_resume(x->stream);
}

/* ---- creation ---- */

static json *string_list(const struct strlist *l, const char *last)
{
	json *a = json_new_array();

	for (size_t i = 0; l && i < l->len; i++)
		json_add(a, json_new_string(l->items[i]));
	if (last)
		json_add(a, json_new_string(last));
	return a;
}

static engine_id send_create(struct call *c, const char *container, json *body)
{
	auto_json *owned = body;
	auto_free char *text = json_print(owned);
	auto_free char *target = engine_escape(container);
	auto_free char *path = xasprintf("/containers/%s/exec", target);

	return call_send(c, &(struct call_request){
				.method = "POST",
				.path = path,
				.body = text,
				.body_len = strlen(text),
				.content_type = "application/json",
			    });
}

static void created(struct engine_who who, const json *j, const struct err *err)
{
	struct exec *x = who.ctx;
	const char *id = json_str(j, "Id");
	auto_err e = {0};

	x->call = 0;
	if (!err && (!id || !*id))
		err_set(&e, ERR_INTERNAL, "%s: the answer to create exec names none", x->en->where);
	if (err || e.reason) {
		finish(x, -1, err ? err : &e);
		return;
	}
	x->id = xstrdup(id);
	x->stream = stream_exec(
	    x->en, x->id, x->with_stdin, x->tty, &stream_callbacks, (struct engine_who){.ctx = x});
	if (x->stdin_ended)
		stream_close_stdin(x->stream);
}

static json *create_body(const struct exec *x, const struct exec_spec *spec)
{
	json *body = json_new_object();
	auto_free char *mark = *x->mark ? xasprintf(MARK "=%s", x->mark) : NULL;

	json_set(body, "Cmd", string_list(spec->command, NULL));
	if (spec->env || mark)
		json_set(body, "Env", string_list(spec->env, mark));
	json_set_str(body, "User", spec->user);
	json_set_str(body, "WorkingDir", spec->working_dir);
	json_set_bool(body, "AttachStdin", spec->stdin_open);
	json_set_bool(body, "AttachStdout", true);
	json_set_bool(body, "AttachStderr", true);
	json_set_bool(body, "Tty", spec->tty);
	if (spec->tty)
		json_set_str(body, "DetachKeys", DETACH_KEYS);
	return body;
}

struct exec *exec_open(struct engine *en, const struct exec_spec *spec,
    const struct exec_callbacks *cb, struct engine_who who)
{
	struct exec *x = xcalloc(1, sizeof(*x));
	struct call *c = call_new(en, CALL_EXEC_CREATE, json_reply, (struct engine_who){.ctx = x});

	x->en = en;
	x->who = who;
	x->cb = *cb;
	x->container = xstrdup(spec->container);
	x->with_stdin = spec->stdin_open;
	x->tty = spec->tty;
	x->timer = (struct timer){.name = "inspect of an exec", .fn = inspect, .arg = x};
	if (en->foreign)
		rand_suffix(x->mark, MARK_LEN);
	c->cb.json = created;
	x->call = send_create(c, spec->container, create_body(x, spec));
	return x;
}

/* ---- killing ---- */

#define KILL_TRIES 12 /* 10 ms doubling up to 2 s: some ten seconds */
#define KILL_PAUSE_MS 10
#define KILL_PAUSE_MAX_MS 2000
#define KILL_OPEN_MS 60000 /* for the engine to accept the start */

static void kill_again(struct exec *x)
{
	if (++x->tries > KILL_TRIES) {
		if (!x->killed)
			log_warn("a command in container %.12s did not end in time "
				 "and cannot be killed",
			    x->container);
		exec_free(x);
		return;
	}
	timer_set(x->en->loop, &x->timer, x->pause_ms);
	x->pause_ms = x->pause_ms * 2 < KILL_PAUSE_MAX_MS ? x->pause_ms * 2 : KILL_PAUSE_MAX_MS;
}

static void killer_started(struct engine_who who, const json *j, const struct err *err)
{
	struct exec *x = who.ctx;

	x->call = 0;
	kill_again(x); /* to see whether it helped */
}

static void started_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	c->cb.json(c->who, NULL, err);
}

static void killer_created(struct engine_who who, const json *j, const struct err *err)
{
	struct exec *x = who.ctx;
	const char *id = json_str(j, "Id");
	static const char body[] = "{\"Detach\":true,\"Tty\":false}";
	struct call *c;

	x->call = 0;
	if (!id) {
		exec_free(x); /* the container has ended, and with it the process */
		return;
	}
	auto_free char *target = engine_escape(id);
	auto_free char *path = xasprintf("/exec/%s/start", target);

	c = call_new(x->en, CALL_EXEC_START, started_reply, who);
	c->cb.json = killer_started;
	x->call = call_send(c, &(struct call_request){
				   .method = "POST",
				   .path = path,
				   .body = body,
				   .body_len = strlen(body),
				   .content_type = "application/json",
			       });
}

/* All that any shell has built in: what bears the mark in its environment is killed. */
static void kill_by_shell(struct exec *x)
{
	struct call *c =
	    call_new(x->en, CALL_EXEC_CREATE, json_reply, (struct engine_who){.ctx = x});
	auto_strlist command = {0};
	json *body = json_new_object();

	strlist_add(&command, "/bin/sh");
	strlist_add(&command, "-c");
	strlist_addf(&command,
	    "for p in /proc/[0-9]*; do while read -r e || [ \"$e\" ]; do case $e in "
	    "*" MARK "=%s*) kill -KILL ${p#/proc/};; esac; e=; done <$p/environ; done 2>/dev/null",
	    x->mark);
	json_set(body, "Cmd", string_list(&command, NULL));
	c->cb.json = killer_created;
	x->call = send_create(c, x->container, body);
}

/* j: what the engine says of it now; NULL: nothing. */
static void kill_look(struct exec *x, const json *j)
{
	long pid = (long)json_int(j, "Pid", 0);

	if (!json_bool(j, "Running", false)) {
		exec_free(x);
	} else if (pid == 0 || x->killed) {
		kill_again(x); /* is being started, or on its way out */
	} else if (!x->en->foreign && os_kill_tree(pid, x->container)) {
		x->killed = true;
		log_debug("engine: killed process %ld in container %.12s", pid, x->container);
		kill_again(x);
	} else if (*x->mark) {
		kill_by_shell(x);
	} else {
		/* Once may be one that has just ended. From then on processes bear a mark. */
		x->en->foreign |= ++x->misses > 1;
		kill_again(x);
	}
}

/*
 * The stream stays open meanwhile: who leaves Podman while it starts a command makes it forget the
 * process.
 */
void exec_kill(struct exec *x)
{
	if (!x || x->dead || x->dying)
		return;
	if (!x->stream) {
		exec_free(x); /* not started yet */
		return;
	}
	x->dying = true;
	x->next = x->en->dying;
	x->link = &x->en->dying;
	if (x->next)
		x->next->link = &x->next;
	x->en->dying = x;
	engine_cancel(x->en, x->call);
	x->call = 0;
	x->pause_ms = KILL_PAUSE_MS;
	stream_resume(x->stream);
	if (x->open)
		inspect(x);
	else
		timer_set(x->en->loop, &x->timer, KILL_OPEN_MS);
}

void exec_free_dying(struct engine *en)
{
	while (en->dying)
		exec_free(en->dying);
}

/* ---- to its end ---- */

struct exec_run {
	struct engine *en;
	struct exec *exec;
	struct timer timer;
	struct buf out, err;
	size_t max;
	bool truncated;
	exec_done_fn *cb;
	struct engine_who who;
};

static void run_free(struct exec_run *r)
{
	timer_cancel(r->en->loop, &r->timer);
	buf_release(&r->out);
	buf_release(&r->err);
	free(r);
}

static bool run_data(struct engine_who who, enum stream_kind kind, const char *data, size_t len)
{
	struct exec_run *r = who.ctx;
	struct buf *b = kind == STREAM_STDERR ? &r->err : &r->out;
	size_t room = r->max - b->len;

	buf_add(b, data, len < room ? len : room);
	r->truncated |= len > room;
	return true; /* what is too much is drained all the same: it must not hold the command up */
}

static void run_report(struct exec_run *r, struct exec_result *res, const struct err *err)
{
	size_t room = r->max - r->out.len;

	buf_add(&r->out, buf_str(&r->err), r->err.len < room ? r->err.len : room);
	res->output = buf_str(&r->out);
	res->output_len = r->out.len;
	res->truncated = r->truncated || r->err.len > room;
	r->cb(r->who, err ? NULL : res, err);
	run_free(r);
}

static void run_end(struct engine_who who, int exit_code, const struct err *err)
{
	struct exec_run *r = who.ctx;

	exec_free(TAKE(r->exec));
	run_report(r, &(struct exec_result){.exit_code = exit_code}, err);
}

static void run_timeout(void *arg)
{
	struct exec_run *r = arg;

	exec_kill(TAKE(r->exec));
	run_report(r, &(struct exec_result){.timed_out = true, .exit_code = -1}, NULL);
}

static const struct exec_callbacks run_callbacks = {.on_data = run_data, .on_end = run_end};

struct exec_run *exec_run(struct engine *en, const struct exec_spec *spec, size_t max_output,
    int64_t timeout_ms, exec_done_fn *cb, struct engine_who who)
{
	struct exec_run *r = xcalloc(1, sizeof(*r));

	r->en = en;
	r->cb = cb;
	r->who = who;
	r->max = max_output;
	r->timer = (struct timer){.name = "time limit of an exec", .fn = run_timeout, .arg = r};
	if (timeout_ms > 0)
		timer_set(en->loop, &r->timer, timeout_ms);
	r->exec = exec_open(en, spec, &run_callbacks, (struct engine_who){.ctx = r});
	return r;
}

void exec_run_cancel(struct exec_run *r)
{
	if (!r)
		return;
	exec_kill(TAKE(r->exec));
	run_free(r);
}
