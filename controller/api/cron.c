/*
 * cron: the grammar of schedules. Texts of errors, and what is let through that looks odd, are
 * those of the parser that Kubernetes uses.
 */
#include "cron.h"

#include <errno.h>
#include <strings.h>

#include "../../runtime/base/buf.h"
#include "../../runtime/base/str.h"

struct bounds {
	int min, max;
	const char *const *names; /* of min and those that follow; NULL: numbers only */
};

static const char *const month_names[] = {
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const struct bounds bounds[FIELDS] = {
    [MINUTE] = {0, 59, NULL},
    [HOUR] = {0, 23, NULL},
    [DAY] = {1, 31, NULL},
    [MONTH] = {1, 12, month_names},
    [WEEKDAY] = {0, 6, weekday_names},
};

static const struct {
	const char *name, *fields;
} macros[] = {
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

/* ---- numbers ---- */

static int parse_int(const char *text, int64_t *ret, struct err *e)
{
	const char *digits = text + (*text == '+' || *text == '-');
	bool all = *digits && !digits[strspn(digits, "0123456789")];
	auto_free char *quoted = NULL;
	long long value = 0;

	errno = 0;
	if (all)
		value = strtoll(text, NULL, 10);
	if (!all || errno) {
		quoted = str_go_quote(text);
		return err_set(e, ERR_INVALID,
		    "failed to parse int from %s: strconv.Atoi: parsing %s: %s", text, quoted,
		    all ? "value out of range" : "invalid syntax");
	}
	if (value < 0)
		return err_set(
		    e, ERR_INVALID, "negative number (%lld) not allowed: %s", value, text);
	*ret = value;
	return 0;
}

static int parse_value(const char *text, const struct bounds *b, int64_t *ret, struct err *e)
{
	for (int i = 0; b->names && b->names[i]; i++)
		if (strcasecmp(b->names[i], text) == 0) {
			*ret = b->min + i;
			return 0;
		}
	return parse_int(text, ret, e);
}

/* ---- fields ---- */

struct range {
	int64_t start, end, step;
	bool star;
};

/* "*", "?", "N", "N-M" */
static int parse_ends(
    struct range *r, const char *item, const char *text, const struct bounds *b, struct err *e)
{
	auto_strlist ends = {0};

	str_split(&ends, text, '-');
	if (str_eq(ends.items[0], "*") || str_eq(ends.items[0], "?")) {
		*r = (struct range){b->min, b->max, 1, true};
		return 0;
	}
	if (parse_value(ends.items[0], b, &r->start, e) < 0)
		return -1;
	r->end = r->start;
	if (ends.len > 2)
		return err_set(e, ERR_INVALID, "too many hyphens: %s", item);
	return ends.len == 2 ? parse_value(ends.items[1], b, &r->end, e) : 0;
}

static int parse_step(
    struct range *r, const char *item, const struct strlist *parts, int max, struct err *e)
{
	r->step = 1;
	if (parts->len == 1)
		return 0;
	if (parts->len > 2)
		return err_set(e, ERR_INVALID, "too many slashes: %s", item);
	if (parse_int(parts->items[1], &r->step, e) < 0)
		return -1;
	if (!strchr(parts->items[0], '-')) /* "N/S" goes on to the end */
		r->end = max;
	if (r->step > 1)
		r->star = false;
	return 0;
}

static int check_range(
    const struct range *r, const char *item, const struct bounds *b, struct err *e)
{
	if (r->start < b->min)
		return err_set(e, ERR_INVALID, "beginning of range (%lld) below minimum (%d): %s",
		    (long long)r->start, b->min, item);
	if (r->end > b->max)
		return err_set(e, ERR_INVALID, "end of range (%lld) above maximum (%d): %s",
		    (long long)r->end, b->max, item);
	if (r->start > r->end)
		return err_set(e, ERR_INVALID,
		    "beginning of range (%lld) beyond end of range (%lld): %s", (long long)r->start,
		    (long long)r->end, item);
	if (r->step == 0)
		return err_set(
		    e, ERR_INVALID, "step of range should be a positive number: %s", item);
	return 0;
}

static int parse_item(
    uint64_t *set, bool *star, const char *item, const struct bounds *b, struct err *e)
{
	auto_strlist parts = {0};
	struct range r = {0};

	str_split(&parts, item, '/');
	if (parse_ends(&r, item, parts.items[0], b, e) < 0 ||
	    parse_step(&r, item, &parts, b->max, e) < 0 || check_range(&r, item, b, e) < 0)
		return -1;
	*star = *star || r.star;
	for (int64_t value = r.start;; value += r.step) {
		*set |= UINT64_C(1) << value;
		if (r.step > r.end - value)
			return 0;
	}
}

/* Items that are empty are passed over, so that "," is a field in which nothing matches. */
static int parse_field(
    uint64_t *set, bool *star, const char *text, const struct bounds *b, struct err *e)
{
	auto_strlist items = {0};

	str_split(&items, text, ',');
	for (size_t i = 0; i < items.len; i++)
		if (*items.items[i] && parse_item(set, star, items.items[i], b, e) < 0)
			return -1;
	return 0;
}

static bool is_blank(uint32_t c)
{
	static const uint32_t others[] = {
	    0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (c == others[i])
			return true;
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x2000 && c <= 0x200a);
}

/* The words between blanks of any kind. */
static void split_words(struct strlist *ret, const char *text)
{
	const char *word = NULL;

	for (size_t left = strlen(text);;) {
		uint32_t c = 0;
		size_t n = left ? str_utf8(text, left, &c) : 0;

		if (left && (n == 0 || !is_blank(c))) {
			word = word ? word : text;
		} else if (word) {
			strlist_add_take(ret, xstrndup(word, (size_t)(text - word)));
			word = NULL;
		}
		if (!left)
			return;
		n = n ? n : 1;
		text += n;
		left -= n;
	}
}

static int parse_fields(struct cron *c, const char *text, struct err *e)
{
	uint64_t *const sets[FIELDS] = {&c->minute, &c->hour, &c->day, &c->month, &c->weekday};
	bool stars[FIELDS] = {false};
	auto_strlist words = {0};

	split_words(&words, text);
	if (words.len != FIELDS) {
		auto_free char *all = strlist_join(&words, " ");

		return err_set(e, ERR_INVALID, "expected exactly %d fields, found %zu: [%s]",
		    FIELDS, words.len, all);
	}
	for (int i = 0; i < FIELDS; i++)
		if (parse_field(sets[i], &stars[i], words.items[i], &bounds[i], e) < 0)
			return -1;
	c->star = stars[DAY] || stars[WEEKDAY];
	return 0;
}

/* ---- @every ---- */

/* As Go's time package quotes. */
static void add_quoted(struct buf *out, const char *text, size_t len)
{
	buf_addch(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c >= 0x80)
			buf_addf(out, "\\x%02x", c);
		else
			buf_addf(out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
	}
	buf_addch(out, '"');
}

static bool is_unit(const char *text, size_t len)
{
	static const char *const units[] = {
	    "ns", "us", "\xc2\xb5s", "\xce\xbcs", "ms", "s", "m", "h"};

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strlen(units[i]) == len && strncmp(units[i], text, len) == 0)
			return true;
	return false;
}

/* What Go says of a text that is no duration. */
static void describe_duration(struct buf *out, const char *text)
{
	static const char digits[] = "0123456789", number[] = "0123456789.";
	const char *p = text + (*text == '-' || *text == '+');

	while (*p) {
		size_t whole = strspn(p, digits), fraction, unit;

		fraction = p[whole] == '.' ? strspn(p + whole + 1, digits) : 0;
		if (whole + fraction == 0 || whole - strspn(p, "0") > 19)
			break;
		p += whole + fraction + (p[whole] == '.');
		unit = strcspn(p, number);
		if (unit == 0) {
			buf_adds(out, "time: missing unit in duration ");
			add_quoted(out, text, strlen(text));
			return;
		}
		if (!is_unit(p, unit)) {
			buf_adds(out, "time: unknown unit ");
			add_quoted(out, p, unit);
			buf_adds(out, " in duration ");
			add_quoted(out, text, strlen(text));
			return;
		}
		p += unit;
	}
	buf_adds(out, "time: invalid duration ");
	add_quoted(out, text, strlen(text));
}

static int parse_every(struct cron *c, const char *text, const char *duration, struct err *e)
{
	auto_buf why = {0};
	int64_t ns;

	if (duration_parse(duration, &ns) < 0) {
		describe_duration(&why, duration);
		return err_set(
		    e, ERR_INVALID, "failed to parse duration %s: %s", text, buf_str(&why));
	}
	c->every = ns < NSEC_PER_SEC ? 1 : ns / NSEC_PER_SEC;
	return 0;
}

/* ---- schedules ---- */

static int parse_macro(struct cron *c, const char *text, struct err *e)
{
	static const char every[] = "@every ";

	for (size_t i = 0; i < ARRAY_LEN(macros); i++)
		if (str_eq(macros[i].name, text))
			return parse_fields(c, macros[i].fields, e);
	if (str_has_prefix(text, every))
		return parse_every(c, text, text + strlen(every), e);
	return err_set(e, ERR_INVALID, "unrecognized descriptor: %s", text);
}

/*
 * "TZ=X" or "CRON_TZ=X" in front of a schedule. Validation refuses it, so only its errors matter
 * here. Moves *text behind it.
 */
static int skip_zone(const char **text, struct err *e)
{
	const char *name = strchr(*text, '=');
	size_t len;

	if (!name || !(str_has_prefix(*text, "TZ=") || str_has_prefix(*text, "CRON_TZ=")))
		return 0;
	name++;
	len = strcspn(name, " ");
	{
		auto_free char *zone_name = xstrndup(name, len);
		auto_zone *z = NULL;
		auto_err why = {0};

		z = str_eq(zone_name, "Local") ? NULL : zone_load(zone_name, &why);
		if (why.reason)
			return err_set(e, ERR_INVALID, "provided bad location %s: %s", zone_name,
			    err_msg(&why));
	}
	*text = name + len + strspn(name + len, " \t\r\n");
	return 0;
}

int cron_parse(struct cron *ret, const char *text, struct err *e)
{
	struct cron c = {0};
	size_t len = strlen(text);

	if (!len)
		return err_set(e, ERR_INVALID, "empty spec string");
	if (len > CRON_TEXT_MAX)
		return err_set(e, ERR_INVALID, "longer than %d bytes", CRON_TEXT_MAX);
	if (skip_zone(&text, e) < 0 ||
	    (*text == '@' ? parse_macro(&c, text, e) : parse_fields(&c, text, e)) < 0)
		return -1;
	*ret = c;
	return 0;
}
