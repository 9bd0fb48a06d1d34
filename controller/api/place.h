/* place: where a value stands in an object: a chain of names, item numbers and map keys that lives
 * on the stack. */
#ifndef KJOB_API_PLACE_H
#define KJOB_API_PLACE_H

#include "../../runtime/base/buf.h"

struct place {
	const struct place *up; /* NULL: the object itself */
	const char *name;       /* of a member; NULL: an item of a list */
	size_t index;
	bool is_key; /* the name is a key of a map: printed in brackets */
};

#define PLACE(up, name) ((struct place){(up), (name), 0, false})
#define PLACE_ITEM(up, index) ((struct place){(up), NULL, (index), false})
#define PLACE_KEY(up, key) ((struct place){(up), (key), 0, true})

/* "spec.containers[0].name", "metadata.labels[a/b]"; without item numbers for errors about types.
 */
void place_print(const struct place *p, bool numbers, struct buf *out);

#endif
