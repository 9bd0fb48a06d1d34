/*
 * json_node: what a `json` is made of, private to json.c, json_print.c and json_view.c: the
 * library's node. The only file that includes cJSON.h.
 */
#ifndef KJOB_BASE_JSON_NODE_H
#define KJOB_BASE_JSON_NODE_H

#include <cjson/cJSON.h>

#include "json.h"

#endif
