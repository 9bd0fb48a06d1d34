/*
 * registry_auth: what this user's `docker login` and `podman login` have left: the credentials for
 * an image from the auth files ($DOCKER_CONFIG or ~/.docker/config.json, $REGISTRY_AUTH_FILE,
 * $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json) and from the credential
 * helpers that they name. A helper's answer is kept for a minute. Nothing of it is ever logged.
 */
#ifndef KJOB_REGISTRY_AUTH_H
#define KJOB_REGISTRY_AUTH_H

#include "loop.h"
#include "registry_config.h"

struct registry_auth;

struct registry_auth *registry_auth_new(struct loop *l);
void registry_auth_free(struct registry_auth *ra);

/* auths: values of X-Registry-Auth, best first; borrowed. */
typedef void registry_auth_fn(void *ctx, uint64_t key, const struct strlist *auths);
/*
 * Calls fn once, later, and not at all once ra is freed. `first` is asked before the files, and
 * where it knows the image no helper is run.
 */
void registry_auth_find(struct registry_auth *ra, const struct registry_keys *first,
    const char *image, registry_auth_fn *fn, void *ctx, uint64_t key);

#endif
