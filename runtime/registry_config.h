/*
 * registry_config: which credentials of a docker or podman auth file (or of a secret of that form)
 * are for an image. Pure. Matching is Kubernetes' (pkg/credentialprovider/keyring.go): a key is a
 * host, with a port and a path where it has them; parts of its host may have wildcards; the path is
 * a prefix; the last key of the alphabet comes first, which puts longer paths before shorter ones.
 *
 * What comes out is ready for the engine: the value of the header X-Registry-Auth. It is a secret.
 */
#ifndef KJOB_REGISTRY_CONFIG_H
#define KJOB_REGISTRY_CONFIG_H

#include "base/json.h"
#include "base/str.h"

struct registry_key;
/* Zeroed is empty. */
struct registry_keys {
	struct registry_key *items; /* in the order in which they are tried */
	size_t len, cap;
};

#define auto_registry_keys CLEANUP(registry_keys_release) struct registry_keys

/* auths: the member of a config.json, or the whole of an old .dockercfg: entries by key. */
void registry_keys_add(struct registry_keys *k, const json *auths);
void registry_keys_release(struct registry_keys *k);
/* Appends the credentials for an image, best first. */
void registry_keys_find(
    const struct registry_keys *k, const char *image, struct strlist *ret_auths);

/*
 * The credential helper that a config.json names for the registry of an image (credHelpers, then
 * credsStore), without its "docker-credential-", and what to ask it for; both owned. False: none.
 */
bool registry_helper_of(
    const json *config, const char *image, char **ret_helper, char **ret_server);
/* What a helper answered to "get", as credentials; NULL: there are none in it. Owned. */
char *registry_auth_of_answer(const char *text, size_t len, const char *server);

#endif
