/* kjob controller enable, disable: the controller as a service of this user. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/base/os.h"
#include "../runtime/base/paths.h"
#include "cmd.h"
#include "controller_cmd.h"
#include "service.h"
#include "spawn.h"

#define FILE_MAX (1 * MIB)

static const char *const manager_choices[] = {"auto", "launchd", "systemd", NULL};

static const struct opt service_options[] = {
    {"manager", 0, OPT_STRING, "auto", "NAME",
	"The service manager: that of this system, or one by name", NULL, manager_choices},
    OPT_END,
};

/* What of the environment the controller reads, or its engine's client: a service has another one.
 */
static const char *const kept_variables[] = {"KJOB_ENGINE", "KJOB_LOG", "DOCKER_HOST",
    "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "CONTAINER_HOST", "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR", "PATH", "TZ", "TZDIR"};

struct job {
	struct cmd_ctx *ctx;
	const struct service_manager *manager;
	struct paths paths;
	char *file;
	char *old; /* the file's text as it was; NULL: there was none */
};

static void job_release(struct job *j)
{
	paths_release(&j->paths);
	free(j->file);
	free(j->old);
}

static int job_init(struct job *j, struct cmd_ctx *ctx, struct err *e)
{
	auto_err absent = {0};

	j->ctx = ctx;
	j->manager = service_manager(opts_str(&ctx->opts, "manager"));
	if (paths_init(&j->paths, e) < 0)
		return -1;
	j->file = service_file(j->manager, e);
	if (!j->file)
		return -1;
	j->old = path_read_file(j->file, FILE_MAX, NULL, &absent);
	if (!j->old && absent.reason != ERR_NOT_FOUND) {
		err_move(e, &absent);
		return -1;
	}
	if (service_owner(j->manager, j->old, j->paths.state_dir) == SERVICE_FOREIGN)
		return err_set(e, ERR_CONFLICT,
		    "%s is not of the instance in %s; end the other one with its own KJOB_HOME and "
		    "'kjob controller disable', or remove the file",
		    j->file, j->paths.state_dir);
	return 0;
}

const char *controller_service(const struct paths *p)
{
	const struct service_manager *m = service_manager("auto");
	auto_free char *file = service_file(m, NULL);
	auto_free char *text = file ? path_read_file(file, FILE_MAX, NULL, NULL) : NULL;

	return service_owner(m, text, p->state_dir) == SERVICE_OURS ? service_unit(m) : NULL;
}

/* ---- the file ---- */

static void add_variable(struct strlist *l, const char *name, const char *value)
{
	if (value && *value)
		strlist_addf(l, "%s=%s", name, value);
}

static char *text_of(const struct job *j, struct err *e)
{
	const char *home = getenv("KJOB_HOME");
	auto_free char *self = os_executable();
	auto_free char *program = self ? realpath(self, NULL) : NULL;
	auto_strlist variables = {0};
	struct service_spec spec = {
	    .program = program,
	    .engine = opts_str(&j->ctx->opts, "engine"),
	    .instance = j->paths.state_dir,
	    .log_file = j->paths.log_file,
	};

	if (!program) {
		err_set(e, ERR_INTERNAL, "cannot find this program's own file");
		return NULL;
	}
	/* where it is, not how it was called: a service has another working directory */
	add_variable(&variables, "KJOB_HOME", home && *home ? j->paths.state_dir : NULL);
	for (size_t i = 0; i < ARRAY_LEN(kept_variables); i++)
		add_variable(&variables, kept_variables[i], getenv(kept_variables[i]));
	strlist_add_take(&variables, NULL);
	spec.variables = (const char *const *)variables.items;
	return service_text(j->manager, &spec);
}

static int write_file(const char *path, const char *text, struct err *e)
{
	auto_free char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	auto_free char *fresh = xasprintf("%s.new", path);
	FILE *f;
	bool failed;

	if (path_mkdirs(dir, 0755, e) < 0)
		return -1;
	f = fopen(fresh, "we");
	if (!f)
		return err_sys(e, errno, "cannot write %s", fresh);
	failed = fputs(text, f) < 0;
	failed |= fchmod(fileno(f), 0600) < 0;
	failed |= fclose(f) != 0;
	if (failed || rename(fresh, path) < 0) {
		err_sys(e, errno, "cannot write %s", path);
		unlink(fresh);
		return -1;
	}
	return 0;
}

/* Leaves things as they were. */
static void undo(const struct job *j)
{
	auto_err e = {0};

	if (j->old && write_file(j->file, j->old, &e) == 0)
		return;
	if (service_run(j->manager, SERVICE_STOP, j->file, &e) < 0)
		service_unlink(j->manager, j->file);
	unlink(j->file);
	if (service_run(j->manager, SERVICE_RELOAD, j->file, &e) < 0)
		err_clear(&e);
}

/* ---- enable ---- */

/* From the controller that runs, if any, to that of the service. */
static int hand_over(const struct job *j, int lock_fd, struct err *e)
{
	bool ran;

	if (controller_stop(j->ctx, &j->paths, lock_fd, &ran, e) < 0)
		return -1;
	if (service_run(j->manager, SERVICE_START, j->file, e) < 0) {
		undo(j);
		return -1;
	}
	if (spawn_await_answer(&j->paths, e) < 0)
		return err_wrap(e,
		    "%s is enabled but does not come up (%s tells why; 'kjob controller disable' "
		    "removes it)",
		    service_unit(j->manager), service_log(j->manager));
	return 0;
}

static int install(const struct job *j, struct err *e)
{
	auto_free char *text = text_of(j, e);
	int lock_fd, rc;

	if (!text || write_file(j->file, text, e) < 0)
		return -1;
	if (service_run(j->manager, SERVICE_RELOAD, j->file, e) < 0) {
		undo(j);
		return -1;
	}
	lock_fd = spawn_lock(&j->paths, e);
	rc = lock_fd < 0 ? -1 : hand_over(j, lock_fd, e);
	if (lock_fd >= 0)
		close(lock_fd);
	return rc;
}

static int enable(struct job *j, struct err *e)
{
	auto_free char *hint = NULL;

	if (service_run(j->manager, SERVICE_CHECK, j->file, e) < 0)
		return err_wrap(e,
		    "this user has no service manager that answers, nothing was changed (run "
		    "'kjob controller run' in another way, or log in with a session of its own)");
	if (paths_make(&j->paths, e) < 0 || install(j, e) < 0)
		return -1;
	out_addf(&j->ctx->out, "enabled %s (%s)\n", service_unit(j->manager), j->file);
	hint = service_hint(j->manager);
	if (hint)
		out_adds(&j->ctx->out, hint);
	return 0;
}

static int exec_enable(struct cmd_ctx *ctx, struct err *e)
{
	struct job j = {0};
	int rc = job_init(&j, ctx, e);

	if (rc == 0)
		rc = enable(&j, e);
	job_release(&j);
	return rc;
}

/* ---- disable ---- */

static int disable(struct job *j, struct err *e)
{
	if (!j->old) {
		out_adds(&j->ctx->out, "the controller is not enabled\n");
		return 0;
	}
	/* A manager that does not answer runs nothing, and must not find the service later. */
	if (service_run(j->manager, SERVICE_CHECK, j->file, NULL) < 0)
		service_unlink(j->manager, j->file);
	else if (service_run(j->manager, SERVICE_STOP, j->file, e) < 0)
		return -1;
	if (unlink(j->file) < 0)
		return err_sys(e, errno, "cannot remove %s", j->file);
	if (service_run(j->manager, SERVICE_RELOAD, j->file, NULL) == 0)
		out_adds(&j->ctx->out, "disabled ");
	else
		out_adds(&j->ctx->out, "no service manager answers; removed ");
	out_addf(&j->ctx->out, "%s (%s)\n", service_unit(j->manager), j->file);
	return 0;
}

static int exec_disable(struct cmd_ctx *ctx, struct err *e)
{
	struct job j = {0};
	int rc = job_init(&j, ctx, e);

	if (rc == 0)
		rc = disable(&j, e);
	job_release(&j);
	return rc;
}

const struct cmd cmd_controller_enable = {
    .name = "controller enable",
    .usage = "[options]",
    .summary = "Keep the controller running, from login or boot on",
    .help =
	"Writes and starts a service of this user (systemd's user manager, launchd on macOS) that "
	"runs the controller with the present engine, home and time zone. Cron jobs then "
	"outlive a reboot. A controller that runs already hands over to it. Say it again after "
	"a change of these, or to have another version of this program.",
    .options = service_options,
    .group = GROUP_OTHER,
    .place = CMD_HERE,
    .exec = exec_enable,
};

const struct cmd cmd_controller_disable = {
    .name = "controller disable",
    .usage = "[options]",
    .summary = "Stop and remove the service that 'controller enable' made",
    .help = "Jobs go on when the next command starts a controller.",
    .options = service_options,
    .group = GROUP_OTHER,
    .place = CMD_HERE,
    .exec = exec_disable,
};
