#include "credentials.h"

#include <sys/stat.h>

#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "../../runtime/base/paths.h"
#include "../../runtime/base/rand.h"
#include "../../runtime/certs.h"
#include "internal.h"

#define AUTHORITY_DAYS 3650
/* Browsers and some libraries refuse a server's certificate of more than 825 days. */
#define SERVER_DAYS 365
/* It is in kubeconfig files, which nobody renews. */
#define CLIENT_DAYS AUTHORITY_DAYS
#define RENEW_DAYS 30
#define TOKEN_BYTES 32

void credentials_release(struct credentials *c)
{
	free(c->authority);
	free(c->server);
	free(c->client);
	free(c->token);
	*c = (struct credentials){0};
}

/* The text of a file; "" where there is none. */
static char *read_text(const char *dir, const char *name, struct err *e)
{
	auto_free char *path = xasprintf("%s/%s", dir, name);
	auto_err own = {0};
	char *text = path_read_file(path, CERTS_TEXT_MAX, NULL, &own);

	if (text)
		return text;
	if (own.reason == ERR_NOT_FOUND)
		return xstrdup("");
	err_move(e, &own);
	return NULL;
}

static int write_text(const char *dir, const char *name, const char *text, struct err *e)
{
	auto_free char *path = xasprintf("%s/%s", dir, name);

	return path_write_file(path, 0600, text, strlen(text), e);
}

/* One identity: as it is in its file, or a new one. Owned. */
static char *identity(const char *dir, const char *name, const struct cert_spec *spec,
    const char *authority, struct err *e)
{
	auto_free char *text = read_text(dir, name, e);

	if (!text)
		return NULL;
	if (cert_is_good(text, authority, spec->names, spec->now, RENEW_DAYS))
		return TAKE(text);
	log_info("%s a certificate: %s/%s", *text ? "renewing" : "making", dir, name);
	free(text);
	text = cert_make(spec, authority, e);
	return text && write_text(dir, name, text, e) == 0 ? TAKE(text) : NULL;
}

static char *load_token(const char *dir, struct err *e)
{
	auto_free char *text = read_text(dir, "token", e);
	unsigned char raw[TOKEN_BYTES];
	auto_buf hex = {0};

	if (!text)
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	if (strlen(text) >= sizeof(raw))
		return TAKE(text);
	rand_bytes(raw, sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i++)
		buf_addf(&hex, "%02x", raw[i]);
	return write_text(dir, "token", buf_str(&hex), e) == 0 ? buf_take(&hex) : NULL;
}

/* The authority's certificate by itself, for clients that are given a file. */
static char *publish_authority(const char *dir, const char *authority, struct err *e)
{
	auto_free char *now = cert_of(authority), *before = read_text(dir, "ca.crt", e);

	if (!before)
		return NULL;
	if (!str_eq(now, before) && write_text(dir, "ca.crt", now, e) < 0)
		return NULL;
	return TAKE(now);
}

int credentials_load(
    const char *dir, const struct strlist *names, struct credentials *ret, struct err *e)
{
	struct cert_spec spec = {.use = CERT_AUTHORITY,
	    .common_name = "kjob",
	    .now = clock_wall_ns() / 1000000000,
	    .days = AUTHORITY_DAYS};
	struct credentials c = {0};
	auto_free char *authority = NULL;

	if (path_mkdirs(dir, 0700, e) < 0)
		return -1;
	authority = identity(dir, "ca.pem", &spec, NULL, e);
	if (authority)
		c.authority = publish_authority(dir, authority, e);
	if (c.authority) {
		spec.use = CERT_SERVER;
		spec.names = names;
		spec.days = SERVER_DAYS;
		c.server = identity(dir, "server.pem", &spec, authority, e);
	}
	if (c.server) {
		spec = (struct cert_spec){.use = CERT_CLIENT,
		    .common_name = USER_NAME,
		    .organization = USER_GROUP,
		    .now = spec.now,
		    .days = CLIENT_DAYS};
		c.client = identity(dir, "client.pem", &spec, authority, e);
	}
	if (c.client)
		c.token = load_token(dir, e);
	if (!c.token) {
		credentials_release(&c);
		return err_wrap(e, "the credentials of 'kjob serve'");
	}
	credentials_release(ret);
	*ret = c;
	return 0;
}
