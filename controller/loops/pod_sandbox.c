#include "pods_internal.h"

bool apply_sandbox_create(struct pod *p, struct container *c, const struct pod_action *a)
{
	return false;
}

bool apply_sandbox_start(struct pod *p, struct container *c, const struct pod_action *a)
{
	return false;
}

bool apply_sandbox_stop(struct pod *p, struct container *c, const struct pod_action *a)
{
	return false;
}

struct container *sandbox_new(struct pod *p)
{
	return NULL;
}

void sandbox_renew(struct pod *p)
{
}
