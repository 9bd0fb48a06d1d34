/*
 * logfile: the log of one container attempt, as kjob keeps it.
 *
 * The format is the one of the kubelet's log folder (CRI): a line is `TIME stream TAG content\n`,
 * TIME with nine digits of fraction, stream "stdout" or "stderr", TAG "F" (the line is complete) or
 * "P" (more of this line follows in the next entry of that stream). So the file can be read by eye
 * and by other tools, and a torn write is cut at the last newline. Lines of kjob's own (notes) bear
 * the tag "F:kjob" (CRI allows more tags behind a colon): they are never taken for output of the
 * container. Paths: LOGS_DIR/NS_POD_UID/CONTAINER/ATTEMPT.log.
 */
#ifndef KJOB_LOGFILE_H
#define KJOB_LOGFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../runtime/base/buf.h"
#include "../../runtime/base/err.h"

enum log_stream { LOG_STDOUT = 1, LOG_STDERR = 2 };

/* Path of an attempt's file; owned. */
char *logfile_path(const char *logs_dir, const char *ns, const char *pod, const char *uid,
    const char *container, int attempt);
/* Removes all logs of a pod; what is not there is fine. */
void logfile_remove_pod(const char *logs_dir, const char *ns, const char *pod, const char *uid);

/* ---- writing ---- */

struct logfile;
/*
 * Opens for appending (making folders); cuts a torn last entry. max_bytes bounds the file (0: 1
 * GiB): past it output is counted and dropped, and closing writes one last line that says so. One
 * writer a file.
 */
struct logfile *logfile_open(const char *path, uint64_t max_bytes, struct err *e) MUST_USE;
/*
 * A piece of output as it came, not lines. Buffered; logfile_flush (once a turn) writes. A write
 * error (disk full) is reported once and output is counted as dropped from then on.
 */
int logfile_write(struct logfile *f, enum log_stream stream, int64_t wall_ns, const char *data,
    size_t len, struct err *e) MUST_USE;
int logfile_flush(struct logfile *f, struct err *e) MUST_USE;
/* Writes one line of kjob's own on stderr: "[kjob] TEXT". */
void logfile_note(struct logfile *f, int64_t wall_ns, const char *text);
/*
 * Bytes of output taken so far, per stream, what was dropped included and notes not; after
 * logfile_open, what the file holds. Recovery skips as much of the engine's log.
 */
uint64_t logfile_content_bytes(const struct logfile *f, enum log_stream stream);
/* No more output will come: followers end when they have read all. Flushes and frees. */
void logfile_close(struct logfile *f);

/* ---- reading ---- */

struct log_query {
	int64_t tail_lines;  /* -1: all */
	int64_t since_ns;    /* lines at or after this wall time; 0: all */
	int64_t limit_bytes; /* of output; 0: none */
	bool timestamps;
	unsigned streams; /* LOG_STDOUT | LOG_STDERR; 0: both */
	bool framed; /* Docker's 8-byte frame headers keep the streams apart (the CLI's own run) */
};
/*
 * Reads forward from the place that the query selects. logreader_next appends up to about `want`
 * bytes of output (one entry more at most): returns 1 when there may be more, 0 at the end of what
 * is written so far, -1 on an error. The limit reached reads as the end for good (logreader_done).
 */
struct logreader;
/* ERR_NOT_FOUND where there is no such file. */
struct logreader *logreader_open(
    const char *path, const struct log_query *q, struct err *e) MUST_USE;
int logreader_next(struct logreader *r, size_t want, struct buf *out, struct err *e) MUST_USE;
bool logreader_done(const struct logreader *r);
void logreader_free(struct logreader *r);

#endif
