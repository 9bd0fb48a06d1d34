#include "pods_internal.h"

bool apply_post_start(struct pod *p, struct container *c, const struct pod_action *a)
{
	c->post_start = HOOK_DONE;
	return true;
}

bool apply_pre_stop(struct pod *p, struct container *c, const struct pod_action *a)
{
	stop_begin(c);
	c->pre_stop = HOOK_DONE;
	return true;
}
