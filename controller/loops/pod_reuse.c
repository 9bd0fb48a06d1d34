/*
 * pod_reuse: sandboxes that go from pod to pod of a Job (sandbox_reuse.h). One is idle between two
 * pods, for a short time; then it is ended. The containers that join it and itself bear its first
 * name as a label, by which the next controller finds out whose it is; nobody's are ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../api/validate.h"
#include "pod_parts.h"
#include "pod_volumes.h"
#include "pods_internal.h"
#include "sandbox_reuse.h"
#include "services.h"

/* The next pod comes within a few turns, if it comes. */
#define IDLE_MS 2000
#define KILL_RETRY_MS 1000

struct idle_sandbox {
	struct pods *set;
	struct idle_sandbox *next;
	char *id, *name, *ip, *hosts;
	char *owner_uid, *hostname, *key; /* whom it can go to; NULL: to nobody */
	bool names;                       /* struct container's */
	int64_t until_ms;                 /* on the monotonic clock */
	engine_id kill;
};

static void idle_free(struct idle_sandbox *s)
{
	free(s->id);
	free(s->name);
	free(s->ip);
	free(s->hosts);
	free(s->owner_uid);
	free(s->hostname);
	free(s->key);
	free(s);
}

static void unlink_idle(struct idle_sandbox *s)
{
	struct idle_sandbox **at = &s->set->idle;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->set->idle_count--;
}

static void idle_due(void *arg);

static struct idle_sandbox *idle_new(struct pods *set, int64_t for_ms)
{
	struct idle_sandbox *s = xcalloc(1, sizeof(*s));

	s->set = set;
	s->until_ms = clock_mono_ms() + for_ms;
	s->next = set->idle;
	set->idle = s;
	set->idle_count++;
	set->idle_timer.name = "idle sandboxes";
	set->idle_timer.fn = idle_due;
	set->idle_timer.arg = set;
	if (!timer_is_set(&set->idle_timer))
		timer_set(set->env->loop, &set->idle_timer, for_ms);
	return s;
}

/* ---- ending them ---- */

/* It stays as long as containers that were joined to it. */
void reuse_ended(struct pods *set, const char *id, const char *name)
{
	bool joined = removal_has_dependents(set, name);

	for (size_t i = 0; i < set->slot_count && !joined; i++)
		joined = set->slots[i] && str_eq(set->slots[i]->shared, name);
	if (joined)
		removal_later(set, name, id, true);
	else
		removal_add(set, name, id, true);
}

static void on_killed(struct engine_who who, const struct err *err)
{
	struct idle_sandbox *s = who.ctx;

	s->kill = 0;
	if (err && err->reason != ERR_NOT_FOUND && err->reason != ERR_CONFLICT) {
		s->until_ms = clock_mono_ms() + KILL_RETRY_MS;
		timer_set(s->set->env->loop, &s->set->idle_timer, KILL_RETRY_MS);
		return;
	}
	if (!err || err->reason != ERR_NOT_FOUND)
		reuse_ended(s->set, s->id, s->name);
	unlink_idle(s);
	idle_free(s);
}

static void idle_end(struct idle_sandbox *s)
{
	free(TAKE(s->key));
	s->kill = container_kill(
	    s->set->env->engine, s->id, "SIGKILL", on_killed, (struct engine_who){.ctx = s});
}

static void idle_due(void *arg)
{
	struct pods *set = arg;
	int64_t now = clock_mono_ms(), next = INT64_MAX;

	for (struct idle_sandbox *s = set->idle; s; s = s->next) {
		if (s->kill)
			continue;
		if (s->until_ms <= now && set->engine_up)
			idle_end(s);
		else if (s->until_ms < next)
			next = s->until_ms;
	}
	if (next != INT64_MAX)
		timer_set(
		    set->env->loop, &set->idle_timer, next > now ? next - now : KILL_RETRY_MS);
}

void reuse_end_idle(struct pods *set)
{
	for (struct idle_sandbox *s = set->idle; s; s = s->next)
		s->until_ms = 0;
	idle_due(set);
}

void reuse_release_all(struct pods *set)
{
	timer_cancel(set->env->loop, &set->idle_timer);
	while (set->idle) {
		struct idle_sandbox *s = set->idle;

		set->idle = s->next;
		engine_cancel(set->env->engine, s->kill);
		idle_free(s);
	}
	set->idle_count = 0;
}

void reuse_lost(struct pods *set, const char *id)
{
	struct idle_sandbox *s = set->idle;

	while (s && !str_eq(s->id, id))
		s = s->next;
	if (!s || s->kill)
		return;
	reuse_ended(set, s->id, s->name);
	unlink_idle(s);
	idle_free(s);
}

/* ---- whose one is ---- */

bool reuse_claimed(const struct pods *set, const char *name)
{
	for (const struct idle_sandbox *s = set->idle; s; s = s->next)
		if (str_eq(s->name, name))
			return true;
	for (size_t i = 0; i < set->slot_count; i++)
		if (set->slots[i] && set->slots[i]->sandbox && str_eq(set->slots[i]->shared, name))
			return true;
	return false;
}

void reuse_end_stray(struct pods *set, const char *id, const char *name)
{
	struct idle_sandbox *s = idle_new(set, 0);

	s->id = xstrdup(id);
	s->name = xstrdup(name);
	timer_set(set->env->loop, &set->idle_timer, 0);
}

/* ---- taking and giving ---- */

static bool hostname_follows(const struct pods *set)
{
	return set->env->engine_local && engine_hostname_follows(set->env->engine);
}

/* with_names: it is one whose resolver asks the name server of Services, if there is any. */
static char *key_of(const struct pod *p, bool with_names)
{
	auto_free char *names =
	    with_names ? services_names_server(p->set->env->services, p->obj) : NULL;

	return reuse_key(p->obj, names);
}

/* The hostname that the pod must have, or that it would like; owned. */
static char *wanted_hostname(const struct pod *p)
{
	return pod_kernel_hostname(p->obj, NULL);
}

static struct idle_sandbox *find_idle(const struct pod *p)
{
	bool any_name = hostname_follows(p->set) || !json_has(p->obj, "spec.hostname");
	auto_free char *key = key_of(p, true), *hostname = wanted_hostname(p);

	for (struct idle_sandbox *s = p->set->idle; s; s = s->next)
		if (s->key && str_eq(s->owner_uid, p->owner_uid) && str_eq(s->key, key) &&
		    (any_name || str_eq(s->hostname, hostname)))
			return s;
	return NULL;
}

static void observe(const struct pod *p, struct reuse_obs *o)
{
	auto_json *job = store_get_by_uid(p->set->env->store, job_kind(), p->owner_uid);
	const json *annotations = json_path(job, "metadata.annotations");
	const char *wish = json_string_value(json_get(annotations, REUSE_ANNOTATION));
	const char *hostname = json_str_or(p->obj, "spec.hostname", "");

	o->asked = str_eq(wish, "true");
	o->refused = str_eq(wish, "false");
	o->exact = hostname_follows(p->set) ||
		   (*hostname && str_eq(hostname, json_str(job, "spec.template.spec.hostname")));
	o->left = json_int(job, "spec.completions", 0) - json_int(job, "status.succeeded", 0);
	o->parallelism = json_int(job, "spec.parallelism", 1);
}

/* The sandbox is this pod's from now on. */
static void take(struct pod *p, struct idle_sandbox *s)
{
	struct container *b = p->sandbox = sandbox_new(p);

	unlink_idle(s);
	if (!hostname_follows(p->set) && !json_has(p->obj, "spec.hostname")) {
		json_set_path(p->obj, "spec.hostname", json_new_string(s->hostname));
		p->changed = true;
	}
	b->id = TAKE(s->id);
	b->names = s->names;
	b->round = p->round;
	b->attempt = -1; /* one that follows it is the first of this pod's own */
	p->shared = TAKE(s->name);
	p->hosts = TAKE(s->hosts);
	sandbox_taken(b, s->ip);
	idle_free(s);
}

bool apply_reuse(struct pod *p, struct container *c, const struct pod_action *a)
{
	struct idle_sandbox *s = find_idle(p);
	struct reuse_obs o = {.fits = true, .idle = s != NULL};

	p->network_due = false;
	observe(p, &o);
	switch (reuse_decide(&o)) {
	case REUSE_NONE:
		break;
	case REUSE_NEW:
		p->sandbox = sandbox_new(p);
		p->shared = container_engine_name(p->sandbox);
		break;
	case REUSE_IDLE:
		take(p, s);
		break;
	}
	return true;
}

bool apply_sandbox_give(struct pod *p, struct container *c, const struct pod_action *a)
{
	struct container *b = p->sandbox;
	struct idle_sandbox *s = idle_new(p->set, IDLE_MS);

	s->id = TAKE(b->id);
	s->name = xstrdup(p->shared);
	s->ip = TAKE(b->ip);
	s->hosts = TAKE(p->hosts);
	s->owner_uid = xstrdup(p->owner_uid);
	s->hostname = wanted_hostname(p);
	s->names = b->names;
	s->key = key_of(p, b->names);
	removal_later(p->set, pod_group(p), b->prev_id, true);
	sandbox_free(p);
	return true;
}

/* ---- /etc/hosts ---- */

char *hosts_prepare(const struct container *c)
{
	const struct pod *p = c->pod;
	auto_free char *path = NULL, *text = NULL, *name = NULL, *hostname = NULL;
	int fd;

	if (!p->shared || !p->hosts)
		return NULL;
	name = container_engine_name(c);
	hostname = wanted_hostname(p);
	text = reuse_hosts(p->hosts, p->shared, hostname ? hostname : p->name, name);
	path = container_file(c, ".hosts");
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || fchmod(fd, 0644) < 0 ||
	    write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		log_warn("%s: %s", path, strerror(errno));
		free(TAKE(path));
	}
	if (fd >= 0)
		close(fd);
	return TAKE(path);
}
