#include "json_view.h"

#include "json_node.h"
#include "str.h"

#define MAX_WANTED 128
#define BLOCK_NODES 64
/* Integers of more digits are json_parse's matter. */
#define EASY_DIGITS 15

/* A name on some path; its children are the names that may follow. */
struct wanted {
	const char *name;
	size_t len;
	bool whole;   /* a path ends here */
	bool all_but; /* "!NAME" */
	bool open;    /* a child is so: more is wanted than can be counted */
	struct wanted *child, *next;
	size_t children;
};

struct block {
	struct block *next;
	json nodes[BLOCK_NODES];
};

struct json_view {
	struct wanted wanted[MAX_WANTED]; /* the first one is the document */
	size_t wanted_len;
	char *text; /* the document's, in which names and strings are made to end */
	size_t text_cap;
	struct block *blocks, *block; /* all, and the one in use */
	size_t used;                  /* nodes of it */
	json *kept;                   /* an array: numbers that are json_parse's matter */
	/* while reading */
	char *p, *end;
	int depth;
};

/* ---- what is wanted ---- */

static struct wanted *add_name(struct json_view *v, struct wanted *w, const char *name, size_t len)
{
	bool all_but = *name == '!';
	struct wanted **at = &w->child;

	name += all_but;
	len -= all_but;
	for (; *at; at = &(*at)->next)
		if ((*at)->len == len && memcmp((*at)->name, name, len) == 0)
			return *at;
	if (v->wanted_len == MAX_WANTED)
		abort(); /* paths are no input */
	*at = &v->wanted[v->wanted_len++];
	**at = (struct wanted){.name = name, .len = len, .all_but = all_but};
	w->children++;
	w->open |= all_but;
	return *at;
}

static void add_path(struct json_view *v, const char *path, size_t len)
{
	struct wanted *w = &v->wanted[0];

	for (const char *end = path + len; path < end; path++) {
		size_t n = strcspn(path, ". ");

		w = add_name(v, w, path, n);
		path += n;
	}
	w->whole = true;
}

struct json_view *json_view_new(const char *const *paths)
{
	struct json_view *v = xcalloc(1, sizeof(*v));

	v->wanted_len = 1;
	v->kept = json_new_array();
	for (; *paths; paths++)
		for (const char *p = *paths; *p; p += strspn(p, " ")) {
			size_t len = strcspn(p, " ");

			add_path(v, p, len);
			p += len;
		}
	return v;
}

void json_view_free(struct json_view *v)
{
	if (!v)
		return;
	for (struct block *b = v->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	json_free(v->kept);
	free(v->text);
	free(v);
}

/* The wanted member of this name; NULL: it is not wanted. */
static const struct wanted *find(const struct wanted *w, const char *name, size_t len)
{
	static const struct wanted whole = {.whole = true};

	for (const struct wanted *c = w->child; c; c = c->next) {
		bool same = c->len == len && memcmp(c->name, name, len) == 0;

		if (c->all_but)
			return same ? NULL : &whole;
		if (same)
			return c;
	}
	return NULL;
}

/* ---- passing over ---- */

static void skip_blanks(struct json_view *v)
{
	while (v->p < v->end && (*v->p == ' ' || *v->p == '\n' || *v->p == '\t' || *v->p == '\r'))
		v->p++;
}

/* The text ends with NUL, so that these loops need not look for its end: most of a document is
 * passed over here. */
#define IN_STRING 1
#define OUTSIDE 2
static const unsigned char stops[256] = {
    ['\0'] = IN_STRING | OUTSIDE,
    ['"'] = IN_STRING | OUTSIDE,
    ['\\'] = IN_STRING,
    ['{'] = OUTSIDE,
    ['}'] = OUTSIDE,
    ['['] = OUTSIDE,
    [']'] = OUTSIDE,
};

/* At the opening quote; *escapes: it has some. */
static bool skip_string(struct json_view *v, bool *escapes)
{
	const unsigned char *p = (const unsigned char *)v->p + 1;

	for (*escapes = false;; p += p[1] ? 2 : 1) {
		while (!(stops[*p] & IN_STRING))
			p++;
		if (*p != '\\')
			break;
		*escapes = true;
	}
	v->p = (char *)p + (*p == '"');
	return *p == '"';
}

/* Goes behind the bracket that closes `depth` open ones. */
static bool skip_open(struct json_view *v, int depth)
{
	bool escapes;

	while (depth > 0) {
		while (!(stops[(unsigned char)*v->p] & OUTSIDE))
			v->p++;
		if (*v->p == '\0')
			return false;
		if (*v->p == '"') {
			if (!skip_string(v, &escapes))
				return false;
			continue;
		}
		depth += *v->p == '{' || *v->p == '[' ? 1 : -1;
		v->p++;
	}
	return true;
}

static bool skip_value(struct json_view *v)
{
	const char *from;
	bool escapes;

	skip_blanks(v);
	if (v->p == v->end)
		return false;
	if (*v->p == '"')
		return skip_string(v, &escapes);
	if (*v->p == '{' || *v->p == '[') {
		v->p++;
		return skip_open(v, 1);
	}
	for (from = v->p; v->p < v->end && !strchr(",]} \n\t\r", *v->p); v->p++)
		;
	return v->p > from;
}

/* ---- reading ---- */

static json *new_node(struct json_view *v, int type)
{
	json *j;

	if (!v->block || v->used == BLOCK_NODES) {
		struct block **next = v->block ? &v->block->next : &v->blocks;

		if (!*next)
			*next = xcalloc(1, sizeof(**next));
		v->block = *next;
		v->used = 0;
	}
	j = &v->block->nodes[v->used++];
	memset(j, 0, sizeof(*j));
	j->type = type;
	return j;
}

/* The string at the opening quote, unescaped in its place; NULL: there is none. */
static char *read_string(struct json_view *v, size_t *ret_len)
{
	char *text = v->p + 1;
	auto_json *s = NULL;
	bool escapes;

	if (!skip_string(v, &escapes))
		return NULL;
	*ret_len = (size_t)(v->p - text) - 1;
	if (escapes) {
		s = json_parse(text - 1, *ret_len + 2, JSON_PARSE_STRICT, NULL);
		if (!s)
			return NULL;
		*ret_len = strlen(json_string_value(s));
		memcpy(text, json_string_value(s), *ret_len);
	}
	text[*ret_len] = '\0';
	return text;
}

static json *read_number(struct json_view *v)
{
	size_t len = strspn(v->p, "+-.0123456789Ee"), minus = *v->p == '-';
	size_t digits = strspn(v->p + minus, "0123456789");
	json *j = new_node(v, cJSON_Number), *parsed;
	int64_t n = 0;

	if (digits && minus + digits == len && digits <= EASY_DIGITS && v->p[minus] != '0') {
		for (size_t i = minus; i < len; i++)
			n = n * 10 + (v->p[i] - '0');
		j->valuedouble = (double)(minus ? -n : n);
	} else {
		parsed = json_parse(v->p, len, JSON_PARSE_STRICT, NULL);
		if (!parsed)
			return NULL;
		json_add(v->kept, parsed);
		j->type = parsed->type;
		j->valuedouble = parsed->valuedouble;
		j->valuestring = parsed->valuestring;
	}
	v->p += len;
	return j;
}

static json *read_word(struct json_view *v, const char *word, int type)
{
	size_t len = strlen(word);

	if ((size_t)(v->end - v->p) < len || memcmp(v->p, word, len) != 0)
		return NULL;
	v->p += len;
	return new_node(v, type);
}

static json *read_value(struct json_view *v, const struct wanted *w);

/* Behind the opening bracket. */
static bool read_members(struct json_view *v, const struct wanted *w, json *object)
{
	json **at = &object->child;
	size_t found = 0;

	for (skip_blanks(v); v->p < v->end && *v->p != '}'; skip_blanks(v)) {
		const struct wanted *inner = w;
		size_t len;
		char *name = *v->p == '"' ? read_string(v, &len) : NULL;

		if (!name)
			return false;
		if (!w->whole)
			inner = find(w, name, len);
		skip_blanks(v);
		if (v->p == v->end || *v->p++ != ':')
			return false;
		if (!inner && !skip_value(v))
			return false;
		if (inner) {
			*at = read_value(v, inner);
			if (!*at)
				return false;
			(*at)->string = name;
			at = &(*at)->next;
			found++;
		}
		if (!w->whole && !w->open && found == w->children)
			return v->depth == 1 || skip_open(v, 1);
		skip_blanks(v);
		if (v->p < v->end && *v->p == ',')
			v->p++;
	}
	return v->p++ < v->end;
}

static bool read_items(struct json_view *v, const struct wanted *w, json *array)
{
	json **at = &array->child;

	for (skip_blanks(v); v->p < v->end && *v->p != ']'; skip_blanks(v)) {
		*at = read_value(v, w);
		if (!*at)
			return false;
		at = &(*at)->next;
		skip_blanks(v);
		if (v->p < v->end && *v->p == ',')
			v->p++;
	}
	return v->p++ < v->end;
}

static json *read_container(struct json_view *v, const struct wanted *w)
{
	bool object = *v->p++ == '{', ok;
	json *j = new_node(v, object ? cJSON_Object : cJSON_Array);

	if (++v->depth > JSON_MAX_DEPTH)
		return NULL;
	ok = object ? read_members(v, w, j) : read_items(v, w, j);
	v->depth--;
	return ok ? j : NULL;
}

static json *read_value(struct json_view *v, const struct wanted *w)
{
	size_t len;
	json *j;

	skip_blanks(v);
	if (v->p == v->end)
		return NULL;
	switch (*v->p) {
	case '{':
	case '[':
		return read_container(v, w);
	case '"':
		j = new_node(v, cJSON_String);
		j->valuestring = read_string(v, &len);
		return j->valuestring ? j : NULL;
	case 't':
		return read_word(v, "true", cJSON_True);
	case 'f':
		return read_word(v, "false", cJSON_False);
	case 'n':
		return read_word(v, "null", cJSON_NULL);
	default:
		return *v->p == '-' || (*v->p >= '0' && *v->p <= '9') ? read_number(v) : NULL;
	}
}

const json *json_view_read(struct json_view *v, const char *text, size_t len, struct err *e)
{
	const json *j;

	if (v->text_cap < len + 1) {
		v->text_cap = len + len / 2 + 1;
		v->text = xrealloc(v->text, v->text_cap);
	}
	memcpy(v->text, text, len);
	v->text[len] = '\0';
	v->p = v->text;
	v->end = v->text + len;
	v->depth = 0;
	v->block = NULL;
	while (json_first(v->kept))
		json_remove(v->kept, json_first(v->kept));
	j = read_value(v, &v->wanted[0]);
	if (!j)
		err_set(e, ERR_BAD_REQUEST, "byte %zu: no JSON", (size_t)(v->p - v->text));
	return j;
}
