/* base64: RFC 4648 with padding, as JSON documents carry bytes. */
#ifndef KJOB_BASE_BASE64_H
#define KJOB_BASE_BASE64_H

#include "buf.h"

/* Owned text. */
char *base64_encode(const void *data, size_t len);
/*
 * Appends the bytes of a text; line breaks in it are passed over. -1: it is none, and *ret_bad (may
 * be NULL) is the offset that Go names in "illegal base64 data at input byte N".
 */
int base64_decode(const char *text, struct buf *out, size_t *ret_bad) MUST_USE;

#endif
