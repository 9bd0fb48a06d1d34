/* yaml_stream: libyaml's events into places. */
#include <yaml.h>

#include <stdio.h>

#include "map.h"
#include "yaml_scalar.h"
#include "yaml_tree.h"

#define YAML_TAG "tag:yaml.org,2002:"

struct reader {
	struct yaml_source *s;
	yaml_parser_t parser;
	struct yaml_places *places; /* of the document being read */
	struct map anchors;         /* name -> struct place */
	size_t merge_work;          /* members looked at for merge keys */
	struct err *e;
};

static int read_value(struct reader *r, const yaml_event_t *ev, int depth, struct place *place);

/* ---- errors ---- */

static unsigned line_at(const struct reader *r, yaml_mark_t mark)
{
	return r->s->line + (unsigned)mark.line;
}

static int fail_at(struct reader *r, yaml_mark_t mark, const char *fmt, ...) PRINTF_LIKE(3, 4);
static int fail_at(struct reader *r, yaml_mark_t mark, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(r->e, ERR_BAD_REQUEST, "%s:%u:%zu: %s", r->s->name, line_at(r, mark),
	    mark.column + 1, text);
}

/* libyaml's words, as far as they say little to somebody who only wrote a manifest, in plainer
 * ones. */
static const struct {
	const char *problem;
	const char *plain;
	bool at_context; /* the place to look at is where the thing began */
} plain_words[] = {
    {"found character that cannot start any token",
	"a value cannot begin with this character: put the value in quotes", false},
    {"mapping values are not allowed in this context",
	"did not expect ':' here: check the indentation, or quote the value if it holds \": \"",
	false},
    {"did not find expected key", "expected another key of this map, or less indentation", false},
    {"did not find expected '-' indicator",
	"expected '- ' as for the items above, or less indentation", false},
    {"could not find expected ':'", "expected ':' behind the key", true},
    {"found unexpected end of stream", "the quote that is opened here is never closed", true},
    {"found unexpected document indicator", "the quote that is opened here is never closed", true},
    {"did not find expected <document start>", "expected '---' before another document", false},
    {"block sequence entries are not allowed in this context", "did not expect '- ' here", false},
    {"found unknown escape character",
	"unknown escape in a double-quoted string: write \\\\ for a backslash, or use single "
	"quotes",
	false},
};

/* The start of line NUMBER (from 0) behind the source's position; NULL: there is none. */
static const char *line_text(const struct yaml_source *s, size_t number)
{
	const char *p = s->text + s->pos, *end = s->text + s->len;

	for (; number > 0; number--) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			return NULL;
		p++;
	}
	return p < end ? p : NULL;
}

/* True and the column (from 0) where the indentation of the line holds a tab. */
static bool tab_in_indent(const struct yaml_source *s, size_t line, size_t *ret_column)
{
	const char *p = line_text(s, line), *end = s->text + s->len;
	size_t n = 0;

	while (p && p + n < end && p[n] == ' ')
		n++;
	*ret_column = n;
	return p && p + n < end && p[n] == '\t';
}

/* What the byte reader under libyaml objects to has an offset, no mark. */
static int reader_problem(struct reader *r)
{
	const struct yaml_source *s = r->s;
	const char *from = s->text + s->pos;
	size_t offset = r->parser.problem_offset;
	yaml_mark_t mark = {0};

	for (size_t i = 0; i < offset && i < s->len - s->pos; i++) {
		mark.column++;
		if (from[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	if (r->parser.problem_value == -1)
		return fail_at(r, mark, "%s", r->parser.problem);
	return fail_at(
	    r, mark, "%s (0x%02X)", r->parser.problem, (unsigned)r->parser.problem_value);
}

static int parser_problem(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	yaml_mark_t mark = p->problem_mark;

	if (p->error == YAML_READER_ERROR)
		return reader_problem(r);
	if (!p->problem)
		return err_set(r->e, ERR_BAD_REQUEST, "%s: not readable as YAML", r->s->name);
	if (tab_in_indent(r->s, mark.line, &mark.column))
		return fail_at(r, mark, "found a tab character; YAML is indented with spaces (%s)",
		    p->problem);
	mark = p->problem_mark;
	for (size_t i = 0; i < ARRAY_LEN(plain_words); i++) {
		if (strcmp(plain_words[i].problem, p->problem) != 0)
			continue;
		if (plain_words[i].at_context && p->context)
			mark = p->context_mark;
		return fail_at(r, mark, "%s (%s)", plain_words[i].plain, p->problem);
	}
	return fail_at(
	    r, mark, "%s%s%s", p->context ? p->context : "", p->context ? ": " : "", p->problem);
}

static void event_cleanup(yaml_event_t *ev)
{
	yaml_event_delete(ev);
}
#define auto_event CLEANUP(event_cleanup) yaml_event_t

static int next_event(struct reader *r, yaml_event_t *ev)
{
	if (!yaml_parser_parse(&r->parser, ev)) {
		memset(ev, 0, sizeof(*ev));
		return parser_problem(r);
	}
	return 0;
}

/* ---- scalars ---- */

static const struct {
	const char *tag;
	enum yaml_type type;
} scalar_tags[] = {
    {YAML_TAG "str", YAML_STR},
    {YAML_TAG "null", YAML_NULL},
    {YAML_TAG "bool", YAML_BOOL},
    {YAML_TAG "int", YAML_INT},
    {YAML_TAG "float", YAML_FLOAT},
    {YAML_TAG "timestamp", YAML_TIMESTAMP},
    {YAML_TAG "merge", YAML_MERGE},
};

static const char *short_tag(const char *tag)
{
	static const char prefix[] = YAML_TAG;

	return strncmp(tag, prefix, sizeof(prefix) - 1) == 0 ? tag + sizeof(prefix) - 1 : NULL;
}

static int bad_tag(struct reader *r, const yaml_event_t *ev, const char *tag)
{
	const char *name = short_tag(tag);

	return fail_at(r, ev->start_mark, "the tag %s%s is not supported here", name ? "!!" : "",
	    name ? name : tag);
}

/* What a scalar means: its type, and for numbers their text. */
static int resolve(struct reader *r, const yaml_event_t *ev, struct yaml_scalar *ret)
{
	const char *text = (const char *)ev->data.scalar.value;
	const char *tag = (const char *)ev->data.scalar.tag;
	size_t len = ev->data.scalar.length;

	memset(ret, 0, sizeof(*ret));
	if (memchr(text, '\0', len))
		return fail_at(r, ev->start_mark, "a string cannot hold the character NUL");
	if (!tag) {
		if (ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
			yaml_resolve(text, len, ret);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(scalar_tags); i++) {
		if (strcmp(scalar_tags[i].tag, tag) != 0)
			continue;
		if (scalar_tags[i].type == YAML_STR)
			return 0;
		yaml_resolve(text, len, ret);
		if (ret->type == scalar_tags[i].type ||
		    (scalar_tags[i].type == YAML_FLOAT && ret->type == YAML_INT))
			return 0;
		return fail_at(
		    r, ev->start_mark, "\"%s\" cannot be read as !!%s", text, short_tag(tag));
	}
	return bad_tag(r, ev, tag);
}

static const char *quoted(struct reader *r, const char *text, size_t len)
{
	auto_buf out = {0};

	json_quote(&out, text, len);
	return places_strdup(r->places, out.ptr, out.len);
}

static int read_scalar(struct reader *r, const yaml_event_t *ev, struct place *place)
{
	const char *text = (const char *)ev->data.scalar.value;
	struct yaml_scalar v;

	if (resolve(r, ev, &v) < 0)
		return -1;
	switch (v.type) {
	case YAML_NULL:
		place->json = "null";
		return 0;
	case YAML_BOOL:
		place->json = v.boolean ? "true" : "false";
		return 0;
	case YAML_INT:
	case YAML_FLOAT:
		place->json = places_strdup(r->places, v.text, strlen(v.text));
		return 0;
	case YAML_NONFINITE:
		return fail_at(r, ev->start_mark,
		    "unsupported value %s: JSON has no such number; quote it if it is text", text);
	case YAML_STR:
	case YAML_TIMESTAMP:
	case YAML_MERGE:
		break;
	}
	place->json = quoted(r, text, ev->data.scalar.length);
	return 0;
}

static void set_anchor(struct reader *r, const yaml_char_t *name, struct place *place)
{
	if (name)
		map_set(&r->anchors, (const char *)name, place);
}

/* The name of a member: keys that are no strings become the strings that Kubernetes makes of them.
 */
static int read_key(struct reader *r, const yaml_event_t *ev, struct place *place, bool *ret_merge)
{
	char number[YAML_NUMBER_MAX];
	const char *text;
	struct yaml_scalar v;

	if (ev->type != YAML_SCALAR_EVENT)
		return fail_at(r, ev->start_mark, "a key must be a plain word or a string");
	text = (const char *)ev->data.scalar.value;
	if (resolve(r, ev, &v) < 0)
		return -1;
	*ret_merge = v.type == YAML_MERGE;
	switch (v.type) {
	case YAML_NULL:
	case YAML_NONFINITE:
		if (!*text)
			return fail_at(r, ev->start_mark, "expected a key before ':'");
		return fail_at(
		    r, ev->start_mark, "%s cannot be a key: quote it if it is text", text);
	case YAML_BOOL:
		text = v.boolean ? "true" : "false";
		break;
	case YAML_INT:
		text = v.text;
		break;
	case YAML_FLOAT:
		text = yaml_format_g(number, v.number);
		break;
	case YAML_STR:
	case YAML_TIMESTAMP:
	case YAML_MERGE:
		break;
	}
	place->key = places_strdup(r->places, text, strlen(text));
	if (ev->data.scalar.anchor) {
		struct place *target = places_add(r->places, PLACE_SCALAR, place->line);

		target->json = quoted(r, text, strlen(text));
		set_anchor(r, ev->data.scalar.anchor, target);
	}
	return 0;
}

/* ---- collections ---- */

static int count_child(
    struct reader *r, const yaml_event_t *ev, struct place *parent, const struct place *child)
{
	place_count(parent, child);
	if (r->s->values + parent->weight > YAML_MAX_VALUES)
		return fail_at(r, ev->start_mark,
		    "more than %u values (aliases count with all they stand for)", YAML_MAX_VALUES);
	return 0;
}

static int check_depth(struct reader *r, const yaml_event_t *ev, int depth)
{
	if (depth > YAML_MAX_DEPTH)
		return fail_at(r, ev->start_mark, "nested deeper than %d levels", YAML_MAX_DEPTH);
	return 0;
}

static int read_alias(struct reader *r, const yaml_event_t *ev, int depth, struct place *place)
{
	const char *name = (const char *)ev->data.alias.anchor;
	const struct place *target = map_get(&r->anchors, name);

	if (!target)
		return fail_at(r, ev->start_mark, "unknown anchor '%s' referenced", name);
	if (target->open)
		return fail_at(r, ev->start_mark, "anchor '%s' value contains itself", name);
	if (check_depth(r, ev, depth + target->height) < 0)
		return -1;
	place->kind = target->kind;
	place->json = target->json;
	place->first = target->first;
	place->weight = target->weight;
	place->height = target->height;
	return 0;
}

static int read_list(struct reader *r, int depth, struct place *place)
{
	struct place **tail = &place->first;

	for (;;) {
		auto_event ev = {0};
		struct place *item;

		if (next_event(r, &ev) < 0)
			return -1;
		if (ev.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		item = places_add(r->places, PLACE_SCALAR, line_at(r, ev.start_mark));
		if (read_value(r, &ev, depth + 1, item) < 0 || count_child(r, &ev, place, item) < 0)
			return -1;
		*tail = item;
		tail = &item->next;
	}
}

struct map_reader {
	struct place *place, **tail;
	struct map seen;      /* keys -> struct place */
	struct place *merges; /* a list of what merge keys name, in order */
	struct place **merge_tail;
};

static int read_member(struct reader *r, const yaml_event_t *key, int depth, struct map_reader *m)
{
	struct place *member = places_add(r->places, PLACE_SCALAR, line_at(r, key->start_mark)),
		     *before;
	auto_event value = {0};
	bool merge = false;

	if (read_key(r, key, member, &merge) < 0 || next_event(r, &value) < 0)
		return -1;
	before = merge ? NULL : map_set(&m->seen, member->key, member);
	if (before)
		return fail_at(r, key->start_mark,
		    "key \"%s\" is already set in this map (line %u)", member->key, before->line);
	if (read_value(r, &value, depth + 1, member) < 0 ||
	    count_child(r, &value, m->place, member) < 0)
		return -1;
	if (merge) {
		if (member->kind == PLACE_SCALAR)
			return fail_at(r, value.start_mark,
			    "map merge requires a map or a list of maps as the value");
		*m->merge_tail = member;
		m->merge_tail = &member->next;
		return 0;
	}
	*m->tail = member;
	m->tail = &member->next;
	return 0;
}

/* Adds the members of FROM that the map does not have itself. */
static int merge_from(
    struct reader *r, const yaml_event_t *ev, struct map_reader *m, const struct place *from)
{
	if (from->kind != PLACE_MAP)
		return fail_at(
		    r, ev->start_mark, "map merge requires a map or a list of maps as the value");
	for (const struct place *c = from->first; c; c = c->next) {
		struct place *copy;

		if (++r->merge_work > YAML_MAX_VALUES)
			return fail_at(
			    r, ev->start_mark, "more than %u merged values", YAML_MAX_VALUES);
		if (map_get(&m->seen, c->key))
			continue;
		copy = places_add(r->places, c->kind, c->line);
		*copy = *c;
		copy->next = NULL;
		*m->tail = copy;
		m->tail = &copy->next;
		map_set(&m->seen, copy->key, copy);
		if (count_child(r, ev, m->place, copy) < 0)
			return -1;
	}
	return 0;
}

static int apply_merges(struct reader *r, const yaml_event_t *ev, struct map_reader *m)
{
	for (const struct place *p = m->merges; p; p = p->next) {
		if (p->kind == PLACE_MAP && merge_from(r, ev, m, p) < 0)
			return -1;
		if (p->kind != PLACE_LIST)
			continue;
		for (const struct place *item = p->first; item; item = item->next) {
			if (merge_from(r, ev, m, item) < 0)
				return -1;
		}
	}
	return 0;
}

static int read_members(
    struct reader *r, const yaml_event_t *start, int depth, struct map_reader *m)
{
	for (;;) {
		auto_event ev = {0};

		if (next_event(r, &ev) < 0)
			return -1;
		if (ev.type == YAML_MAPPING_END_EVENT)
			return apply_merges(r, start, m);
		if (read_member(r, &ev, depth, m) < 0)
			return -1;
	}
}

static int read_map(struct reader *r, const yaml_event_t *start, int depth, struct place *place)
{
	struct map_reader m = {.place = place, .tail = &place->first};
	int rc;

	m.merge_tail = &m.merges;
	rc = read_members(r, start, depth, &m);
	map_release(&m.seen, NULL);
	return rc;
}

static int read_collection(struct reader *r, const yaml_event_t *ev, int depth, struct place *place)
{
	bool map = ev->type == YAML_MAPPING_START_EVENT;
	const char *tag =
	    (const char *)(map ? ev->data.mapping_start.tag : ev->data.sequence_start.tag);
	int rc;

	if (tag && strcmp(tag, map ? YAML_TAG "map" : YAML_TAG "seq") != 0)
		return bad_tag(r, ev, tag);
	if (check_depth(r, ev, depth) < 0)
		return -1;
	place->kind = map ? PLACE_MAP : PLACE_LIST;
	place->open = true;
	rc = map ? read_map(r, ev, depth, place) : read_list(r, depth, place);
	place->open = false;
	return rc;
}

/* Reads the value that EV begins. */
static int read_value(struct reader *r, const yaml_event_t *ev, int depth, struct place *place)
{
	if (ev->type == YAML_ALIAS_EVENT)
		return read_alias(r, ev, depth, place);
	if (ev->type == YAML_SCALAR_EVENT) {
		set_anchor(r, ev->data.scalar.anchor, place);
		return read_scalar(r, ev, place);
	}
	set_anchor(r,
	    ev->type == YAML_MAPPING_START_EVENT ? ev->data.mapping_start.anchor
						 : ev->data.sequence_start.anchor,
	    place);
	return read_collection(r, ev, depth, place);
}

/* ---- documents ---- */

static int read_root(struct reader *r)
{
	auto_event ev = {0};

	if (next_event(r, &ev) < 0)
		return -1;
	r->places->root = places_add(r->places, PLACE_SCALAR, line_at(r, ev.start_mark));
	return read_value(r, &ev, 0, r->places->root);
}

static int read_document(struct reader *r)
{
	struct yaml_places *places = r->places = places_new();
	auto_event end = {0};

	if (read_root(r) < 0 || next_event(r, &end) < 0) {
		places_free(places);
		return -1;
	}
	if (places->root->kind == PLACE_SCALAR && strcmp(places->root->json, "null") == 0) {
		places_free(places); /* an empty document */
		return 0;
	}
	r->s->values += places->root->weight;
	return yaml_source_add(r->s, places, r->e);
}

static int read_documents(struct reader *r)
{
	for (;;) {
		auto_event ev = {0};
		int rc;

		if (next_event(r, &ev) < 0)
			return -1;
		if (ev.type == YAML_STREAM_END_EVENT)
			return 0;
		if (ev.type != YAML_DOCUMENT_START_EVENT)
			continue;
		rc = read_document(r);
		map_release(&r->anchors, NULL);
		memset(&r->anchors, 0, sizeof(r->anchors));
		if (rc < 0)
			return -1;
	}
}

int yaml_read_stream(struct yaml_source *s, struct err *e)
{
	struct reader r = {.s = s, .e = e};
	int rc;

	if (!yaml_parser_initialize(&r.parser))
		abort();
	yaml_parser_set_input_string(
	    &r.parser, (const unsigned char *)s->text + s->pos, s->len - s->pos);
	rc = read_documents(&r);
	yaml_parser_delete(&r.parser);
	if (rc == 0)
		s->pos = s->len;
	return rc;
}
