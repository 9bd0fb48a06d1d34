/*
 * logentry: one line of a log file (logfile.h has the format), for the writer and the reader of
 * logs only.
 *
 * The time has a fixed width, so everything stands at a fixed place and times compare as text.
 */
#ifndef KJOB_LOGENTRY_H
#define KJOB_LOGENTRY_H

#include "logfile.h"

#define LOG_TIME_LEN 30                  /* 2026-01-02T03:04:05.000000007Z */
#define LOG_STREAM_AT (LOG_TIME_LEN + 1) /* "stdout" or "stderr" */
#define LOG_TAG_AT (LOG_STREAM_AT + 7)   /* 'F' or 'P' */
#define LOG_HEAD_LEN (LOG_TAG_AT + 2)    /* up to the content */
#define LOG_OWN_TAG ":kjob"              /* behind the F of kjob's own lines */
#define LOG_OWN_HEAD_LEN (LOG_HEAD_LEN + sizeof(LOG_OWN_TAG) - 1)
#define LOG_ENTRY_MAX (64 * KIB) /* of content; longer lines are several entries */

struct log_entry {
	const char *time; /* LOG_TIME_LEN characters */
	const char *content;
	size_t len; /* of the content */
	enum log_stream stream;
	bool partial; /* the line goes on in the stream's next entry */
	bool own;     /* a note of kjob's */
};

/* LINE has LEN bytes without the newline; false: that is no entry. */
static inline bool log_entry_parse(const char *line, size_t len, struct log_entry *ret)
{
	if (len < LOG_HEAD_LEN || line[LOG_TIME_LEN] != ' ' || line[LOG_TIME_LEN - 1] != 'Z' ||
	    line[LOG_TAG_AT - 1] != ' ')
		return false;
	if (memcmp(line + LOG_STREAM_AT, "stdout", 6) == 0)
		ret->stream = LOG_STDOUT;
	else if (memcmp(line + LOG_STREAM_AT, "stderr", 6) == 0)
		ret->stream = LOG_STDERR;
	else
		return false;
	if (line[LOG_TAG_AT] != 'F' && line[LOG_TAG_AT] != 'P')
		return false;
	ret->time = line;
	ret->partial = line[LOG_TAG_AT] == 'P';
	ret->own = false;
	ret->content = line + LOG_HEAD_LEN;
	ret->len = len - LOG_HEAD_LEN;
	if (line[LOG_TAG_AT + 1] == ' ')
		return true;
	if (len < LOG_OWN_HEAD_LEN ||
	    memcmp(line + LOG_TAG_AT + 1, LOG_OWN_TAG " ", sizeof(LOG_OWN_TAG)) != 0)
		return false;
	ret->own = true;
	ret->content = line + LOG_OWN_HEAD_LEN;
	ret->len = len - LOG_OWN_HEAD_LEN;
	return true;
}

#endif
