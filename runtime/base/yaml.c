/*
 * yaml: takes a text apart into JSON values and YAML streams. As kubectl's reader does, a document
 * that begins with '{' is read as JSON first; YAML is the second try, for flow maps with bare
 * words.
 */
#include <stdio.h>

#include "map.h"
#include "yaml_tree.h"

/* What comes between documents. */
struct gap {
	size_t pos; /* of the next document, its indentation included unless it begins with '{' */
	unsigned line;
	bool separated; /* a line "---" was among it */
	bool newline;
};

static bool is_separator(const char *s, size_t len)
{
	size_t i = 3;

	if (len < 3 || memcmp(s, "---", 3) != 0)
		return false;
	while (i < len && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r'))
		i++;
	return i == len || s[i] == '\n';
}

static struct gap pass_gap(const struct yaml_source *s)
{
	struct gap g = {s->pos, s->line, false, s->pos == 0};
	size_t i = s->pos;
	unsigned line = s->line;

	while (i < s->len) {
		if (s->text[i] == '\n') {
			g.pos = ++i;
			g.line = ++line;
			g.newline = true;
		} else if (strchr(" \t\r", s->text[i])) {
			i++;
		} else if (g.newline && i == g.pos && is_separator(s->text + i, s->len - i)) {
			g.separated = true;
			i += 3;
		} else {
			break;
		}
	}
	if (i == s->len || s->text[i] == '{')
		g.pos = i;
	return g;
}

/* A brace with a quoted key behind it: meant as JSON, so JSON's complaint is the one to show. */
static bool looks_like_json(const struct yaml_source *s)
{
	size_t i = s->pos + 1;

	while (i < s->len && strchr(" \t\r\n", s->text[i]))
		i++;
	return i < s->len && (s->text[i] == '"' || s->text[i] == '}');
}

/* Reads a document that begins with '{'. */
static int read_braces(struct yaml_source *s, bool *was_json, struct err *e)
{
	auto_err first = {0};
	auto_err second = {0};

	*was_json = true;
	if (yaml_read_json(s, &first) == 0)
		return 0;
	*was_json = false;
	if (yaml_read_stream(s, &second) == 0)
		return 0;
	err_move(e, looks_like_json(s) ? &first : &second);
	return -1;
}

static int read_all(struct yaml_source *s, struct err *e)
{
	bool was_json = false;

	while (s->pos < s->len) {
		struct gap g = pass_gap(s);
		bool brace = g.pos < s->len && s->text[g.pos] == '{';

		if (was_json && g.pos < s->len && !brace && !(g.newline && g.separated))
			return err_set(e, ERR_BAD_REQUEST,
			    "%s:%u: expected '---' or another JSON value behind the JSON value",
			    s->name, g.line);
		s->pos = g.pos;
		s->line = g.line;
		if (s->pos == s->len)
			break;
		if ((brace ? read_braces(s, &was_json, e) : yaml_read_stream(s, e)) < 0)
			return -1;
	}
	return 0;
}

int yaml_parse(const char *name, const char *text, size_t len, struct yaml_docs *ret, struct err *e)
{
	struct yaml_docs docs = {0};
	struct yaml_source s = {.name = name, .text = text, .len = len, .line = 1, .docs = &docs};

	if (len > YAML_MAX_TEXT)
		return err_set(
		    e, ERR_TOO_LARGE, "%s: larger than %u MiB", name, YAML_MAX_TEXT / MIB);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		s.text += 3;
		s.len -= 3;
	}
	if (read_all(&s, e) < 0) {
		yaml_docs_release(&docs);
		return -1;
	}
	*ret = docs;
	return 0;
}

/* ---- JSON with places ---- */

struct scan {
	struct yaml_source *s;
	struct yaml_places *places;
	size_t pos, end, line_start;
	unsigned line;
};

static int scan_value(struct scan *c, int depth, struct place *place, struct err *e);

static void scan_space(struct scan *c)
{
	for (; c->pos < c->end && strchr(" \t\r\n", c->s->text[c->pos]); c->pos++) {
		if (c->s->text[c->pos] == '\n') {
			c->line++;
			c->line_start = c->pos + 1;
		}
	}
}

static char scan_peek(struct scan *c)
{
	scan_space(c);
	return c->pos < c->end ? c->s->text[c->pos] : '\0';
}

/* The bytes of a string with its quotes, or of another scalar. */
static size_t scan_scalar(const struct scan *c)
{
	const char *text = c->s->text;
	size_t i = c->pos;

	if (text[i] != '"') {
		while (i < c->end && !strchr(",]}: \t\r\n", text[i]))
			i++;
		return i - c->pos;
	}
	for (i++; i < c->end && text[i] != '"'; i++)
		i += text[i] == '\\';
	return (i < c->end ? i + 1 : c->end) - c->pos;
}

static int scan_key(struct scan *c, struct yaml_places *places, const char **ret, struct err *e)
{
	size_t len = scan_scalar(c);
	json *key = json_parse(c->s->text + c->pos, len, JSON_PARSE_STRICT, e);

	if (!key)
		return -1;
	*ret = places_strdup(places, json_string_value(key), strlen(json_string_value(key)));
	json_free(key);
	c->pos += len;
	return 0;
}

static int scan_member(
    struct scan *c, int depth, struct map *seen, struct place **ret, struct err *e)
{
	struct place *member = places_add(c->places, PLACE_SCALAR, c->line), *before;
	size_t column = c->pos - c->line_start + 1;

	if (scan_key(c, c->places, &member->key, e) < 0)
		return -1;
	before = map_set(seen, member->key, member);
	if (before)
		return err_set(e, ERR_BAD_REQUEST,
		    "%s:%u:%zu: key \"%s\" is already set in this map (line %u)", c->s->name,
		    c->line, column, member->key, before->line);
	scan_space(c);
	c->pos++; /* the colon */
	scan_space(c);
	*ret = member;
	return scan_value(c, depth, member, e);
}

static int scan_items(
    struct scan *c, int depth, struct place *place, struct map *seen, struct err *e)
{
	struct place **tail = &place->first;
	char close = place->kind == PLACE_MAP ? '}' : ']';

	c->pos++;
	while (scan_peek(c) && scan_peek(c) != close) {
		struct place *child = NULL;

		if (place->kind == PLACE_MAP) {
			if (scan_member(c, depth, seen, &child, e) < 0)
				return -1;
		} else {
			child = places_add(c->places, PLACE_SCALAR, c->line);
			if (scan_value(c, depth, child, e) < 0)
				return -1;
		}
		*tail = child;
		tail = &child->next;
		place_count(place, child);
		if (c->s->values + place->weight > YAML_MAX_VALUES)
			return err_set(e, ERR_TOO_LARGE, "%s:%u: more than %u values", c->s->name,
			    c->line, YAML_MAX_VALUES);
		if (scan_peek(c) == ',')
			c->pos++;
	}
	c->pos++;
	return 0;
}

/* Only called on text that json_parse has accepted. */
static int scan_value(struct scan *c, int depth, struct place *place, struct err *e)
{
	char first = scan_peek(c);
	struct map seen = {0};
	size_t len;
	int rc;

	if (first != '{' && first != '[') {
		len = scan_scalar(c);
		place->json = places_strdup(c->places, c->s->text + c->pos, len);
		c->pos += len;
		return 0;
	}
	if (depth >= YAML_MAX_DEPTH)
		return err_set(e, ERR_BAD_REQUEST, "%s:%u: nested deeper than %d levels",
		    c->s->name, c->line, YAML_MAX_DEPTH);
	place->kind = first == '{' ? PLACE_MAP : PLACE_LIST;
	rc = scan_items(c, depth + 1, place, &seen, e);
	map_release(&seen, NULL);
	return rc;
}

/* The end of the value at POS: where its braces are closed, or the end of the text. */
static size_t value_end(const struct yaml_source *s)
{
	size_t depth = 0, i = s->pos;
	bool quoted = false;

	for (; i < s->len; i++) {
		char ch = s->text[i];

		if (quoted && ch == '\\')
			i++;
		else if (ch == '"')
			quoted = !quoted;
		else if (!quoted && (ch == '{' || ch == '['))
			depth++;
		else if (!quoted && (ch == '}' || ch == ']') && --depth == 0)
			return i + 1;
	}
	return s->len;
}

/* json_parse says "line L, column C: text" of its own text: makes it "NAME:L:C: text" of the file.
 */
static int json_complaint(const struct yaml_source *s, struct err *from, struct err *e)
{
	size_t line_start = s->pos;
	unsigned line, column;
	int used = 0;

	while (line_start > 0 && s->text[line_start - 1] != '\n')
		line_start--;
	if (sscanf(err_msg(from), "line %u, column %u: %n", &line, &column, &used) != 2 || !used)
		return err_set(e, ERR_BAD_REQUEST, "%s:%u: %s", s->name, s->line, err_msg(from));
	if (line == 1)
		column += (unsigned)(s->pos - line_start);
	return err_set(e, ERR_BAD_REQUEST, "%s:%u:%u: %s", s->name, s->line + line - 1, column,
	    err_msg(from) + used);
}

int yaml_read_json(struct yaml_source *s, struct err *e)
{
	struct scan c = {.s = s, .pos = s->pos, .line = s->line, .end = value_end(s)};
	auto_err parse_err = {0};
	auto_json *value =
	    json_parse(s->text + s->pos, c.end - s->pos, JSON_ALLOW_DUPLICATES, &parse_err);

	if (!value)
		return json_complaint(s, &parse_err, e);
	for (c.line_start = s->pos; c.line_start > 0 && s->text[c.line_start - 1] != '\n';)
		c.line_start--;
	c.places = places_new();
	c.places->root = places_add(c.places, PLACE_SCALAR, c.line);
	if (scan_value(&c, 0, c.places->root, e) < 0) {
		places_free(c.places);
		return -1;
	}
	s->values += c.places->root->weight;
	if (yaml_source_add(s, c.places, e) < 0)
		return -1;
	s->pos = c.end;
	s->line = c.line;
	return 0;
}
