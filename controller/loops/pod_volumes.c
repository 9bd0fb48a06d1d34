#include "pod_volumes.h"

#include "pods_internal.h"

bool volumes_wanted(const struct pod *p)
{
	return false; /* the schema refuses volumes */
}

void volumes_prepare(struct pod *p)
{
	p->volumes = VOLUMES_READY;
}

engine_id volumes_fill(
    struct pod *p, const char *sandbox, engine_done_fn *cb, struct engine_who who)
{
	return 0;
}

bool volumes_before_create(struct container *c)
{
	return false;
}

void volumes_release_all(struct pods *set)
{
}

void volumes_forget(struct pod *p)
{
}

void volumes_cleanup(struct pods *set, const json *pod)
{
}

void volume_mounts_release(struct volume_mounts *m)
{
	free(m->items);
	strlist_release(&m->texts);
	*m = (struct volume_mounts){0};
}

bool volumes_want_sandbox(const json *pod)
{
	return false;
}

void volumes_sandbox_mounts(const struct pod *p, struct volume_mounts *ret)
{
}

int volumes_mounts(
    const struct container *c, const struct strlist *env, struct volume_mounts *ret, struct err *e)
{
	return 0;
}
