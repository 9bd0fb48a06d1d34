/*
 * typed: objects seen as Kubernetes' structured merge sees them, with the schema saying what is one
 * value and what is made of parts. Pure.
 *
 * Members of structs and keys of maps are parts; items of a list are, where its row has a merge key
 * (without F_ATOMIC) or is a set. Everything else, and what is marked atomic, is owned, replaced
 * and compared as a whole. A struct that is no pointer in Go is there wherever its parent is, also
 * where the JSON leaves it out.
 */
#ifndef KJOB_API_TYPED_H
#define KJOB_API_TYPED_H

#include "api.h"
#include "field_set.h"

/*
 * What a client applies is taken as it is, undecoded: appends to errors what is wrong with its
 * form, as Kubernetes words it (`.spec.x: field not declared in schema`). Nothing else here may be
 * called with what fails this.
 */
void typed_check(const struct kind *k, const json *obj, struct strlist *errors);
/* The fields that whoever applies the object owns. */
struct field_set typed_fields(const struct kind *k, const json *obj);

struct typed_diff {
	struct field_set added, removed, modified;
};
#define auto_typed_diff CLEANUP(typed_diff_release) struct typed_diff
void typed_diff_release(struct typed_diff *d);
bool typed_diff_empty(const struct typed_diff *d);
/* What one would have to say to get from `from` to `to`. */
void typed_compare(const struct kind *k, const json *from, const json *to, struct typed_diff *ret);
/* `live` with everything that config says; owned. Lists come in config's order, the rest woven in.
 */
json *typed_merge(const struct kind *k, const json *live, const json *config);
/* The object without the fields of the set and all below them; what gets empty is null. Owned. */
json *typed_remove(const struct kind *k, const json *obj, const struct field_set *fields);
/* Makes the structs on the way to members of the set members too. */
void typed_name_fields(const struct kind *k, struct field_set *s);

#endif
