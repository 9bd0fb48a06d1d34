/* http_text: headers and URLs as text; nothing here talks to anybody. */
#include <ctype.h>
#include <curl/curl.h>
#include <strings.h>

#include "http.h"

const char *http_header(const struct http_response *r, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; r->headers && i < r->headers->len; i++) {
		const char *line = r->headers->items[i];

		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

void http_escape(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (isalnum((unsigned char)*p) || strchr("-._~", *p))
			buf_addch(out, *p);
		else
			buf_addf(out, "%%%02X", (unsigned char)*p);
	}
}

/* What Go's net/url escapes in a path; control characters and what is no ASCII too. */
char *http_clean_path(const char *path)
{
	auto_buf b = {0};

	if (*path != '/')
		buf_addch(&b, '/');
	for (const char *p = path; *p && *p != '#'; p++) {
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f ||
		    strchr("\"<>\\^`{|}", *p))
			buf_addf(&b, "%%%02X", (unsigned char)*p);
		else
			buf_addch(&b, *p);
	}
	return buf_take(&b);
}

/* A part of a URL; owned; "" where there is none. */
static char *url_part(CURLU *u, CURLUPart part, unsigned flags)
{
	char *text = NULL, *copy;

	if (curl_url_get(u, part, &text, flags) != CURLUE_OK)
		return xstrdup("");
	copy = xstrdup(text);
	curl_free(text);
	return copy;
}

int http_url_resolve(const char *base, const char *location, struct http_url *ret, struct err *e)
{
	CURLU *u = curl_url();
	CURLUcode code;

	if (!u)
		abort();
	code = curl_url_set(u, CURLUPART_URL, base, CURLU_PATH_AS_IS);
	if (code == CURLUE_OK && location)
		code = curl_url_set(u, CURLUPART_URL, location, CURLU_URLENCODE);
	auto_free char *scheme = url_part(u, CURLUPART_SCHEME, 0);
	auto_free char *host = url_part(u, CURLUPART_HOST, 0);
	auto_free char *port = url_part(u, CURLUPART_PORT, 0);
	auto_free char *path = url_part(u, CURLUPART_PATH, 0);
	auto_free char *query = url_part(u, CURLUPART_QUERY, 0);

	curl_url_cleanup(u);
	if (code != CURLUE_OK || !*host ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		return err_set(
		    e, ERR_BAD_REQUEST, "%s is not a valid URL", location ? location : base);
	ret->origin = xasprintf("%s://%s%s%s", scheme, host, *port ? ":" : "", port);
	ret->path = xasprintf("%s%s%s", *path ? path : "/", *query ? "?" : "", query);
	ret->host = TAKE(host);
	return 0;
}

void http_url_release(struct http_url *u)
{
	free(u->origin);
	free(u->host);
	free(u->path);
	*u = (struct http_url){0};
}
