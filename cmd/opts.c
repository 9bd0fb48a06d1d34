#include "opts.h"

#include <ctype.h>
#include <errno.h>

#include "../runtime/base/clock.h"

struct opt_value {
	const struct opt *row;
	bool given;
	bool on;          /* OPT_BOOL */
	int64_t number;   /* OPT_INT, OPT_DURATION */
	const char *text; /* borrowed from argv or the row */
	struct strlist list;
};

/* Where parsing stands. */
struct scan {
	struct opts *o;
	const char *const *argv;
	size_t argc, at;
};

const struct opt *opt_find_name(const struct opt *table, const char *name, size_t name_len)
{
	for (const struct opt *row = table; row->name; row++)
		if (strlen(row->name) == name_len && memcmp(row->name, name, name_len) == 0)
			return row;
	return NULL;
}

const struct opt *opt_find_letter(const struct opt *table, char letter)
{
	for (const struct opt *row = table; row->name; row++)
		if (row->letter && row->letter == letter)
			return row;
	return NULL;
}

static bool kind_has_value(enum opt_kind kind)
{
	return kind != OPT_BOOL && kind != OPT_MAYBE;
}

bool opt_takes_next(const struct opt *const *tables, size_t table_count, const char *word)
{
	if (word[0] != '-' || !word[1] || strchr(word, '='))
		return false;
	for (size_t i = 0; i < table_count; i++) {
		const struct opt *row = word[1] == '-'
					    ? opt_find_name(tables[i], word + 2, strlen(word + 2))
					    : opt_find_letter(tables[i], word[1]);

		if (row)
			return kind_has_value(row->kind) && (word[1] == '-' || !word[2]);
	}
	return false;
}

void opts_add_table(struct opts *o, const struct opt *table)
{
	size_t rows = 0;

	if (!table)
		return;
	if (o->table_count == OPTS_TABLES_MAX)
		abort();
	while (table[rows].name)
		rows++;
	o->tables[o->table_count++] = table;
	o->values = xrealloc(o->values, (o->value_count + rows + 1) * sizeof(*o->values));
	memset(o->values + o->value_count, 0, (rows + 1) * sizeof(*o->values));
	for (size_t i = 0; i < rows; i++)
		o->values[o->value_count++].row = &table[i];
}

static struct opt_value *find_name(const struct opts *o, const char *name, size_t len)
{
	for (size_t i = 0; i < o->value_count; i++) {
		const char *n = o->values[i].row->name;

		if (strlen(n) == len && memcmp(n, name, len) == 0)
			return &o->values[i];
	}
	return NULL;
}

static struct opt_value *find_letter(const struct opts *o, char letter)
{
	for (size_t i = 0; i < o->value_count; i++)
		if (o->values[i].row->letter && o->values[i].row->letter == letter)
			return &o->values[i];
	return NULL;
}

/* `invalid argument "x" for "-w, --watch" flag: WHY` */
static int bad_value(const struct opt *row, const char *text, struct err *e, const char *why)
{
	auto_free char *quoted = str_go_quote(text);
	char letter[8] = "";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	return err_set(e, ERR_BAD_REQUEST, "invalid argument %s for \"%s--%s\" flag: %s", quoted,
	    letter, row->name, why);
}

static int bad_syntax(const struct opt *row, const char *text, struct err *e, const char *parser)
{
	auto_free char *quoted = str_go_quote(text);
	auto_free char *why = xasprintf("strconv.%s: parsing %s: invalid syntax", parser, quoted);

	return bad_value(row, text, e, why);
}

static int set_bool(struct opt_value *v, const char *text, struct err *e)
{
	static const char *const yes[] = {"true", "1", "t", "T", "TRUE", "True", NULL};
	static const char *const no[] = {"false", "0", "f", "F", "FALSE", "False", NULL};

	for (size_t i = 0; yes[i]; i++) {
		if (str_eq(text, yes[i]) || str_eq(text, no[i])) {
			v->on = str_eq(text, yes[i]);
			return 0;
		}
	}
	return bad_syntax(v->row, text, e, "ParseBool");
}

static int set_duration(struct opt_value *v, const char *text, struct err *e)
{
	int64_t unused_number;
	auto_free char *quoted = NULL;
	auto_free char *why = NULL;

	if (duration_parse(text, &v->number) == 0)
		return 0;
	quoted = str_go_quote(text);
	why = xasprintf("time: %s %s",
	    str_to_int(text, INT64_MIN, INT64_MAX, &unused_number) == 0 ? "missing unit in duration"
									: "invalid duration",
	    quoted);
	return bad_value(v->row, text, e, why);
}

static int check_choice(const struct opt *row, const char *text, struct err *e)
{
	auto_strlist names = {0};
	auto_free char *joined = NULL;
	auto_free char *why = NULL;

	for (size_t i = 0; row->choices[i]; i++) {
		if (str_eq(row->choices[i], text))
			return 0;
		if (*row->choices[i])
			strlist_add(&names, row->choices[i]);
	}
	joined = strlist_join(&names, ", ");
	why = xasprintf("must be one of %s", joined);
	return bad_value(row, text, e, why);
}

/* Takes a value as it stands on the command line or in a row's default. */
static int set_value(struct opt_value *v, const char *text, struct err *e)
{
	if (v->row->choices && check_choice(v->row, text, e) < 0)
		return -1;
	v->text = text;
	switch (v->row->kind) {
	case OPT_BOOL:
		return set_bool(v, text, e);
	case OPT_INT:
		if (str_to_int(text, INT64_MIN, INT64_MAX, &v->number) < 0)
			return bad_syntax(v->row, text, e, "ParseInt");
		return 0;
	case OPT_DURATION:
		return set_duration(v, text, e);
	case OPT_LIST:
		strlist_add(&v->list, text);
		return 0;
	case OPT_CSV: {
		auto_strlist parts = {0};

		str_split(&parts, text, ',');
		for (size_t i = 0; i < parts.len; i++)
			strlist_add(&v->list, parts.items[i]);
		return 0;
	}
	case OPT_STRING:
	case OPT_MAYBE:
		return 0;
	}
	return 0;
}

static int set_given(struct opt_value *v, const char *text, struct err *e)
{
	v->given = true;
	return set_value(v, text, e);
}

/* What kubectl's users may type here, and what to do instead. */
static const struct {
	const char *name;
	char letter;
	const char *why;
} refused[] = {
    {"kustomize", 'k', "pipe what it builds: 'kustomize build DIR | kjob apply -f -'"},
    {"template", 0, "Go templates are not supported: use -o jsonpath=… or -o custom-columns=…"},
    {"allow-missing-template-keys", 0, "what a template does not find is always left out"},
    {"server-print", 0, "tables are always the server's: use -o custom-columns=… for others"},
    {"use-openapi-print-columns", 0, "tables are always the server's"},
};

/* The reason, or the option that was probably meant, behind kubectl's words. */
static int unknown_name(const struct opts *o, const char *name, size_t len, struct err *e)
{
	auto_free char *word = xstrndup(name, len);
	auto_free const char **names = xcalloc(o->value_count + 1, sizeof(*names));
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (str_eq(refused[i].name, word))
			return err_set(
			    e, ERR_BAD_REQUEST, "unknown flag: --%s: %s", word, refused[i].why);
	for (size_t i = 0; i < o->value_count; i++)
		if (o->values[i].row->help && o->values[i].row->name[1])
			names[n++] = o->values[i].row->name;
	near = str_nearest(word, names);
	return near ? err_set(
			  e, ERR_BAD_REQUEST, "unknown flag: --%s (did you mean --%s?)", word, near)
		    : err_set(e, ERR_BAD_REQUEST, "unknown flag: --%s", word);
}

static int unknown_letter(const char *letters, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (refused[i].letter == *letters)
			return err_set(e, ERR_BAD_REQUEST,
			    "unknown shorthand flag: '%c' in -%s: %s", *letters, letters,
			    refused[i].why);
	return err_set(
	    e, ERR_BAD_REQUEST, "unknown shorthand flag: '%c' in -%s", *letters, letters);
}

static int parse_long(struct scan *s, const char *word, struct err *e)
{
	const char *name = word + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	struct opt_value *v = find_name(s->o, name, len);

	if (len == 0)
		return err_set(e, ERR_BAD_REQUEST, "bad flag syntax: %s", word);
	if (!v)
		return unknown_name(s->o, name, len, e);
	if (eq)
		return set_given(v, eq + 1, e);
	if (v->row->kind == OPT_BOOL)
		return set_given(v, "true", e);
	if (v->row->kind == OPT_MAYBE)
		return set_given(v, v->row->bare, e);
	if (s->at == s->argc)
		return err_set(e, ERR_BAD_REQUEST, "flag needs an argument: %s", word);
	return set_given(v, s->argv[s->at++], e);
}

/* "-it", "-n4", "-n=4", "-n 4", "-w=false". */
static int parse_letters(struct scan *s, const char *word, struct err *e)
{
	for (const char *p = word + 1; *p; p++) {
		struct opt_value *v = find_letter(s->o, *p);

		if (!v)
			return unknown_letter(p, e);
		if (p[1] == '=' && p[2])
			return set_given(v, p + 2, e);
		if (!kind_has_value(v->row->kind)) {
			if (set_given(v, v->row->kind == OPT_BOOL ? "true" : v->row->bare, e) < 0)
				return -1;
			continue;
		}
		if (p[1])
			return set_given(v, p + 1, e);
		if (s->at == s->argc)
			return err_set(
			    e, ERR_BAD_REQUEST, "flag needs an argument: '%c' in -%s", *p, p);
		return set_given(v, s->argv[s->at++], e);
	}
	return 0;
}

/* Values that were not given, from their rows; a list that was given does not keep its default. */
static void set_defaults(struct opts *o)
{
	for (size_t i = 0; i < o->value_count; i++) {
		auto_err e = {0};

		if (!o->values[i].given && o->values[i].row->def &&
		    set_value(&o->values[i], o->values[i].row->def, &e) < 0)
			abort();
	}
}

int opts_parse(struct opts *o, const char *const *argv, size_t argc, struct err *e)
{
	struct scan s = {.o = o, .argv = argv, .argc = argc};

	o->dash = -1;
	o->args = xcalloc(argc + 1, sizeof(*o->args));
	while (s.at < argc) {
		const char *word = argv[s.at++];
		int rc = 0;

		if (word[0] != '-' || !word[1]) {
			o->args[o->argc++] = word;
		} else if (str_eq(word, "--")) {
			o->dash = (int)o->argc;
			while (s.at < argc)
				o->args[o->argc++] = argv[s.at++];
		} else {
			rc = word[1] == '-' ? parse_long(&s, word, e) : parse_letters(&s, word, e);
		}
		if (rc < 0)
			return -1;
	}
	set_defaults(o);
	return 0;
}

void opts_release(struct opts *o)
{
	for (size_t i = 0; i < o->value_count; i++)
		strlist_release(&o->values[i].list);
	free(o->values);
	free(o->args);
	memset(o, 0, sizeof(*o));
}

static const struct opt_value *get(const struct opts *o, const char *name)
{
	const struct opt_value *v = find_name(o, name, strlen(name));

	if (!v)
		abort(); /* a name that no table has */
	return v;
}

bool opts_known(const struct opts *o, const char *name)
{
	return find_name(o, name, strlen(name)) != NULL;
}

bool opts_given(const struct opts *o, const char *name)
{
	return get(o, name)->given;
}

const char *opts_str(const struct opts *o, const char *name)
{
	const char *text = get(o, name)->text;

	return text ? text : "";
}

bool opts_bool(const struct opts *o, const char *name)
{
	return get(o, name)->on;
}

int64_t opts_int(const struct opts *o, const char *name)
{
	return get(o, name)->number;
}

int64_t opts_duration_ns(const struct opts *o, const char *name)
{
	return get(o, name)->number;
}

const struct strlist *opts_list(const struct opts *o, const char *name)
{
	return &get(o, name)->list;
}
