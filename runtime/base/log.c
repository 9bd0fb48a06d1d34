#include "log.h"

#include "buf.h"
#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#define LINE_MAX_BYTES (8 * KIB)

static const char *const level_names[] = {
    [LOG_DEBUG] = "DEBUG",
    [LOG_INFO] = "INFO",
    [LOG_WARN] = "WARN",
    [LOG_ERROR] = "ERROR",
};

/* The one thing that every part of a process shares; set up once, before anything else runs. */
static struct {
	int fd;
	enum log_level from;
	bool ready;
} log_state;

int log_level_parse(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(level_names); i++)
		if (strcasecmp(name, level_names[i]) == 0)
			return (int)i;
	return -1;
}

void log_setup(int fd, enum log_level from)
{
	int wanted = log_level_parse(getenv("KJOB_LOG"));

	log_state.fd = fd;
	log_state.from = wanted >= 0 ? (enum log_level)wanted : from;
	log_state.ready = true;
}

/* Appends text that cannot end the line or drive a terminal. */
static void add_escaped(struct buf *line, const char *text)
{
	for (const char *p = text; *p && !line->overflow; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '\n')
			buf_adds(line, "\\n");
		else if (c == '\t')
			buf_adds(line, "\\t");
		else if (c < 0x20 || c == 0x7f)
			buf_addf(line, "\\x%02x", c);
		else
			buf_addch(line, (char)c);
	}
}

void log_write(enum log_level level, const char *fmt, ...)
{
	int saved_errno = errno;
	auto_free char *text = NULL;
	char stamp[TIME_TEXT_MAX];
	auto_buf line = {.max = LINE_MAX_BYTES};
	va_list ap;
	ssize_t n;

	if (!log_state.ready)
		log_setup(STDERR_FILENO, LOG_WARN);
	if (level < log_state.from)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	time_format_micro(stamp, clock_wall_ns());
	buf_addf(&line, "%.23sZ %s ", stamp, level_names[level]); /* milliseconds will do */
	add_escaped(&line, text);
	if (line.overflow) {
		line.len = LINE_MAX_BYTES - 8;
		line.overflow = false;
		buf_adds(&line, "...");
	}
	buf_addch(&line, '\n');
	do
		n = write(log_state.fd, line.ptr, line.len);
	while (n < 0 && errno == EINTR);
	errno = saved_errno;
}
