#include "yaml_tree.h"

#include "err.h"

#define ARENA_CHUNK (64u * KIB)

struct arena {
	struct arena *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

struct yaml_places *places_new(void)
{
	return xcalloc(1, sizeof(struct yaml_places));
}

void places_free(struct yaml_places *p)
{
	if (!p)
		return;
	while (p->chunks) {
		struct arena *chunk = p->chunks;

		p->chunks = chunk->next;
		free(chunk);
	}
	free(p);
}

static void *places_alloc(struct yaml_places *p, size_t size)
{
	struct arena *chunk = p->chunks;
	void *ret;

	size = (size + 7) & ~(size_t)7;
	if (!chunk || size > chunk->size - chunk->used) {
		/* Small documents are many, so the first chunk is small. */
		size_t want = chunk ? ARENA_CHUNK : 4 * KIB;

		if (want < size)
			want = size;
		chunk = xmalloc(sizeof(*chunk) + want);
		chunk->next = p->chunks;
		chunk->used = 0;
		chunk->size = want;
		p->chunks = chunk;
	}
	ret = chunk->data + chunk->used;
	chunk->used += size;
	return ret;
}

struct place *places_add(struct yaml_places *p, enum place_kind kind, unsigned line)
{
	struct place *place = places_alloc(p, sizeof(*place));

	memset(place, 0, sizeof(*place));
	place->kind = kind;
	place->line = line;
	place->weight = 1;
	return place;
}

char *places_strdup(struct yaml_places *p, const char *s, size_t len)
{
	char *copy = places_alloc(p, len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

void place_count(struct place *parent, const struct place *child)
{
	parent->weight += child->weight;
	if (parent->height <= child->height)
		parent->height = child->height + 1;
}

void json_quote(struct buf *out, const char *text, size_t len)
{
	size_t from = 0;

	buf_addch(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= ' ' && c != '"' && c != '\\')
			continue;
		buf_add(out, text + from, i - from);
		from = i + 1;
		if (c < ' ')
			buf_addf(out, "\\u%04x", c);
		else
			buf_addf(out, "\\%c", c);
	}
	buf_add(out, text + from, len - from);
	buf_addch(out, '"');
}

void tree_place_print(const struct place *p, struct buf *out)
{
	bool map = p->kind == PLACE_MAP;

	if (p->kind == PLACE_SCALAR) {
		buf_adds(out, p->json);
		return;
	}
	buf_addch(out, map ? '{' : '[');
	for (const struct place *c = p->first; c && !out->overflow; c = c->next) {
		if (c != p->first)
			buf_addch(out, ',');
		if (map) {
			json_quote(out, c->key, strlen(c->key));
			buf_addch(out, ':');
		}
		tree_place_print(c, out);
	}
	buf_addch(out, map ? '}' : ']');
}

int yaml_source_add(struct yaml_source *s, struct yaml_places *places, struct err *e)
{
	struct yaml_docs *docs = s->docs;
	unsigned line = places->root->line;
	auto_buf text = {.max = YAML_MAX_JSON};
	json *root = NULL;

	if (docs->len >= YAML_MAX_DOCS) {
		err_set(e, ERR_TOO_LARGE, "%s:%u:1: more than %d documents", s->name, line,
		    YAML_MAX_DOCS);
		goto fail;
	}
	tree_place_print(places->root, &text);
	if (text.overflow) {
		err_set(e, ERR_TOO_LARGE,
		    "%s:%u:1: the document is larger than %u MiB with its aliases written out",
		    s->name, line, YAML_MAX_JSON / MIB);
		goto fail;
	}
	root = json_parse(text.ptr, text.len, JSON_PARSE_STRICT, e);
	if (!root) {
		err_wrap(e, "%s:%u:1", s->name, line);
		goto fail;
	}
	GROW(docs->items, docs->cap, docs->len + 1);
	docs->items[docs->len++] = (struct yaml_doc){root, line, places};
	return 0;
fail:
	places_free(places);
	return -1;
}

/* How many bytes of PATH name the member KEY: all of the key up to a '.', a '[' or the end; 0:
 * another one. */
static size_t match_key(const char *path, const char *key)
{
	size_t len = strlen(key);

	if (len == 0 || strncmp(path, key, len) != 0)
		return 0;
	return path[len] == '.' || path[len] == '[' || path[len] == '\0' ? len : 0;
}

/* The child of P that PATH leads to next, and the path behind it; NULL: there is none. */
static const struct place *step(const struct place *p, const char **path)
{
	const struct place *best = NULL;
	const char *close = **path == '[' ? strchr(*path, ']') : NULL;
	size_t best_len = 0;

	if (close) {
		const char *text = *path + 1;
		size_t len = (size_t)(close - text);
		unsigned long index = strtoul(text, NULL, 10);

		*path = close + 1;
		if (len >= 2 && (*text == '"' || *text == '\'') && close[-1] == *text) {
			text++;
			len -= 2;
		}
		for (const struct place *c = p->first; c; c = c->next) {
			if (p->kind == PLACE_LIST
				? index-- == 0
				: strlen(c->key) == len && !memcmp(c->key, text, len))
				return c;
		}
		return NULL;
	}
	if (p->kind != PLACE_MAP)
		return NULL;
	/* A key may hold dots itself: the longest that fits wins. */
	for (const struct place *c = p->first; c; c = c->next) {
		size_t len = match_key(*path, c->key);

		if (len > best_len) {
			best = c;
			best_len = len;
		}
	}
	*path += best_len;
	return best;
}

unsigned yaml_line_of(const struct yaml_doc *doc, const char *field_path)
{
	const struct place *p = doc->places ? doc->places->root : NULL;
	unsigned line = 0;

	while (p) {
		line = p->line;
		if (*field_path == '.')
			field_path++;
		if (!*field_path)
			break;
		p = step(p, &field_path);
	}
	return line;
}

void yaml_docs_release(struct yaml_docs *docs)
{
	for (size_t i = 0; i < docs->len; i++) {
		json_free(docs->items[i].root);
		places_free(docs->items[i].places);
	}
	free(docs->items);
	memset(docs, 0, sizeof(*docs));
}
