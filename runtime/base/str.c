#include "str.h"

#include "buf.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

#define DISTANCE_MAX_LEN 64

void strlist_add_take(struct strlist *l, char *s)
{
	GROW(l->items, l->cap, l->len + 1);
	l->items[l->len++] = s;
}

void strlist_add(struct strlist *l, const char *s)
{
	strlist_add_take(l, xstrdup(s));
}

void strlist_addf(struct strlist *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strlist_add_take(l, xvasprintf(fmt, ap));
	va_end(ap);
}

bool strlist_has(const struct strlist *l, const char *s)
{
	for (size_t i = 0; i < l->len; i++)
		if (strcmp(l->items[i], s) == 0)
			return true;
	return false;
}

static int compare_items(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strlist_sort(struct strlist *l)
{
	if (l->len > 1)
		qsort(l->items, l->len, sizeof(*l->items), compare_items);
}

char *strlist_join(const struct strlist *l, const char *sep)
{
	size_t sep_len = strlen(sep), total = 1;
	char *text, *p;

	for (size_t i = 0; i < l->len; i++)
		total += strlen(l->items[i]) + sep_len;
	p = text = xmalloc(total);
	for (size_t i = 0; i < l->len; i++) {
		size_t len = strlen(l->items[i]);

		if (i > 0) {
			memcpy(p, sep, sep_len);
			p += sep_len;
		}
		memcpy(p, l->items[i], len);
		p += len;
	}
	*p = '\0';
	return text;
}

void strlist_release(struct strlist *l)
{
	for (size_t i = 0; i < l->len; i++)
		free(l->items[i]);
	free(l->items);
	memset(l, 0, sizeof(*l));
}

void str_split(struct strlist *ret, const char *text, char sep)
{
	const char *end;

	while ((end = strchr(text, sep)) != NULL && sep != '\0') {
		strlist_add_take(ret, xstrndup(text, (size_t)(end - text)));
		text = end + 1;
	}
	strlist_add(ret, text);
}

bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_has_suffix(const char *s, const char *suffix)
{
	size_t len = strlen(s), suffix_len = strlen(suffix);

	return len >= suffix_len && memcmp(s + len - suffix_len, suffix, suffix_len) == 0;
}

int str_to_int(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	const char *digits;
	char *end;
	intmax_t n;

	if (!s)
		return -1;
	digits = *s == '-' || *s == '+' ? s + 1 : s; /* strtoimax would skip blanks too */
	if (!isdigit((unsigned char)*digits))
		return -1;
	errno = 0;
	n = strtoimax(s, &end, 10);
	if (errno || *end || n < min || n > max)
		return -1;
	*ret = n;
	return 0;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

static size_t distance(const char *a, const char *b, bool fold)
{
	size_t rows[3][DISTANCE_MAX_LEN + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];
	size_t a_len = strnlen(a, DISTANCE_MAX_LEN), b_len = strnlen(b, DISTANCE_MAX_LEN);
	unsigned char x[DISTANCE_MAX_LEN + 1], y[DISTANCE_MAX_LEN + 1];

	for (size_t i = 0; i < a_len; i++)
		x[i] = (unsigned char)(fold ? tolower((unsigned char)a[i]) : a[i]);
	for (size_t j = 0; j < b_len; j++)
		y[j] = (unsigned char)(fold ? tolower((unsigned char)b[j]) : b[j]);
	for (size_t j = 0; j <= b_len; j++)
		last[j] = before[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = x[i - 1] == y[j - 1];

			row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[b_len];
}

/*
 * Of long words only the beginning is looked at. Letters count without their case; between equals
 * the one with fewer differences in case wins, then the first. More than half of the longer word
 * may never differ: "job" is no misspelling of "po".
 */
const char *str_nearest(const char *word, const char *const *candidates)
{
	size_t word_len = strnlen(word, DISTANCE_MAX_LEN),
	       limit = word_len / 3 > 2 ? word_len / 3 : 2;
	size_t best_folded = 0, best_exact = 0;
	const char *best = NULL;

	for (; word_len > 0 && *candidates; candidates++) {
		size_t len = strnlen(*candidates, DISTANCE_MAX_LEN);
		size_t longer = len > word_len ? len : word_len;
		size_t folded = distance(word, *candidates, true);
		size_t exact = distance(word, *candidates, false);

		if (folded > limit || folded * 2 > longer)
			continue;
		if (!best || folded < best_folded ||
		    (folded == best_folded && exact < best_exact)) {
			best = *candidates;
			best_folded = folded;
			best_exact = exact;
		}
	}
	return best;
}

size_t str_utf8(const char *s, size_t len, uint32_t *ret)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = 0;
	uint32_t c;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		*ret = p[0];
		return 1;
	}
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	if (n == 0 || n > len)
		return 0;
	c = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff ||
	    (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

/*
 * What Go escapes: control, format and private-use characters and all blanks but the common one.
 * Characters that no Unicode version has assigned are taken for printable: that would need the
 * tables.
 */
static bool is_printable(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} hidden[] = {
	    {0x00, 0x1f},
	    {0x7f, 0xa0},
	    {0xad, 0xad},
	    {0x600, 0x605},
	    {0x61c, 0x61c},
	    {0x6dd, 0x6dd},
	    {0x70f, 0x70f},
	    {0x1680, 0x1680},
	    {0x180e, 0x180e},
	    {0x2000, 0x200f},
	    {0x2028, 0x202f},
	    {0x205f, 0x206f},
	    {0x3000, 0x3000},
	    {0xe000, 0xf8ff},
	    {0xfdd0, 0xfdef},
	    {0xfeff, 0xfeff},
	    {0xfff0, 0xfffb},
	    {0xfffe, 0xffff},
	    {0xe0000, 0xe00ff},
	    {0xe01f0, 0x10ffff},
	};

	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		if (c >= hidden[i].from && c <= hidden[i].to)
			return false;
	return true;
}

static void quote_char(struct buf *b, uint32_t c, const char *bytes, size_t len)
{
	static const char from[] = "\a\b\f\n\r\t\v\\\"", to[] = "abfnrtv\\\"";
	const char *simple = c && c < 0x80 ? strchr(from, (int)c) : NULL;

	if (simple)
		buf_addf(b, "\\%c", to[simple - from]);
	else if (is_printable(c))
		buf_add(b, bytes, len);
	else if (c < 0x80)
		buf_addf(b, "\\x%02x", c);
	else if (c < 0x10000)
		buf_addf(b, "\\u%04x", c);
	else
		buf_addf(b, "\\U%08x", c);
}

char *str_go_quote(const char *s)
{
	size_t left = strlen(s);
	auto_buf b = {.max = SIZE_MAX / 2};

	buf_addch(&b, '"');
	while (left > 0) {
		uint32_t c;
		size_t n = str_utf8(s, left, &c);

		if (n == 0) {
			buf_addf(&b, "\\x%02x", (unsigned char)*s);
			n = 1;
		} else {
			quote_char(&b, c, s, n);
		}
		s += n;
		left -= n;
	}
	buf_addch(&b, '"');
	return buf_take(&b);
}
