#include "../../runtime/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "test.h"

/* What one call writes to a pipe; static storage. */
static const char *written(enum log_level from, enum log_level level, const char *text)
{
	static char line[20000];
	int fds[2];
	ssize_t n;

	if (pipe(fds))
		return "no pipe";
	log_setup(fds[1], from);
	log_write(level, "%s", text);
	close(fds[1]);
	n = read(fds[0], line, sizeof(line) - 1);
	close(fds[0]);
	line[n > 0 ? n : 0] = '\0';
	return line;
}

TEST("a line has time, level and text")
{
	const char *line = written(LOG_INFO, LOG_WARN, "disk full");

	CHECK_INT(strlen(line), strlen("2026-01-02T03:04:05.123Z WARN disk full\n"));
	CHECK(line[4] == '-' && line[10] == 'T' && line[19] == '.' && line[23] == 'Z');
	CHECK_STR(line + 24, " WARN disk full\n");
}

TEST("lines below the level are not written")
{
	CHECK_STR(written(LOG_WARN, LOG_INFO, "x"), "");
	CHECK_STR(written(LOG_ERROR, LOG_WARN, "x"), "");
	CHECK(*written(LOG_DEBUG, LOG_DEBUG, "x"));
}

TEST("control characters are escaped, so that one call is one line and no terminal is driven")
{
	const char *line = written(LOG_INFO, LOG_INFO, "a\nb\tc\x1b[2J\x7f \xc3\xa4");

	CHECK_STR(line + 24, " INFO a\\nb\\tc\\x1b[2J\\x7f \xc3\xa4\n");
}

TEST("a very long text is cut and marked")
{
	static char text[15000];
	const char *line;

	memset(text, 'x', sizeof(text) - 1);
	line = written(LOG_INFO, LOG_ERROR, text);
	CHECK(strlen(line) <= 8192);
	CHECK(strlen(line) > 8000);
	CHECK_STR(line + strlen(line) - 5, "x...\n");
}

TEST("KJOB_LOG overrules the level, and an unknown word there counts for nothing")
{
	setenv("KJOB_LOG", "debug", 1);
	CHECK(*written(LOG_ERROR, LOG_DEBUG, "x"));
	setenv("KJOB_LOG", "Error", 1);
	CHECK_STR(written(LOG_DEBUG, LOG_WARN, "x"), "");
	setenv("KJOB_LOG", "loud", 1);
	CHECK(*written(LOG_WARN, LOG_WARN, "x"));
	unsetenv("KJOB_LOG");
}

TEST("level names are known in any case")
{
	CHECK_INT(log_level_parse("debug"), LOG_DEBUG);
	CHECK_INT(log_level_parse("INFO"), LOG_INFO);
	CHECK_INT(log_level_parse("Warn"), LOG_WARN);
	CHECK_INT(log_level_parse("error"), LOG_ERROR);
	CHECK_INT(log_level_parse(""), -1);
	CHECK_INT(log_level_parse("verbose"), -1);
	CHECK_INT(log_level_parse(NULL), -1);
}

TEST("writing leaves errno alone")
{
	errno = ENOENT;
	log_setup(-1, LOG_INFO);
	log_write(LOG_ERROR, "nowhere");
	CHECK_INT(errno, ENOENT);
}

int main(void)
{
	unsetenv("KJOB_LOG");
	return test_main();
}
