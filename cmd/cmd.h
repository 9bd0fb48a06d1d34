/*
 * cmd: what a command is, and what it is given.
 *
 * One file per command: its option table, one `const struct cmd` and one exec function. commands.c
 * lists the commands; main.c finds the one that is meant, parses its options and runs it. To add a
 * command, write its file and add one line to commands.c and one declaration below.
 *
 * exec returns the exit code, or -1 with the error set: main prints it (cmd_report) and exits with
 * cmd->error_exit or 1. A command that goes on after an error (the next file, the next name) calls
 * cmd_report itself and returns ctx->failed.
 */
#ifndef KJOB_CMD_CMD_H
#define KJOB_CMD_CMD_H

#include "client.h"
#include "errors.h"
#include "opts.h"
#include "output.h"

enum cmd_group { GROUP_RUN, GROUP_LOOK, GROUP_CHANGE, GROUP_OTHER, GROUP_HIDDEN };

/* What a command is about. */
enum cmd_place {
	CMD_ANYWHERE, /* the local controller or a cluster */
	CMD_HERE,     /* this machine alone */
	CMD_NOWHERE   /* no server: --context and the like are its own to read, or mean nothing */
};

struct cmd_ctx;
struct cluster;
struct cluster_choice;
struct resources;

struct cmd {
	const char *name;     /* one word or more: "create job" */
	const char *alias;    /* another name, or NULL */
	const char *usage;    /* what follows the name: "(TYPE [NAME] | TYPE/NAME) [options]" */
	const char *summary;  /* one line, no full stop */
	const char *help;     /* further paragraphs, or NULL */
	const char *examples; /* "# comment\nkjob …\n" lines, or NULL */
	const struct opt *options; /* its own rows, or NULL */
	enum cmd_group group;
	enum cmd_place place;
	int error_exit; /* exit code of errors; 0: 1 */
	int (*exec)(struct cmd_ctx *ctx, struct err *e);
};

struct cmd_ctx {
	const struct cmd *cmd;
	struct opts opts;        /* the command's own rows and the global ones */
	const char *const *args; /* = opts.args: what is left besides options */
	size_t argc;
	int dash;                /* how many args came before "--"; -1: no "--" */
	struct cluster *cluster; /* where the command goes; NULL: the local controller */
	const char *ns;          /* -n, or the context's, or "default" */
	char *local_ns;          /* of the local controller; ns borrows it */
	bool ns_given;
	struct out out;              /* standard output; flushed and checked by main */
	int failed;                  /* 1 after the first cmd_report */
	struct client *client;       /* see cmd_client */
	struct resources *resources; /* see resources_load */
	json *documents;             /* see typedoc_get */
};

/*
 * The connection to the API server, made at the first call, when the local controller is started or
 * a terminal is told which cluster it is. NULL: e is set.
 */
struct client *cmd_client(struct cmd_ctx *ctx, struct err *e) MUST_USE;
/* --context, --kubeconfig and the like, borrowed. */
void cmd_cluster_choice(const struct cmd_ctx *ctx, struct cluster_choice *ret);
/* Finds out which server the command goes to; nothing is asked there yet. */
int cmd_choose_cluster(struct cmd_ctx *ctx, struct err *e) MUST_USE;
/*
 * Flushes out, prints the error on standard error as kubectl does (errors.h), sets ctx->failed,
 * clears the error.
 */
void cmd_report(struct cmd_ctx *ctx, struct err *e);
/* "error: TEXT\nSee 'kjob CMD -h' for help and examples" as an error; returns -1. */
int cmd_usage_error(const struct cmd_ctx *ctx, struct err *e, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/*
 * cmd.c: the name by which fields are owned: --field-manager where the command has it, or `usual`.
 */
const char *cmd_field_manager(const struct cmd_ctx *ctx, const char *usual);

/* The exec of a word that only stands before others, as in "auth can-i". */
int cmd_exec_group(struct cmd_ctx *ctx, struct err *e);

/* commands.c: the commands in the order of help; NULL-terminated. */
extern const struct cmd *const cmd_table[];
/* The options of every command. */
extern const struct opt cmd_global_options[];
extern const char *const cmd_group_titles[];
/* The command of that exact name or alias; NULL: none. */
const struct cmd *cmd_find(const char *name);
/*
 * The command that argv (without the program) means: options before and between its words are
 * skipped as they are parsed later. The words of the command are taken out of argv; *argc shrinks.
 * NULL: none, e tells.
 */
const struct cmd *cmd_locate(const char **argv, size_t *argc, struct err *e);

/* help.c */
void help_overview(struct out *out);
void help_command(struct out *out, const struct cmd *c);

/* Rows that several commands share. */
/* clang-format off */
#define OPT_ROW_FILENAME(what)                                                                     \
	{"filename", 'f', OPT_CSV, NULL, "FILE", what ": file, folder, URL or - (standard input)",  \
	    NULL, NULL}
#define OPT_ROW_RECURSIVE                                                                          \
	{"recursive", 'R', OPT_BOOL, NULL, NULL, "Look for manifests in the folders of folders too", \
	    NULL, NULL}
#define OPT_ROW_SELECTOR                                                                           \
	{"selector", 'l', OPT_STRING, NULL, "SELECTOR",                                            \
	    "Only objects with these labels: k=v, k!=v, k in (a,b), k, !k; commas mean and", NULL, NULL}
#define OPT_ROW_FIELD_SELECTOR                                                                     \
	{"field-selector", 0, OPT_STRING, NULL, "SELECTOR",                                        \
	    "Only objects with these field values: metadata.name=x, status.phase!=Running", NULL, NULL}
#define OPT_ROW_ALL                                                                                \
	{"all", 0, OPT_BOOL, NULL, NULL, "All objects of the type in the namespace", NULL, NULL}
#define OPT_ROW_ALL_NAMESPACES                                                                     \
	{"all-namespaces", 'A', OPT_BOOL, NULL, NULL, "Objects of all namespaces", NULL, NULL}
#define OPT_ROW_OUTPUT                                                                             \
	{"output", 'o', OPT_STRING, NULL, "FORMAT",                                                \
	    "json, yaml, name, wide, jsonpath=TEMPLATE, jsonpath-file=FILE, custom-columns=SPEC or "   \
	    "custom-columns-file=FILE", NULL, NULL}
extern const char *const dry_run_choices[];
#define OPT_ROW_DRY_RUN                                                                            \
	{"dry-run", 0, OPT_MAYBE, "none", "MODE",                                                  \
	    "none, client (send nothing) or server (send, store nothing)", "client", dry_run_choices}
#define OPT_ROW_VALIDATE                                                                           \
	{"validate", 0, OPT_MAYBE, "strict", "MODE",                                               \
	    "What unknown fields do: strict (or true) refuses, warn warns, ignore (or false) drops them", \
	    "strict", validate_choices}
extern const char *const validate_choices[];
#define OPT_ROW_SHOW_MANAGED                                                                       \
	{"show-managed-fields", 0, OPT_BOOL, NULL, NULL, "Keep metadata.managedFields in json and yaml",  \
	    NULL, NULL}
#define OPT_ROW_LOCAL                                                                              \
	{"local", 0, OPT_BOOL, NULL, NULL,                                                         \
	    "Change what -f names, not what is on the server, and show it", NULL, NULL}
#define OPT_ROW_SERVER_SIDE                                                                        \
	{"server-side", 0, OPT_BOOL, NULL, NULL,                                                   \
	    "Let the server merge: it knows who owns which field, and tells of conflicts", NULL, NULL}
#define OPT_ROW_FORCE_CONFLICTS                                                                    \
	{"force-conflicts", 0, OPT_BOOL, NULL, NULL,                                               \
	    "With --server-side: take over fields that others own", NULL, NULL}
#define OPT_ROW_FIELD_MANAGER                                                                      \
	{"field-manager", 0, OPT_STRING, NULL, "NAME",                                             \
	    "The name by which the fields are owned that this sets", NULL, NULL}
/* clang-format on */

extern const struct cmd cmd_annotate, cmd_api_resources, cmd_api_versions, cmd_apply, cmd_attach,
    cmd_auth, cmd_auth_can_i, cmd_auth_whoami, cmd_cluster_info, cmd_complete, cmd_completion,
    cmd_config, cmd_config_current_context, cmd_config_delete_context, cmd_config_get_clusters,
    cmd_config_get_contexts, cmd_config_get_users, cmd_config_rename_context,
    cmd_config_set_context, cmd_config_use_context, cmd_config_view, cmd_controller,
    cmd_controller_disable, cmd_controller_enable, cmd_controller_run, cmd_controller_status,
    cmd_controller_stop, cmd_cp, cmd_create, cmd_create_configmap, cmd_create_cronjob,
    cmd_create_job, cmd_create_namespace, cmd_create_secret, cmd_create_secret_docker_registry,
    cmd_create_secret_generic, cmd_create_secret_tls, cmd_create_service,
    cmd_create_service_clusterip, cmd_create_service_externalname, cmd_create_service_loadbalancer,
    cmd_create_service_nodeport, cmd_create_serviceaccount, cmd_create_token, cmd_delete,
    cmd_describe, cmd_diff, cmd_edit, cmd_events, cmd_exec, cmd_explain, cmd_expose, cmd_get,
    cmd_help, cmd_kubeconfig, cmd_label, cmd_logs, cmd_patch, cmd_port_forward, cmd_replace,
    cmd_resume, cmd_rollout, cmd_run, cmd_scale, cmd_serve, cmd_set, cmd_set_env, cmd_set_image,
    cmd_set_resources, cmd_set_serviceaccount, cmd_suspend, cmd_top, cmd_version, cmd_wait;

#endif
