/* kjob kubeconfig: what kubectl needs to talk to `kjob serve`, shown or put into its file. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/base/clock.h"
#include "../runtime/base/paths.h"
#include "cmd.h"
#include "kubeconfig_merge.h"

#define FILE_MAX (16 * MIB)
#define LOCK_LIMIT_MS 5000
#define LOCK_POLL_US 20000

static const struct opt options[] = {
    {"merge", 0, OPT_BOOL, NULL, NULL,
	"Add it to your kubeconfig (KUBECONFIG, or ~/.kube/config), and leave the rest as it is",
	NULL, NULL},
    {"output", 'o', OPT_STRING, NULL, "FILE", "Write to this file; with --merge, add to it", NULL,
	NULL},
    {"name", 0, OPT_STRING, "kjob", "NAME", "The name of context, cluster and user", NULL, NULL},
    {"server", 0, OPT_STRING, NULL, "URL",
	"Where clients find the listener, if not where it says itself", NULL, NULL},
    {"set-current", 0, OPT_BOOL, NULL, NULL, "With --merge: make it the current context", NULL,
	NULL},
    OPT_END,
};

/* ---- which file ---- */

/* As kubectl chooses where to put what is new: but the file that has the context already first. */
static char *merge_file(const char *name, struct err *e)
{
	const char *env = getenv("KUBECONFIG"), *home = path_home();
	auto_strlist files = {0};
	const char *existing = NULL, *last = NULL;

	str_split(&files, env ? env : "", ':');
	for (size_t i = 0; i < files.len; i++) {
		const char *file = files.items[i];
		auto_free char *text = *file ? path_read_file(file, FILE_MAX, NULL, NULL) : NULL;

		if (text && kubeconfig_has(text, name))
			return xstrdup(file);
		if (text && !existing)
			existing = file;
		if (*file)
			last = file;
	}
	if (last)
		return xstrdup(existing ? existing : last);
	if (home)
		return xasprintf("%s/.kube/config", home);
	err_set(e, ERR_INTERNAL, "no home directory: set HOME or KUBECONFIG");
	return NULL;
}

/* ---- the file ---- */

/* The same file that kubectl takes for its lock. */
static int lock(const char *lock_path, struct err *e)
{
	int64_t until = clock_mono_ms() + LOCK_LIMIT_MS;
	int fd;

	while ((fd = open(lock_path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0)) < 0) {
		if (errno != EEXIST)
			return err_sys(e, errno, "cannot make the lock %s", lock_path);
		if (clock_mono_ms() >= until)
			return err_set(e, ERR_CONFLICT,
			    "%s is there: another program changes the file, or has died meanwhile; "
			    "remove it in that case",
			    lock_path);
		usleep(LOCK_POLL_US);
	}
	close(fd);
	return 0;
}

static char *read_old(const char *path, struct err *e)
{
	auto_err own = {0};
	char *text = path_read_file(path, FILE_MAX, NULL, &own);

	if (text || own.reason == ERR_NOT_FOUND)
		return text ? text : xstrdup("");
	err_move(e, &own);
	return NULL;
}

/* A link stays one; a file keeps its mode. */
static int write_back(const char *path, const char *text, struct err *e)
{
	auto_free char *target = realpath(path, NULL);
	struct stat st;
	unsigned mode = target && stat(target, &st) == 0 ? st.st_mode & 0777 : 0600;

	if (path_write_file(target ? target : path, mode, text, strlen(text), e) < 0)
		return -1;
	if (mode & 077)
		fprintf(stderr, "warning: others can read %s, which holds a private key\n", path);
	return 0;
}

static int merge_locked(
    const char *path, const struct kubeconfig_entry *k, bool set_current, struct err *e)
{
	auto_free char *old = read_old(path, e), *text = NULL;
	bool rewritten;

	if (!old)
		return -1;
	text = kubeconfig_merge(k, path, old, set_current, &rewritten, e);
	if (!text)
		return -1;
	if (rewritten)
		fprintf(stderr, "warning: %s had to be written anew, without its comments\n", path);
	return str_eq(old, text) ? 0 : write_back(path, text, e);
}

/* Signals wait: they would leave the lock behind. */
static int merge(
    const char *path, const struct kubeconfig_entry *k, bool set_current, struct err *e)
{
	auto_free char *lock_path = xasprintf("%s.lock", path);
	const char *slash = strrchr(path, '/');
	auto_free char *dir = slash > path ? xstrndup(path, (size_t)(slash - path)) : NULL;
	sigset_t all, old;
	int rc;

	if (dir && path_mkdirs(dir, 0755, e) < 0)
		return -1;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	rc = lock(lock_path, e);
	if (rc == 0) {
		rc = merge_locked(path, k, set_current, e);
		unlink(lock_path);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static int write_own(const char *path, const struct kubeconfig_entry *k, struct err *e)
{
	auto_free char *old = read_old(path, e), *text = NULL;

	if (!old)
		return -1;
	if (kubeconfig_has_others(old, k->name))
		return err_set(e, ERR_CONFLICT,
		    "%s has other contents: --merge adds to a kubeconfig file, or name another "
		    "file",
		    path);
	text = kubeconfig_text(k);
	return path_write_file(path, 0600, text, strlen(text), e);
}

/* ---- the command ---- */

static int ask_state(struct cmd_ctx *ctx, json **ret, struct err *e)
{
	struct client *c = cmd_client(ctx, e);
	auto_json *state = c ? client_get_json(c, "/kjob/v1/serve", e) : NULL;

	if (!state)
		return -1;
	if (!json_has(state, "server"))
		return err_set(
		    e, ERR_UNAVAILABLE, "kjob does not listen for clients; 'kjob serve' first");
	if (!json_has(state, "clientKey"))
		return err_set(e, ERR_UNAVAILABLE, "kjob cannot listen for clients: %s",
		    json_str_or(state, "error", "?"));
	*ret = TAKE(state);
	return 0;
}

static int write_merged(struct cmd_ctx *ctx, const struct kubeconfig_entry *k, struct err *e)
{
	const char *file = opts_str(&ctx->opts, "output");
	auto_free char *path = *file ? xstrdup(file) : merge_file(k->name, e);

	if (!path || merge(path, k, opts_bool(&ctx->opts, "set-current"), e) < 0)
		return -1;
	out_addf(&ctx->out, "context \"%s\" is in %s\n", k->name, path);
	return 0;
}

static int write_anywhere(struct cmd_ctx *ctx, const struct kubeconfig_entry *k, struct err *e)
{
	const char *file = opts_str(&ctx->opts, "output");
	auto_free char *text = NULL;

	if (opts_bool(&ctx->opts, "merge"))
		return write_merged(ctx, k, e);
	if (*file && !str_eq(file, "-"))
		return write_own(file, k, e);
	text = kubeconfig_text(k);
	out_adds(&ctx->out, text);
	return 0;
}

static int exec(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *state = NULL;
	const char *server = opts_str(&ctx->opts, "server");
	struct kubeconfig_entry k = {.name = opts_str(&ctx->opts, "name")};

	if (ctx->argc)
		return cmd_usage_error(ctx, e, "'kjob kubeconfig' takes no arguments");
	if (opts_bool(&ctx->opts, "set-current") && !opts_bool(&ctx->opts, "merge"))
		return cmd_usage_error(ctx, e, "--set-current goes with --merge");
	if (*server && !str_has_prefix(server, "https://"))
		return cmd_usage_error(ctx, e, "--server must begin with https://");
	if (ask_state(ctx, &state, e) < 0)
		return -1;
	k.server = *server ? server : json_str(state, "server");
	k.authority = json_str_or(state, "certificateAuthority", "");
	k.certificate = json_str_or(state, "clientCertificate", "");
	k.key = json_str_or(state, "clientKey", "");
	return write_anywhere(ctx, &k, e);
}

const struct cmd cmd_kubeconfig = {
    .name = "kubeconfig",
    .usage = "[options]",
    .summary = "Show what kubectl needs to talk to 'kjob serve', or add it to its file",
    .help = "With --merge nothing else in the file changes, not even comments, and the current "
	    "context stays what it is unless --set-current is given or the file is new. What is "
	    "written holds a private key; whoever has it is you.",
    .examples = "# Add the context \"kjob\" to ~/.kube/config\n"
		"kjob kubeconfig --merge\n"
		"# A file of its own\n"
		"kjob kubeconfig -o kjob.yaml\n"
		"KUBECONFIG=kjob.yaml kubectl get pods\n",
    .options = options,
    .group = GROUP_OTHER,
    .place = CMD_HERE,
    .exec = exec,
};
