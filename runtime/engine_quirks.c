/* engine_quirks: the differences between engines, in one place. */
#include "engine_quirks.h"

#include <ctype.h>
#include <strings.h>

#include "base/clock.h"

static const struct engine_traits traits[] = {
    [ENGINE_DOCKER] =
	{
	    .name = "Docker",
	    .marks_lost_with_255 = true,
	    .prompt_die = true,
	    .unpacks_through_mounts = true,
	    .no_new_privileges = "no-new-privileges",
	},
    [ENGINE_PODMAN] =
	{
	    .name = "Podman",
	    .hostname_when_joined = true,
	    .died_event = true,
	    .pull_says_downloaded = true,
	    .attach_prepares = true,
	    .lists_starts = true,
	    .no_new_privileges = "no-new-privileges",
	    .unmask_option = "unmask=ALL",
	    .archive_follows_links = true,
	    .volume_options = "uid=0,gid=0",
	},
};

const struct engine_traits *engine_traits(enum engine_kind kind)
{
	return &traits[kind];
}

/* ---- error replies ---- */

#define D (1 << ENGINE_DOCKER)
#define P (1 << ENGINE_PODMAN)
#define ANY_CALL (-1)
#define ANY_STATUS 0

/*
 * What a refusal means. The first row that fits decides; what fits none is judged by its status
 * alone. "seen" is a part of the engine's text, in any case of letters. ERR_NONE: as good as done.
 */
static const struct {
	int call;
	int engines;
	int status;
	const char *seen;
	enum err_reason meaning;
} quirks[] = {
    /* call, engine, status, what is seen, meaning */
    {CALL_CREATE, D | P, 409, NULL, ERR_ALREADY_EXISTS},
    {CALL_CREATE, P, 500, "name is already in use", ERR_ALREADY_EXISTS},
    {CALL_CREATE, P, 500, "normalizing image", ERR_BAD_REQUEST},
    {CALL_CREATE, P, 500, "no command or entrypoint provided", ERR_BAD_REQUEST},
    {CALL_CREATE, P, 500, "invalid signal", ERR_BAD_REQUEST},
    {CALL_CREATE, P, 500, "no such image", ERR_NOT_FOUND}, /* compat says 404, its own API 500 */
    {CALL_CREATE, P, 500, "image not known", ERR_NOT_FOUND},

    {CALL_START, D | P, 304, NULL, ERR_NONE},
    {CALL_START, D, 404, "network", ERR_INTERNAL}, /* a network is missing, not the container */
    {CALL_START, D, 500, "cannot join network of a non running container", ERR_CONFLICT},
    {CALL_START, P, 500, "container state improper", ERR_CONFLICT},
    {CALL_START, P, 500, "some dependencies of container", ERR_CONFLICT},

    {CALL_KILL, D | P, 404, NULL, ERR_NONE},
    {CALL_KILL, D | P, 409, NULL, ERR_NONE}, /* is not running */
    {CALL_KILL, P, 500, "container state improper", ERR_NONE},
    {CALL_KILL, P, 500, "can only kill running containers", ERR_NONE},
    {CALL_KILL, P, 500, "container has already been removed", ERR_NONE},
    {CALL_KILL, P, 500, "no such container", ERR_NONE},
    {CALL_KILL, P, 500, "invalid signal", ERR_BAD_REQUEST},

    {CALL_REMOVE, D | P, 404, NULL, ERR_NONE},
    {CALL_REMOVE, D, 409, "already in progress", ERR_NONE},
    {CALL_REMOVE, P, 500, "no such container", ERR_NONE},
    {CALL_REMOVE, P, 500, "container has already been removed", ERR_NONE},
    {CALL_REMOVE, P, 500, "container state improper", ERR_CONFLICT}, /* runs */
    {CALL_REMOVE, P, 500, "dependent containers", ERR_CONFLICT},     /* they go first */

    {CALL_ARCHIVE, P, 500, "no such file or directory", ERR_NOT_FOUND},
    {CALL_VOLUME_REMOVE, D | P, 404, NULL, ERR_NONE},
    {CALL_VOLUME_REMOVE, P, 500, "no such volume", ERR_NONE},
    {CALL_VOLUME_REMOVE, P, 500, "being used", ERR_CONFLICT},
    {CALL_ATTACH, P, 500, "container state improper", ERR_CONFLICT},

    {CALL_PULL, P, 500, "normalizing image", ERR_BAD_REQUEST},
    {CALL_PULL, D | P, ANY_STATUS, "invalid reference format", ERR_BAD_REQUEST},
    {CALL_PULL, D | P, ANY_STATUS, "manifest unknown", ERR_NOT_FOUND},
    {CALL_PULL, D | P, ANY_STATUS, "pull access denied", ERR_FORBIDDEN},
    {CALL_PULL, D | P, ANY_STATUS, "unauthorized", ERR_FORBIDDEN},

    {CALL_EXEC_CREATE, P, 500, "container state improper", ERR_CONFLICT}, /* does not run */
    {CALL_EXEC_START, P, 500, "container state improper", ERR_CONFLICT},
    {CALL_EXEC_START, P, 500, "no such exec session", ERR_NOT_FOUND},
    {CALL_RESIZE, P, 500, "container state improper", ERR_CONFLICT},

    {ANY_CALL, P, 500, "no such container", ERR_NOT_FOUND},
    {ANY_CALL, P, 500, "no container with name or id", ERR_NOT_FOUND},
};

static const struct {
	int status;
	enum err_reason meaning;
} by_status[] = {
    {304, ERR_NONE},
    {400, ERR_BAD_REQUEST},
    {401, ERR_FORBIDDEN},
    {403, ERR_FORBIDDEN},
    {404, ERR_NOT_FOUND},
    {409, ERR_CONFLICT},
    {503, ERR_UNAVAILABLE},
};

static enum err_reason meaning_of(
    enum engine_kind kind, enum engine_call call, int status, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(quirks); i++) {
		if ((quirks[i].call == ANY_CALL || quirks[i].call == (int)call) &&
		    (quirks[i].engines & (1 << kind)) &&
		    (quirks[i].status == ANY_STATUS || quirks[i].status == status) &&
		    (!quirks[i].seen || strcasestr(text, quirks[i].seen)))
			return quirks[i].meaning;
	}
	for (size_t i = 0; i < ARRAY_LEN(by_status); i++) {
		if (by_status[i].status == status)
			return by_status[i].meaning;
	}
	return ERR_INTERNAL;
}

int quirk_error(
    enum engine_kind kind, enum engine_call call, int status, const char *text, struct err *e)
{
	enum err_reason why = meaning_of(kind, call, status, text);
	auto_free char *clean = quirk_clean(text);

	if (why == ERR_NONE)
		return 0;
	if (*clean)
		return err_set(e, why, "%s", clean);
	return err_set(e, why, "%s answered with status %d", traits[kind].name, status);
}

int quirk_reply(enum engine_kind kind, enum engine_call call, int status, const char *body,
    size_t len, struct err *e)
{
	if (status == 101 || (status >= 200 && status < 300))
		return 0;
	auto_free char *text = quirk_message(body, len);
	return quirk_error(kind, call, status, text, e);
}

/* ---- texts ---- */

static char *trimmed(const char *text, size_t len)
{
	while (len && isspace((unsigned char)*text))
		text++, len--;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	return xstrndup(text, len);
}

#define MESSAGE_MAX 4096

char *quirk_message(const char *body, size_t len)
{
	auto_err e = {0};
	auto_json *j = body ? json_parse(body, len, JSON_ALLOW_DUPLICATES, &e) : NULL;
	const char *message = json_str(j, "message");

	if (message)
		return trimmed(message, strnlen(message, MESSAGE_MAX));
	return body ? trimmed(body, len < MESSAGE_MAX ? strnlen(body, len) : MESSAGE_MAX)
		    : xstrdup("");
}

/* What daemon and runtime put in front of the words that help; until: and what follows, up to the
 * end of this. */
static const struct {
	const char *prefix, *until;
} wrapping[] = {
    {"Error response from daemon: ", NULL},
    {"failed to create task for container: ", NULL},
    {"failed to create shim task: ", NULL},
    {"OCI runtime create failed: ", NULL},
    {"OCI runtime start failed: ", NULL},
    {"OCI runtime exec failed: ", NULL},
    {"exec failed: ", NULL},
    {"runc create failed: ", NULL},
    {"runc: ", NULL},
    {"crun: ", NULL},
    {"unable to start container process: ", NULL},
    {"error during container init: ", NULL},
    {"container create: ", NULL},
    {"creating container storage: ", NULL},
    {"fill out specgen: ", NULL},
    {"normalizing image: ", NULL},
    {"normalizing name for compat API: ", NULL},
    {"initializing source docker://", ": "}, /* the image is known */
    {"preparing container ", " for attach: "},
    {"driver failed programming external connectivity on endpoint ", "): "},
    {"Error starting userland proxy: ", NULL},
};

/* What they put behind them. */
static const char *const trailing[] = {
    ": unknown",
    ": OCI runtime attempted to invoke a command that was not found",
    ": OCI permission denied",
    ": OCI runtime error",
    ": container state improper",
    ": that name is already in use",
    ": image not known",
    ": no such container",
    ": network not found",
};

static const char *unwrap(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(wrapping); i++) {
		const char *rest = text + strlen(wrapping[i].prefix);

		if (!str_has_prefix(text, wrapping[i].prefix))
			continue;
		if (wrapping[i].until) {
			rest = strstr(rest, wrapping[i].until);
			if (!rest)
				continue;
			rest += strlen(wrapping[i].until);
		}
		text = rest;
		i = (size_t)-1; /* from the start: they nest in any order */
	}
	return text;
}

char *quirk_clean(const char *text)
{
	auto_free char *all = trimmed(text, strlen(text));
	const char *inner = unwrap(all);
	char *s = trimmed(inner, strlen(inner));

	for (size_t i = 0; i < ARRAY_LEN(trailing); i++) {
		if (str_has_suffix(s, trailing[i]) && strlen(s) > strlen(trailing[i])) {
			s[strlen(s) - strlen(trailing[i])] = '\0';
			i = (size_t)-1;
		}
	}
	return s;
}

/* The words with which runc and crun say that a command can't be run, in any case of letters; both
 * must be there. */
static const struct {
	const char *about, *what;
	int exit_code;
} start_failures[] = {
    {"executable file", "not found", 127},
    {"exec: \"", "no such file or directory", 127},
    {"open executable", "no such file or directory", 127},
    {"exec: \"", "permission denied", 126},
    {"exec: \"", "is a directory", 126},
    {"exec: \"", "operation not permitted", 126},
    {"open executable", "permission denied", 126},
    {"exec", "is not a regular file", 126},
    {"exec", "exec format error", 126},
    {"unable to find user", "", 128},
    {"unable to find group", "", 128},
    {"workdir", "is not a directory", 128},
    {"chdir to cwd", "", 128},
    {"mkdir", "not a directory", 128},
    {"sethostname", "", 128},
};

int quirk_start_exit_code(const char *message)
{
	for (size_t i = 0; i < ARRAY_LEN(start_failures); i++) {
		if (strcasestr(message, start_failures[i].about) &&
		    strcasestr(message, start_failures[i].what))
			return start_failures[i].exit_code;
	}
	return 0;
}

bool quirk_attach_foretells_start(enum engine_kind kind, const char *body, size_t len)
{
	auto_free char *text = quirk_message(body, len);

	return traits[kind].attach_prepares && strstr(text, "preparing container");
}

/*
 * A command that cannot be started makes no error of the call: the engine prints why, where the
 * command would have printed, and gives an exit code of a shell.
 */
static const struct {
	int engines;
	const char *prefix;
} refusals[] = {
    {D, "OCI runtime exec failed: "},
    {P, "Error: runc: "},
    {P, "Error: crun: "},
    {P, "Error: OCI runtime "},
    {P, "Error: exec failed: "},
};

bool quirk_exec_foretells_refusal(enum engine_kind kind, const char *output)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if ((refusals[i].engines & (1 << kind)) &&
		    str_has_prefix(output, refusals[i].prefix))
			return true;
	}
	return false;
}

bool quirk_exec_refused(enum engine_kind kind, int exit_code, const char *output, char **ret)
{
	const char *text = output + (str_has_prefix(output, "Error: ") ? strlen("Error: ") : 0);

	if (exit_code < 125 || exit_code > 128 || !quirk_exec_foretells_refusal(kind, output))
		return false;
	/* Podman adds lines about its own streams. */
	auto_free char *line = xstrndup(text, strcspn(text, "\r\n"));
	*ret = quirk_clean(line);
	return true;
}

/* ---- states ---- */

static const struct {
	const char *status;
	enum container_state state;
} states[] = {
    {"created", CONTAINER_CREATED},
    {"configured", CONTAINER_CREATED}, /* Podman, before and after initialising */
    {"initialized", CONTAINER_CREATED},
    {"running", CONTAINER_RUNNING},
    {"restarting", CONTAINER_RUNNING},
    {"stopping", CONTAINER_RUNNING},
    {"paused", CONTAINER_PAUSED},
    {"exited", CONTAINER_EXITED},
    {"stopped", CONTAINER_EXITED},
    {"dead", CONTAINER_EXITED},
    {"removing", CONTAINER_EXITED},
};

enum container_state quirk_state(const char *status)
{
	for (size_t i = 0; status && i < ARRAY_LEN(states); i++) {
		if (strcasecmp(status, states[i].status) == 0)
			return states[i].state;
	}
	return CONTAINER_RUNNING; /* unknown: whoever asked looks again */
}

/* Podman 4 says OOMKilled: false of such containers, whatever its monitor has seen. */
#define PODMAN_TELLS_OOM 5

bool quirk_tells_oom(enum engine_kind kind, const char *version)
{
	auto_free char *major =
	    xstrndup(version ? version : "", strcspn(version ? version : "", "."));
	int64_t n;

	return kind != ENGINE_PODMAN || str_to_int(major, PODMAN_TELLS_OOM, 1000, &n) == 0;
}

static bool has_time(const json *state, const char *field)
{
	int64_t ns;

	return time_parse(json_str_or(state, field, ""), &ns) == 0 && ns != TIME_ZERO_NS;
}

/* After a reboot Podman knows that a container was started, but as exited without a time or as one
 * that never ran. */
enum container_state quirk_inspected_state(const json *state, bool *ret_lost)
{
	enum container_state s = quirk_state(json_str(state, "Status"));

	*ret_lost =
	    (s == CONTAINER_EXITED || (s == CONTAINER_CREATED && has_time(state, "StartedAt"))) &&
	    !has_time(state, "FinishedAt");
	return *ret_lost ? CONTAINER_EXITED : s;
}

/* Podman's own list has seconds since 1970, below zero for never. */
enum container_state quirk_listed_state(const json *item, bool *ret_lost)
{
	enum container_state s = quirk_state(json_str(item, "State"));
	bool started = json_int(item, "StartedAt", 0) > 0, told = json_has(item, "ExitedAt");

	*ret_lost = told && json_int(item, "ExitedAt", 0) <= 0 &&
		    (s == CONTAINER_EXITED || (s == CONTAINER_CREATED && started));
	return *ret_lost ? CONTAINER_EXITED : s;
}

/* ---- versions, names ---- */

#define API_OLDEST 41 /* Docker 20.10 */
#define API_NEWEST 44 /* the oldest that Docker 29 still answers to */

const char *quirk_api_version(char buf[16], const char *offered)
{
	int64_t minor;

	if (!offered || !str_has_prefix(offered, "1.") ||
	    str_to_int(offered + 2, 0, 9999, &minor) != 0)
		return NULL;
	if (minor < API_OLDEST)
		return NULL;
	snprintf(buf, 16, "1.%d", (int)(minor > API_NEWEST ? API_NEWEST : minor));
	return buf;
}

static const struct {
	const char *seen, *go;
} archs[] = {
    {"x86_64", "amd64"},
    {"aarch64", "arm64"},
    {"armv7l", "arm"},
    {"armv6l", "arm"},
    {"i686", "386"},
    {"i386", "386"},
};

const char *quirk_arch(const char *arch)
{
	for (size_t i = 0; i < ARRAY_LEN(archs); i++) {
		if (str_eq(arch, archs[i].seen))
			return archs[i].go;
	}
	return arch;
}

/* ---- image references ---- */

/* The part before the first slash is a registry when it looks like a host. */
static bool has_registry(const char *name)
{
	const char *slash = strchr(name, '/');

	if (!slash)
		return false;
	auto_free char *first = xstrndup(name, (size_t)(slash - name));
	return strpbrk(first, ".:") || str_eq(first, "localhost");
}

void quirk_split_ref(const char *ref, struct image_ref *ret)
{
	const char *at = strchr(ref, '@');
	auto_free char *name = at ? xstrndup(ref, (size_t)(at - ref)) : xstrdup(ref);
	char *slash = strrchr(name, '/');
	char *colon = strchr(slash ? slash : name, ':');

	if (colon)
		*colon++ = '\0';
	/* Without a tag an engine would pull all of them. A digest decides alone. */
	ret->tag = xstrdup(at ? at + 1 : colon && *colon ? colon : "latest");
	if (has_registry(name))
		ret->name = TAKE(name);
	else
		ret->name = xasprintf("docker.io/%s%s", strchr(name, '/') ? "" : "library/", name);
}

void image_ref_release(struct image_ref *r)
{
	free(r->name);
	free(r->tag);
	*r = (struct image_ref){0};
}
