/*
 * exec_credential: credentials from a program that a kubeconfig's user names (`exec`), by the API
 * client.authentication.k8s.io, v1 or v1beta1.
 */
#ifndef KJOB_CMD_EXEC_CREDENTIAL_H
#define KJOB_CMD_EXEC_CREDENTIAL_H

#include "../runtime/base/json.h"

struct exec_credential {
	char *token;              /* NULL: none */
	char *cert_pem, *key_pem; /* both, or NULL */
	int64_t expires_ns;       /* since the epoch; 0: with the process */
};

void exec_credential_release(struct exec_credential *c);
/*
 * Runs the program and reads its answer; blocking, without a time limit (it may ask its user). spec
 * is the user's `exec`, cluster the cluster's entry of the kubeconfig. RET is set on success alone.
 */
int exec_credential_get(
    const json *spec, const json *cluster, struct exec_credential *ret, struct err *e) MUST_USE;

/* ---- pure ---- */

/* What is wrong with the spec, as an error. */
int exec_credential_check(const json *spec, struct err *e) MUST_USE;
/* Whether the program gets standard input; an error where it must have one. */
int exec_credential_interactive(const json *spec, bool terminal, bool *ret, struct err *e) MUST_USE;
/* KUBERNETES_EXEC_INFO's value; owned. */
char *exec_credential_info(const json *spec, const json *cluster, bool interactive);
int exec_credential_parse(const char *text, size_t len, const char *api_version,
    struct exec_credential *ret, struct err *e) MUST_USE;

#endif
