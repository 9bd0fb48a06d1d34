/* patch_json: RFC 6902, with the texts and the liberties of the library that Kubernetes uses:
 * negative numbers count items from the end. */
#include "patch.h"

struct doc {
	json *root;
	size_t copied, copy_max;
	struct err *e;
};

/* Where an operation acts: a member or item of `parent`, which may not be there yet. */
struct spot {
	json *parent; /* an object or an array; NULL: the path leads nowhere */
	char *key;    /* owned */
	size_t depth; /* of a value at this place */
};

#define auto_spot CLEANUP(spot_release) struct spot

static void spot_release(struct spot *s)
{
	free(s->key);
}

/* ~1 is a slash, ~0 a tilde; owned. */
static char *unescape(const char *part)
{
	char *text = xstrdup(part), *to = text;

	for (const char *c = text; *c; c++) {
		bool escaped = c[0] == '~' && (c[1] == '0' || c[1] == '1');

		*to++ = !escaped ? *c : c[1] == '0' ? '~' : '/';
		c += escaped;
	}
	*to = '\0';
	return text;
}

/* ---- members and items ---- */

/* The number of an item; `len` numbers are allowed, from the end those below 0. */
static int item_number(const char *key, size_t len, size_t *ret, struct err *e)
{
	int64_t n;

	if (str_to_int(key, INT32_MIN, INT32_MAX, &n) < 0) {
		auto_free char *quoted = str_go_quote(key);

		return err_set(e, ERR_INVALID, "strconv.Atoi: parsing %s: invalid syntax", quoted);
	}
	if (n >= (int64_t)len || n < -(int64_t)len)
		return err_set(e, ERR_INVALID,
		    "Unable to access invalid index: %lld: invalid index referenced", (long long)n);
	*ret = (size_t)(n < 0 ? n + (int64_t)len : n);
	return 0;
}

static json *get(const json *parent, const char *key, struct err *e)
{
	json *found;
	size_t n;

	if (json_is_array(parent))
		return item_number(key, json_len(parent), &n, e) < 0 ? NULL : json_at(parent, n);
	found = json_get(parent, key);
	if (!found)
		err_set(e, ERR_INVALID, "unable to get nonexistent key: %s: missing value", key);
	return found;
}

static struct spot find(const struct doc *d, const char *path)
{
	struct spot s = {0};
	auto_strlist parts = {0};
	json *at = d->root;

	str_split(&parts, path, '/');
	if (parts.len < 2 || *parts.items[0])
		return s;
	for (size_t i = 1; i + 1 < parts.len && at; i++) {
		auto_free char *key = unescape(parts.items[i]);

		at = get(at, key, NULL);
	}
	if (!json_is_object(at) && !json_is_array(at))
		return s;
	return (struct spot){at, unescape(parts.items[parts.len - 1]), parts.len};
}

static size_t depth_of(const json *value)
{
	size_t most = 0;

	json_for (c, value) {
		size_t depth = depth_of(c);

		most = depth > most ? depth : most;
	}
	return most + 1;
}

/* Consumes value. */
static int put(struct doc *d, const struct spot *s, json *value)
{
	auto_json *owned = value;
	size_t n;

	if (s->depth + depth_of(owned) > JSON_MAX_DEPTH)
		return err_set(d->e, ERR_INVALID, "exceeded max depth of %d", JSON_MAX_DEPTH);
	if (json_is_object(s->parent)) {
		json_set(s->parent, s->key, TAKE(owned));
		return 0;
	}
	if (str_eq(s->key, "-")) {
		json_add(s->parent, TAKE(owned));
		return 0;
	}
	if (item_number(s->key, json_len(s->parent) + 1, &n, d->e) < 0)
		return err_wrap(d->e, "value was not a proper array index: '%s'", s->key);
	json_insert(s->parent, n, TAKE(owned));
	return 0;
}

static json *take(const struct spot *s, struct err *e)
{
	json *found = get(s->parent, s->key, e);

	return found ? json_detach(s->parent, found) : NULL;
}

/* ---- operations ---- */

/* A member of an operation that must be a string. */
static const char *text_of(struct doc *d, const json *op, const char *member)
{
	const char *text = json_string_value(json_get(op, member));

	if (!text) {
		err_set(d->e, ERR_INVALID, "operation missing %s field: missing value", member);
		err_wrap(
		    d->e, "%s operation failed to decode %s", json_str_or(op, "op", ""), member);
	}
	return text;
}

static int missing_path(struct doc *d, const char *text, const char *path)
{
	return err_set(d->e, ERR_INVALID, "%s: %s: missing value", text, path);
}

static json *value_of(const json *op)
{
	const json *value = json_get(op, "value");

	return value ? json_dup(value) : json_new_null();
}

static int op_add(struct doc *d, const json *op)
{
	const char *path = text_of(d, op, "path");
	auto_free char *quoted = path ? xasprintf("\"%s\"", path) : NULL;
	auto_spot s = {0};

	if (!path)
		return -1;
	s = find(d, path);
	if (!s.parent)
		return missing_path(d, "add operation does not apply: doc is missing path", quoted);
	if (put(d, &s, value_of(op)) < 0)
		return err_wrap(d->e, "error in add for path: '%s'", path);
	return 0;
}

static int op_remove(struct doc *d, const json *op)
{
	const char *path = text_of(d, op, "path");
	auto_free char *quoted = path ? xasprintf("\"%s\"", path) : NULL;
	auto_json *gone = NULL;
	auto_spot s = {0};

	if (!path)
		return -1;
	s = find(d, path);
	if (!s.parent)
		return missing_path(
		    d, "remove operation does not apply: doc is missing path", quoted);
	if (json_is_object(s.parent) && !json_get(s.parent, s.key))
		err_set(d->e, ERR_INVALID, "Unable to remove nonexistent key: %s: missing value",
		    s.key);
	else
		gone = take(&s, d->e);
	return gone ? 0 : err_wrap(d->e, "error in remove for path: '%s'", path);
}

static int op_replace(struct doc *d, const json *op)
{
	const char *path = text_of(d, op, "path");
	auto_spot s = {0};
	json *old;

	if (!path)
		return -1;
	s = find(d, path);
	if (!s.parent)
		return missing_path(
		    d, "replace operation does not apply: doc is missing path", path);
	old = get(s.parent, s.key, NULL);
	if (!old)
		return missing_path(
		    d, "replace operation does not apply: doc is missing key", path);
	if (s.depth + depth_of(json_get(op, "value")) > JSON_MAX_DEPTH)
		return err_set(d->e, ERR_INVALID, "exceeded max depth of %d", JSON_MAX_DEPTH);
	json_replace(s.parent, old, value_of(op));
	return 0;
}

static int op_move(struct doc *d, const json *op)
{
	const char *from = text_of(d, op, "from"), *path = text_of(d, op, "path");
	auto_spot source = {0}, target = {0};
	json *value;

	if (!from || !path)
		return -1;
	source = find(d, from);
	if (!source.parent)
		return missing_path(
		    d, "move operation does not apply: doc is missing from path", from);
	value = take(&source, d->e);
	if (!value)
		return err_wrap(d->e, "error in move for path: '%s'", source.key);
	target = find(d, path);
	if (!target.parent) {
		json_free(value);
		return missing_path(
		    d, "move operation does not apply: doc is missing destination path", path);
	}
	if (put(d, &target, value) < 0)
		return err_wrap(d->e, "error in move for path: '%s'", path);
	return 0;
}

/* Copies of copies grow fast: what they add is counted. */
static int count_copy(struct doc *d, const json *value)
{
	auto_buf text = {0};

	json_print_to(value, &text);
	d->copied += text.len;
	if (d->copy_max && d->copied > d->copy_max)
		return err_set(d->e, ERR_INVALID,
		    "Unable to complete the copy, the accumulated size increase of copy is %zu, "
		    "exceeding the limit %zu",
		    d->copied, d->copy_max);
	return 0;
}

static int op_copy(struct doc *d, const json *op)
{
	const char *from = text_of(d, op, "from"), *path = text_of(d, op, "path");
	auto_spot source = {0}, target = {0};
	const json *value;

	if (!from || !path)
		return -1;
	source = find(d, from);
	if (!source.parent)
		return missing_path(
		    d, "copy operation does not apply: doc is missing from path", from);
	value = get(source.parent, source.key, d->e);
	if (!value)
		return err_wrap(d->e, "error in copy for from: '%s'", from);
	target = find(d, path);
	if (!target.parent)
		return missing_path(
		    d, "copy operation does not apply: doc is missing destination path", path);
	if (count_copy(d, value) < 0)
		return -1;
	if (put(d, &target, json_dup(value)) < 0)
		return err_wrap(d->e, "error while adding value during copy");
	return 0;
}

/* What is not there equals null. */
static int op_test(struct doc *d, const json *op)
{
	const char *path = text_of(d, op, "path");
	auto_json *want = value_of(op), *none = json_new_null();
	const json *have;
	auto_spot s = {0};

	if (!path)
		return -1;
	s = find(d, path);
	if (!s.parent)
		return missing_path(d, "test operation does not apply: is missing path", path);
	have = get(s.parent, s.key, json_is_array(s.parent) ? d->e : NULL);
	if (!have && json_is_array(s.parent))
		return err_wrap(d->e, "error in test for path: '%s'", path);
	if (json_equal(have ? have : none, want))
		return 0;
	return err_set(d->e, ERR_INVALID, "testing value %s failed: test failed", path);
}

static const struct {
	const char *name;
	int (*fn)(struct doc *d, const json *op);
} operations[] = {
    {"add", op_add},
    {"remove", op_remove},
    {"replace", op_replace},
    {"move", op_move},
    {"copy", op_copy},
    {"test", op_test},
};

static int operate(struct doc *d, const json *op)
{
	const char *name = json_str_or(op, "op", "unknown");

	for (size_t i = 0; i < ARRAY_LEN(operations); i++)
		if (str_eq(operations[i].name, name))
			return operations[i].fn(d, op);
	return err_set(d->e, ERR_INVALID, "Unexpected kind: %s", name);
}

int patch_json(json *object, const json *ops, size_t copy_max, struct err *e)
{
	struct doc d = {.root = object, .copy_max = copy_max, .e = e};

	json_for (op, ops)
		if (operate(&d, op) < 0)
			return -1;
	return 0;
}
