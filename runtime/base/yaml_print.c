/*
 * yaml_print: json trees as `kubectl get -o yaml` prints them, by libyaml's emitter with the
 * choices that go-yaml v2 makes: members in natural order, literal blocks for several lines, double
 * quotes for text that would be read as something else, plain otherwise (where that is not possible
 * the emitter takes single quotes).
 */
#include <yaml.h>

#include "yaml.h"
#include "yaml_scalar.h"

struct printer {
	yaml_emitter_t emitter;
	struct buf *out;
	bool failed;
};

static void print_value(struct printer *p, const json *j);

static int write_out(void *data, unsigned char *text, size_t len)
{
	struct printer *p = data;

	buf_add(p->out, text, len);
	return 1;
}

static void emit(struct printer *p, yaml_event_t *ev, int ok)
{
	if (ok && !p->failed)
		ok = yaml_emitter_emit(&p->emitter, ev);
	else if (ok)
		yaml_event_delete(ev);
	p->failed |= !ok;
}

/* ---- order of members ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Beyond ASCII by the first byte of a character: a guess that takes most punctuation and symbols
 * out. */
static bool is_letter(char c)
{
	unsigned char u = (unsigned char)c;

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (u >= 0xc3 && u < 0xf0 && u != 0xe2);
}

static size_t read_number(const char *s, uint64_t *n)
{
	size_t len = 0;

	for (; is_digit(s[len]); len++)
		*n = *n * 10 + (uint64_t)(s[len] - '0');
	return len;
}

/* Whether the digits before place I, if any, make a zero there count like other digits. */
static bool inside_number(const char *s, size_t i)
{
	while (i > 0 && s[i - 1] == '0')
		i--;
	return i > 0 && is_digit(s[i - 1]);
}

/*
 * Below 0 where A comes first: numbers inside names by value, other characters before letters. Like
 * the order it follows it is not transitive for odd names (9a, 10, 99x), where any result will do.
 */
static int natural_cmp(const char *a, const char *b)
{
	size_t i = 0, a_len, b_len;
	uint64_t a_num = 0, b_num = 0;

	while (a[i] && a[i] == b[i])
		i++;
	if (!a[i] || !b[i])
		return !a[i] - !b[i] ? (a[i] ? 1 : -1) : 0;
	if (is_letter(a[i]) != is_letter(b[i]))
		return is_letter(a[i]) ? 1 : -1;
	if (is_letter(a[i]))
		return (unsigned char)a[i] < (unsigned char)b[i] ? -1 : 1;
	if (a[i] == '0' || b[i] == '0')
		a_num = b_num = inside_number(a, i);
	a_len = read_number(a + i, &a_num);
	b_len = read_number(b + i, &b_num);
	if (a_num != b_num)
		return a_num < b_num ? -1 : 1;
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return (unsigned char)a[i] < (unsigned char)b[i] ? -1 : 1;
}

static int member_cmp(const void *a, const void *b)
{
	return natural_cmp(json_key(*(json *const *)a), json_key(*(json *const *)b));
}

/* ---- scalars ---- */

/* "12:30:45" was a number in YAML 1.1; other readers may still take it for one. */
static bool is_base60(const char *s)
{
	bool colon = false;

	if (*s == '+' || *s == '-')
		s++;
	if (!is_digit(*s))
		return false;
	while (is_digit(*s) || *s == '_')
		s++;
	while (s[0] == ':' && is_digit(s[1])) {
		s += is_digit(s[2]) && s[1] <= '5' ? 3 : 2;
		colon = true;
	}
	if (*s == '.')
		s++;
	while (is_digit(*s) || *s == '_')
		s++;
	return colon && !*s;
}

/* The length of the UTF-8 character at S; 0: it is none. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	static const unsigned min[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	unsigned code = s[0] & (0x7fu >> (len > 1 ? len : 0));

	if ((s[0] >= 0x80 && s[0] < 0xc2) || s[0] > 0xf4 || len > left)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	return code < min[len] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff ? 0 : len;
}

/* TEXT with U+FFFD for every byte that is no UTF-8, as Go's JSON encoder does; libyaml refuses such
 * text. */
static void valid_utf8(struct buf *out, const char *text)
{
	size_t left = strlen(text), len;

	for (; left > 0; text += len, left -= len) {
		len = utf8_len((const unsigned char *)text, left);
		if (len == 0) {
			buf_adds(out, "\xef\xbf\xbd");
			len = 1;
		} else {
			buf_add(out, text, len);
		}
	}
}

static void emit_scalar(struct printer *p, const char *text, size_t len, yaml_scalar_style_t style)
{
	yaml_event_t ev;

	emit(p, &ev,
	    yaml_scalar_event_initialize(
		&ev, NULL, NULL, (const yaml_char_t *)text, (int)len, 1, 1, style));
}

static void print_string(struct printer *p, const char *s)
{
	yaml_scalar_style_t style = YAML_PLAIN_SCALAR_STYLE;
	struct yaml_scalar v;
	auto_buf text = {0};

	valid_utf8(&text, s);
	yaml_resolve(buf_str(&text), text.len, &v);
	if (strchr(s, '\n'))
		style = YAML_LITERAL_SCALAR_STYLE;
	else if (v.type != YAML_STR || is_base60(s))
		style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	emit_scalar(p, buf_str(&text), text.len, style);
}

/* Integers keep their digits; other numbers as Go's %g prints them. */
static void print_number(struct printer *p, const json *j)
{
	auto_free char *text = json_scalar_text(j);
	char number[YAML_NUMBER_MAX];

	const char *shown = text;
	struct yaml_scalar v;

	yaml_resolve(text, strlen(text), &v);
	if (v.type != YAML_INT)
		shown = yaml_format_g(number, json_number_value(j));
	emit_scalar(p, shown, strlen(shown), YAML_PLAIN_SCALAR_STYLE);
}

/* ---- collections ---- */

static void print_list(struct printer *p, const json *j)
{
	yaml_event_t ev;

	emit(p, &ev,
	    yaml_sequence_start_event_initialize(&ev, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
	json_for (c, j)
		print_value(p, c);
	emit(p, &ev, yaml_sequence_end_event_initialize(&ev));
}

static void print_map(struct printer *p, const json *j)
{
	size_t n = 0, len = json_len(j);
	auto_free json **members = xcalloc(len + 1, sizeof(*members));
	yaml_event_t ev;

	json_for (c, j)
		members[n++] = c;
	qsort(members, n, sizeof(*members), member_cmp);
	emit(p, &ev,
	    yaml_mapping_start_event_initialize(&ev, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
	for (size_t i = 0; i < n; i++) {
		print_string(p, json_key(members[i]));
		print_value(p, members[i]);
	}
	emit(p, &ev, yaml_mapping_end_event_initialize(&ev));
}

static void print_value(struct printer *p, const json *j)
{
	switch (json_type(j)) {
	case JSON_ABSENT:
	case JSON_NULL:
		emit_scalar(p, "null", 4, YAML_PLAIN_SCALAR_STYLE);
		break;
	case JSON_BOOL:
		if (json_bool_value(j))
			emit_scalar(p, "true", 4, YAML_PLAIN_SCALAR_STYLE);
		else
			emit_scalar(p, "false", 5, YAML_PLAIN_SCALAR_STYLE);
		break;
	case JSON_NUMBER:
		print_number(p, j);
		break;
	case JSON_STRING:
		print_string(p, json_string_value(j));
		break;
	case JSON_ARRAY:
		print_list(p, j);
		break;
	case JSON_OBJECT:
		print_map(p, j);
		break;
	}
}

void yaml_print(const json *j, struct buf *out)
{
	struct printer p = {.out = out};
	yaml_event_t ev;

	if (!yaml_emitter_initialize(&p.emitter))
		abort();
	yaml_emitter_set_output(&p.emitter, write_out, &p);
	yaml_emitter_set_unicode(&p.emitter, 1);
	emit(&p, &ev, yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING));
	emit(&p, &ev, yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 1));
	print_value(&p, j);
	emit(&p, &ev, yaml_document_end_event_initialize(&ev, 1));
	/* Otherwise a text block that keeps its last newlines would be followed by "...". */
	p.emitter.open_ended = 0;
	emit(&p, &ev, yaml_stream_end_event_initialize(&ev));
	yaml_emitter_flush(&p.emitter);
	yaml_emitter_delete(&p.emitter);
}
