/* http_target: where a client talks to, as options of libcurl; and TLS's failures in words. */
#include <curl/curl.h>
#include <strings.h>

#include "http_private.h"

#define CONNECT_TIMEOUT_MS 10000

/* ---- a copy of the target ---- */

/*
 * libcurl sends and checks the name that stands in the URL: a server name of its own goes there,
 * and the connection is led to the real host.
 */
static void use_server_name(struct http_site *s)
{
	struct http_url u;
	const char *rest, *port;
	bool https;
	size_t host_len;
	auto_free char *line = NULL;

	if (!s->t.tls_server_name || http_url_resolve(s->t.base_url, NULL, &u, NULL) < 0)
		return;
	https = str_has_prefix(u.origin, "https:");
	rest = strstr(s->t.base_url, "://") + 3;
	host_len = strcspn(rest, "/");
	port = strchr(u.origin + (https ? 8 : 7) + strlen(u.host), ':');
	port = port ? port + 1 : https ? "443" : "80";
	s->host_line = xasprintf("Host: %.*s", (int)host_len, rest);
	s->curl_base = xasprintf(
	    "%s://%s:%s%s", https ? "https" : "http", s->t.tls_server_name, port, rest + host_len);
	line = xasprintf("%s:%s:%s:%s", s->t.tls_server_name, port, u.host, port);
	s->connect_to = curl_slist_append(NULL, line);
	if (!s->connect_to)
		abort();
	http_url_release(&u);
}

static const char *copy(const char *s)
{
	return xstrdup(s);
}

struct http_site *http_site_new(const struct http_target *t)
{
	struct http_site *s = xcalloc(1, sizeof(*s));
	char *base = xstrdup(t->base_url);
	size_t len = strlen(base);

	while (len > 0 && base[len - 1] == '/')
		base[--len] = '\0';
	s->t = *t;
	s->t.base_url = base;
	s->t.unix_socket = copy(t->unix_socket);
	s->t.proxy = copy(t->proxy);
	s->t.ca_file = copy(t->ca_file);
	s->t.ca_pem = copy(t->ca_pem);
	s->t.cert_file = copy(t->cert_file);
	s->t.cert_pem = copy(t->cert_pem);
	s->t.key_file = copy(t->key_file);
	s->t.key_pem = copy(t->key_pem);
	s->t.tls_server_name = copy(t->tls_server_name);
	s->t.connect_ms = t->connect_ms > 0 ? t->connect_ms : CONNECT_TIMEOUT_MS;
	use_server_name(s);
	return s;
}

static void drop(const char *s)
{
	free((char *)s);
}

static void drop_secret(const char *s)
{
	if (s)
		explicit_bzero((char *)s, strlen(s));
	drop(s);
}

void http_site_free(struct http_site *s)
{
	drop(s->t.base_url);
	drop(s->t.unix_socket);
	drop(s->t.proxy);
	drop(s->t.ca_file);
	drop(s->t.ca_pem);
	drop(s->t.cert_file);
	drop(s->t.cert_pem);
	drop(s->t.key_file);
	drop_secret(s->t.key_pem);
	drop(s->t.tls_server_name);
	free(s->curl_base);
	free(s->host_line);
	curl_slist_free_all(s->connect_to);
	free(s);
}

void http_site_set_identity(struct http_site *s, const char *cert_pem, const char *key_pem)
{
	drop(s->t.cert_pem);
	drop_secret(s->t.key_pem);
	s->t.cert_pem = copy(cert_pem);
	s->t.key_pem = copy(key_pem);
}

int http_site_headers(const struct http_site *s, struct strlist *ret, struct err *e)
{
	if (s->host_line)
		strlist_add(ret, s->host_line);
	if (s->t.headers && s->t.headers(s->t.headers_ctx, ret, e) < 0)
		return -1;
	for (size_t i = 0; i < ret->len; i++)
		if (strpbrk(ret->items[i], "\r\n") || !strchr(ret->items[i], ':'))
			return err_set(e, ERR_BAD_REQUEST, "invalid request header");
	return 0;
}

/* ---- as libcurl's options ---- */

static void set_pem(CURL *e, CURLoption option, const char *pem)
{
	struct curl_blob blob = {.data = (char *)pem, .len = strlen(pem), .flags = CURL_BLOB_COPY};

	curl_easy_setopt(e, option, &blob);
}

static void set_authorities(const struct http_target *t, CURL *e)
{
	if (t->insecure) {
		curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
		curl_easy_setopt(e, CURLOPT_PROXY_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(e, CURLOPT_PROXY_SSL_VERIFYHOST, 0L);
	}
	if (!t->ca_pem && !t->ca_file)
		return;
	/* These alone, not the system's besides. */
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(e, CURLOPT_PROXY_CAPATH, NULL);
	if (t->ca_pem) {
		set_pem(e, CURLOPT_CAINFO_BLOB, t->ca_pem);
		set_pem(e, CURLOPT_PROXY_CAINFO_BLOB, t->ca_pem);
	} else {
		curl_easy_setopt(e, CURLOPT_CAINFO, t->ca_file);
		curl_easy_setopt(e, CURLOPT_PROXY_CAINFO, t->ca_file);
	}
}

static void set_identity(const struct http_target *t, CURL *e)
{
	if (t->cert_pem)
		set_pem(e, CURLOPT_SSLCERT_BLOB, t->cert_pem);
	else if (t->cert_file)
		curl_easy_setopt(e, CURLOPT_SSLCERT, t->cert_file);
	if (t->key_pem)
		set_pem(e, CURLOPT_SSLKEY_BLOB, t->key_pem);
	else if (t->key_file)
		curl_easy_setopt(e, CURLOPT_SSLKEY, t->key_file);
}

static void set_proxy(const struct http_target *t, CURL *e)
{
	auto_free char *by_name = NULL;

	if (t->unix_socket || t->no_proxy) {
		curl_easy_setopt(e, CURLOPT_PROXY, "");
		return;
	}
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (!t->proxy)
		return;
	/* The proxy resolves the host's name, as with all others. */
	if (strncasecmp(t->proxy, "socks5://", 9) == 0)
		by_name = xasprintf("socks5h://%s", t->proxy + 9);
	curl_easy_setopt(e, CURLOPT_PROXY, by_name ? by_name : t->proxy);
	curl_easy_setopt(e, CURLOPT_NOPROXY, "");
}

void http_site_apply(const struct http_site *s, CURL *e)
{
	const struct http_target *t = &s->t;

	if (t->unix_socket)
		curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, t->unix_socket);
	else
		curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	set_proxy(t, e);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
	    (long)(t->http2 ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_1_1));
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_ms);
	if (t->compressed)
		curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (strncasecmp(t->base_url, "https:", 6) != 0)
		return;
	set_authorities(t, e);
	set_identity(t, e);
	curl_easy_setopt(e, CURLOPT_CERTINFO, 1L); /* for the names in http_tls_error */
	if (s->connect_to)
		curl_easy_setopt(e, CURLOPT_CONNECT_TO, s->connect_to);
}

/* ---- errors ---- */

/* By the codes of OpenSSL's X509_STORE_CTX_get_error, in the words of Go. */
static const struct {
	long code;
	const char *text;
} verify_errors[] = {
    {2, "certificate signed by unknown authority"},
    {18, "certificate signed by unknown authority"},
    {19, "certificate signed by unknown authority"},
    {20, "certificate signed by unknown authority"},
    {21, "certificate signed by unknown authority"},
    {9, "certificate has expired or is not yet valid"},
    {10, "certificate has expired or is not yet valid"},
    {26, "certificate specifies an incompatible key usage"},
    {79, "certificate is not authorized to sign other certificates"},
};

/* "DNS:a, IP Address:10.0.0.1" of the server's certificate as "a, 10.0.0.1"; owned, "": none. */
static char *certificate_names(CURL *easy)
{
	static const char mark[] = "X509v3 Subject Alternative Name:";
	struct curl_certinfo *info = NULL;
	auto_strlist names = {0};
	auto_strlist parts = {0};

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || !info ||
	    info->num_of_certs < 1)
		return xstrdup("");
	for (struct curl_slist *l = info->certinfo[0]; l; l = l->next)
		if (str_has_prefix(l->data, mark))
			str_split(&parts, l->data + sizeof(mark) - 1, ',');
	for (size_t i = 0; i < parts.len; i++) {
		const char *colon = strchr(parts.items[i], ':');

		if (colon)
			strlist_add(&names, colon + 1);
	}
	return strlist_join(&names, ", ");
}

static int verify_error(CURL *easy, const char *host, struct err *e)
{
	long code = 0;
	auto_free char *names = NULL;

	curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &code);
	for (size_t i = 0; i < ARRAY_LEN(verify_errors); i++)
		if (verify_errors[i].code == code)
			return err_set(e, ERR_UNAVAILABLE,
			    "tls: failed to verify certificate: x509: %s", verify_errors[i].text);
	if (code > 1) /* 1: the chain was not looked at, the name came first */
		return -1;
	names = certificate_names(easy);
	if (!*names)
		return err_set(e, ERR_UNAVAILABLE,
		    "tls: failed to verify certificate: x509: certificate is not valid for any "
		    "names, but wanted to match %s",
		    host);
	return err_set(e, ERR_UNAVAILABLE,
	    "tls: failed to verify certificate: x509: certificate is valid for %s, not %s", names,
	    host);
}

bool http_tls_error(
    const struct http_site *s, CURL *easy, CURLcode code, const char *detail, struct err *e)
{
	const char *alert = strstr(detail, " alert ");
	struct http_url u = {0};
	int rc = -1;

	if (code == CURLE_PEER_FAILED_VERIFICATION) {
		const char *name = s->t.tls_server_name;

		if (!name && http_url_resolve(s->t.base_url, NULL, &u, NULL) == 0)
			name = u.host;
		rc = verify_error(easy, name ? name : "", e);
		http_url_release(&u);
		if (e->reason != ERR_NONE)
			return true;
	}
	if (alert && strstr(detail, "SSL"))
		rc = err_set(e, ERR_UNAVAILABLE, "remote error: tls: %.*s",
		    (int)strcspn(alert + 7, ","), alert + 7);
	else if (strstr(detail, "wrong version number"))
		rc = err_set(e, ERR_UNAVAILABLE, "http: server gave HTTP response to HTTPS client");
	else if (code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CONNECT_ERROR ||
		 code == CURLE_SSL_CACERT_BADFILE || code == CURLE_PEER_FAILED_VERIFICATION)
		rc = err_set(
		    e, ERR_UNAVAILABLE, "tls: %s", *detail ? detail : curl_easy_strerror(code));
	return rc < 0 && e->reason != ERR_NONE;
}
