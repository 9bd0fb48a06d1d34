/*
 * pod_message: termination messages. As with a kubelet the file at terminationMessagePath is a file
 * of the host that is mounted there: it lies beside the attempt's log, is read when the container
 * has ended, and goes then. This costs no call to the engine, and works in /dev, whose contents are
 * gone with the process. An engine that does not see this machine's files gets no mount: messages
 * are empty there, or come from the log.
 */
#include "pods_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE_MAX 4096
#define MESSAGES_OF_POD_MAX (12 * 1024)
#define FALLBACK_MAX 2048
#define FALLBACK_LINES 80

static char *log_file(const struct container *c)
{
	const struct pod *p = c->pod;

	return logfile_path(p->set->env->logs_dir, p->ns, p->name, p->uid, c->name, c->attempt);
}

static char *beside_log(const struct container *c, const char *suffix)
{
	auto_free char *log = log_file(c);

	return xasprintf("%s%s", log, suffix);
}

static char *message_file(const struct container *c)
{
	return beside_log(c, ".message");
}

/* The folders LOGS_DIR/POD/CONTAINER. */
static void make_folders(char *file)
{
	char *container = strrchr(file, '/'), *pod;

	*container = '\0';
	pod = strrchr(file, '/');
	*pod = '\0';
	if (mkdir(file, 0700) < 0 && errno != EEXIST)
		log_warn("%s: %s", file, strerror(errno));
	*pod = '/';
	if (mkdir(file, 0700) < 0 && errno != EEXIST)
		log_warn("%s: %s", file, strerror(errno));
	*container = '/';
}

char *container_file(const struct container *c, const char *suffix)
{
	char *path = beside_log(c, suffix);

	make_folders(path);
	return path;
}

char *message_prepare(const struct container *c)
{
	auto_free char *path = NULL;
	int fd;

	if (!c->pod->set->env->engine_local)
		return NULL;
	path = container_file(c, ".message");
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0 || fchmod(fd, 0666) < 0) { /* any user of the container may write to it */
		log_warn("%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	close(fd);
	return TAKE(path);
}

/* Text for an API object: what is no UTF-8 becomes U+FFFD, and it ends at a NUL. */
static char *clean(const char *data, size_t len)
{
	auto_buf out = {.max = MESSAGE_MAX * 3 + 1};
	uint32_t code;

	for (size_t i = 0; i < len && data[i];) {
		size_t n = str_utf8(data + i, len - i, &code);

		if (n > 0)
			buf_add(&out, data + i, n);
		else
			buf_adds(&out, "\xef\xbf\xbd");
		i += n > 0 ? n : 1;
	}
	return buf_take(&out);
}

/* Emptied, not removed: Docker gives no files of an ended container whose mounts are incomplete. */
static char *read_message(const struct container *c)
{
	size_t max = MESSAGES_OF_POD_MAX / c->pod->container_count;
	auto_free char *path = message_file(c);
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char data[MESSAGE_MAX];
	ssize_t n;

	if (fd < 0)
		return NULL;
	if (max > MESSAGE_MAX)
		max = MESSAGE_MAX;
	n = read(fd, data, max);
	if (n > 0 && ftruncate(fd, 0) < 0)
		log_warn("%s: %s", path, strerror(errno));
	close(fd);
	return n > 0 ? clean(data, (size_t)n) : NULL;
}

static char *read_log_tail(const struct container *c)
{
	struct log_query q = {.tail_lines = FALLBACK_LINES};
	auto_free char *path = log_file(c);
	struct logreader *r = logreader_open(path, &q, NULL);
	auto_buf text = {.max = 1 * MIB};
	size_t skip;

	if (!r)
		return NULL;
	while (logreader_next(r, FALLBACK_MAX, &text, NULL) > 0)
		if (text.len > FALLBACK_MAX)
			buf_consume(&text, text.len - FALLBACK_MAX);
	logreader_free(r);
	skip = text.len > FALLBACK_MAX ? text.len - FALLBACK_MAX : 0;
	return text.len > 0 ? clean(buf_str(&text) + skip, text.len - skip) : NULL;
}

void message_take(struct container *c)
{
	const char *policy = json_str(container_json(c), "terminationMessagePolicy");
	auto_free char *text = NULL;

	if (c->role == ROLE_SANDBOX)
		return;
	if (c->pod->set->env->engine_local)
		text = read_message(c);
	if (!text && c->exit_code != 0 && str_eq(policy, "FallbackToLogsOnError"))
		text = read_log_tail(c);
	if (text && !c->end_message)
		set_text(&c->end_message, text);
}
