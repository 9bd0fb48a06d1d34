/* runner: see runner.h. */
#include "runner.h"

#include "engine_internal.h"
#include "exec.h"
#include "runner_protocol.h"

#define OPEN_MS 30000 /* from the exec's creation to the program's first word */
#define FAILURES_MAX 2

struct runner_call {
	struct runner_call *next;
	struct runner *runner;
	uint32_t id;
	struct buf request; /* a frame, until it is sent */
	bool sent;
	struct runner_callbacks cb;
	void *ctx;
};

struct runner {
	struct engine *en;
	char *container, *program;
	struct exec *exec;
	struct timer timer; /* of the opening */
	bool ready;         /* it has said hello */
	int failures;       /* in a row */
	struct buf in;      /* a frame that has not come whole */
	struct runner_call *calls;
	uint32_t last_id;
	int busy; /* > 0: in a callback */
	bool dead;
};

/* The owner is gone, and the last call too. */
static void settle(struct runner *r)
{
	if (!r->dead || r->busy || r->calls)
		return;
	buf_release(&r->in);
	free(r->container);
	free(r->program);
	free(r);
}

/* False: it was freed in a callback; it is gone now, or of no use. */
static bool leave(struct runner *r)
{
	bool dead = r->dead;

	r->busy--;
	settle(r);
	return !dead;
}

void runner_free(struct runner *r)
{
	if (!r || r->dead)
		return;
	r->dead = true;
	loop_undefer(r->en->loop, r);
	timer_cancel(r->en->loop, &r->timer);
	if (r->ready)
		exec_free(r->exec); /* the end of its stdin is its end */
	else
		exec_kill(r->exec);
	r->exec = NULL;
	settle(r);
}

/* ---- calls ---- */

static struct runner_call *find(const struct runner *r, uint32_t id)
{
	for (struct runner_call *c = r->calls; c; c = c->next)
		if (c->id == id)
			return c;
	return NULL;
}

static void call_free(struct runner_call *c)
{
	struct runner *r = c->runner;
	struct runner_call **link = &r->calls;

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	buf_release(&c->request);
	free(c);
	settle(r);
}

static void call_end(struct runner_call *c, enum runner_end end, int exit_code)
{
	struct runner_callbacks cb = c->cb;
	void *ctx = c->ctx;

	call_free(c);
	cb.on_end(ctx, end, exit_code);
}

static void put32(struct buf *b, uint32_t n)
{
	const unsigned char bytes[4] = {(unsigned char)n, (unsigned char)(n >> 8),
	    (unsigned char)(n >> 16), (unsigned char)(n >> 24)};

	buf_add(b, bytes, sizeof(bytes));
}

static void put_head(struct buf *b, uint32_t id, unsigned op, size_t len)
{
	put32(b, id);
	put32(b, op << 24 | (uint32_t)len);
}

static size_t request_size(const struct strlist *command)
{
	size_t size = 4;

	for (size_t i = 0; i < command->len; i++)
		size += strlen(command->items[i]) + 1;
	return size;
}

bool runner_takes(const struct runner *r, const struct strlist *command)
{
	return r->failures < FAILURES_MAX && command->len > 0 && *command->items[0] &&
	       command->len <= RUNNER_ARGS_MAX && request_size(command) <= RUNNER_DATA_MAX;
}

/* ---- the exec ---- */

static struct runner_call *one_up_to(const struct runner *r, uint32_t id)
{
	for (struct runner_call *c = r->calls; c; c = c->next)
		if (c->id <= id)
			return c;
	return NULL;
}

/* It has gone, or did not come. What is asked for in the callbacks is for the next one. */
static void lost(struct runner *r)
{
	uint32_t last = r->last_id;
	struct runner_call *c;

	exec_kill(TAKE(r->exec));
	timer_cancel(r->en->loop, &r->timer);
	r->ready = false;
	r->failures++;
	buf_clear(&r->in);
	r->busy++;
	while (!r->dead && (c = one_up_to(r, last)))
		call_end(c, c->sent ? RUNNER_LOST : RUNNER_NOT_STARTED, -1);
	leave(r);
}

static void begin(struct runner_call *c)
{
	if (!exec_write(c->runner->exec, c->request.ptr, c->request.len))
		return; /* when there is room */
	buf_release(&c->request);
	c->sent = true;
	if (c->cb.on_begin)
		c->cb.on_begin(c->ctx);
}

static struct runner_call *unsent(const struct runner *r)
{
	for (struct runner_call *c = r->calls; c; c = c->next)
		if (!c->sent)
			return c;
	return NULL;
}

static void send_all(struct runner *r)
{
	struct runner_call *c;
	bool go_on = true;

	r->busy++;
	while (go_on && !r->dead && r->ready && (c = unsent(r))) {
		uint32_t id = c->id;

		begin(c);
		c = find(r, id);
		go_on = !c || c->sent;
	}
	leave(r);
}

static uint32_t get32(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool take_frame(struct runner *r, uint32_t id, unsigned op, const char *data, size_t len)
{
	struct runner_call *c = find(r, id);
	bool is_number = op == RUNNER_EXIT || op == RUNNER_REFUSED;

	if (op < RUNNER_HELLO || op > RUNNER_REFUSED || (is_number && len != 4) ||
	    r->ready == (op == RUNNER_HELLO))
		return false;
	if (op == RUNNER_HELLO) {
		r->ready = true;
		timer_cancel(r->en->loop, &r->timer);
		send_all(r);
	} else if (is_number) {
		r->failures = 0;
		if (c)
			call_end(c, op == RUNNER_EXIT ? RUNNER_ENDED : RUNNER_NOT_STARTED,
			    (int)(get32(data) & 0xff));
	} else if (c) {
		c->cb.on_data(
		    c->ctx, op == RUNNER_STDOUT ? STREAM_STDOUT : STREAM_STDERR, data, len);
	}
	return true;
}

/* What comes is a container's word: anything else than a frame ends the runner. */
static void take_frames(struct runner *r)
{
	size_t at = 0;
	bool fine = true;

	r->busy++;
	while (fine && !r->dead && r->in.len - at >= RUNNER_HEAD) {
		const char *head = r->in.ptr + at;
		uint32_t what = get32(head + 4);
		size_t len = what & 0xffffff;

		if (len > RUNNER_DATA_MAX) {
			fine = false;
		} else if (r->in.len - at - RUNNER_HEAD < len) {
			break;
		} else {
			fine = take_frame(r, get32(head), what >> 24, head + RUNNER_HEAD, len);
			at += RUNNER_HEAD + len;
		}
	}
	if (!leave(r))
		return;
	buf_consume(&r->in, at);
	if (!fine) {
		log_debug("runner in container %.12s: not its words", r->container);
		lost(r);
	}
}

static bool on_data(struct engine_who who, enum stream_kind kind, const char *data, size_t len)
{
	struct runner *r = who.ctx;

	if (kind == STREAM_STDERR)
		log_debug("runner in container %.12s: %.*s", r->container, (int)len, data);
	else
		buf_add(&r->in, data, len);
	take_frames(r);
	return true;
}

static void on_end(struct engine_who who, int exit_code, const struct err *err)
{
	struct runner *r = who.ctx;

	log_debug("runner in container %.12s ended: %d, %s", r->container, exit_code,
	    err ? err_msg(err) : "by itself");
	exec_free(TAKE(r->exec));
	lost(r);
}

static void on_writable(struct engine_who who)
{
	struct runner *r = who.ctx;

	send_all(r);
}

static void too_late(void *arg)
{
	struct runner *r = arg;

	log_warn("the runner in container %.12s does not answer", r->container);
	lost(r);
}

static void open_exec(struct runner *r)
{
	static const struct exec_callbacks callbacks = {
	    .on_data = on_data, .on_writable = on_writable, .on_end = on_end};
	auto_strlist command = {0};
	struct exec_spec spec = {
	    .container = r->container, .command = &command, .stdin_open = true};

	strlist_add(&command, r->program);
	strlist_add(&command, "run");
	r->exec = exec_open(r->en, &spec, &callbacks, (struct engine_who){.ctx = r});
	timer_set(r->en->loop, &r->timer, OPEN_MS);
}

static void step(void *arg)
{
	struct runner *r = arg;

	if (!r->exec)
		open_exec(r);
	else
		send_all(r);
}

struct runner *runner_new(struct engine *en, const char *container, const char *program)
{
	struct runner *r = xcalloc(1, sizeof(*r));

	r->en = en;
	r->container = xstrdup(container);
	r->program = xstrdup(program);
	r->timer = (struct timer){.name = "start of a runner", .fn = too_late, .arg = r};
	buf_init(&r->in, MIB);
	return r;
}

const char *runner_program(const struct runner *r)
{
	return r->program;
}

/* ---- for the owners of calls ---- */

struct runner_call *runner_run(struct runner *r, const struct strlist *command, size_t max_output,
    bool with_input, const struct runner_callbacks *cb, void *ctx)
{
	struct runner_call *c = xcalloc(1, sizeof(*c));
	uint32_t how = (uint32_t)(max_output < INT32_MAX ? max_output : INT32_MAX);

	c->runner = r;
	c->id = ++r->last_id;
	c->cb = *cb;
	c->ctx = ctx;
	put_head(&c->request, c->id, RUNNER_RUN, request_size(command));
	put32(&c->request, with_input ? how | RUNNER_INPUT : how);
	for (size_t i = 0; i < command->len; i++)
		buf_add(&c->request, command->items[i], strlen(command->items[i]) + 1);
	c->next = r->calls;
	r->calls = c;
	loop_defer_named(r->en->loop, "runner", step, r);
	return c;
}

/* Small frames all; where even they find no room the runner has stopped reading. */
static void send_frame(struct runner_call *c, unsigned op, const void *data, size_t len)
{
	auto_buf frame = {0};

	put_head(&frame, c->id, op, len);
	buf_add(&frame, data, len);
	if (c->sent && c->runner->exec && !exec_write(c->runner->exec, frame.ptr, frame.len))
		log_debug("runner in container %.12s: not told", c->runner->container);
}

void runner_write(struct runner_call *c, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		size_t piece = len < RUNNER_DATA_MAX ? len : RUNNER_DATA_MAX;

		send_frame(c, RUNNER_INPUT_DATA, p, piece);
		p += piece;
		len -= piece;
	}
}

void runner_close_input(struct runner_call *c)
{
	send_frame(c, RUNNER_INPUT_END, NULL, 0);
}

void runner_cancel(struct runner_call *c)
{
	if (!c)
		return;
	send_frame(c, RUNNER_KILL, NULL, 0);
	call_free(c);
}
