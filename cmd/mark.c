#include "mark.h"

#include <ctype.h>

#include "../runtime/base/err.h"

#define LABEL_VALUE_MAX 63

static const struct {
	const char *word, *field;
} kinds[] = {
    [MARK_LABEL] = {"label", "labels"},
    [MARK_ANNOTATION] = {"annotation", "annotations"},
};

static bool is_change(const char *word)
{
	size_t len = strlen(word);

	return (strchr(word, '=') && word[0] != '=') || (len > 1 && word[len - 1] == '-');
}

int marks_begin(
    const char *const *args, size_t argc, enum mark_kind kind, size_t *ret, struct err *e)
{
	size_t n = 0;

	while (n < argc && !is_change(args[n]))
		n++;
	for (size_t i = n; i < argc; i++)
		if (!is_change(args[i]))
			return err_set(e, ERR_BAD_REQUEST,
			    "all resources must be specified before %s changes: %s",
			    kinds[kind].word, args[i]);
	*ret = n;
	return 0;
}

/* A label's value, as the server will want it. */
static int check_label(const char *spec, const char *value, struct err *e)
{
	auto_free char *quoted = str_go_quote(spec);
	size_t len = strlen(value);
	bool good =
	    !len || (isalnum((unsigned char)value[0]) && isalnum((unsigned char)value[len - 1]));

	if (strchr(value, '='))
		return err_set(e, ERR_BAD_REQUEST, "invalid label spec: %s", spec);
	for (const char *p = value; *p; p++)
		good = good && (isalnum((unsigned char)*p) || strchr("-_.", *p));
	if (!good)
		return err_set(e, ERR_BAD_REQUEST,
		    "invalid label value: %s: a valid label must be an empty string or consist of "
		    "alphanumeric characters, '-', '_' or '.', and must start and end with an "
		    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex "
		    "used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
		    quoted);
	if (len > LABEL_VALUE_MAX)
		return err_set(e, ERR_BAD_REQUEST,
		    "invalid label value: %s: must be no more than %d characters", quoted,
		    LABEL_VALUE_MAX);
	return 0;
}

/* What is set and removed by the same command. */
static int check_both(const struct marks *m, enum mark_kind kind, struct err *e)
{
	auto_strlist both = {0};
	auto_free char *joined = NULL;

	for (size_t i = 0; i < m->remove.len; i++)
		if (json_get(m->set, m->remove.items[i]))
			strlist_add(&both, m->remove.items[i]);
	if (!both.len)
		return 0;
	if (kind == MARK_LABEL)
		return err_set(e, ERR_BAD_REQUEST,
		    "can not both modify and remove a label in the same command");
	joined = strlist_join(&both, ", ");
	return err_set(e, ERR_BAD_REQUEST,
	    "can not both modify and remove the following annotation(s) in the same command: %s",
	    joined);
}

int marks_parse(
    const char *const *words, size_t count, enum mark_kind kind, struct marks *ret, struct err *e)
{
	ret->set = json_new_object();
	for (size_t i = 0; i < count; i++) {
		const char *eq = strchr(words[i], '=');
		size_t len = eq ? (size_t)(eq - words[i]) : strlen(words[i]) - 1;
		auto_free char *key = xstrndup(words[i], len);

		if (eq && kind == MARK_LABEL && check_label(words[i], eq + 1, e) < 0)
			return -1;
		if (eq)
			json_set_str(ret->set, key, eq + 1);
		else
			strlist_add(&ret->remove, key);
	}
	return check_both(ret, kind, e);
}

void marks_release(struct marks *m)
{
	json_free(m->set);
	strlist_release(&m->remove);
	memset(m, 0, sizeof(*m));
}

const json *marks_of(const json *object, enum mark_kind kind)
{
	return json_get(json_get(object, "metadata"), kinds[kind].field);
}

int marks_check(const struct marks *m, const json *live, enum mark_kind kind, struct err *e)
{
	const json *there = marks_of(live, kind);
	auto_strlist texts = {0};
	auto_free char *joined = NULL;

	json_for (it, m->set) {
		const char *old = json_string_value(json_get(there, json_key(it)));

		if (old && !str_eq(old, json_string_value(it)))
			strlist_addf(&texts, "'%s' already has a value (%s)%s", json_key(it), old,
			    kind == MARK_LABEL ? ", and --overwrite is false" : "");
	}
	if (!texts.len)
		return 0;
	joined = strlist_join(&texts, kind == MARK_LABEL ? "\n" : "; ");
	return err_set(e, ERR_BAD_REQUEST, "%s%s",
	    kind == MARK_LABEL
		? ""
		: "--overwrite is false but found the following declared annotation(s): ",
	    joined);
}

json *marks_patch(const struct marks *m, const json *live, enum mark_kind kind)
{
	const json *there = marks_of(live, kind);
	json *patch = json_new_object(), *change = json_new_object();

	json_for (it, m->set)
		if (!json_equal(json_get(there, json_key(it)), it))
			json_set(change, json_key(it), json_dup(it));
	for (size_t i = 0; i < m->remove.len; i++)
		if (json_get(there, m->remove.items[i]))
			json_set(change, m->remove.items[i], json_new_null());
	if (json_len(change))
		json_set(json_obj(patch, "metadata"), kinds[kind].field, change);
	else
		json_free(change);
	return patch;
}
