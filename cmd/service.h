/*
 * service: the controller as a service of this user: what the service manager of the system
 * (systemd, launchd) is told, in a file and by its own command. All that differs between managers
 * is in one table, in service.c.
 */
#ifndef KJOB_CMD_SERVICE_H
#define KJOB_CMD_SERVICE_H

#include <stdbool.h>

#include "../runtime/base/err.h"

struct service_manager;

/* What is to run. Borrowed. */
struct service_spec {
	const char *program;          /* absolute path */
	const char *engine;           /* --engine; NULL or "": none */
	const char *instance;         /* the instance's folder: whose service it is */
	const char *log_file;         /* where output goes when the manager keeps none */
	const char *const *variables; /* "NAME=value", NULL-terminated */
};

/* By name; "auto": that of this system. NULL: there is none of that name. */
const struct service_manager *service_manager(const char *name);
/* How the manager calls the service: "kjob.service". */
const char *service_unit(const struct service_manager *m);
/* Where the manager looks for the service's file; owned. */
char *service_file(const struct service_manager *m, struct err *e) MUST_USE;
/* The text of that file; owned. */
char *service_text(const struct service_manager *m, const struct service_spec *s);

enum service_owner { SERVICE_ABSENT, SERVICE_OURS, SERVICE_FOREIGN };
/* Whether the text of a file (NULL: there is none) is that of this instance's service. */
enum service_owner service_owner(
    const struct service_manager *m, const char *text, const char *instance);

enum service_step {
	SERVICE_CHECK,  /* does the manager answer? */
	SERVICE_RELOAD, /* it reads its files again */
	SERVICE_START,  /* now, and whenever the user's services start */
	SERVICE_STOP,   /* now and for good */
};
/* Runs the manager's command; the error tells what it printed. */
int service_run(const struct service_manager *m, enum service_step step, const char *file,
    struct err *e) MUST_USE;
/* What the user should know once it is enabled; owned. NULL: nothing. */
char *service_hint(const struct service_manager *m);
/* Where to read why it does not start. */
const char *service_log(const struct service_manager *m);
/* Removes what SERVICE_START left in folders, for when the manager cannot be asked to. */
void service_unlink(const struct service_manager *m, const char *file);

#endif
