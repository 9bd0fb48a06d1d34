/*
 * manifest: what -f names, as objects. Files, folders, standard input; YAML or JSON, several
 * documents, kind List taken apart. Each object knows its file and where its fields stand there, so
 * that errors can say file:line.
 */
#ifndef KJOB_CMD_MANIFEST_H
#define KJOB_CMD_MANIFEST_H

#include "../runtime/base/yaml.h"
#include "resources.h"

struct manifest {
	json *obj;          /* owned */
	const char *source; /* the file's name as given, or "STDIN"; borrowed from the set */
	const struct yaml_doc *doc;
	char *prefix; /* of its paths in the document: "" or "items[2]." */
};

struct manifests {
	struct manifest *items;
	size_t len, cap;
	struct yaml_docs *files; /* one for each file, kept for the places */
	size_t file_count;
	struct strlist sources;
};

#define auto_manifests CLEANUP(manifests_release) struct manifests

/*
 * Reads all of -f. A file that cannot be read or parsed is an error before anything is done with
 * the others.
 */
int manifests_load(
    const struct strlist *files, bool recursive, struct manifests *ret, struct err *e) MUST_USE;
void manifests_release(struct manifests *m);
/* The text of one file, of standard input ("-") or of a URL. Owned. */
char *manifest_read_text(const char *path, size_t *ret_len, struct err *e) MUST_USE;
/*
 * hostPath volumes: "./x" becomes a path below the folder of the file (STDIN: the current one),
 * which the nodes of a cluster do not have: there it is an error.
 */
int manifest_host_paths(struct manifest *m, bool is_cluster, struct err *e) MUST_USE;

/* What one manifest is about. */
struct manifest_target {
	const struct resource *resource;
	const char *ns;   /* borrowed */
	const char *name; /* NULL: none given */
};
/*
 * Checks what can be checked without its schema: apiVersion and kind are there (unless validate is
 * "false" or "ignore") and known to the server, and its namespace is the command's. Sets
 * metadata.namespace where it is missing.
 */
int manifest_resolve(struct cmd_ctx *ctx, struct manifest *m, const char *validate,
    struct manifest_target *ret, struct err *e) MUST_USE;
/* The same of a manifest that stands for an object that exists: it has to have a name. */
int manifest_resolve_named(
    struct cmd_ctx *ctx, struct manifest *m, struct manifest_target *ret, struct err *e) MUST_USE;
/* Loads what -f names as targets, which borrow from it; other words beside -f are an error. */
int manifests_targets(
    struct cmd_ctx *ctx, struct manifests *all, struct targets *ret, struct err *e) MUST_USE;
/* An error of kjob's own about a field: the text, and below it `FILE:LINE: PATH`. Returns -1. */
int manifest_error(const struct manifest *m, const char *path, struct err *e, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/*
 * The course of `create -f`, `apply -f` and `diff -f`: loads what -f names and calls `one` for each
 * manifest that the option selector, where the command has it, selects. All are tried; a failure is
 * reported and remembered as the exit code that it returns.
 */
struct printer;
typedef int manifest_fn(
    struct cmd_ctx *ctx, struct printer *p, struct manifest *m, void *arg, struct err *e);
int manifests_each(struct cmd_ctx *ctx, manifest_fn *one, void *arg, struct err *e) MUST_USE;
/* The two halves of it, for who goes through the manifests more than once. */
int manifests_begin(
    struct cmd_ctx *ctx, struct manifests *ret, struct printer *ret_p, struct err *e) MUST_USE;
void manifests_visit(
    struct cmd_ctx *ctx, struct manifests *all, struct printer *p, manifest_fn *one, void *arg);
/*
 * Reports the error as cmd_report does, and below it `FILE:LINE: PATH` for each field that it is
 * about.
 */
void manifest_report(struct cmd_ctx *ctx, const struct manifest *m, struct err *e);
/* The value of fieldValidation= for the value of --validate. */
const char *manifest_field_validation(const char *validate);

#endif
