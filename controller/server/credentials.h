/*
 * credentials: what the TLS listener proves itself with, and what its clients do: files in a folder
 * of the instance, each 0600, made when they are missing or their time is nearly over.
 *
 *   ca.pem      key and certificate of the instance's own authority; ca.crt: the certificate alone
 *   server.pem  those of the listener
 *   client.pem  those of the user, for kubeconfig files
 *   token       the other way to be the user: "Authorization: Bearer TOKEN"
 */
#ifndef KJOB_SERVER_CREDENTIALS_H
#define KJOB_SERVER_CREDENTIALS_H

#include "../../runtime/base/err.h"
#include "../../runtime/base/str.h"

struct credentials {
	char *authority; /* the certificate: PEM */
	char *server;    /* certificate and key */
	char *client;    /* certificate and key */
	char *token;
};

/*
 * Reads the folder, and makes what is not there or not good any more; a new authority makes
 * everything that it has signed anew. names: of the server. *ret is replaced on success only.
 */
int credentials_load(
    const char *dir, const struct strlist *names, struct credentials *ret, struct err *e) MUST_USE;
void credentials_release(struct credentials *c);

#endif
