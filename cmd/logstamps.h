/*
 * logstamps: a log whose lines begin with the time at which each was written: the text behind the
 * stamps, and where a stream of it has to go on that broke off. Clusters forget the beginning of
 * long logs, so that bytes cannot be counted there. Pure.
 */
#ifndef KJOB_CMD_LOGSTAMPS_H
#define KJOB_CMD_LOGSTAMPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct logstamps {
	bool show; /* the stamps are passed on too */
	/* the line that comes */
	char head[48]; /* its stamp so far */
	size_t head_len;
	bool inside;    /* behind the stamp */
	bool dropped;   /* it was passed on before */
	uint64_t skip;  /* as much of it was */
	uint64_t bytes; /* of it that have come */
	/* what was passed on last: whole lines of that stamp, and bytes of one more */
	bool any;
	int64_t ns;
	unsigned same;
	uint64_t partial;
	/* after a resume, until something new comes */
	bool resuming;
	unsigned seen; /* lines of that stamp in the new stream */
};

typedef void logstamps_fn(void *ctx, const char *data, size_t len);
/* Passes on what is new of a piece of the stream. */
void logstamps_feed(struct logstamps *t, const char *data, size_t len, logstamps_fn *fn, void *ctx);
/*
 * A new stream begins: true and the time (nanoseconds since the epoch) that it should begin at, or
 * before; false: nothing was passed on yet.
 */
bool logstamps_resume(struct logstamps *t, int64_t *ret_ns);

#endif
