/*
 * typedoc: what a server's OpenAPI documents tell of a kind's fields: of version 3, one for each
 * group and version, or of version 2, one for all, which is all that servers before Kubernetes 1.24
 * have. Documents are those of any server: what is missing or odd in one is not there.
 */
#ifndef KJOB_CMD_TYPEDOC_H
#define KJOB_CMD_TYPEDOC_H

#include "resources.h"

/*
 * The document with a resource's kind; asked once for each command and kept in the context.
 * Borrowed. NULL: e is set (ERR_NOT_FOUND: the server has none).
 */
const json *typedoc_get(struct cmd_ctx *ctx, const struct resource *r, struct err *e) MUST_USE;

/* ---- pure ---- */

/* The type of the kind; NULL: it is not in the document. */
const json *typedoc_kind(
    const json *document, const char *group, const char *version, const char *kind);
/* Whether objects of the kind take patches of that media type. */
bool typedoc_takes_patch(const json *document, const struct resource *r, const char *media_type);
/* What a chain of references ends in; NULL: in nothing. */
const json *typedoc_resolve(const json *document, const json *type);
/* What stands for a member of an object, or a value of a map, with what is said of it there; NULL:
 * nothing does. */
const json *typedoc_member(const json *document, const json *type, const char *name);
/* The type of a list's items; NULL: unknown. */
const json *typedoc_items(const json *document, const json *type);

#endif
