/*
 * kjob cp: files into a container and out of one.
 *
 * As with kubectl a tar in the container does it where that runs. Where it has ended, or has no
 * tar, kjob's own controller asks the engine for the files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cp_files.h"
#include "cp_spec.h"
#include "pod_pick.h"
#include "session.h"

#define NO_SUCH_COMMAND(code) ((code) == 126 || (code) == 127)
#define ERRS_MAX (64 * KIB)

static const struct opt options[] = {
    {"container", 'c', OPT_STRING, NULL, "NAME", "Of this container", NULL, NULL},
    {"no-preserve", 0, OPT_BOOL, NULL, NULL,
	"Do not keep the owners and permissions of local files in the container", NULL, NULL},
    {"retries", 0, OPT_INT, "0", "N",
	"How often copying from a container begins anew when the connection is lost; -1: always",
	NULL, NULL},
    OPT_END,
};

struct copy {
	struct cmd_ctx *ctx;
	json *pod;
	char *container;
	bool running;
	struct packer *packer;
	struct unpacker *unpacker;
};

/* ---- sessions ---- */

static int64_t feed(void *arg, char *data, size_t max, struct err *e)
{
	struct copy *c = arg;

	return packer_read(c->packer, data, max, e);
}

static int take(void *arg, const char *data, size_t len, struct err *e)
{
	struct copy *c = arg;

	return unpacker_write(c->unpacker, data, len, e);
}

/* What a failed command said on standard error, in a few lines, as the error. */
static int command_error(struct err *e, const struct buf *errs, int code)
{
	size_t len = errs->len;
	auto_free char *text = NULL;

	while (len && (errs->ptr[len - 1] == '\n' || errs->ptr[len - 1] == '\r'))
		len--;
	text = xstrndup(buf_str(errs), len);
	if (*text)
		return err_set(
		    e, ERR_BAD_REQUEST, "%s\ncommand terminated with exit code %d", text, code);
	return err_set(e, ERR_BAD_REQUEST, "command terminated with exit code %d", code);
}

/* The exit code; -1. What the command says on standard error goes to errs. */
static int run(
    struct copy *c, const char *const *words, size_t count, struct buf *errs, struct err *e)
{
	struct session_options o = {.in = c->packer,
	    .feed = c->packer ? feed : NULL,
	    .take = c->unpacker ? take : NULL,
	    .ctx = c,
	    .errs = errs};
	auto_free char *path = pod_exec_path(c->pod, c->container, words, count, o.in, false);

	buf_init(errs, ERRS_MAX);
	return session_run(c->ctx, path, &o, e);
}

/* By the controller's own endpoint. */
static int run_archive(struct copy *c, const char *path, struct err *e)
{
	struct session_options o = {.in = c->packer,
	    .feed = c->packer ? feed : NULL,
	    .take = c->unpacker ? take : NULL,
	    .ctx = c};
	auto_buf url = {0};
	auto_free char *absolute = NULL;
	const char *dir = "/";

	json_for (container, json_path(c->pod, "spec.containers"))
		if (str_eq(json_str(container, "name"), c->container))
			dir = json_str_or(container, "workingDir", "/");
	absolute = path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", dir, path);
	buf_adds(&url, "/kjob/v1/namespaces/");
	http_escape(&url, json_str_or(c->pod, "metadata.namespace", ""));
	buf_addf(&url, "/pods/%s/archive", json_str_or(c->pod, "metadata.name", ""));
	query_add(&url, "container", c->container);
	query_add(&url, "path", absolute);
	query_add(&url, "stdin", c->packer ? "true" : NULL);
	return session_run(c->ctx, buf_str(&url), &o, e);
}

/* ---- from a container ---- */

static int download_by_tar(struct copy *c, const char *path, struct err *e)
{
	auto_free char *dir = cp_dir(path), *base = cp_base(path);
	auto_free char *name = base[0] == '-' ? xasprintf("./%s", base) : xstrdup(base);
	const char *words[] = {"tar", "-C", dir, "-cf", "-", name};
	auto_buf errs = {0};
	int code = run(c, words, ARRAY_LEN(words), &errs, e);

	if (NO_SUCH_COMMAND(code) && !unpacker_begun(c->unpacker) && client_is_kjob(c->ctx->client))
		return run_archive(c, path, e);
	return code > 0 ? command_error(e, &errs, code) : code;
}

static int download(
    struct copy *c, const struct cp_spec *from, const struct cp_spec *to, struct err *e)
{
	auto_free char *base = cp_base(from->path);
	int rc;

	c->unpacker = unpacker_new(to->path, base);
	rc = c->running ? download_by_tar(c, from->path, e) : run_archive(c, from->path, e);
	if (rc == 0)
		rc = unpacker_end(c->unpacker, e);
	if (unpacker_skipped(c->unpacker))
		fprintf(stderr,
		    "warning: skipped %zu links out of the copied folder, devices and the like\n",
		    unpacker_skipped(c->unpacker));
	unpacker_free(TAKE(c->unpacker));
	return rc;
}

static int download_again(
    struct copy *c, const struct cp_spec *from, const struct cp_spec *to, struct err *e)
{
	int64_t left = opts_int(&c->ctx->opts, "retries");
	int rc = download(c, from, to, e);

	while (rc < 0 && e->reason == ERR_UNAVAILABLE && !err_is_status(e) && left-- != 0) {
		fprintf(stderr, "warning: %s; copying again\n", err_msg(e));
		err_clear(e);
		rc = client_revive(c->ctx->client, e) < 0 ? -1 : download(c, from, to, e);
	}
	return rc;
}

/* ---- to a container ---- */

static void tell_skipped(const struct packer *p)
{
	if (p && packer_skipped(p))
		fprintf(stderr, "warning: skipped %zu devices, sockets and the like\n",
		    packer_skipped(p));
}

/* Packs the local file as NAME, to be unpacked in DIR. */
static int upload_archive(
    struct copy *c, const char *source, const char *dir, const char *name, struct err *e)
{
	int rc;

	c->packer = packer_new(source, name, !opts_bool(&c->ctx->opts, "no-preserve"), e);
	rc = c->packer ? run_archive(c, dir, e) : -1;
	tell_skipped(rc == 0 ? c->packer : NULL);
	packer_free(TAKE(c->packer));
	return rc;
}

/* Into the destination where that is a folder, else it becomes the destination. */
static int upload_by_engine(struct copy *c, const char *source, const char *target, struct err *e)
{
	auto_free char *dir = cp_dir(target), *base = cp_base(target), *own = cp_base(source);
	auto_err first = {0};

	if (upload_archive(c, source, target, own, &first) == 0)
		return 0;
	if (!err_is_status(&first) || str_eq(base, ".")) {
		err_move(e, &first);
		return -1;
	}
	return upload_archive(c, source, dir, base, e);
}

static int upload_by_tar(struct copy *c, const char *source, const char *target, struct err *e)
{
	bool preserve = !opts_bool(&c->ctx->opts, "no-preserve");
	auto_free char *dir = cp_dir(target), *base = cp_base(target);
	const char *words[] = {
	    "tar", "-C", dir, "-xmf", "-", "--no-same-permissions", "--no-same-owner"};
	auto_buf errs = {0};
	int code;

	c->packer = packer_new(source, base, preserve, e);
	code = c->packer ? run(c, words, preserve ? 5 : 7, &errs, e) : -1;
	tell_skipped(code == 0 ? c->packer : NULL);
	packer_free(TAKE(c->packer));
	if (NO_SUCH_COMMAND(code) && client_is_kjob(c->ctx->client))
		return upload_by_engine(c, source, target, e);
	return code > 0 ? command_error(e, &errs, code) : code;
}

static int upload(
    struct copy *c, const struct cp_spec *from, const struct cp_spec *to, struct err *e)
{
	const char *test[] = {"test", "-d", to->path};
	auto_free char *own = cp_base(from->path), *inside = NULL;
	auto_buf errs = {0};
	int code;

	if (access(from->path, F_OK) < 0)
		return err_set(
		    e, ERR_NOT_FOUND, "%s doesn't exist in local filesystem", from->path);
	if (str_eq(own, ".") || str_eq(own, "..")) {
		auto_free char *real = realpath(from->path, NULL);

		free(own);
		own = cp_base(real ? real : "/");
	}
	if (!c->running)
		return upload_by_engine(c, from->path, to->path, e);
	code = run(c, test, ARRAY_LEN(test), &errs, e);
	if (code < 0)
		return -1;
	if (NO_SUCH_COMMAND(code) && client_is_kjob(c->ctx->client))
		return upload_by_engine(c, from->path, to->path, e);
	inside = code == 0 ? xasprintf("%s/%s", to->path, own) : xstrdup(to->path);
	return upload_by_tar(c, from->path, inside, e);
}

/* ---- the command ---- */

static bool is_running(const json *pod, const char *container)
{
	static const char *const lists[] = {
	    "status.containerStatuses", "status.initContainerStatuses"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (s, json_path(pod, lists[i]))
			if (str_eq(json_str(s, "name"), container))
				return json_has(s, "state.running");
	return false;
}

static int find(struct copy *c, const struct cp_spec *remote, struct err *e)
{
	if (remote->ns)
		c->ctx->ns = remote->ns;
	c->pod = pod_pick(c->ctx, remote->pod, 0, e);
	if (!c->pod)
		return -1;
	c->container = pod_pick_container(c->pod, opts_str(&c->ctx->opts, "container"), false, e);
	if (!c->container)
		return -1;
	c->running = is_running(c->pod, c->container);
	if (!c->running && !client_is_kjob(c->ctx->client))
		return pod_pick_check(c->pod, "exec into", e);
	return 0;
}

static int check_usage(const struct cp_spec *from, const struct cp_spec *to, struct err *e)
{
	if (from->pod && to->pod)
		return err_set(
		    e, ERR_BAD_REQUEST, "one of src or dest must be a local file specification");
	if (!*from->path || !*to->path)
		return err_set(e, ERR_BAD_REQUEST, "filepath can not be empty");
	if (!from->pod && !to->pod)
		return err_set(
		    e, ERR_BAD_REQUEST, "one of src or dest must be a remote file specification");
	return 0;
}

static int exec_cp(struct cmd_ctx *ctx, struct err *e)
{
	struct copy c = {.ctx = ctx};
	auto_cp_spec from = {0}, to = {0};
	int rc = -1;

	if (ctx->argc != 2)
		return cmd_usage_error(ctx, e, "source and destination are required");
	if (cp_spec_parse(ctx->args[0], &from, e) == 0 &&
	    cp_spec_parse(ctx->args[1], &to, e) == 0 && check_usage(&from, &to, e) == 0 &&
	    find(&c, from.pod ? &from : &to, e) == 0)
		rc = from.pod ? download_again(&c, &from, &to, e) : upload(&c, &from, &to, e);
	json_free(c.pod);
	free(c.container);
	return rc;
}

const struct cmd cmd_cp = {
    .name = "cp",
    .usage = "[[NAMESPACE/]POD:]SOURCE [[NAMESPACE/]POD:]DESTINATION [-c CONTAINER]",
    .summary = "Copy files and folders into a container and out of one",
    .help = "The container may have ended: its files are there as long as the pod is. A file goes "
	    "into the destination where that is a folder, else it becomes it. Out of a container, "
	    "a folder's contents go into the destination; links that lead out of the folder are "
	    "left out, and an archive that tries to write elsewhere is refused.",
    .examples = "# The result of a pod that has ended\n"
		"kjob cp report:/out/report.pdf .\n\n"
		"# A folder into the container worker of a pod in another namespace\n"
		"kjob cp ./data tests/web:/srv/data -c worker\n",
    .options = options,
    .group = GROUP_LOOK,
    .exec = exec_cp,
};
