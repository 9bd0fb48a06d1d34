/* sort: --sort-by. Pure. */
#ifndef KJOB_CMD_SORT_H
#define KJOB_CMD_SORT_H

#include "../runtime/base/json.h"

/*
 * Sorts by what JSONPATH finds in each item, or in its member `inside` (NULL: the item itself).
 * Numbers go by value, text byte by byte as kubectl has it; items without the field come first and
 * equal ones keep their order. A field that no item has is an error.
 */
int sort_objects(
    json **items, size_t len, const char *inside, const char *jsonpath, struct err *e) MUST_USE;

#endif
