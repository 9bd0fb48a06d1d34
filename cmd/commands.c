/* commands: which commands there are, and which one a command line means. */
#include <stdio.h>

#include "cmd.h"

const char *const dry_run_choices[] = {"none", "client", "server", NULL};
const char *const validate_choices[] = {"strict", "true", "warn", "ignore", "false", NULL};

/* In the order of `kjob help`; groups stand together. */
const struct cmd *const cmd_table[] = {
    /* GROUP_RUN */
    &cmd_run,
    &cmd_create,
    &cmd_create_configmap,
    &cmd_create_cronjob,
    &cmd_create_job,
    &cmd_create_secret,
    &cmd_create_secret_generic,
    &cmd_create_secret_docker_registry,
    &cmd_create_secret_tls,
    &cmd_create_namespace,
    &cmd_create_service,
    &cmd_create_service_clusterip,
    &cmd_create_service_externalname,
    &cmd_create_service_nodeport,
    &cmd_create_service_loadbalancer,
    &cmd_create_serviceaccount,
    &cmd_create_token,
    &cmd_expose,
    &cmd_apply,
    /* GROUP_LOOK */
    &cmd_get,
    &cmd_describe,
    &cmd_diff,
    &cmd_logs,
    &cmd_wait,
    &cmd_events,
    &cmd_explain,
    &cmd_exec,
    &cmd_attach,
    &cmd_cp,
    &cmd_port_forward,
    &cmd_top,
    /* GROUP_CHANGE */
    &cmd_edit,
    &cmd_patch,
    &cmd_replace,
    &cmd_set,
    &cmd_set_env,
    &cmd_set_image,
    &cmd_set_resources,
    &cmd_set_serviceaccount,
    &cmd_label,
    &cmd_annotate,
    &cmd_scale,
    &cmd_rollout,
    &cmd_suspend,
    &cmd_resume,
    &cmd_delete,
    /* GROUP_OTHER */
    &cmd_api_resources,
    &cmd_api_versions,
    &cmd_auth,
    &cmd_auth_can_i,
    &cmd_auth_whoami,
    &cmd_cluster_info,
    &cmd_completion,
    &cmd_complete,
    &cmd_config,
    &cmd_config_get_contexts,
    &cmd_config_use_context,
    &cmd_config_current_context,
    &cmd_config_set_context,
    &cmd_config_rename_context,
    &cmd_config_delete_context,
    &cmd_config_get_clusters,
    &cmd_config_get_users,
    &cmd_config_view,
    &cmd_controller,
    &cmd_controller_run,
    &cmd_controller_status,
    &cmd_controller_stop,
    &cmd_controller_enable,
    &cmd_controller_disable,
    &cmd_serve,
    &cmd_kubeconfig,
    &cmd_help,
    &cmd_version,
    NULL,
};

const char *const cmd_group_titles[] = {
    [GROUP_RUN] = "Running jobs",
    [GROUP_LOOK] = "Looking at them",
    [GROUP_CHANGE] = "Ending and changing them",
    [GROUP_OTHER] = "Other commands",
    [GROUP_HIDDEN] = NULL,
};

const struct opt cmd_global_options[] = {
    {"namespace", 'n', OPT_STRING, NULL, "NAMESPACE",
	"The namespace to work in (that of the context, or default)", NULL, NULL},
    {"context", 0, OPT_STRING, NULL, "NAME",
	"The context of a kubeconfig whose cluster the command goes to; local: this machine", NULL,
	NULL},
    {"kubeconfig", 0, OPT_STRING, NULL, "FILE",
	"The file to find contexts in; without --context, its current one is used", NULL, NULL},
    {"cluster", 0, OPT_STRING, NULL, "NAME", "Another cluster of the kubeconfig than the context's",
	NULL, NULL},
    {"user", 0, OPT_STRING, NULL, "NAME", "Another user of the kubeconfig than the context's", NULL,
	NULL},
    {"server", 's', OPT_STRING, NULL, "URL",
	"The API server in place of the context's; without a context, nothing of a kubeconfig "
	"counts",
	NULL, NULL},
    {"certificate-authority", 0, OPT_STRING, NULL, "FILE", "Who must have signed its certificate",
	NULL, NULL},
    {"insecure-skip-tls-verify", 0, OPT_BOOL, NULL, NULL,
	"Take any certificate of the server: anybody may be it", NULL, NULL},
    {"tls-server-name", 0, OPT_STRING, NULL, "NAME",
	"The name that its certificate has, if not that of its address", NULL, NULL},
    {"client-certificate", 0, OPT_STRING, NULL, "FILE", "The certificate to log in with", NULL,
	NULL},
    {"client-key", 0, OPT_STRING, NULL, "FILE", "The key of this certificate", NULL, NULL},
    {"token", 0, OPT_STRING, NULL, "TOKEN", "The bearer token to log in with", NULL, NULL},
    {"as", 0, OPT_STRING, NULL, "USER", "Act as this user on the cluster", NULL, NULL},
    {"as-group", 0, OPT_LIST, NULL, "GROUP", "Act as a member of this group, may be repeated", NULL,
	NULL},
    {"as-uid", 0, OPT_STRING, NULL, "UID", "Act as this UID", NULL, NULL},
    {"engine", 0, OPT_STRING, NULL, "ENGINE",
	"The container engine a controller is started on: auto, docker, podman, unix://PATH or "
	"tcp://HOST:PORT (KJOB_ENGINE)",
	NULL, NULL},
    {"request-timeout", 0, OPT_STRING, "0", "TIME",
	"How long one request may take, such as 10s; 0: any time. Watches, logs and sessions may "
	"take any time",
	NULL, NULL},
    {"v", 'v', OPT_INT, "0", "LEVEL", "How much to tell on standard error; 6 shows requests", NULL,
	NULL},
    {"help", 'h', OPT_BOOL, NULL, NULL, "Show this help", NULL, NULL},
    OPT_END,
};

const struct cmd *cmd_find(const char *name)
{
	for (size_t i = 0; cmd_table[i]; i++)
		if (str_eq(cmd_table[i]->name, name) || str_eq(cmd_table[i]->alias, name))
			return cmd_table[i];
	return NULL;
}

/*
 * The place of the next word that is neither an option nor an option's value; argc: there is none.
 */
static size_t next_word(const char *const *argv, size_t from, size_t argc, const struct opt *own)
{
	const struct opt *tables[] = {cmd_global_options, own};

	for (size_t i = from; i < argc; i++) {
		if (str_eq(argv[i], "--"))
			return argc;
		if (argv[i][0] != '-' || !argv[i][1])
			return i;
		i += opt_takes_next(tables, own ? 2 : 1, argv[i]);
	}
	return argc;
}

static void remove_word(const char **argv, size_t *argc, size_t at)
{
	memmove(argv + at, argv + at + 1, (*argc - at - 1) * sizeof(*argv));
	--*argc;
}

static int unknown_command(const char *word, struct err *e)
{
	const char *names[64];
	const char *near;
	size_t n = 0;

	for (size_t i = 0; cmd_table[i] && n + 1 < ARRAY_LEN(names); i++)
		if (!strchr(cmd_table[i]->name, ' ') && cmd_table[i]->group != GROUP_HIDDEN)
			names[n++] = cmd_table[i]->name;
	names[n] = NULL;
	near = str_nearest(word, names);
	if (near)
		return err_set(e, ERR_BAD_REQUEST,
		    "unknown command \"%s\" for \"kjob\"\n\nDid you mean this?\n\t%s\n", word,
		    near);
	return err_set(e, ERR_BAD_REQUEST,
	    "unknown command \"%s\" for \"kjob\"\nSee 'kjob help' for the commands there are.",
	    word);
}

const struct cmd *cmd_locate(const char **argv, size_t *argc, struct err *e)
{
	size_t at = next_word(argv, 0, *argc, NULL);
	const struct cmd *c;

	if (at == *argc)
		return &cmd_help;
	c = cmd_find(argv[at]);
	if (!c) {
		unknown_command(argv[at], e);
		return NULL;
	}
	for (;;) { /* further words, as long as they lead to a command */
		auto_free char *name = NULL;
		const struct cmd *sub;

		remove_word(argv, argc, at);
		at = next_word(argv, at, *argc, c->options);
		if (at == *argc)
			return c;
		name = xasprintf("%s %s", c->name, argv[at]);
		sub = cmd_find(name);
		if (!sub)
			return c;
		c = sub;
	}
}
