/* env_change: the words of `set env`, and what they do to the variables of a container. Pure. */
#ifndef KJOB_CMD_ENV_CHANGE_H
#define KJOB_CMD_ENV_CHANGE_H

#include "../runtime/base/json.h"
#include "../runtime/base/str.h"

struct env_change {
	json *set; /* variables as containers have them: [{name, value | valueFrom}]; NULL: none */
	struct strlist remove;
};

#define auto_env_change CLEANUP(env_change_release) struct env_change

void env_change_release(struct env_change *c);
/* NAME=VALUE or NAME-; prefix goes before names that are set. */
int env_change_add(
    struct env_change *c, const char *prefix, const char *word, struct err *e) MUST_USE;
/* NAME=VALUE lines; empty ones and those that begin with # are passed over. */
int env_change_add_lines(
    struct env_change *c, const char *prefix, const char *text, struct err *e) MUST_USE;
/*
 * A variable for each key of a ConfigMap or Secret that `keys` names (empty: for all), sorted. A
 * key that is no variable's name is made one; `ret_renamed` gets "key A transferred to B".
 */
void env_change_add_from(struct env_change *c, const char *prefix, const json *source,
    const struct strlist *keys, struct strlist *ret_renamed);
/* No name may be both set and removed. */
int env_change_check(const struct env_change *c, struct err *e) MUST_USE;
/*
 * Works it into a container: what is there keeps its place. Without `overwrite` another value is an
 * error, that begins with `whose`.
 */
int env_change_apply(const struct env_change *c, bool overwrite, const char *whose, json *container,
    struct err *e) MUST_USE;
/* "# B from configmap x, key y", or "B=value"; appended with its newline. */
void env_text(const json *var, struct buf *out);

#endif
