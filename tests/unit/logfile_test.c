#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../controller/store/logfile.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/paths.h"
#include "../../runtime/base/str.h"

#define T0 (INT64_C(1767323045) * NSEC_PER_SEC) /* 2026-01-02T03:04:05Z */

static const struct log_query whole = {.tail_lines = -1};

static char *fresh_path(void)
{
	static int n;

	return xasprintf("%s/%d/c/0.log", test_dir(), n++);
}

static struct logfile *open_log(const char *path, uint64_t max)
{
	auto_err e = {0};
	struct logfile *f = logfile_open(path, max, &e);

	CHECK_STR(err_msg(&e), "");
	return f;
}

static void put(struct logfile *f, enum log_stream stream, int64_t ns, const char *text)
{
	CHECK_INT(logfile_write(f, stream, ns, text, strlen(text), NULL), 0);
}

/* All output of a query, read in steps of `want`; owned. */
static char *read_log(const char *path, const struct log_query *q, size_t want, size_t *ret_len)
{
	auto_err e = {0};
	auto_buf out = {0};
	struct logreader *r = logreader_open(path, q, &e);
	int rc;

	CHECK_STR(err_msg(&e), "");
	if (!r)
		return NULL;
	while ((rc = logreader_next(r, want, &out, &e)) > 0)
		;
	CHECK_INT(rc, 0);
	logreader_free(r);
	if (ret_len)
		*ret_len = out.len;
	return buf_take(&out);
}

static void check_log(const char *path, const struct log_query *q, const char *want)
{
	auto_free char *got = read_log(path, q, 4096, NULL);

	CHECK_STR(got, want);
}

static void check_raw(const char *path, const char *want)
{
	auto_free char *got = path_read_file(path, MIB, NULL, NULL);

	CHECK_STR(got, want);
}

TEST("a piece becomes entries with time, stream and tag, and a prompt is there before its newline")
{
	auto_free char *path = fresh_path();
	struct logfile *f = open_log(path, 0);

	put(f, LOG_STDOUT, T0 + 7, "one\ntwo\nname? ");
	put(f, LOG_STDERR, T0 + 8, "err\n");
	CHECK_INT(logfile_flush(f, NULL), 0);
	check_raw(path, "2026-01-02T03:04:05.000000007Z stdout F one\n"
			"2026-01-02T03:04:05.000000007Z stdout F two\n"
			"2026-01-02T03:04:05.000000007Z stdout P name? \n"
			"2026-01-02T03:04:05.000000008Z stderr F err\n");
	check_log(path, &whole, "one\ntwo\nname? err\n");
	put(f, LOG_STDOUT, T0 + 9, "Joe\n\n");
	CHECK_INT(logfile_flush(f, NULL), 0);
	check_log(path, &(struct log_query){.tail_lines = -1, .streams = LOG_STDOUT},
	    "one\ntwo\nname? Joe\n\n");
	CHECK_INT(logfile_content_bytes(f, LOG_STDOUT), 19);
	CHECK_INT(logfile_content_bytes(f, LOG_STDERR), 4);
	logfile_close(f);
}

TEST("timestamps stand at line starts only: of the output, or of each stream when framed")
{
	auto_free char *path = fresh_path();
	auto_free char *framed = NULL;
	struct logfile *f = open_log(path, 0);
	size_t len;

	put(f, LOG_STDOUT, T0, "a");
	put(f, LOG_STDERR, T0 + 1, "E\n");
	put(f, LOG_STDOUT, T0 + 2, "b\nc");
	logfile_close(f);
	check_log(path, &(struct log_query){.tail_lines = -1, .timestamps = true},
	    "2026-01-02T03:04:05.000000000Z aE\n"
	    "2026-01-02T03:04:05.000000002Z b\n"
	    "2026-01-02T03:04:05.000000002Z c");
	framed = read_log(path,
	    &(struct log_query){.tail_lines = -1, .timestamps = true, .framed = true}, 4096, &len);
	CHECK_INT(len, 3 * 8 + 3 * 31 + 6);
	CHECK_INT(memcmp(framed, "\1\0\0\0\0\0\0\x20", 8), 0);
	CHECK_INT(memcmp(framed + 40, "\2\0\0\0\0\0\0\x21", 8), 0);
	CHECK_INT(memcmp(framed + 81,
		      "\1\0\0\0\0\0\0\x22"
		      "b\n2026",
		      14),
	    0);
	CHECK_INT(framed[len - 1], 'c');
}

TEST("the limit cuts the output to the byte and reads as the end for good")
{
	auto_free char *path = fresh_path();
	auto_buf out = {0};
	struct log_query q = {.tail_lines = -1, .limit_bytes = 5};
	struct logfile *f = open_log(path, 0);
	struct logreader *r;

	put(f, LOG_STDOUT, T0, "abc\ndef\n");
	CHECK_INT(logfile_flush(f, NULL), 0);
	r = logreader_open(path, &q, NULL);
	CHECK_INT(logreader_next(r, 1, &out, NULL), 1);
	CHECK(!logreader_done(r));
	CHECK_INT(logreader_next(r, 100, &out, NULL), 0);
	CHECK(logreader_done(r));
	CHECK_STR(buf_str(&out), "abc\nd");
	logreader_free(r);
	q.framed = true;
	r = logreader_open(path, &q, NULL);
	buf_clear(&out);
	CHECK_INT(logreader_next(r, 100, &out, NULL), 0);
	CHECK_INT(out.len, 8 + 5);
	CHECK_INT(out.ptr[7], 5);
	logreader_free(r);
	q = (struct log_query){.tail_lines = -1, .limit_bytes = 10, .timestamps = true};
	check_log(path, &q, "2026-01-02");
	logfile_close(f);
}

TEST(
    "a follower sees what is appended after it read to the end, once its line is whole in the file")
{
	auto_free char *path = fresh_path();
	auto_buf out = {0};
	struct logfile *f = open_log(path, 0);
	struct logreader *r = logreader_open(path, &whole, NULL);
	int fd = open(path, O_WRONLY | O_APPEND);
	const char *half = "2026-01-02T03:04:05.000000007Z stdout F ha";

	CHECK_INT(logreader_next(r, 100, &out, NULL), 0);
	put(f, LOG_STDOUT, T0, "one\n");
	CHECK_INT(logreader_next(r, 100, &out, NULL), 0);
	CHECK_STR(buf_str(&out), "");
	CHECK_INT(logfile_flush(f, NULL), 0);
	CHECK_INT(logreader_next(r, 100, &out, NULL), 0);
	CHECK_STR(buf_str(&out), "one\n");
	CHECK_INT(write(fd, half, strlen(half)), strlen(half));
	CHECK_INT(logreader_next(r, 100, &out, NULL), 0);
	CHECK_STR(buf_str(&out), "one\n");
	CHECK_INT(write(fd, "lf\n", 3), 3);
	CHECK_INT(logreader_next(r, 100, &out, NULL), 0);
	CHECK_STR(buf_str(&out), "one\nhalf\n");
	close(fd);
	logreader_free(r);
	logfile_close(f);
}

TEST("opening again counts the contents and cuts a torn or damaged end")
{
	static const char *const tails[] = {"2026-01-02T03:04:05.0000", "garbage\n", "\n\n",
	    "2026-01-02T03:04:05.000000007Z stdwut F x\n2026-01-02T03:04:05.000000007Z stdout F "
	    "y\n"};

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		auto_free char *path = fresh_path();
		struct logfile *f = open_log(path, 0);
		int fd;

		put(f, LOG_STDOUT, T0, "one\ntw");
		put(f, LOG_STDERR, T0, "E\n");
		logfile_note(f, T0, "some output\nis missing");
		logfile_close(f);
		fd = open(path, O_WRONLY | O_APPEND);
		CHECK_INT(write(fd, tails[i], strlen(tails[i])), strlen(tails[i]));
		close(fd);
		f = open_log(path, 0);
		CHECK_INT(logfile_content_bytes(f, LOG_STDOUT), 6);
		CHECK_INT(logfile_content_bytes(f, LOG_STDERR), 2);
		put(f, LOG_STDOUT, T0, "o\n");
		logfile_close(f);
		check_log(path, &whole, "one\ntwE\n[kjob] some output is missing\no\n");
	}
}

TEST("a note begins a line of its own and never counts as output of the container")
{
	auto_free char *path = fresh_path();
	struct logfile *f = open_log(path, 0);

	put(f, LOG_STDERR, T0, "[kjob] not a note\nhalf");
	logfile_note(f, T0 + 1, "a note");
	logfile_close(f);
	check_log(path, &whole, "[kjob] not a note\nhalf\n[kjob] a note\n");
	f = open_log(path, 0);
	CHECK_INT(logfile_content_bytes(f, LOG_STDERR), 22);
	logfile_close(f);
}

TEST("past the limit output is dropped and counted, and the last line says so, once")
{
	auto_free char *path = fresh_path();
	struct logfile *f = open_log(path, 100);

	put(f, LOG_STDOUT, T0, "0123456789\n0123456789\n");
	CHECK_INT(logfile_content_bytes(f, LOG_STDOUT), 22);
	put(f, LOG_STDOUT, T0, "x\n");
	logfile_close(f);
	check_log(path, &whole,
	    "0123456789\n"
	    "[kjob] log was cut here: 13 bytes of output dropped (limit 100 bytes)\n");
	/* A new controller takes up where the file ends; the engine's log gives the rest again. */
	f = open_log(path, 100);
	CHECK_INT(logfile_content_bytes(f, LOG_STDOUT), 11);
	put(f, LOG_STDOUT, T0, "0123456789\nx\n");
	logfile_close(f);
	check_log(path, &whole,
	    "0123456789\n"
	    "[kjob] log was cut here: 13 bytes of output dropped (limit 100 bytes)\n");
}

TEST("a write error is reported once; the file stays whole and the rest is counted")
{
	auto_free char *path = fresh_path();
	auto_free char *big = xmalloc(300000);
	auto_err e = {0};
	struct rlimit old, small = {0};
	struct logfile *f = open_log(path, 0);

	memset(big, 'x', 300000);
	for (size_t i = 99; i < 300000; i += 100)
		big[i] = '\n';
	put(f, LOG_STDOUT, T0, "kept\n");
	CHECK_INT(logfile_flush(f, NULL), 0);
	signal(SIGXFSZ, SIG_IGN); /* EFBIG stands for a full disk */
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 1000;
	setrlimit(RLIMIT_FSIZE, &small);
	CHECK_INT(logfile_write(f, LOG_STDOUT, T0, big, 300000, &e), -1);
	CHECK(strstr(err_msg(&e), path) && strstr(err_msg(&e), "File too large"));
	CHECK_INT(logfile_write(f, LOG_STDOUT, T0, big, 300, NULL), 0);
	CHECK_INT(logfile_flush(f, NULL), 0);
	setrlimit(RLIMIT_FSIZE, &old);
	logfile_close(f);
	check_log(path, &whole,
	    "kept\n[kjob] log was cut here: 300300 bytes of output dropped (File too large)\n");
}

TEST("all logs of a pod are removed together")
{
	auto_free char *path0 = fresh_path(), *logs = xasprintf("%s/logs", test_dir()), *pod = NULL;

	for (int i = 0; i < 12; i++) {
		auto_free char *path = logfile_path(logs, "default", "p", "u1", "c", i);

		logfile_close(open_log(path, 0));
	}
	logfile_remove_pod(logs, "default", "p", "u2");
	logfile_remove_pod(logs, "default", "p", "u1");
	pod = xasprintf("%s/default_p_u1", logs);
	CHECK_INT(access(pod, F_OK), -1);
	CHECK_INT(access(logs, F_OK), 0);
}

TEST("a log that is not there is a NotFound error")
{
	auto_free char *path = fresh_path();
	auto_err e = {0};

	CHECK(!logreader_open(path, &whole, &e));
	CHECK_INT(e.reason, ERR_NOT_FOUND);
}

/* ---- random logs against a naive model ---- */

static uint64_t seed = 88172645463325252u;

static unsigned rnd(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 20) % n;
}

struct model_entry {
	enum log_stream stream;
	int64_t ns;
	char *text; /* with its newline, where there is one */
	size_t len;
};

struct model {
	struct model_entry *items;
	size_t len, cap;
	struct buf content[3];
};

static void model_add(
    struct model *m, enum log_stream stream, int64_t ns, const char *data, size_t len)
{
	buf_add(&m->content[stream], data, len);
	while (len > 0) {
		const char *nl = memchr(data, '\n', len);
		size_t n = nl ? (size_t)(nl - data) + 1 : len;

		GROW(m->items, m->cap, m->len + 1);
		m->items[m->len++] = (struct model_entry){stream, ns, xmemdup(data, n), n};
		data += n;
		len -= n;
	}
}

static void model_release(struct model *m)
{
	for (size_t i = 0; i < m->len; i++)
		free(m->items[i].text);
	free(m->items);
	for (int i = 0; i < 3; i++)
		buf_release(&m->content[i]);
}

static bool model_ends_line(const struct model_entry *it)
{
	return it->text[it->len - 1] == '\n';
}

/* What a query without timestamps and frames must print. */
static void model_query(const struct model *m, const struct log_query *q, struct buf *out)
{
	unsigned streams = q->streams ? q->streams : LOG_STDOUT | LOG_STDERR;
	int64_t lines = 0;
	size_t from = m->len;
	bool any = false;

	while (from > 0) {
		const struct model_entry *it = &m->items[from - 1];

		if ((streams & it->stream) && (model_ends_line(it) || !any)) {
			if (q->tail_lines >= 0 && lines == q->tail_lines)
				break;
			lines++;
		}
		any |= (streams & it->stream) != 0;
		from--;
	}
	for (; from < m->len; from++) {
		const struct model_entry *it = &m->items[from];

		if ((streams & it->stream) && it->ns >= q->since_ns)
			buf_add(out, it->text, it->len);
	}
	if (q->limit_bytes > 0 && out->len > (size_t)q->limit_bytes)
		out->len = (size_t)q->limit_bytes;
}

static void random_piece(struct buf *piece, unsigned longest)
{
	unsigned len = 1 + rnd(rnd(20) == 0 ? longest : 40);

	buf_clear(piece);
	for (unsigned i = 0; i < len; i++)
		buf_addch(piece, rnd(9) == 0 ? '\n' : (char)rnd(256));
}

static void random_log(const char *path, struct model *m, unsigned pieces, unsigned longest)
{
	struct logfile *f = open_log(path, 0);
	auto_buf piece = {0};
	int64_t ns = T0;

	for (unsigned i = 0; i < pieces; i++) {
		enum log_stream stream = rnd(3) ? LOG_STDOUT : LOG_STDERR;

		ns += rnd(3) * 1000;
		random_piece(&piece, longest);
		CHECK_INT(logfile_write(f, stream, ns, piece.ptr, piece.len, NULL), 0);
		model_add(m, stream, ns, piece.ptr, piece.len);
		if (rnd(10) == 0)
			CHECK_INT(logfile_flush(f, NULL), 0);
		if (rnd(50) == 0) {
			logfile_close(f);
			f = open_log(path, 0);
			CHECK_INT(logfile_content_bytes(f, LOG_STDOUT), m->content[LOG_STDOUT].len);
			CHECK_INT(logfile_content_bytes(f, LOG_STDERR), m->content[LOG_STDERR].len);
		}
	}
	logfile_close(f);
}

static void check_same(const char *got, size_t got_len, const struct buf *want)
{
	CHECK_INT(got_len, want->len);
	CHECK(got_len == want->len && (got_len == 0 || memcmp(got, want->ptr, got_len) == 0));
}

static void check_framed(const char *path, const struct model *m)
{
	const struct log_query q = {.tail_lines = -1, .framed = true};
	struct buf streams[3] = {{0}};
	size_t len, at = 0;
	auto_free char *got = read_log(path, &q, 1 + rnd(100000), &len);

	while (at + 8 <= len) {
		const unsigned char *h = (const unsigned char *)got + at;
		size_t n = (size_t)h[4] << 24 | (size_t)h[5] << 16 | (size_t)h[6] << 8 | h[7];

		CHECK((h[0] == 1 || h[0] == 2) && !h[1] && !h[2] && !h[3] && n <= len - at - 8);
		if (test_failed)
			break;
		buf_add(&streams[h[0]], got + at + 8, n);
		at += 8 + n;
	}
	CHECK_INT(at, len);
	for (int s = 1; s <= 2; s++) {
		check_same(streams[s].ptr, streams[s].len, &m->content[s]);
		buf_release(&streams[s]);
	}
}

TEST("random pieces come out byte for byte, per stream, in frames and through every query")
{
	int rounds = test_rounds(6, 3), queries = test_rounds(20, 5);

	for (int round = 0; round < rounds && !test_failed; round++) {
		auto_free char *path = fresh_path();
		struct model m = {0};

		/* Some files of many blocks, some lines longer than an entry. */
		random_log(path, &m, 1 + rnd((unsigned)(round % 3 ? 200 : test_rounds(2000, 500))),
		    round % 2 ? 300 : 200000);
		check_framed(path, &m);
		for (int i = 0; i < queries && !test_failed; i++) {
			struct log_query q = {.tail_lines = (int64_t)rnd(60) - 1};
			auto_buf want = {0};
			auto_free char *got = NULL;
			size_t len;

			if (rnd(4) == 0)
				q.tail_lines = rnd(40000);
			q.streams = rnd(4);
			q.since_ns = rnd(2) ? T0 + (int64_t)rnd(4000) * 1000 : 0;
			q.limit_bytes = rnd(3) ? 0 : 1 + rnd(100000);
			model_query(&m, &q, &want);
			got = read_log(path, &q, 1 + rnd(100000), &len);
			check_same(got, len, &want);
		}
		model_release(&m);
	}
}

static void write_garbage(const char *path, unsigned size)
{
	static const char *const bits[] = {"2026-01-02T03:04:05.000000007Z ", "stdout ", "stderr ",
	    "F ", "P ", "F:kjob ", "F:", "x", "\n", "\n"};
	auto_buf out = {0};
	FILE *f;

	if (rnd(3) == 0)
		buf_pad(&out, 'z', 300000); /* longer than any entry */
	while (out.len < size) {
		if (rnd(4) == 0)
			buf_addf(&out, "%s%s%s%u\n", bits[0], bits[1 + rnd(2)], bits[3 + rnd(4)],
			    rnd(99));
		else
			buf_adds(&out, bits[rnd(ARRAY_LEN(bits))]);
	}
	logfile_close(open_log(path, 0)); /* makes the folders */
	f = fopen(path, "w");
	CHECK_INT(fwrite(out.ptr, 1, out.len, f), out.len);
	fclose(f);
}

TEST("a damaged file gives the good entries that it has, whatever is asked, and can be taken up")
{
	for (int round = 0; round < 40; round++) {
		auto_free char *path = fresh_path();
		auto_free char *got = NULL;
		struct log_query q = {.tail_lines = (int64_t)rnd(20) - 1,
		    .since_ns = rnd(2) ? T0 : 0,
		    .timestamps = rnd(2),
		    .framed = rnd(2),
		    .streams = rnd(4)};

		write_garbage(path, 1 + rnd(round % 4 ? 2000 : 700000));
		got = read_log(path, &q, 1 + rnd(5000), NULL);
		CHECK(got != NULL);
		logfile_close(open_log(path, 0));
	}
}

int main(void)
{
	return test_main();
}
