/* sandbox_volume: the sandbox's program in a volume: see sandbox_image.h. */
#include "archive.h"
#include "sandbox_image.h"
#include "sandbox_program.h"
#include "volumes.h"

#define ARCHIVE_MAX (4 * MIB)

struct sandbox_volume {
	struct engine *en;
	char *name, *id;
	json *labels;
	engine_id call;
	engine_done_fn *cb;
	struct engine_who who;
};

void sandbox_volume_free(struct sandbox_volume *v)
{
	if (!v)
		return;
	engine_cancel(v->en, v->call);
	json_free(v->labels);
	free(v->name);
	free(v->id);
	free(v);
}

static struct engine_who back(struct sandbox_volume *v)
{
	return (struct engine_who){.ctx = v};
}

static void on_removed(struct engine_who who, const struct err *err)
{
	struct sandbox_volume *v = who.ctx;

	v->call = 0;
	v->cb(v->who, err);
}

static void on_filled(struct engine_who who, const struct err *err)
{
	struct sandbox_volume *v = who.ctx;

	if (err)
		on_removed(who, err);
	else
		v->call = container_remove(v->en, v->id, on_removed, who);
}

static void on_created(struct engine_who who, const char *id, const struct err *err)
{
	struct sandbox_volume *v = who.ctx;
	auto_buf tar = {.max = ARCHIVE_MAX};

	if (err) {
		on_removed(who, err);
		return;
	}
	v->id = xstrdup(id);
	tar_add(&tar,
	    &(struct tar_entry){.path = strrchr(SANDBOX_VOLUME_PROGRAM, '/') + 1,
		.mode = 0755,
		.size = (int64_t)sandbox_program_len},
	    sandbox_program);
	tar_end(&tar);
	v->call =
	    container_put_archive(v->en, id, SANDBOX_VOLUME_DIR, tar.ptr, tar.len, on_filled, who);
}

static void on_old_removed(struct engine_who who, const struct err *err)
{
	struct sandbox_volume *v = who.ctx;
	const struct mount_spec mount = {
	    .kind = MOUNT_VOLUME, .source = sandbox_volume_name(), .target = SANDBOX_VOLUME_DIR};
	const struct container_spec s = {.name = v->name,
	    .labels = v->labels,
	    .network_mode = "none",
	    .mounts = &mount,
	    .mount_count = 1};

	if (err && err->reason != ERR_NOT_FOUND)
		on_removed(who, err);
	else
		v->call = sandbox_create(v->en, &s, on_created, who);
}

static void on_volume(struct engine_who who, const char *name, const struct err *err)
{
	struct sandbox_volume *v = who.ctx;

	if (err)
		on_removed(who, err);
	else
		v->call = container_remove(v->en, v->name, on_old_removed, who);
}

struct sandbox_volume *sandbox_volume_fill(struct engine *en, const char *name, const json *labels,
    engine_done_fn *cb, struct engine_who who)
{
	struct sandbox_volume *v = xcalloc(1, sizeof(*v));

	v->en = en;
	v->name = xstrdup(name);
	v->labels = json_dup(labels);
	v->cb = cb;
	v->who = who;
	v->call = volume_create(en, sandbox_volume_name(), NULL, NULL, on_volume, back(v));
	return v;
}
