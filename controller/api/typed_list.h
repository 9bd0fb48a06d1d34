/* typed_list: what tells the items of a list apart. Internal to typed*.c. */
#ifndef KJOB_API_TYPED_LIST_H
#define KJOB_API_TYPED_LIST_H

#include "schema.h"

/*
 * The step to an item of a list that is merged by keys or is a set; a key that the item leaves out
 * has its default. Owned; NULL: it has none, and why.
 */
char *list_item_step(const struct field *f, const json *item, struct err *e) MUST_USE;

#endif
