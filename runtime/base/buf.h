/*
 * buf: a growing byte buffer that must be told its maximum.
 *
 * Adding past the maximum adds nothing and sets `overflow` for good, so that a series of adds needs
 * one check at its end. The contents are always followed by a NUL byte that len does not count.
 */
#ifndef KJOB_BASE_BUF_H
#define KJOB_BASE_BUF_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"

#define KIB 1024u
#define MIB (1024u * 1024u)

struct buf {
	char *ptr;  /* NULL until the first add */
	size_t len; /* bytes in use */
	size_t cap;
	size_t max; /* 0: the default of 64 MiB */
	bool overflow;
};

#define auto_buf CLEANUP(buf_release) struct buf

/* Zeroed, or = {.max = …}, is an empty one as well. */
void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
/* Empties it and keeps the memory. */
void buf_clear(struct buf *b);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addch(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* `count` times the character. */
void buf_pad(struct buf *b, char c, size_t count);
/* Keeps the first `len` bytes. */
void buf_truncate(struct buf *b, size_t len);
/* Drops `len` bytes from the front. */
void buf_consume(struct buf *b, size_t len);
/* The contents as a C string: never NULL, borrowed. */
const char *buf_str(const struct buf *b);
/* The contents as an owned C string; the buffer is empty afterwards. */
char *buf_take(struct buf *b);

#endif
