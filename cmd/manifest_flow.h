/*
 * manifest_flow: many manifests on their way to the server at once. Each takes the same steps,
 * which begin requests and wait for answers of the step before; while one waits, those behind it go
 * ahead. Results and errors are told in the order of the manifests all the same. What may depend on
 * one before it waits until that is done: an object of another kind (its namespace, say), or the
 * same object again.
 */
#ifndef KJOB_CMD_MANIFEST_FLOW_H
#define KJOB_CMD_MANIFEST_FLOW_H

#include "manifest.h"

struct manifest_work {
	struct cmd_ctx *ctx;
	struct printer *printer;
	struct manifest *m;
	struct manifest_target t; /* set by prepare */
	void *arg;
	void *state;    /* the command's, zeroed in the beginning */
	struct err err; /* of a step: the ones behind it are left out */
};

/* An error of one manifest is reported and remembered as the exit code; the others go on. */
struct manifest_steps {
	size_t state_size;
	int (*prepare)(struct manifest_work *w, struct err *e); /* asks for nothing of the object */
	int (*ask)(struct manifest_work *w, struct err *e);     /* NULL: there is nothing to ask */
	int (*send)(struct manifest_work *w, struct err *e);    /* begins the change */
	int (*end)(struct manifest_work *w, struct err *e);     /* waits for it and prints */
	void (*release)(struct manifest_work *w);               /* all that state holds */
};

/* As manifests_visit, but so; arg is the works'. */
void manifests_flow(struct cmd_ctx *ctx, struct manifests *all, struct printer *p,
    const struct manifest_steps *steps, void *arg);

#endif
