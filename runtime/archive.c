/* archive: the tar format. */
#include "archive.h"

#include <stdio.h>

#define BLOCK 512
#define NAME_LEN 100
#define PREFIX_LEN 155
#define EXTRA_MAX (256 * KIB) /* of a pax header or a long name */

/* Where the fields of a header are. */
enum {
	AT_NAME = 0,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_CHECKSUM = 148,
	AT_TYPE = 156,
	AT_LINK = 157,
	AT_MAGIC = 257,
	AT_PREFIX = 345,
};
#define LEN_SHORT 8
#define LEN_LONG 12

/* ---- writing ---- */

static const char type_chars[] = {[TAR_FILE] = '0',
    [TAR_DIR] = '5',
    [TAR_SYMLINK] = '2',
    [TAR_HARDLINK] = '1',
    [TAR_OTHER] = '0'};

/* Octal digits and a NUL; a number that is too large becomes the largest. */
static void put_octal(char *field, size_t len, int64_t n)
{
	int64_t max = ((int64_t)1 << (3 * (len - 1))) - 1;

	n = n < 0 ? 0 : n > max ? max : n;
	for (size_t i = len - 1; i-- > 0; n >>= 3)
		field[i] = (char)('0' + (n & 7));
	field[len - 1] = '\0';
}

static unsigned checksum(const char *block)
{
	unsigned sum = 0;

	for (int i = 0; i < BLOCK; i++)
		sum +=
		    i >= AT_CHECKSUM && i < AT_CHECKSUM + LEN_SHORT ? ' ' : (unsigned char)block[i];
	return sum;
}

static void put_text(char *field, size_t room, const char *s)
{
	size_t len = strlen(s);

	memcpy(field, s, len < room ? len : room);
}

static void add_block(struct buf *out, const char *name, const char *link, char type,
    const struct tar_entry *e, int64_t size)
{
	char block[BLOCK] = {0};

	put_text(block + AT_NAME, NAME_LEN, name);
	put_octal(block + AT_MODE, LEN_SHORT, e->mode & 07777);
	put_octal(block + AT_UID, LEN_SHORT, e->uid);
	put_octal(block + AT_GID, LEN_SHORT, e->gid);
	put_octal(block + AT_SIZE, LEN_LONG, size);
	put_octal(block + AT_MTIME, LEN_LONG, e->mtime);
	block[AT_TYPE] = type;
	put_text(block + AT_LINK, NAME_LEN, link);
	memcpy(block + AT_MAGIC, "ustar\00000", 8);
	snprintf(block + AT_CHECKSUM, LEN_SHORT, "%06o", checksum(block));
	block[AT_CHECKSUM + 7] = ' ';
	buf_add(out, block, sizeof(block));
}

/* "LEN key=value\n", where LEN counts itself. */
static void add_record(struct buf *out, const char *key, const char *value)
{
	size_t rest = strlen(key) + strlen(value) + 3, len = rest + 1;

	while (len != rest + (size_t)snprintf(NULL, 0, "%zu", len))
		len = rest + (size_t)snprintf(NULL, 0, "%zu", len);
	buf_addf(out, "%zu %s=%s\n", len, key, value);
}

static int64_t entry_size(const struct tar_entry *e)
{
	return e->type == TAR_FILE && e->size > 0 ? e->size : 0;
}

void tar_add_header(struct buf *out, const struct tar_entry *e)
{
	const char *link = e->link ? e->link : "";
	auto_free char *path = NULL;
	auto_buf extra = {0};

	path = xasprintf(
	    "%s%s", e->path, e->type == TAR_DIR && !str_has_suffix(e->path, "/") ? "/" : "");
	if (strlen(path) > NAME_LEN)
		add_record(&extra, "path", path);
	if (strlen(link) > NAME_LEN)
		add_record(&extra, "linkpath", link);
	if (extra.len) {
		struct tar_entry about = {.mode = 0644};

		add_block(out, "pax", "", 'x', &about, (int64_t)extra.len);
		buf_add(out, extra.ptr, extra.len);
		tar_pad(out, (int64_t)extra.len);
	}
	add_block(out, path, link, type_chars[e->type], e, entry_size(e));
}

void tar_pad(struct buf *out, int64_t size)
{
	size_t over = (size_t)(size % BLOCK);

	if (over)
		buf_pad(out, '\0', BLOCK - over);
}

void tar_add(struct buf *out, const struct tar_entry *e, const void *data)
{
	int64_t size = entry_size(e);

	tar_add_header(out, e);
	if (size && data) {
		buf_add(out, data, (size_t)size);
		tar_pad(out, size);
	}
}

void tar_end(struct buf *out)
{
	buf_pad(out, '\0', 2 * (size_t)BLOCK);
}

/* ---- reading ---- */

enum part {
	PART_HEADER,
	PART_DATA,  /* of an entry that was told */
	PART_EXTRA, /* a pax header or long name, kept */
	PART_SKIP,
	PART_PAD,
	PART_END,
};

struct tar_reader {
	const struct tar_callbacks *cb;
	void *ctx;
	enum part part;
	char block[BLOCK];
	size_t have; /* of the block */
	int64_t left;
	size_t pad;
	char extra_type;
	struct buf extra;
	bool told; /* on_entry_end is due */
	/* for the next entry, from what stood in front of it */
	char *path, *link;
	int64_t size; /* -1: as its header says */
};

struct tar_reader *tar_reader_new(const struct tar_callbacks *cb, void *ctx)
{
	struct tar_reader *t = xcalloc(1, sizeof(*t));

	t->cb = cb;
	t->ctx = ctx;
	t->size = -1;
	buf_init(&t->extra, EXTRA_MAX + 1);
	return t;
}

void tar_reader_free(struct tar_reader *t)
{
	if (!t)
		return;
	buf_release(&t->extra);
	free(t->path);
	free(t->link);
	free(t);
}

static int broken(struct err *e, const char *why)
{
	return err_set(e, ERR_BAD_REQUEST, "the archive is broken: %s", why);
}

/* Octal with blanks around, or binary with the top bit set; -1: neither, or too large. */
static int64_t get_number(const char *field, size_t len)
{
	int64_t n = 0;
	size_t i = 0;

	if ((unsigned char)field[0] & 0x80) {
		if ((unsigned char)field[0] != 0x80)
			return -1;
		for (i = 1; i < len; i++) {
			if (n >> 54)
				return -1;
			n = n << 8 | (unsigned char)field[i];
		}
		return n;
	}
	while (i < len && field[i] == ' ')
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		n = n << 3 | (field[i] - '0');
	for (; i < len; i++)
		if (field[i] != ' ' && field[i] != '\0')
			return -1;
	return n;
}

static bool is_zero(const char *block)
{
	for (int i = 0; i < BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

static void forget_extra(struct tar_reader *t)
{
	free(TAKE(t->path));
	free(TAKE(t->link));
	t->size = -1;
}

static int take_record(struct tar_reader *t, const char *key, size_t key_len, const char *value,
    size_t len, struct err *e)
{
	auto_free char *text = xstrndup(value, len);
	int64_t n;

	if (strlen(text) != len)
		return broken(e, "a name with a NUL byte");
	if (key_len == 4 && memcmp(key, "path", 4) == 0) {
		free(t->path);
		t->path = TAKE(text);
	} else if (key_len == 8 && memcmp(key, "linkpath", 8) == 0) {
		free(t->link);
		t->link = TAKE(text);
	} else if (key_len == 4 && memcmp(key, "size", 4) == 0) {
		if (str_to_int(text, 0, INT64_MAX / 2, &n) != 0)
			return broken(e, "a size that is none");
		t->size = n;
	}
	return 0;
}

static int take_pax(struct tar_reader *t, struct err *e)
{
	const char *p = t->extra.ptr, *end = p + t->extra.len;

	while (p < end) {
		const char *digits = p, *equals;
		size_t len = 0;

		while (p < end && *p >= '0' && *p <= '9' && len < EXTRA_MAX)
			len = len * 10 + (size_t)(*p++ - '0');
		if (p == end || *p != ' ' || len > (size_t)(end - digits) ||
		    len < (size_t)(p - digits) + 2 || digits[len - 1] != '\n')
			return broken(e, "a pax header that is none");
		p++;
		equals = memchr(p, '=', (size_t)(digits + len - 1 - p));
		if (!equals)
			return broken(e, "a pax header that is none");
		if (take_record(t, p, (size_t)(equals - p), equals + 1,
			(size_t)(digits + len - 1 - equals - 1), e) != 0)
			return -1;
		p = digits + len;
	}
	return 0;
}

static int take_extra(struct tar_reader *t, struct err *e)
{
	char **where = t->extra_type == 'L' ? &t->path : &t->link;

	if (t->extra_type == 'x')
		return take_pax(t, e);
	free(*where);
	*where = xstrdup(buf_str(&t->extra)); /* ends with a NUL */
	return 0;
}

static enum tar_type type_of(char c)
{
	switch (c) {
	case '\0':
	case '0':
	case '7':
		return TAR_FILE;
	case '1':
		return TAR_HARDLINK;
	case '2':
		return TAR_SYMLINK;
	case '5':
		return TAR_DIR;
	default:
		return TAR_OTHER;
	}
}

static void begin(struct tar_reader *t, enum part part, int64_t size)
{
	t->part = part;
	t->left = size;
	t->pad = (size_t)((BLOCK - size % BLOCK) % BLOCK);
}

static char *header_path(const char *block)
{
	auto_free char *name = xstrndup(block + AT_NAME, NAME_LEN);

	if (memcmp(block + AT_MAGIC, "ustar\0", 6) == 0 && block[AT_PREFIX])
		return xasprintf("%.*s/%s", PREFIX_LEN, block + AT_PREFIX, name);
	return TAKE(name);
}

static int take_entry(struct tar_reader *t, int64_t size, struct err *e)
{
	char c = t->block[AT_TYPE];
	auto_free char *path = t->path ? TAKE(t->path) : header_path(t->block);
	auto_free char *link = t->link ? TAKE(t->link) : xstrndup(t->block + AT_LINK, NAME_LEN);
	struct tar_entry entry = {
	    .path = path,
	    .type = type_of(c),
	    .link = link,
	    .mode = (unsigned)get_number(t->block + AT_MODE, LEN_SHORT) & 07777,
	    .uid = get_number(t->block + AT_UID, LEN_SHORT),
	    .gid = get_number(t->block + AT_GID, LEN_SHORT),
	    .mtime = get_number(t->block + AT_MTIME, LEN_LONG),
	};

	if (entry.type == TAR_FILE && str_has_suffix(path, "/"))
		entry.type = TAR_DIR; /* of before there was a type for it */
	if (entry.type == TAR_FILE)
		entry.size = t->size >= 0 ? t->size : size;
	forget_extra(t);
	begin(t, PART_DATA, entry.size);
	t->told = true;
	return t->cb->on_entry(t->ctx, &entry, e);
}

static int take_header(struct tar_reader *t, struct err *e)
{
	char c = t->block[AT_TYPE];
	int64_t size;

	if (is_zero(t->block)) {
		t->part = PART_END;
		return 0;
	}
	if (get_number(t->block + AT_CHECKSUM, LEN_SHORT) != (int64_t)checksum(t->block))
		return broken(e, "a header with a wrong checksum");
	size = get_number(t->block + AT_SIZE, LEN_LONG);
	if (size < 0)
		return broken(e, "a size that is none");
	if (c == 'x' || c == 'L' || c == 'K') {
		if (size > EXTRA_MAX)
			return broken(e, "a name that is too long");
		buf_clear(&t->extra);
		t->extra_type = c;
		begin(t, PART_EXTRA, size);
		return 0;
	}
	if (c == 'g') {
		begin(t, PART_SKIP, size);
		return 0;
	}
	return take_entry(t, size, e);
}

/* All of a part's contents have come. */
static int end_part(struct tar_reader *t, struct err *e)
{
	enum part was = t->part;

	t->part = PART_PAD;
	if (was == PART_EXTRA)
		return take_extra(t, e);
	if (t->told) {
		t->told = false;
		return t->cb->on_entry_end ? t->cb->on_entry_end(t->ctx, e) : 0;
	}
	return 0;
}

static int take_piece(struct tar_reader *t, const char *data, size_t len, struct err *e)
{
	t->left -= (int64_t)len;
	if (t->part == PART_EXTRA)
		buf_add(&t->extra, data, len);
	return t->part == PART_DATA ? t->cb->on_data(t->ctx, data, len, e) : 0;
}

/* Uses up some of the data; -1 with e. */
static int step(struct tar_reader *t, const char **data, size_t *len, struct err *e)
{
	size_t n;

	if (t->part == PART_HEADER) {
		n = BLOCK - t->have < *len ? BLOCK - t->have : *len;
		memcpy(t->block + t->have, *data, n);
		t->have += n;
	} else if (t->part == PART_PAD) {
		n = t->pad < *len ? t->pad : *len;
		t->pad -= n;
	} else {
		n = t->left < (int64_t)*len ? (size_t)t->left : *len;
		if (n && take_piece(t, *data, n, e) != 0)
			return -1;
	}
	*data += n;
	*len -= n;
	if (t->part == PART_HEADER && t->have == BLOCK) {
		t->have = 0;
		if (take_header(t, e) != 0)
			return -1;
	}
	if (t->part != PART_HEADER && t->part != PART_PAD && t->part != PART_END && t->left == 0 &&
	    end_part(t, e) != 0)
		return -1;
	if (t->part == PART_PAD && t->pad == 0)
		t->part = PART_HEADER;
	return 0;
}

int tar_read(struct tar_reader *t, const char *data, size_t len, struct err *e)
{
	while (len && t->part != PART_END) {
		if (step(t, &data, &len, e) != 0)
			return -1;
	}
	return 0;
}

int tar_read_end(struct tar_reader *t, struct err *e)
{
	if (t->part == PART_END || (t->part == PART_HEADER && !t->have && !t->path && !t->link))
		return 0;
	return broken(e, "it ends in the middle");
}

/* ---- names ---- */

/* How deep a path is below where it starts; -1: it leaves that on the way. */
static int depth_of(const char *path, int depth)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.')
			depth--;
		else if (len && !(len == 1 && path[0] == '.'))
			depth++;
		if (depth < 0)
			return -1;
		path += len;
		path += *path == '/';
	}
	return depth;
}

static bool has_parent(const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += len;
		path += *path == '/';
	}
	return false;
}

bool tar_path_is_safe(const char *path)
{
	return path[0] != '/' && !has_parent(path);
}

bool tar_link_is_safe(const char *path, const char *target)
{
	int depth = depth_of(path, 0);

	if (!tar_path_is_safe(path) || target[0] == '/' || !*target || depth < 1)
		return false;
	return depth_of(target, depth - 1) >= 0;
}
