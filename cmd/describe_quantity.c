#include "describe_quantity.h"

#include <ctype.h>
#include <math.h>

#include "../runtime/base/str.h"

#define MILLI_MAX (INT64_MAX / 2)

static const struct suffix {
	const char *text;
	bool binary;
	double factor;
} suffixes[] = {
    {"Ei", true, 0x1p60},
    {"Pi", true, 0x1p50},
    {"Ti", true, 0x1p40},
    {"Gi", true, 0x1p30},
    {"Mi", true, 0x1p20},
    {"Ki", true, 0x1p10},
    {"E", false, 1e18},
    {"P", false, 1e15},
    {"T", false, 1e12},
    {"G", false, 1e9},
    {"M", false, 1e6},
    {"k", false, 1e3},
    {"", false, 1},
    {"m", false, 1e-3},
    {"u", false, 1e-6},
    {"n", false, 1e-9},
};

/* The digits in front as a number of thousandths times the factor; long double holds 64 bits
 * exactly. */
static int64_t scaled(const char *digits, double factor)
{
	long double n = strtold(digits, NULL);

	n = factor < 1 ? n * 1000 / (long double)(1 / factor) : n * 1000 * factor;
	n = ceill(n - 1e-6L);
	return n > MILLI_MAX ? MILLI_MAX : n < -MILLI_MAX ? -MILLI_MAX : (int64_t)n;
}

struct quantity quantity_of(const char *text)
{
	struct quantity zero = {0};
	size_t len = text ? strspn(text, "+-0123456789.") : 0;
	auto_free char *digits = xstrndup(text ? text : "", len);
	double exponent;
	char *end;

	if (!len || len > 40)
		return zero;
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		if (str_eq(text + len, suffixes[i].text))
			return (struct quantity){.milli = scaled(digits, suffixes[i].factor),
			    .binary = suffixes[i].binary};
	if (text[len] != 'e' && text[len] != 'E')
		return zero;
	exponent = strtod(text + len + 1, &end);
	if (*end || exponent < -18 || exponent > 18)
		return zero;
	return (struct quantity){.milli = scaled(digits, pow(10, exponent))};
}

void quantity_add(struct quantity *q, struct quantity add)
{
	if (q->milli == 0)
		q->binary = add.binary;
	q->milli = q->milli > MILLI_MAX - add.milli ? MILLI_MAX : q->milli + add.milli;
}

int64_t quantity_units(struct quantity q)
{
	return q.milli / 1000 + (q.milli > 0 && q.milli % 1000);
}

char *quantity_text(struct quantity q)
{
	int64_t units = q.milli / 1000;
	bool binary = q.binary && (units >= 1024 || units <= -1024);

	if (q.milli == 0)
		return xstrdup("0");
	if (q.milli % 1000)
		return xasprintf("%lldm", (long long)q.milli);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		const struct suffix *s = &suffixes[i];

		if (s->factor >= 1 && (s->binary == binary || s->factor == 1) &&
		    units % (int64_t)s->factor == 0)
			return xasprintf(
			    "%lld%s", (long long)(units / (int64_t)s->factor), s->text);
	}
	return xasprintf("%lld", (long long)units);
}

char *quantity_env_text(const json *container, const char *resource, const char *divisor)
{
	static const char *const plain[] = {"cpu", "memory", "ephemeral-storage"};
	const char *name = strchr(resource, '.');
	bool limits = str_has_prefix(resource, "limits."),
	     requests = str_has_prefix(resource, "requests.");
	bool known = false;
	auto_free char *amount = NULL;
	int64_t parts = quantity_of(divisor).milli;
	const json *list;
	int64_t have;

	if (!name || (!limits && !requests))
		return xstrdup("");
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		known = known || str_eq(name + 1, plain[i]);
	if (!known && !str_has_prefix(name + 1, "hugepages-"))
		return xstrdup("");
	list = json_path(container, limits ? "resources.limits" : "resources.requests");
	amount = json_scalar_text(json_get(list, name + 1));
	have = quantity_of(amount).milli;
	if (parts <= 0)
		parts = 1000;
	return xasprintf("%lld", (long long)(have / parts + (have % parts > 0)));
}
