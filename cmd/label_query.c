#include "label_query.h"

#include <stdlib.h>
#include <string.h>

void label_query_release(struct label_query *s)
{
	for (size_t i = 0; i < s->len; i++) {
		free(s->items[i].key);
		strlist_release(&s->items[i].values);
	}
	free(s->items);
	memset(s, 0, sizeof(*s));
}

/* What is left of the text. */
struct scan {
	const char *at;
};

static void skip_blanks(struct scan *s)
{
	s->at += strspn(s->at, " \t\r\n");
}

static bool take(struct scan *s, const char *word)
{
	skip_blanks(s);
	if (!str_has_prefix(s->at, word))
		return false;
	s->at += strlen(word);
	return true;
}

/* A key or a value; owned, maybe empty. */
static char *take_word(struct scan *s)
{
	size_t len;
	char *word;

	skip_blanks(s);
	len = strcspn(s->at, "=!,()<> \t\r\n");
	word = xstrndup(s->at, len);
	s->at += len;
	return word;
}

static int unexpected(const struct scan *s, const char *wanted, struct err *e)
{
	return err_set(e, ERR_BAD_REQUEST, "unable to parse requirement: found '%s', expected: %s",
	    s->at, wanted);
}

/* (a,b) */
static int parse_set(struct scan *s, struct label_requirement *r, struct err *e)
{
	if (!take(s, "("))
		return unexpected(s, "'('", e);
	do {
		strlist_add_take(&r->values, take_word(s));
	} while (take(s, ","));
	return take(s, ")") ? 0 : unexpected(s, "',' or ')'", e);
}

/* What stands behind the key. */
static int parse_values(struct scan *s, struct label_requirement *r, struct err *e)
{
	static const struct {
		const char *sign;
		bool negated;
	} signs[] = {{"==", false}, {"=", false}, {"!=", true}};
	struct scan behind;
	auto_free char *word = NULL;

	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		if (!take(s, signs[i].sign))
			continue;
		r->negated = signs[i].negated;
		strlist_add_take(&r->values, take_word(s));
		return 0;
	}
	behind = *s;
	word = take_word(&behind);
	if (!*word)
		return 0;
	if (!str_eq(word, "in") && !str_eq(word, "notin"))
		return unexpected(s, "in, notin, =, ==, !=", e);
	*s = behind;
	r->negated = str_eq(word, "notin");
	return parse_set(s, r, e);
}

static int parse_requirement(struct scan *s, struct label_requirement *r, struct err *e)
{
	bool absent = take(s, "!");

	r->key = take_word(s);
	if (!*r->key)
		return unexpected(s, "!, identifier", e);
	if (!absent)
		return parse_values(s, r, e);
	r->negated = true;
	return 0;
}

int label_query_parse(struct label_query *ret, const char *text, struct err *e)
{
	struct scan s = {.at = text};

	skip_blanks(&s);
	if (!*s.at)
		return 0;
	do {
		GROW(ret->items, ret->cap, ret->len + 1);
		ret->items[ret->len] = (struct label_requirement){0};
		if (parse_requirement(&s, &ret->items[ret->len++], e) < 0)
			return -1;
	} while (take(&s, ","));
	skip_blanks(&s);
	return *s.at ? unexpected(&s, "',' or the end", e) : 0;
}

static bool requirement_met(const struct label_requirement *r, const json *labels)
{
	const char *value = json_string_value(json_get(labels, r->key));

	if (!value || !r->values.len)
		return !value == r->negated;
	return strlist_has(&r->values, value) != r->negated;
}

bool label_query_matches(const struct label_query *s, const json *labels)
{
	for (size_t i = 0; i < s->len; i++)
		if (!requirement_met(&s->items[i], labels))
			return false;
	return true;
}
