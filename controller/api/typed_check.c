/*
 * typed_check: whether what a client applies has the form of its kind. Only names and types: what
 * values mean is looked at when the merged object is decoded and validated.
 */
#include "../../runtime/base/map.h"
#include "patch.h"
#include "schema.h"
#include "typed.h"
#include "typed_list.h"

#define ERRORS_MAX 100
#define NAMES_MAX 64
#define SHOWN_MAX 1024

/* ---- keys of items ---- */

static json *key_of(const struct field *f, const json *item, const char *name)
{
	const json *own = json_get(item, name);
	const struct field *row = schema_field(f->of, name);

	if (own)
		return json_dup(own);
	return row && row->dflt ? json_parse(row->dflt, strlen(row->dflt), 0, NULL) : NULL;
}

char *list_item_step(const struct field *f, const json *item, struct err *e)
{
	const char *const names[] = {f->merge_key, f->merge_key2};
	auto_json *keys = NULL;

	if (!f->merge_key) {
		if (!json_is_object(item) && !json_is_array(item) && json_type(item) != JSON_NULL)
			return field_step_of('v', item);
		err_set(e, ERR_BAD_REQUEST,
		    "associative list without keys has an element that's %s type",
		    json_is_object(item)  ? "a map"
		    : json_is_array(item) ? "a list"
					  : "an explicit null");
		return NULL;
	}
	if (!json_is_object(item)) {
		err_set(e, ERR_BAD_REQUEST, "associative list with keys may not have %s",
		    json_type(item) == JSON_NULL ? "a null element" : "non-map elements");
		return NULL;
	}
	keys = json_new_object();
	for (size_t i = 0; i < ARRAY_LEN(names) && names[i]; i++) {
		json *value = key_of(f, item, names[i]);

		if (!value) {
			err_set(e, ERR_BAD_REQUEST,
			    "associative list with keys has an element that omits key field \"%s\" "
			    "(and doesn't have default value)",
			    names[i]);
			return NULL;
		}
		json_set(keys, names[i], value);
	}
	return field_step_of('k', keys);
}

/* ---- form ---- */

struct checker {
	struct buf path;
	struct strlist *errors;
};

static void bad(struct checker *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void bad(struct checker *c, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	if (c->errors->len >= ERRORS_MAX)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	strlist_addf(c->errors, "%s%s%s", buf_str(&c->path), c->path.len ? ": " : "", text);
}

static void check_struct(struct checker *c, const struct schema *s, const json *v);

/* The value as Go's %v shows it, cut. */
static void bad_value(struct checker *c, const char *wanted, const json *v)
{
	auto_buf shown = {0};
	bool go_syntax = str_eq(wanted, "string") && !json_len(v);
	auto_free char *quoted = NULL;

	if (go_syntax && json_is_string(v))
		quoted = str_go_quote(json_string_value(v));
	if (quoted)
		buf_adds(&shown, quoted);
	else
		patch_print_go(v, &shown);
	bad(c,
	    go_syntax ? "expected %s, got &value.valueUnstructured{Value:%.*s}"
		      : "expected %s, got &{%.*s}",
	    wanted, SHOWN_MAX, buf_str(&shown));
}

static bool is_scalar(const json *v)
{
	return !json_is_object(v) && !json_is_array(v);
}

static const char *go_dynamic_type(const json *v)
{
	int64_t n;

	switch (json_type(v)) {
	case JSON_BOOL:
		return "bool";
	case JSON_NUMBER:
		return json_is_int(v, &n) ? "int64" : "float64";
	case JSON_STRING:
		return "string";
	case JSON_ARRAY:
		return "[]interface {}";
	case JSON_OBJECT:
		return "map[string]interface {}";
	case JSON_ABSENT:
	case JSON_NULL:
		break;
	}
	return "nil";
}

enum scalar { SCALAR_STRING, SCALAR_BOOL, SCALAR_NUMBER, SCALAR_ANY };

static void check_scalar(struct checker *c, enum scalar wanted, const json *v)
{
	enum json_type type = json_type(v);

	if (type == JSON_NULL)
		return;
	switch (wanted) {
	case SCALAR_STRING:
		if (type != JSON_STRING)
			bad_value(c, "string", v);
		break;
	case SCALAR_BOOL:
		if (type != JSON_BOOL)
			bad_value(c, "boolean", v);
		break;
	case SCALAR_NUMBER:
		if (type != JSON_NUMBER)
			bad(c, "expected numeric (int or float), got %s", go_dynamic_type(v));
		break;
	case SCALAR_ANY:
		if (!is_scalar(v))
			bad_value(c, "any scalar", v);
		break;
	}
}

static void check_map(struct checker *c, enum scalar wanted, const json *v)
{
	size_t start = c->path.len;

	if (!json_is_object(v)) {
		bad_value(c, "map", v);
		return;
	}
	json_for (m, v) {
		buf_addf(&c->path, ".%s", json_key(m));
		check_scalar(c, wanted, m);
		buf_truncate(&c->path, start);
	}
}

static bool is_associative(const struct field *f)
{
	return !(f->flags & F_ATOMIC) && (f->merge_key || (f->flags & (F_MERGE | F_SET)));
}

/* Adds the item's step to the path; false: it has none, and that is said. */
static bool enter_item(
    struct checker *c, const struct field *f, const json *item, size_t i, struct map *seen)
{
	auto_free char *step = NULL;
	auto_err why = {0};

	if (!is_associative(f)) {
		buf_addf(&c->path, "[%zu]", i);
		return true;
	}
	step = list_item_step(f, item, &why);
	if (!step) {
		bad(c, "element %zu: %s", i, err_msg(&why));
		return false;
	}
	if (map_set(seen, step, seen)) {
		auto_buf shown = {0};

		field_step_print(step, &shown);
		bad(c, "duplicate entries for key %s", buf_str(&shown));
	}
	field_step_print(step, &c->path);
	return true;
}

static void check_list(struct checker *c, const struct field *f, enum scalar wanted, const json *v)
{
	size_t start = c->path.len, i = 0;
	struct map seen = {0};

	if (!json_is_array(v)) {
		bad_value(c, "list", v);
		return;
	}
	json_for (item, v) {
		if (enter_item(c, f, item, i++, &seen)) {
			if (f->of)
				check_struct(c, f->of, item);
			else
				check_scalar(c, wanted, item);
		}
		buf_truncate(&c->path, start);
	}
	map_release(&seen, NULL);
}

static void check_field(struct checker *c, const struct field *f, const json *v)
{
	if (json_type(v) == JSON_NULL)
		return;
	switch (f->type) {
	case T_STRING:
	case T_TIME:
	case T_MICRO_TIME:
		check_scalar(c, SCALAR_STRING, v);
		break;
	case T_BOOL:
		check_scalar(c, SCALAR_BOOL, v);
		break;
	case T_INT32:
	case T_INT64:
		check_scalar(c, SCALAR_NUMBER, v);
		break;
	case T_QUANTITY:
	case T_INT_OR_STRING:
		check_scalar(c, SCALAR_ANY, v);
		break;
	case T_STRING_MAP:
	case T_BYTES_MAP:
		check_map(c, SCALAR_STRING, v);
		break;
	case T_QUANTITY_MAP:
		check_map(c, SCALAR_ANY, v);
		break;
	case T_OBJECT:
		check_struct(c, f->of, v);
		break;
	case T_OBJECT_LIST:
	case T_STRING_LIST:
		check_list(c, f, SCALAR_STRING, v);
		break;
	case T_INT32_LIST:
	case T_INT64_LIST:
		check_list(c, f, SCALAR_NUMBER, v);
		break;
	case T_OPAQUE:
		break;
	}
}

static void undeclared(struct checker *c, const struct schema *s, const char *name)
{
	const char *names[NAMES_MAX + 1], *near;
	size_t n = 0;

	for (const struct field *f = s->fields; f->name && n < NAMES_MAX; f++)
		names[n++] = f->name;
	names[n] = NULL;
	near = str_nearest(name, names);
	bad(c, "field not declared in schema%s%s%s", near ? " (did you mean \"" : "",
	    near ? near : "", near ? "\"?)" : "");
}

static void check_struct(struct checker *c, const struct schema *s, const json *v)
{
	size_t start = c->path.len;

	if (json_type(v) == JSON_NULL)
		return;
	if (!json_is_object(v)) {
		bad_value(c, "map", v);
		return;
	}
	json_for (m, v) {
		const struct field *f = schema_field(s, json_key(m));

		buf_addf(&c->path, ".%s", json_key(m));
		if (f)
			check_field(c, f, m);
		else
			undeclared(c, s, json_key(m));
		buf_truncate(&c->path, start);
	}
}

void typed_check(const struct kind *k, const json *obj, struct strlist *errors)
{
	struct checker c = {.errors = errors};

	check_struct(&c, k->schema, obj);
	buf_release(&c.path);
}
