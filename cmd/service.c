#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runtime/base/buf.h"
#include "../runtime/base/paths.h"
#include "../runtime/base/str.h"

#define ARGS_MAX 8
#define COMMANDS_MAX 2
#define OUTPUT_MAX (64 * KIB)
/* No such command: what a shell would say. */
#define EXIT_NO_COMMAND 127

/* In arguments FILE stands for the service's file, DOMAIN for the user's part of launchd. */
struct command {
	bool may_fail;
	const char *argv[ARGS_MAX];
};

struct service_manager {
	const char *name;
	const char *system; /* as uname says; NULL: any other */
	const char *unit;
	char *(*file)(struct err *e);
	void (*text)(const struct service_spec *s, struct buf *out);
	void (*mark)(const char *instance, struct buf *out); /* a line that no other file has */
	char *(*hint)(void);
	const char *log;
	const char *link; /* beside the file; NULL: none */
	struct command commands[SERVICE_STOP + 1][COMMANDS_MAX];
};

/* ---- systemd ---- */

static char *systemd_file(struct err *e)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = path_home();

	if (config && config[0] == '/')
		return xasprintf("%s/systemd/user/kjob.service", config);
	if (home)
		return xasprintf("%s/.config/systemd/user/kjob.service", home);
	err_set(e, ERR_INTERNAL, "no home directory: set HOME");
	return NULL;
}

/*
 * In quotes, with C's escapes; "%" begins a specifier everywhere, "$" a variable in the arguments
 * of a command.
 */
static void systemd_quote(struct buf *out, const char *prefix, const char *text, bool is_argument)
{
	buf_addf(out, "\"%s", prefix);
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			buf_addf(out, "\\%c", *p);
		else if (*p == '%' || (*p == '$' && is_argument))
			buf_addf(out, "%c%c", *p, *p);
		else if ((unsigned char)*p < ' ' || *p == 0x7f)
			buf_addf(out, "\\x%02x", (unsigned)*p);
		else
			buf_addch(out, *p);
	}
	buf_addch(out, '"');
}

static void systemd_mark(const char *instance, struct buf *out)
{
	buf_adds(out, "# The controller of ");
	systemd_quote(out, "", instance, false);
	buf_adds(out, "; 'kjob controller disable' removes this.\n");
}

/*
 * Containers must outlive the controller: it alone is killed, not what it started. An engine that
 * is not up yet is waited for.
 */
static void systemd_text(const struct service_spec *s, struct buf *out)
{
	systemd_mark(s->instance, out);
	buf_adds(out, "[Unit]\n"
		      "Description=kjob, which runs the jobs and cron jobs of this user\n"
		      "StartLimitIntervalSec=0\n"
		      "\n"
		      "[Service]\n"
		      "ExecStart=");
	systemd_quote(out, "", s->program, false);
	buf_adds(out, " controller run");
	if (s->engine && *s->engine) {
		buf_addch(out, ' ');
		systemd_quote(out, "--engine=", s->engine, true);
	}
	buf_adds(out, "\n"
		      "Restart=on-failure\n"
		      "RestartSec=5\n"
		      "KillMode=process\n"
		      "UMask=0077\n"
		      "UnsetEnvironment=KJOB_IDLE_TIMEOUT\n");
	for (size_t i = 0; s->variables[i]; i++) {
		buf_adds(out, "Environment=");
		systemd_quote(out, "", s->variables[i], false);
		buf_addch(out, '\n');
	}
	buf_adds(out, "\n"
		      "[Install]\n"
		      "WantedBy=default.target\n");
}

/* ---- launchd ---- */

#define LAUNCHD_LABEL "io.kjob.controller"

static char *launchd_file(struct err *e)
{
	const char *home = path_home();

	if (home)
		return xasprintf("%s/Library/LaunchAgents/" LAUNCHD_LABEL ".plist", home);
	err_set(e, ERR_INTERNAL, "no home directory: set HOME");
	return NULL;
}

static void xml_string(struct buf *out, const char *indent, const char *prefix, const char *text)
{
	buf_addf(out, "%s<string>%s", indent, prefix);
	for (const char *p = text; *p; p++) {
		if (*p == '&')
			buf_adds(out, "&amp;");
		else if (*p == '<')
			buf_adds(out, "&lt;");
		else if (*p == '>')
			buf_adds(out, "&gt;");
		else
			buf_addch(out, *p);
	}
	buf_adds(out, "</string>\n");
}

/* launchd passes over keys that it does not know. */
static void launchd_mark(const char *instance, struct buf *out)
{
	buf_adds(out, "\t<key>KjobInstance</key>\n");
	xml_string(out, "\t", "", instance);
}

static void launchd_variables(const struct service_spec *s, struct buf *out)
{
	buf_adds(out, "\t<key>EnvironmentVariables</key>\n\t<dict>\n");
	for (size_t i = 0; s->variables[i]; i++) {
		const char *value = strchr(s->variables[i], '=');

		buf_adds(out, "\t\t<key>");
		buf_add(out, s->variables[i], (size_t)(value - s->variables[i]));
		buf_adds(out, "</key>\n");
		xml_string(out, "\t\t", "", value + 1);
	}
	buf_adds(out, "\t</dict>\n");
}

static void launchd_text(const struct service_spec *s, struct buf *out)
{
	buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		      "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
		      "<plist version=\"1.0\">\n"
		      "<dict>\n");
	launchd_mark(s->instance, out);
	buf_adds(out, "\t<key>Label</key>\n\t<string>" LAUNCHD_LABEL "</string>\n");
	buf_adds(out, "\t<key>ProgramArguments</key>\n\t<array>\n");
	xml_string(out, "\t\t", "", s->program);
	xml_string(out, "\t\t", "", "controller");
	xml_string(out, "\t\t", "", "run");
	if (s->engine && *s->engine)
		xml_string(out, "\t\t", "--engine=", s->engine);
	buf_adds(out, "\t</array>\n");
	launchd_variables(s, out);
	buf_adds(out, "\t<key>RunAtLoad</key>\n\t<true/>\n"
		      "\t<key>KeepAlive</key>\n"
		      "\t<dict>\n\t\t<key>SuccessfulExit</key>\n\t\t<false/>\n\t</dict>\n"
		      "\t<key>AbandonProcessGroup</key>\n\t<true/>\n"
		      "\t<key>Umask</key>\n\t<integer>63</integer>\n"
		      "\t<key>StandardErrorPath</key>\n");
	xml_string(out, "\t", "", s->log_file);
	buf_adds(out, "</dict>\n</plist>\n");
}

/* ---- commands ---- */

static char *expand(const char *arg, const char *file)
{
	if (str_eq(arg, "FILE"))
		return xstrdup(file);
	if (str_eq(arg, "DOMAIN"))
		return xasprintf("gui/%ld", (long)getuid());
	if (str_eq(arg, "TARGET"))
		return xasprintf("gui/%ld/" LAUNCHD_LABEL, (long)getuid());
	return xstrdup(arg);
}

static void become(char *const *argv, int out_fd)
{
	int null_fd = open("/dev/null", O_RDONLY);

	if (dup2(null_fd, 0) < 0 || dup2(out_fd, 1) < 0 || dup2(out_fd, 2) < 0)
		_exit(EXIT_NO_COMMAND);
	execvp(argv[0], argv);
	_exit(EXIT_NO_COMMAND);
}

/* Runs a command to its end; what it prints goes to out. The exit code, -1 where it cannot run. */
static int run(char *const *argv, struct buf *out, struct err *e)
{
	int fds[2], status;
	char piece[1024];
	ssize_t n;
	pid_t pid;

	if (pipe(fds) < 0)
		return err_sys(e, errno, "cannot make a pipe");
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0)
		become(argv, fds[1]);
	close(fds[1]);
	while (
	    pid > 0 && ((n = read(fds[0], piece, sizeof(piece))) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0)
			buf_add(out, piece, (size_t)n);
	close(fds[0]);
	if (pid < 0)
		return err_sys(e, errno, "cannot run %s", argv[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, errno, "cannot wait for %s", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int run_command(const struct command *c, const char *file, struct err *e)
{
	auto_strlist args = {0};
	auto_buf out = {.max = OUTPUT_MAX};
	auto_free char *line = NULL;
	int rc;

	for (size_t i = 0; i < ARGS_MAX && c->argv[i]; i++)
		strlist_add_take(&args, expand(c->argv[i], file));
	line = strlist_join(&args, " ");
	strlist_add_take(&args, NULL);
	rc = run(args.items, &out, e);
	if (rc <= 0 || c->may_fail)
		return rc < 0 && !c->may_fail ? -1 : 0;
	if (rc == EXIT_NO_COMMAND && out.len == 0)
		return err_set(e, ERR_UNAVAILABLE, "there is no command %s", args.items[0]);
	while (out.len && out.ptr[out.len - 1] == '\n')
		out.ptr[--out.len] = '\0';
	return err_set(e, ERR_UNAVAILABLE, "'%s' failed: %s", line,
	    out.len ? buf_str(&out) : "it does not say why");
}

static char *systemd_hint(void)
{
	static const struct command ask = {.argv = {"loginctl", "show-user", NULL}};
	const struct passwd *pw = getpwuid(getuid());
	auto_free char *uid = xasprintf("%ld", (long)getuid());
	char *argv[] = {
	    (char *)ask.argv[0], (char *)ask.argv[1], uid, (char *)"--property=Linger", NULL};
	auto_buf out = {.max = OUTPUT_MAX};

	if (run(argv, &out, NULL) == 0 && strstr(buf_str(&out), "Linger=yes"))
		return NULL;
	return xasprintf("it starts when you log in and ends when you log out; to have it run from "
			 "boot on:\n  loginctl enable-linger %s\n",
	    pw ? pw->pw_name : uid);
}

/* ---- the managers ---- */

static const struct service_manager managers[] = {
    {
	.name = "launchd",
	.system = "Darwin",
	.unit = LAUNCHD_LABEL,
	.file = launchd_file,
	.text = launchd_text,
	.mark = launchd_mark,
	.log = "the controller.log of the instance",
	.commands =
	    {
		[SERVICE_CHECK] = {{.argv = {"launchctl", "print", "DOMAIN"}}},
		[SERVICE_START] = {{.may_fail = true, .argv = {"launchctl", "bootout", "TARGET"}},
		    {.argv = {"launchctl", "bootstrap", "DOMAIN", "FILE"}}},
		[SERVICE_STOP] = {{.may_fail = true, .argv = {"launchctl", "bootout", "TARGET"}}},
	    },
    },
    {
	.name = "systemd",
	.unit = "kjob.service",
	.file = systemd_file,
	.text = systemd_text,
	.mark = systemd_mark,
	.hint = systemd_hint,
	.log = "'journalctl --user -u kjob'",
	.link = "default.target.wants/kjob.service",
	.commands =
	    {
		[SERVICE_CHECK] = {{.argv = {"systemctl", "--user", "show-environment"}}},
		[SERVICE_RELOAD] = {{.argv = {"systemctl", "--user", "daemon-reload"}}},
		[SERVICE_START] = {{.argv = {"systemctl", "--user", "enable",
					"--now", "kjob.service"}}},
		[SERVICE_STOP] = {{.argv = {"systemctl", "--user", "disable", "--now",
				       "kjob.service"}}},
	    },
    },
};

const struct service_manager *service_manager(const char *name)
{
	struct utsname system = {0};

	uname(&system);
	for (size_t i = 0; i < ARRAY_LEN(managers); i++) {
		const struct service_manager *m = &managers[i];

		if (str_eq(name, "auto") ? !m->system || str_eq(m->system, system.sysname)
					 : str_eq(name, m->name))
			return m;
	}
	return NULL;
}

const char *service_unit(const struct service_manager *m)
{
	return m->unit;
}

const char *service_log(const struct service_manager *m)
{
	return m->log;
}

char *service_file(const struct service_manager *m, struct err *e)
{
	return m->file(e);
}

char *service_text(const struct service_manager *m, const struct service_spec *s)
{
	auto_buf out = {0};

	m->text(s, &out);
	return buf_take(&out);
}

enum service_owner service_owner(
    const struct service_manager *m, const char *text, const char *instance)
{
	auto_buf mark = {0};

	if (!text)
		return SERVICE_ABSENT;
	m->mark(instance, &mark);
	return strstr(text, buf_str(&mark)) ? SERVICE_OURS : SERVICE_FOREIGN;
}

int service_run(
    const struct service_manager *m, enum service_step step, const char *file, struct err *e)
{
	for (size_t i = 0; i < COMMANDS_MAX && m->commands[step][i].argv[0]; i++)
		if (run_command(&m->commands[step][i], file, e) < 0)
			return -1;
	return 0;
}

char *service_hint(const struct service_manager *m)
{
	return m->hint ? m->hint() : NULL;
}

void service_unlink(const struct service_manager *m, const char *file)
{
	const char *slash = strrchr(file, '/');
	auto_free char *link = NULL;

	if (!m->link || !slash)
		return;
	link = xasprintf("%.*s/%s", (int)(slash - file), file, m->link);
	unlink(link);
}
