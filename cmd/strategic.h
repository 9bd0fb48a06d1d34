/*
 * strategic: the strategic merge patch that `apply` sends to servers that merge lists item by item.
 * Pure.
 *
 * The three documents are those of merge.h. Lists that the kind's OpenAPI type gives a merge key
 * (or, of plain values, the strategy "merge") are compared by it: what others added to them stays,
 * what is not applied any more goes, and the order is that of the manifest. A list in which the key
 * does not tell items apart (two protocols of one port) is replaced as a whole, as are all others.
 */
#ifndef KJOB_CMD_STRATEGIC_H
#define KJOB_CMD_STRATEGIC_H

#include "../runtime/base/json.h"

#define MIME_STRATEGIC_PATCH "application/strategic-merge-patch+json"

/* An empty object when there is nothing to do; owned. type: as of typedoc_kind, original: or NULL.
 */
json *strategic_three_way(const json *document, const json *type, const json *original,
    const json *modified, const json *live);

#endif
