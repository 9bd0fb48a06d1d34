#include "spdy.h"

#include <zlib.h>

#define VERSION 3u
#define CONTROL 0x80u
#define FLAG_FIN 0x01u
#define FLAG_UNIDIRECTIONAL 0x02u
#define FRAME_HEAD 8u
#define STREAM_ID 0x7fffffffu
#define MAX_CONTROL_BYTES (16 * KIB)
#define MAX_HEADERS_BYTES (16 * KIB) /* of one block, uncompressed */
#define MAX_HEADERS 64
#define MAX_STREAMS 4096
#define MAX_DATA_BYTES 0xffffffu

enum frame_type {
	SYN_STREAM = 1,
	SYN_REPLY = 2,
	RST_STREAM = 3,
	SETTINGS = 4,
	PING = 6,
	GOAWAY = 7,
	HEADERS = 8,
	WINDOW_UPDATE = 9
};

struct spdy_stream {
	uint32_t id;
	void *user;
	bool in_closed, out_closed;
	bool left; /* nobody listens */
};

struct frame {
	unsigned flags;
	const unsigned char *body;
	size_t len;
};

/* What header blocks are compressed against (SPDY/3, 2.6.10.1): texts behind their lengths, then
 * texts alone. */
#define WORD(len, text) "\0\0\0" len text
/* clang-format off */
static const char dictionary[] =
    WORD("\7", "options") WORD("\4", "head") WORD("\4", "post") WORD("\3", "put")
    WORD("\6", "delete") WORD("\5", "trace") WORD("\6", "accept") WORD("\16", "accept-charset")
    WORD("\17", "accept-encoding") WORD("\17", "accept-language") WORD("\15", "accept-ranges")
    WORD("\3", "age") WORD("\5", "allow") WORD("\15", "authorization") WORD("\15", "cache-control")
    WORD("\12", "connection") WORD("\14", "content-base") WORD("\20", "content-encoding")
    WORD("\20", "content-language") WORD("\16", "content-length") WORD("\20", "content-location")
    WORD("\13", "content-md5") WORD("\15", "content-range") WORD("\14", "content-type")
    WORD("\4", "date") WORD("\4", "etag") WORD("\6", "expect") WORD("\7", "expires")
    WORD("\4", "from") WORD("\4", "host") WORD("\10", "if-match") WORD("\21", "if-modified-since")
    WORD("\15", "if-none-match") WORD("\10", "if-range") WORD("\23", "if-unmodified-since")
    WORD("\15", "last-modified") WORD("\10", "location") WORD("\14", "max-forwards")
    WORD("\6", "pragma") WORD("\22", "proxy-authenticate") WORD("\23", "proxy-authorization")
    WORD("\5", "range") WORD("\7", "referer") WORD("\13", "retry-after") WORD("\6", "server")
    WORD("\2", "te") WORD("\7", "trailer") WORD("\21", "transfer-encoding") WORD("\7", "upgrade")
    WORD("\12", "user-agent") WORD("\4", "vary") WORD("\3", "via") WORD("\7", "warning")
    WORD("\20", "www-authenticate") WORD("\6", "method") WORD("\3", "get") WORD("\6", "status")
    WORD("\6", "200 OK") WORD("\7", "version") WORD("\10", "HTTP/1.1") WORD("\3", "url")
    WORD("\6", "public") WORD("\12", "set-cookie") WORD("\12", "keep-alive") WORD("\6", "origin")
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request"
    "401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented"
    "503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 "
    "Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,"
    "application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age="
    "gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";
/* clang-format on */

void spdy_init(struct spdy *s, const struct spdy_ops *ops, void *ctx)
{
	*s = (struct spdy){.ops = ops, .ctx = ctx};
	buf_init(&s->in, FRAME_HEAD + MAX_CONTROL_BYTES);
}

void spdy_release(struct spdy *s)
{
	if (s->inflater)
		inflateEnd(s->inflater);
	free(s->inflater);
	free(s->streams);
	buf_release(&s->in);
	buf_release(&s->out);
	*s = (struct spdy){.failed = true};
}

/* ---- streams ---- */

/* The first one whose id is not below this. */
static size_t position(const struct spdy *s, uint32_t id)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->streams[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct spdy_stream *find(const struct spdy *s, uint32_t id)
{
	size_t at = position(s, id);

	return at < s->count && s->streams[at].id == id ? &s->streams[at] : NULL;
}

static void forget(struct spdy *s, uint32_t id)
{
	size_t at = position(s, id);

	s->count--;
	memmove(&s->streams[at], &s->streams[at + 1], (s->count - at) * sizeof(*s->streams));
}

/* ---- sending ---- */

static uint32_t number(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void add_number(struct buf *out, uint32_t n)
{
	const unsigned char bytes[] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
	    (unsigned char)(n >> 8), (unsigned char)n};

	buf_add(out, bytes, sizeof(bytes));
}

static void add_control(struct buf *out, enum frame_type type, size_t len)
{
	add_number(out, CONTROL << 24 | VERSION << 16 | (uint32_t)type);
	add_number(out, (uint32_t)len);
}

static void add_reset(struct spdy *s, uint32_t id, enum spdy_status status)
{
	add_control(&s->out, RST_STREAM, 8);
	add_number(&s->out, id);
	add_number(&s->out, status);
}

/*
 * No headers: a block of four zeros. Its compressed form needs no state: zlib's own header with the
 * dictionary's checksum once, then the block as it is, and an empty one that flushes it.
 */
void spdy_accept(struct spdy *s, uint32_t id, void *user)
{
	static const unsigned char begin[] = {0x78, 0x20, 0xe3, 0xc6, 0xa7, 0xc2};
	static const unsigned char block[] = {0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	struct spdy_stream *st = find(s, id);

	if (!st)
		return;
	st->user = user;
	st->left = false;
	add_control(&s->out, SYN_REPLY, 4 + (s->replied ? 0 : sizeof(begin)) + sizeof(block));
	add_number(&s->out, id);
	if (!s->replied)
		buf_add(&s->out, begin, sizeof(begin));
	buf_add(&s->out, block, sizeof(block));
	s->replied = true;
}

static void add_data(struct spdy *s, uint32_t id, unsigned flags, const char *data, size_t len)
{
	add_number(&s->out, id);
	add_number(&s->out, flags << 24 | (uint32_t)len);
	buf_add(&s->out, data, len);
}

void spdy_send(struct spdy *s, uint32_t id, const void *data, size_t len)
{
	const struct spdy_stream *st = find(s, id);
	const char *p = data;

	if (!st || st->out_closed)
		return;
	while (len > 0) {
		size_t n = len < MAX_DATA_BYTES ? len : MAX_DATA_BYTES;

		add_data(s, id, 0, p, n);
		p += n;
		len -= n;
	}
}

void spdy_fin(struct spdy *s, uint32_t id)
{
	struct spdy_stream *st = find(s, id);

	if (!st || st->out_closed)
		return;
	add_data(s, id, FLAG_FIN, NULL, 0);
	st->out_closed = true;
	if (st->in_closed)
		forget(s, id);
}

void spdy_leave(struct spdy *s, uint32_t id)
{
	struct spdy_stream *st = find(s, id);

	if (st)
		st->left = true;
	spdy_fin(s, id);
}

void spdy_reset(struct spdy *s, uint32_t id, enum spdy_status status)
{
	if (!find(s, id))
		return;
	add_reset(s, id, status);
	forget(s, id);
}

/* ---- receiving ---- */

static int fail(struct spdy *s, struct err *e, const char *what)
{
	s->failed = true;
	add_control(&s->out, GOAWAY, 8);
	add_number(&s->out, s->last_id);
	add_number(&s->out, SPDY_PROTOCOL_ERROR);
	return err_set(e, ERR_BAD_REQUEST, "SPDY: %s", what);
}

/* Uncompresses a block; also those that nobody wants, for what comes behind them. */
static int inflate_block(
    struct spdy *s, const unsigned char *p, size_t len, struct buf *block, struct err *e)
{
	unsigned char piece[4 * KIB];
	z_stream *z = s->inflater;
	int rc = Z_OK;

	if (!z) {
		z = s->inflater = xcalloc(1, sizeof(*z));
		if (inflateInit(z) != Z_OK)
			abort(); /* out of memory */
	}
	buf_init(block, MAX_HEADERS_BYTES);
	z->next_in = (unsigned char *)p;
	z->avail_in = (unsigned)len;
	do {
		z->next_out = piece;
		z->avail_out = sizeof(piece);
		rc = inflate(z, Z_SYNC_FLUSH);
		if (rc == Z_NEED_DICT)
			rc = inflateSetDictionary(
			    z, (const unsigned char *)dictionary, sizeof(dictionary) - 1);
		if (rc != Z_OK && rc != Z_BUF_ERROR)
			return fail(s, e, "a header block does not uncompress");
		buf_add(block, piece, sizeof(piece) - z->avail_out);
		if (block->overflow)
			return fail(s, e, "a header block is too large");
	} while (rc == Z_OK && (z->avail_in || !z->avail_out));
	return z->avail_in ? fail(s, e, "a header block does not uncompress") : 0;
}

/* A text behind its length. */
static int take_text(const struct buf *b, size_t *at, struct strlist *out)
{
	size_t left = b->len - *at, len;

	if (left < 4)
		return -1;
	len = number((const unsigned char *)b->ptr + *at);
	if (len > left - 4)
		return -1;
	strlist_add_take(out, xstrndup(b->ptr + *at + 4, len));
	*at += 4 + len;
	return 0;
}

static int parse_block(struct spdy *s, const struct buf *b, struct strlist *headers, struct err *e)
{
	size_t at = 4, count = b->len >= 4 ? number((const unsigned char *)b->ptr) : SIZE_MAX;

	if (count > MAX_HEADERS)
		return fail(s, e, "too many headers, or none that can be read");
	for (size_t i = 0; i < 2 * count; i++)
		if (take_text(b, &at, headers) < 0)
			return fail(s, e, "a header block is cut off");
	return at == b->len ? 0 : fail(s, e, "a header block has more than its headers");
}

static void end_input(struct spdy *s, struct spdy_stream *st)
{
	void *user = st->user;
	bool left = st->left;

	st->in_closed = true;
	if (st->out_closed)
		forget(s, st->id); /* with it st */
	if (!left)
		s->ops->on_fin(s->ctx, user);
}

static void open_stream(
    struct spdy *s, uint32_t id, const struct frame *f, const struct strlist *headers)
{
	struct spdy_stream *st;

	s->last_id = id;
	if (s->going || s->count == MAX_STREAMS || (f->flags & FLAG_UNIDIRECTIONAL)) {
		add_reset(s, id, SPDY_REFUSED_STREAM);
		return;
	}
	GROW(s->streams, s->cap, s->count + 1);
	s->streams[s->count++] = (struct spdy_stream){.id = id, .left = true};
	s->ops->on_open(s->ctx, id, headers);
	st = find(s, id);
	if (st && (f->flags & FLAG_FIN))
		end_input(s, st);
}

static int take_syn_stream(struct spdy *s, const struct frame *f, struct err *e)
{
	auto_buf block = {0};
	auto_strlist headers = {0};
	uint32_t id = number(f->body) & STREAM_ID;

	if (inflate_block(s, f->body + 10, f->len - 10, &block, e) < 0 ||
	    parse_block(s, &block, &headers, e) < 0)
		return -1;
	if (id % 2 == 0)
		return fail(s, e, "a client's stream has an even number");
	if (id <= s->last_id) /* clients that open several at once may mix them up */
		add_reset(s, id, SPDY_PROTOCOL_ERROR);
	else
		open_stream(s, id, f, &headers);
	return 0;
}

static int take_headers(struct spdy *s, const struct frame *f, struct err *e)
{
	auto_buf block = {0};
	struct spdy_stream *st = find(s, number(f->body) & STREAM_ID);

	if (inflate_block(s, f->body + 4, f->len - 4, &block, e) < 0)
		return -1;
	if (st && !st->in_closed && (f->flags & FLAG_FIN))
		end_input(s, st);
	return 0;
}

static int take_reset(struct spdy *s, const struct frame *f, struct err *e)
{
	const struct spdy_stream *st = find(s, number(f->body) & STREAM_ID);
	void *user = st ? st->user : NULL;
	bool left = !st || st->left;

	if (st)
		forget(s, st->id);
	if (!left)
		s->ops->on_reset(s->ctx, user);
	return 0;
}

/* Those with odd numbers are the client's own. */
static int take_ping(struct spdy *s, const struct frame *f, struct err *e)
{
	if (number(f->body) % 2) {
		add_control(&s->out, PING, 4);
		buf_add(&s->out, f->body, 4);
	}
	return 0;
}

static int take_goaway(struct spdy *s, const struct frame *f, struct err *e)
{
	s->going = true;
	return 0;
}

static int take_syn_reply(struct spdy *s, const struct frame *f, struct err *e)
{
	return fail(s, e, "a reply to a stream that was not opened");
}

static int take_none(struct spdy *s, const struct frame *f, struct err *e)
{
	return 0;
}

static const struct {
	enum frame_type type;
	size_t min, max;
	int (*take)(struct spdy *s, const struct frame *f, struct err *e);
} controls[] = {
    {SYN_STREAM, 10, MAX_CONTROL_BYTES, take_syn_stream},
    {SYN_REPLY, 0, MAX_CONTROL_BYTES, take_syn_reply},
    {RST_STREAM, 8, 8, take_reset},
    {SETTINGS, 4, MAX_CONTROL_BYTES, take_none},
    {PING, 4, 4, take_ping},
    {GOAWAY, 8, 8, take_goaway},
    {HEADERS, 4, MAX_CONTROL_BYTES, take_headers},
    {WINDOW_UPDATE, 8, 8, take_none},
};

/* A whole control frame; of types that are not known, nothing. */
static int take_control(struct spdy *s, const unsigned char *p, size_t len, struct err *e)
{
	const struct frame f = {.flags = p[4], .body = p + FRAME_HEAD, .len = len};
	unsigned type = (unsigned)p[2] << 8 | p[3];

	for (size_t i = 0; i < ARRAY_LEN(controls); i++) {
		if (controls[i].type != type)
			continue;
		if (len < controls[i].min || len > controls[i].max)
			return fail(s, e, "a control frame has the wrong length");
		return controls[i].take(s, &f, e);
	}
	return 0;
}

static int begin_data(struct spdy *s, const unsigned char *p, struct err *e)
{
	uint32_t id = number(p);
	struct spdy_stream *st = find(s, id);

	s->data_left = number(p + 4) & MAX_DATA_BYTES;
	s->data_fin = p[4] & FLAG_FIN;
	s->data_id = st && !st->in_closed ? id : 0;
	if (id == 0)
		return fail(s, e, "data of no stream");
	if (st && st->in_closed) {
		void *user = st->user;
		bool left = st->left;

		spdy_reset(s, id, SPDY_STREAM_ALREADY_CLOSED);
		if (!left)
			s->ops->on_reset(s->ctx, user);
	} else if (!st && (id > s->last_id || id % 2 == 0)) {
		add_reset(s, id, SPDY_INVALID_STREAM);
	} /* of one that has ended: it was on its way */
	return 0;
}

static void take_data(struct spdy *s, const void *data, size_t len)
{
	struct spdy_stream *st = s->data_id ? find(s, s->data_id) : NULL;

	s->data_left -= len;
	if (st && len && !st->left)
		s->ops->on_data(s->ctx, st->user, data, len);
	if (s->data_left || !s->data_fin)
		return;
	s->data_fin = false;
	st = s->data_id ? find(s, s->data_id) : NULL;
	if (st)
		end_input(s, st);
}

/* The first bytes of a frame are there: whether it is the whole, or the head of a data frame. -1:
 * an error. */
static int complete(struct spdy *s, size_t *want, struct err *e)
{
	const unsigned char *p = (const unsigned char *)s->in.ptr;
	size_t len;

	*want = FRAME_HEAD;
	if (s->in.len < FRAME_HEAD)
		return 0;
	if (!(p[0] & CONTROL))
		return 1;
	if ((p[0] & ~CONTROL) != 0 || p[1] != VERSION)
		return fail(s, e, "this is not version 3");
	len = number(p + 4) & MAX_DATA_BYTES;
	if (len > MAX_CONTROL_BYTES)
		return fail(s, e, "a control frame is too long");
	*want += len;
	return s->in.len == *want;
}

static int take_frame(struct spdy *s, struct err *e)
{
	const unsigned char *p = (const unsigned char *)s->in.ptr;
	int rc =
	    (p[0] & CONTROL) ? take_control(s, p, s->in.len - FRAME_HEAD, e) : begin_data(s, p, e);

	if (rc == 0 && !(p[0] & CONTROL) && !s->data_left)
		take_data(s, NULL, 0);
	buf_clear(&s->in);
	return rc;
}

int spdy_feed(struct spdy *s, const void *data, size_t len, struct err *e)
{
	const char *p = data;

	while (!s->failed) {
		size_t want = s->data_left, n;
		int whole = want ? 0 : complete(s, &want, e);

		if (whole < 0 || (whole && take_frame(s, e) < 0))
			return -1;
		if (whole)
			continue;
		if (!len)
			break;
		want -= s->in.len;
		n = want < len ? want : len;
		if (s->data_left)
			take_data(s, p, n);
		else
			buf_add(&s->in, p, n);
		p += n;
		len -= n;
	}
	return 0;
}
