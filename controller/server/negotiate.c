/*
 * negotiate: in which form a client wants its answer, by the Accept header. All is JSON; what
 * differs is whether objects come as they are, as Tables, as their metadata alone, and discovery
 * resource by resource or all at once.
 */
#include <stdlib.h>
#include <strings.h>

#include "internal.h"

/* Conversions, as parameters of the media type: ` as = Table ; g = meta.k8s.io ; v = v1`. */
static const struct conversion {
	const char *as, *group, *version;
	enum shape shape;
	bool discovery; /* offered there, and nowhere else */
} conversions[] = {
    {"Table", "meta.k8s.io", "v1", SHAPE_TABLE, false},
    {"PartialObjectMetadata", "meta.k8s.io", "v1", SHAPE_PARTIAL, false},
    {"PartialObjectMetadataList", "meta.k8s.io", "v1", SHAPE_PARTIAL, false},
    {"APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2", SHAPE_DISCOVERY_V2, true},
    {"APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2beta1", SHAPE_DISCOVERY_V2BETA1, true},
};

/* The value of a parameter in a range that is split at ';'; "": absent. */
static const char *range_param(const struct strlist *range, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 1; i < range->len; i++)
		if (strncmp(range->items[i], name, n) == 0 && range->items[i][n] == '=')
			return range->items[i] + n + 1;
	return "";
}

static void trim(char *s)
{
	size_t skip = strspn(s, " \t"), n;

	memmove(s, s + skip, strlen(s + skip) + 1);
	for (n = strlen(s); n && strchr(" \t", s[n - 1]);)
		s[--n] = '\0';
}

static bool shape_of(const struct strlist *range, bool discovery, enum shape *ret)
{
	const char *as = range_param(range, "as");

	if (!*as) {
		*ret = SHAPE_PLAIN;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(conversions); i++) {
		const struct conversion *c = &conversions[i];

		if (c->discovery != discovery || !str_eq(as, c->as) ||
		    !str_eq(range_param(range, "g"), c->group) ||
		    !str_eq(range_param(range, "v"), c->version))
			continue;
		*ret = c->shape;
		return true;
	}
	return false;
}

/* How much the client wants this range, 0 to 1; 0 too where it cannot be served. */
static double range_quality(const char *text, bool discovery, enum shape *ret)
{
	static const char *const types[] = {"application/json", "application/*", "*/*"};
	auto_strlist range = {0};
	const char *q;
	bool type_ok = false;

	str_split(&range, text, ';');
	for (size_t i = 0; i < range.len; i++)
		trim(range.items[i]);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		type_ok |= strcasecmp(range.items[0], types[i]) == 0;
	if (!type_ok || !shape_of(&range, discovery, ret))
		return 0;
	q = range_param(&range, "q");
	return *q ? strtod(q, NULL) : 1;
}

int shape_parse(const struct exchange *x, bool discovery, enum shape *ret, struct err *e)
{
	const char *accept = exchange_header(x, "Accept");
	auto_strlist ranges = {0};
	double best = 0;

	*ret = SHAPE_PLAIN;
	if (!accept || !*accept)
		return 0;
	str_split(&ranges, accept, ',');
	for (size_t i = 0; i < ranges.len; i++) {
		enum shape shape = SHAPE_PLAIN;
		double quality = range_quality(ranges.items[i], discovery, &shape);

		if (!(quality > best)) /* NaN is no wish either */
			continue;
		best = quality;
		*ret = shape;
	}
	if (best > 0)
		return 0;
	return err_set(e, ERR_NOT_ACCEPTABLE,
	    "only the following media types are accepted: application/json%s",
	    discovery ? "" : ", application/json;as=Table;g=meta.k8s.io;v=v1");
}

int view_parse(const struct exchange *x, struct view *ret, struct err *e)
{
	static const struct {
		const char *name;
		enum include_object include;
	} includes[] = {{"", INCLUDE_METADATA}, {"Metadata", INCLUDE_METADATA},
	    {"None", INCLUDE_NONE}, {"Object", INCLUDE_OBJECT}};
	const char *include = exchange_query(x, "includeObject");

	if (shape_parse(x, false, &ret->shape, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(includes); i++) {
		if (!str_eq(include ? include : "", includes[i].name))
			continue;
		ret->include = includes[i].include;
		return 0;
	}
	return err_set(e, ERR_BAD_REQUEST, "unrecognized includeObject value: \"%s\"", include);
}
