/* patch: reading patches and judging what comes of them. See patch.h. */
#include "patch.h"

#include "../../runtime/base/map.h"
#include "place.h"
#include "schema.h"

#define OPERATIONS_MAX 10000
#define SHOWN_MAX 80 /* of a patch in an error */

static const char *const media_types[] = {
    [PATCH_JSON] = "application/json-patch+json",
    [PATCH_MERGE] = "application/merge-patch+json",
    [PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
};

const char *patch_media_type(enum patch_type type)
{
	return media_types[type];
}

/* ---- values as Go prints them ---- */

static int by_key(const void *a, const void *b)
{
	return strcmp(json_key(*(const json *const *)a), json_key(*(const json *const *)b));
}

static void print_map(const json *map, struct buf *out)
{
	size_t n = json_len(map), i = 0;
	auto_free const json **members = xcalloc(n + 1, sizeof(*members));

	json_for (m, map)
		members[i++] = m;
	qsort(members, n, sizeof(*members), by_key);
	buf_adds(out, "map[");
	for (i = 0; i < n; i++) {
		buf_addf(out, "%s%s:", i ? " " : "", json_key(members[i]));
		patch_print_go(members[i], out);
	}
	buf_addch(out, ']');
}

void patch_print_go(const json *value, struct buf *out)
{
	auto_free char *scalar = NULL;

	if (json_is_object(value)) {
		print_map(value, out);
	} else if (json_is_array(value)) {
		buf_addch(out, '[');
		json_for (item, value) {
			if (item != json_first(value))
				buf_addch(out, ' ');
			patch_print_go(item, out);
		}
		buf_addch(out, ']');
	} else if (json_type(value) == JSON_NULL) {
		buf_adds(out, "<nil>");
	} else {
		scalar = json_scalar_text(value);
		buf_adds(out, scalar);
	}
}

/* ---- reading ---- */

static void drop_duplicates(json *node, const struct place *p, struct strlist *strict)
{
	struct map seen = {0};
	size_t i = 0;
	json *next;

	for (json *c = json_first(node); c; c = next) {
		struct place here =
		    json_is_array(node) ? PLACE_ITEM(p, i++) : PLACE(p, json_key(c));
		json *earlier = json_is_array(node) ? NULL : map_set(&seen, json_key(c), c);

		next = json_next(c);
		if (earlier) {
			auto_buf path = {0};

			place_print(&here, true, &path);
			strlist_addf(strict, "duplicate field \"%s\"", buf_str(&path));
			json_remove(node, earlier);
		}
		drop_duplicates(c, &here, strict);
	}
	map_release(&seen, NULL);
}

void patch_drop_duplicates(json *node, struct strlist *strict)
{
	drop_duplicates(node, NULL, strict);
}

static void check_operations(const json *ops, struct strlist *strict)
{
	static const char *const known[] = {"op", "path", "from", "value"};
	size_t i = 0;

	json_for (op, ops) {
		json_for (m, op) {
			bool ok = false;

			for (size_t j = 0; j < ARRAY_LEN(known); j++)
				ok |= str_eq(json_key(m), known[j]);
			if (!ok)
				strlist_addf(strict, "unknown field \"[%zu].%s\"", i, json_key(m));
		}
		i++;
	}
}

static int wrong_type(const json *patch, const char *wanted, enum patch_type type, struct err *e)
{
	return err_set(e, ERR_BAD_REQUEST, "%sjson: cannot unmarshal %s into Go value of type %s",
	    type == PATCH_STRATEGIC ? "" : "error decoding patch: ",
	    json_type_name(json_type(patch)), wanted);
}

static int check_shape(const json *patch, enum patch_type type, struct err *e)
{
	if (type != PATCH_JSON)
		return json_is_object(patch)
			   ? 0
			   : wrong_type(patch, "map[string]interface {}", type, e);
	if (!json_is_array(patch))
		return wrong_type(patch, "[]handlers.jsonPatchOp", type, e);
	json_for (op, patch)
		if (!json_is_object(op))
			return wrong_type(op, "handlers.jsonPatchOp", type, e);
	if (json_len(patch) > OPERATIONS_MAX)
		return err_set(e, ERR_TOO_LARGE,
		    "Request entity too large: The allowed maximum operations in a JSON patch is "
		    "%d, got %zu",
		    OPERATIONS_MAX, json_len(patch));
	return 0;
}

/* The tree of a patch of the right shape; texts about its form go to strict. */
static json *read_patch(
    const char *text, size_t len, enum patch_type type, struct strlist *strict, struct err *e)
{
	auto_json *patch = json_parse(text, len, JSON_ALLOW_DUPLICATES, e);
	auto_strlist found = {0};

	if (!patch) {
		auto_free char *why = xstrdup(err_msg(e));

		err_set(e, ERR_BAD_REQUEST, "error decoding patch: %s", why);
		return NULL;
	}
	patch_drop_duplicates(patch, &found);
	if (check_shape(patch, type, e) < 0)
		return NULL;
	if (type == PATCH_JSON)
		check_operations(patch, &found);
	for (size_t i = 0; i < found.len; i++)
		strlist_addf(
		    strict, "%s%s", type == PATCH_JSON ? "json patch " : "", found.items[i]);
	return TAKE(patch);
}

/* ---- applying ---- */

static int apply(
    const struct kind *k, json **object, json *patch, const struct patch *p, struct err *e)
{
	switch (p->type) {
	case PATCH_JSON:
		if (patch_json(*object, patch, p->copy_max, e) == 0)
			return 0;
		return err_wrap(
		    e, "the server rejected our request due to an error in our request");
	case PATCH_MERGE:
		*object = json_merge_patch(*object, patch);
		return 0;
	case PATCH_STRATEGIC:
		return patch_strategic(k->schema, *object, patch, e);
	case PATCH_TYPE_COUNT:
		break;
	}
	return 0;
}

/* 422 about the patch itself, with the beginning of what came of it (or, for a strategic one, of
 * the patch). */
static int bad_result(const char *shown, const char *why, struct err *e)
{
	size_t cut = strlen(shown) > SHOWN_MAX ? SHOWN_MAX : strlen(shown);
	auto_free char *copy = xstrdup(shown), *quoted = NULL, *message = NULL;
	json *cause, *causes;

	while (copy[cut] && ((unsigned char)copy[cut] & 0xc0) == 0x80) /* inside a character */
		cut--;
	if (copy[cut]) {
		free(copy);
		copy = xasprintf("%.*s…", (int)cut, shown);
	}
	quoted = str_go_quote(copy);
	message = xasprintf("Invalid value: %s: %s", quoted, why);
	err_set(e, ERR_INVALID, " \"\" is invalid: patch: %s", message);
	if (!e)
		return -1;
	cause = json_new_object();
	json_set_str(cause, "reason", "FieldValueInvalid");
	json_set_str(cause, "message", message);
	json_set_str(cause, "field", "patch");
	causes = json_new_array();
	json_add(causes, cause);
	e->details = json_new_object();
	json_set(e->details, "causes", causes);
	return -1;
}

/* A patch may leave out what an object is, not change it. */
static int check_kind(const struct kind *k, json *object, struct err *e)
{
	const char *version = kind_api_version(k);

	if (!str_eq(json_str_or(object, "apiVersion", version), version))
		return err_set(e, ERR_BAD_REQUEST,
		    "the API version in the data (%s) does not match the expected API version (%s)",
		    json_str(object, "apiVersion"), version);
	if (!str_eq(json_str_or(object, "kind", k->kind), k->kind))
		return err_set(e, ERR_BAD_REQUEST,
		    "the kind in the data (%s) does not match the expected kind (%s)",
		    json_str(object, "kind"), k->kind);
	json_set_str(object, "apiVersion", version);
	json_set_str(object, "kind", k->kind);
	return 0;
}

json *patch_apply(const struct kind *k, const json *object, const char *text, size_t len,
    const struct patch *p, struct err *e)
{
	auto_strlist strict = {0};
	auto_buf shown = {0};
	auto_err why = {0};
	auto_json *patch = read_patch(text, len, p->type, &strict, e), *result = NULL;

	if (!patch)
		return NULL;
	if (p->type == PATCH_STRATEGIC)
		patch_print_go(patch, &shown);
	result = json_dup(object);
	if (apply(k, &result, patch, p, e) < 0)
		return NULL;
	if (p->type != PATCH_STRATEGIC)
		json_print_to(result, &shown);
	if (api_decode_tree(k, result, p->fields == FIELDS_IGNORE ? NULL : &strict, &why) < 0) {
		bad_result(buf_str(&shown), err_msg(&why), e);
		return NULL;
	}
	if (p->fields == FIELDS_STRICT && strict.len) {
		auto_free char *all = strlist_join(&strict, ", ");

		err_set(&why, ERR_INVALID, "strict decoding error: %s", all);
		bad_result(buf_str(&shown), err_msg(&why), e);
		return NULL;
	}
	for (size_t i = 0; p->fields == FIELDS_WARN && p->warnings && i < strict.len; i++)
		strlist_add(p->warnings, strict.items[i]);
	return check_kind(k, result, e) < 0 ? NULL : TAKE(result);
}
