#include "indexes.h"

#include "../../runtime/base/str.h"

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void index_set_init(struct index_set *s, int64_t limit)
{
	*s = (struct index_set){.limit = limit > 0 ? limit : 0};
}

void index_set_release(struct index_set *s)
{
	free(s->runs);
	*s = (struct index_set){0};
}

static void clear(struct index_set *s)
{
	s->len = 0;
	s->count = 0;
}

/* Adds a run that begins no earlier than the last one does. */
static void append(struct index_set *s, int64_t first, int64_t last)
{
	struct index_run *tail = s->len ? &s->runs[s->len - 1] : NULL;

	if (tail && first <= tail->last + 1) {
		if (last > tail->last) {
			s->count += last - tail->last;
			tail->last = last;
		}
		return;
	}
	GROW(s->runs, s->cap, s->len + 1);
	s->runs[s->len++] = (struct index_run){first, last};
	s->count += last - first + 1;
}

void index_set_copy(struct index_set *dst, const struct index_set *src, int64_t limit)
{
	index_set_init(dst, limit);
	for (size_t i = 0; src && i < src->len && src->runs[i].first < dst->limit; i++)
		append(dst, src->runs[i].first, min64(src->runs[i].last, dst->limit - 1));
}

void index_set_union(struct index_set *dst, const struct index_set *a, const struct index_set *b)
{
	size_t i = 0, j = 0;

	index_set_init(dst, a->limit);
	while (i < a->len || j < b->len) {
		bool left = j == b->len || (i < a->len && a->runs[i].first <= b->runs[j].first);
		const struct index_run *r = left ? &a->runs[i++] : &b->runs[j++];

		append(dst, r->first, r->last);
	}
}

/* The first run that ends at n or after it; len: none. */
static size_t find(const struct index_set *s, int64_t n)
{
	size_t low = 0, high = s->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->runs[mid].last >= n)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

bool index_set_has(const struct index_set *s, int64_t n)
{
	size_t i = find(s, n);

	return i < s->len && s->runs[i].first <= n;
}

/* Puts `count` runs in the place of the `old` ones from `at`. */
static void splice(
    struct index_set *s, size_t at, size_t old, const struct index_run *runs, size_t count)
{
	size_t behind = s->len - at - old;

	for (size_t i = at; i < at + old; i++)
		s->count -= s->runs[i].last - s->runs[i].first + 1;
	for (size_t i = 0; i < count; i++)
		s->count += runs[i].last - runs[i].first + 1;
	GROW(s->runs, s->cap, s->len - old + count);
	if (behind && old != count)
		memmove(&s->runs[at + count], &s->runs[at + old], behind * sizeof(*runs));
	for (size_t i = 0; i < count; i++)
		s->runs[at + i] = runs[i];
	s->len = s->len - old + count;
}

void index_set_add_range(struct index_set *s, int64_t first, int64_t last)
{
	struct index_run run = {max64(first, 0), min64(last, s->limit - 1)};
	size_t at, end;

	if (run.first > run.last)
		return;
	at = end = find(s, run.first - 1); /* a neighbour is joined too */
	while (end < s->len && s->runs[end].first <= run.last + 1)
		end++;
	if (end > at) {
		run.first = min64(run.first, s->runs[at].first);
		run.last = max64(run.last, s->runs[end - 1].last);
	}
	splice(s, at, end - at, &run, 1);
}

void index_set_add(struct index_set *s, int64_t n)
{
	index_set_add_range(s, n, n);
}

int64_t index_set_common(const struct index_set *a, const struct index_set *b)
{
	int64_t common = 0;
	size_t i = 0, j = 0;

	while (i < a->len && j < b->len) {
		const struct index_run *x = &a->runs[i], *y = &b->runs[j];

		common += max64(0, min64(x->last, y->last) - max64(x->first, y->first) + 1);
		if (x->last < y->last)
			i++;
		else
			j++;
	}
	return common;
}

int64_t index_set_next(const struct index_set *s, int64_t from)
{
	size_t i = find(s, from);

	return i < s->len ? max64(from, s->runs[i].first) : -1;
}

int64_t index_set_next_free(const struct index_set *s, int64_t from)
{
	size_t i;

	from = max64(from, 0);
	i = find(s, from);
	if (i < s->len && s->runs[i].first <= from)
		from = s->runs[i].last + 1;
	return from < s->limit ? from : -1;
}

void index_set_format(const struct index_set *s, struct buf *out)
{
	for (size_t i = 0; i < s->len; i++) {
		const struct index_run *r = &s->runs[i];

		buf_addf(out, "%s%lld", i ? "," : "", (long long)r->first);
		if (r->last > r->first)
			buf_addf(
			    out, "%c%lld", r->last == r->first + 1 ? ',' : '-', (long long)r->last);
	}
}

/* ---- reading ---- */

static int parse_number(const char *text, int64_t limit, int64_t *ret, struct err *e)
{
	auto_free char *quoted = str_go_quote(text);

	if (str_to_int(text, 0, INT64_MAX, ret) < 0)
		return err_set(
		    e, ERR_INVALID, "cannot convert string to integer for index: %s", quoted);
	if (*ret >= limit)
		return err_set(e, ERR_INVALID, "too large index: %s", quoted);
	return 0;
}

static int not_increasing(struct err *e, int64_t previous, int64_t current)
{
	return err_set(e, ERR_INVALID, "non-increasing order, previous: %lld, current: %lld",
	    (long long)previous, (long long)current);
}

/* "3" or "3-5"; the text is cut at the dash. */
static int parse_interval(char *text, int64_t limit, struct index_run *ret, struct err *e)
{
	char *dash = strchr(text, '-');

	if (dash && strchr(dash + 1, '-')) {
		auto_free char *quoted = str_go_quote(text);

		return err_set(e, ERR_INVALID,
		    "the fragment %s violates the requirement that an index interval can have at "
		    "most two parts separated by '-'",
		    quoted);
	}
	if (dash)
		*dash = '\0';
	if (parse_number(text, limit, &ret->first, e) < 0)
		return -1;
	ret->last = ret->first;
	if (!dash)
		return 0;
	if (parse_number(dash + 1, limit, &ret->last, e) < 0)
		return -1;
	return ret->first < ret->last ? 0 : not_increasing(e, ret->first, ret->last);
}

/* The next piece between commas of an owned text; NULL at its end. */
static char *next_piece(char **at)
{
	return *at ? strsep(at, ",") : NULL;
}

int index_set_parse(struct index_set *s, const char *text, struct err *e)
{
	auto_free char *copy = xstrdup(text);
	char *at = copy, *piece;
	struct index_run run;

	clear(s);
	if (!*copy)
		return 0;
	while ((piece = next_piece(&at))) {
		int64_t previous = s->len ? s->runs[s->len - 1].last : -1;
		int rc = parse_interval(piece, s->limit, &run, e);

		if (rc == 0 && run.first <= previous)
			rc = not_increasing(e, previous, run.first);
		if (rc < 0) {
			clear(s);
			return -1;
		}
		append(s, run.first, run.last);
	}
	return 0;
}

void index_set_parse_lenient(struct index_set *s, const char *text)
{
	auto_free char *copy = xstrdup(text ? text : "");
	char *at = copy, *piece;

	clear(s);
	while ((piece = next_piece(&at))) {
		char *dash = strchr(piece, '-');
		int64_t first, last;

		if (dash)
			*dash = '\0';
		if (str_to_int(piece, 0, INT64_MAX, &first) < 0)
			continue;
		last = first;
		if (dash && str_to_int(dash + 1, 0, INT64_MAX, &last) < 0)
			continue;
		index_set_add_range(s, first, last);
	}
}
