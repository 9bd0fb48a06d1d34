/* kjob run NAME --image=IMAGE: a Job from the command line, run to its end with its output and exit
 * code. */
#include <stdio.h>
#include <unistd.h>

#include "manifest.h"
#include "printer.h"
#include "run.h"
#include "run_job.h"
#include "session.h"

static const char *const pull_policies[] = {"IfNotPresent", "Always", "Never", NULL};

static const char *const override_types[] = {"merge", NULL};

static const struct opt options[] = {
    {"image", 0, OPT_STRING, NULL, "IMAGE", "The image to run (required)", NULL, NULL},
    {"restart", 0, OPT_STRING, "Never", "POLICY",
	"Never: a failure ends the Job; OnFailure: the container starts again, up to "
	"--backoff-limit times; Always: a bare "
	"Pod",
	NULL, NULL},
    {"env", 'e', OPT_LIST, NULL, "NAME[=VALUE]",
	"An environment variable of the container, may be repeated; without a value, the one it "
	"has here",
	NULL, NULL},
    {"completions", 0, OPT_INT, NULL, "N", "How many pods must succeed (1)", NULL, NULL},
    {"parallelism", 0, OPT_INT, NULL, "N", "How many pods run at a time (1)", NULL, NULL},
    {"indexed", 0, OPT_BOOL, NULL, NULL,
	"Each of the completions has an index, JOB_COMPLETION_INDEX, and succeeds once", NULL,
	NULL},
    {"backoff-limit", 0, OPT_INT, NULL, "N",
	"How many failures are made good (0, with --restart=OnFailure 6)", NULL, NULL},
    {"reuse-sandbox", 0, OPT_BOOL, NULL, NULL,
	"Hand the network of a pod on to the next one: quicker, but on Docker it hands on its "
	"hostname, too",
	NULL, NULL},
    {"timeout", 0, OPT_DURATION, NULL, "DURATION",
	"End it after this time, such as 90s or 1h, with exit code 124 (SIGTERM, and SIGKILL 10 s "
	"later)",
	NULL, NULL},
    {"schedule", 0, OPT_STRING, NULL, "SCHEDULE",
	"Create a CronJob that runs it at these times: minute, hour, day of month, month, day of "
	"week, as in '0 3 * * *', or @hourly, @daily …",
	NULL, NULL},
    {"time-zone", 0, OPT_STRING, NULL, "ZONE",
	"The zone of --schedule, such as Europe/Berlin (that of the controller)", NULL, NULL},
    {"ttl", 0, OPT_DURATION, NULL, "DURATION",
	"With --detach or --schedule: delete a Job this long after its end", NULL, NULL},
    {"detach", 'd', OPT_BOOL, NULL, NULL, "Create it and leave it to itself", NULL, NULL},
    {"attach", 0, OPT_BOOL, "true", NULL, "Show its output; =false is --detach", NULL, NULL},
    {"stdin", 'i', OPT_BOOL, NULL, NULL, "Pass standard input on to the container", NULL, NULL},
    {"tty", 't', OPT_BOOL, NULL, NULL,
	"Give the container a terminal, with --stdin: keys go through as they are typed", NULL,
	NULL},
    {"leave-stdin-open", 0, OPT_BOOL, NULL, NULL,
	"Keep the container's standard input open after the first one who was attached", NULL,
	NULL},
    {"rm", 0, OPT_BOOL, NULL, NULL, "Delete it with its pods when it has ended", NULL, NULL},
    {"replace", 0, OPT_BOOL, NULL, NULL,
	"Delete what has this name first, and wait until it is gone", NULL, NULL},
    {"command", 0, OPT_BOOL, NULL, NULL,
	"The arguments are the command, in place of the image's entry point", NULL, NULL},
    {"port", 0, OPT_INT, NULL, "PORT",
	"A port of the container, for --expose and for people who read", NULL, NULL},
    {"expose", 0, OPT_BOOL, NULL, NULL,
	"Also create a service of that name and --port, which goes when the run is deleted", NULL,
	NULL},
    {"privileged", 0, OPT_BOOL, NULL, NULL, "Give the container all rights", NULL, NULL},
    {"labels", 'l', OPT_CSV, NULL, "K=V,...", "Labels in place of run=NAME", NULL, NULL},
    {"annotations", 0, OPT_CSV, NULL, "K=V,...", "Annotations", NULL, NULL},
    {"image-pull-policy", 0, OPT_STRING, "IfNotPresent", "POLICY",
	"When to pull the image: IfNotPresent, Always or Never", NULL, pull_policies},
    {"pod-running-timeout", 0, OPT_DURATION, NULL, "DURATION",
	"Give up when no container runs after this time (no limit)", NULL, NULL},
    {"overrides", 0, OPT_STRING, NULL, "JSON",
	"Merged into the object (RFC 7386) before it is sent", NULL, NULL},
    {"override-type", 0, OPT_STRING, "merge", "TYPE", "How --overrides are merged: merge", NULL,
	override_types},
    {"quiet", 'q', OPT_BOOL, NULL, NULL, "Show no progress on a terminal", NULL, NULL},
    OPT_ROW_OUTPUT,
    OPT_ROW_DRY_RUN,
    OPT_END,
};

/* Known without asking the server: a run has no time for discovery. */
static const struct resource job_resource = {.group = (char *)"batch",
    .version = (char *)"v1",
    .name = (char *)"jobs",
    .singular = (char *)"job",
    .kind = (char *)"Job",
    .namespaced = true};
static const struct resource cronjob_resource = {.group = (char *)"batch",
    .version = (char *)"v1",
    .name = (char *)"cronjobs",
    .singular = (char *)"cronjob",
    .kind = (char *)"CronJob",
    .namespaced = true};
static const struct resource pod_resource = {.group = (char *)"",
    .version = (char *)"v1",
    .name = (char *)"pods",
    .singular = (char *)"pod",
    .kind = (char *)"Pod",
    .namespaced = true};

static const struct resource service_resource = {.group = (char *)"",
    .version = (char *)"v1",
    .name = (char *)"services",
    .singular = (char *)"service",
    .kind = (char *)"Service",
    .namespaced = true};

static bool is_dry(const struct cmd_ctx *ctx)
{
	return !str_eq(opts_str(&ctx->opts, "dry-run"), "none");
}

/* Its output is shown and its end is waited for. */
static bool is_attached(const struct cmd_ctx *ctx)
{
	return !opts_bool(&ctx->opts, "detach") && opts_bool(&ctx->opts, "attach") &&
	       !is_dry(ctx) && !opts_given(&ctx->opts, "schedule");
}

/* Options that need, or cannot be with, a run that somebody follows. */
static int check_attached(const struct cmd_ctx *ctx, struct err *e)
{
	const struct opts *o = &ctx->opts;
	bool attached = is_attached(ctx);

	if (opts_bool(o, "rm") && !attached)
		return err_set(
		    e, ERR_BAD_REQUEST, "--rm should only be used for attached containers");
	if (opts_given(o, "output") && attached)
		return err_set(e, ERR_BAD_REQUEST,
		    "--output goes with --detach or --dry-run: else the output is the container's");
	if (opts_given(o, "ttl") && !opts_bool(o, "detach") && !opts_given(o, "schedule"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--ttl goes with --detach or --schedule: --rm deletes a run that was followed "
		    "to its end");
	if (opts_bool(o, "stdin") &&
	    (opts_int(o, "completions") > 1 || opts_int(o, "parallelism") > 1))
		return err_set(e, ERR_BAD_REQUEST,
		    "--stdin goes to one pod: it cannot be used with several completions");
	return 0;
}

static int check_schedule(const struct cmd_ctx *ctx, struct err *e)
{
	const struct opts *o = &ctx->opts;

	if (!opts_given(o, "schedule"))
		return opts_given(o, "time-zone")
			   ? err_set(e, ERR_BAD_REQUEST, "--time-zone goes with --schedule")
			   : 0;
	if (opts_bool(o, "stdin"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--stdin cannot be used with --schedule: what runs later has no standard input "
		    "of now");
	if (str_eq(opts_str(o, "restart"), "Always"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--restart=Always cannot be used with --schedule: a CronJob runs Jobs, which "
		    "end");
	if (opts_given(o, "pod-running-timeout"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--pod-running-timeout should only be used for attached containers");
	return 0;
}

static int check_expose(const struct cmd_ctx *ctx, struct err *e)
{
	const struct opts *o = &ctx->opts;

	if (opts_given(o, "port") && (opts_int(o, "port") < 1 || opts_int(o, "port") > 65535))
		return err_set(e, ERR_BAD_REQUEST, "--port must be between 1 and 65535");
	if (!opts_bool(o, "expose"))
		return 0;
	if (opts_given(o, "schedule"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--expose cannot be used with --schedule: nothing runs yet");
	return opts_given(o, "port")
		   ? 0
		   : cmd_usage_error(ctx, e, "--port must be set when exposing a service");
}

static int check_usage(const struct cmd_ctx *ctx, struct err *e)
{
	static const char *const policies[] = {"Always", "OnFailure", "Never", NULL};
	const struct opts *o = &ctx->opts;
	bool known = false;

	for (size_t i = 0; policies[i]; i++)
		known = known || str_eq(opts_str(o, "restart"), policies[i]);
	if (ctx->argc == 0 || ctx->dash == 0)
		return cmd_usage_error(ctx, e, "NAME is required for run");
	if (!*opts_str(o, "image"))
		return err_set(e, ERR_BAD_REQUEST, "required flag(s) \"image\" not set");
	if (!known)
		return err_set(e, ERR_BAD_REQUEST,
		    "invalid restart policy: %s, valid values are: Always, OnFailure, Never",
		    opts_str(o, "restart"));
	if (opts_bool(o, "tty") && !opts_bool(o, "stdin"))
		return err_set(
		    e, ERR_BAD_REQUEST, "stdin is required for containers with -t/--tty");
	if (check_schedule(ctx, e) < 0 || check_expose(ctx, e) < 0)
		return -1;
	return check_attached(ctx, e);
}

/* A terminal for whoever follows the run needs one here. */
static void check_terminal(const struct cmd_ctx *ctx, json *object)
{
	bool tty = opts_bool(&ctx->opts, "tty");

	if (!tty || !is_attached(ctx))
		return;
	session_terminal(true, &tty, opts_bool(&ctx->opts, "quiet"));
	if (!tty)
		json_del(run_container(object), "tty");
}

/* ---- creating ---- */

struct replacing {
	bool gone;
	const char *uid;
};

static void on_old(void *ctx, const char *type, const json *object)
{
	struct replacing *r = ctx;

	if (str_eq(type, WATCHER_RELIST))
		r->gone = true;
	else if (str_eq(json_str(object, "metadata.uid"), r->uid))
		r->gone = str_eq(type, "DELETED");
}

/* --replace: what has the name now goes, its pods first. */
static int remove_old(
    struct cmd_ctx *ctx, const struct resource *r, const char *name, struct err *e)
{
	auto_buf one = {0}, all = {0};
	auto_json *old = NULL;
	struct replacing state = {0};
	struct watcher w = {0};
	int rc = 0;

	resource_path(r, ctx->ns, name, NULL, &one);
	old = client_get_json(ctx->client, buf_str(&one), e);
	if (!old && e->reason == ERR_NOT_FOUND) {
		err_clear(e);
		return 0;
	}
	if (!old)
		return -1;
	state.uid = json_str_or(old, "metadata.uid", "");
	resource_path(r, ctx->ns, NULL, NULL, &all);
	query_addf(&all, "fieldSelector", "metadata.name=%s", name);
	watcher_start(&w, ctx->client, buf_str(&all), json_str(old, "metadata.resourceVersion"));
	rc = run_delete(ctx->client, r, ctx->ns, name, state.uid, "Foreground", e);
	while (rc == 0 && !state.gone) {
		client_turn(ctx->client);
		rc = watcher_pump(&w, on_old, &state, e);
	}
	watcher_stop(&w);
	return rc;
}

/* The object as the server stored it. A controller that left at this very moment is started again.
 */
static json *create(
    struct cmd_ctx *ctx, const struct resource *r, const json *object, struct err *e)
{
	auto_buf path = {0};
	json *created;

	resource_path(r, ctx->ns, NULL, NULL, &path);
	buf_adds(&path, "?fieldManager=kubectl-run&fieldValidation=Strict");
	if (is_dry(ctx))
		query_add(&path, "dryRun", "All");
	created = client_send_json(ctx->client, "POST", buf_str(&path), NULL, object, e);
	if (!created && e->reason == ERR_UNAVAILABLE && !err_is_status(e) && !ctx->cluster &&
	    client_revive(ctx->client, e) == 0)
		created = client_send_json(ctx->client, "POST", buf_str(&path), NULL, object, e);
	if (!created && e->reason == ERR_ALREADY_EXISTS) {
		char *with_hint = xasprintf("%s\nuse --replace to delete it first", err_msg(e));

		free(e->msg);
		e->msg = with_hint;
	}
	return created;
}

/* ---- its service ---- */

/* The run owns it: they are deleted together. */
static void set_owner(json *service, const json *owner)
{
	json *refs = json_new_array(), *ref = json_new_object();

	json_set_str(ref, "apiVersion", json_str(owner, "apiVersion"));
	json_set_str(ref, "kind", json_str(owner, "kind"));
	json_set_str(ref, "name", json_str(owner, "metadata.name"));
	json_set_str(ref, "uid", json_str(owner, "metadata.uid"));
	json_add(refs, ref);
	json_set_path(service, "metadata.ownerReferences", refs);
}

/* NULL and no error without --expose. */
static int expose(struct cmd_ctx *ctx, const json *created, json **ret, struct err *e)
{
	auto_json *service = NULL;

	if (!opts_bool(&ctx->opts, "expose"))
		return 0;
	service = run_service(&ctx->opts, created);
	if (json_has(created, "metadata.uid"))
		set_owner(service, created);
	*ret = str_eq(opts_str(&ctx->opts, "dry-run"), "client")
		   ? TAKE(service)
		   : create(ctx, &service_resource, service, e);
	return *ret ? 0 : -1;
}

static int print_created(struct cmd_ctx *ctx, const struct resource *r, json *object, struct err *e)
{
	const char *dry_run = opts_str(&ctx->opts, "dry-run");
	auto_json *service = NULL;
	auto_printer p = {0};

	if (printer_init(&p, opts_str(&ctx->opts, "output"), e) < 0 ||
	    print_result(ctx, &p, r, object, "created", dry_run, e) < 0 ||
	    expose(ctx, object, &service, e) < 0)
		return -1;
	return service ? print_result(ctx, &p, &service_resource, service, "created", dry_run, e)
		       : 0;
}

static int create_and_follow(
    struct cmd_ctx *ctx, const struct resource *r, const json *object, struct err *e)
{
	struct interrupt *interrupt = interrupt_new(client_loop(ctx->client));
	auto_json *created = create(ctx, r, object, e), *service = NULL;
	int code =
	    created && expose(ctx, created, &service, e) == 0 ? run_follow(ctx, r, created, e) : -1;

	interrupt_free(interrupt);
	return code;
}

static const struct resource *resource_of(const json *object)
{
	static const struct resource *const all[] = {&pod_resource, &cronjob_resource};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (str_eq(json_str(object, "kind"), all[i]->kind))
			return all[i];
	return &job_resource;
}

static int exec_run(struct cmd_ctx *ctx, struct err *e)
{
	const struct resource *r;
	auto_json *object = NULL, *created = NULL;

	if (check_usage(ctx, e) < 0)
		return -1;
	object = run_object(&ctx->opts, ctx->ns, ctx->args, ctx->argc, e);
	if (!object)
		return -1;
	check_terminal(ctx, object);
	r = resource_of(object);
	if (str_eq(opts_str(&ctx->opts, "dry-run"), "client"))
		return print_created(ctx, r, object, e);
	if (!cmd_client(ctx, e))
		return -1;
	if (opts_bool(&ctx->opts, "replace") && !is_dry(ctx) &&
	    remove_old(ctx, r, json_str_or(object, "metadata.name", ""), e) < 0)
		return -1;
	if (is_attached(ctx))
		return create_and_follow(ctx, r, object, e);
	created = create(ctx, r, object, e);
	return created ? print_created(ctx, r, created, e) : -1;
}

const struct cmd cmd_run = {
    .name = "run",
    .usage = "NAME --image=IMAGE [options] [-- ARG…]",
    .summary = "Run a command as a Job: its output, its exit code",
    .help =
	"Creates a Job whose container is called NAME, shows what it prints (standard output "
	"and standard error kept "
	"apart) and exits as it does. Where several pods run, their lines begin with "
	"[pod/NAME]. With --schedule, a CronJob is created that runs such Jobs later, and nothing "
	"is shown.\n\n"
	"Exit codes: the container's own (128+N: ended by signal N); of several completions, 0 "
	"when the Job is complete, "
	"else that of the container that failed first. 124: --timeout was over. 125: kjob, the "
	"controller or the engine "
	"could not run it. 126 and 127: the image has no such command. 130 and 143: "
	"interrupted; the Job is deleted.",
    .examples = "# Run a command\n"
		"kjob run hello --image=busybox -- echo hello\n\n"
		"# Filter a file and leave nothing behind\n"
		"kjob run -i --rm sort --image=busybox -- sort < names.txt\n\n"
		"# Ten runs, five at a time\n"
		"kjob run batch --image=busybox --completions=10 --parallelism=5 -- sh -c 'echo "
		"$HOSTNAME'\n\n"
		"# Each night at three\n"
		"kjob run report --image=reports:2 --schedule='0 3 * * *' -- --all\n\n"
		"# See the manifest\n"
		"kjob run hello --image=busybox --dry-run=client -o yaml -- echo hello\n",
    .options = options,
    .group = GROUP_RUN,
    .error_exit = RUN_EXIT_TROUBLE,
    .exec = exec_run,
};
