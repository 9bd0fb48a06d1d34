/* help: the overview, the help of one command and the manual page's middle, all from the tables. */
#include "cmd.h"

#define TEXT_WIDTH 96
#define OPTION_COLUMN 34

/*
 * Appends TEXT wrapped at TEXT_WIDTH; the first line begins at column `at`, later ones at `indent`.
 */
static void wrap(struct out *out, const char *text, size_t at, size_t indent)
{
	while (*text) {
		size_t len = strcspn(text, " \n");
		bool line_end = text[len] == '\n';

		if (at + len > TEXT_WIDTH && at > indent) {
			out_addf(out, "\n%*s", (int)indent, "");
			at = indent;
		}
		out_add(out, text, len);
		at += len + 1;
		text += len + (text[len] != '\0');
		if (line_end) {
			out_addf(out, "\n%*s", *text && *text != '\n' ? (int)indent : 0, "");
			at = indent;
		} else if (*text && at + strcspn(text, " \n") <= TEXT_WIDTH) {
			out_adds(out, " ");
		}
	}
	out_adds(out, "\n");
}

/* "-o, --output=FORMAT"; owned. */
static char *option_words(const struct opt *row)
{
	auto_buf b = {0};

	if (row->letter)
		buf_addf(&b, "-%c", row->letter);
	if (row->name[1]) /* "v" has one letter and no long form that anybody types */
		buf_addf(&b, "%s--%s", row->letter ? ", " : "    ", row->name);
	if (row->kind == OPT_MAYBE)
		buf_addf(&b, "[=%s]", row->value);
	else if (row->value)
		buf_addf(&b, "=%s", row->value);
	return buf_take(&b);
}

static bool default_worth_telling(const struct opt *row)
{
	static const char *const dull[] = {"", "0", "0s", "false"};

	for (size_t i = 0; i < ARRAY_LEN(dull); i++)
		if (!row->def || str_eq(row->def, dull[i]))
			return false;
	return true;
}

static void print_options(struct out *out, const struct opt *table)
{
	for (const struct opt *row = table; row && row->name; row++) {
		auto_free char *words = option_words(row);
		auto_free char *text = NULL;
		size_t len = strlen(words);

		if (!row->help)
			continue;
		text = default_worth_telling(row)
			   ? xasprintf("%s (default: %s)", row->help, row->def)
			   : xstrdup(row->help);
		out_addf(out, "  %s", words);
		if (len + 3 > OPTION_COLUMN)
			out_addf(out, "\n%*s", OPTION_COLUMN, "");
		else
			out_addf(out, "%*s", (int)(OPTION_COLUMN - len - 2), "");
		wrap(out, text, OPTION_COLUMN, OPTION_COLUMN);
	}
}

/* "  # comment" and "  command" lines. */
static void print_indented(struct out *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		out_addf(out, "%s%.*s\n", len ? "  " : "", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

/* Commands "create job" below "create". */
static void print_subcommands(struct out *out, const struct cmd *c)
{
	size_t len = strlen(c->name);
	bool any = false;

	for (size_t i = 0; cmd_table[i]; i++) {
		const struct cmd *sub = cmd_table[i];

		if (strncmp(sub->name, c->name, len) != 0 || sub->name[len] != ' ' ||
		    sub->group == GROUP_HIDDEN)
			continue;
		if (!any)
			out_adds(out, "\nCommands:\n");
		any = true;
		out_addf(out, "  %-18s %s\n", sub->name, sub->summary);
	}
}

void help_command(struct out *out, const struct cmd *c)
{
	if (c == &cmd_help) {
		help_overview(out);
		return;
	}
	wrap(out, c->summary, 0, 0);
	out_addf(out, "\nUsage:\n  kjob %s%s%s\n", c->name, *c->usage ? " " : "", c->usage);
	if (c->help) {
		out_adds(out, "\n");
		wrap(out, c->help, 0, 0);
	}
	print_subcommands(out, c);
	if (c->examples) {
		out_adds(out, "\nExamples:\n");
		print_indented(out, c->examples);
	}
	if (c->options && c->options->name) {
		out_adds(out, "\nOptions:\n");
		print_options(out, c->options);
	}
	out_adds(out, "\nOptions of every command:\n");
	print_options(out, cmd_global_options);
}

void help_overview(struct out *out)
{
	enum cmd_group group = GROUP_HIDDEN;

	out_adds(out, "kjob runs Kubernetes Jobs on the container engine of this machine, without "
		      "a cluster.\n");
	for (size_t i = 0; cmd_table[i]; i++) {
		const struct cmd *c = cmd_table[i];

		if (c->group == GROUP_HIDDEN || strchr(c->name, ' '))
			continue;
		if (c->group != group)
			out_addf(out, "\n%s:\n", cmd_group_titles[c->group]);
		group = c->group;
		out_addf(out, "  %-15s %s\n", c->name, c->summary);
	}
	out_adds(out, "\nUsage:\n  kjob COMMAND [options]\n\nOptions of every command:\n");
	print_options(out, cmd_global_options);
	out_adds(out, "\n'kjob help COMMAND' shows a command's options and examples.\n");
}

/* ---- the manual page ---- */

/* TEXT with what roff would take for its own escaped; lines that begin with a dot or quote too. */
static void roff_text(struct out *out, const char *text)
{
	bool line_start = true;

	for (; *text; text++) {
		if (line_start && (*text == '.' || *text == '\''))
			out_adds(out, "\\&");
		if (*text == '\\')
			out_adds(out, "\\e");
		else if (*text == '-')
			out_adds(out, "\\-");
		else
			out_add(out, text, 1);
		line_start = *text == '\n';
	}
	out_adds(out, "\n");
}

static void roff_options(struct out *out, const struct opt *table)
{
	for (const struct opt *row = table; row && row->name; row++) {
		auto_free char *words = option_words(row);

		if (!row->help)
			continue;
		out_adds(out, ".TP\n.B ");
		roff_text(out, words + strspn(words, " "));
		roff_text(out, row->help);
		if (default_worth_telling(row)) {
			out_adds(out, "(default: ");
			out_addf(out, "%s)\n", row->def);
		}
	}
}

static void roff_command(struct out *out, const struct cmd *c)
{
	out_addf(out, ".SS kjob %s %s\n", c->name, c->usage);
	roff_text(out, c->summary);
	if (c->help) {
		out_adds(out, ".PP\n");
		roff_text(out, c->help);
	}
	roff_options(out, c->options);
	if (c->examples) {
		out_adds(out, ".PP\nExamples:\n.PP\n.nf\n.RS\n");
		roff_text(out, c->examples);
		out_adds(out, ".RE\n.fi\n");
	}
}

/* The COMMANDS and OPTIONS sections of kjob(1). */
static void print_man(struct out *out)
{
	out_adds(out, ".SH COMMANDS\n");
	for (size_t i = 0; cmd_table[i]; i++)
		if (cmd_table[i]->group != GROUP_HIDDEN)
			roff_command(out, cmd_table[i]);
	out_adds(out, ".SH OPTIONS OF EVERY COMMAND\n");
	roff_options(out, cmd_global_options);
}

/* ---- kjob help ---- */

static int exec_help(struct cmd_ctx *ctx, struct err *e)
{
	const struct cmd *c;
	auto_free char *name = NULL;

	if (opts_bool(&ctx->opts, "man")) {
		print_man(&ctx->out);
		return 0;
	}
	if (ctx->argc == 0) {
		help_overview(&ctx->out);
		return 0;
	}
	name =
	    ctx->argc > 1 ? xasprintf("%s %s", ctx->args[0], ctx->args[1]) : xstrdup(ctx->args[0]);
	c = cmd_find(name);
	if (!c)
		return err_set(e, ERR_BAD_REQUEST, "unknown command \"%s\" for \"kjob\"", name);
	help_command(&ctx->out, c);
	return 0;
}

static const struct opt help_options[] = {
    {"man", 0, OPT_BOOL, NULL, NULL, NULL, NULL, NULL},
    OPT_END,
};

const struct cmd cmd_help = {
    .name = "help",
    .usage = "[COMMAND]",
    .summary = "Show what a command does and its options",
    .options = help_options,
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_help,
};
