/*
 * negotiate: in which form a client wants its answer, by the Accept header: in JSON or YAML,
 * objects as they are, as Tables or as their metadata alone, and discovery resource by resource or
 * all at once.
 */
#include <stdlib.h>
#include <strings.h>

#include "internal.h"

/* Conversions, as parameters of the media type: ` as = Table ; g = meta.k8s.io ; v = v1`. */
static const struct conversion {
	const char *as, *group, *version;
	enum shape shape;
} conversions[] = {
    {"Table", "meta.k8s.io", "v1", SHAPE_TABLE},
    {"PartialObjectMetadata", "meta.k8s.io", "v1", SHAPE_PARTIAL},
    {"PartialObjectMetadataList", "meta.k8s.io", "v1", SHAPE_PARTIAL},
    {"APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2", SHAPE_DISCOVERY_V2},
    {"APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2beta1", SHAPE_DISCOVERY_V2BETA1},
};

/* In the order of enum offer. */
static const struct {
	bool yaml;
	enum shape first, last; /* of the conversions; SHAPE_PLAIN: none */
	const char *accepted;
} offers[] = {
    {true, SHAPE_TABLE, SHAPE_PARTIAL,
	", application/yaml, application/json;as=Table;g=meta.k8s.io;v=v1"},
    {false, SHAPE_TABLE, SHAPE_PARTIAL, ", application/json;stream=watch"},
    {true, SHAPE_PLAIN, SHAPE_PLAIN, ", application/yaml"},
    {true, SHAPE_DISCOVERY_V2, SHAPE_DISCOVERY_V2BETA1, ", application/yaml"},
    {false, SHAPE_PLAIN, SHAPE_PLAIN, ""},
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

static bool shape_of(const struct strlist *range, enum offer offer, enum shape *ret)
{
	const char *as = range_param(range, "as");

	if (!*as) {
		*ret = SHAPE_PLAIN;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(conversions); i++) {
		const struct conversion *c = &conversions[i];

		if (c->shape < offers[offer].first || c->shape > offers[offer].last ||
		    !str_eq(as, c->as) || !str_eq(range_param(range, "g"), c->group) ||
		    !str_eq(range_param(range, "v"), c->version))
			continue;
		*ret = c->shape;
		return true;
	}
	return false;
}

/* A way to answer, and how much the client wants it: 0 to 1. */
struct choice {
	enum shape shape;
	bool yaml;
	double quality; /* 0 too where it cannot be had */
};

static struct choice range_choice(const char *text, enum offer offer)
{
	static const struct {
		const char *name;
		bool yaml;
	} types[] = {{"application/json", false}, {"application/yaml", true},
	    {"application/*", false}, {"*/*", false}};
	struct choice choice = {SHAPE_PLAIN, false, 0};
	auto_strlist range = {0};
	const char *q;

	str_split(&range, text, ';');
	for (size_t i = 0; i < range.len; i++)
		trim(range.items[i]);
	q = range_param(&range, "q");
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcasecmp(range.items[0], types[i].name) != 0 ||
		    !shape_of(&range, offer, &choice.shape) ||
		    (types[i].yaml && (!offers[offer].yaml || choice.shape >= SHAPE_DISCOVERY_V2)))
			continue;
		choice.yaml = types[i].yaml;
		choice.quality = *q ? strtod(q, NULL) : 1;
	}
	return choice;
}

int shape_parse(struct exchange *x, enum offer offer, enum shape *ret, struct err *e)
{
	const char *accept = exchange_header(x, "Accept");
	auto_strlist ranges = {0};
	struct choice best = {SHAPE_PLAIN, false, 0};

	*ret = SHAPE_PLAIN;
	if (!accept || !*accept)
		return 0;
	str_split(&ranges, accept, ',');
	for (size_t i = 0; i < ranges.len; i++) {
		struct choice choice = range_choice(ranges.items[i], offer);

		if (choice.quality > best.quality) /* NaN is no wish */
			best = choice;
	}
	*ret = best.shape;
	x->yaml = best.yaml;
	if (best.quality > 0)
		return 0;
	return err_set(e, ERR_NOT_ACCEPTABLE,
	    "only the following media types are accepted: application/json%s",
	    offers[offer].accepted);
}

int view_parse(struct exchange *x, bool watch, struct view *ret, struct err *e)
{
	static const struct {
		const char *name;
		enum include_object include;
	} includes[] = {{"", INCLUDE_METADATA}, {"Metadata", INCLUDE_METADATA},
	    {"None", INCLUDE_NONE}, {"Object", INCLUDE_OBJECT}};
	const char *include = exchange_query(x, "includeObject");

	if (shape_parse(x, watch ? OFFER_WATCH : OFFER_OBJECTS, &ret->shape, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(includes); i++) {
		if (!str_eq(include ? include : "", includes[i].name))
			continue;
		ret->include = includes[i].include;
		return 0;
	}
	return err_set(e, ERR_BAD_REQUEST, "unrecognized includeObject value: \"%s\"", include);
}
