#include "logstream.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "../runtime/base/clock.h"

#define LINE_MAX_BYTES (1 * MIB)
#define FAILURES_MAX 20
#define LIVED_MS 5000 /* a stream that lived as long was no failure */
#define STALL_MS 500
#define STALL_PIECE 4096u /* what a pipe that is writable takes without blocking */
#define FRAMED_TYPE "application/vnd.docker.multiplexed-stream"

/* ---- writing ---- */

static bool may_write(struct outlet *o, int fd, size_t *len)
{
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};

	if (o->abandoned)
		return false;
	if (!o->interrupted || !*o->interrupted)
		return true;
	if (*len > STALL_PIECE)
		*len = STALL_PIECE;
	if (poll(&pfd, 1, STALL_MS) == 0)
		o->abandoned = true;
	return !o->abandoned;
}

void outlet_write(struct outlet *o, int fd, const void *data, size_t len)
{
	const char *p = data;

	if (len && o->before) {
		o->before(o->ctx);
		o->before = NULL;
	}
	while (len && !(o->error && fd == o->out_fd)) {
		size_t piece = len;
		ssize_t n;

		if (!may_write(o, fd, &piece))
			return;
		n = write(fd, p, piece);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd pfd = {.fd = fd, .events = POLLOUT};

			poll(&pfd, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			if (fd == o->out_fd)
				o->error = errno;
			return; /* standard error has nobody to be told */
		}
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

static void write_line(struct outlet *o, int fd, const char *prefix, const struct buf *partial,
    const char *data, size_t len, bool add_newline)
{
	auto_buf line = {0};

	buf_adds(&line, prefix);
	buf_add(&line, partial->ptr, partial->len);
	buf_add(&line, data, len);
	if (add_newline)
		buf_addch(&line, '\n');
	outlet_write(o, fd, line.ptr, line.len);
}

void line_sink_write(struct line_sink *s, struct outlet *o, int fd, const char *prefix,
    const char *data, size_t len, bool end)
{
	const char *newline;

	if (!s->partial.max)
		buf_init(&s->partial, 2 * LINE_MAX_BYTES);
	while (len && (newline = memchr(data, '\n', len))) {
		size_t n = (size_t)(newline - data) + 1;

		write_line(o, fd, prefix, &s->partial, data, n, false);
		buf_clear(&s->partial);
		data += n;
		len -= n;
	}
	if (len)
		buf_add(&s->partial, data, len);
	/* A line without end is passed on in pieces. */
	if (s->partial.len && (end || s->partial.len >= LINE_MAX_BYTES)) {
		write_line(o, fd, prefix, &s->partial, NULL, 0, true);
		buf_clear(&s->partial);
	}
}

/* ---- frames ---- */

int frame_next(struct frame_parser *p, const char *data, size_t len, size_t *at, const char **ret,
    size_t *ret_len)
{
	while (*at < len) {
		size_t rest = len - *at, n;

		if (p->left) {
			n = rest < p->left ? rest : p->left;
			*ret = data + *at;
			*ret_len = n;
			*at += n;
			p->left -= (uint32_t)n;
			return p->head[0] == 2 ? 2 : 1;
		}
		if (p->head_len == sizeof(p->head))
			p->head_len = 0;
		n = sizeof(p->head) - p->head_len;
		n = rest < n ? rest : n;
		memcpy(p->head + p->head_len, data + *at, n);
		p->head_len += n;
		*at += n;
		if (p->head_len == sizeof(p->head))
			p->left = (uint32_t)p->head[4] << 24 | (uint32_t)p->head[5] << 16 |
				  (uint32_t)p->head[6] << 8 | p->head[7];
	}
	return 0;
}

/* ---- the stream ---- */

static void pass(struct logstream *s, int stream, const char *data, size_t len)
{
	struct outlet *o = s->outlet;
	int fd = stream == 2 ? o->err_fd : o->out_fd;

	if (s->skip) {
		size_t drop = s->skip < len ? (size_t)s->skip : len;

		s->skip -= drop;
		data += drop;
		len -= drop;
	}
	if (!len)
		return;
	s->passed += len;
	if (s->prefix)
		line_sink_write(&s->lines[stream - 1], o, fd, s->prefix, data, len, false);
	else
		outlet_write(o, fd, data, len);
}

static void pass_text(void *ctx, const char *data, size_t len)
{
	pass(ctx, 1, data, len);
}

static bool on_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct logstream *s = ctx;
	const char *piece;
	size_t at = 0, n;
	int stream;

	if (s->stamped || !s->framed) {
		if (s->stamped)
			logstamps_feed(&s->stamps, data, len, pass_text, s);
		else
			pass(s, 1, data, len);
		return true;
	}
	while ((stream = frame_next(&s->frames, data, len, &at, &piece, &n)))
		pass(s, stream, piece, n);
	return true;
}

static void on_headers(void *ctx, uint64_t key, const struct http_response *r)
{
	struct logstream *s = ctx;
	const char *type = http_header(r, "Content-Type");

	client_note_headers(s->client, r);
	s->from_kjob = http_header(r, "Kjob-Version") != NULL;
	s->framed = s->want_framed && type && str_has_prefix(type, FRAMED_TYPE);
}

static void flush_lines(struct logstream *s)
{
	for (int i = 0; s->prefix && i < 2; i++)
		line_sink_write(&s->lines[i], s->outlet, i ? s->outlet->err_fd : s->outlet->out_fd,
		    s->prefix, NULL, 0, true);
}

static void on_done(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct logstream *s = ctx;

	s->id = 0;
	if (clock_mono_ms() - s->began_ms >= LIVED_MS)
		s->failures = 0;
	err_clear(&s->err);
	if (err)
		client_transport_error(s->client, r, err, &s->err);
	else if (r->status >= 400)
		client_status_error(r->status, r->body, r->body_len, &s->err);
	s->state = s->err.reason ? LOGSTREAM_FAILED : LOGSTREAM_ENDED;
	if (s->err.reason && client_may_resume(s->client, &s->err) && (!err || !s->no_resume) &&
	    s->failures++ < FAILURES_MAX)
		s->state = LOGSTREAM_BROKEN;
	else
		flush_lines(s);
}

/* The path for a stream with stamps that begins where the last one broke off. */
static void stamped_path(struct logstream *s, struct buf *path)
{
	static const char *const replaced[] = {
	    "timestamps=", "sinceTime=", "sinceSeconds=", "tailLines="};
	auto_strlist parts = {0};
	char since[TIME_TEXT_MAX];
	int64_t ns;
	bool again = logstamps_resume(&s->stamps, &ns);

	buf_add(path, s->path, strcspn(s->path, "?"));
	str_split(&parts, s->path + strcspn(s->path, "?") + 1, '&');
	for (size_t i = 0, sep = 0; i < parts.len; i++) {
		bool drop = false;

		for (size_t r = 0; r < (again ? ARRAY_LEN(replaced) : 1); r++)
			drop = drop || str_has_prefix(parts.items[i], replaced[r]);
		if (!drop)
			buf_addf(path, "%c%s", sep++ ? '&' : '?', parts.items[i]);
	}
	query_add(path, "timestamps", "true");
	if (again)
		query_add(path, "sinceTime", time_format_nano(since, ns));
}

static void send_request(struct logstream *s)
{
	const char *headers[] = {s->want_framed ? "Accept: " FRAMED_TYPE ", */*" : "Accept: */*",
	    "User-Agent: kjob/" KJOB_VERSION, NULL};
	auto_buf stamped = {0};
	struct http_request r = {
	    .method = "GET",
	    .path = s->path,
	    .headers = headers,
	    .own_connection = true,
	    .done = on_done,
	    .on_headers = on_headers,
	    .on_data = on_data,
	    .ctx = s,
	};

	s->frames = (struct frame_parser){0};
	if (s->stamped) {
		stamped_path(s, &stamped);
		r.path = buf_str(&stamped);
	} else {
		s->skip = s->passed;
	}
	s->state = LOGSTREAM_OPEN;
	s->began_ms = clock_mono_ms();
	s->id = http_send(client_http(s->client), &r);
}

void logstream_start(struct logstream *s, struct client *c, struct outlet *o, const char *path,
    const char *prefix, bool want_framed)
{
	memset(s, 0, sizeof(*s));
	s->client = c;
	s->outlet = o;
	s->path = xstrdup(path);
	s->prefix = xstrdup(prefix);
	s->want_framed = want_framed;
	s->stamped =
	    !client_is_kjob(c) && strstr(path, "follow=true") && !strstr(path, "limitBytes=");
	s->stamps.show = strstr(path, "timestamps=true") != NULL;
	send_request(s);
}

void logstream_pump(struct logstream *s)
{
	if (s->state != LOGSTREAM_BROKEN)
		return;
	err_clear(&s->err);
	if (client_revive(s->client, &s->err) == 0)
		send_request(s);
	else
		s->state = LOGSTREAM_FAILED;
}

void logstream_reopen(struct logstream *s)
{
	if (s->state == LOGSTREAM_ENDED && !s->no_resume)
		send_request(s);
}

void logstream_stop(struct logstream *s)
{
	if (s->id)
		http_cancel(client_http(s->client), s->id);
	free(s->path);
	free(s->prefix);
	buf_release(&s->lines[0].partial);
	buf_release(&s->lines[1].partial);
	err_clear(&s->err);
	memset(s, 0, sizeof(*s));
}
