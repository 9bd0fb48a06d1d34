#include "exec_credential.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runtime/base/base64.h"
#include "../runtime/base/clock.h"
#include "../runtime/base/paths.h"
#include "../runtime/base/str.h"

#define GROUP "client.authentication.k8s.io/"
#define ANSWER_MAX (1 * MIB)
#define CLOCK_END_YEAR 2262
#define CA_MAX (4 * MIB)
#define CONFIG_EXTENSION "client.authentication.k8s.io/exec"

extern char **environ;

void exec_credential_release(struct exec_credential *c)
{
	if (c->token)
		explicit_bzero(c->token, strlen(c->token));
	if (c->key_pem)
		explicit_bzero(c->key_pem, strlen(c->key_pem));
	free(c->token);
	free(c->cert_pem);
	free(c->key_pem);
	*c = (struct exec_credential){0};
}

/* ---- the spec ---- */

int exec_credential_check(const json *spec, struct err *e)
{
	const char *version = json_str_or(spec, "apiVersion", "");
	const char *mode = json_str_or(spec, "interactiveMode", "");

	if (!*json_str_or(spec, "command", ""))
		return err_set(e, ERR_BAD_REQUEST,
		    "command must be specified to use exec authentication plugin");
	if (!*version)
		return err_set(e, ERR_BAD_REQUEST,
		    "apiVersion must be specified to use exec authentication plugin");
	if (!str_eq(version, GROUP "v1") && !str_eq(version, GROUP "v1beta1"))
		return err_set(
		    e, ERR_BAD_REQUEST, "exec plugin: invalid apiVersion \"%s\"", version);
	if (!*mode && str_eq(version, GROUP "v1"))
		return err_set(e, ERR_BAD_REQUEST,
		    "interactiveMode must be specified to use exec authentication plugin");
	if (*mode && !str_eq(mode, "Never") && !str_eq(mode, "IfAvailable") &&
	    !str_eq(mode, "Always"))
		return err_set(
		    e, ERR_BAD_REQUEST, "invalid interactiveMode: \"%s\" is unrecognized", mode);
	return 0;
}

int exec_credential_interactive(const json *spec, bool terminal, bool *ret, struct err *e)
{
	const char *mode = json_str_or(spec, "interactiveMode", "IfAvailable");

	*ret = terminal && !str_eq(mode, "Never");
	if (str_eq(mode, "Always") && !terminal)
		return err_set(e, ERR_UNAUTHORIZED,
		    "exec plugin cannot support interactive mode: standard input is not a "
		    "terminal");
	return 0;
}

/* certificate-authority-data, from the file where that is named. */
static char *authority_data(const json *cluster)
{
	const char *data = json_str_or(cluster, "certificate-authority-data", "");
	const char *file = json_str_or(cluster, "certificate-authority", "");
	auto_free char *text = NULL;
	size_t len = 0;

	if (*data || !*file)
		return xstrdup(data);
	text = path_read_file(file, CA_MAX, &len, NULL);
	return text ? base64_encode(text, len) : xstrdup("");
}

static json *cluster_info(const json *cluster)
{
	static const char *const same[] = {"server", "tls-server-name", "insecure-skip-tls-verify",
	    "proxy-url", "disable-compression"};
	json *info = json_new_object();
	auto_free char *ca = authority_data(cluster);

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (json_has(cluster, same[i]))
			json_set(info, same[i], json_dup(json_get(cluster, same[i])));
	if (*ca)
		json_set_str(info, "certificate-authority-data", ca);
	json_for (it, json_get(cluster, "extensions"))
		if (str_eq(json_str(it, "name"), CONFIG_EXTENSION) && json_has(it, "extension"))
			json_set(info, "config", json_dup(json_get(it, "extension")));
	return info;
}

char *exec_credential_info(const json *spec, const json *cluster, bool interactive)
{
	auto_json *info = json_new_object();

	json_set_str(info, "kind", "ExecCredential");
	json_set_str(info, "apiVersion", json_str_or(spec, "apiVersion", ""));
	json_set_path(info, "spec.interactive", json_new_bool(interactive));
	if (json_bool(spec, "provideClusterInfo", false))
		json_set_path(info, "spec.cluster", cluster_info(cluster));
	return json_print(info);
}

/* ---- the answer ---- */

int exec_credential_parse(const char *text, size_t len, const char *api_version,
    struct exec_credential *ret, struct err *e)
{
	auto_json *j = json_parse(text, len, JSON_ALLOW_DUPLICATES, e);
	const json *status = json_get(j, "status");
	const char *token = json_str_or(status, "token", "");
	const char *cert = json_str_or(status, "clientCertificateData", "");
	const char *key = json_str_or(status, "clientKeyData", "");
	const char *expires = json_str_or(status, "expirationTimestamp", "");
	int64_t expires_ns = 0;

	if (!j)
		return err_wrap(e, "decoding stdout");
	if (!str_eq(json_str(j, "kind"), "ExecCredential"))
		return err_set(e, ERR_UNAUTHORIZED,
		    "decoding stdout: it is no ExecCredential but kind \"%s\"",
		    json_str_or(j, "kind", ""));
	if (!str_eq(json_str(j, "apiVersion"), api_version))
		return err_set(e, ERR_UNAUTHORIZED,
		    "exec plugin is configured to use API version %s, plugin returned version %s",
		    api_version, json_str_or(j, "apiVersion", ""));
	if (!json_is_object(status))
		return err_set(e, ERR_UNAUTHORIZED, "exec plugin didn't return a status field");
	if (!*token && !*cert && !*key)
		return err_set(
		    e, ERR_UNAUTHORIZED, "exec plugin didn't return a token or cert/key pair");
	if (!*cert != !*key)
		return err_set(
		    e, ERR_UNAUTHORIZED, "exec plugin returned only certificate or key, not both");
	/* What lies behind the end of our clock is for ever. */
	if (*expires && strtol(expires, NULL, 10) < CLOCK_END_YEAR &&
	    time_parse(expires, &expires_ns) < 0)
		return err_set(e, ERR_UNAUTHORIZED,
		    "exec plugin returned the expirationTimestamp \"%s\", which is no time",
		    expires);
	*ret = (struct exec_credential){.token = *token ? xstrdup(token) : NULL,
	    .cert_pem = *cert ? xstrdup(cert) : NULL,
	    .key_pem = *key ? xstrdup(key) : NULL,
	    .expires_ns = expires_ns};
	return 0;
}

/* ---- the program ---- */

static void words_of(const json *spec, struct strlist *ret)
{
	strlist_add(ret, json_str_or(spec, "command", ""));
	json_add_strings(json_get(spec, "args"), ret);
}

static bool same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strncmp(a, b, len + 1) == 0;
}

/* Ours, with the spec's in place of those of the same names. */
static void environment_of(const json *spec, const char *info, struct strlist *ret)
{
	auto_strlist own = {0};

	json_for (it, json_get(spec, "env"))
		strlist_addf(
		    &own, "%s=%s", json_str_or(it, "name", ""), json_str_or(it, "value", ""));
	strlist_addf(&own, "KUBERNETES_EXEC_INFO=%s", info);
	for (char **v = environ; *v; v++) {
		bool replaced = false;

		for (size_t i = 0; i < own.len; i++)
			replaced = replaced || same_name(own.items[i], *v);
		if (!replaced)
			strlist_add(ret, *v);
	}
	for (size_t i = 0; i < own.len; i++)
		strlist_add(ret, own.items[i]);
}

/* NULL-terminated for exec; the array is the caller's, the strings are not. */
static char **vector(const struct strlist *l)
{
	char **v = xcalloc(l->len + 1, sizeof(*v));

	for (size_t i = 0; i < l->len; i++)
		v[i] = l->items[i];
	return v;
}

/* 0 or an errno value. Standard error stays ours. */
static int spawn(char *const *argv, char *const *envp, bool interactive, int out, pid_t *ret)
{
	static const int signals[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t back, none;
	int rc;

	posix_spawn_file_actions_init(&files);
	if (!interactive)
		posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	sigemptyset(&none);
	sigemptyset(&back);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaddset(&back, signals[i]);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &back);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	rc = posix_spawnp(ret, argv[0], &files, &attr, argv, envp);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

static void read_all(int fd, struct buf *out)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			buf_add(out, piece, (size_t)n);
	}
	explicit_bzero(piece, sizeof(piece));
}

static int start_error(const json *spec, int code, struct err *e)
{
	const char *hint = json_str_or(spec, "installHint", "");

	if (code != ENOENT)
		return err_sys(e, code, "exec: %s", json_str_or(spec, "command", ""));
	return err_set(e, ERR_UNAUTHORIZED,
	    "exec: executable %s not found\n\n"
	    "It looks like you are trying to use a client-go credential plugin that is not "
	    "installed.\n\n"
	    "To learn more about this feature, consult the documentation available at:\n"
	    "      https://kubernetes.io/docs/reference/access-authn-authz/authentication/"
	    "#client-go-credential-plugins%s%s",
	    json_str_or(spec, "command", ""), *hint ? "\n\n" : "", hint);
}

static int end_error(const json *spec, int status, struct err *e)
{
	const char *command = json_str_or(spec, "command", "");

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		return err_set(e, ERR_UNAUTHORIZED, "exec: executable %s failed with exit code %d",
		    command, WEXITSTATUS(status));
	return err_set(e, ERR_UNAUTHORIZED, "exec: executable %s was ended by signal %d", command,
	    WTERMSIG(status));
}

static int run(const json *spec, const char *info, bool interactive, struct buf *out, struct err *e)
{
	auto_strlist words = {0}, environment = {0};
	auto_free char **argv = NULL, **envp = NULL;
	int fds[2], code, status = 0;
	pid_t pid = 0;

	words_of(spec, &words);
	environment_of(spec, info, &environment);
	argv = vector(&words);
	envp = vector(&environment);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, errno, "cannot make a pipe");
	code = spawn(argv, envp, interactive, fds[1], &pid);
	close(fds[1]);
	if (code == 0)
		read_all(fds[0], out);
	close(fds[0]);
	if (code)
		return start_error(spec, code, e);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* where posix_spawn cannot tell that there is no such program, it ends like this */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && out->len == 0)
		return start_error(spec, ENOENT, e);
	return end_error(spec, status, e);
}

int exec_credential_get(
    const json *spec, const json *cluster, struct exec_credential *ret, struct err *e)
{
	auto_buf answer = {.max = ANSWER_MAX};
	auto_free char *info = NULL;
	bool interactive = false;
	int rc;

	if (exec_credential_interactive(spec, isatty(STDIN_FILENO), &interactive, e) < 0)
		return -1;
	info = exec_credential_info(spec, cluster, interactive);
	rc = run(spec, info, interactive, &answer, e);
	if (rc == 0)
		rc = exec_credential_parse(
		    buf_str(&answer), answer.len, json_str_or(spec, "apiVersion", ""), ret, e);
	if (answer.ptr)
		explicit_bzero(answer.ptr, answer.cap);
	return rc;
}
