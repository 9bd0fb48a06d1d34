/*
 * pod_names: the name server of Services in pods that were made when there was no Service yet. What
 * they have for /etc/resolv.conf is a file that the engine mounts, and shares with containers that
 * are joined to their network: one such, made for this alone, writes it anew.
 */
#include "../../runtime/sandbox_image.h"
#include "pod_parts.h"
#include "pods_internal.h"
#include "services.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define WRITER_CONTAINER "kjob-names" /* what LABEL_CONTAINER of the writer says */

/* One at a time: there is no hurry. */
struct names_writer {
	struct pods *set;
	struct engine_who owner; /* of the network */
	char *uid, *id;
	engine_id call;
	struct stream *stream;
	bool again; /* others wait */
};

/* ---- the end ---- */

static void clear(struct names_writer *w)
{
	if (w->call)
		engine_cancel(w->set->env->engine, w->call);
	w->call = 0;
	if (w->stream)
		stream_free(TAKE(w->stream));
	removal_add(w->set, w->uid, w->id, false);
	free(TAKE(w->id));
	free(TAKE(w->uid));
}

/* Done, or not to be done: in either case once. */
static void finish(struct names_writer *w, const struct err *err)
{
	struct container *owner = container_of(w->owner);
	bool again = w->again;

	if (owner) {
		owner->names = true;
		if (err)
			log_warn("pod %s/%s: it will not know the names of Services: %s",
			    owner->pod->ns, owner->pod->name, err_msg(err));
	}
	clear(w);
	w->again = false;
	if (again)
		pods_queue_all(w->set);
}

void pod_names_release(struct pods *set)
{
	if (!set->names)
		return;
	if (set->names->uid)
		clear(set->names);
	free(TAKE(set->names));
}

/* ---- the writer ---- */

static void on_inspected(
    struct engine_who who, const struct container_info *info, const struct err *err)
{
	struct names_writer *w = who.ctx;
	auto_err e = {0};

	w->call = 0;
	if (err || info->exit_code == 0) {
		finish(w, err);
		return;
	}
	err_set(&e, ERR_INTERNAL, "its %s cannot be written", RESOLV_CONF);
	finish(w, &e);
}

static void on_end(struct engine_who who, const struct err *err)
{
	struct names_writer *w = who.ctx;

	stream_free(TAKE(w->stream));
	if (w->call) /* the start fails */
		return;
	w->call = container_inspect(w->set->env->engine, w->id, on_inspected, who);
}

static void on_started(struct engine_who who, int exit_code, const struct err *err)
{
	struct names_writer *w = who.ctx;

	w->call = 0;
	if (err)
		finish(w, err);
	else if (!w->stream)
		w->call = container_inspect(w->set->env->engine, w->id, on_inspected, who);
}

static void on_open(struct engine_who who)
{
	struct names_writer *w = who.ctx;

	w->call = container_start(w->set->env->engine, w->id, on_started, who);
}

static bool on_data(struct engine_who who, enum stream_kind kind, const char *data, size_t len)
{
	log_debug("names: %.*s", (int)len, data);
	return true;
}

static void on_created(struct engine_who who, const char *id, const struct err *err)
{
	static const struct stream_callbacks cb = {
	    .on_open = on_open, .on_data = on_data, .on_end = on_end};
	struct names_writer *w = who.ctx;

	w->call = 0;
	if (err) {
		finish(w, err);
		return;
	}
	w->id = xstrdup(id);
	w->stream = container_attach(w->set->env->engine, id, false, false, &cb, who);
}

static void begin(struct pod *p, struct container *owner, const char *server)
{
	struct names_writer *w = p->set->names;
	auto_free char *network = xasprintf("container:%s", owner->id);
	auto_free char *name = xasprintf("kjob_%s_%s_names_%.8s_%llx", p->ns, p->name, p->uid,
	    (unsigned long long)clock_wall_ns());
	auto_json *labels = pod_labels(p, WRITER_CONTAINER, 0), *args = json_new_array();
	auto_strlist lines = {0};
	struct container_spec s = {
	    .name = name, .labels = labels, .args = args, .network_mode = network};

	json_add(args, json_new_string("write"));
	json_add(args, json_new_string(RESOLV_CONF));
	network_resolv_conf(p->obj, server, &lines);
	for (size_t i = 0; i < lines.len; i++)
		json_add(args, json_new_string(lines.items[i]));
	w->owner = container_who(owner);
	w->uid = xstrdup(p->uid);
	w->call =
	    sandbox_create(p->set->env->engine, &s, on_created, (struct engine_who){.ctx = w});
}

/* ---- who needs it ---- */

static struct container *network_owner(struct pod *p)
{
	for (size_t i = 0; !p->sandbox && i < p->container_count; i++)
		if (p->containers[i].stage == STAGE_RUNNING)
			return &p->containers[i];
	return p->sandbox && p->sandbox->stage == STAGE_RUNNING ? p->sandbox : NULL;
}

void pod_names_look(struct pod *p)
{
	struct container *owner = network_owner(p);
	auto_free char *server = NULL;

	if (!owner || owner->names || p->gone || meta_deleting(p->obj))
		return;
	server = services_late_server(p->set->env->services, p->obj, pod_address(p));
	if (!server)
		return;
	if (!p->set->names) {
		p->set->names = xcalloc(1, sizeof(*p->set->names));
		p->set->names->set = p->set;
	}
	if (p->set->names->uid)
		p->set->names->again = true;
	else
		begin(p, owner, server);
}

/* ---- for the loop of Services ---- */

void pods_services_up(void *ctx)
{
	pods_queue_all(ctx);
}

bool pods_use_services(void *ctx)
{
	const struct pods *set = ctx;

	for (size_t i = 0; i < set->slot_count; i++) {
		const struct pod *p = set->slots[i];

		if (p && !p->gone &&
		    !pod_phase_terminal(pod_phase_parse(json_str_or(p->obj, "status.phase", ""))))
			return true;
	}
	return false;
}
