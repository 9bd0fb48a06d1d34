/* gzip: large answers, for who takes them compressed. */
#ifndef KJOB_SERVER_GZIP_H
#define KJOB_SERVER_GZIP_H

#include "../../runtime/base/buf.h"

/*
 * What is smaller is not worth it, as Kubernetes sees it. What is larger would hold up everybody
 * else for too long: it goes out as it is, which on one machine costs little.
 */
#define GZIP_MIN_BYTES (128 * KIB)
#define GZIP_MAX_BYTES (8 * MIB)

/* Appends head and text, behind each other, as one gzip file. */
void gzip_texts(const struct buf *head, const struct buf *text, struct buf *out);

#endif
