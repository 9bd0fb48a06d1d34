/*
 * cluster: which API server a command talks to where it is not this machine's controller: by
 * --context or --kubeconfig, or by what `kjob config use-context` stored in the instance's state.
 * KUBECONFIG alone chooses nothing; it only says where contexts are looked up.
 */
#ifndef KJOB_CMD_CLUSTER_H
#define KJOB_CMD_CLUSTER_H

#include "../runtime/http.h"
#include "credentials.h"

#define CLUSTER_LOCAL "local" /* the context of the local controller */

/* What the options say; "" where they say nothing. */
struct cluster_choice {
	const char *context, *kubeconfig, *cluster, *user;
	/* In place of what the entries of the kubeconfig say, or of them all: with a server and no
	 * context, there is no kubeconfig. */
	const char *server, *ca_file, *tls_server_name, *cert_file, *key_file, *token;
	bool insecure;
	struct impersonation as;
};

struct cluster {
	char *context;             /* its name; "": none, by --server alone */
	char *server;              /* "https://host:6443" */
	char *ns;                  /* the context's; "": none */
	struct http_target target; /* all but its headers; borrows from the cluster */
	struct credentials *credentials;
	json *config;       /* the kubeconfig */
	json *entry, *user; /* what counts of it; target and credentials borrow from these */
	char *ca_pem, *cert_pem, *key_pem;
};

/* RET NULL: the local controller. */
int cluster_select(const struct cluster_choice *c, struct cluster **ret, struct err *e) MUST_USE;
void cluster_free(struct cluster *c); /* NULL is fine */
/* "host:6443", as messages name a server; owned. */
char *cluster_address(const struct cluster *c);

/*
 * The kubeconfig that the options or the stored choice mean, with the chosen context as its
 * current-context: CLUSTER_LOCAL where that is the local controller. Owned.
 */
json *cluster_config(
    const struct cluster_choice *c, struct strlist *ret_files, struct err *e) MUST_USE;
/* Stores the choice for later commands; CLUSTER_LOCAL: none. */
int cluster_store(const char *context, const struct strlist *files, struct err *e) MUST_USE;
/* The namespace of CLUSTER_LOCAL, stored beside the choice; "": none. Owned. */
char *cluster_local_namespace(void);
int cluster_store_local_namespace(const char *ns, struct err *e) MUST_USE;

#endif
