/* protobuf: fields off the front of a message. */
#include "protobuf.h"

#define NUMBER_MAX ((UINT64_C(1) << 29) - 1)
#define END_GROUP 4

static int cut_off(struct err *e)
{
	return err_set(e, ERR_BAD_REQUEST, "proto: unexpected EOF");
}

int protobuf_number(struct protobuf *m, uint64_t *ret, struct err *e)
{
	uint64_t n = 0;

	if (!m->len)
		return 0;
	for (size_t i = 0; i < m->len; i++) {
		uint64_t bits = m->at[i] & 0x7f;

		/* the tenth byte has one bit left */
		if (i == 9 && m->at[i] > 1)
			return err_set(e, ERR_BAD_REQUEST, "proto: integer overflow");
		n |= bits << (7 * i);
		if (!(m->at[i] & 0x80)) {
			m->at += i + 1;
			m->len -= i + 1;
			*ret = n;
			return 1;
		}
	}
	return cut_off(e);
}

static int take(struct protobuf *m, uint64_t len, struct protobuf *ret, struct err *e)
{
	if (len > m->len)
		return cut_off(e);
	*ret = (struct protobuf){m->at, (size_t)len};
	m->at += len;
	m->len -= (size_t)len;
	return 1;
}

static int take_bytes(struct protobuf *m, struct protobuf *ret, struct err *e)
{
	uint64_t len;
	int rc = protobuf_number(m, &len, e);

	return rc > 0 ? take(m, len, ret, e) : rc == 0 ? cut_off(e) : rc;
}

/* The number and the type in front of a field; the type may be END_GROUP. 0: nothing is left. */
static int take_key(struct protobuf *m, uint32_t *ret_number, unsigned *ret_type, struct err *e)
{
	uint64_t key;
	int rc = protobuf_number(m, &key, e);

	if (rc <= 0)
		return rc;
	*ret_type = (unsigned)(key & 7);
	key >>= 3;
	if (key == 0 || key > NUMBER_MAX || *ret_type > PROTOBUF_FIXED32)
		return err_set(e, ERR_BAD_REQUEST, "proto: illegal tag %llu (wire type %u)",
		    (unsigned long long)key, *ret_type);
	*ret_number = (uint32_t)key;
	return 1;
}

/* What stands behind a key that neither begins nor ends a group. */
static int take_value(struct protobuf *m, unsigned type, struct protobuf_field *ret, struct err *e)
{
	struct protobuf fixed;
	int rc;

	if (type == PROTOBUF_BYTES)
		return take_bytes(m, &ret->bytes, e);
	if (type != PROTOBUF_VARINT)
		return take(m, type == PROTOBUF_FIXED64 ? 8 : 4, &fixed, e);
	rc = protobuf_number(m, &ret->value, e);
	return rc == 0 ? cut_off(e) : rc;
}

/* Up to the end of the group that has begun, and of all in it. */
static int skip_group(struct protobuf *m, struct err *e)
{
	for (size_t depth = 1; depth;) {
		struct protobuf_field ignored;
		uint32_t number;
		unsigned type;
		int rc = take_key(m, &number, &type, e);

		if (rc <= 0)
			return rc == 0 ? cut_off(e) : rc;
		if (type == PROTOBUF_GROUP)
			depth++;
		else if (type == END_GROUP)
			depth--;
		else if (take_value(m, type, &ignored, e) < 0)
			return -1;
	}
	return 1;
}

int protobuf_next(struct protobuf *m, struct protobuf_field *ret, struct err *e)
{
	unsigned type;
	int rc;

	*ret = (struct protobuf_field){0};
	rc = take_key(m, &ret->number, &type, e);
	if (rc <= 0)
		return rc;
	if (type == END_GROUP)
		return err_set(e, ERR_BAD_REQUEST, "proto: wiretype end group for non-group");
	ret->type = type;
	return type == PROTOBUF_GROUP ? skip_group(m, e) : take_value(m, type, ret, e);
}
