/*
 * kjob completion: scripts by which shells complete commands, options, types and names. They all
 * ask the hidden command below: what it says is from the tables (complete.h) and, where it runs
 * already, from the server.
 */
#include "../runtime/base/paths.h"
#include "cluster.h"
#include "complete.h"
#include "resources.h"
#include "spawn.h"

#define EXIT_FILES 2 /* the shell completes names of files */

static const struct {
	const char *shell, *script;
} scripts[] = {
    {"bash",
	"# bash completion for kjob: source <(kjob completion bash)\n"
	"_kjob() {\n"
	"\tlocal out line i words=()\n"
	"\tfor ((i = 1; i <= COMP_CWORD; i++)); do # bash splits words at = and :\n"
	"\t\tline=${COMP_WORDS[i]}\n"
	"\t\tif [[ ${#words[@]} -gt 0 && ( $line == [=:] || ${words[-1]} == --*[=:] ) ]]; then\n"
	"\t\t\twords[-1]+=$line\n"
	"\t\telse\n"
	"\t\t\twords+=(\"$line\")\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tCOMPREPLY=()\n"
	"\tout=$(kjob __complete -- \"${words[@]}\" 2>/dev/null) || return\n"
	"\twhile IFS=$'\\t' read -r line _; do\n"
	"\t\t[[ ${words[-1]} != --*=* ]] || line=${line#*=}\n"
	"\t\t[[ -z $line ]] || COMPREPLY+=(\"$line\")\n"
	"\tdone <<<\"$out\"\n"
	"\t[[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace\n"
	"}\n"
	"complete -o default -F _kjob kjob\n"},
    {"zsh", "#compdef kjob\n"
	    "# zsh completion for kjob: source <(kjob completion zsh), behind compinit\n"
	    "_kjob() {\n"
	    "\tlocal out line word help\n"
	    "\tlocal -a whole open\n"
	    "\tout=$(kjob __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
	    "\tif (( $? == 2 )); then _files; return; fi\n"
	    "\tfor line in \"${(@f)out}\"; do\n"
	    "\t\tword=${${line%%$'\\t'*}//:/\\\\:}\n"
	    "\t\t[[ -n $word ]] || continue\n"
	    "\t\thelp=${line#*$'\\t'}\n"
	    "\t\tif [[ $word == *= ]]; then open+=(\"$word:$help\")\n"
	    "\t\telse whole+=(\"$word${help:+:$help}\"); fi\n"
	    "\tdone\n"
	    "\t_describe -t kjob kjob whole -- open -S ''\n"
	    "}\n"
	    "compdef _kjob kjob\n"},
    {"fish", "# fish completion for kjob: kjob completion fish | source\n"
	     "function __kjob_complete\n"
	     "\tset -l words (commandline -opc)\n"
	     "\tset -l typed (commandline -ct)\n"
	     "\tkjob __complete -- $words[2..-1] \"$typed\" 2>/dev/null\n"
	     "\ttest $status -ne 2; or __fish_complete_path \"$typed\"\n"
	     "end\n"
	     "complete -c kjob -f -a '(__kjob_complete)'\n"},
};

static int exec_completion(struct cmd_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(scripts) && ctx->argc == 1; i++)
		if (str_eq(ctx->args[0], scripts[i].shell)) {
			out_adds(&ctx->out, scripts[i].script);
			return 0;
		}
	return cmd_usage_error(ctx, e, "say which shell: bash, zsh or fish");
}

/* ---- what only the server knows ---- */

/* No controller is started to complete a word. */
static bool may_ask(const struct cmd_ctx *ctx)
{
	auto_paths p = {0};

	return ctx->cluster || (paths_init(&p, NULL) == 0 && spawn_probe(p.socket, NULL) == 1);
}

static void add_types(struct cmd_ctx *ctx, struct completion *c, const char *typed)
{
	const struct resources *all = resources_load(ctx, NULL);

	for (size_t i = 0; all && i < resources_len(all); i++)
		if (strlist_has(&resources_at(all, i)->verbs, "list"))
			complete_add(
			    c, typed, resources_at(all, i)->name, resources_at(all, i)->kind);
}

static void add_names(struct cmd_ctx *ctx, struct completion *c, const char *typed)
{
	const struct resources *all = resources_load(ctx, NULL);
	const struct resource *r = all ? resource_by_word(all, c->type, NULL) : NULL;
	auto_buf path = {0};
	auto_json *list = NULL;

	if (!r)
		return;
	resource_path(r, ctx->ns, NULL, NULL, &path);
	list = client_get_json(ctx->client, buf_str(&path), NULL);
	json_for (it, json_get(list, "items")) {
		auto_free char *word =
		    xasprintf("%s%s", c->prefix, json_str_or(it, "metadata.name", ""));

		complete_add(c, typed, word, NULL);
	}
}

static void add_contexts(const struct cmd_ctx *ctx, struct completion *c, const char *typed)
{
	struct cluster_choice choice;
	auto_strlist files = {0};
	auto_json *config = NULL;

	cmd_cluster_choice(ctx, &choice);
	config = cluster_config(&choice, &files, NULL);
	complete_add(c, typed, CLUSTER_LOCAL, "this machine");
	json_for (it, json_get(config, "contexts"))
		complete_add(c, typed, json_str_or(it, "name", ""), NULL);
}

/* `kjob -n x get pods …`: the namespace is among the words. */
static void take_namespace(struct cmd_ctx *ctx)
{
	for (size_t i = 0; i + 1 < ctx->argc; i++) {
		if (str_eq(ctx->args[i], "-n") || str_eq(ctx->args[i], "--namespace"))
			ctx->ns = ctx->args[i + 1];
		else if (str_has_prefix(ctx->args[i], "--namespace="))
			ctx->ns = strchr(ctx->args[i], '=') + 1;
	}
}

static int exec_complete(struct cmd_ctx *ctx, struct err *e)
{
	const char *typed = ctx->argc ? ctx->args[ctx->argc - 1] : "";
	auto_completion c = {0};

	complete_words(&c, ctx->args, ctx->argc);
	take_namespace(ctx);
	if (c.wish == COMPLETE_TYPES && may_ask(ctx))
		add_types(ctx, &c, typed);
	if (c.wish == COMPLETE_NAMES && may_ask(ctx))
		add_names(ctx, &c, typed);
	if (c.wish == COMPLETE_CONTEXTS)
		add_contexts(ctx, &c, typed);
	for (size_t i = 0; i < c.lines.len; i++)
		out_addf(&ctx->out, "%s\n", c.lines.items[i]);
	return c.wish == COMPLETE_FILES ? EXIT_FILES : 0;
}

const struct cmd cmd_completion = {
    .name = "completion",
    .usage = "(bash | zsh | fish)",
    .summary = "Print a script that lets the shell complete commands, options and names",
    .examples = "# In ~/.bashrc\nsource <(kjob completion bash)\n\n"
		"# In ~/.zshrc, behind compinit\nsource <(kjob completion zsh)\n\n"
		"# In ~/.config/fish/config.fish\nkjob completion fish | source\n",
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_completion,
};

const struct cmd cmd_complete = {
    .name = "__complete",
    .usage = "-- WORD…",
    .summary = "Print what the last word can become",
    .group = GROUP_HIDDEN,
    .exec = exec_complete,
};
