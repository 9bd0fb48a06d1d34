#include "cp_spec.h"

#include <stdlib.h>

int cp_spec_parse(const char *text, struct cp_spec *ret, struct err *e)
{
	const char *colon = strchr(text, ':'), *slash = strchr(text, '/');

	*ret = (struct cp_spec){0};
	if (!colon || text[0] == '/' || text[0] == '.') {
		ret->path = xstrdup(text);
		return 0;
	}
	if (slash > colon)
		slash = NULL;
	if (colon == text || slash == text || (slash && slash + 1 == colon) ||
	    (slash && memchr(slash + 1, '/', (size_t)(colon - slash) - 1)))
		return err_set(e, ERR_BAD_REQUEST,
		    "filespec must match the canonical format: [[namespace/]pod:]file/path");
	if (slash)
		ret->ns = xstrndup(text, (size_t)(slash - text));
	slash = slash ? slash + 1 : text;
	ret->pod = xstrndup(slash, (size_t)(colon - slash));
	ret->path = xstrdup(colon + 1);
	return 0;
}

void cp_spec_release(struct cp_spec *s)
{
	free(s->ns);
	free(s->pod);
	free(s->path);
	*s = (struct cp_spec){0};
}

/* The length of a path without slashes at its end; the root's is 1. */
static size_t trimmed(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return len;
}

char *cp_dir(const char *path)
{
	size_t len = trimmed(path);

	while (len && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	return len ? xstrndup(path, len) : xstrdup(".");
}

char *cp_base(const char *path)
{
	size_t len = trimmed(path), from = len;

	while (from && path[from - 1] != '/')
		from--;
	return len > from ? xstrndup(path + from, len - from) : xstrdup(".");
}
