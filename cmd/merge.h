/*
 * merge: what `apply` sends. Pure.
 *
 * Three documents: what was applied last (the annotation), what is to be applied now, and the live
 * object. A field that was applied before and is not any more is deleted; a field that is to be
 * applied and differs is set; what others set is left alone. Lists are replaced as wholes.
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
/* Writes the annotation that records the object as it is (without the annotation itself). */
void merge_record_applied(json *obj);
/* The recorded object of a live one; NULL where it has no record or the record is broken. Owned. */
json *merge_recorded(const json *live);

#endif
