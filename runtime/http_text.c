/* http_text: headers and URLs as text; nothing here talks to anybody. */
#include <ctype.h>
#include <strings.h>

#include "http_private.h"

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

int http_parse_status(const char *line, size_t len)
{
	bool two = len >= 10 && strncasecmp(line, "HTTP/2 ", 7) == 0;
	const char *code = line + (two ? 7 : 9);

	if (!two && (len < 12 || strncasecmp(line, "HTTP/1.", 7) != 0 || line[8] != ' '))
		return -1;
	for (int i = 0; i < 3; i++)
		if (!isdigit((unsigned char)code[i]))
			return -1;
	return (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
}

static bool has_line_break(const char *s)
{
	return strpbrk(s, "\r\n") != NULL;
}

const char *http_request_fault(const struct http_request *r)
{
	if (has_line_break(r->method) || has_line_break(r->path) || r->path[0] != '/')
		return "invalid request path";
	for (const char *const *p = r->headers; p && *p; p++)
		if (has_line_break(*p) || !strchr(*p, ':'))
			return "invalid request header";
	return NULL;
}

static void add_bare(struct curl_slist **list, const char *line)
{
	struct curl_slist *l = curl_slist_append(*list, line);

	if (!l)
		abort();
	*list = l;
}

static void add_header(struct curl_slist **list, const char *line)
{
	/* libcurl spells "no value" with a semicolon; a bare colon would drop the header. */
	const char *colon = strchr(line, ':');
	auto_free char *empty = NULL;

	if (colon && colon[1 + strspn(colon + 1, " \t")] == '\0') {
		empty = xasprintf("%.*s;", (int)(colon - line), line);
		line = empty;
	}
	add_bare(list, line);
}

struct curl_slist *http_header_list(const struct http_request *r, const struct strlist *more)
{
	bool typed = false, accepts = !r->bare_headers;
	struct curl_slist *list = NULL;

	for (const char *const *p = r->headers; p && *p; p++) {
		typed |= strncasecmp(*p, "Content-Type:", 13) == 0;
		accepts |= strncasecmp(*p, "Accept:", 7) == 0;
		add_header(&list, *p);
	}
	/* Those that libcurl would add by itself. */
	if (!accepts)
		add_bare(&list, "Accept:");
	add_bare(&list, "Expect:");
	if (!typed)
		add_bare(&list, "Content-Type:");
	for (size_t i = 0; i < more->len; i++)
		add_header(&list, more->items[i]);
	return list;
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
