/*
 * Streams that come in pieces of any size: WebSocket frames, the engine's log frames, tar. The
 * first byte chooses; however the rest is cut, the same comes out.
 */
#include "../../runtime/archive.h"
#include "../../runtime/engine_internal.h"
#include "../../runtime/ws.h"
#include "fuzz.h"

FUZZ_SEEDS(TEXT("0\x81\x85"
		"abcd"
		"\x09\x07\x0f\x08\x0e\x82\x7e\x00\x04"
		"wxyz\x89\x00\x88\x02\x03\xe8"),
    TEXT("0\x01\x03"
	 "abc\x80\x02"
	 "de\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x01x"),
    TEXT("1\x82\x03\x01hi\x82\x02\xff\x00"),
    TEXT("2\x01\x00\x00\x00\x00\x00\x00\x03out\x02\x00\x00\x00\x00\x00\x00\x03"
	 "err\x03\x00\x00\x00\x00\x00\x00\x01x"),
    TEXT("3raw\x01\x00"), TEXT("4ustar"))
FUZZ_WORDS(TEXT("\x80"), TEXT("\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), TEXT("\x7e\xff\xff"),
    TEXT("\x01\x00\x00\x00\xff\xff\xff\xff"), TEXT("\x88\x00"),
    TEXT("ustar\0"
	 "00"),
    TEXT("777777777777"), TEXT("../"), TEXT("\0\0\0\0"), TEXT("30 mtime=1\n"))

static void add_ws(void *ctx, enum ws_opcode op, const unsigned char *data, size_t len)
{
	buf_addf(ctx, "%d:%zu:", (int)op, len);
	buf_add(ctx, data, len);
}

static bool add_demuxed(void *ctx, enum stream_kind kind, const char *data, size_t len)
{
	struct buf *out = ctx;

	/* Pieces of one frame may be cut anywhere: only what they are of is noted. */
	for (size_t i = 0; i < len; i++) {
		buf_addch(out, (char)('0' + kind));
		buf_addch(out, data[i]);
	}
	return true;
}

static int add_entry(void *ctx, const struct tar_entry *entry, struct err *e)
{
	(void)tar_path_is_safe(entry->path);
	if (entry->link)
		(void)tar_link_is_safe(entry->path, entry->link);
	buf_addf(ctx, "[%s %d %s %lld]", entry->path, (int)entry->type,
	    entry->link ? entry->link : "", (long long)entry->size);
	return 0;
}

static int add_data(void *ctx, const char *data, size_t len, struct err *e)
{
	buf_add(ctx, data, len);
	return 0;
}

/* What comes out of the bytes when they come in pieces of `step`; ends with "!" after an error. */
typedef void feed_fn(const char *data, size_t size, size_t step, bool flag, struct buf *out);

static void feed_ws(const char *data, size_t size, size_t step, bool client, struct buf *out)
{
	struct ws w = {0};
	int rc = 0;

	ws_init(&w, client, 4 * KIB);
	for (size_t at = 0; at < size && rc == 0 && !w.closed; at += step)
		rc = ws_feed(&w, data + at, size - at < step ? size - at : step, add_ws, out, NULL);
	if (rc < 0)
		buf_addch(out, '!');
	ws_release(&w);
}

static void feed_demux(const char *data, size_t size, size_t step, bool raw, struct buf *out)
{
	struct demux d = {.raw = raw};
	ssize_t used = 0;

	for (size_t at = 0; at < size && used >= 0; at += step) {
		size_t n = size - at < step ? size - at : step;

		used = demux_feed(&d, data + at, n, add_demuxed, out, NULL);
		EXPECT(used < 0 || (size_t)used == n);
	}
	if (used < 0)
		buf_addch(out, '!');
	demux_release(&d);
}

static void feed_tar(const char *data, size_t size, size_t step, bool flag, struct buf *out)
{
	static const struct tar_callbacks cb = {.on_entry = add_entry, .on_data = add_data};
	struct tar_reader *t = tar_reader_new(&cb, out);
	int rc = 0;

	for (size_t at = 0; at < size && rc == 0; at += step)
		rc = tar_read(t, data + at, size - at < step ? size - at : step, NULL);
	if (rc < 0 || tar_read_end(t, NULL) < 0)
		buf_addch(out, '!');
	tar_reader_free(t);
}

/* Most bytes are no archive at all: those that are to be one get a header around them. */
static void make_tar(const char *data, size_t size, struct buf *out)
{
	struct tar_entry entry = {
	    .path = "a/b", .type = TAR_FILE, .mode = 0644, .size = (int64_t)(size / 2)};
	size_t names = size < 100 ? size : 100;

	tar_add(out, &entry, data);
	tar_add(out, &(struct tar_entry){.path = "d/", .type = TAR_DIR, .mode = 0755}, NULL);
	tar_end(out);
	/* The name and the fields behind it, with their checksum as it was: most are refused. */
	memcpy(out->ptr, data, size > 8 ? names / 4 : 0);
	if (size > 600)
		memcpy(out->ptr + 512, data, 512 < out->len - 512 ? 512 : out->len - 512);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		feed_fn *feed;
		bool flag, tar;
	} readers[] = {{feed_ws, false, false}, {feed_ws, true, false}, {feed_demux, false, false},
	    {feed_demux, true, false}, {feed_tar, false, false}, {feed_tar, false, true}};
	static const size_t steps[] = {1, 7, 513};
	auto_buf whole = {0}, made = {0};
	const char *bytes = (const char *)data + 1;
	size_t which = size ? *data % ARRAY_LEN(readers) : 0, len = size ? size - 1 : 0;

	if (!len)
		return 0;
	if (readers[which].tar) {
		make_tar(bytes, len, &made);
		bytes = made.ptr;
		len = made.len;
	}
	readers[which].feed(bytes, len, len, readers[which].flag, &whole);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		auto_buf cut = {0};

		readers[which].feed(bytes, len, steps[i], readers[which].flag, &cut);
		EXPECT(
		    cut.len == whole.len && memcmp(buf_str(&cut), buf_str(&whole), cut.len) == 0);
	}
	return 0;
}
