/* str: small string helpers and a list of strings. */
#ifndef KJOB_BASE_STR_H
#define KJOB_BASE_STR_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"

struct err;

/* An owned list of owned strings. Zeroed is empty; iterate over items[0 .. len-1]. */
struct strlist {
	char **items;
	size_t len, cap;
};

#define auto_strlist CLEANUP(strlist_release) struct strlist

void strlist_add(struct strlist *l, const char *s);
void strlist_add_take(struct strlist *l, char *s);
void strlist_addf(struct strlist *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool strlist_has(const struct strlist *l, const char *s);
void strlist_sort(struct strlist *l);
/* "a, b, c" with SEP between; owned. */
char *strlist_join(const struct strlist *l, const char *sep);
void strlist_release(struct strlist *l);
/* The pieces of TEXT between separators, empty ones too ("" gives one empty piece). */
void str_split(struct strlist *ret, const char *text, char sep);

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool str_has_prefix(const char *s, const char *prefix);
bool str_has_suffix(const char *s, const char *suffix);
/* A whole decimal integer in [min, max] and nothing behind it; -1 without an error value otherwise.
 */
int str_to_int(const char *s, int64_t min, int64_t max, int64_t *ret) MUST_USE;
/*
 * The candidate nearest to WORD for a "did you mean": distance at most 2 (or a third of the length
 * of longer words), ignoring case first. NULL when none is near. Borrowed from CANDIDATES
 * (NULL-terminated).
 */
const char *str_nearest(const char *word, const char *const *candidates);
/* The length of the UTF-8 character that the LEN bytes at S begin with, and its code; 0: they are
 * none. */
size_t str_utf8(const char *s, size_t len, uint32_t *ret);
/* S as Go's %q prints it, quotes included; owned. */
char *str_go_quote(const char *s);

#endif
