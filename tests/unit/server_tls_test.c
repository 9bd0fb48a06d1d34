/* The TLS listener: who gets in, and what those who do not can do. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

#include "../../runtime/base/paths.h"
#include "server_fixture.h"

#define CONTROL "/kjob/v1/serve"
#define JSON_BODY "Content-Type: application/json\r\n"
/* As in secure.c. */
#define STRANGERS_MAX 128

/* ---- a server that listens, and its clients ---- */

struct tls {
	struct fixture f;
	int port;
	char *token;
};

static char *file_of(struct tls *t, const char *name)
{
	return xasprintf("%s/tls/%s", t->f.dir, name);
}

static void tls_open(struct tls *t)
{
	auto_answer a = {0};
	auto_free char *path = NULL;

	*t = (struct tls){0};
	fixture_open(&t->f);
	request(&t->f, &a, "POST", CONTROL, "{}");
	CHECK_INT(a.status, 200);
	t->port = (int)json_int(a.json, "port", 0);
	path = file_of(t, "token");
	t->token = path_read_file(path, 1024, NULL, NULL);
	CHECK(t->token != NULL);
}

static void tls_close(struct tls *t)
{
	free(t->token);
	fixture_close(&t->f);
}

static struct client tcp_open(struct tls *t)
{
	struct client c = {
	    .f = &t->f, .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
	struct sockaddr_in addr = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)t->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	if (connect(c.fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 && errno != EINPROGRESS)
		CHECK(!"connect");
	return c;
}

struct tls_client {
	struct client c;
	SSL_CTX *ctx;
	SSL *ssl;
	bool failed;
};

/* Turns the loop until an SSL call gets on; false: it never will. */
static bool tls_wait(struct tls_client *k, int rc)
{
	int why = SSL_get_error(k->ssl, rc);

	if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
		k->failed = true;
	else
		loop_turn(k->c.f->loop, 5);
	ERR_clear_error();
	return !k->failed;
}

/* identity: a file with a certificate and a key; NULL: none is shown. */
static struct tls_client tls_connect(struct tls *t, const char *identity)
{
	struct tls_client k = {.c = tcp_open(t), .ctx = SSL_CTX_new(TLS_client_method())};
	auto_free char *ca = file_of(t, "ca.crt");
	int64_t until = clock_mono_ms() + WAIT_MS;
	int rc;

	CHECK_INT(SSL_CTX_load_verify_locations(k.ctx, ca, NULL), 1);
	SSL_CTX_set_verify(k.ctx, SSL_VERIFY_PEER, NULL);
	if (identity) {
		CHECK_INT(SSL_CTX_use_certificate_file(k.ctx, identity, SSL_FILETYPE_PEM), 1);
		CHECK_INT(SSL_CTX_use_PrivateKey_file(k.ctx, identity, SSL_FILETYPE_PEM), 1);
	}
	k.ssl = SSL_new(k.ctx);
	SSL_set_fd(k.ssl, k.c.fd);
	CHECK_INT(SSL_set1_host(k.ssl, "localhost"), 1);
	while ((rc = SSL_connect(k.ssl)) != 1 && clock_mono_ms() < until)
		if (!tls_wait(&k, rc))
			break;
	return k;
}

static void tls_client_close(struct tls_client *k)
{
	SSL_free(k->ssl);
	SSL_CTX_free(k->ctx);
	client_close(&k->c);
}

static void tls_send(struct tls_client *k, const void *data, size_t len)
{
	int64_t until = clock_mono_ms() + WAIT_MS;
	size_t n;
	int rc;

	while (len && clock_mono_ms() < until) {
		rc = SSL_write_ex(k->ssl, data, len, &n);
		if (rc == 1)
			return;
		if (!tls_wait(k, rc))
			return;
	}
}

/* What comes until WANTED bytes are there (0: until the end); false: in no time. */
static bool tls_read(struct tls_client *k, struct buf *out, size_t wanted)
{
	int64_t until = clock_mono_ms() + WAIT_MS;
	char piece[16384];
	size_t n;
	int rc;

	while ((!wanted || out->len < wanted) && clock_mono_ms() < until) {
		rc = SSL_read_ex(k->ssl, piece, sizeof(piece), &n);
		if (rc == 1)
			buf_add(out, piece, n);
		else if (!tls_wait(k, rc))
			return !wanted;
	}
	return wanted && out->len >= wanted;
}

/* Status of one answer on a connection that ends with it; its text too. */
static int ask(struct tls *t, const char *identity, const char *host, const char *path,
    const char *headers, struct buf *text)
{
	struct tls_client k = tls_connect(t, identity);
	auto_buf request = {0};

	buf_addf(&request, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n", path, host,
	    headers);
	tls_send(&k, request.ptr, request.len);
	buf_clear(text);
	tls_read(&k, text, 0);
	tls_client_close(&k);
	return text->len > 12 ? (int)strtol(buf_str(text) + 9, NULL, 10) : 0;
}

/* ---- who gets in ---- */

TEST("a certificate or the token lets in, nothing and anything else does not")
{
	struct tls t;
	auto_buf text = {0};
	auto_free char *client = NULL, *server = NULL, *good = NULL, *bad = NULL, *more = NULL;

	tls_open(&t);
	client = file_of(&t, "client.pem");
	server = file_of(&t, "server.pem");
	good = xasprintf("Authorization: Bearer %s\r\n", t.token);
	more = xasprintf("Authorization: Bearer %sx\r\n", t.token);
	t.token[5] ^= 1;
	bad = xasprintf("Authorization: Bearer %s\r\n", t.token);
	CHECK_INT(ask(&t, client, "localhost", "/api", "", &text), 200);
	CHECK_INT(ask(&t, NULL, "localhost", "/api", good, &text), 200);
	CHECK_INT(ask(&t, NULL, "localhost", "/api", "", &text), 401);
	CHECK(
	    strstr(buf_str(&text),
		"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
		"\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}") != NULL);
	CHECK_INT(ask(&t, NULL, "localhost", "/api", bad, &text), 401);
	CHECK_INT(ask(&t, NULL, "localhost", "/api", more, &text), 401);
	CHECK_INT(ask(&t, NULL, "localhost", "/api", "Authorization: Bearer \r\n", &text), 401);
	CHECK_INT(ask(&t, NULL, "localhost", "/api", "Authorization: Basic eDp5\r\n", &text), 401);
	/* what we have signed for another use */
	CHECK_INT(ask(&t, server, "localhost", "/api", "", &text), 401);
	CHECK_INT(ask(&t, server, "localhost", "/api", good, &text), 200);
	tls_close(&t);
}

TEST("a certificate of another authority is worth nothing")
{
	struct tls ours, other;
	auto_buf text = {0};
	auto_free char *client = NULL;

	tls_open(&ours);
	tls_open(&other);
	CHECK(ours.port != other.port);
	client = file_of(&other, "client.pem");
	CHECK_INT(ask(&ours, client, "localhost", "/api", "", &text), 401);
	CHECK_INT(ask(&ours, client, "localhost", "/healthz", "", &text), 401);
	tls_close(&other);
	tls_close(&ours);
}

TEST("health and version are for everybody, with the right name and no wrong credentials")
{
	static const char *const paths[] = {"/healthz", "/livez", "/readyz", "/version"};
	struct tls t;
	auto_buf text = {0};

	tls_open(&t);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		CHECK_INT(ask(&t, NULL, "localhost", paths[i], "", &text), 200);
	CHECK_INT(
	    ask(&t, NULL, "localhost", "/version", "Authorization: Bearer x\r\n", &text), 401);
	tls_close(&t);
}

TEST("only names of the server may be in the Host header")
{
	static const struct {
		const char *host;
		int status;
	} cases[] = {
	    {"localhost", 200},
	    {"LOCALHOST:7443", 200},
	    {"127.0.0.1:1", 200},
	    {"[::1]:7443", 200},
	    {"[::1]", 200},
	    {"evil.example", 403},
	    {"localhost.evil.example", 403},
	    {"127.0.0.1.evil.example:7443", 403},
	    {"192.0.2.1", 403},
	    {"[::1]evil", 400},
	    {"[::1", 400},
	    {"", 400},
	};
	struct tls t;
	auto_buf text = {0};
	auto_free char *client = NULL;

	tls_open(&t);
	client = file_of(&t, "client.pem");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int status = ask(&t, client, cases[i].host, "/api", "", &text);

		if (status != cases[i].status)
			printf("# Host: %s\n", cases[i].host);
		CHECK_INT(status, cases[i].status);
	}
	tls_close(&t);
}

TEST("a page of another site gets nothing by a certificate that the browser has")
{
	struct tls t;
	auto_buf text = {0};
	auto_free char *client = NULL;

	tls_open(&t);
	client = file_of(&t, "client.pem");
	CHECK_INT(
	    ask(&t, client, "localhost", "/api", "Sec-Fetch-Site: cross-site\r\n", &text), 403);
	CHECK_INT(
	    ask(&t, client, "localhost", "/api", "Sec-Fetch-Site: same-site\r\n", &text), 403);
	CHECK_INT(ask(&t, client, "localhost", "/api", "Sec-Fetch-Site: none\r\n", &text), 200);
	tls_close(&t);
}

TEST("nobody acts as somebody else")
{
	struct tls t;
	auto_buf text = {0};
	auto_free char *client = NULL;

	tls_open(&t);
	client = file_of(&t, "client.pem");
	CHECK_INT(ask(&t, client, "localhost", "/api", "Impersonate-User: jane\r\n", &text), 403);
	CHECK(strstr(buf_str(&text),
		  "users \\\"jane\\\" is forbidden: User \\\"kjob-admin\\\" cannot "
		  "impersonate resource \\\"users\\\"") != NULL);
	CHECK_INT(ask(&t, client, "localhost", "/api", "Impersonate-Group: dev\r\n", &text), 403);
	CHECK_INT(
	    ask(&t, client, "localhost", "/api",
		"Impersonate-User: kjob-admin\r\nImpersonate-Group: system:masters\r\n", &text),
	    200);
	CHECK_INT(ask(&t, NULL, "localhost", "/api", "Impersonate-User: jane\r\n", &text), 401);
	tls_close(&t);
}

TEST("the keys are shown on the unix socket only, and their files are private")
{
	static const char *const files[] = {
	    "ca.pem", "ca.crt", "server.pem", "client.pem", "token", "../serve.json"};
	struct tls t;
	auto_answer a = {0};
	auto_buf text = {0};
	auto_free char *client = NULL;
	struct stat st;

	tls_open(&t);
	client = file_of(&t, "client.pem");
	CHECK_INT(ask(&t, client, "localhost", CONTROL, "", &text), 404);
	request(&t.f, &a, "GET", CONTROL, NULL);
	CHECK(str_has_prefix(json_str_or(a.json, "clientKey", ""), "-----BEGIN PRIVATE KEY-----"));
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		auto_free char *path = file_of(&t, files[i]);

		CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	}
	tls_close(&t);
}

/* ---- streams ---- */

TEST("a watch by TLS tells of changes, and its connection ends with the listener")
{
	struct tls t;
	auto_answer a = {0};
	auto_buf text = {0};
	auto_free char *client = NULL;
	struct tls_client k;
	static const char get[] = "GET " JOBS "?watch=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
	int64_t until = clock_mono_ms() + WAIT_MS;

	tls_open(&t);
	client = file_of(&t, "client.pem");
	k = tls_connect(&t, client);
	tls_send(&k, get, sizeof(get) - 1);
	CHECK(tls_read(&k, &text, 100));
	create_job(&t.f, "one", "");
	while (!strstr(buf_str(&text), "\"ADDED\"") && clock_mono_ms() < until)
		tls_read(&k, &text, text.len + 1);
	CHECK(strstr(buf_str(&text), "\"name\":\"one\"") != NULL);
	request(&t.f, &a, "DELETE", CONTROL, NULL);
	CHECK_INT(a.status, 200);
	tls_read(&k, &text, 0);
	CHECK(k.failed);
	CHECK(server_tls_status(t.f.server) == NULL);
	tls_client_close(&k);
	tls_close(&t);
}

TEST("a large answer arrives whole, however slowly it is read")
{
	struct tls t;
	auto_buf text = {0}, pad = {0};
	auto_free char *client = NULL, *annotation = NULL;
	struct tls_client k;
	int count = test_rounds(20, 4);
	static const char get[] =
	    "GET " JOBS " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

	tls_open(&t);
	buf_pad(&pad, 'x', 200000);
	annotation = xasprintf(",\"annotations\":{\"a\":\"%s\"}", buf_str(&pad));
	for (int i = 0; i < count; i++) {
		auto_free char *name = xasprintf("job-%d", i);

		create_job(&t.f, name, annotation);
	}
	client = file_of(&t, "client.pem");
	k = tls_connect(&t, client);
	tls_send(&k, get, sizeof(get) - 1);
	turns(&t.f, 50);
	tls_read(&k, &text, 0);
	{
		const char *body = strstr(buf_str(&text), "\r\n\r\n");
		auto_json *list = body ? json_parse(body + 4, strlen(body + 4), 0, NULL) : NULL;

		CHECK(text.len > (size_t)count * 200000);
		CHECK_INT(json_len(json_get(list, "items")), count);
	}
	tls_client_close(&k);
	tls_close(&t);
}

/* ---- strangers ---- */

static void expect_served(struct tls *t)
{
	auto_answer a = {0};
	auto_buf text = {0};
	auto_free char *client = file_of(t, "client.pem");

	request(&t->f, &a, "GET", "/healthz", NULL);
	CHECK_INT(a.status, 200);
	CHECK_INT(ask(t, client, "localhost", "/api", "", &text), 200);
}

static int connections(struct tls *t)
{
	auto_json *j = server_tls_status(t->f.server);

	return (int)json_int(j, "connections", -1);
}

TEST("plain HTTP is told so, and what is neither HTTP nor TLS is dropped")
{
	static const char *const requests[] = {"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n",
	    "DELETE /x HTTP/1.1\r\nHost: localhost\r\n\r\n",
	    "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"};
	static const char garbage[] = "\x16\x03\x01\x00\x05\x63rbage, and more of it";
	struct tls t;
	struct client c;

	tls_open(&t);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		c = tcp_open(&t);
		turns(&t.f, 3);
		client_send(&c, requests[i], strlen(requests[i]));
		client_wait_eof(&c);
		CHECK(str_has_prefix(buf_str(&c.in), "HTTP/1.0 400 Bad Request\r\n"));
		CHECK(strstr(buf_str(&c.in),
			  "\r\n\r\nClient sent an HTTP request to an HTTPS server.\n") != NULL);
		client_close(&c);
	}
	c = tcp_open(&t);
	turns(&t.f, 3);
	client_send(&c, garbage, sizeof(garbage));
	CHECK(client_wait_eof(&c));
	client_close(&c);
	expect_served(&t);
	tls_close(&t);
}

TEST("connections without credentials push each other out, and nobody else")
{
	struct tls t;
	struct client crowd[2 * STRANGERS_MAX];
	struct tls_client friend;
	auto_free char *client = NULL;
	auto_buf text = {0};
	static const char get[] = "GET " JOBS "?watch=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";

	tls_open(&t);
	client = file_of(&t, "client.pem");
	friend = tls_connect(&t, client);
	tls_send(&friend, get, sizeof(get) - 1);
	CHECK(tls_read(&friend, &text, 100));
	for (size_t i = 0; i < ARRAY_LEN(crowd); i++) {
		crowd[i] = tcp_open(&t);
		if (i % 32 == 0)
			turns(&t.f, 8);
	}
	turns(&t.f, 50);
	CHECK(connections(&t) <= STRANGERS_MAX + 1);
	CHECK(client_wait_eof(&crowd[0]));
	expect_served(&t);
	CHECK(!friend.failed);
	create_job(&t.f, "one", "");
	CHECK(tls_read(&friend, &text, text.len + 100));
	for (size_t i = 0; i < ARRAY_LEN(crowd); i++)
		client_close(&crowd[i]);
	tls_client_close(&friend);
	tls_close(&t);
}

TEST("connections of the user have a share of the descriptors, and one more is told so")
{
	struct tls t;
	struct rlimit old, tight;
	struct tls_client k[10];
	auto_buf text = {0};
	auto_free char *client = NULL;
	static const char get[] = "GET " JOBS "?watch=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";

	CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
	tight = old;
	tight.rlim_cur = 4 * ARRAY_LEN(k);
	CHECK(setrlimit(RLIMIT_NOFILE, &tight) == 0);
	tls_open(&t);
	CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
	client = file_of(&t, "client.pem");
	for (size_t i = 0; i < ARRAY_LEN(k); i++) {
		k[i] = tls_connect(&t, client);
		tls_send(&k[i], get, sizeof(get) - 1);
		buf_clear(&text);
		CHECK(tls_read(&k[i], &text, 100));
	}
	CHECK_INT(ask(&t, client, "localhost", "/api", "", &text), 429);
	tls_client_close(&k[0]);
	turns(&t.f, 5);
	CHECK_INT(ask(&t, client, "localhost", "/api", "", &text), 200);
	for (size_t i = 1; i < ARRAY_LEN(k); i++)
		tls_client_close(&k[i]);
	tls_close(&t);
}

/* Whether the server has not hung up yet. */
static bool is_open(const struct tls_client *k)
{
	char byte;

	errno = 0;
	return recv(k->c.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0 || errno == EAGAIN;
}

TEST("what strangers send is bounded, for one and for all")
{
	struct tls t;
	struct tls_client k[12];
	auto_free char *mass = xcalloc(1, 5 * MIB);
	static const char post[] =
	    "POST " JOBS " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 15000000\r\n\r\n";
	int64_t until = clock_mono_ms() + WAIT_MS;
	size_t open;

	tls_open(&t);
	memset(mass, ' ', 5 * MIB);
	k[0] = tls_connect(&t, NULL);
	tls_send(&k[0], post, sizeof(post) - 1);
	tls_send(&k[0], mass, 5 * MIB); /* of which 4 are allowed */
	while (is_open(&k[0]) && clock_mono_ms() < until)
		turns(&t.f, 1);
	CHECK(!is_open(&k[0]));
	tls_client_close(&k[0]);
	if (test_quick()) {
		tls_close(&t);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(k); i++) { /* 3.5 MiB each, 42 together */
		k[i] = tls_connect(&t, NULL);
		tls_send(&k[i], post, sizeof(post) - 1);
		tls_send(&k[i], mass, 7 * MIB / 2);
	}
	do {
		turns(&t.f, 100);
		open = 0;
		for (size_t i = 0; i < ARRAY_LEN(k); i++)
			open += is_open(&k[i]);
	} while (open > 9 && clock_mono_ms() < until);
	CHECK(open <= 9); /* 32 MiB */
	expect_served(&t);
	for (size_t i = 0; i < ARRAY_LEN(k); i++)
		tls_client_close(&k[i]);
	tls_close(&t);
}

TEST("a client that sends requests without reading answers fills its socket, not the memory")
{
	struct fixture f;
	struct client c;
	auto_buf many = {0};
	size_t sent = 0;

	fixture_open(&f);
	c = client_open(&f);
	for (int i = 0; i < 2000; i++)
		buf_adds(&many, "GET /apis HTTP/1.1\r\nHost: x\r\n\r\n");
	for (int i = 0; i < 400; i++) {
		ssize_t n = send(c.fd, many.ptr, many.len, MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		turns(&f, 1);
	}
	CHECK(sent < 16 * MIB);
	client_close(&c);
	turns(&f, 5);
	CHECK_INT(server_clients(f.server), 0);
	fixture_close(&f);
}

TEST("running out of descriptors pauses listening, and it goes on when there are some")
{
	struct tls t;
	struct rlimit old, tight;
	struct client c;
	auto_answer a = {0};
	int spare;

	tls_open(&t);
	c = client_open(&t.f);
	spare = dup(0);
	CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
	tight = old;
	tight.rlim_cur = (rlim_t)spare;
	close(spare);
	CHECK(setrlimit(RLIMIT_NOFILE, &tight) == 0);
	log_setup(2, LOG_ERROR);
	turns(&t.f, 20);
	CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
	send_request(&c, "GET", "/healthz", "", NULL);
	read_answer(&c, &a);
	CHECK_INT(a.status, 200);
	client_close(&c);
	expect_served(&t);
	tls_close(&t);
}

/* ---- settings ---- */

TEST("a server that starts again listens where it did, with the same credentials")
{
	struct tls t;
	auto_free char *path = NULL, *token = NULL;

	tls_open(&t);
	server_free(t.f.server);
	fixture_serve(&t.f);
	CHECK(!server_has_tls(t.f.server));
	server_resume_tls(t.f.server);
	CHECK(server_has_tls(t.f.server));
	path = file_of(&t, "token");
	token = path_read_file(path, 1024, NULL, NULL);
	CHECK_STR(token, t.token);
	expect_served(&t);
	tls_close(&t);
}

TEST("the listener moves, stays where it cannot, and does not leave the machine unless told to")
{
	struct tls t, other;
	auto_answer a = {0};
	auto_free char *taken = NULL;
	int before;

	tls_open(&t);
	tls_open(&other);
	before = t.port;
	taken = xasprintf("{\"port\":%d}", other.port);
	request(&t.f, &a, "POST", CONTROL, taken);
	CHECK_INT(a.status, 500);
	CHECK(strstr(json_str_or(a.json, "message", ""), "Address already in use") != NULL);
	expect_served(&t);
	request(&t.f, &a, "POST", CONTROL, "{}");
	CHECK_INT(json_int(a.json, "port", 0), before);
	request(&t.f, &a, "POST", CONTROL, "{\"address\":\"0.0.0.0\"}");
	CHECK_INT(a.status, 403);
	request(&t.f, &a, "POST", CONTROL, "{\"address\":\"nowhere\"}");
	CHECK_INT(a.status, 400);
	request(&t.f, &a, "POST", CONTROL, "{\"port\":70000}");
	CHECK_INT(a.status, 400);
	expect_served(&t);
	request(&t.f, &a, "DELETE", CONTROL, NULL);
	CHECK(!json_bool(a.json, "listening", true));
	request(&t.f, &a, "DELETE", CONTROL, NULL);
	CHECK_INT(a.status, 200);
	tls_close(&other);
	tls_close(&t);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return test_main();
}
