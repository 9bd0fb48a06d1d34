/*
 * quantity: resource.Quantity. A decimal number and a suffix: binary (Ki Mi Gi Ti Pi Ei), decimal
 * (n u m k M G T P E, or none) or an exponent (e3, E3). The canonical form keeps the family of the
 * suffix, has no fraction, and the largest suffix that allows that; below one nano it rounds up.
 *
 * Values are computed as nano units in 128 bits, so everything up to Kubernetes' own limit is
 * exact.
 */
#include "api.h"

typedef __int128 wide;

#define NANO_PER_UNIT ((wide)1000000000)
#define NANO_PER_MILLI ((wide)1000000)
#define QUANTITY_MAX ((wide)INT64_MAX * NANO_PER_UNIT)
#define FRACTION_UNIT_MAX ((wide)100000000000000000)
#define QUANTITY_TEXT_MAX 64

enum family { BINARY, DECIMAL, EXPONENT };

struct suffix {
	const char *text;
	enum family family;
	int power; /* of 1024 or of 1000; for exponents, of 10 */
};

/* Largest first within a family. */
static const struct suffix suffixes[] = {
    {"Ei", BINARY, 6},
    {"Pi", BINARY, 5},
    {"Ti", BINARY, 4},
    {"Gi", BINARY, 3},
    {"Mi", BINARY, 2},
    {"Ki", BINARY, 1},
    {"E", DECIMAL, 6},
    {"P", DECIMAL, 5},
    {"T", DECIMAL, 4},
    {"G", DECIMAL, 3},
    {"M", DECIMAL, 2},
    {"k", DECIMAL, 1},
    {"", DECIMAL, 0},
    {"m", DECIMAL, -1},
    {"u", DECIMAL, -2},
    {"n", DECIMAL, -3},
};

static wide power_of(wide base, int exponent)
{
	wide n = 1;

	while (exponent-- > 0)
		n *= base;
	return n;
}

/* Nano units of one unit with this suffix. */
static wide suffix_nano(const struct suffix *s)
{
	switch (s->family) {
	case BINARY:
		return power_of(1024, s->power) * NANO_PER_UNIT;
	case DECIMAL:
		return power_of(1000, s->power + 3);
	case EXPONENT:
		break;
	}
	return power_of(10, s->power + 9);
}

/* The suffix that TEXT is; exponents fill in *exponent. */
static int find_suffix(const char *text, struct suffix *ret)
{
	int64_t exponent;

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		if (str_eq(text, suffixes[i].text)) {
			*ret = suffixes[i];
			return 0;
		}
	if ((*text != 'e' && *text != 'E') || !text[1])
		return -1;
	if (str_to_int(text[1] == '+' ? text + 2 : text + 1, -9, 18, &exponent) < 0)
		return -1;
	*ret = (struct suffix){"e", EXPONENT, (int)exponent};
	return 0;
}

/* Digits with at most one point, split at it. -1: no number. */
static int split_number(
    const char *digits, size_t len, wide *ret_whole, wide *ret_fraction, wide *ret_unit)
{
	bool point = false, lost = false;
	size_t count = 0;

	*ret_whole = *ret_fraction = 0;
	*ret_unit = 1;
	for (size_t i = 0; i < len; i++) {
		int digit = digits[i] - '0';

		if (digits[i] == '.') {
			if (point)
				return -1;
			point = true;
			continue;
		}
		count++;
		if (!point)
			*ret_whole =
			    *ret_whole > QUANTITY_MAX / 10 ? QUANTITY_MAX : *ret_whole * 10 + digit;
		else if (*ret_unit == FRACTION_UNIT_MAX)
			lost = lost || digit;
		else {
			*ret_fraction = *ret_fraction * 10 + digit;
			*ret_unit *= 10;
		}
	}
	*ret_fraction += lost; /* everything rounds up */
	return count ? 0 : -1;
}

/* The number in nano units, rounded up; saturates. -1: no number. */
static int scale_number(const char *digits, size_t len, const struct suffix *s, wide *ret)
{
	wide whole, fraction, unit, scale = suffix_nano(s);

	if (split_number(digits, len, &whole, &fraction, &unit) < 0)
		return -1;
	if (whole > QUANTITY_MAX / scale) {
		*ret = QUANTITY_MAX;
		return 0;
	}
	/* fraction <= unit <= 10^17 and scale < 2^90: no product is larger than 2^120. */
	*ret = whole * scale + fraction * (scale / unit) +
	       (fraction * (scale % unit) + unit - 1) / unit;
	if (*ret > QUANTITY_MAX)
		*ret = QUANTITY_MAX;
	return 0;
}

static void print_wide(wide n, char *out, size_t size)
{
	char digits[48];
	size_t i = sizeof(digits);

	digits[--i] = '\0';
	do {
		digits[--i] = (char)('0' + (int)(n % 10));
		n /= 10;
	} while (n);
	snprintf(out, size, "%s", digits + i);
}

static char *print_exponent(wide nano, const char *sign)
{
	char digits[48];
	int power = -9;

	while (nano % 1000 == 0) {
		nano /= 1000;
		power += 3;
	}
	print_wide(nano, digits, sizeof(digits));
	return power ? xasprintf("%s%se%d", sign, digits, power) : xasprintf("%s%s", sign, digits);
}

/* The number of nano units, not zero, in canonical form. */
static char *print_canonical(wide nano, enum family family, const char *sign)
{
	char digits[48];

	if (family == EXPONENT)
		return print_exponent(nano, sign);
	/* Below 1Ki the binary suffixes have no use; they know no fractions. */
	if (family == BINARY && (nano < 1024 * NANO_PER_UNIT || nano % NANO_PER_UNIT))
		family = DECIMAL;
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		const struct suffix *s = &suffixes[i];

		if ((s->family == family || !*s->text) && nano % suffix_nano(s) == 0) {
			print_wide(nano / suffix_nano(s), digits, sizeof(digits));
			return xasprintf("%s%s%s", sign, digits, s->text);
		}
	}
	return xstrdup("0"); /* not reached: a nano unit divides everything */
}

int quantity_parse(const char *text, char **ret_canonical, int64_t *ret_milli, struct err *e)
{
	bool negative = *text == '-';
	const char *digits = text + (*text == '-' || *text == '+');
	size_t len = strspn(digits, "0123456789.");
	struct suffix s;
	wide nano, milli;

	if (strlen(text) > QUANTITY_TEXT_MAX || find_suffix(digits + len, &s) < 0 ||
	    scale_number(digits, len, &s, &nano) < 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "quantities must match the regular expression "
		    "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
	milli = (nano + NANO_PER_MILLI - 1) / NANO_PER_MILLI;
	if (milli > INT64_MAX)
		milli = INT64_MAX;
	*ret_milli = negative ? -(int64_t)milli : (int64_t)milli;
	*ret_canonical = nano ? print_canonical(nano, s.family, negative ? "-" : "") : xstrdup("0");
	return 0;
}
