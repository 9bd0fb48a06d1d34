/*
 * patch: changes to an object as clients send them, in the three forms of the API: RFC 6902 (a list
 * of operations), RFC 7386 (a partial object) and Kubernetes' strategic merge, in which the schema
 * says which lists are merged by which key, and directives say the rest.
 *
 * Pure: trees in, trees out. Error texts are Kubernetes'. Growth is bounded: what operations copy
 * within an object is counted, and nothing becomes deeper than JSON_MAX_DEPTH.
 */
#ifndef KJOB_API_PATCH_H
#define KJOB_API_PATCH_H

#include "api.h"

enum patch_type { PATCH_JSON, PATCH_MERGE, PATCH_STRATEGIC, PATCH_TYPE_COUNT };

/* Of server-side apply, which managed_fields.h has. */
#define APPLY_MEDIA_TYPE "application/apply-patch+yaml"
/* "application/json-patch+json", …; static. */
const char *patch_media_type(enum patch_type type);

struct patch {
	enum patch_type type;
	enum field_validation fields;
	size_t copy_max;          /* bytes that JSON patches may copy; 0: no limit */
	struct strlist *warnings; /* may be NULL */
};
/*
 * The object with the patch in TEXT applied, decoded as api_decode would; owned. 400: TEXT is no
 * patch of this type; 413: too many operations; 422: it does not apply, or what comes of it is no
 * object of this kind.
 */
json *patch_apply(const struct kind *k, const json *object, const char *text, size_t len,
    const struct patch *p, struct err *e) MUST_USE;

struct schema;

/* patch_json.c: applies a list of operations to *object in order; after an error it is changed in
 * part. */
int patch_json(json *object, const json *ops, size_t copy_max, struct err *e) MUST_USE;
/* patch_strategic.c: merges patch (an object, changed on the way) into object. */
int patch_strategic(const struct schema *s, json *object, json *patch, struct err *e) MUST_USE;
/* patch.c: of several members of one name the last stays; strict gets texts about the others. */
void patch_drop_duplicates(json *node, struct strlist *strict);
/* patch.c: a value as Go prints it with %v: map[a:b c:[1 2]]. Appends to out. */
void patch_print_go(const json *value, struct buf *out);

#endif
