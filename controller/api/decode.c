/*
 * decode: request bodies into objects, in place: the parsed tree is checked against the schema and
 * tidied.
 *
 * What remains afterwards is what Kubernetes would store: no unknown names, no nulls, no empty
 * values where they mean the same as absence, quantities in canonical form. A value of a wrong type
 * is an error in every mode; unknown and duplicate names are errors, warnings or nothing, as the
 * request asks.
 */
#include "../../runtime/base/base64.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/map.h"
#include "api.h"
#include "place.h"
#include "schema.h"

#define FIELDS_MAX 64
#define STRICT_ERRORS_MAX 100
/* Each gets its defaults: a few bytes in a list become hundreds in memory. */
#define ITEMS_MAX 50000
#define HINT_MAX 60  /* longer texts are not repeated */
#define SEARCH_MAX 8 /* levels of objects in which a misplaced field is looked for */

struct decoder {
	const struct schema *root;
	struct strlist *strict; /* texts about unknown and duplicate names; NULL: not wanted */
	struct err *e;
	size_t items; /* so far, in all lists of objects */
};

static bool wants_strict(const struct decoder *d)
{
	return d->strict && d->strict->len < STRICT_ERRORS_MAX;
}

static void strict_error(
    struct decoder *d, const char *what, const struct place *p, const char *suggestion)
{
	auto_buf text = {0};

	if (!wants_strict(d))
		return;
	place_print(p, true, &text);
	if (suggestion)
		strlist_addf(d->strict, "%s \"%s\" (did you mean \"%s\"?)", what, buf_str(&text),
		    suggestion);
	else
		strlist_addf(d->strict, "%s \"%s\"", what, buf_str(&text));
}

static int cannot_handle(const struct kind *k, struct err *e)
{
	return err_wrap(
	    e, "%s in version \"%s\" cannot be handled as a %s", k->kind, k->version, k->kind);
}

/* ---- values of a wrong type ---- */

/* The Go type of a field, or of one item of it, as errors print it; owned. */
static char *go_type(const struct field *f, bool item)
{
	static const char *const plain[] = {
	    [T_STRING] = "string",
	    [T_BOOL] = "bool",
	    [T_INT32] = "int32",
	    [T_INT64] = "int64",
	    [T_QUANTITY] = "resource.Quantity",
	    [T_INT_OR_STRING] = "intstr.IntOrString",
	    [T_TIME] = "string",
	    [T_MICRO_TIME] = "string",
	    [T_STRING_MAP] = "map[string]string",
	    [T_QUANTITY_MAP] = "v1.ResourceList",
	    [T_BYTES_MAP] = "map[string][]uint8",
	    [T_STRING_LIST] = "[]string",
	    [T_INT32_LIST] = "[]int32",
	    [T_INT64_LIST] = "[]int64",
	    [T_OBJECT] = "",
	    [T_OBJECT_LIST] = "[]",
	    [T_OPAQUE] = "",
	};
	const char *text = plain[f->type];

	if (f->of)
		return xasprintf("%sv1.%s", item ? "" : text, f->of->go_name);
	if (f->go_type)
		return xasprintf("v1.%s", f->go_type);
	if (item)
		return xstrdup(strchr(text, ']') + 1);
	return xstrdup(text);
}

/* One value of a field's type or, for lists and maps, one item. */
struct value {
	const struct field *f;
	const struct schema *owner; /* the struct that has the field */
	const struct place *p;      /* of the field, without map key or item number */
	const struct place *exact;  /* of the value */
	json *parent, *node;
	bool item;
};

static bool wants_list(const struct value *v)
{
	return !v->item && (v->f->type == T_OBJECT_LIST || v->f->type == T_STRING_LIST ||
			       v->f->type == T_INT32_LIST || v->f->type == T_INT64_LIST);
}

static bool wants_number(const struct value *v)
{
	return v->f->type == T_INT32 || v->f->type == T_INT64 ||
	       (v->item && (v->f->type == T_INT32_LIST || v->f->type == T_INT64_LIST));
}

static bool wants_text(const struct value *v)
{
	return v->f->type == T_STRING || v->f->type == T_TIME || v->f->type == T_MICRO_TIME ||
	       (v->item && (v->f->type == T_STRING_MAP || v->f->type == T_STRING_LIST));
}

/* What the writer most likely meant, in parentheses; owned, NULL: no idea. */
static char *type_hint(const struct value *v)
{
	auto_free char *text = json_scalar_text(v->node);
	enum json_type type = json_type(v->node);
	int64_t n;

	if (wants_list(v) && type == JSON_STRING && v->f->type == T_STRING_LIST) {
		auto_free char *quoted = str_go_quote(text);

		return strlen(text) > HINT_MAX ? NULL : xasprintf(" (did you mean [%s]?)", quoted);
	}
	if (wants_list(v))
		return xstrdup(" (a list is expected)");
	if (v->f->values) {
		const char *near = str_nearest(text, v->f->values);

		return near ? xasprintf(" (did you mean \"%s\"?)", near) : NULL;
	}
	/* YAML's `y` is true too: only the writer knows the text. */
	if (wants_text(v) && (type == JSON_BOOL || (type == JSON_NUMBER && v->f->flags & F_SECRET)))
		return xstrdup(" (text is expected: quote it)");
	if (wants_text(v) && type == JSON_NUMBER)
		return xasprintf(" (did you mean \"%s\"? quote it)", text);
	if (type != JSON_STRING)
		return NULL;
	if (wants_number(v) && str_to_int(text, INT64_MIN, INT64_MAX, &n) == 0)
		return xasprintf(" (did you mean %s, without quotes?)", text);
	if (v->f->type == T_BOOL && (str_eq(text, "true") || str_eq(text, "false")))
		return xasprintf(" (did you mean %s, without quotes?)", text);
	return NULL;
}

/* The error's only cause, with the exact place of the value. */
static void set_cause(struct err *e, const struct place *p)
{
	json *cause, *causes;
	auto_buf path = {0};

	if (!e)
		return;
	place_print(p, true, &path);
	cause = json_new_object();
	json_set_str(cause, "reason", "FieldValueTypeInvalid");
	json_set_str(cause, "message", err_msg(e));
	json_set_str(cause, "field", buf_str(&path));
	causes = json_new_array();
	json_add(causes, cause);
	e->details = json_new_object();
	json_set(e->details, "causes", causes);
}

/* exact: the number itself is what is wrong. */
static int type_error(struct decoder *d, const struct value *v, bool exact)
{
	auto_free char *type = go_type(v->f, v->item), *hint = type_hint(v);
	auto_free char *number = exact ? json_scalar_text(v->node) : NULL;
	auto_buf path = {0};

	place_print(v->p, false, &path);
	err_set(d->e, ERR_BAD_REQUEST,
	    "json: cannot unmarshal %s%s%s into Go struct field %s.%s of type %s%s",
	    json_type_name(json_type(v->node)), number ? " " : "", number ? number : "",
	    v->owner->go_name, buf_str(&path), type, hint ? hint : "");
	set_cause(d->e, v->exact);
	return -1;
}

/* ---- scalars ---- */

static int decode_string(struct decoder *d, struct value *v)
{
	return json_is_string(v->node) ? 0 : type_error(d, v, false);
}

/* The text is never shown: it may be a secret. */
static int decode_bytes(struct decoder *d, struct value *v)
{
	auto_buf bytes = {0};
	auto_free char *text = NULL;
	size_t bad;

	if (decode_string(d, v) < 0)
		return -1;
	if (base64_decode(json_string_value(v->node), &bytes, &bad) < 0)
		return err_set(d->e, ERR_BAD_REQUEST, "illegal base64 data at input byte %zu", bad);
	text = base64_encode(bytes.ptr, bytes.len);
	if (!str_eq(text, json_string_value(v->node)))
		json_replace(v->parent, v->node, json_new_string(text));
	return 0;
}

static int decode_int(struct decoder *d, struct value *v, int64_t min, int64_t max)
{
	int64_t n;

	if (json_type(v->node) != JSON_NUMBER)
		return type_error(d, v, false);
	if (!json_is_int(v->node, &n) || n < min || n > max)
		return type_error(d, v, true);
	return 0;
}

static int decode_quantity(struct decoder *d, struct value *v)
{
	auto_free char *text = NULL, *canonical = NULL;
	int64_t milli;

	text = json_scalar_text(v->node);
	/* Of lists and objects, too, Kubernetes says no more. */
	if (quantity_parse(text, &canonical, &milli, d->e) < 0) {
		set_cause(d->e, v->exact);
		return -1;
	}
	if (json_is_string(v->node) && str_eq(text, canonical))
		return 0;
	json_replace(v->parent, v->node, json_new_string(canonical));
	return 0;
}

/* A time is kept as Kubernetes prints it: UTC, whole seconds or microseconds. */
static int decode_time(struct decoder *d, struct value *v)
{
	const char *text = json_string_value(v->node);
	char buf[TIME_TEXT_MAX];
	int64_t ns;

	if (!text)
		return type_error(d, v, false);
	if (time_parse(text, &ns) < 0) {
		auto_free char *quoted = str_go_quote(text);

		return err_set(d->e, ERR_BAD_REQUEST,
		    "parsing time %s as \"2006-01-02T15:04:05Z07:00\": cannot parse %s as \"2006\"",
		    quoted, quoted);
	}
	if (ns == TIME_ZERO_NS)
		return 0;
	if (v->f->type == T_TIME)
		time_format(buf, ns / NSEC_PER_SEC - (ns % NSEC_PER_SEC < 0));
	else
		time_format_micro(buf, ns);
	if (!str_eq(text, buf))
		json_replace(v->parent, v->node, json_new_string(buf));
	return 0;
}

static int decode_int_or_string(struct decoder *d, struct value *v)
{
	return json_is_string(v->node) ? 0 : decode_int(d, v, INT32_MIN, INT32_MAX);
}

/* ---- maps, lists, objects ---- */

static int decode_object(
    struct decoder *d, const struct schema *s, json *obj, const struct place *p);

static int decode_map(struct decoder *d, struct value *v)
{
	struct map seen = {0};
	json *next, *earlier;
	int rc = 0;

	if (!json_is_object(v->node))
		return type_error(d, v, false);
	for (json *m = json_first(v->node); m && rc == 0; m = next) {
		struct place p = PLACE(v->p, json_key(m));
		struct value item = {v->f, v->owner, v->p, &p, v->node, m, true};

		next = json_next(m);
		earlier = map_set(&seen, json_key(m), m);
		if (earlier) {
			strict_error(d, "duplicate field", &p, NULL);
			json_remove(v->node, earlier);
		}
		if (json_type(m) == JSON_NULL) {
			map_set(&seen, json_key(m), json_new_string(""));
			json_replace(v->node, m, map_get(&seen, json_key(m)));
		} else if (v->f->type == T_STRING_MAP) {
			rc = decode_string(d, &item);
		} else if (v->f->type == T_BYTES_MAP) {
			rc = decode_bytes(d, &item);
		} else {
			rc = decode_quantity(d, &item);
		}
	}
	map_release(&seen, NULL);
	return rc;
}

static int decode_item(struct decoder *d, struct value *item, const struct place *p)
{
	switch (item->f->type) {
	case T_OBJECT_LIST:
		if (!json_is_object(item->node))
			return type_error(d, item, false);
		return decode_object(d, item->f->of, item->node, p);
	case T_STRING_LIST:
		return decode_string(d, item);
	case T_INT32_LIST:
		return decode_int(d, item, INT32_MIN, INT32_MAX);
	case T_INT64_LIST:
		return decode_int(d, item, INT64_MIN, INT64_MAX);
	case T_STRING:
	case T_BOOL:
	case T_INT32:
	case T_INT64:
	case T_QUANTITY:
	case T_INT_OR_STRING:
	case T_TIME:
	case T_MICRO_TIME:
	case T_STRING_MAP:
	case T_QUANTITY_MAP:
	case T_BYTES_MAP:
	case T_OBJECT:
	case T_OPAQUE:
		break;
	}
	return 0;
}

/* What Go makes of a null in a list. */
static json *zero_item(const struct field *f)
{
	if (f->of)
		return json_new_object();
	return f->type == T_STRING_LIST ? json_new_string("") : json_new_int(0);
}

static int decode_list(struct decoder *d, struct value *v)
{
	size_t i = 0;
	json *next;

	if (!json_is_array(v->node))
		return type_error(d, v, false);
	for (json *node = json_first(v->node); node; node = next, i++) {
		struct place p = PLACE_ITEM(v->p, i);
		struct value item = {v->f, v->owner, v->p, &p, v->node, node, true};

		next = json_next(node);
		if (v->f->of && ++d->items > ITEMS_MAX)
			return err_set(d->e, ERR_TOO_LARGE,
			    "more than %d items in the lists of an object", ITEMS_MAX);
		if (json_type(node) == JSON_NULL)
			json_replace(v->node, node, zero_item(v->f));
		else if (decode_item(d, &item, &p) < 0)
			return -1;
	}
	return 0;
}

static int decode_value(struct decoder *d, struct value *v)
{
	switch (v->f->type) {
	case T_STRING:
		return decode_string(d, v);
	case T_BOOL:
		if (json_type(v->node) != JSON_BOOL)
			return type_error(d, v, false);
		return 0;
	case T_INT32:
		return decode_int(d, v, INT32_MIN, INT32_MAX);
	case T_INT64:
		return decode_int(d, v, INT64_MIN, INT64_MAX);
	case T_QUANTITY:
		return decode_quantity(d, v);
	case T_INT_OR_STRING:
		return decode_int_or_string(d, v);
	case T_TIME:
	case T_MICRO_TIME:
		return decode_time(d, v);
	case T_STRING_MAP:
	case T_QUANTITY_MAP:
	case T_BYTES_MAP:
		return decode_map(d, v);
	case T_OBJECT:
		if (!json_is_object(v->node))
			return type_error(d, v, false);
		return decode_object(d, v->f->of, v->node, v->p);
	case T_OBJECT_LIST:
	case T_STRING_LIST:
	case T_INT32_LIST:
	case T_INT64_LIST:
		return decode_list(d, v);
	case T_OPAQUE:
		return 0;
	}
	return 0;
}

/* Whether the value means the same as its absence. */
static bool is_zero(const struct field *f, const json *node)
{
	switch (json_type(node)) {
	case JSON_BOOL:
		return !(f->flags & (F_PTR | F_REQUIRED)) && !json_bool_value(node);
	case JSON_NUMBER:
		return !(f->flags & (F_PTR | F_REQUIRED)) && f->type != T_INT_OR_STRING &&
		       json_number_value(node) == 0;
	case JSON_STRING:
		return !(f->flags & (F_PTR | F_REQUIRED)) && (f->type == T_STRING) &&
		       !*json_string_value(node);
	case JSON_ARRAY:
		return !(f->flags & F_REQUIRED) && !json_first(node);
	case JSON_OBJECT:
		return (f->type == T_STRING_MAP || f->type == T_QUANTITY_MAP ||
			   f->type == T_BYTES_MAP) &&
		       !json_first(node);
	case JSON_ABSENT:
	case JSON_NULL:
		break;
	}
	return false;
}

/*
 * The path of a field of this name that is LEVEL objects below s, if there is one; owned. Lists are
 * not entered: nobody knows which item was meant.
 */
static char *find_below(const struct schema *s, const char *name, const char *path, int level)
{
	for (const struct field *f = s->fields; f->name; f++) {
		auto_free char *here = xasprintf("%s%s%s", path, *path ? "." : "", f->name);
		char *found;

		if (level == 0 && str_eq(f->name, name))
			return TAKE(here);
		/* Status is not for writing; metadata has names that are everywhere. */
		if (level == 0 || f->type != T_OBJECT || str_eq(f->name, "status") ||
		    str_eq(f->name, "metadata"))
			continue;
		found = find_below(f->of, name, here, level - 1);
		if (found)
			return found;
	}
	return NULL;
}

/* Where a field would be known that is not known where it is; owned, NULL: nowhere. */
static char *find_misplaced(const struct decoder *d, const char *name)
{
	char *found = NULL;

	for (int level = 1; level < SEARCH_MAX && !found; level++)
		found = find_below(d->root, name, "", level);
	return found;
}

static void unknown_field(struct decoder *d, const struct schema *s, const struct place *p)
{
	const char *names[FIELDS_MAX + 1], *near;
	auto_free char *elsewhere = NULL;
	size_t n = 0;

	if (!wants_strict(d))
		return;
	for (const struct field *f = s->fields; f->name && n < FIELDS_MAX; f++)
		names[n++] = f->name;
	names[n] = NULL;
	near = str_nearest(p->name, names);
	if (!near)
		near = elsewhere = find_misplaced(d, p->name);
	strict_error(d, "unknown field", p, near);
}

static int decode_object(
    struct decoder *d, const struct schema *s, json *obj, const struct place *p)
{
	json *seen[FIELDS_MAX] = {0}, *next;

	for (json *m = json_first(obj); m; m = next) {
		const struct field *f = schema_field(s, json_key(m));
		struct place here = PLACE(p, json_key(m));
		struct value v = {f, s, &here, &here, obj, m, false};

		next = json_next(m);
		if (!f) {
			unknown_field(d, s, &here);
			json_remove(obj, m);
			continue;
		}
		here.name = f->name;
		if (seen[f - s->fields]) {
			strict_error(d, "duplicate field", &here, NULL);
			json_remove(obj, seen[f - s->fields]);
		}
		seen[f - s->fields] = m;
		if (json_type(m) != JSON_NULL && decode_value(d, &v) < 0)
			return -1;
		/* The value may have been replaced by its canonical form: it stands before the next
		 * one. */
		seen[f - s->fields] = json_get(obj, f->name);
	}
	for (const struct field *f = s->fields; f->name; f++) {
		json *m = seen[f - s->fields];

		if (m && (json_type(m) == JSON_NULL || is_zero(f, m)))
			json_remove(obj, m);
	}
	return 0;
}

/* ---- the whole body ---- */

static void set_absent(json *root, const char *key, const char *value)
{
	const json *v = json_get(root, key);

	if (!v || str_eq(json_str_or(root, key, NULL), ""))
		json_set_str(root, key, value);
}

/* A body that names no apiVersion or no kind is of the kind of its path. */
static int check_type(const struct kind *k, json *root, struct err *e)
{
	const char *version, *kind;

	set_absent(root, "apiVersion", kind_api_version(k));
	set_absent(root, "kind", k->kind);
	version = json_str_or(root, "apiVersion", "");
	kind = json_str_or(root, "kind", "");
	if (!str_eq(version, kind_api_version(k)))
		return err_set(e, ERR_BAD_REQUEST,
		    "the API version in the data (%s) does not match the expected API version (%s)",
		    version, kind_api_version(k));
	if (!str_eq(kind, k->kind))
		return err_set(e, ERR_BAD_REQUEST,
		    "the kind in the data (%s) does not match the expected kind (%s)", kind,
		    k->kind);
	return 0;
}

int api_decode_tree(const struct kind *k, json *root, struct strlist *strict, struct err *e)
{
	struct decoder d = {.root = k->schema, .strict = strict, .e = e};

	if (!json_is_object(root))
		return err_set(e, ERR_BAD_REQUEST,
		    "json: cannot unmarshal %s into Go value of type v1.%s",
		    json_type_name(json_type(root)), k->schema->go_name);
	return decode_object(&d, k->schema, root, NULL);
}

json *api_decode(const struct kind *k, const char *text, size_t len, enum field_validation mode,
    struct strlist *warnings, struct err *e)
{
	auto_json *root = json_parse(text, len, JSON_ALLOW_DUPLICATES, e);
	auto_strlist strict = {0};

	if (!root) {
		err_wrap(e,
		    "the object provided is unrecognized (must be of type %s): json parse error",
		    k->kind);
		return NULL;
	}
	if (json_is_object(root) && check_type(k, root, e) < 0)
		return NULL;
	if (api_decode_tree(k, root, mode == FIELDS_IGNORE ? NULL : &strict, e) < 0) {
		cannot_handle(k, e);
		return NULL;
	}
	if (mode == FIELDS_STRICT && strict.len) {
		auto_free char *all = strlist_join(&strict, ", ");

		err_set(e, ERR_BAD_REQUEST, "strict decoding error: %s", all);
		cannot_handle(k, e);
		return NULL;
	}
	for (size_t i = 0; warnings && i < strict.len; i++)
		strlist_add(warnings, strict.items[i]);
	return TAKE(root);
}
