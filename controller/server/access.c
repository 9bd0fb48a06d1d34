/*
 * access: which requests that came by TCP are answered. Pages of the web can have a browser send
 * requests to this machine, also under a name of their own: so the Host header must be a name of
 * this server. Then a certificate or a token has to say that it is the user who asks.
 */
#include <openssl/crypto.h>
#include <strings.h>

#include "internal.h"

#define TOKEN_MAX 1024

/* What Kubernetes tells anybody. */
static const char *const public_paths[] = {"healthz", "livez", "readyz", "version"};

static bool is_public(const struct exchange *x)
{
	for (size_t i = 0; i < ARRAY_LEN(public_paths); i++)
		if (x->method == METHOD_GET && x->path.len >= 1 && x->path.len <= 2 &&
		    str_eq(x->path.items[0], public_paths[i]))
			return true;
	return false;
}

/* "localhost:7443", "127.0.0.1", "[::1]:7443": the name without the port. */
static char *host_name(const char *host)
{
	const char *end;

	if (host[0] == '[') {
		end = strchr(host, ']');
		return end && (!end[1] || end[1] == ':')
			   ? xstrndup(host + 1, (size_t)(end - host - 1))
			   : xstrdup("");
	}
	end = strchr(host, ':');
	return end ? xstrndup(host, (size_t)(end - host)) : xstrdup(host);
}

static int check_host(const struct exchange *x, struct err *e)
{
	const char *host = exchange_header(x, "Host");
	auto_free char *name = host ? host_name(host) : NULL;

	if (!name || !*name)
		return err_set(e, ERR_BAD_REQUEST, "missing required Host header");
	if (!serve_is_name(server_of(x)->serve, name))
		return err_set(
		    e, ERR_FORBIDDEN, "the Host header \"%.253s\" is no name of this server", host);
	return 0;
}

/* A browser that has the user's certificate shows it for any page; but it says whose wish it was.
 */
static int check_site(const struct exchange *x, struct err *e)
{
	const char *site = exchange_header(x, "Sec-Fetch-Site");

	if (!site || str_eq(site, "none") || str_eq(site, "same-origin"))
		return 0;
	return err_set(e, ERR_FORBIDDEN, "this server does not answer the pages of other sites");
}

bool access_is_token(const struct server *s, const char *given)
{
	const char *token = s->serve ? serve_token(s->serve) : "";
	size_t len = strlen(token);

	return token[0] && strnlen(given, TOKEN_MAX) == len &&
	       CRYPTO_memcmp(given, token, len) == 0;
}

/* Of an Authorization header. NULL: it is none of a token. */
static const char *bearer(const char *authorization)
{
	if (strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	return authorization + 7 + strspn(authorization + 7, " ");
}

enum verdict { ANONYMOUS, KNOWN, WRONG };

static enum verdict judge(const struct exchange *x)
{
	const char *authorization = exchange_header(x, "Authorization");
	const char *given = authorization ? bearer(authorization) : NULL;

	if (given && access_is_token(server_of(x), given))
		return KNOWN;
	switch (secure_conn_certificate(exchange_secure(x))) {
	case CERTIFICATE_OURS:
		return KNOWN;
	case CERTIFICATE_FOREIGN:
		return WRONG;
	case CERTIFICATE_NONE:
		break;
	}
	return authorization ? WRONG : ANONYMOUS;
}

static int err_unauthorized(struct err *e)
{
	return err_set(e, ERR_UNAUTHORIZED, "Unauthorized");
}

static int check_user(const struct exchange *x, struct err *e)
{
	switch (judge(x)) {
	case KNOWN:
		return secure_conn_trust(exchange_secure(x))
			   ? 0
			   : err_set(e, ERR_TOO_MANY, "too many connections");
	case ANONYMOUS:
		return is_public(x) ? 0 : err_unauthorized(e);
	case WRONG:
		break;
	}
	return err_unauthorized(e);
}

/* The user may act as itself; there is nobody else. */
static int check_impersonation(const struct exchange *x, struct err *e)
{
	static const struct {
		const char *header, *resource, *own;
	} kinds[] = {
	    {"Impersonate-User", "users", USER_NAME},
	    {"Impersonate-Uid", "uids", NULL},
	    {"Impersonate-Group", "groups", USER_GROUP},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *as = exchange_header(x, kinds[i].header);

		if (as && !str_eq(as, kinds[i].own))
			return err_set(e, ERR_FORBIDDEN,
			    "%s \"%.253s\" is forbidden: User \"" USER_NAME
			    "\" cannot impersonate resource \"%s\" in API group \"\" at the "
			    "cluster "
			    "scope: kjob has one user",
			    kinds[i].resource, as, kinds[i].resource);
	}
	return 0;
}

int access_check(struct exchange *x, struct err *e)
{
	int rc;

	if (!exchange_is_remote(x))
		return 0;
	if (!exchange_secure(x)) /* cannot be: a connection of TLS without TLS */
		return err_unauthorized(e);
	rc = check_host(x, e) < 0 || check_site(x, e) < 0 || check_user(x, e) < 0 ||
		     check_impersonation(x, e) < 0
		 ? -1
		 : 0;
	if (!secure_conn_trusted(exchange_secure(x)))
		exchange_header_set(x, "Connection", "close");
	return rc;
}
