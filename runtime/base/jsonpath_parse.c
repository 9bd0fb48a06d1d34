/* jsonpath_parse: templates into trees. Nested parts (filters, unions, ['names']) are parsed as
 * actions of their own. */
#include "jsonpath_tree.h"
#include "str.h"

struct jsonpath {
	struct jp_template template;
};

struct parser {
	const char *in; /* NUL-terminated */
	size_t pos;
	int depth;
	struct err *e;
};

static int parse_action(struct parser *p, struct jp_list *list);

#define fail(p, ...) err_set((p)->e, ERR_BAD_REQUEST, __VA_ARGS__)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
	       (unsigned char)c >= 0x80;
}

static bool ends_word(char c)
{
	return c == '\0' || strchr(" \t\r\n.,[]$@{}", c) != NULL;
}

/* ---- the tree ---- */

static void list_release(struct jp_list *list);

static void list_free(struct jp_list *list)
{
	if (!list)
		return;
	list_release(list);
	free(list);
}

static void list_release(struct jp_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		struct jp_node *n = &list->nodes[i];

		free(n->name);
		json_free(n->literal);
		list_free(n->left);
		list_free(n->right);
		for (size_t k = 0; k < n->member_count; k++)
			list_free(n->members[k]);
		free(n->members);
	}
	free(list->nodes);
	memset(list, 0, sizeof(*list));
}

static struct jp_node *append(struct jp_list *list, enum jp_kind kind)
{
	GROW(list->nodes, list->cap, list->len + 1);
	memset(&list->nodes[list->len], 0, sizeof(*list->nodes));
	list->nodes[list->len].kind = kind;
	return &list->nodes[list->len++];
}

/* Parses TEXT as an action of its own; NULL: error. */
static struct jp_list *parse_part(struct parser *p, const char *text)
{
	auto_free char *closed = xasprintf("%s}", text);
	struct parser part = {.in = closed, .depth = p->depth + 1, .e = p->e};
	struct jp_list *list;

	if (part.depth > JP_MAX_DEPTH) {
		fail(p, "nested deeper than %d levels", JP_MAX_DEPTH);
		return NULL;
	}
	list = xcalloc(1, sizeof(*list));
	if (parse_action(&part, list) < 0) {
		list_free(list);
		return NULL;
	}
	return list;
}

/* ---- pieces of an action ---- */

static int parse_field(struct parser *p, struct jp_list *list)
{
	auto_buf name = {0};

	while (!ends_word(p->in[p->pos])) {
		if (p->in[p->pos] == '\\' && p->in[++p->pos] == '\0')
			break;
		buf_addch(&name, p->in[p->pos++]);
	}
	if (strcmp(buf_str(&name), "*") == 0)
		append(list, JP_WILDCARD);
	else
		append(list, JP_FIELD)->name = xstrdup(buf_str(&name));
	return 0;
}

static int parse_recursive(struct parser *p, struct jp_list *list)
{
	if (list->len > 0 && list->nodes[list->len - 1].kind == JP_RECURSIVE)
		return fail(p, "invalid multiple recursive descent");
	p->pos += 2;
	append(list, JP_RECURSIVE);
	return is_word(p->in[p->pos]) ? parse_field(p, list) : 0;
}

static int parse_number(struct parser *p, struct jp_list *list)
{
	auto_free char *text = NULL;
	size_t from = p->pos;
	double number;
	int64_t n;
	char *end;

	p->pos += p->in[p->pos] == '+' || p->in[p->pos] == '-';
	while (p->in[p->pos] == '.' || is_digit(p->in[p->pos]))
		p->pos++;
	text = xstrndup(p->in + from, p->pos - from);
	if (str_to_int(text + (*text == '+'), INT64_MIN, INT64_MAX, &n) == 0) {
		append(list, JP_VALUE)->literal = json_new_int(n);
		return 0;
	}
	number = strtod(text, &end);
	if (*end || end == text)
		return fail(p, "cannot parse number %s", text);
	append(list, JP_VALUE)->literal = json_new_number(number);
	return 0;
}

static int parse_word(struct parser *p, struct jp_list *list)
{
	auto_free char *word = NULL;
	size_t from = p->pos;

	while (!ends_word(p->in[p->pos]))
		p->pos++;
	word = xstrndup(p->in + from, p->pos - from);
	if (str_eq(word, "true") || str_eq(word, "false"))
		append(list, JP_VALUE)->literal = json_new_bool(*word == 't');
	else if (str_eq(word, "range"))
		append(list, JP_RANGE);
	else if (str_eq(word, "end"))
		append(list, JP_END);
	else
		append(list, JP_IDENTIFIER)->name = TAKE(word);
	return 0;
}

/* ---- quoted text ---- */

static void add_utf8(struct buf *out, unsigned long code)
{
	if (code < 0x80) {
		buf_addch(out, (char)code);
		return;
	}
	if (code >= 0x10000) {
		buf_addch(out, (char)(0xf0 | code >> 18));
		buf_addch(out, (char)(0x80 | (code >> 12 & 0x3f)));
	} else if (code >= 0x800) {
		buf_addch(out, (char)(0xe0 | code >> 12));
	}
	if (code >= 0x800)
		buf_addch(out, (char)(0x80 | (code >> 6 & 0x3f)));
	else
		buf_addch(out, (char)(0xc0 | code >> 6));
	buf_addch(out, (char)(0x80 | (code & 0x3f)));
}

static const struct {
	char letter;
	int digits, base;
} code_escapes[] = {{'x', 2, 16}, {'u', 4, 16}, {'U', 8, 16}};

/* \xHH, \uHHHH, \UHHHHHHHH and \ooo; S is behind the backslash. The bytes used; 0: it is none of
 * these. */
static size_t unquote_code(const char *s, struct buf *out)
{
	char digits[9] = "";
	size_t prefix = 0, count = 3;
	unsigned long code;
	int base = 8;
	char *end;

	for (size_t i = 0; i < ARRAY_LEN(code_escapes); i++) {
		if (code_escapes[i].letter != *s)
			continue;
		prefix = 1;
		count = (size_t)code_escapes[i].digits;
		base = code_escapes[i].base;
	}
	if (strlen(s) < prefix + count)
		return 0;
	memcpy(digits, s + prefix, count);
	if (strspn(digits, base == 8 ? "01234567" : "0123456789abcdefABCDEF") != count)
		return 0;
	code = strtoul(digits, &end, base);
	if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ||
	    (base == 8 && code > 255))
		return 0;
	if (count <= 3)
		buf_addch(out, (char)code); /* a byte */
	else
		add_utf8(out, code);
	return prefix + count;
}

/* What is behind a backslash; the bytes used; 0: no valid escape. */
static size_t unquote_escape(const char *s, char quote, struct buf *out)
{
	static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
	const char *found = *s ? strchr(letters, *s) : NULL;

	if (found) {
		buf_addch(out, values[found - letters]);
		return 1;
	}
	if (*s == quote) {
		buf_addch(out, quote);
		return 1;
	}
	return unquote_code(s, out);
}

static int parse_quote(struct parser *p, struct jp_list *list)
{
	size_t from = p->pos, end = from + 1;
	char quote = p->in[from];
	auto_buf text = {0};

	while (p->in[end] != quote) {
		end += p->in[end] == '\\' && p->in[end + 1];
		if (p->in[end] == '\0' || p->in[end] == '\n')
			return fail(p, "unterminated quoted string");
		end++;
	}
	for (size_t i = from + 1; i < end;) {
		size_t used = 1;

		if (p->in[i] != '\\') {
			buf_addch(&text, p->in[i++]);
			continue;
		}
		used = unquote_escape(p->in + i + 1, quote, &text);
		if (used == 0 || i + used >= end)
			return fail(p, "unquote string %.*s error invalid syntax",
			    (int)(end + 1 - from), p->in + from);
		i += used + 1;
	}
	append(list, JP_TEXT)->literal = json_new_string(buf_str(&text));
	p->pos = end + 1;
	return 0;
}

/* ---- brackets ---- */

static int parse_union(struct parser *p, const char *text, struct jp_list *list)
{
	auto_strlist pieces = {0};
	size_t at = list->len;

	str_split(&pieces, text, ',');
	append(list, JP_UNION);
	for (size_t i = 0; i < pieces.len; i++) {
		char *piece = pieces.items[i] + strspn(pieces.items[i], " ");
		size_t len = strlen(piece);
		auto_free char *part = NULL;
		struct jp_node *n = &list->nodes[at];

		while (len > 0 && piece[len - 1] == ' ')
			len--;
		part = xasprintf("[%.*s]", (int)len, piece);
		GROW(n->members, n->member_cap, n->member_count + 1);
		n->members[n->member_count] = parse_part(p, part);
		if (!n->members[n->member_count])
			return -1;
		n->member_count++;
	}
	return 0;
}

/* ['name'], or as upstream reads it: a field expression that begins with the name. */
static int parse_name(struct parser *p, const char *text, struct jp_list *list)
{
	auto_free char *field = xasprintf(".%.*s", (int)strlen(text) - 2, text + 1);
	struct jp_list *part = parse_part(p, field);

	if (!part)
		return -1;
	for (size_t i = 0; i < part->len; i++) {
		struct jp_node *n = append(list, part->nodes[i].kind);

		*n = part->nodes[i];
	}
	part->len = 0; /* the nodes have moved */
	list_free(part);
	return 0;
}

/* Whether TEXT is [-]digits, up to three of them with ':' between, digits being optional. */
static bool is_slice(const char *text)
{
	for (int i = 0; i < 3; i++) {
		text += *text == '-';
		while (is_digit(*text))
			text++;
		if (*text == '\0')
			return true;
		if (*text++ != ':')
			return false;
	}
	return false;
}

static int parse_slice(struct parser *p, const char *text, struct jp_list *list)
{
	struct jp_node *n = append(list, JP_ARRAY);
	auto_strlist pieces = {0};

	if (!is_slice(text))
		return fail(p, "invalid array index %s", text);
	str_split(&pieces, text, ':');
	for (size_t i = 0; i < pieces.len; i++) {
		const char *piece = pieces.items[i];

		if (!*piece)
			continue;
		n->slice[i].known = true;
		if (str_to_int(piece, -INT32_MAX, INT32_MAX, &n->slice[i].value) < 0)
			return fail(p, "array index %s is not a number", piece);
	}
	if (pieces.len == 1) {
		n->single = true;
		n->slice[1].known = true;
		n->slice[1].value = n->slice[0].value + 1;
	}
	return 0;
}

static int parse_brackets(struct parser *p, struct jp_list *list)
{
	size_t from = p->pos + 1, len = strcspn(p->in + from, "]\n");
	auto_free char *text = NULL;

	if (p->in[from + len] != ']')
		return fail(p, "unterminated array");
	text = len == 1 && p->in[from] == '*' ? xstrdup(":") : xstrndup(p->in + from, len);
	len = strlen(text);
	p->pos = from + strcspn(p->in + from, "]") + 1;
	if (strchr(text, ','))
		return parse_union(p, text, list);
	if (len >= 2 && text[0] == '\'' && strchr(text + 1, '\'') == text + len - 1)
		return parse_name(p, text, list);
	return parse_slice(p, text, list);
}

/* The length of a filter's text up to its closing ')'; -1: there is none. Quotes hide parentheses.
 */
static int filter_length(const char *text)
{
	char quote = '\0';

	for (int i = 0; text[i] && text[i] != '\n'; i++) {
		if (quote && text[i] == '\\' && text[i + 1])
			i++;
		else if (quote)
			quote = text[i] == quote ? '\0' : quote;
		else if (text[i] == '"' || text[i] == '\'')
			quote = text[i];
		else if (text[i] == ')')
			return i;
	}
	return -1;
}

/* Splits at the first operator, which has text on both sides; without one the filter asks for
 * existence. */
static int parse_filter_sides(struct parser *p, const char *text, struct jp_list *list)
{
	size_t left = strcspn(text, "!<>="), op = strspn(text + left, "!<>=");
	auto_free char *side = NULL;
	size_t at = list->len;

	append(list, JP_FILTER);
	if (op > 1 && text[left + op] == '\0')
		op--;
	if (left == 0 || op == 0 || text[left + op] == '\0') {
		list->nodes[at].left = parse_part(p, text);
		return list->nodes[at].left ? 0 : -1;
	}
	side = xstrndup(text, left);
	list->nodes[at].name = xstrndup(text + left, op);
	list->nodes[at].left = parse_part(p, side);
	if (!list->nodes[at].left)
		return -1;
	list->nodes[at].right = parse_part(p, text + left + op);
	return list->nodes[at].right ? 0 : -1;
}

static int parse_filter(struct parser *p, struct jp_list *list)
{
	const char *from = p->in + p->pos + 3; /* behind "[?(" */
	int len = filter_length(from);
	auto_free char *text = NULL;

	if (len < 0)
		return fail(p, "unterminated filter");
	if (from[len + 1] != ']')
		return fail(p, "unclosed array expect ]");
	text = xstrndup(from, (size_t)len);
	p->pos += 3 + (size_t)len + 2;
	return parse_filter_sides(p, text, list);
}

/* ---- actions and templates ---- */

static int parse_piece(struct parser *p, struct jp_list *list)
{
	const char *s = p->in + p->pos;

	if (str_has_prefix(s, "[?("))
		return parse_filter(p, list);
	if (str_has_prefix(s, ".."))
		return parse_recursive(p, list);
	if (*s == '[')
		return parse_brackets(p, list);
	if (*s == '"' || *s == '\'')
		return parse_quote(p, list);
	if (*s == '.') {
		p->pos++;
		return parse_field(p, list);
	}
	if (*s == '+' || *s == '-' || is_digit(*s))
		return parse_number(p, list);
	if (is_word(*s))
		return parse_word(p, list);
	if (*s == '\0' || *s == '\r' || *s == '\n')
		return fail(p, "unclosed action");
	if (*s < ' ' || *s == 0x7f)
		return fail(p, "unrecognized character in action: U+%04X", (unsigned char)*s);
	return fail(p, "unrecognized character in action: U+%04X '%c'", (unsigned char)*s, *s);
}

/* Parses up to and with the closing brace. */
static int parse_action(struct parser *p, struct jp_list *list)
{
	while (p->in[p->pos] != '}') {
		/* The current object and the root are where every action begins anyway. */
		if (p->in[p->pos] && strchr(" @$", p->in[p->pos]))
			p->pos++;
		else if (parse_piece(p, list) < 0)
			return -1;
	}
	p->pos++;
	return 0;
}

static struct jp_item *append_item(struct jp_template *t, enum jp_item_kind kind)
{
	GROW(t->items, t->cap, t->len + 1);
	memset(&t->items[t->len], 0, sizeof(*t->items));
	t->items[t->len].kind = kind;
	return &t->items[t->len++];
}

static void set_kind(struct jp_item *item)
{
	for (size_t i = 0; i < item->list.len; i++) {
		if (item->list.nodes[i].kind == JP_RANGE)
			item->kind = JP_ITEM_RANGE;
		if (item->list.nodes[i].kind == JP_END)
			item->kind = JP_ITEM_END;
	}
}

static int parse_template(struct parser *p, struct jp_template *t)
{
	while (p->in[p->pos]) {
		size_t len = strcspn(p->in + p->pos, "{");
		struct jp_item *item;

		if (len > 0) {
			auto_free char *text = xstrndup(p->in + p->pos, len);

			item = append_item(t, JP_ITEM_TEXT);
			append(&item->list, JP_TEXT)->literal = json_new_string(text);
			p->pos += len;
			continue;
		}
		p->pos++;
		item = append_item(t, JP_ITEM_ACTION);
		if (parse_action(p, &item->list) < 0)
			return -1;
		set_kind(item);
	}
	return 0;
}

/*
 * The relaxed forms `metadata.name`, `.metadata.name` and `{metadata.name}` as `{.metadata.name}`;
 * anything else as it is. Text without any brace is always taken for a path.
 */
static char *complete(const char *text)
{
	static const char *const words[] = {"range", "end", "true", "false"};
	size_t len = strlen(text), word;

	if (len > 0 && !strpbrk(text, "{}"))
		return xasprintf(strchr(".[$@", text[0]) ? "{%s}" : "{.%s}", text);
	if (len < 3 || text[0] != '{' || strcspn(text + 1, "{}") != len - 2 || !is_word(text[1]) ||
	    is_digit(text[1]))
		return xstrdup(text);
	for (word = 1; !ends_word(text[word]);)
		word++;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strlen(words[i]) == word - 1 && strncmp(text + 1, words[i], word - 1) == 0)
			return xstrdup(text);
	}
	return xasprintf("{.%s", text + 1);
}

struct jsonpath *jsonpath_new(const char *template_text, struct err *e)
{
	auto_free char *text = NULL;
	struct parser p = {.e = e};
	struct jsonpath *path;

	if (strlen(template_text) > JP_MAX_TEXT) {
		err_set(e, ERR_BAD_REQUEST, "the template is longer than %u bytes", JP_MAX_TEXT);
		return NULL;
	}
	text = complete(template_text);
	path = xcalloc(1, sizeof(*path));
	p.in = text;
	if (parse_template(&p, &path->template) < 0) {
		jsonpath_free(path);
		return NULL;
	}
	return path;
}

void jsonpath_free(struct jsonpath *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->template.len; i++)
		list_release(&p->template.items[i].list);
	free(p->template.items);
	free(p);
}

const struct jp_template *jsonpath_template(const struct jsonpath *p)
{
	return &p->template;
}
