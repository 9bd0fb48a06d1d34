#include "explain_text.h"

#include "typedoc.h"
#include "output.h"

#define WIDTH 76
#define ENUM_SHOWN 4
#define DEPTH_MAX 64 /* of references, and of nested lists and maps */

/* ---- types ---- */

/* What a list or map holds, or what a property with neighbours refers to; NULL: neither. */
static const json *inner(const json *s)
{
	static const char *const members[] = {"items", "additionalProperties"};
	const json *all = json_get(s, "allOf");

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (json_is_object(json_get(s, members[i])))
			return json_get(s, members[i]);
	return json_len(all) == 1 ? json_first(all) : NULL;
}

/* The properties of a type, or of what it is a list or map of; NULL: it has none. */
static const json *owner_of_fields(const json *document, const json *s)
{
	s = typedoc_resolve(document, s);
	for (int depth = 0; s && depth < DEPTH_MAX; depth++) {
		if (json_is_object(json_get(s, "properties")))
			return s;
		s = typedoc_resolve(document, inner(s));
	}
	return NULL;
}

/* "string", "[]Container", "map[string]Quantity"; appended. */
static void type_name(const json *document, const json *s, struct buf *out)
{
	for (int depth = 0; s && depth < DEPTH_MAX; depth++) {
		const char *ref = json_str(s, "$ref");
		const json *target = ref ? typedoc_resolve(document, s) : NULL;

		if (ref && str_eq(json_str_or(target, "type", "object"), "object")) {
			buf_adds(out, strrchr(ref, '.') ? strrchr(ref, '.') + 1 : ref);
			return;
		}
		if (ref) {
			s = target;
			continue;
		}
		if (!inner(s)) {
			buf_adds(out, json_str_or(s, "type", "Object"));
			return;
		}
		if (json_is_object(json_get(s, "items")))
			buf_adds(out, "[]");
		else if (json_is_object(json_get(s, "additionalProperties")))
			buf_adds(out, "map[string]");
		s = inner(s);
	}
}

static bool is_required(const json *owner, const char *name)
{
	json_for (it, json_get(owner, "required"))
		if (str_eq(json_string_value(it), name))
			return true;
	return false;
}

/* The values that a field, or an item of it, can have; owned, one text for each. */
static void values_of(const json *document, const json *s, struct strlist *ret)
{
	for (int depth = 0; s && depth < DEPTH_MAX && !ret->len; depth++) {
		json_for (v, json_get(s, "enum")) {
			auto_free char *text = json_scalar_text(v);

			strlist_add(ret, *text ? text : "\"\"");
		}
		s = json_has(s, "$ref") ? typedoc_resolve(document, s) : inner(s);
	}
}

/* ---- text ---- */

/* One line, without its newline. Words that are wider than the line stay whole. */
static void wrap_line(char *line, size_t width, size_t indent, struct buf *out)
{
	size_t column = 0;

	buf_pad(out, ' ', indent);
	while (*line) {
		size_t blanks = strspn(line, " \t"), word = strcspn(line + blanks, " \t"), columns;
		char *text = line + blanks, *next = text + word, end = *next;

		*next = '\0';
		columns = text_width(text);
		if (column && column + blanks + columns > width) {
			buf_addch(out, '\n');
			buf_pad(out, ' ', indent);
			column = blanks = 0;
		}
		buf_pad(out, ' ', blanks);
		buf_adds(out, text);
		column += blanks + columns;
		*next = end;
		line = next;
	}
}

void explain_wrap(const char *text, size_t width, size_t indent, struct buf *out)
{
	auto_strlist lines = {0};

	str_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.len; i++) {
		if (i)
			buf_addch(out, '\n');
		wrap_line(lines.items[i], width, indent, out);
	}
}

/* The description of a property and of all that it refers to, a line each. */
static void add_descriptions(const json *document, const json *s, struct buf *out)
{
	for (int depth = 0; s && depth < DEPTH_MAX; depth++) {
		const char *text = json_str_or(s, "description", "");

		if (*text)
			buf_addf(out, "%s\n", text);
		s = json_has(s, "$ref") ? typedoc_resolve(document, s) : inner(s);
	}
}

static void print_description(
    const json *document, const json *s, const char *note, struct buf *out)
{
	auto_buf text = {0};

	add_descriptions(document, s, &text);
	if (!text.len)
		buf_adds(&text, "<empty>");
	buf_adds(&text, note);
	buf_adds(out, "DESCRIPTION:\n");
	explain_wrap(buf_str(&text), WIDTH, 4, out);
	buf_addch(out, '\n');
}

/* ---- fields ---- */

/* The types on the way down: one that contains itself is not entered again. */
struct above {
	const json *owner;
	const struct above *up;
};

static bool is_above(const struct above *a, const json *owner)
{
	for (; a; a = a->up)
		if (a->owner == owner)
			return true;
	return false;
}

static void print_enum(const json *document, const json *field, size_t indent, struct buf *out)
{
	auto_strlist values = {0};

	values_of(document, field, &values);
	if (!values.len)
		return;
	buf_pad(out, ' ', indent);
	buf_adds(out, "enum: ");
	for (size_t i = 0; i < values.len && i < ENUM_SHOWN; i++)
		buf_addf(out, "%s%s", i ? ", " : "", values.items[i]);
	buf_adds(out, values.len > ENUM_SHOWN ? ", ....\n" : "\n");
}

static void print_fields(const struct explain *x, const json *owner, size_t indent,
    const struct above *up, struct buf *out)
{
	struct above here = {.owner = owner, .up = up};
	const json *properties = json_get(owner, "properties");
	auto_strlist names = {0};

	json_for (p, properties)
		strlist_add(&names, json_key(p));
	strlist_sort(&names);
	for (size_t i = 0; i < names.len && !out->overflow; i++) {
		const json *field = json_get(properties, names.items[i]), *below;

		buf_pad(out, ' ', indent);
		buf_addf(out, "%s\t<", names.items[i]);
		type_name(x->document, field, out);
		buf_adds(out, is_required(owner, names.items[i]) ? "> -required-\n" : ">\n");
		print_enum(x->document, field, indent, out);
		if (!x->recursive) {
			explain_wrap(json_str_or(field, "description", "<no description>"), WIDTH,
			    indent + 2, out);
			buf_adds(out, "\n\n");
			continue;
		}
		below = owner_of_fields(x->document, field);
		if (below && !is_above(&here, below))
			print_fields(x, below, indent + 2, &here, out);
	}
}

/* ---- the whole ---- */

static int no_such_field(const json *owner, const char *name, struct err *e)
{
	const json *properties = json_get(owner, "properties");
	const char **names = xcalloc(json_len(properties) + 1, sizeof(*names));
	const char *near;
	size_t n = 0;

	json_for (p, properties)
		names[n++] = json_key(p);
	near = str_nearest(name, names);
	free(names);
	if (near)
		return err_set(e, ERR_NOT_FOUND,
		    "field \"%s\" does not exist (did you mean \"%s\"?)", name, near);
	return err_set(e, ERR_NOT_FOUND, "field \"%s\" does not exist", name);
}

/* Follows the path; ret_note says where a field above the last one is not supported. */
static int find_field(
    const struct explain *x, const json *type, const json **ret, char **ret_note, struct err *e)
{
	const json *at = type;

	for (size_t i = 0; i < x->fields->len; i++) {
		const char *name = x->fields->items[i];
		const json *owner = owner_of_fields(x->document, at);
		const json *field = json_get(json_get(owner, "properties"), name);

		if (!field)
			return no_such_field(owner, name, e);
		if (json_bool(at, "x-kjob-unsupported", false) && !*ret_note)
			*ret_note = xasprintf(
			    "(Part of %s, which this version of kjob does not support.)\n",
			    x->fields->items[i - 1]);
		at = field;
	}
	*ret = at;
	return 0;
}

static void print_heading(const struct explain *x, const json *field, struct buf *out)
{
	auto_strlist values = {0};

	if (*x->group)
		buf_addf(out, "GROUP:      %s\n", x->group);
	buf_addf(out, "KIND:       %s\nVERSION:    %s\n\n", x->kind, x->version);
	if (!x->fields->len)
		return;
	buf_addf(out, "FIELD: %s <", x->fields->items[x->fields->len - 1]);
	type_name(x->document, field, out);
	buf_adds(out, ">\n");
	values_of(x->document, field, &values);
	buf_adds(out, values.len ? "ENUM:\n" : "\n");
	for (size_t i = 0; i < values.len; i++)
		buf_addf(out, "    %s\n", values.items[i]);
	buf_addch(out, '\n');
}

int explain_print(const struct explain *x, struct buf *out, struct err *e)
{
	const json *type = typedoc_kind(x->document, x->group, x->version, x->kind), *at = NULL,
		   *owner;
	auto_free char *note = NULL;

	if (!type)
		return err_set(e, ERR_NOT_FOUND,
		    "GVR (%s/%s, Resource=%s) not found in OpenAPI schema", x->group, x->version,
		    x->resource);
	if (find_field(x, type, &at, &note, e) < 0)
		return -1;
	print_heading(x, at, out);
	print_description(x->document, at, note ? note : "", out);
	owner = owner_of_fields(x->document, at);
	if (owner) {
		buf_adds(out, "FIELDS:\n");
		print_fields(x, owner, 2, NULL, out);
	}
	buf_addch(out, '\n');
	return out->overflow ? err_set(e, ERR_TOO_LARGE, "the fields are more than can be shown")
			     : 0;
}
