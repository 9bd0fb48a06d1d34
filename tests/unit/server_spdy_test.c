/* The API server: ports and terminals of pods over SPDY streams, plain and in a WebSocket. */
#include <zlib.h>

#include "server_terminal.h"

#define SPDY "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
#define FORWARD SPDY "X-Stream-Protocol-Version: portforward.k8s.io\r\n"
#define TUNNEL UPGRADE "Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io\r\n"
#define CHANNELS                                   \
	SPDY "X-Stream-Protocol-Version: v5.x\r\n" \
	     "X-Stream-Protocol-Version: v4.channel.k8s.io, v3.channel.k8s.io\r\n"
#define STREAMS 16

/* A client; stream ids are odd: stream n is at n / 2. */
struct spdy_client {
	struct client c;
	struct answer a;
	struct ws ws;
	bool tunnel, going, closed;
	unsigned pongs;
	z_stream deflater;
	struct buf raw; /* SPDY's bytes */
	struct {
		struct buf data;
		bool replied, fin, reset;
	} s[STREAMS];
};

static void spdy_open(struct spdy_client *k, struct fixture *f, const char *method,
    const char *target, const char *headers)
{
	auto_free char *path = xasprintf(PODS "%s", target);

	*k = (struct spdy_client){.c = client_open(f), .tunnel = !strstr(headers, "SPDY/3.1\r\n")};
	ws_init(&k->ws, true, MIB);
	deflateInit(&k->deflater, 6);
	send_request(&k->c, method, path, headers, NULL);
	read_head(&k->c, &k->a);
	CHECK_INT(k->a.status, 101);
}

static void spdy_close(struct spdy_client *k)
{
	client_close(&k->c);
	answer_release(&k->a);
	ws_release(&k->ws);
	deflateEnd(&k->deflater);
	buf_release(&k->raw);
	for (size_t i = 0; i < STREAMS; i++)
		buf_release(&k->s[i].data);
}

static void on_message(void *ctx, enum ws_opcode op, const unsigned char *data, size_t len)
{
	struct spdy_client *k = ctx;

	if (op == WS_BINARY)
		buf_add(&k->raw, data, len);
	if (op == WS_CLOSE)
		k->closed = true;
}

static void take_frames(struct spdy_client *k)
{
	size_t at = 0, left;

	while ((left = k->raw.len - at) >= 8) {
		const unsigned char *p = (const unsigned char *)k->raw.ptr + at;
		size_t len = (size_t)p[5] << 16 | (size_t)p[6] << 8 | p[7];
		unsigned id = p[0] & 0x80 ? left >= 12 ? p[11] : 0 : p[3];

		if (left < 8 + len)
			break;
		CHECK(id < 2 * STREAMS);
		if (!(p[0] & 0x80)) {
			buf_add(&k->s[id / 2].data, p + 8, len);
			k->s[id / 2].fin = k->s[id / 2].fin || p[4] & 1;
		} else {
			k->s[id / 2].replied = k->s[id / 2].replied || p[3] == 2;
			k->s[id / 2].reset = k->s[id / 2].reset || p[3] == 3;
			k->pongs += p[3] == 6;
			k->going = k->going || p[3] == 7;
		}
		at += 8 + len;
	}
	buf_consume(&k->raw, at);
}

static void spdy_turn(struct spdy_client *k)
{
	auto_err e = {0};

	client_turn(&k->c);
	if (k->tunnel)
		CHECK(ws_feed(&k->ws, k->c.in.ptr, k->c.in.len, on_message, k, &e) == 0);
	else
		buf_add(&k->raw, k->c.in.ptr, k->c.in.len);
	buf_clear(&k->c.in);
	take_frames(k);
	k->closed = k->closed || k->c.eof;
}

#define SPDY_WAIT(k, cond)                                                             \
	do {                                                                           \
		for (int64_t until = clock_mono_ms() + WAIT_MS;                        \
		     !(cond) && !(k)->closed && clock_mono_ms() < until; spdy_turn(k)) \
			;                                                              \
		CHECK(cond);                                                           \
	} while (0)

static void spdy_put(struct spdy_client *k, const void *data, size_t len)
{
	auto_buf b = {0};

	if (!k->tunnel) {
		client_send(&k->c, data, len);
		return;
	}
	ws_frame(&k->ws, &b, WS_BINARY, data, len);
	client_send(&k->c, b.ptr, b.len);
}

static void add_text(struct buf *b, const char *text, size_t len)
{
	const char head[] = {0, 0, (char)(len >> 8), (char)len};

	buf_add(b, head, 4);
	buf_add(b, text, len);
}

/* headers: "name=value,name=value"; they are compressed without the dictionary, as may be. */
static void syn_stream(struct spdy_client *k, unsigned id, const char *headers)
{
	auto_buf block = {0}, frame = {0};
	auto_strlist items = {0};
	unsigned char z[512];
	size_t len;

	str_split(&items, headers, ',');
	buf_addf(&block, "%c%c%c%c", 0, 0, 0, (int)items.len);
	for (size_t i = 0; i < items.len; i++) {
		const char *name = items.items[i], *value = strchr(name, '=') + 1;

		add_text(&block, name, (size_t)(value - name) - 1);
		add_text(&block, value, strlen(value));
	}
	k->deflater.next_in = (unsigned char *)block.ptr;
	k->deflater.avail_in = (unsigned)block.len;
	k->deflater.next_out = z;
	k->deflater.avail_out = sizeof(z);
	deflate(&k->deflater, Z_SYNC_FLUSH);
	len = sizeof(z) - k->deflater.avail_out;
	buf_addf(&frame, "%c%c%c%c%c%c%c%c", 0x80, 3, 0, 1, 0, 0, (int)((len + 10) >> 8),
	    (int)((len + 10) & 0xff));
	buf_addf(&frame, "%c%c%c%c%c%c%c%c%c%c", 0, 0, 0, (int)id, 0, 0, 0, 0, 0, 0);
	buf_add(&frame, z, len);
	spdy_put(k, frame.ptr, frame.len);
}

static void spdy_data(struct spdy_client *k, unsigned id, const char *data, size_t len, bool fin)
{
	auto_buf b = {0};

	buf_addf(&b, "%c%c%c%c%c%c%c%c", 0, 0, 0, (int)id, fin, (int)(len >> 16),
	    (int)(len >> 8 & 0xff), (int)(len & 0xff));
	buf_add(&b, data, len);
	spdy_put(k, b.ptr, b.len);
}

static void spdy_rst(struct spdy_client *k, unsigned id)
{
	unsigned char frame[] = {0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, (unsigned char)id, 0, 0, 0, 5};

	spdy_put(k, frame, sizeof(frame));
}

/* The pod runs; or has another phase. */
static void set_phase(struct fixture *f, const char *phase)
{
	auto_answer a = {0};
	auto_free char *status =
	    xasprintf("{\"status\":{\"phase\":\"%s\",\"containerStatuses\":[{"
		      "\"name\":\"main\",\"image\":\"i\",\"imageID\":\"\","
		      "\"ready\":true,\"restartCount\":0,"
		      "\"containerID\":\"docker://abc\",\"state\":{\"running\":"
		      "{\"startedAt\":\"2026-01-01T00:00:00Z\"}}}]}}",
		phase);

	request_with(f, &a, "PATCH", PODS "/p/status",
	    "Content-Type: application/merge-patch+json\r\n", status);
	CHECK_INT(a.status, 200);
}

static void create_running(struct fixture *f, const char *stdin_open)
{
	auto_answer a = {0};
	auto_free char *text = xasprintf(
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{"
	    "\"containers\":[{\"name\":\"main\",\"image\":\"i\",\"stdin\":%s,\"tty\":true}]}}",
	    stdin_open);

	request(f, &a, "POST", PODS, text);
	CHECK_INT(a.status, 201);
	set_phase(f, "Running");
}

static void wait_dial(struct spdy_client *k, struct fixture *f, size_t dial)
{
	SPDY_WAIT(k, f->pods.dials[dial] != NULL);
}

static void check_pair(const char *method, const char *headers)
{
	struct fixture f;
	struct spdy_client k;
	struct pod_dial *d;
	auto_err e = {0};

	fixture_open(&f);
	create_running(&f, "true");
	spdy_open(&k, &f, method, "/p/portforward", headers);
	syn_stream(&k, 1, "streamtype=error,port=80,requestid=0");
	spdy_data(&k, 1, "", 0, true);
	SPDY_WAIT(&k, k.s[0].replied);
	CHECK(!f.pods.dials[0]);
	syn_stream(&k, 3, "streamtype=data,port=80,requestid=0");
	spdy_data(&k, 3, "question", 8, false);
	wait_dial(&k, &f, 0);
	d = f.pods.dials[0];
	SPDY_WAIT(&k, str_eq(buf_str(&d->got), "question"));
	CHECK_INT(d->port, 80);
	CHECK(d->cb->on_data(d->ctx, "answer", 6));
	SPDY_WAIT(&k, str_eq(buf_str(&k.s[1].data), "answer"));
	spdy_data(&k, 3, "more", 4, true);
	SPDY_WAIT(&k, d->ended);
	CHECK_STR(buf_str(&d->got), "questionmore");
	d->cb->on_end(d->ctx, NULL);
	SPDY_WAIT(&k, k.s[0].fin && k.s[1].fin);
	CHECK_INT(k.s[0].data.len, 0);
	CHECK(!f.pods.dials[0]);
	syn_stream(&k, 5, "streamtype=error,port=81,requestid=1");
	syn_stream(&k, 7, "streamtype=data,port=81,requestid=1");
	wait_dial(&k, &f, 0);
	err_set(&e, ERR_INTERNAL, "connection refused");
	f.pods.dials[0]->cb->on_end(f.pods.dials[0]->ctx, &e);
	SPDY_WAIT(&k, k.s[2].fin && k.s[3].fin);
	CHECK(strstr(buf_str(&k.s[2].data), "error forwarding port 81 to pod p_default, uid "));
	CHECK(strstr(buf_str(&k.s[2].data), ": connection refused"));
	set_phase(&f, "Succeeded"); /* the session ends with the pod */
	SPDY_WAIT(&k, k.closed);
	turns(&f, 20);
	CHECK_INT(server_clients(f.server), 0);
	spdy_close(&k);
	fixture_close(&f);
}

TEST("a pair of streams is a connection to a port, in a WebSocket")
{
	check_pair("GET", TUNNEL);
}

TEST("a pair of streams is a connection to a port, over plain SPDY")
{
	check_pair("POST", FORWARD);
}

TEST("streams that are no halves of a pair are refused, and those of older clients pair up")
{
	static const char *const wrong[] = {"streamtype=data", "streamtype=data,port=0",
	    "streamtype=data,port=65536", "streamtype=data,port=http", "port=80",
	    "streamtype=stdin,port=80"};
	struct fixture f;
	struct spdy_client k;

	fixture_open(&f);
	create_running(&f, "true");
	spdy_open(&k, &f, "POST", "/p/portforward", FORWARD);
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		syn_stream(&k, 2 * i + 1, wrong[i]);
		SPDY_WAIT(&k, k.s[i].reset);
		CHECK(!k.s[i].replied);
	}
	syn_stream(&k, 21, "streamtype=error,port=80");
	syn_stream(&k, 23, "streamtype=data,port=80");
	wait_dial(&k, &f, 0);
	syn_stream(&k, 25, "streamtype=error,port=9,requestid=9"); /* cannot be had */
	syn_stream(&k, 27, "streamtype=data,port=9,requestid=9");
	SPDY_WAIT(&k, k.s[12].fin && k.s[13].fin);
	CHECK(strstr(buf_str(&k.s[12].data), "the pod does not run"));
	spdy_rst(&k, 23); /* kubectl's way to say that it is done */
	SPDY_WAIT(&k, k.s[10].fin);
	CHECK(!f.pods.dials[0]);
	syn_stream(&k, 29, "streamtype=error,port=82,requestid=a");
	syn_stream(&k, 31, "streamtype=data,port=82,requestid=a");
	wait_dial(&k, &f, 0);
	spdy_close(&k); /* takes its connections along */
	turns(&f, 20);
	CHECK(!f.pods.dials[0]);
	CHECK_INT(server_clients(f.server), 0);
	set_phase(&f, "Succeeded");
	fixture_close(&f);
}

TEST("sessions that cannot be are refused before the upgrade")
{
	static const struct {
		const char *headers;
		int status;
		const char *text;
	} cases[] = {
	    {SPDY, 400, "offer portforward.k8s.io"},
	    {SPDY "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n", 400, "offer portforward"},
	    {FORWARD, 400, "pod is not running. Current status=Pending"},
	    {TUNNEL, 400, "pod is not running. Current status=Pending"},
	};
	struct fixture f;
	auto_answer missing = {0};

	fixture_open(&f);
	create_running(&f, "true");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_answer a = {0};

		set_phase(&f, i < 2 ? "Running" : "Pending");
		request_with(&f, &a, "GET", PODS "/p/portforward", cases[i].headers, NULL);
		CHECK_INT(a.status, cases[i].status);
		CHECK(strstr(json_str_or(a.json, "message", ""), cases[i].text) != NULL);
	}
	request_with(&f, &missing, "POST", PODS "/nobody/portforward", FORWARD, NULL);
	CHECK_INT(missing.status, 404);
	fixture_close(&f);
}

TEST("a client is not read while a pod takes nothing, and nothing is lost by that")
{
	static char piece[60000];
	struct fixture f;
	struct spdy_client k;
	struct pod_dial *d;

	fixture_open(&f);
	create_running(&f, "true");
	spdy_open(&k, &f, "GET", "/p/portforward", TUNNEL);
	syn_stream(&k, 1, "streamtype=error,port=80,requestid=0");
	syn_stream(&k, 3, "streamtype=data,port=80,requestid=0");
	wait_dial(&k, &f, 0);
	d = f.pods.dials[0];
	f.pods.full = true;
	for (int i = 0; i < 20; i++)
		spdy_data(&k, 3, piece, sizeof(piece), i == 19);
	turns(&f, 200);
	CHECK(d->got.len == 0 && !d->ended);
	spdy_data(&k, 1, "", 0, true);
	f.pods.full = false;
	d->cb->on_writable(d->ctx);
	SPDY_WAIT(&k, d->ended);
	CHECK_INT(d->got.len, 20 * sizeof(piece));
	spdy_close(&k);
	turns(&f, 20);
	fixture_close(&f);
}

TEST("a client that asks without reading, or makes no sense, is hung up on")
{
	static const char ping[] = "\x80\3\0\6\0\0\0\4\0\0\0\1";
	struct fixture f;
	struct spdy_client k;
	auto_buf many = {0};

	fixture_open(&f);
	create_running(&f, "true");
	spdy_open(&k, &f, "POST", "/p/portforward", FORWARD);
	spdy_put(&k, ping, 12);
	SPDY_WAIT(&k, k.pongs == 1);
	spdy_put(&k, "\x80\2\0\1\0\0\0\0", 8);
	SPDY_WAIT(&k, k.closed);
	CHECK(k.going);
	spdy_close(&k);
	spdy_open(&k, &f, "POST", "/p/portforward", FORWARD);
	for (int i = 0; i < 5000; i++)
		buf_add(&many, ping, 12);
	for (int i = 0; i < 100; i++) { /* 6 MB */
		const char *p = many.ptr;
		ssize_t n = 0;

		for (size_t left = many.len; left; left -= n > 0 ? (size_t)n : 0) {
			n = send(k.c.fd, p, left, MSG_NOSIGNAL);
			p += n > 0 ? n : 0;
			turns(&f, 1);
		}
	}
	SPDY_WAIT(&k, k.closed);
	CHECK(k.pongs < 300000);
	spdy_close(&k);
	turns(&f, 20);
	CHECK_INT(server_clients(f.server), 0);
	fixture_close(&f);
}

TEST("an attach begins when all its streams are there, and leaves the connection to the client")
{
	struct fixture f;
	struct spdy_client k;
	auto_json *status = NULL;

	fixture_open(&f);
	create_running(&f, "true");
	f.pods.live = true;
	spdy_open(&k, &f, "POST", "/p/attach?stdin=true&stdout=true&tty=true", CHANNELS);
	CHECK_STR(answer_header(&k.a, "X-Stream-Protocol-Version"), "v4.channel.k8s.io");
	CHECK_STR(answer_header(&k.a, "Upgrade"), "SPDY/3.1");
	syn_stream(&k, 1, "streamtype=error");
	syn_stream(&k, 3, "streamtype=stdin");
	syn_stream(&k, 5, "streamtype=resize");
	spdy_data(&k, 3, "ls\n", 3, false);
	spdy_data(&k, 5, "{\"Width\":80,", 12, false);
	spdy_data(&k, 5, "\"Height\":24}\n{\"Width\":81", 24, false);
	syn_stream(&k, 7, "streamtype=stdin");  /* once more */
	syn_stream(&k, 9, "streamtype=stderr"); /* was not asked for */
	SPDY_WAIT(&k, k.s[3].reset && k.s[4].reset);
	CHECK(!f.pods.follows && !f.pods.input.len && !f.pods.columns);
	syn_stream(&k, 11, "streamtype=stdout");
	SPDY_WAIT(&k, f.pods.follows != NULL);
	SPDY_WAIT(&k, str_eq(buf_str(&f.pods.input), "ls\n"));
	CHECK(f.pods.columns == 80 && f.pods.rows == 24);
	spdy_data(&k, 5, ",\"Height\":25}", 13, false);
	SPDY_WAIT(&k, f.pods.columns == 81 && f.pods.rows == 25);
	spdy_data(&k, 3, "", 0, true);
	SPDY_WAIT(&k, f.pods.closed == 1);
	f.pods.live = false;
	notify_followers(&f.pods);
	SPDY_WAIT(&k, k.s[0].fin && k.s[5].fin);
	status = json_parse(k.s[0].data.ptr, k.s[0].data.len, 0, NULL);
	CHECK_STR(json_str(status, "status"), "Success");
	turns(&f, 20);
	spdy_turn(&k);
	CHECK(!k.closed);
	CHECK(!f.pods.follows);
	spdy_close(&k);
	turns(&f, 20);
	CHECK_INT(server_clients(f.server), 0);
	fixture_close(&f);
}

TEST("an attach whose client goes away before its streams are there leaves nothing")
{
	struct fixture f;
	struct spdy_client k;

	fixture_open(&f);
	create_running(&f, "true");
	f.pods.live = true;
	spdy_open(&k, &f, "POST", "/p/attach?stdin=true&stdout=true", CHANNELS);
	syn_stream(&k, 1, "streamtype=error");
	SPDY_WAIT(&k, k.s[0].replied);
	spdy_close(&k);
	turns(&f, 20);
	CHECK(!f.pods.follows);
	CHECK_INT(f.pods.closed, f.pods.opened);
	CHECK_INT(server_clients(f.server), 0);
	spdy_open(&k, &f, "POST", "/p/attach?stdin=true&stdout=true", CHANNELS);
	server_drain(f.server);
	SPDY_WAIT(&k, !k.s[0].replied);
	spdy_close(&k);
	turns(&f, 20);
	fixture_close(&f);
}

int main(void)
{
	return test_main();
}
