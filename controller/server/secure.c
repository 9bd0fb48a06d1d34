#include "secure.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "../../runtime/base/buf.h"

/* Of connections whose user is not known. */
#define STRANGERS_MAX 128
#define STRANGER_MS 10000
#define STRANGER_BYTES (4 * MIB) /* a first request with its body and headers */
#define STRANGERS_BYTES (32 * MIB)
/* Of the others. */
#define FRIENDS_MAX 2048
/* Descriptors are for the rest of the controller too. */
#define FRIENDS_SHARE 4
/* Handshakes begun in one turn of the loop. */
#define ACCEPT_BATCH 16
#define CERTIFICATES_MAX (16 * KIB)

static const char not_tls[] = "HTTP/1.0 400 Bad Request\r\n"
			      "Content-Type: text/plain; charset=utf-8\r\n"
			      "Content-Length: 48\r\n"
			      "Connection: close\r\n"
			      "\r\n"
			      "Client sent an HTTP request to an HTTPS server.\n";

struct secure_conn {
	struct secure *all;
	SSL *ssl;
	struct timer deadline;
	size_t bytes; /* while it is a stranger */
	bool greeted; /* the first record's header has come */
	bool shown;   /* a certificate */
	bool foreign; /* which we have not signed */
	bool trusted;
	bool ended; /* it counts no more */
	TAILQ_ENTRY(secure_conn) link;
};

TAILQ_HEAD(conn_list, secure_conn);

struct secure {
	struct loop *loop;
	size_t refs; /* the owner, and each connection until libevent has freed it */
	SSL_CTX *ctx;
	int index; /* of connections in their SSL */
	struct evconnlistener *listener;
	struct timer accept_again;
	unsigned batch;
	struct conn_list strangers; /* the oldest first */
	struct conn_list friends;
	size_t stranger_count, friend_count, friends_max;
	size_t stranger_bytes;
};

/* ---- the life of a connection ---- */

static struct secure_conn *conn_of_ssl(const SSL *ssl)
{
	const struct secure *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	return s ? SSL_get_ex_data(ssl, s->index) : NULL;
}

static void forget(struct secure_conn *c)
{
	struct secure *s = c->all;

	if (timer_is_set(&c->deadline))
		timer_cancel(s->loop, &c->deadline);
	if (c->trusted) {
		TAILQ_REMOVE(&s->friends, c, link);
		s->friend_count--;
	} else if (!c->ended) {
		TAILQ_REMOVE(&s->strangers, c, link);
		s->stranger_count--;
		s->stranger_bytes -= c->bytes;
	}
	c->trusted = false;
	c->ended = true;
}

static void unref(struct secure *s)
{
	if (--s->refs)
		return;
	SSL_CTX_free(s->ctx);
	free(s);
}

/* Its SSL is being freed. */
static void on_ssl_free(
    void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	struct secure_conn *c = ptr;
	struct secure *s = c ? c->all : NULL;

	if (!c)
		return;
	forget(c);
	free(c);
	unref(s);
}

/* evhttp finds the end of the connection, and frees it. */
static void hang_up(struct secure_conn *c)
{
	int fd = SSL_get_fd(c->ssl);

	forget(c);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

static void on_deadline(void *arg)
{
	hang_up(arg);
}

bool secure_conn_trust(struct secure_conn *c)
{
	struct secure *s = c->all;

	if (c->trusted || c->ended)
		return c->trusted;
	if (s->friend_count >= s->friends_max)
		return false;
	forget(c);
	c->ended = false;
	c->trusted = true;
	TAILQ_INSERT_TAIL(&s->friends, c, link);
	s->friend_count++;
	return true;
}

bool secure_conn_trusted(const struct secure_conn *c)
{
	return c->trusted;
}

/* ---- what strangers send ---- */

/* Whoever sends the most goes, so that small requests of others still come through. */
static void hang_up_on_longest(struct secure *s)
{
	struct secure_conn *c, *longest = NULL;

	TAILQ_FOREACH(c, &s->strangers, link)
	if (!longest || c->bytes > longest->bytes)
		longest = c;
	if (longest)
		hang_up(longest);
}

static void on_input(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	struct secure_conn *c = arg;
	struct secure *s = c->all;

	if (c->trusted || c->ended || !info->n_added)
		return;
	if (secure_conn_certificate(c) == CERTIFICATE_OURS && secure_conn_trust(c))
		return;
	c->bytes += info->n_added;
	s->stranger_bytes += info->n_added;
	if (c->bytes > STRANGER_BYTES)
		hang_up(c);
	else if (s->stranger_bytes > STRANGERS_BYTES)
		hang_up_on_longest(s);
}

/* ---- the handshake ---- */

/* Any certificate will do for a handshake; what a foreign one is worth is for the request to say.
 */
static int on_certificate(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct secure_conn *c = conn_of_ssl(ssl);

	if (!c)
		return 0;
	c->shown = true;
	c->foreign |= !ok;
	return 1;
}

enum secure_certificate secure_conn_certificate(const struct secure_conn *c)
{
	if (!c->shown || !SSL_is_init_finished(c->ssl))
		return CERTIFICATE_NONE;
	return c->foreign ? CERTIFICATE_FOREIGN : CERTIFICATE_OURS;
}

static int on_protocols(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static bool is_plain_http(const char *head, size_t len)
{
	static const char *const begins[] = {
	    "GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO"};

	for (size_t i = 0; i < ARRAY_LEN(begins); i++)
		if (len >= 5 && memcmp(head, begins[i], 5) == 0)
			return true;
	return false;
}

/* The header of the first record: somebody may speak plain HTTP, and is told as a person would be.
 */
static void on_message(
    int sent, int version, int type, const void *data, size_t len, SSL *ssl, void *arg)
{
	struct secure_conn *c = conn_of_ssl(ssl);
	char rest[4 * KIB];
	int fd;

	if (sent || type != SSL3_RT_HEADER || !c || c->greeted)
		return;
	c->greeted = true;
	fd = SSL_get_fd(ssl);
	if (!is_plain_http(data, len) || fd < 0)
		return;
	/* What is not read would reset the connection, and the answer be lost with it. */
	for (int i = 0; i < 16 && recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0; i++)
		;
	if (send(fd, not_tls, sizeof(not_tls) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
}

/* ---- contexts ---- */

static X509 *parse_cert(const char *pem)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	X509 *c = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;

	BIO_free_all(in);
	return c;
}

static EVP_PKEY *parse_key(const char *pem)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *k = in ? PEM_read_bio_PrivateKey(in, NULL, NULL, NULL) : NULL;

	BIO_free_all(in);
	return k;
}

static bool load(SSL_CTX *ctx, const struct credentials *c)
{
	X509 *cert = parse_cert(c->server), *authority = parse_cert(c->authority);
	EVP_PKEY *key = parse_key(c->server);
	bool ok = cert && key && authority && SSL_CTX_use_certificate(ctx, cert) == 1 &&
		  SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1 &&
		  X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority) == 1 &&
		  SSL_CTX_add_client_CA(ctx, authority) == 1;

	X509_free(cert);
	X509_free(authority);
	EVP_PKEY_free(key);
	return ok;
}

int secure_use(struct secure *s, const struct credentials *c, struct err *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 || !load(ctx, c)) {
		SSL_CTX_free(ctx);
		ERR_clear_error();
		return err_set(e, ERR_INTERNAL, "TLS does not take the certificates of the server");
	}
	/* No state outlives a connection. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(
	    ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_num_tickets(ctx, 0);
	/* No partial writes: libevent takes what SSL_write has taken for all of it. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_max_cert_list(ctx, CERTIFICATES_MAX);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_certificate);
	SSL_CTX_set_alpn_select_cb(ctx, on_protocols, NULL);
	SSL_CTX_set_msg_callback(ctx, on_message);
	SSL_CTX_set_app_data(ctx, s);
	SSL_CTX_free(s->ctx);
	s->ctx = ctx;
	return 0;
}

/* ---- accepting ---- */

static void accept_again(void *arg)
{
	struct secure *s = arg;

	s->batch = 0;
	if (s->listener)
		evconnlistener_enable(s->listener);
}

/* Others have their turn between one batch of newcomers and the next. */
static void limit_batch(struct secure *s)
{
	if (++s->batch >= ACCEPT_BATCH && s->listener)
		evconnlistener_disable(s->listener);
	if (!timer_is_set(&s->accept_again))
		timer_set(s->loop, &s->accept_again, 0);
}

struct bufferevent *secure_accept(struct event_base *base, void *arg)
{
	struct secure *s = arg;
	struct secure_conn *c = xcalloc(1, sizeof(*c));
	struct bufferevent *bev;

	c->all = s;
	s->refs++;
	c->ssl = SSL_new(s->ctx);
	if (!c->ssl || SSL_set_ex_data(c->ssl, s->index, c) != 1)
		abort(); /* out of memory */
	bev = bufferevent_openssl_socket_new(
	    base, -1, c->ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (!bev)
		abort();
	evbuffer_add_cb(bufferevent_get_input(bev), on_input, c);
	c->deadline = (struct timer){.name = "stranger", .fn = on_deadline, .arg = c};
	timer_set(s->loop, &c->deadline, STRANGER_MS);
	TAILQ_INSERT_TAIL(&s->strangers, c, link);
	if (++s->stranger_count > STRANGERS_MAX)
		hang_up(TAILQ_FIRST(&s->strangers));
	limit_batch(s);
	loop_wake(s->loop);
	return bev;
}

struct secure_conn *secure_conn_of(const struct secure *s, struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);

	return ssl ? SSL_get_ex_data(ssl, s->index) : NULL;
}

void secure_goodbye(struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);

	if (ssl && SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
}

/* ---- life ---- */

static size_t friends_max(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur / FRIENDS_SHARE > FRIENDS_MAX)
		return FRIENDS_MAX;
	return (size_t)files.rlim_cur / FRIENDS_SHARE;
}

struct secure *secure_new(struct loop *l)
{
	struct secure *s = xcalloc(1, sizeof(*s));

	s->loop = l;
	s->refs = 1;
	s->index = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_ssl_free);
	if (s->index < 0)
		abort();
	s->friends_max = friends_max();
	s->accept_again = (struct timer){.name = "accept again", .fn = accept_again, .arg = s};
	TAILQ_INIT(&s->strangers);
	TAILQ_INIT(&s->friends);
	return s;
}

void secure_set_listener(struct secure *s, struct evconnlistener *l)
{
	s->listener = l;
}

size_t secure_count(const struct secure *s)
{
	return s->friend_count + s->stranger_count;
}

void secure_free(struct secure *s)
{
	struct secure_conn *c;

	if (!s)
		return;
	timer_cancel(s->loop, &s->accept_again);
	s->listener = NULL;
	while ((c = TAILQ_FIRST(&s->strangers)) || (c = TAILQ_FIRST(&s->friends)))
		forget(c);
	unref(s);
}
