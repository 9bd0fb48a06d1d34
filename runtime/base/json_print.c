/* json_print: trees as text: compact, as Go writes it, or indented. */
#include "json_node.h"
#include "str.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#define UNBOUNDED (SIZE_MAX / 4)

enum style { COMPACT, GO, INDENTED };

struct printer {
	struct buf *out;
	enum style style;
	int indent;
};

#define PLAIN 0   /* as it is */
#define ESCAPE 1  /* always escaped */
#define HTML 2    /* escaped in all but compact text */
#define UNICODE 3 /* part of a longer character, which must be checked */
static const unsigned char char_class[256] = {
    [0 ... 0x1f] = ESCAPE,
    ['"'] = ESCAPE,
    ['\\'] = ESCAPE,
    ['<'] = HTML,
    ['>'] = HTML,
    ['&'] = HTML,
    [0x80 ... 0xff] = UNICODE,
};

static void print_escape(struct buf *out, uint32_t c)
{
	static const char from[] = "\b\f\n\r\t\"\\", to[] = "bfnrt\"\\";
	const char *simple = c && c < 0x80 ? strchr(from, (int)c) : NULL;

	if (simple) {
		char pair[2] = {'\\', to[simple - from]};

		buf_add(out, pair, 2);
	} else {
		buf_addf(out, "\\u%04x", c);
	}
}

/* The character at p that is not plain; returns its length. */
static size_t print_special(const struct printer *pr, const char *p, size_t left)
{
	uint32_t c;
	size_t n = str_utf8(p, left, &c);
	bool separator = n == 3 && (c == 0x2028 || c == 0x2029);

	if (n == 0) {
		buf_adds(pr->out, "\\ufffd");
		return 1;
	}
	if (n == 1 ? char_class[c] == ESCAPE || pr->style != COMPACT
		   : separator && pr->style != COMPACT)
		print_escape(pr->out, c);
	else
		buf_add(pr->out, p, n);
	return n;
}

static void print_string(const struct printer *pr, const char *s)
{
	size_t left = strlen(s);

	buf_addch(pr->out, '"');
	while (left > 0) {
		size_t n = 0;

		while (n < left && char_class[(unsigned char)s[n]] == PLAIN)
			n++;
		buf_add(pr->out, s, n);
		if (n < left)
			n += print_special(pr, s + n, left - n);
		s += n;
		left -= n;
	}
	buf_addch(pr->out, '"');
}

static void print_int(struct buf *out, int64_t n)
{
	char digits[24], *p = digits + sizeof(digits);
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;

	do {
		*--p = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (n < 0)
		*--p = '-';
	buf_add(out, p, (size_t)(digits + sizeof(digits) - p));
}

/* The shortest digits that read back as the same number, in the layout of encoding/json. */
static void print_double(struct buf *out, double d)
{
	char text[40], digits[24] = "", *exponent_at;
	/* Up to 15 digits any zeros at the end are cut below; numbers next to zero have fewer good
	 * digits. */
	int precision = fabs(d) < DBL_MIN ? 0 : 14, exponent, len = 0;

	do
		snprintf(text, sizeof(text), "%.*e", precision, d);
	while (precision++ < 16 && strtod(text, NULL) != d);
	exponent_at = strchr(text, 'e');
	exponent = (int)strtol(exponent_at + 1, NULL, 10);
	for (const char *p = text; p < exponent_at; p++)
		if (*p >= '0' && *p <= '9')
			digits[len++] = *p;
	while (len > 1 && digits[len - 1] == '0')
		len--;
	if (d < 0)
		buf_addch(out, '-');
	if (exponent < -6 || exponent >= 21) {
		buf_addch(out, digits[0]);
		if (len > 1)
			buf_addf(out, ".%.*s", len - 1, digits + 1);
		buf_addf(out, "e%c%d", exponent < 0 ? '-' : '+', abs(exponent));
	} else if (exponent < 0) {
		buf_adds(out, "0.");
		buf_pad(out, '0', (size_t)(-exponent - 1));
		buf_add(out, digits, (size_t)len);
	} else if (len <= exponent + 1) {
		buf_add(out, digits, (size_t)len);
		buf_pad(out, '0', (size_t)(exponent + 1 - len));
	} else {
		buf_addf(out, "%.*s.%.*s", exponent + 1, digits, len - exponent - 1,
		    digits + exponent + 1);
	}
}

static void print_number(struct buf *out, const json *j)
{
	int64_t n;

	if (cJSON_IsRaw(j))
		buf_adds(out, j->valuestring);
	else if (json_is_int(j, &n))
		print_int(out, n);
	else
		print_double(out, j->valuedouble);
}

static void new_line(const struct printer *pr, int level)
{
	if (pr->style != INDENTED)
		return;
	buf_addch(pr->out, '\n');
	buf_pad(pr->out, ' ', (size_t)(level * pr->indent));
}

static void print_value(const struct printer *pr, const json *j, int level);

static void print_children(const struct printer *pr, const json *j, int level)
{
	bool object = json_is_object(j);

	buf_addch(pr->out, object ? '{' : '[');
	for (const json *c = j->child; c; c = c->next) {
		if (c != j->child)
			buf_addch(pr->out, ',');
		new_line(pr, level + 1);
		if (object) {
			print_string(pr, c->string);
			buf_add(pr->out, ": ", pr->style == INDENTED ? 2 : 1);
		}
		print_value(pr, c, level + 1);
	}
	if (j->child)
		new_line(pr, level);
	buf_addch(pr->out, object ? '}' : ']');
}

static void print_value(const struct printer *pr, const json *j, int level)
{
	switch (json_type(j)) {
	case JSON_ABSENT:
	case JSON_NULL:
		buf_adds(pr->out, "null");
		break;
	case JSON_BOOL:
		buf_adds(pr->out, json_bool_value(j) ? "true" : "false");
		break;
	case JSON_NUMBER:
		print_number(pr->out, j);
		break;
	case JSON_STRING:
		print_string(pr, j->valuestring);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		print_children(pr, j, level);
		break;
	}
}

void json_print_to(const json *j, struct buf *out)
{
	struct printer pr = {.out = out, .style = COMPACT};

	print_value(&pr, j, 0);
}

void json_print_string(const char *s, struct buf *out)
{
	struct printer pr = {.out = out, .style = COMPACT};

	print_string(&pr, s);
}

char *json_print(const json *j)
{
	auto_buf b = {.max = UNBOUNDED};

	json_print_to(j, &b);
	return buf_take(&b);
}

char *json_print_go(const json *j)
{
	auto_buf b = {.max = UNBOUNDED};
	struct printer pr = {.out = &b, .style = GO};

	print_value(&pr, j, 0);
	return buf_take(&b);
}

char *json_print_indent(const json *j, int indent)
{
	auto_buf b = {.max = UNBOUNDED};
	struct printer pr = {.out = &b, .style = INDENTED, .indent = indent};

	print_value(&pr, j, 0);
	return buf_take(&b);
}
