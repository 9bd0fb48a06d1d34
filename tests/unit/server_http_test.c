/* The API server: its socket, its limits, and clients that misbehave. */
#include <zlib.h>

#include "server_fixture.h"

/* One connection that sends the bytes and goes away after some turns; the server must be as before.
 */
static void throw_at(struct fixture *f, const void *data, size_t len, int wait)
{
	struct client c = client_open(f);

	client_send(&c, data, len);
	for (int i = 0; i < wait; i++)
		client_turn(&c);
	client_close(&c);
}

static void expect_well(struct fixture *f)
{
	auto_answer a = {0};
	int64_t until = clock_mono_ms() + WAIT_MS;

	request(f, &a, "GET", "/healthz", NULL);
	CHECK_INT(a.status, 200);
	while (server_clients(f->server) && clock_mono_ms() < until)
		turns(f, 1);
	CHECK_INT(server_clients(f->server), 0);
}

TEST("the socket is private, replaces a stale one, and refuses one in use")
{
	struct fixture f;
	struct stat st;
	auto_err e = {0};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char path[128];
	int fd;

	fixture_open(&f);
	CHECK(stat(f.socket, &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(server_listen_unix(f.server, f.socket, &e) < 0);
	CHECK(strstr(err_msg(&e), "another controller listens on") != NULL);
	snprintf(path, sizeof(path), "%s/stale", f.dir);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0);
	close(fd);
	CHECK(server_listen_unix(f.server, path, &e) == 0);
	snprintf(path, sizeof(path), "%s/file", f.dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	CHECK(server_listen_unix(f.server, path, &e) < 0);
	CHECK(strstr(err_msg(&e), "is not a socket") != NULL);
	CHECK(access(path, F_OK) == 0);
	fixture_close(&f);
}

TEST("a connection serves many requests, also when they are sent at once")
{
	struct fixture f;
	struct client c;
	auto_answer a = {0};
	auto_free char *text = job_text("one", "");

	fixture_open(&f);
	c = client_open(&f);
	send_request(&c, "POST", JOBS, "Content-Type: application/json\r\n", text);
	send_request(&c, "GET", JOBS "/one", "", NULL);
	send_request(&c, "GET", "/healthz", "", NULL);
	read_answer(&c, &a);
	CHECK_INT(a.status, 201);
	answer_release(&a);
	read_answer(&c, &a);
	CHECK_INT(a.status, 200);
	answer_release(&a);
	read_answer(&c, &a);
	CHECK_STR(buf_str(&a.body), "ok");
	client_close(&c);
	expect_well(&f);
	fixture_close(&f);
}

TEST("a body over the limit is answered with 413, and one far over it costs the connection only")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *big = xcalloc(1, 17 * MIB + 1);
	static const char huge[] =
	    "POST " JOBS " HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n";

	fixture_open(&f);
	memset(big, ' ', 17 * MIB);
	big[3 * MIB + 1] = '\0';
	request(&f, &a, "POST", JOBS, big);
	CHECK_INT(a.status, 413);
	CHECK_STR(json_str(a.json, "reason"), "RequestEntityTooLarge");
	big[3 * MIB + 1] = ' ';
	throw_at(&f, huge, sizeof(huge) - 1, 10);
	{
		struct client c = client_open(&f);

		send_request(&c, "POST", JOBS, "", big);
		client_wait_eof(&c);
		client_close(&c);
	}
	expect_well(&f);
	fixture_close(&f);
}

TEST("a body may come in chunks")
{
	struct fixture f;
	struct client c;
	auto_answer a = {0};
	auto_buf b = {0};
	auto_free char *text = job_text("one", "");

	fixture_open(&f);
	c = client_open(&f);
	buf_adds(&b, "POST " JOBS " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	buf_addf(&b, "a\r\n%.10s\r\n%zx\r\n%s\r\n0\r\n\r\n", text, strlen(text) - 10, text + 10);
	client_send(&c, b.ptr, b.len);
	read_answer(&c, &a);
	CHECK_INT(a.status, 201);
	client_close(&c);
	fixture_close(&f);
}

TEST("headers without end cost the connection only")
{
	struct fixture f;
	auto_buf b = {0};

	fixture_open(&f);
	buf_adds(&b, "GET /healthz HTTP/1.1\r\nX: ");
	buf_pad(&b, 'x', 200 * KIB);
	throw_at(&f, b.ptr, b.len, 10);
	buf_clear(&b);
	buf_adds(&b, "GET /");
	buf_pad(&b, 'x', 200 * KIB);
	throw_at(&f, b.ptr, b.len, 10);
	buf_clear(&b);
	buf_adds(&b, "GET /healthz HTTP/1.1\r\n");
	for (int i = 0; i < 20000; i++)
		buf_adds(&b, "A: b\r\n");
	throw_at(&f, b.ptr, b.len, 10);
	expect_well(&f);
	fixture_close(&f);
}

TEST("a client may leave at any byte of its request")
{
	struct fixture f;
	auto_buf b = {0};
	auto_free char *text = job_text("one", "");

	fixture_open(&f);
	buf_addf(&b,
	    "POST " JOBS "?dryRun=All HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
	    strlen(text), text);
	for (size_t n = 0; n <= b.len; n += 7)
		throw_at(&f, b.ptr, n, n % 3);
	throw_at(&f, b.ptr, b.len, 0);
	expect_well(&f);
	fixture_close(&f);
}

TEST("a client that leaves while its answer waits for the commit is forgotten")
{
	struct fixture f;
	auto_buf b = {0};

	fixture_open(&f);
	for (int i = 0; i < 20; i++) {
		char name[16];
		auto_free char *text = NULL;

		snprintf(name, sizeof(name), "job-%d", i);
		text = job_text(name, "");
		buf_clear(&b);
		buf_addf(&b, "POST " JOBS " HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
		    strlen(text), text);
		throw_at(&f, b.ptr, b.len, i % 2);
	}
	expect_well(&f);
	fixture_close(&f);
}

TEST("a watcher that talks instead of listening is bounded and does no harm")
{
	struct fixture f;
	struct client c;
	auto_answer a = {0};
	auto_buf noise = {0};

	fixture_open(&f);
	c = client_open(&f);
	send_request(&c, "GET", JOBS "?watch=true", "", NULL);
	read_head(&c, &a);
	buf_pad(&noise, 'x', 2 * MIB);
	client_send(&c, noise.ptr, noise.len);
	CHECK_INT(server_clients(f.server), 1);
	client_close(&c);
	expect_well(&f);
	fixture_close(&f);
}

/* Deterministic, so that a failure can be repeated. */
static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

TEST("random bytes and damaged requests leave the server well")
{
	static const char *const seeds[] = {
	    "GET " JOBS "?watch=true&timeoutSeconds=1 HTTP/1.1\r\nHost: x\r\nAccept: "
	    "application/json;as=Table;v=v1\r\n\r\n",
	    "POST " JOBS
	    " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
	    "{\"apiVersion\":\"batch\"",
	    "PATCH " JOBS "/x HTTP/1.1\r\nContent-Type: application/merge-patch+json\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n",
	    "DELETE " PODS "/p%41?gracePeriodSeconds=1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
	    "GET " PODS
	    "/p/log?follow=true&tailLines=3&sinceTime=2026-01-01T00:00:00Z HTTP/1.1\r\n\r\n",
	    "GET " PODS
	    "/p/attach?stdin=true HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n\x82\x83\1\2\3\4\1\2\3",
	};
	struct fixture f;
	unsigned seed = 2026;

	fixture_open(&f);
	create_pod(&f, "p");
	f.pods.live = true;
	for (int round = 0; round < 600; round++) {
		char data[512];
		const char *text = seeds[(size_t)round % ARRAY_LEN(seeds)];
		size_t len = strlen(text);

		memcpy(data, text, len);
		if (round % 10 == 9)
			for (size_t i = 0; i < len; i++)
				data[i] = (char)next_random(&seed);
		for (unsigned n = next_random(&seed) % 6; n > 0; n--)
			data[next_random(&seed) % len] = (char)next_random(&seed);
		if (next_random(&seed) % 4 == 0)
			len = next_random(&seed) % len;
		throw_at(&f, data, len, (int)(next_random(&seed) % 3));
	}
	expect_well(&f);
	fixture_close(&f);
}

TEST("a server is freed in the middle of everything")
{
	struct fixture f;
	struct client c[4];
	auto_answer a = {0};
	auto_free char *text = job_text("one", "");

	fixture_open(&f);
	create_pod(&f, "p");
	f.pods.live = true;
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		c[i] = client_open(&f);
	send_request(&c[0], "GET", JOBS "?watch=true", "", NULL);
	send_request(&c[1], "GET", PODS "/p/log?follow=true", "", NULL);
	read_head(&c[0], &a);
	answer_release(&a);
	read_head(&c[1], &a);
	client_send(&c[2], "GET /heal", 9);
	send_request(&c[3], "POST", JOBS, "", text);
	turns(&f, 2);
	fixture_close(&f);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		client_close(&c[i]);
}

TEST("large answers are compressed for who asks for that")
{
	static const struct {
		const char *header;
		bool packed;
	} cases[] = {
	    {"Accept-Encoding: gzip\r\n", true},
	    {"Accept-Encoding: deflate, GZIP;q=0.5\r\n", true},
	    {"Accept-Encoding: gzip;q=0\r\n", false},
	    {"Accept-Encoding: br, gzipped\r\n", false},
	    {"", false},
	};
	struct fixture f;
	auto_answer plain = {0}, a = {0};

	fixture_open(&f);
	request(&f, &plain, "GET", "/openapi/v3/api/v1", NULL);
	CHECK(plain.body.len > 128 * KIB);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		request_with(&f, &a, "GET", "/openapi/v3/api/v1", cases[i].header, NULL);
		CHECK_INT(a.status, 200);
		if (cases[i].packed) {
			unsigned char *text = xmalloc(plain.body.len + 1);
			z_stream z = {.next_in = (unsigned char *)a.body.ptr,
			    .avail_in = (unsigned)a.body.len,
			    .next_out = text,
			    .avail_out = (unsigned)plain.body.len + 1};

			CHECK_STR(answer_header(&a, "Content-Encoding"), "gzip");
			CHECK(a.body.len < plain.body.len / 4);
			CHECK_INT(inflateInit2(&z, 15 + 16), Z_OK);
			CHECK_INT(inflate(&z, Z_FINISH), Z_STREAM_END);
			CHECK_INT(z.total_out, plain.body.len);
			CHECK(memcmp(text, plain.body.ptr, plain.body.len) == 0);
			inflateEnd(&z);
			free(text);
		} else {
			CHECK(answer_header(&a, "Content-Encoding") == NULL);
			CHECK_INT(a.body.len, plain.body.len);
		}
	}
	request_with(&f, &a, "GET", "/version", "Accept-Encoding: gzip\r\n", NULL);
	CHECK(answer_header(&a, "Content-Encoding") == NULL);
	fixture_close(&f);
}

int main(void)
{
	return test_main();
}
