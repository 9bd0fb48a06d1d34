/*
 * credentials: what a user of a kubeconfig shows to the server: a token, a token from a file (read
 * anew for each request), name and password, what a program gives (exec_credential.h; asked once
 * and again when it has expired), and whom it acts as.
 */
#ifndef KJOB_CMD_CREDENTIALS_H
#define KJOB_CMD_CREDENTIALS_H

#include "../runtime/base/json.h"
#include "../runtime/base/str.h"

struct credentials;
/* --as and the like; "" and an empty list: what the user's entry says. */
struct impersonation {
	const char *user, *uid;
	const struct strlist *groups;
};

/*
 * user and cluster are entries of a kubeconfig, borrowed for as long as it lives; user NULL is
 * nobody. Errors name what is not supported or contradicts itself.
 */
int credentials_new(const json *user, const char *name, const json *cluster,
    const struct impersonation *as, struct credentials **ret, struct err *e) MUST_USE;
void credentials_free(struct credentials *c); /* NULL is fine */
/*
 * The headers of a request. May run the program. *ret_identity (not NULL): whether the certificate
 * and key changed.
 */
int credentials_headers(
    struct credentials *c, struct strlist *ret, bool *ret_identity, struct err *e) MUST_USE;
/* The client certificate and key that the program gave; NULL: none. */
const char *credentials_cert(const struct credentials *c);
const char *credentials_key(const struct credentials *c);
/* The server refused them: whether the program can be asked for others, which it then is. */
bool credentials_refused(struct credentials *c);

#endif
