/*
 * protobuf: the wire format of Protocol Buffers, read field by field from bytes that nobody has
 * checked. A reader copies nothing and owns nothing: what it gives points into the message.
 */
#ifndef KJOB_BASE_PROTOBUF_H
#define KJOB_BASE_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* What is left of a message. */
struct protobuf {
	const unsigned char *at;
	size_t len;
};

enum protobuf_type {
	PROTOBUF_VARINT = 0,
	PROTOBUF_FIXED64 = 1,
	PROTOBUF_BYTES = 2, /* text, bytes, a message, or several numbers */
	PROTOBUF_GROUP = 3, /* deprecated: skipped as a whole */
	PROTOBUF_FIXED32 = 5
};

struct protobuf_field {
	uint32_t number;
	enum protobuf_type type;
	uint64_t value;        /* of PROTOBUF_VARINT */
	struct protobuf bytes; /* of PROTOBUF_BYTES */
};

/* Takes the next field off: 1; 0 where none is left; -1: the bytes are no message. */
int protobuf_next(struct protobuf *m, struct protobuf_field *ret, struct err *e) MUST_USE;
/* The same for the numbers that PROTOBUF_BYTES of a list hold. */
int protobuf_number(struct protobuf *m, uint64_t *ret, struct err *e) MUST_USE;

#endif
