/*
 * resources: what the server offers, asked from its discovery endpoints once for each command, and
 * the words people use for it: plural, singular, short names, jobs.batch, jobs.v1.batch, all.
 * kjob's commands know no object model.
 */
#ifndef KJOB_CMD_RESOURCES_H
#define KJOB_CMD_RESOURCES_H

#include "cmd.h"

struct resource {
	char *group, *version; /* "" and "v1"; "batch" and "v1" */
	char *name, *singular, *kind;
	struct strlist short_names, categories, verbs;
	bool namespaced;
};

/* All resources; asked at the first call and kept in the context. NULL: e is set. */
struct resources;
const struct resources *resources_load(struct cmd_ctx *ctx, struct err *e) MUST_USE;
void resources_free(struct resources *r);
size_t resources_len(const struct resources *r);
const struct resource *resources_at(const struct resources *r, size_t i);

/*
 * By the word somebody typed; NULL with `the server doesn't have a resource type "foo"` and a
 * suggestion.
 */
const struct resource *resource_by_word(
    const struct resources *all, const char *word, struct err *e) MUST_USE;
/*
 * By apiVersion and kind of a manifest; NULL with `no matches for kind "Jbo" in version "batch/v1"`
 * and a suggestion.
 */
const struct resource *resource_by_kind(
    const struct resources *all, const char *api_version, const char *kind, struct err *e) MUST_USE;

/* A new object; name NULL: without metadata. Owned. */
json *object_new(const char *api_version, const char *kind, const char *name);
/* A List without items. Owned. */
json *object_list(void);

/* "job.batch", "pod": how messages and -o name call one; appended. */
void resource_singular_name(const struct resource *r, struct buf *out);
/* "jobs.batch", "pods"; appended. */
void resource_qualified_name(const struct resource *r, struct buf *out);
/* "batch/v1", "v1"; appended. */
void resource_api_version(const struct resource *r, struct buf *out);
/* Fills in what items of lists lack: apiVersion and kind. */
void resource_set_type(const struct resource *r, json *obj);
/*
 * The request path. ns is left out where NULL or the kind has none; name and sub may be NULL.
 * Appended.
 */
void resource_path(
    const struct resource *r, const char *ns, const char *name, const char *sub, struct buf *out);

/* One thing that arguments name: all objects of a resource (name NULL), or one. */
struct target {
	const struct resource *resource;
	const char *name; /* borrowed, as ns */
	const char *ns;   /* NULL: the command's */
};
struct targets {
	struct target *items;
	size_t len, cap;
	bool by_slash; /* TYPE/NAME form */
};
#define auto_targets CLEANUP(targets_release) struct targets
/*
 * TYPE[,TYPE…] [NAME…] or TYPE/NAME…, kubectl's rules and errors. No argument at all gives no
 * target. default_type (may be NULL) is the type of a bare NAME, as in `logs NAME`.
 */
int targets_parse(struct cmd_ctx *ctx, const char *const *args, size_t argc,
    const char *default_type, struct targets *ret, struct err *e) MUST_USE;
void targets_add(struct targets *t, const struct resource *r, const char *ns, const char *name);
void targets_release(struct targets *t);

#endif
