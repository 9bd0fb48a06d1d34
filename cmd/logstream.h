/*
 * logstream: the log of one container, as it comes, onto this process's standard output and error.
 *
 * A stream that breaks off (the controller died) is asked for again by logstream_pump, and what was
 * passed on already is skipped: nothing is lost or repeated. Of a cluster, which forgets the
 * beginning of long logs, a followed log is asked for with time stamps (logstamps.h). Bytes go
 * straight from the connection to write(2); only with a prefix are they cut into lines. The struct
 * is the caller's and must not move while it is started.
 */
#ifndef KJOB_CMD_LOGSTREAM_H
#define KJOB_CMD_LOGSTREAM_H

#include "client.h"
#include "logstamps.h"

/* Where output goes; shared by the streams of a command. fds are STDOUT_FILENO and STDERR_FILENO
 * outside of tests. */
struct outlet {
	int out_fd, err_fd;
	int error; /* errno of standard output's failed write: nothing is written any more */
	volatile const int
	    *interrupted;          /* once not 0, a reader that stalls is given up; NULL: never */
	void (*before)(void *ctx); /* runs before the first byte; NULL: nothing */
	void *ctx;
	bool abandoned;
};

void outlet_write(struct outlet *o, int fd, const void *data, size_t len);

/* Lines of one stream that wait for their end. */
struct line_sink {
	struct buf partial;
};
/* Writes the whole lines, each behind the prefix; with `end` the unfinished one too, and a newline.
 */
void line_sink_write(struct line_sink *s, struct outlet *o, int fd, const char *prefix,
    const char *data, size_t len, bool end);

/* Takes frames of Docker's multiplexed stream apart: an 8-byte head (stream 1 or 2, 3 zeros,
 * length), contents. */
struct frame_parser {
	unsigned char head[8];
	size_t head_len;
	uint32_t left; /* of the contents */
};
/* The next piece of contents in data[*at .. len): its stream, 1 or 2; 0: there is none. */
int frame_next(struct frame_parser *p, const char *data, size_t len, size_t *at, const char **ret,
    size_t *ret_len);

enum logstream_state {
	LOGSTREAM_IDLE,
	LOGSTREAM_OPEN,
	LOGSTREAM_BROKEN,
	LOGSTREAM_ENDED,
	LOGSTREAM_FAILED
};

struct logstream {
	struct client *client;
	struct outlet *outlet;
	char *path;   /* with its query */
	char *prefix; /* NULL: bytes as they come */
	bool framed;  /* the server was asked, and does, keep the two streams apart */
	bool want_framed;
	bool no_resume;  /* what breaks off is an error: the query's beginning moves (tail) */
	uint64_t passed; /* bytes of output so far */
	uint64_t skip;   /* of them are to come again */
	bool stamped;    /* times in place of these numbers: the server is none of kjob's */
	struct logstamps stamps;
	struct frame_parser frames;
	struct line_sink lines[2];
	enum logstream_state state;
	unsigned failures; /* in a row, each soon after its beginning */
	int64_t began_ms;
	bool from_kjob; /* the answer had kjob's own header */
	http_id id;
	struct err err; /* of LOGSTREAM_FAILED */
};

/* Path: "/api/v1/namespaces/NS/pods/POD/log?…"; prefix is copied. The struct is zeroed, or was
 * stopped. */
void logstream_start(struct logstream *s, struct client *c, struct outlet *o, const char *path,
    const char *prefix, bool want_framed);
/* Asks again for what broke off. After it the state is not LOGSTREAM_BROKEN. */
void logstream_pump(struct logstream *s);
/* Asks again for a stream that ended, behind what was passed on: its end may have been the
 * controller's. */
void logstream_reopen(struct logstream *s);
void logstream_stop(struct logstream *s);

#endif
