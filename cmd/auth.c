/* kjob auth can-i, kjob auth whoami: what the server thinks of its user. */
#include <stdio.h>

#include "auth_rules.h"
#include "printer.h"
#include "view.h"

static const struct opt can_i_options[] = {
    {"list", 0, OPT_BOOL, NULL, NULL, "Show all that is allowed in the namespace", NULL, NULL},
    {"no-headers", 0, OPT_BOOL, NULL, NULL, "With --list: leave out the headings", NULL, NULL},
    {"quiet", 'q', OPT_BOOL, NULL, NULL, "Print nothing: the exit code tells", NULL, NULL},
    {"subresource", 0, OPT_STRING, NULL, "NAME", "A part of the object, such as log or exec", NULL,
	NULL},
    OPT_ROW_ALL_NAMESPACES,
    OPT_END,
};

static const struct opt whoami_options[] = {
    OPT_ROW_OUTPUT,
    OPT_END,
};

static int warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
static int warn(const char *fmt, ...)
{
	va_list ap;
	auto_free char *text = NULL;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return fprintf(stderr, "Warning: %s\n\n", text);
}

/* The answer of a review of the user; owned. */
static json *review(struct cmd_ctx *ctx, const char *kind, json *spec, struct err *e)
{
	struct client *c = cmd_client(ctx, e);
	bool who = str_eq(kind, "SelfSubjectReview");
	const char *group = who ? "authentication.k8s.io" : "authorization.k8s.io";
	auto_free char *version = xasprintf("%s/v1", group);
	auto_free char *path = xasprintf("/apis/%s/%s", version,
	    who                                       ? "selfsubjectreviews"
	    : str_eq(kind, "SelfSubjectAccessReview") ? "selfsubjectaccessreviews"
						      : "selfsubjectrulesreviews");
	auto_json *body = json_new_object();

	json_set_str(body, "apiVersion", version);
	json_set_str(body, "kind", kind);
	json_set(body, "metadata", json_new_object());
	json_set(body, "spec", spec);
	return c ? client_send_json(c, "POST", path, NULL, body, e) : NULL;
}

/* ---- can-i ---- */

static bool is_word_of(const char *const *words, const char *word)
{
	for (size_t i = 0; words[i]; i++)
		if (str_eq(words[i], word))
			return true;
	return false;
}

static void warn_verb(const char *const *known, const char *verb)
{
	if (!is_word_of(known, verb))
		warn("verb '%s' is not a known verb", verb);
}

/* What is no kind of the server is asked about as it was typed. */
static const struct resource *find_resource(const struct resources *all, const char *word)
{
	static const char *const others[] = {"*", "users", "groups", NULL};
	const char *dot = strchr(word, '.');
	const struct resource *r;

	if (str_eq(word, "*"))
		return NULL;
	r = resource_by_word(all, word, NULL);
	if (r || is_word_of(others, word))
		return r;
	if (dot)
		warn("the server doesn't have a resource type '%.*s' in group '%s'",
		    (int)(dot - word), word, dot + 1);
	else
		warn("the server doesn't have a resource type '%s'", word);
	return NULL;
}

/* `resource/name` as the review has it. */
static json *resource_attributes(
    struct cmd_ctx *ctx, const char *verb, const char *what, const char *subresource, struct err *e)
{
	static const char *const verbs[] = {"get", "list", "watch", "create", "update", "patch",
	    "delete", "deletecollection", "use", "bind", "impersonate", "*", "approve", "sign",
	    "escalate", "attest", NULL};
	const char *slash = strchr(what, '/');
	auto_free char *word = slash ? xstrndup(what, (size_t)(slash - what)) : xstrdup(what);
	bool anywhere = opts_bool(&ctx->opts, "all-namespaces");
	const struct resources *all = resources_load(ctx, e);
	const struct resource *r;
	json *a;

	if (!all)
		return NULL;
	r = find_resource(all, word);
	if (r && !r->namespaced && !anywhere)
		warn(*r->group ? "resource '%s' is not namespace scoped in group '%s'"
			       : "resource '%s' is not namespace scoped%s",
		    r->name, r->group);
	if (!anywhere)
		warn_verb(verbs, verb);
	a = json_new_object();
	json_set_str(a, "namespace", anywhere ? NULL : ctx->ns);
	json_set_str(a, "verb", verb);
	json_set_str(a, "group", r && *r->group ? r->group : NULL);
	json_set_str(a, "version", r ? r->version : NULL);
	json_set_str(a, "resource", r ? r->name : word);
	json_set_str(a, "subresource", *subresource ? subresource : NULL);
	json_set_str(a, "name", slash && slash[1] ? slash + 1 : NULL);
	return a;
}

static json *path_attributes(const char *verb, const char *path)
{
	static const char *const verbs[] = {
	    "get", "put", "post", "head", "options", "delete", "patch", "*", NULL};
	json *a = json_new_object();

	warn_verb(verbs, verb);
	json_set_str(a, "verb", verb);
	json_set_str(a, "path", path);
	return a;
}

static int print_answer(struct cmd_ctx *ctx, const json *answer)
{
	bool allowed = json_bool(answer, "status.allowed", false);
	const char *reason = json_str_or(answer, "status.reason", "");
	const char *trouble = json_str_or(answer, "status.evaluationError", "");

	if (opts_bool(&ctx->opts, "quiet"))
		return allowed ? 0 : 1;
	if (allowed)
		out_adds(&ctx->out, "yes\n");
	else
		out_addf(&ctx->out, "no%s%s%s%s\n", *reason ? " - " : "", reason,
		    *trouble ? " - " : "", trouble);
	return allowed ? 0 : 1;
}

static int list_allowed(struct cmd_ctx *ctx, struct err *e)
{
	json *spec = json_new_object();
	auto_json *answer = NULL;
	auto_text_table table = {0};
	auto_buf text = {0};

	json_set_str(spec, "namespace", ctx->ns);
	answer = review(ctx, "SelfSubjectRulesReview", spec, e);
	if (!answer)
		return -1;
	if (json_bool(answer, "status.incomplete", false))
		fprintf(stderr, "warning: the list may be incomplete: %s\n",
		    json_str_or(answer, "status.evaluationError", ""));
	buf_init(&text, 0);
	auth_rules_table(json_get(answer, "status"), !opts_bool(&ctx->opts, "no-headers"), &table);
	text_table_flush(&table, &text);
	out_adds(&ctx->out, buf_str(&text));
	return 0;
}

static int check_can_i(const struct cmd_ctx *ctx, struct err *e)
{
	const struct opts *o = &ctx->opts;
	bool subresource = *opts_str(o, "subresource");

	if (opts_bool(o, "list") && ctx->argc)
		return err_set(
		    e, ERR_BAD_REQUEST, "list option must be specified with no arguments");
	if (opts_bool(o, "list"))
		return opts_bool(o, "quiet") || opts_bool(o, "all-namespaces") || subresource
			   ? err_set(e, ERR_BAD_REQUEST,
				 "list option can't be specified with neither quiet, "
				 "all-namespaces nor subresource options")
			   : 0;
	if (ctx->argc != 2)
		return err_set(e, ERR_BAD_REQUEST,
		    "you must specify two arguments: verb resource or verb "
		    "resource/resourceName.\nSee 'kjob auth can-i -h' for help and examples.");
	if (opts_bool(o, "no-headers"))
		return err_set(
		    e, ERR_BAD_REQUEST, "--no-headers cannot be set without --list specified");
	if (subresource && ctx->args[1][0] == '/')
		return err_set(
		    e, ERR_BAD_REQUEST, "--subresource can not be used with NonResourceURL");
	return 0;
}

static int exec_can_i(struct cmd_ctx *ctx, struct err *e)
{
	const char *subresource = opts_str(&ctx->opts, "subresource");
	json *attributes, *spec;
	auto_json *answer = NULL;
	bool path;

	if (check_can_i(ctx, e) < 0)
		return -1;
	if (opts_bool(&ctx->opts, "list"))
		return list_allowed(ctx, e);
	path = ctx->args[1][0] == '/';
	attributes = path ? path_attributes(ctx->args[0], ctx->args[1])
			  : resource_attributes(ctx, ctx->args[0], ctx->args[1], subresource, e);
	if (!attributes)
		return -1;
	spec = json_new_object();
	json_set(spec, path ? "nonResourceAttributes" : "resourceAttributes", attributes);
	answer = review(ctx, "SelfSubjectAccessReview", spec, e);
	return answer ? print_answer(ctx, answer) : -1;
}

/* ---- whoami ---- */

static void add_attribute(struct text_table *t, const char *name, const char *value)
{
	text_table_cell(t, name);
	text_table_cell(t, value);
	text_table_end_row(t);
}

static void add_list(struct text_table *t, const char *name, const json *values)
{
	auto_buf text = {0};

	buf_init(&text, 0);
	print_go_value(values, &text);
	add_attribute(t, name, buf_str(&text));
}

static void print_user(struct cmd_ctx *ctx, json *user)
{
	static const char *const names[][2] = {{"Username", "username"}, {"UID", "uid"}};
	auto_text_table table = {0};
	auto_buf text = {0};

	buf_init(&text, 0);
	add_attribute(&table, "ATTRIBUTE", "VALUE");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (*json_str_or(user, names[i][1], ""))
			add_attribute(&table, names[i][0], json_str(user, names[i][1]));
	if (json_len(json_get(user, "groups")))
		add_list(&table, "Groups", json_get(user, "groups"));
	json_sort(json_get(user, "extra"));
	json_for (it, json_get(user, "extra")) {
		auto_free char *name = xasprintf("Extra: %s", json_key(it));

		add_list(&table, name, it);
	}
	text_table_flush(&table, &text);
	out_adds(&ctx->out, buf_str(&text));
}

static int exec_whoami(struct cmd_ctx *ctx, struct err *e)
{
	auto_printer p = {0};
	auto_json *answer = NULL;
	auto_buf text = {0};

	if (printer_init(&p, opts_str(&ctx->opts, "output"), e) < 0)
		return -1;
	answer = review(ctx, "SelfSubjectReview", NULL, e);
	if (!answer)
		return -1;
	if (printer_is_table(&p)) {
		print_user(ctx, json_path(answer, "status.userInfo"));
		return 0;
	}
	buf_init(&text, 0);
	if (printer_object(&p, NULL, answer, &text, e) < 0)
		return -1;
	out_adds(&ctx->out, buf_str(&text));
	return 0;
}

/* ---- the commands ---- */

const struct cmd cmd_auth = {
    .name = "auth",
    .usage = "(can-i | whoami) [options]",
    .summary = "Ask the server what its user is allowed to do, and who that is",
    .group = GROUP_OTHER,
    .exec = cmd_exec_group,
};

const struct cmd cmd_auth_can_i = {
    .name = "auth can-i",
    .usage = "(VERB TYPE[/NAME] | VERB PATH | --list) [options]",
    .summary = "Say whether something is allowed: exit code 0 for yes, 1 for no",
    .help = "On this machine everything is: whoever reaches the controller is its user. On "
	    "clusters, their rules say.",
    .examples = "# On a cluster\n"
		"kjob --context=prod auth can-i create jobs -n batch\n\n"
		"# All that is allowed there\n"
		"kjob --context=prod auth can-i --list -n batch\n",
    .options = can_i_options,
    .group = GROUP_OTHER,
    .exec = exec_can_i,
};

const struct cmd cmd_auth_whoami = {
    .name = "auth whoami",
    .usage = "[options]",
    .summary = "Show who the server takes the user for",
    .options = whoami_options,
    .group = GROUP_OTHER,
    .exec = exec_whoami,
};
