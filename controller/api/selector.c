/*
 * selector: requirements on labels or fields, ANDed.
 *
 * The label grammar is a small lexer (words and the symbols = == != ! ( ) , < >) and a parser with
 * one function per rule. Texts of errors are those that kubectl users know. Words are runs of other
 * characters.
 */
#include <ctype.h>

#include "api.h"
#include "names.h"

enum sel_op { SEL_EQ, SEL_NE, SEL_IN, SEL_NOT_IN, SEL_EXISTS, SEL_NOT_EXISTS, SEL_GT, SEL_LT };

struct requirement {
	char *key;
	enum sel_op op;
	struct strlist values;
};

struct selector {
	struct requirement *reqs;
	size_t len, cap;
	bool fields;  /* absent reads as "" */
	bool nothing; /* of an absent LabelSelector: holds for no object */
};

static struct requirement *selector_add(struct selector *s, char *key_taken, enum sel_op op)
{
	struct requirement *r;

	GROW(s->reqs, s->cap, s->len + 1);
	r = &s->reqs[s->len++];
	*r = (struct requirement){.key = key_taken, .op = op};
	return r;
}

void selector_free(struct selector *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->len; i++) {
		free(s->reqs[i].key);
		strlist_release(&s->reqs[i].values);
	}
	free(s->reqs);
	free(s);
}

static void selector_cleanup(struct selector **s)
{
	selector_free(*s);
}

#define auto_selector CLEANUP(selector_cleanup) struct selector

bool selector_is_empty(const struct selector *s)
{
	return !s || (s->len == 0 && !s->nothing);
}

/* ---- matching ---- */

static bool value_compare(const char *value, const char *bound, enum sel_op op)
{
	int64_t a, b;

	if (!value || str_to_int(value, INT64_MIN, INT64_MAX, &a) < 0 ||
	    str_to_int(bound, INT64_MIN, INT64_MAX, &b) < 0)
		return false;
	return op == SEL_GT ? a > b : a < b;
}

static bool requirement_holds(const struct requirement *r, const char *value)
{
	switch (r->op) {
	case SEL_EQ:
	case SEL_IN:
		return value && strlist_has(&r->values, value);
	case SEL_NE:
	case SEL_NOT_IN:
		return !value || !strlist_has(&r->values, value);
	case SEL_EXISTS:
		return value != NULL;
	case SEL_NOT_EXISTS:
		return !value;
	case SEL_GT:
	case SEL_LT:
		return value_compare(value, r->values.items[0], r->op);
	}
	return false;
}

bool selector_matches(
    const struct selector *s, const char *(*get)(void *ctx, const char *key), void *ctx)
{
	if (!s)
		return true;
	if (s->nothing)
		return false;
	for (size_t i = 0; i < s->len; i++) {
		const char *value = get(ctx, s->reqs[i].key);

		if (!requirement_holds(&s->reqs[i], !value && s->fields ? "" : value))
			return false;
	}
	return true;
}

static const char *get_label(void *ctx, const char *key)
{
	return json_string_value(json_get(ctx, key));
}

bool selector_matches_labels(const struct selector *s, const json *labels)
{
	return selector_matches(s, get_label, (void *)(uintptr_t)labels);
}

struct index_text {
	const char *ptr, *end;
};

static const char *get_indexed(void *ctx, const char *key)
{
	const struct index_text *t = ctx;

	for (const char *p = t->ptr; p < t->end;) {
		const char *value = p + strlen(p) + 1;

		if (value >= t->end)
			break;
		if (strcmp(p, key) == 0)
			return value;
		p = value + strlen(value) + 1;
	}
	return NULL;
}

bool selector_matches_index(const struct selector *s, const char *index, size_t len)
{
	struct index_text t = {index, index ? index + len : NULL};

	return selector_matches(s, get_indexed, &t);
}

/* ---- label selector text ---- */

enum token {
	TOK_END,
	TOK_WORD,
	TOK_EQ,
	TOK_EQ2,
	TOK_NE,
	TOK_NOT,
	TOK_OPEN,
	TOK_CLOSE,
	TOK_COMMA,
	TOK_GT,
	TOK_LT
};

static const struct {
	const char *text;
	enum token tok;
} symbols[] = {
    {"==", TOK_EQ2},
    {"!=", TOK_NE},
    {"=", TOK_EQ},
    {"!", TOK_NOT},
    {"(", TOK_OPEN},
    {")", TOK_CLOSE},
    {",", TOK_COMMA},
    {">", TOK_GT},
    {"<", TOK_LT},
};

struct lexer {
	const char *p;
	enum token tok;
	char *lit; /* owned: the text of the current token */
};

static void lexer_release(struct lexer *l)
{
	free(l->lit);
}

static bool is_symbol(char c)
{
	return c && strchr("=!(),><", c);
}

/* Makes the next token the current one. */
static void lex(struct lexer *l)
{
	const char *start;

	free(l->lit);
	l->lit = NULL;
	while (isspace((unsigned char)*l->p))
		l->p++;
	start = l->p;
	l->tok = TOK_END;
	for (size_t i = 0; i < ARRAY_LEN(symbols) && l->tok == TOK_END; i++)
		if (str_has_prefix(l->p, symbols[i].text)) {
			l->tok = symbols[i].tok;
			l->p += strlen(symbols[i].text);
		}
	if (l->tok == TOK_END && *l->p) {
		l->tok = TOK_WORD;
		while (*l->p && !is_symbol(*l->p) && !isspace((unsigned char)*l->p))
			l->p++;
	}
	l->lit = xstrndup(start, (size_t)(l->p - start));
}

/* The text of the current word; the next token becomes current. */
static char *lex_take_word(struct lexer *l)
{
	char *word = TAKE(l->lit);

	lex(l);
	return word;
}

static int unexpected(const struct lexer *l, const char *expected, struct err *e)
{
	return err_set(e, ERR_BAD_REQUEST, "unable to parse requirement: found '%s', expected: %s",
	    l->lit, expected);
}

static int parse_operator(struct lexer *l, enum sel_op *ret, struct err *e)
{
	static const struct {
		enum token tok;
		const char *word;
		enum sel_op op;
	} ops[] = {
	    {TOK_EQ, NULL, SEL_EQ},
	    {TOK_EQ2, NULL, SEL_EQ},
	    {TOK_NE, NULL, SEL_NE},
	    {TOK_GT, NULL, SEL_GT},
	    {TOK_LT, NULL, SEL_LT},
	    {TOK_WORD, "in", SEL_IN},
	    {TOK_WORD, "notin", SEL_NOT_IN},
	};

	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (l->tok == ops[i].tok && (!ops[i].word || str_eq(l->lit, ops[i].word))) {
			*ret = ops[i].op;
			lex(l);
			return 0;
		}
	return unexpected(l, "in, notin, =, ==, !=, gt, lt", e);
}

/* "(a, b)" */
static int parse_set(struct lexer *l, struct strlist *values, struct err *e)
{
	if (l->tok != TOK_OPEN)
		return err_set(e, ERR_BAD_REQUEST,
		    "unable to parse requirement: found '%s' expected: '('", l->lit);
	for (;;) {
		lex(l);
		if (l->tok == TOK_WORD)
			strlist_add_take(values, lex_take_word(l));
		else if (l->tok == TOK_COMMA || (l->tok == TOK_CLOSE && values->len > 0))
			strlist_add(values, "");
		if (l->tok == TOK_CLOSE)
			break;
		if (l->tok != TOK_COMMA)
			return unexpected(l, "',', or ')'", e);
	}
	lex(l);
	return 0;
}

/* One value, or nothing for the empty one. */
static int parse_exact(struct lexer *l, struct strlist *values, struct err *e)
{
	if (l->tok == TOK_END || l->tok == TOK_COMMA) {
		strlist_add(values, "");
		return 0;
	}
	if (l->tok != TOK_WORD)
		return unexpected(l, "identifier", e);
	strlist_add_take(values, lex_take_word(l));
	return 0;
}

/* Reports the broken rules of one key or value. */
static int bad_word(
    struct err *e, const char *where, const char *word, const struct strlist *problems)
{
	auto_free char *quoted = str_go_quote(word), *text = strlist_join(problems, "; ");

	return err_set(e, ERR_BAD_REQUEST, "%s: Invalid value: %s: %s", where, quoted, text);
}

static int requirement_check_value(const struct requirement *r, size_t i, struct err *e)
{
	auto_strlist problems = {0};
	auto_free char *where = xasprintf("values[%zu][%s]", i, r->key);
	int64_t number;

	name_check_label_value(r->values.items[i], &problems);
	if ((r->op == SEL_GT || r->op == SEL_LT) &&
	    str_to_int(r->values.items[i], INT64_MIN, INT64_MAX, &number) < 0)
		strlist_add(&problems, "for 'Gt', 'Lt' operators, the value must be an integer");
	return problems.len ? bad_word(e, where, r->values.items[i], &problems) : 0;
}

/* The rules for keys and values of a requirement. */
static int requirement_check(const struct requirement *r, struct err *e)
{
	auto_strlist problems = {0};

	name_check_qualified(r->key, &problems);
	if (problems.len)
		return bad_word(e, "key", r->key, &problems);
	if ((r->op == SEL_IN || r->op == SEL_NOT_IN) && r->values.len == 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "values: Invalid value: []: for 'in', 'notin' operators, values set can't be "
		    "empty");
	for (size_t i = 0; i < r->values.len; i++)
		if (requirement_check_value(r, i, e) < 0)
			return -1;
	return 0;
}

static int parse_requirement(struct selector *s, struct lexer *l, struct err *e)
{
	bool negated = l->tok == TOK_NOT;
	struct requirement *r;

	if (negated)
		lex(l);
	if (l->tok != TOK_WORD)
		return unexpected(l, "identifier", e);
	r = selector_add(s, lex_take_word(l), negated ? SEL_NOT_EXISTS : SEL_EXISTS);
	if (!negated && l->tok != TOK_END && l->tok != TOK_COMMA) {
		if (parse_operator(l, &r->op, e) < 0)
			return -1;
		if (r->op == SEL_IN || r->op == SEL_NOT_IN) {
			if (parse_set(l, &r->values, e) < 0)
				return -1;
		} else if (parse_exact(l, &r->values, e) < 0) {
			return -1;
		}
	}
	return requirement_check(r, e) < 0 ? err_wrap(e, "unable to parse requirement") : 0;
}

struct selector *label_selector_parse(const char *text, struct err *e)
{
	auto_selector *s = xcalloc(1, sizeof(*s));
	CLEANUP(lexer_release) struct lexer l = {.p = text ? text : ""};

	lex(&l);
	while (l.tok != TOK_END) {
		if (l.tok != TOK_WORD && l.tok != TOK_NOT) {
			err_set(e, ERR_BAD_REQUEST,
			    "found '%s', expected: !, identifier, or 'end of string'", l.lit);
			return NULL;
		}
		if (parse_requirement(s, &l, e) < 0)
			return NULL;
		if (l.tok == TOK_END)
			break;
		if (l.tok != TOK_COMMA) {
			err_set(e, ERR_BAD_REQUEST, "found '%s', expected: ',' or 'end of string'",
			    l.lit);
			return NULL;
		}
		lex(&l);
		if (l.tok != TOK_WORD && l.tok != TOK_NOT) {
			err_set(e, ERR_BAD_REQUEST, "found '%s', expected: identifier after ','",
			    l.lit);
			return NULL;
		}
	}
	return TAKE(s);
}

/* ---- metav1.LabelSelector ---- */

static int add_expression(struct selector *s, const json *expr, struct err *e)
{
	static const struct {
		const char *name;
		enum sel_op op;
	} ops[] = {{"In", SEL_IN}, {"NotIn", SEL_NOT_IN}, {"Exists", SEL_EXISTS},
	    {"DoesNotExist", SEL_NOT_EXISTS}};
	const char *op = json_str_or(expr, "operator", "");
	struct requirement *r;

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (!str_eq(op, ops[i].name))
			continue;
		r = selector_add(s, xstrdup(json_str_or(expr, "key", "")), ops[i].op);
		json_for (v, json_get(expr, "values"))
			strlist_add(&r->values, json_string_value(v) ? json_string_value(v) : "");
		return requirement_check(r, e);
	}
	return err_set(e, ERR_BAD_REQUEST, "\"%s\" is not a valid label selector operator", op);
}

struct selector *label_selector_from(const json *selector, struct err *e)
{
	auto_selector *s = xcalloc(1, sizeof(*s));

	s->nothing = !json_is_object(selector);
	json_for (m, json_get(selector, "matchLabels")) {
		struct requirement *r = selector_add(s, xstrdup(json_key(m)), SEL_EQ);

		strlist_add(&r->values, json_string_value(m) ? json_string_value(m) : "");
		if (requirement_check(r, e) < 0)
			return NULL;
	}
	json_for (expr, json_get(selector, "matchExpressions"))
		if (add_expression(s, expr, e) < 0)
			return NULL;
	return TAKE(s);
}

/* ---- fields ---- */

/* How a selectable field gets its text. */
enum field_form { FORM_STRING, FORM_INT, FORM_BOOL };

struct selectable {
	const char *name;
	const char *path; /* NULL: the name itself */
	enum field_form form;
	const char *path2; /* where `path` is absent */
};

#define PLAIN(n)            \
	{                   \
		.name = (n) \
	}
#define META_FIELDS PLAIN("metadata.name"), PLAIN("metadata.namespace")

static const struct selectable pod_fields[] = {
    META_FIELDS,
    PLAIN("spec.nodeName"),
    PLAIN("spec.restartPolicy"),
    PLAIN("spec.schedulerName"),
    PLAIN("spec.serviceAccountName"),
    {"spec.hostNetwork", NULL, FORM_BOOL, NULL},
    PLAIN("status.phase"),
    PLAIN("status.podIP"),
    PLAIN("status.nominatedNodeName"),
    PLAIN(NULL),
};

static const struct selectable event_fields[] = {
    META_FIELDS,
    PLAIN("involvedObject.kind"),
    PLAIN("involvedObject.namespace"),
    PLAIN("involvedObject.name"),
    PLAIN("involvedObject.uid"),
    PLAIN("involvedObject.apiVersion"),
    PLAIN("involvedObject.resourceVersion"),
    PLAIN("involvedObject.fieldPath"),
    PLAIN("reason"),
    PLAIN("reportingComponent"),
    {"source", "source.component", FORM_STRING, "reportingComponent"},
    PLAIN("type"),
    PLAIN(NULL),
};

static const struct selectable namespace_fields[] = {
    META_FIELDS,
    PLAIN("status.phase"),
    PLAIN(NULL),
};

static const struct selectable node_fields[] = {
    META_FIELDS,
    {"spec.unschedulable", NULL, FORM_BOOL, NULL},
    PLAIN(NULL),
};

static const struct selectable job_fields[] = {
    META_FIELDS,
    {"status.successful", "status.succeeded", FORM_INT, NULL},
    PLAIN(NULL),
};

static const struct selectable cron_job_fields[] = {
    META_FIELDS,
    PLAIN(NULL),
};

static const struct selectable config_map_fields[] = {
    META_FIELDS,
    PLAIN(NULL),
};

static const struct selectable secret_fields[] = {
    META_FIELDS,
    PLAIN("type"),
    PLAIN(NULL),
};

static const struct selectable service_fields[] = {
    META_FIELDS,
    PLAIN("spec.clusterIP"),
    PLAIN("spec.type"),
    PLAIN(NULL),
};

static const struct selectable endpoints_fields[] = {
    META_FIELDS,
    PLAIN(NULL),
};

static const struct selectable *selectable_of(const struct kind *k)
{
	switch (k->id) {
	case KIND_POD:
		return pod_fields;
	case KIND_EVENT:
		return event_fields;
	case KIND_NAMESPACE:
		return namespace_fields;
	case KIND_NODE:
		return node_fields;
	case KIND_JOB:
		return job_fields;
	case KIND_CRONJOB:
		return cron_job_fields;
	case KIND_CONFIGMAP:
		return config_map_fields;
	case KIND_SECRET:
		return secret_fields;
	case KIND_SERVICE:
		return service_fields;
	case KIND_ENDPOINTS:
	case KIND_ENDPOINT_SLICE:
		return endpoints_fields;
	case KIND_PERSISTENTVOLUMECLAIM:
	case KIND_SERVICE_ACCOUNT:
	case KIND_POD_TEMPLATE:
	case KIND_LEASE:
		return config_map_fields;
	case KIND_COUNT:
		break;
	}
	return NULL;
}

static bool is_selectable(const struct kind *k, const char *name)
{
	for (const struct selectable *f = selectable_of(k); f && f->name; f++)
		if (strcmp(f->name, name) == 0)
			return true;
	return false;
}

/* One "field=value" term, backslash escapes in the value undone. */
static int add_term(
    const struct kind *k, struct selector *s, const char *term, const char *whole, struct err *e)
{
	const char *eq = strchr(term, '='), *value;
	size_t key_len;
	auto_free char *key = NULL;
	auto_buf text = {0};
	bool negated;

	if (!eq)
		return err_set(e, ERR_BAD_REQUEST, "invalid selector: '%s'; can't understand '%s'",
		    whole, term);
	negated = eq > term && eq[-1] == '!';
	value = eq[1] == '=' && !negated ? eq + 2 : eq + 1;
	key_len = (size_t)(eq - term) - (negated ? 1 : 0);
	key = xstrndup(term, key_len);
	if (!is_selectable(k, key))
		return err_set(e, ERR_BAD_REQUEST, "field label not supported: %s", key);
	for (; *value; value++) {
		if (*value == '\\' && value[1])
			value++;
		buf_addch(&text, *value);
	}
	strlist_add(&selector_add(s, TAKE(key), negated ? SEL_NE : SEL_EQ)->values, buf_str(&text));
	return 0;
}

struct selector *field_selector_parse(const struct kind *k, const char *text, struct err *e)
{
	auto_selector *s = xcalloc(1, sizeof(*s));
	const char *whole = text ? text : "";
	auto_buf term = {0};

	s->fields = true;
	for (const char *p = whole;; p++) {
		if (*p == '\\' && p[1]) {
			buf_addch(&term, *p++);
			buf_addch(&term, *p);
		} else if (*p == ',' || !*p) {
			if (term.len && add_term(k, s, buf_str(&term), whole, e) < 0)
				return NULL;
			buf_clear(&term);
			if (!*p)
				break;
		} else {
			buf_addch(&term, *p);
		}
	}
	return TAKE(s);
}

/* ---- the index texts beside an object ---- */

static void index_add(struct buf *out, const char *key, const char *value)
{
	buf_add(out, key, strlen(key) + 1);
	buf_add(out, value, strlen(value) + 1);
}

void api_index_fields(const struct kind *k, const json *obj, struct buf *out)
{
	char number[24];

	for (const struct selectable *f = selectable_of(k); f && f->name; f++) {
		const char *path = f->path ? f->path : f->name, *value = NULL;

		switch (f->form) {
		case FORM_STRING:
			value = json_str(obj, path);
			if (!value && f->path2)
				value = json_str(obj, f->path2);
			break;
		case FORM_INT:
			snprintf(number, sizeof(number), "%lld", (long long)json_int(obj, path, 0));
			value = number;
			break;
		case FORM_BOOL:
			value = json_bool(obj, path, false) ? "true" : "false";
			break;
		}
		if (value && *value)
			index_add(out, f->name, value);
	}
}

void api_index_labels(const json *obj, struct buf *out)
{
	json_for (l, json_path(obj, "metadata.labels"))
		if (json_string_value(l))
			index_add(out, json_key(l), json_string_value(l));
}
