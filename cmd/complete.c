#include "complete.h"

#include <stdlib.h>

void completion_release(struct completion *c)
{
	strlist_release(&c->lines);
	free(c->type);
	free(c->prefix);
}

void complete_add(struct completion *c, const char *typed, const char *word, const char *help)
{
	size_t len = strlen(word);

	if (!str_has_prefix(word, typed))
		return;
	for (size_t i = 0; i < c->lines.len; i++)
		if (strncmp(c->lines.items[i], word, len) == 0 && c->lines.items[i][len] == '\t')
			return; /* pods of two groups */
	strlist_addf(&c->lines, "%s\t%s", word, help ? help : "");
}

/* ---- commands ---- */

/* The commands of one more word than NAME ("": of one word). Whether there are any. */
static bool add_commands(struct completion *c, const char *name, const char *typed)
{
	size_t len = strlen(name);
	bool any = false;

	for (size_t i = 0; cmd_table[i]; i++) {
		const char *rest = cmd_table[i]->name;

		if (cmd_table[i]->group == GROUP_HIDDEN && !len)
			continue;
		if (len && (!str_has_prefix(rest, name) || rest[len] != ' '))
			continue;
		rest += len ? len + 1 : 0;
		if (strchr(rest, ' '))
			continue;
		any = true;
		complete_add(c, typed, rest, cmd_table[i]->summary);
	}
	return any;
}

/* ---- options ---- */

static bool wants_value(const struct opt *row)
{
	return row->kind != OPT_BOOL && row->kind != OPT_MAYBE;
}

static void add_options(struct completion *c, const struct opt *table, const char *typed)
{
	for (const struct opt *row = table; row && row->name; row++) {
		auto_free char *word = xasprintf("--%s%s", row->name, wants_value(row) ? "=" : "");

		if (row->help && row->name[1])
			complete_add(c, typed, word, row->help);
	}
}

/* The row that "--name=…" or the word before a value means. */
static const struct opt *row_of(const struct cmd *cmd, const char *word)
{
	const struct opt *const tables[] = {cmd->options, cmd_global_options};
	const struct opt *row = NULL;

	for (size_t i = 0; i < ARRAY_LEN(tables) && !row; i++) {
		if (!tables[i])
			continue;
		row = str_has_prefix(word, "--")
			  ? opt_find_name(tables[i], word + 2, strcspn(word + 2, "="))
			  : opt_find_letter(tables[i], word[strlen(word) - 1]);
	}
	return row;
}

/* What an option can be; before each candidate stands `before`. */
static void add_values(
    struct completion *c, const struct opt *row, const char *before, const char *typed)
{
	for (size_t i = 0; row->choices && row->choices[i]; i++) {
		auto_free char *word = xasprintf("%s%s", before, row->choices[i]);

		if (*row->choices[i])
			complete_add(c, typed, word, NULL);
	}
	if (str_eq(row->value, "FILE") && !*before)
		c->wish = COMPLETE_FILES;
	if (str_eq(row->name, "context") && !*before)
		c->wish = COMPLETE_CONTEXTS;
	if (str_eq(row->name, "namespace")) {
		c->wish = COMPLETE_NAMES;
		c->type = xstrdup("namespaces");
		c->prefix = xstrdup(before);
	}
}

/* ---- arguments ---- */

/* The first argument among the words behind the command, and how many there are. */
static size_t count_args(
    const struct cmd *cmd, const char *const *words, size_t count, const char **ret_first)
{
	const struct opt *tables[] = {cmd_global_options, cmd->options};
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (words[i][0] == '-' && words[i][1])
			i += opt_takes_next(tables, cmd->options ? 2 : 1, words[i]);
		else if (n++ == 0)
			*ret_first = words[i];
	}
	return n;
}

static void wish_names(struct completion *c, const char *type, size_t len, bool with_type)
{
	c->wish = COMPLETE_NAMES;
	c->type = xstrndup(type, len);
	c->prefix = with_type ? xasprintf("%s/", c->type) : xstrdup("");
}

/* What an argument can be is what the usage begins with. */
static void add_arguments(struct completion *c, const struct cmd *cmd, const char *const *words,
    size_t count, const char *typed)
{
	const char *first = NULL, *slash = strchr(typed, '/');
	size_t args = count_args(cmd, words, count, &first);

	if (args == 0 && add_commands(c, cmd->name, typed))
		return;
	if (str_eq(cmd->name, "help")) {
		add_commands(c, args ? first : "", typed);
		return;
	}
	if (cmd == &cmd_config_use_context)
		c->wish = COMPLETE_CONTEXTS;
	else if (slash && strstr(cmd->usage, "TYPE/NAME"))
		wish_names(c, typed, (size_t)(slash - typed), true);
	else if (args && strchr(first, '/'))
		c->wish = COMPLETE_TYPES;
	else if (args && strstr(cmd->usage, "TYPE"))
		wish_names(c, first, strlen(first), false);
	else if (str_has_prefix(cmd->usage, "(POD") || str_has_prefix(cmd->usage, "POD"))
		wish_names(c, "pods", strlen("pods"), false);
	else if (strstr(cmd->usage, "TYPE"))
		c->wish = COMPLETE_TYPES;
}

void complete_words(struct completion *ret, const char *const *words, size_t count)
{
	const char *typed = count ? words[count - 1] : "";
	size_t left = count ? count - 1 : 0;
	auto_free const char **rest = xcalloc(left + 1, sizeof(*rest));
	const struct cmd *cmd;
	const struct opt *before = NULL, *tables[2] = {cmd_global_options};

	for (size_t i = 0; i < left; i++) {
		rest[i] = words[i];
		if (str_eq(words[i], "--"))
			return;
	}
	cmd = cmd_locate(rest, &left, NULL);
	if (!cmd)
		return;
	tables[1] = cmd->options;
	if (left && opt_takes_next(tables, cmd->options ? 2 : 1, rest[left - 1]))
		before = row_of(cmd, rest[left - 1]);
	if (before) {
		add_values(ret, before, "", typed);
	} else if (str_has_prefix(typed, "--") && strchr(typed, '=')) {
		const struct opt *row = row_of(cmd, typed);
		auto_free char *name = xstrndup(typed, strcspn(typed, "=") + 1);

		if (row)
			add_values(ret, row, name, typed);
	} else if (*typed == '-') {
		add_options(ret, cmd->options, typed);
		add_options(ret, cmd_global_options, typed);
	} else if (cmd == &cmd_help && (count < 2 || !str_eq(words[0], "help"))) {
		add_commands(ret, "", typed);
	} else {
		add_arguments(ret, cmd, rest, left, typed);
	}
}
