/*
 * merge: what `apply` sends. Pure.
 *
 * Three documents: what was applied last (the annotation), what is to be applied now, and the live
 * object. A field that was applied before and is not any more is deleted; a field that is to be
 * applied and differs is set; what others set is left alone. Here lists are replaced as wholes, for
 * servers and kinds that merge them in no other way; strategic.h merges them.
 */
#ifndef KJOB_CMD_MERGE_H
#define KJOB_CMD_MERGE_H

#include "../runtime/base/json.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/*
 * The RFC 7386 merge patch; an empty object when there is nothing to do. original may be NULL.
 * Owned.
 */
json *merge_three_way(const json *original, const json *modified, const json *live);
/*
 * Whether a list of objects is left alone that is replaced as a whole otherwise: it was applied as
 * it is now, and the server only added to it (defaults, items behind).
 */
bool merge_holds_list(const json *original, const json *modified, const json *live);
/* Writes the annotation that records the object as it is (without the annotation itself). */
void merge_record_applied(json *obj);
/* The recorded object of a live one; NULL where it has no record or the record is broken. Owned. */
json *merge_recorded(const json *live);

#endif
