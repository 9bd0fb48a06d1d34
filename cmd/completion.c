/*
 * kjob completion: a bash script that knows the commands, their options and what options can be.
 * From the tables.
 */
#include "cmd.h"

static const char script_head[] =
    "# bash completion for kjob: source <(kjob completion bash)\n"
    "_kjob_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$2\")); }\n"
    "\n"
    "# Types and names come from the server, and only from one that runs already.\n"
    "_kjob_ask() { kjob controller status >/dev/null 2>&1 && kjob \"$@\" -o name 2>/dev/null; }\n"
    "_kjob_objects() {\n"
    "\tlocal cur=$1 type=$2\n"
    "\tif [[ -n $type ]]; then\n"
    "\t\t_kjob_words \"$(_kjob_ask get \"$type\" | sed 's|.*/||')\" \"$cur\"\n"
    "\telif [[ $cur == */* ]]; then\n"
    "\t\t_kjob_words \"$(_kjob_ask get \"${cur%%/*}\" | sed \"s|.*/|${cur%%/*}/|\")\" \"$cur\"\n"
    "\telse\n"
    "\t\t_kjob_words \"$(_kjob_ask api-resources)\" \"$cur\"\n"
    "\tfi\n"
    "}\n";

static const char script_tail[] =
    "_kjob() {\n"
    "\tlocal cur prev words cword i cmd= sub= type= options= "
    "COMP_WORDBREAKS=${COMP_WORDBREAKS//[=:]/}\n"
    "\tif declare -F _get_comp_words_by_ref >/dev/null; then\n"
    "\t\t_get_comp_words_by_ref -n =: cur prev words cword\n"
    "\telse\n"
    "\t\twords=(\"${COMP_WORDS[@]}\") cword=$COMP_CWORD\n"
    "\t\tcur=${words[cword]} prev=${words[cword - 1]}\n"
    "\tfi\n"
    "\tfor ((i = 1; i < cword; i++)); do\n"
    "\t\tcase ${words[i]} in\n"
    "\t\t--) return ;;\n"
    "\t\t-*) ;;\n"
    "\t\t*)\n"
    "\t\t\tif [[ -z $cmd ]]; then cmd=${words[i]}\n"
    "\t\t\telif [[ -z $type ]] && _kjob_has_sub \"$cmd ${sub:+$sub }${words[i]}\"; then "
    "sub=${sub:+$sub }${words[i]}\n"
    "\t\t\telif [[ -z $type ]]; then type=${words[i]}; fi ;;\n"
    "\t\tesac\n"
    "\tdone\n"
    "\t[[ -n $sub ]] && cmd=\"$cmd $sub\"\n"
    "\tif [[ -z $cmd ]]; then _kjob_words \"$_kjob_commands\" \"$cur\"; return; fi\n"
    "\t_kjob_options \"$cmd\"\n"
    "\tcase $cur in\n"
    "\t--*=*) _kjob_value \"$cmd\" \"${cur%%=*}\" && COMPREPLY=($(compgen -P \"${cur%%=*}=\" -W "
    "\"$options\" -- "
    "\"${cur#*=}\")) ;;\n"
    "\t-*) _kjob_words \"$options\" \"$cur\" ;;\n"
    "\t*)\n"
    "\t\tcase $prev in\n"
    "\t\t-f | --filename) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
    "\t\tesac\n"
    "\t\tcase $cmd in\n"
    "\t\t'config use-context') _kjob_words \"$(kjob config get-contexts -o name 2>/dev/null)\" "
    "\"$cur\" ;;\n"
    "\t\tget | describe | delete | wait | patch | edit | label | annotate | suspend | resume) "
    "_kjob_objects \"$cur\" \"$type\" ;;\n"
    "\t\tlogs | attach) _kjob_objects \"$cur\" pods ;;\n"
    "\t\texplain) _kjob_words \"$(_kjob_ask api-resources)\" \"$cur\" ;;\n"
    "\t\thelp) _kjob_words \"$_kjob_commands\" \"$cur\" ;;\n"
    "\t\t*) _kjob_words \"$(_kjob_subs \"$cmd\")\" \"$cur\" ;;\n"
    "\t\tesac ;;\n"
    "\tesac\n"
    "}\n"
    "complete -o default -F _kjob kjob\n";

static void print_commands(struct out *out)
{
	out_adds(out, "_kjob_commands='");
	for (size_t i = 0; cmd_table[i]; i++)
		if (cmd_table[i]->group != GROUP_HIDDEN && !strchr(cmd_table[i]->name, ' '))
			out_addf(out, "%s ", cmd_table[i]->name);
	out_adds(out, "'\n");
}

/* "create job" is known as a pair, and "job" is offered behind "create". */
static void print_subcommands(struct out *out)
{
	out_adds(out, "_kjob_has_sub() {\n\tcase $1 in\n");
	for (size_t i = 0; cmd_table[i]; i++)
		if (strchr(cmd_table[i]->name, ' '))
			out_addf(out, "\t'%s') return 0 ;;\n", cmd_table[i]->name);
	out_adds(out, "\tesac\n\treturn 1\n}\n_kjob_subs() {\n\tcase $1 in\n");
	for (size_t i = 0; cmd_table[i]; i++) {
		const char *space = strrchr(cmd_table[i]->name, ' ');

		if (space)
			out_addf(out, "\t'%.*s') echo %s ;;&\n", (int)(space - cmd_table[i]->name),
			    cmd_table[i]->name, space + 1);
	}
	out_adds(out, "\tesac\n}\n");
}

static void print_option_words(struct out *out, const struct opt *table)
{
	for (const struct opt *row = table; row && row->name; row++) {
		bool value = row->kind != OPT_BOOL && row->kind != OPT_MAYBE;

		if (row->help && row->name[1])
			out_addf(out, "--%s%s ", row->name, value ? "=" : "");
	}
}

static void print_options(struct out *out)
{
	out_adds(out, "_kjob_options() {\n\toptions='");
	print_option_words(out, cmd_global_options);
	out_adds(out, "'\n\tcase $1 in\n");
	for (size_t i = 0; cmd_table[i]; i++) {
		if (!cmd_table[i]->options)
			continue;
		out_addf(out, "\t'%s') options+='", cmd_table[i]->name);
		print_option_words(out, cmd_table[i]->options);
		out_adds(out, "' ;;\n");
	}
	out_adds(out, "\tesac\n}\n");
}

/* The values of options that have a fixed set. */
static void print_values(struct out *out)
{
	out_adds(out, "_kjob_value() {\n\tcase \"$1 $2\" in\n");
	for (size_t i = 0; cmd_table[i]; i++) {
		for (const struct opt *row = cmd_table[i]->options; row && row->name; row++) {
			if (!row->choices)
				continue;
			out_addf(out, "\t'%s --%s') options='", cmd_table[i]->name, row->name);
			for (size_t c = 0; row->choices[c]; c++)
				out_addf(out, "%s ", row->choices[c]);
			out_adds(out, "' ;;\n");
		}
	}
	out_adds(out, "\t*) return 1 ;;\n\tesac\n}\n");
}

static int exec_completion(struct cmd_ctx *ctx, struct err *e)
{
	struct out *out = &ctx->out;

	if (ctx->argc != 1 || !str_eq(ctx->args[0], "bash"))
		return cmd_usage_error(ctx, e, "say which shell: bash");
	out_adds(out, script_head);
	print_commands(out);
	print_subcommands(out);
	print_options(out);
	print_values(out);
	out_adds(out, script_tail);
	return 0;
}

const struct cmd cmd_completion = {
    .name = "completion",
    .usage = "bash",
    .summary = "Print a script that lets the shell complete commands and options",
    .examples = "# In ~/.bashrc\nsource <(kjob completion bash)\n",
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_completion,
};
