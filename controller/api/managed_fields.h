/*
 * managed_fields: who owns which field of an object (metadata.managedFields), and server-side
 * apply, which is built on it. Pure: the time is an argument.
 *
 * Kept as Kubernetes keeps it. Who applies owns what it applied. Who creates, updates or patches
 * owns what that changed, and the others lose it. A changed field that somebody else owns is a
 * conflict for who applies. An entry that owns nothing is dropped; beyond ten who update, the
 * oldest become one, "ancient-changes".
 *
 * Objects without managedFields are not tracked: changes of them are nobody's, until somebody
 * applies: then all that is there belongs to "before-first-apply". That is what pods are, and Jobs
 * of cron jobs: what kjob's loops make and write goes untracked, for its cost, on objects of
 * clients too. Nobody can conflict with that: loops write status, finalizers and owners, which the
 * API does not let clients apply or which are theirs for a moment only.
 */
#ifndef KJOB_API_MANAGED_FIELDS_H
#define KJOB_API_MANAGED_FIELDS_H

#include "api.h"

#define FIELD_MANAGER_MAX 128    /* bytes of a name */
#define SUBRESOURCE_NAME_MAX 256 /* bytes, in an entry */

/* Who writes, through what, and when. */
struct field_manager {
	const char *name;        /* "" is "unknown" */
	const char *subresource; /* NULL: the object itself */
	int64_t now;             /* seconds since the epoch */
};

/*
 * Notes in obj what m has changed from live (NULL: m creates it). What obj's own managedFields say
 * goes before live's where they are well-formed: a client may edit them, and [{}] clears them.
 */
void managed_update(
    const struct kind *k, const json *live, json *obj, const struct field_manager *m);
/*
 * The live object (NULL: none yet) with config applied, managedFields in it; neither decoded nor
 * validated. Owned. 400: config is not of the kind's form; 409: somebody else owns what it changes
 * and force is not set.
 */
json *managed_apply(const struct kind *k, const json *live, const json *config,
    const struct field_manager *m, bool force, struct err *e) MUST_USE;
/*
 * Where obj differs from old in the times of managedFields alone, gives it old's: then there is
 * nothing to store.
 */
void managed_keep_times(json *obj, const json *old);

/* The texts of what is wrong with the name of a manager, as 422 has them; NULL: nothing. Owned. */
char *managed_name_problem(const char *name, const char **ret_reason);
/* The first character of a name that does not print, and its byte; 0: all do. */
uint32_t managed_name_odd(const char *name, size_t *ret_at);
/* The name of a client that gives none: its User-Agent up to the '/', as far as it prints. Owned.
 */
char *managed_name_of_agent(const char *user_agent);

#endif
