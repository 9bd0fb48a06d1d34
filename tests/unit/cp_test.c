/* kjob cp: its arguments, and archives that are packed and unpacked, hostile ones too. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../cmd/cp_files.h"
#include "../../cmd/cp_spec.h"
#include "../../runtime/archive.h"
#include "test.h"

TEST("a remote place is NAMESPACE/POD:PATH, and what begins with a dot or a slash is local")
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"web:/etc/x", "-|web|/etc/x"},
	    {"ns/web:x:y", "ns|web|x:y"},
	    {"./a:b", "-|-|./a:b"},
	    {"/a:b", "-|-|/a:b"},
	    {"plain", "-|-|plain"},
	    {":x", "error"},
	    {"a/b/c:x", "error"},
	    {"a/:x", "error"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_cp_spec s = {0};
		auto_err e = {0};
		auto_free char *got =
		    cp_spec_parse(cases[i].text, &s, &e) < 0
			? xstrdup("error")
			: xasprintf("%s|%s|%s", s.ns ? s.ns : "-", s.pod ? s.pod : "-", s.path);

		CHECK_STR(got, cases[i].want);
	}
}

TEST("paths have a folder and a last part")
{
	static const char *const cases[][3] = {{"/a/b", "/a", "b"}, {"/a/b//", "/a", "b"},
	    {"/a", "/", "a"}, {"a", ".", "a"}, {"/", ".", "."}, {"a//b", "a", "b"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *dir = cp_dir(cases[i][0]), *base = cp_base(cases[i][0]);

		if (!str_eq(cases[i][0], "/"))
			CHECK_STR(dir, cases[i][1]);
		CHECK_STR(base, cases[i][2]);
	}
}

/* ---- archives ---- */

static char *new_folder(void)
{
	char *dir = xstrdup("/tmp/kjob-cp-test-XXXXXX");

	if (!mkdtemp(dir))
		abort();
	return dir;
}

static void shell(const char *command, const char *dir)
{
	auto_free char *text = xasprintf("cd '%s' && %s", dir, command);

	CHECK_INT(system(text), 0);
}

static bool there(const char *dir, const char *name)
{
	auto_free char *path = xasprintf("%s/%s", dir, name);
	struct stat st;

	return lstat(path, &st) == 0;
}

struct row {
	const char *path, *link;
	enum tar_type type;
};

/* Unpacks these entries to DIR/out; the error's text. */
static char *unpack(const char *dir, const struct row *rows, size_t count, size_t *skipped)
{
	auto_buf tar = {0};
	auto_free char *target = xasprintf("%s/out", dir);
	struct unpacker *u = unpacker_new(target, "x");
	auto_err e = {0};
	char *text;

	for (size_t i = 0; i < count; i++) {
		struct tar_entry entry = {.path = rows[i].path,
		    .link = rows[i].link,
		    .type = rows[i].type,
		    .mode = 04755,
		    .size = rows[i].type == TAR_FILE ? 4 : 0};

		tar_add(&tar, &entry, rows[i].type == TAR_FILE ? "text" : NULL);
	}
	tar_end(&tar);
	if (unpacker_write(u, tar.ptr, tar.len, &e) == 0 && unpacker_end(u, &e) == 0)
		CHECK_STR(err_msg(&e), "");
	text = xstrdup(err_msg(&e));
	if (skipped)
		*skipped = unpacker_skipped(u);
	unpacker_free(u);
	return text;
}

TEST("archives that write elsewhere are refused")
{
	static const struct row cases[][3] = {
	    {{"../evil", NULL, TAR_FILE}},
	    {{"/evil", NULL, TAR_FILE}},
	    {{"d/", NULL, TAR_DIR}, {"d/../../evil", NULL, TAR_FILE}},
	    {{"d/", NULL, TAR_DIR}, {"other/evil", NULL, TAR_FILE}},
	    {{"d", NULL, TAR_FILE}, {"d/evil", NULL, TAR_FILE}},
	    {{"d/", NULL, TAR_DIR}, {"d/l", "s", TAR_SYMLINK}, {"d/l/evil", NULL, TAR_FILE}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *dir = new_folder(), *text = NULL;
		size_t n = 0;

		while (n < 3 && cases[i][n].path)
			n++;
		text = unpack(dir, cases[i], n, NULL);
		CHECK(strstr(text, "the archive from the container is refused: ") == text);
		CHECK(!there(dir, "evil") && !there(dir, "../evil") && !there(dir, "out/s/evil"));
		shell("rm -rf \"$PWD\"", dir);
	}
}

TEST("links out of the folder are left out, others are kept")
{
	static const struct row rows[] = {
	    {"./d/", NULL, TAR_DIR},
	    {"./d/f", NULL, TAR_FILE},
	    {"./d/abs", "/etc/passwd", TAR_SYMLINK},
	    {"./d/up", "../../x", TAR_SYMLINK},
	    {"./d/in", "f", TAR_SYMLINK},
	    {"./d/hard", "./d/f", TAR_HARDLINK},
	    {"./d/far", "../etc/passwd", TAR_HARDLINK},
	    {"./d/gone", "d/nothing", TAR_HARDLINK},
	};
	auto_free char *dir = new_folder(), *text = NULL;
	size_t skipped = 0;

	text = unpack(dir, rows, ARRAY_LEN(rows), &skipped);
	CHECK_STR(text, "");
	CHECK_INT(skipped, 4);
	CHECK(there(dir, "out/f") && there(dir, "out/in") && there(dir, "out/hard"));
	CHECK(!there(dir, "out/abs") && !there(dir, "out/up") && !there(dir, "out/far"));
	shell("test ! -u out/f && test -x out/f && rm -rf \"$PWD\"", dir);
}

TEST("links that are there already are not written through")
{
	static const struct row rows[] = {{"d/", NULL, TAR_DIR}, {"d/f", NULL, TAR_FILE}};
	static const struct row deep[] = {{"d/", NULL, TAR_DIR}, {"d/s/f", NULL, TAR_FILE}};
	auto_free char *dir = new_folder(), *text = NULL, *refused = NULL;

	shell(
	    "mkdir out other && echo old > old && ln -s ../old out/f && ln -s ../other out/s", dir);
	text = unpack(dir, rows, 2, NULL);
	CHECK_STR(text, "");
	refused = unpack(dir, deep, 2, NULL);
	CHECK(strstr(refused, "refused") != NULL);
	shell("grep -q old old && grep -q text out/f && test ! -e other/f && rm -rf \"$PWD\"", dir);
}

TEST("what is packed comes out the same")
{
	auto_free char *dir = new_folder(), *from = xasprintf("%s/a", dir),
		       *to = xasprintf("%s/b", dir);
	auto_err e = {0};
	struct packer *p;
	struct unpacker *u = unpacker_new(to, "a");
	char piece[777];
	int64_t n;

	shell("mkdir -p a/sub/empty && seq 9999 > a/sub/n && : > a/zero && ln -s sub/n a/l && "
	      "printf x > a/one && seq 64 | tr -d '\\n' | head -c 512 > a/block",
	    dir);
	p = packer_new(from, "name", true, &e);
	while ((n = packer_read(p, piece, sizeof(piece), &e)) > 0)
		CHECK_INT(unpacker_write(u, piece, (size_t)n, &e), 0);
	CHECK_INT(n, 0);
	CHECK_INT(unpacker_end(u, &e), 0);
	CHECK_STR(err_msg(&e), "");
	packer_free(p);
	unpacker_free(u);
	shell("diff -r a b && rm -rf \"$PWD\"", dir);
	CHECK(packer_new("/nonexistent/x", "x", true, &e) == NULL);
	CHECK(strstr(err_msg(&e), "/nonexistent/x") != NULL);
}

int main(void)
{
	return test_main();
}
