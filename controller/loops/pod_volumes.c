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
