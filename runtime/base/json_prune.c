/* json_prune: the wanted parts of a document, cut out of its text. */
#include "json.h"

#include "str.h"

#define MAX_PATHS 64

struct cutter {
	const char *p, *end;
	struct buf *out;
	int depth;
};

/* What is left of the paths that lead to, or through, the value at hand. */
struct paths {
	const char *at[MAX_PATHS];
	size_t len;
};

static void skip_blanks(struct cutter *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\t' || *c->p == '\r'))
		c->p++;
}

/* At the opening quote. */
static bool skip_string(struct cutter *c)
{
	const char *p = c->p + 1;

	while (p < c->end && *p != '"')
		p += *p == '\\' ? 2 : 1;
	c->p = p + 1;
	return p < c->end;
}

/* Goes behind the bracket that closes `depth` open ones. */
static bool skip_open(struct cutter *c, int depth)
{
	while (depth > 0 && c->p < c->end) {
		switch (*c->p) {
		case '"':
			if (!skip_string(c))
				return false;
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			depth--;
			break;
		default:
			break;
		}
		c->p++;
	}
	return depth == 0;
}

static bool skip_value(struct cutter *c)
{
	const char *from;

	skip_blanks(c);
	if (c->p == c->end)
		return false;
	if (*c->p == '"')
		return skip_string(c);
	if (*c->p == '{' || *c->p == '[') {
		c->p++;
		return skip_open(c, 1);
	}
	for (from = c->p; c->p < c->end && !strchr(",]} \n\t\r", *c->p); c->p++)
		;
	return c->p > from;
}

static bool copy_value(struct cutter *c)
{
	const char *from = c->p;
	bool ok = skip_value(c);

	if (ok)
		buf_add(c->out, from, (size_t)(c->p - from));
	return ok;
}

static bool is_end(char c)
{
	return c == '\0' || c == ' ';
}

/* Whether PATH begins with the name; then *ret_rest is what stands behind it. */
static bool begins_with(const char *path, const char *name, size_t len, const char **ret_rest)
{
	if (*path != *name || strncmp(path, name, len) != 0 ||
	    (path[len] != '.' && !is_end(path[len])))
		return false;
	*ret_rest = path + len;
	return true;
}

/* What a member is wanted for; true: all of it is. *found counts the paths that it is the end of
 * here. */
static bool follow(
    const struct paths *all, const char *name, size_t len, struct paths *ret, size_t *found)
{
	bool whole = false;
	const char *rest;

	ret->len = 0;
	for (size_t i = 0; i < all->len; i++) {
		const char *path = all->at[i];

		if (*path == '!') {
			whole |= !begins_with(path + 1, name, len, &rest);
			continue;
		}
		if (!begins_with(path, name, len, &rest))
			continue;
		++*found;
		if (*rest == '.')
			ret->at[ret->len++] = rest + 1;
		else
			whole = true;
	}
	return whole;
}

static bool cut_value(struct cutter *c, const struct paths *paths);

/* At a member's name; *first: none was written yet. */
static bool cut_member(struct cutter *c, const struct paths *paths, size_t *found, bool *first)
{
	const char *name = c->p;
	struct paths inner;
	bool whole;

	if (c->p == c->end || *name != '"' || !skip_string(c))
		return false;
	whole = follow(paths, name + 1, (size_t)(c->p - name) - 2, &inner, found);
	if (whole || inner.len) {
		if (!*first)
			buf_addch(c->out, ',');
		*first = false;
		buf_add(c->out, name, (size_t)(c->p - name));
		buf_addch(c->out, ':');
	}
	skip_blanks(c);
	if (c->p == c->end || *c->p++ != ':')
		return false;
	if (whole)
		return copy_value(c);
	return inner.len ? cut_value(c, &inner) : skip_value(c);
}

/* Behind the opening bracket. A document has no name twice: what was found need not be looked for.
 */
static bool cut_object(struct cutter *c, const struct paths *paths)
{
	size_t found = 0;
	bool first = true;

	for (skip_blanks(c); c->p < c->end && *c->p != '}' && found < paths->len; skip_blanks(c)) {
		if (!cut_member(c, paths, &found, &first))
			return false;
		skip_blanks(c);
		if (c->p < c->end && *c->p == ',')
			c->p++;
	}
	buf_addch(c->out, '}');
	return (found == paths->len && c->depth == 1) || skip_open(c, 1);
}

static bool cut_array(struct cutter *c, const struct paths *paths)
{
	for (skip_blanks(c); c->p < c->end && *c->p != ']'; skip_blanks(c)) {
		if (!cut_value(c, paths))
			return false;
		skip_blanks(c);
		if (c->p < c->end && *c->p == ',')
			buf_addch(c->out, *c->p++);
	}
	buf_addch(c->out, ']');
	return skip_open(c, 1);
}

static bool cut_value(struct cutter *c, const struct paths *paths)
{
	bool object, ok;

	skip_blanks(c);
	if (c->p == c->end || (*c->p != '{' && *c->p != '['))
		return copy_value(c);
	if (++c->depth > JSON_MAX_DEPTH)
		return false;
	object = *c->p == '{';
	buf_addch(c->out, *c->p++);
	ok = object ? cut_object(c, paths) : cut_array(c, paths);
	c->depth--;
	return ok;
}

static void add_paths(struct paths *p, const char *texts)
{
	while (*texts) {
		if (p->len == MAX_PATHS)
			abort(); /* they are no input */
		p->at[p->len++] = texts;
		texts += strcspn(texts, " ");
		texts += strspn(texts, " ");
	}
}

int json_prune(
    const char *text, size_t len, const char *const *paths, struct buf *out, struct err *e)
{
	struct cutter c = {.p = text, .end = text + len, .out = out};
	struct paths all = {.len = 0};

	for (; *paths; paths++)
		add_paths(&all, *paths);
	if (cut_value(&c, &all))
		return 0;
	return err_set(e, ERR_BAD_REQUEST, "byte %zu: no JSON", (size_t)(c.p - text));
}
