#include "test.h"

#include <stdlib.h>

#include "../../runtime/archive.h"

/* What a reader has told: "type path size mode link|" and the contents in {}. */
struct told {
	struct buf text;
	bool refuse;
};

static const char *const types[] = {
    [TAR_FILE] = "file",
    [TAR_DIR] = "dir",
    [TAR_SYMLINK] = "symlink",
    [TAR_HARDLINK] = "hardlink",
    [TAR_OTHER] = "other",
};

static int on_entry(void *ctx, const struct tar_entry *t, struct err *e)
{
	struct told *told = ctx;

	if (told->refuse)
		return err_set(e, ERR_FORBIDDEN, "no %s", t->path);
	buf_addf(&told->text, "%s %s %lld %o %s", types[t->type], t->path, (long long)t->size,
	    t->mode, t->link);
	buf_adds(&told->text, "{");
	return 0;
}

static int on_data(void *ctx, const char *data, size_t len, struct err *e)
{
	struct told *told = ctx;

	buf_add(&told->text, data, len);
	return 0;
}

static int on_entry_end(void *ctx, struct err *e)
{
	struct told *told = ctx;

	buf_adds(&told->text, "}\n");
	return 0;
}

static const struct tar_callbacks callbacks = {on_entry, on_data, on_entry_end};

static int read_all(const struct buf *tar, size_t piece, struct told *told, struct err *e)
{
	struct tar_reader *t = tar_reader_new(&callbacks, told);
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < tar->len; at += piece) {
		/* a copy of its own, so that a read beyond its end is seen */
		size_t len = tar->len - at < piece ? tar->len - at : piece;
		auto_free char *copy = xmalloc(len);

		memcpy(copy, tar->ptr + at, len);
		rc = tar_read(t, copy, len, e);
	}
	if (rc == 0)
		rc = tar_read_end(t, e);
	tar_reader_free(t);
	return rc;
}

static void check_told(const struct buf *tar, const char *want)
{
	static const size_t pieces[] = {1, 7, 511, 512, 513, 100000};

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct told told = {0};
		auto_err e = {0};

		CHECK_INT(read_all(tar, pieces[i], &told, &e), 0);
		CHECK_STR(err_msg(&e), "");
		CHECK_STR(buf_str(&told.text), want);
		buf_release(&told.text);
	}
}

static void check_broken(const struct buf *tar, const char *why)
{
	struct told told = {0};
	auto_err e = {0};

	CHECK_INT(read_all(tar, 300, &told, &e), -1);
	CHECK(strstr(err_msg(&e), why));
	if (!strstr(err_msg(&e), why))
		printf("# %s\n", err_msg(&e));
	buf_release(&told.text);
}

TEST("what is written is read again, in pieces of any size")
{
	auto_buf tar = {0};

	tar_add(&tar, &(struct tar_entry){.path = "d", .type = TAR_DIR, .mode = 0755}, NULL);
	tar_add(&tar, &(struct tar_entry){.path = "d/f", .mode = 04644, .size = 5}, "hello");
	tar_add(&tar, &(struct tar_entry){.path = "empty", .mode = 0600}, NULL);
	tar_add(&tar,
	    &(struct tar_entry){.path = "l", .type = TAR_SYMLINK, .link = "d/f", .mode = 0777},
	    NULL);
	tar_end(&tar);
	CHECK_INT(tar.len % 512, 0);
	check_told(&tar, "dir d/ 0 755 {}\nfile d/f 5 4644 {hello}\nfile empty 0 600 {}\n"
			 "symlink l 0 777 d/f{}\n");
}

TEST("names of any length survive, as those of links do")
{
	char longest[301], want[1000];
	auto_buf tar = {0};

	memset(longest, 'x', 300);
	longest[300] = '\0';
	longest[150] = '/';
	tar_add(&tar, &(struct tar_entry){.path = longest, .size = 1, .mode = 0644}, "1");
	tar_add(&tar,
	    &(struct tar_entry){.path = "a", .type = TAR_HARDLINK, .link = longest, .mode = 0644},
	    NULL);
	longest[100] = '\0'; /* the longest that needs no help, and one more */
	tar_add(&tar, &(struct tar_entry){.path = longest, .mode = 0644}, NULL);
	tar_end(&tar);
	longest[100] = 'x';
	snprintf(want, sizeof(want),
	    "file %s 1 644 {1}\nhardlink a 0 644 %s{}\nfile %.100s 0 644 {}\n", longest, longest,
	    longest);
	check_told(&tar, want);
}

/* The archive of the system's tar. */
static void system_tar(struct buf *tar, const char *script)
{
	char command[1024], piece[4096];
	FILE *f;
	size_t n;

	snprintf(command, sizeof(command),
	    "set -e; d=$(mktemp -d); cd \"$d\"; { %s; } >/dev/null; tar %s; rm -rf \"$d\"", script,
	    "--sort=name --owner=0 --group=0 -cf - $opts .");
	f = popen(command, "r");
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(tar, piece, n);
	CHECK_INT(pclose(f), 0);
}

TEST("GNU's and pax archives of the system's tar are read")
{
	static const char *const formats[] = {"gnu", "pax", "ustar", "v7"};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		auto_buf tar = {0};
		char script[300];

		snprintf(script, sizeof(script),
		    "umask 022; mkdir a; printf hi >a/b; ln -s b a/c; opts=--format=%s",
		    formats[i]);
		system_tar(&tar, script);
		check_told(&tar, "dir ./ 0 700 {}\ndir ./a/ 0 755 {}\nfile ./a/b 2 644 {hi}\n"
				 "symlink ./a/c 0 777 b{}\n");
	}
	for (size_t i = 0; i < 2; i++) {
		auto_buf tar = {0};
		char script[300], name[201], want[600];

		memset(name, 'n', 200);
		name[200] = '\0';
		snprintf(script, sizeof(script), "umask 022; printf 1 >%s; opts=--format=%s", name,
		    formats[i]);
		system_tar(&tar, script);
		snprintf(want, sizeof(want), "dir ./ 0 700 {}\nfile ./%s 1 644 {1}\n", name);
		check_told(&tar, want);
	}
}

TEST("a broken archive is refused, and so is one that ends in the middle")
{
	auto_buf tar = {0}, other = {0};

	tar_add(&tar, &(struct tar_entry){.path = "f", .mode = 0644, .size = 5}, "hello");
	buf_add(&other, tar.ptr, tar.len - 100);
	check_broken(&other, "ends in the middle");
	tar.ptr[0] = 'g';
	check_broken(&tar, "checksum");
	buf_clear(&tar);
	buf_pad(&tar, 'a', 512);
	check_broken(&tar, "checksum");
	buf_clear(&tar);
	tar_add_header(&tar, &(struct tar_entry){.path = "f", .size = 100});
	check_broken(&tar, "ends in the middle");
}

/* A header of the type with contents, its checksum made good. */
static void raw_entry(struct buf *tar, char type, const char *data, size_t len)
{
	size_t at = tar->len;
	unsigned sum = 0;
	char digits[8];

	tar_add_header(tar, &(struct tar_entry){.path = "x", .size = (int64_t)len});
	tar->ptr[at + 156] = type;
	memset(tar->ptr + at + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)tar->ptr[at + i];
	snprintf(digits, sizeof(digits), "%06o", sum & 0777777);
	memcpy(tar->ptr + at + 148, digits, 7);
	buf_add(tar, data, len);
	tar_pad(tar, (int64_t)len);
}

TEST("pax headers that lie about their lengths are refused")
{
	static const char *const lies[] = {"", "99 path=x\n", "3 path=x\n", "10 path=xyz",
	    "5 a=\n7", "8 path x\n", "x path=x\n", "18446744073709551626 path=x\n",
	    "13 size=-7xx\n"};

	for (size_t i = 1; i < ARRAY_LEN(lies); i++) {
		auto_buf tar = {0};

		raw_entry(&tar, 'x', lies[i], strlen(lies[i]));
		tar_add(&tar, &(struct tar_entry){.path = "f"}, NULL);
		check_broken(&tar, "the archive is broken");
	}
	auto_buf nul = {0};
	raw_entry(&nul, 'x', "12 path=a\0b\n", 12);
	tar_add(&nul, &(struct tar_entry){.path = "f"}, NULL);
	check_broken(&nul, "NUL");
	auto_buf dangling = {0};
	raw_entry(&dangling, 'L', "name", 4);
	check_broken(&dangling, "ends in the middle");
}

TEST("devices and unknown types are told as such and their sizes mean nothing")
{
	auto_buf tar = {0};

	raw_entry(&tar, '3', "", 0);
	raw_entry(&tar, 'g', "13 comment=a\n", 13); /* of all that follow: passed over */
	tar_add(&tar, &(struct tar_entry){.path = "f"}, NULL);
	tar_end(&tar);
	check_told(&tar, "other x 0 0 {}\nfile f 0 0 {}\n");
}

TEST("a callback that says no ends the reading with its reason")
{
	auto_buf tar = {0};
	struct told told = {.refuse = true};
	auto_err e = {0};

	tar_add(&tar, &(struct tar_entry){.path = "f", .size = 1}, "1");
	CHECK_INT(read_all(&tar, 100, &told, &e), -1);
	CHECK_INT(e.reason, ERR_FORBIDDEN);
	CHECK_STR(err_msg(&e), "no f");
}

TEST("names that leave the folder are not safe, nor are links whose targets do")
{
	static const char *const bad[] = {
	    "/etc/passwd", "..", "../x", "a/../../x", "a/..", "./../x", "a/../b"};
	static const char *const good[] = {"", ".", "a", "./a/b/", "a..b/..c/d..", "..."};
	static const struct {
		const char *path, *target;
		bool safe;
	} links[] = {
	    {"a/l", "b", true},
	    {"a/l", "../b", true},
	    {"a/l", "../../b", false},
	    {"l", "..", false},
	    {"a/b/l", "../../c/../d", true},
	    {"a/b/l", "c/../../../../d", false},
	    {"l", "/etc/passwd", false},
	    {"../l", "x", false},
	    {"l", "", false},
	    {".", "x", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!tar_path_is_safe(bad[i]));
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		CHECK(tar_path_is_safe(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		CHECK_INT(tar_link_is_safe(links[i].path, links[i].target), links[i].safe);
}

int main(void)
{
	return test_main();
}
