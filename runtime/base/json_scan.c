#include "json_scan.h"

#include "json.h"
#include "str.h"

static bool scan_value(struct json_scan *s);

static bool fail_at(struct json_scan *s, const char *at, const char *error)
{
	s->error = error;
	s->error_at = at;
	return false;
}

static bool fail(struct json_scan *s, const char *error)
{
	return fail_at(s, s->p, s->p == s->end ? "unexpected end of the text" : error);
}

static void skip_blanks(struct json_scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits; -1: there are none. */
static long hex4(struct json_scan *s, const char *p)
{
	long n = 0;

	if (s->end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_value(p[i]);

		if (digit < 0)
			return -1;
		n = n << 4 | digit;
	}
	return n;
}

/* At the backslash. */
static bool scan_escape(struct json_scan *s)
{
	const char *p = s->p;
	long unit, low;

	if (s->end - p < 2)
		return fail_at(s, s->end, "unexpected end of the text");
	if (p[1] != 'u') {
		if (p[1] == '\0' || !strchr("\"\\/bfnrt", p[1]))
			return fail_at(s, p, "invalid escape in a string");
		s->p += 2;
		return true;
	}
	unit = hex4(s, p + 2);
	if (unit < 0)
		return fail_at(s, p, "\\u needs four hexadecimal digits");
	if (unit == 0)
		return fail_at(s, p, "\\u0000 is not allowed");
	s->p += 6;
	if (unit < 0xd800 || unit > 0xdfff)
		return true;
	low = s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u' ? hex4(s, s->p + 2) : -1;
	if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return fail_at(s, p, "\\u surrogate without its other half");
	s->p += 6;
	return true;
}

/* At the opening quote. */
static bool scan_string(struct json_scan *s)
{
	const char *start = s->p++;

	while (s->p < s->end) {
		unsigned char c = (unsigned char)*s->p;
		uint32_t code;
		size_t n;

		if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
			s->p++;
		} else if (c == '"') {
			s->p++;
			return true;
		} else if (c == '\\') {
			if (!scan_escape(s))
				return false;
		} else if (c < 0x20) {
			return fail(
			    s, "control character in a string (write it as \\n, \\t or \\u00XX)");
		} else {
			n = str_utf8(s->p, (size_t)(s->end - s->p), &code);
			if (n == 0)
				return fail(s, "invalid UTF-8");
			s->p += n;
		}
	}
	return fail_at(s, start, "string without its closing quote");
}

static size_t skip_digits(struct json_scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - start);
}

static void note_number(struct json_scan *s, const char *start, size_t digits)
{
	if (digits >= 16) {
		GROW(s->longs, s->longs_cap, s->longs_len + 1);
		s->longs[s->longs_len++] = (struct json_long_int){
		    .ordinal = s->numbers,
		    .text = start,
		    .len = (size_t)(s->p - start),
		};
	}
	s->numbers++;
}

static bool scan_number(struct json_scan *s)
{
	const char *start = s->p, *first;
	size_t digits;
	bool integer = true;

	if ((long)s->numbers == s->stop_number)
		return fail_at(s, start, "");
	if (*s->p == '-')
		s->p++;
	first = s->p;
	digits = skip_digits(s);
	if (digits == 0)
		return fail(s, "expected a digit");
	if (*first == '0' && digits > 1)
		return fail_at(s, start, "a number cannot begin with 0");
	if (s->p < s->end && *s->p == '.') {
		integer = false;
		s->p++;
		if (skip_digits(s) == 0)
			return fail(s, "expected a digit");
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		integer = false;
		s->has_exponent = true;
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (skip_digits(s) == 0)
			return fail(s, "expected a digit");
	}
	if (s->p - start > JSON_NUMBER_MAX)
		return fail_at(s, start, "number of more than 63 characters");
	note_number(s, start, integer ? digits : 0);
	return true;
}

static bool scan_member(struct json_scan *s)
{
	skip_blanks(s);
	if (s->p == s->end || *s->p != '"')
		return fail(s, "expected a member name in double quotes");
	if ((long)s->names == s->stop_name)
		return fail(s, "");
	s->names++;
	if (!scan_string(s))
		return false;
	skip_blanks(s);
	if (s->p == s->end || *s->p != ':')
		return fail(s, "expected ':' behind the member name");
	s->p++;
	return scan_value(s);
}

/* At the opening bracket. */
static bool scan_container(struct json_scan *s, char close)
{
	bool object = close == '}';

	if (++s->depth > JSON_MAX_DEPTH)
		return fail(s, "nested too deeply");
	s->p++;
	skip_blanks(s);
	if (s->p < s->end && *s->p == close) {
		s->p++;
		s->depth--;
		return true;
	}
	for (;;) {
		if (object ? !scan_member(s) : !scan_value(s))
			return false;
		skip_blanks(s);
		if (s->p == s->end || (*s->p != ',' && *s->p != close))
			return fail(s, object ? "expected ',' or '}'" : "expected ',' or ']'");
		if (*s->p++ == close)
			break;
	}
	s->depth--;
	return true;
}

static bool scan_word(struct json_scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
		return fail_at(s, s->p, "expected a value");
	s->p += len;
	return true;
}

static bool scan_value(struct json_scan *s)
{
	skip_blanks(s);
	if (s->p == s->end)
		return fail(s, "");
	switch (*s->p) {
	case '{':
		return scan_container(s, '}');
	case '[':
		return scan_container(s, ']');
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
			return scan_number(s);
		return fail(s, "expected a value");
	}
}

static bool scan_document(struct json_scan *s, const char *text, size_t len)
{
	s->text = s->p = text;
	s->end = text + len;
	if (!scan_value(s))
		return false;
	skip_blanks(s);
	if (s->p < s->end)
		return fail(s, "unexpected text behind the document");
	return true;
}

bool json_scan(struct json_scan *s, const char *text, size_t len)
{
	memset(s, 0, sizeof(*s));
	s->stop_number = s->stop_name = -1;
	return scan_document(s, text, len);
}

const char *json_scan_find(const char *text, size_t len, long number, long name)
{
	struct json_scan s = {.stop_number = number, .stop_name = name};
	const char *at = scan_document(&s, text, len) ? text : s.error_at;

	json_scan_release(&s);
	return at;
}

void json_scan_place(const char *text, const char *at, size_t *ret_line, size_t *ret_column)
{
	*ret_line = *ret_column = 1;
	for (; text < at; text++) {
		if (*text == '\n') {
			++*ret_line;
			*ret_column = 1;
		} else if (((unsigned char)*text & 0xc0) != 0x80) {
			++*ret_column;
		}
	}
}

void json_scan_release(struct json_scan *s)
{
	free(s->longs);
	memset(s, 0, sizeof(*s));
}
