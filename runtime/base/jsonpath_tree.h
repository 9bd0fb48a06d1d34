/* jsonpath_tree: a parsed template, as jsonpath_parse.c makes it and jsonpath.c walks it. Internal
 * to jsonpath*.c. */
#ifndef KJOB_BASE_JSONPATH_TREE_H
#define KJOB_BASE_JSONPATH_TREE_H

#include "jsonpath.h"

#define JP_MAX_TEXT (16u * KIB)
#define JP_MAX_DEPTH 16 /* filters in filters */

enum jp_kind {
	JP_TEXT,  /* quoted text: the literal, once */
	JP_VALUE, /* a number or bool: the literal, for each value so far */
	JP_FIELD,
	JP_ARRAY,
	JP_FILTER,
	JP_UNION,
	JP_WILDCARD,
	JP_RECURSIVE,
	JP_RANGE,
	JP_END,
	JP_IDENTIFIER, /* any other word: an error when it is walked */
};

struct jp_node;
struct jp_list {
	struct jp_node *nodes;
	size_t len, cap;
};

struct jp_node {
	enum jp_kind kind;
	char *name; /* field, identifier, or the operator of a filter */
	json *literal;
	struct {
		bool known;
		int64_t value;
	} slice[3];                   /* from, to, step */
	bool single;                  /* [n]: `to` is n + 1 */
	struct jp_list *left, *right; /* filter; without a right side it asks for existence */
	struct jp_list **members;     /* union */
	size_t member_count, member_cap;
};

enum jp_item_kind { JP_ITEM_TEXT, JP_ITEM_ACTION, JP_ITEM_RANGE, JP_ITEM_END };
struct jp_item {
	enum jp_item_kind kind;
	struct jp_list list;
};

struct jp_template {
	struct jp_item *items;
	size_t len, cap;
};

const struct jp_template *jsonpath_template(const struct jsonpath *p);

#endif
