/*
 * jsonpath: a template is parsed into items: text, and {actions}, which are lists of nodes. Each
 * node maps the values found so far to new ones; they are borrowed from the data or from the
 * template's own literals.
 */
#include "jsonpath.h"

#include "jsonpath_tree.h"
#include "yaml_scalar.h"

#define MAX_RESULTS 1000000u

struct results {
	const json **items;
	size_t len, cap;
};

static void results_release(struct results *r)
{
	free(r->items);
}
#define auto_results CLEANUP(results_release) struct results

struct run {
	bool allow_missing;
	struct err *e;
};

static int eval_list(struct run *run, const struct jp_list *list, const json *const *in, size_t len,
    struct results *out);

#define fail(run, ...) err_set((run)->e, ERR_BAD_REQUEST, __VA_ARGS__)

static int add(struct run *run, struct results *out, const json *j)
{
	if (out->len >= MAX_RESULTS)
		return fail(run, "more than %u results", MAX_RESULTS);
	GROW(out->items, out->cap, out->len + 1);
	out->items[out->len++] = j;
	return 0;
}

/* ---- nodes ---- */

static int eval_field(struct run *run, const struct jp_node *n, const json *const *in, size_t len,
    struct results *out)
{
	size_t before = out->len;

	for (size_t i = 0; i < len; i++) {
		const json *found = json_is_object(in[i]) ? json_get(in[i], n->name) : NULL;

		if (found && add(run, out, found) < 0)
			return -1;
	}
	if (len > 0 && out->len == before && !run->allow_missing)
		return fail(run, "%s is not found", n->name);
	return 0;
}

/* What Go calls the type of a value decoded from JSON. */
static const char *go_type(const json *j)
{
	int64_t n;

	switch (json_type(j)) {
	case JSON_BOOL:
		return "bool";
	case JSON_NUMBER:
		return json_is_int(j, &n) ? "int64" : "float64";
	case JSON_STRING:
		return "string";
	case JSON_OBJECT:
		return "map[string]interface {}";
	case JSON_ARRAY:
		return "[]interface {}";
	case JSON_ABSENT:
	case JSON_NULL:
		break;
	}
	return "nil";
}

/* Works out FROM and TO (exclusive) of a slice; 1: the slice is empty. */
static int slice_bounds(
    struct run *run, const struct jp_node *n, int64_t len, int64_t *from, int64_t *to)
{
	*from = n->slice[0].known ? n->slice[0].value : 0;
	*to = n->slice[1].known ? n->slice[1].value : len;
	if (*from < 0)
		*from += len;
	if (*to < 0 || (*to == 0 && n->single))
		*to += len;
	if (*from == *to)
		return 1;
	if (*from >= len || *from < 0)
		return fail(run, "array index out of bounds: index %lld, length %lld",
		    (long long)*from, (long long)len);
	if (*to > len || *to < 0)
		return fail(run, "array index out of bounds: index %lld, length %lld",
		    (long long)*to - 1, (long long)len);
	if (*from > *to)
		return fail(run, "starting index %lld is greater than ending index %lld",
		    (long long)*from, (long long)*to);
	return 0;
}

static int eval_array(struct run *run, const struct jp_node *n, const json *const *in, size_t len,
    struct results *out)
{
	int64_t step = n->slice[2].known ? n->slice[2].value : 1;

	for (size_t i = 0; i < len; i++) {
		int64_t from, to, at = 0;
		int rc;

		if (json_type(in[i]) == JSON_NULL)
			continue;
		if (!json_is_array(in[i]))
			return fail(run, "%s is not array or slice", go_type(in[i]));
		rc = slice_bounds(run, n, (int64_t)json_len(in[i]), &from, &to);
		if (rc < 0)
			return -1;
		if (rc > 0)
			continue;
		if (step <= 0)
			return fail(run, "step must be > 0");
		json_for (c, in[i]) {
			if (at >= from && at < to && (at - from) % step == 0 &&
			    add(run, out, c) < 0)
				return -1;
			at++;
		}
	}
	return 0;
}

static int eval_wildcard(struct run *run, const json *const *in, size_t len, struct results *out)
{
	for (size_t i = 0; i < len; i++) {
		json_for (c, in[i]) {
			if (add(run, out, c) < 0)
				return -1;
		}
	}
	return 0;
}

/* The value and all below it that hold something: objects, lists and strings that are not empty. */
static int eval_recursive(struct run *run, const json *j, struct results *out)
{
	const char *text = json_string_value(j);

	if (json_len(j) == 0 && !(text && *text))
		return 0;
	if (add(run, out, j) < 0)
		return -1;
	json_for (c, j) {
		if (eval_recursive(run, c, out) < 0)
			return -1;
	}
	return 0;
}

/* -1, 0 or 1; 2: the values cannot be compared (and the error is set). */
static int compare(struct run *run, const json *a, const json *b, bool order)
{
	enum json_type type = json_type(a);
	int64_t ai, bi;
	int rc;

	if (type != json_type(b)) {
		fail(run, "incompatible types for comparison");
		return 2;
	}
	if (type == JSON_STRING) {
		rc = strcmp(json_string_value(a), json_string_value(b));
		return (rc > 0) - (rc < 0);
	}
	if (type == JSON_NUMBER) {
		if (json_is_int(a, &ai) && json_is_int(b, &bi))
			return (ai > bi) - (ai < bi);
		return (json_number_value(a) > json_number_value(b)) -
		       (json_number_value(a) < json_number_value(b));
	}
	if (type == JSON_BOOL && !order)
		return json_bool_value(a) != json_bool_value(b);
	fail(run, "invalid type for comparison");
	return 2;
}

/* What the operators accept, by the result of compare: below, equal, above. */
static const struct {
	const char *op;
	bool pass[3];
} operators[] = {
    {"==", {false, true, false}},
    {"!=", {true, false, true}},
    {"<", {true, false, false}},
    {"<=", {true, true, false}},
    {">", {false, false, true}},
    {">=", {false, true, true}},
};

/* 1: the item passes the comparison, 0: it does not, -1: error. */
static int compare_sides(struct run *run, const struct jp_node *n, const struct results *left,
    const struct results *right)
{
	if (left->len == 0 || right->len == 0)
		return 0;
	if (left->len > 1 || right->len > 1)
		return fail(run, "can only compare one element at a time");
	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		int rc;

		if (strcmp(operators[i].op, n->name) != 0)
			continue;
		rc = compare(
		    run, left->items[0], right->items[0], n->name[0] == '<' || n->name[0] == '>');
		return rc == 2 ? -1 : operators[i].pass[rc + 1];
	}
	return fail(run, "unrecognized filter operator %s", n->name);
}

static int item_passes(struct run *run, const struct jp_node *n, const json *item)
{
	auto_results left = {0};
	auto_results right = {0};

	if (!n->right) {
		struct run quiet = {.allow_missing = true};

		/* An error means that there is no such thing. */
		return eval_list(&quiet, n->left, &item, 1, &left) == 0 && left.len > 0;
	}
	if (eval_list(run, n->left, &item, 1, &left) < 0 ||
	    eval_list(run, n->right, &item, 1, &right) < 0)
		return -1;
	return compare_sides(run, n, &left, &right);
}

static int eval_filter(struct run *run, const struct jp_node *n, const json *const *in, size_t len,
    struct results *out)
{
	for (size_t i = 0; i < len; i++) {
		if (!json_is_array(in[i]))
			return fail(
			    run, "%s is not array or slice and cannot be filtered", go_type(in[i]));
		json_for (c, in[i]) {
			int rc = item_passes(run, n, c);

			if (rc < 0 || (rc > 0 && add(run, out, c) < 0))
				return -1;
		}
	}
	return 0;
}

static int eval_union(struct run *run, const struct jp_node *n, const json *const *in, size_t len,
    struct results *out)
{
	for (size_t i = 0; i < n->member_count; i++) {
		auto_results found = {0};

		if (eval_list(run, n->members[i], in, len, &found) < 0)
			return -1;
		for (size_t k = 0; k < found.len; k++) {
			if (add(run, out, found.items[k]) < 0)
				return -1;
		}
	}
	return 0;
}

static int eval_node(struct run *run, const struct jp_node *n, const json *const *in, size_t len,
    struct results *out)
{
	switch (n->kind) {
	case JP_TEXT:
		return add(run, out, n->literal);
	case JP_VALUE: /* one for each value so far */
		for (size_t i = 0; i < len; i++) {
			if (add(run, out, n->literal) < 0)
				return -1;
		}
		return 0;
	case JP_FIELD:
		return eval_field(run, n, in, len, out);
	case JP_ARRAY:
		return eval_array(run, n, in, len, out);
	case JP_FILTER:
		return eval_filter(run, n, in, len, out);
	case JP_UNION:
		return eval_union(run, n, in, len, out);
	case JP_WILDCARD:
		return eval_wildcard(run, in, len, out);
	case JP_RECURSIVE:
		for (size_t i = 0; i < len; i++) {
			if (eval_recursive(run, in[i], out) < 0)
				return -1;
		}
		return 0;
	case JP_RANGE:
	case JP_END:
		return eval_wildcard(run, NULL, 0, out);
	case JP_IDENTIFIER:
		break;
	}
	return fail(run, "unrecognized identifier %s", n->name);
}

static int eval_list(struct run *run, const struct jp_list *list, const json *const *in, size_t len,
    struct results *out)
{
	auto_results current = {0};

	for (size_t i = 0; i < len; i++) {
		if (add(run, &current, in[i]) < 0)
			return -1;
	}
	for (size_t i = 0; i < list->len; i++) {
		auto_results next = {0};
		struct results swap;

		if (list->nodes[i].kind == JP_RANGE || list->nodes[i].kind == JP_END)
			continue;
		if (eval_node(run, &list->nodes[i], current.items, current.len, &next) < 0)
			return -1;
		swap = current;
		current = next;
		next = swap;
	}
	*out = current;
	memset(&current, 0, sizeof(current));
	return 0;
}

/* ---- printing ---- */

/* Go's JSON keeps <, > and & out of its text. */
static void print_json(const json *j, struct buf *out)
{
	auto_json *sorted = json_dup(j);
	auto_free char *text = NULL;

	json_sort(sorted);
	text = json_print(sorted);
	for (const char *p = text; *p; p++) {
		if (strchr("<>&", *p))
			buf_addf(out, "\\u%04x", *p);
		else
			buf_addch(out, *p);
	}
}

static void print_result(const json *j, struct buf *out)
{
	enum json_type type = json_type(j);
	char number[YAML_NUMBER_MAX];
	auto_free char *text = NULL;

	if (type == JSON_OBJECT || type == JSON_ARRAY) {
		print_json(j, out);
		return;
	}
	text = json_scalar_text(j);
	if (type == JSON_NUMBER && text[strspn(text, "-0123456789")] != '\0')
		buf_adds(out, yaml_format_g(number, json_number_value(j)));
	else
		buf_adds(out, type == JSON_NULL ? "null" : text);
}

/* The {end} that belongs to the {range} before FROM, or the end of the template. */
static size_t range_end(const struct jp_template *t, size_t from)
{
	size_t open = 1;

	for (size_t i = from; i < t->len; i++) {
		open += t->items[i].kind == JP_ITEM_RANGE;
		if (t->items[i].kind == JP_ITEM_END && --open == 0)
			return i;
	}
	return t->len;
}

static int print_items(struct run *run, const struct jp_template *t, size_t from, size_t to,
    const json *data, struct buf *out)
{
	for (size_t i = from; i < to; i++) {
		const struct jp_item *item = &t->items[i];
		auto_results found = {0};

		if (item->kind == JP_ITEM_END)
			return fail(run, "not in range, nothing to end");
		if (eval_list(run, &item->list, &data, 1, &found) < 0)
			return -1;
		if (item->kind == JP_ITEM_RANGE) {
			size_t end = range_end(t, i + 1);

			for (size_t k = 0; k < found.len; k++) {
				if (print_items(run, t, i + 1, end, found.items[k], out) < 0)
					return -1;
			}
			i = end;
			continue;
		}
		for (size_t k = 0; k < found.len; k++) {
			if (k > 0)
				buf_addch(out, ' ');
			print_result(found.items[k], out);
		}
	}
	return 0;
}

int jsonpath_print(
    const struct jsonpath *p, const json *data, bool allow_missing, struct buf *out, struct err *e)
{
	struct run run = {allow_missing, e};

	return print_items(&run, jsonpath_template(p), 0, jsonpath_template(p)->len, data, out);
}

int jsonpath_find(
    const struct jsonpath *p, const json *data, const json ***ret, size_t *ret_len, struct err *e)
{
	const struct jp_template *t = jsonpath_template(p);
	struct run run = {true, e};
	struct results found = {0};

	for (size_t i = 0; i < t->len; i++) {
		if (t->items[i].kind != JP_ITEM_ACTION)
			continue;
		if (eval_list(&run, &t->items[i].list, &data, 1, &found) < 0)
			return -1;
		break;
	}
	*ret = found.items;
	*ret_len = found.len;
	return 0;
}
