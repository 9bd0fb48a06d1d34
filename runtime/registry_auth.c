#include "registry_auth.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/paths.h"
#include "credential_helper.h"

#define FILE_MAX (1 * MIB)
#define CACHE_MS 60000

/* What a helper said of a server. */
struct answer {
	struct answer *next;
	char *helper, *server;
	char *auth; /* NULL: it knows none */
	int64_t until_ms;
};

struct request {
	struct request *next;
	struct registry_auth *ra;
	struct strlist auths;     /* of what was asked first */
	struct strlist from_file; /* behind those of a helper */
	struct credential_helper *helper;
	char *helper_name, *server;
	registry_auth_fn *fn;
	void *ctx;
	uint64_t key;
};

struct registry_auth {
	struct loop *loop;
	struct request *requests;
	struct answer *answers;
};

struct registry_auth *registry_auth_new(struct loop *l)
{
	struct registry_auth *ra = xcalloc(1, sizeof(*ra));

	ra->loop = l;
	return ra;
}

static void request_free(struct request *r)
{
	loop_undefer(r->ra->loop, r);
	credential_helper_free(r->helper);
	strlist_release(&r->auths);
	strlist_release(&r->from_file);
	free(r->helper_name);
	free(r->server);
	free(r);
}

static void answer_free(struct answer *a)
{
	free(a->helper);
	free(a->server);
	free(a->auth);
	free(a);
}

void registry_auth_free(struct registry_auth *ra)
{
	if (!ra)
		return;
	while (ra->requests) {
		struct request *r = ra->requests;

		ra->requests = r->next;
		request_free(r);
	}
	while (ra->answers) {
		struct answer *a = ra->answers;

		ra->answers = a->next;
		answer_free(a);
	}
	free(ra);
}

/* ---- files ---- */

static void add_path(struct strlist *paths, const char *dir, const char *name)
{
	if (dir && *dir)
		strlist_addf(paths, "%s%s", dir, name);
}

static void list_files(struct strlist *paths)
{
	const char *docker = getenv("DOCKER_CONFIG"), *podman = getenv("REGISTRY_AUTH_FILE");
	const char *run = getenv("XDG_RUNTIME_DIR"), *config = getenv("XDG_CONFIG_HOME");

	if (docker && *docker)
		add_path(paths, docker, "/config.json");
	else
		add_path(paths, path_home(), "/.docker/config.json");
	add_path(paths, podman, "");
	add_path(paths, run, "/containers/auth.json");
	if (!run && geteuid() == 0)
		strlist_add(paths, "/run/containers/0/auth.json");
	if (config && *config)
		add_path(paths, config, "/containers/auth.json");
	else
		add_path(paths, path_home(), "/.config/containers/auth.json");
}

/* The credentials of all files, and the first helper that one of them names. */
static void read_files(struct request *r, const char *image)
{
	auto_registry_keys keys = {0};
	auto_strlist paths = {0};

	list_files(&paths);
	for (size_t i = 0; i < paths.len; i++) {
		size_t len = 0;
		auto_free char *text = path_read_file(paths.items[i], FILE_MAX, &len, NULL);
		auto_json *config =
		    text ? json_parse(text, len, JSON_ALLOW_DUPLICATES, NULL) : NULL;

		if (text && !config)
			log_warn("%s is no JSON: its credentials are not used", paths.items[i]);
		registry_keys_add(&keys, json_get(config, "auths"));
		if (config && !r->helper_name)
			registry_helper_of(config, image, &r->helper_name, &r->server);
	}
	registry_keys_find(&keys, image, &r->from_file);
}

/* ---- answers ---- */

static void finish(void *arg)
{
	struct request *r = arg, **at = &r->ra->requests;

	for (size_t i = 0; i < r->from_file.len; i++)
		if (!strlist_has(&r->auths, r->from_file.items[i]))
			strlist_add(&r->auths, r->from_file.items[i]);
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	r->fn(r->ctx, r->key, &r->auths);
	request_free(r);
}

/* What the helper said within the last minute; NULL: it must be asked. */
static const struct answer *remembered(struct registry_auth *ra, const struct request *r)
{
	for (struct answer **at = &ra->answers; *at;) {
		struct answer *a = *at;

		if (a->until_ms <= clock_mono_ms()) {
			*at = a->next;
			answer_free(a);
			continue;
		}
		if (str_eq(a->helper, r->helper_name) && str_eq(a->server, r->server))
			return a;
		at = &a->next;
	}
	return NULL;
}

static void on_answer(void *ctx, const char *text, size_t len, const struct err *err)
{
	struct request *r = ctx;
	struct answer *a = xcalloc(1, sizeof(*a));

	if (err && err->reason != ERR_NOT_FOUND)
		log_warn("credentials for %s: %s", r->server, err_msg(err));
	a->helper = xstrdup(r->helper_name);
	a->server = xstrdup(r->server);
	a->auth = err ? NULL : registry_auth_of_answer(text, len, r->server);
	a->until_ms = clock_mono_ms() + CACHE_MS;
	a->next = r->ra->answers;
	r->ra->answers = a;
	if (a->auth)
		strlist_add(&r->auths, a->auth);
	finish(r);
}

void registry_auth_find(struct registry_auth *ra, const struct registry_keys *first,
    const char *image, registry_auth_fn *fn, void *ctx, uint64_t key)
{
	struct request *r = xcalloc(1, sizeof(*r));
	const struct answer *known;

	r->ra = ra;
	r->fn = fn;
	r->ctx = ctx;
	r->key = key;
	r->next = ra->requests;
	ra->requests = r;
	registry_keys_find(first, image, &r->auths);
	read_files(r, image);
	known = r->helper_name ? remembered(ra, r) : NULL;
	if (known && known->auth)
		strlist_add(&r->auths, known->auth);
	if (r->helper_name && !known && !r->auths.len)
		r->helper =
		    credential_helper_get(ra->loop, r->helper_name, r->server, on_answer, r);
	else
		loop_defer(ra->loop, finish, r);
}
