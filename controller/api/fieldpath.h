/*
 * fieldpath: the paths by which the downward API names a field of a pod: "metadata.name",
 * "metadata.labels['app']". Pure.
 */
#ifndef KJOB_API_FIELDPATH_H
#define KJOB_API_FIELDPATH_H

#include <stdbool.h>

#include "../../runtime/base/json.h"

/*
 * "metadata.labels['app']" into "metadata.labels" and "app", both owned; false where the path has
 * no such subscript.
 */
bool fieldpath_split(const char *path, char **ret_path, char **ret_key);
/* Why the path names no field of a pod, for "error converting fieldPath: "; owned. NULL: it does.
 */
char *fieldpath_problem(const char *path);
/*
 * The field of a pod as a variable's value, owned. "" where the pod has none, and for paths that
 * name none; a pod without a service account has "default".
 */
char *fieldpath_value(const json *pod, const char *path);

#endif
