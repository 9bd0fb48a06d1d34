/*
 * pod_attach: what somebody who attached does to a container: its standard input, and the size of
 * its terminal.
 *
 * Input goes the way that the output comes, the controller's own attach. After a recovery the
 * output is read from the engine's log; input gets a stream of its own then.
 */
#include "pods_internal.h"

static struct container *find(struct pods *set, const char *uid, const char *container)
{
	struct pod *p = map_get(&set->by_uid, uid);
	struct container *c = p ? pod_find_container(p, container) : NULL;

	return c && c->stage == STAGE_RUNNING ? c : NULL;
}

static struct stream *input_of(const struct container *c)
{
	return c->input || c->stream_is_log ? c->input : c->stream;
}

static struct container *find_open(struct pods *set, const char *uid, const char *container)
{
	struct container *c = find(set, uid, container);

	return c && c->has_stdin && input_of(c) ? c : NULL;
}

/* ---- the stream of input alone ---- */

static void on_open(struct engine_who who)
{
}

static bool on_data(struct engine_who who, enum stream_kind kind, const char *data, size_t len)
{
	return true;
}

static void on_end(struct engine_who who, const struct err *err)
{
	struct container *c = container_of(who);

	if (c)
		stream_free(TAKE(c->input));
}

static void on_writable(struct engine_who who)
{
	struct container *c = container_of(who);

	if (c && c->log_path)
		follow_notify(c->pod->set, c->log_path, true);
}

static void open_own(struct container *c)
{
	static const struct stream_callbacks callbacks = {
	    .on_open = on_open, .on_data = on_data, .on_end = on_end, .on_writable = on_writable};

	c->input =
	    container_attach_stdin(c->pod->set->env->engine, c->id, &callbacks, container_who(c));
}

/* ---- what the API server asks ---- */

int pods_stdin_open(
    struct pods *set, const char *uid, const char *container, bool *ret_first, struct err *e)
{
	struct container *c = find(set, uid, container);

	if (!c)
		return err_set(e, ERR_BAD_REQUEST, "container %s is not running", container);
	if (!c->has_stdin)
		return err_set(e, ERR_BAD_REQUEST,
		    "container %s has no stdin: its spec does not ask for one", container);
	if (!input_of(c))
		open_own(c);
	/* Who came before a recovery is not known. */
	*ret_first = !c->stdin_taken && !c->stream_is_log;
	c->stdin_taken = true;
	return 0;
}

bool pods_stdin_write(
    struct pods *set, const char *uid, const char *container, const void *data, size_t len)
{
	struct container *c = find_open(set, uid, container);

	return c && stream_write(input_of(c), data, len);
}

void pods_stdin_close(struct pods *set, const char *uid, const char *container)
{
	struct container *c = find_open(set, uid, container);
	const json *spec = c ? container_json(c) : NULL;

	if (json_bool(spec, "stdinOnce", false) && !json_bool(spec, "tty", false))
		stream_close_stdin(input_of(c));
}

void pods_tty_resize(
    struct pods *set, const char *uid, const char *container, unsigned columns, unsigned rows)
{
	struct container *c = find(set, uid, container);

	if (c && json_bool(container_json(c), "tty", false))
		tty_size_set_container(
		    &c->tty_size, c->pod->set->env->engine, c->id, columns, rows);
}
