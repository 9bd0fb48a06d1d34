/* container: a container of a manifest, changed by words of the command line. Pure. */
#ifndef KJOB_CMD_CONTAINER_H
#define KJOB_CMD_CONTAINER_H

#include "../runtime/base/json.h"
#include "../runtime/base/str.h"

/*
 * NAME=VALUE sets a variable in place of what it is now; NAME alone takes the value of this
 * process's environment, and does nothing where it has none.
 */
int container_set_env(json *container, const char *item, struct err *e) MUST_USE;
int container_set_envs(json *container, const struct strlist *items, struct err *e) MUST_USE;
/* The words become the container's `args`, or its `command`, whose args go then. None: no change.
 */
void container_set_words(json *container, bool command, const char *const *words, size_t count);
/* How many of the words are NAME=VALUE before the first other one, as env(1) has it. */
size_t env_words(const char *const *words, size_t count);

#endif
