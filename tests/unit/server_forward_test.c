/* The API server: ports of pods over WebSockets, two channels for each. */
#include "server_terminal.h"

#define V4 UPGRADE "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n"

static void wait_got(struct terminal *t, struct fixture *f, int dial, const char *want)
{
	for (int i = 0; i < 200 && !str_eq(buf_str(&f->pods.dials[dial]->got), want); i++)
		terminal_read(t);
	CHECK_STR(buf_str(&f->pods.dials[dial]->got), want);
}

static void wait_closed(struct terminal *t)
{
	for (int i = 0; i < 200 && !t->closed; i++)
		terminal_read(t);
	CHECK(t->closed);
}

TEST("each port has its channels, which begin with its number, and ends by itself")
{
	struct fixture f;
	struct terminal t;
	struct pod_dial *a, *b;
	auto_err e = {0};

	fixture_open(&f);
	create_pod(&f, "p");
	terminal_open(&t, &f, "/p/portforward?ports=80&ports=258", V5);
	for (int i = 0; i < 200 && t.out[3].len < 2; i++)
		terminal_read(&t);
	for (int i = 0; i < 4; i++)
		CHECK(t.out[i].len == 2 && !memcmp(t.out[i].ptr, i < 2 ? "\x50\0" : "\2\1", 2));
	a = f.pods.dials[0];
	b = f.pods.dials[1];
	CHECK(a->port == 80 && b->port == 258);
	terminal_send(&t, 0, "to a", 4);
	terminal_send(&t, 2, "to b", 4);
	terminal_send(&t, 3, "nonsense", 8);
	terminal_send(&t, 77, "nonsense", 8);
	wait_got(&t, &f, 1, "to b");
	wait_got(&t, &f, 0, "to a");
	CHECK(b->cb->on_data(b->ctx, "from b", 6));
	for (int i = 0; i < 200 && t.out[2].len < 8; i++)
		terminal_read(&t);
	CHECK(t.out[2].len == 8 && !memcmp(t.out[2].ptr + 2, "from b", 6));
	f.pods.full = true; /* what is not taken is kept, and the end waits for it */
	terminal_send(&t, 0, " and more", 9);
	terminal_send(&t, CHANNEL_CLOSE, "\0", 1);
	turns(&f, 20);
	CHECK(!a->ended);
	f.pods.full = false;
	a->cb->on_writable(a->ctx);
	CHECK_STR(buf_str(&a->got), "to a and more");
	CHECK(a->ended && !b->ended);
	err_set(&e, ERR_UNAVAILABLE, "connection refused");
	b->cb->on_end(b->ctx, &e);
	a->cb->on_end(a->ctx, NULL);
	wait_closed(&t);
	CHECK(t.out[3].len == 20 && !memcmp(t.out[3].ptr + 2, "connection refused", 18));
	CHECK_STR(buf_str(&t.ends), "2 0 ");
	CHECK(!f.pods.dials[0] && !f.pods.dials[1]);
	terminal_close(&t);
	fixture_close(&f);
}

TEST("a client that goes away, or knows no ends of channels, takes its connections along")
{
	struct fixture f;
	struct terminal t;

	fixture_open(&f);
	create_pod(&f, "p");
	terminal_open(&t, &f, "/p/portforward?ports=80,81", V4);
	CHECK(f.pods.dials[0] && f.pods.dials[1]);
	f.pods.dials[0]->cb->on_end(f.pods.dials[0]->ctx, NULL);
	terminal_read(&t);
	CHECK_STR(buf_str(&t.ends), "");
	terminal_close(&t);
	turns(&f, 20);
	CHECK(!f.pods.dials[0] && !f.pods.dials[1]);
	CHECK_INT(server_clients(f.server), 0);
	fixture_close(&f);
}

TEST("ports that make no sense, and pods that cannot be reached, are refused")
{
	static const struct {
		const char *query;
		int status;
		const char *text;
	} cases[] = {
	    {"/p/portforward", 400, "query parameter \"ports\" is required"},
	    {"/p/portforward?ports=", 400, "as a port"},
	    {"/p/portforward?ports=0", 400, "unable to parse \"0\" as a port"},
	    {"/p/portforward?ports=65536", 400, "as a port"},
	    {"/p/portforward?ports=80,x", 400, "unable to parse \"x\" as a port"},
	    {"/p/portforward?ports=80,9", 400, "the pod does not run"},
	    {"/nobody/portforward?ports=80", 404, "pods \"nobody\" not found"},
	};
	struct fixture f;

	fixture_open(&f);
	create_pod(&f, "p");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_answer a = {0};
		auto_free char *path = xasprintf(PODS "%s", cases[i].query);

		request_with(&f, &a, "GET", path, V5, NULL);
		CHECK_INT(a.status, cases[i].status);
		CHECK(strstr(json_str_or(a.json, "message", ""), cases[i].text) != NULL);
		CHECK(!f.pods.dials[0] && !f.pods.dials[1]);
	}
	fixture_close(&f);
}

int main(void)
{
	return test_main();
}
