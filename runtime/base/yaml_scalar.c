#include "yaml_scalar.h"

#include <math.h>

static const struct {
	const char *text;
	enum yaml_type type;
	bool boolean;
} words[] = {
    {"", YAML_NULL, false},
    {"~", YAML_NULL, false},
    {"null", YAML_NULL, false},
    {"Null", YAML_NULL, false},
    {"NULL", YAML_NULL, false},
    {"y", YAML_BOOL, true},
    {"Y", YAML_BOOL, true},
    {"yes", YAML_BOOL, true},
    {"Yes", YAML_BOOL, true},
    {"YES", YAML_BOOL, true},
    {"true", YAML_BOOL, true},
    {"True", YAML_BOOL, true},
    {"TRUE", YAML_BOOL, true},
    {"on", YAML_BOOL, true},
    {"On", YAML_BOOL, true},
    {"ON", YAML_BOOL, true},
    {"n", YAML_BOOL, false},
    {"N", YAML_BOOL, false},
    {"no", YAML_BOOL, false},
    {"No", YAML_BOOL, false},
    {"NO", YAML_BOOL, false},
    {"false", YAML_BOOL, false},
    {"False", YAML_BOOL, false},
    {"FALSE", YAML_BOOL, false},
    {"off", YAML_BOOL, false},
    {"Off", YAML_BOOL, false},
    {"OFF", YAML_BOOL, false},
    {".nan", YAML_NONFINITE, false},
    {".NaN", YAML_NONFINITE, false},
    {".NAN", YAML_NONFINITE, false},
    {".inf", YAML_NONFINITE, false},
    {".Inf", YAML_NONFINITE, false},
    {".INF", YAML_NONFINITE, false},
    {"+.inf", YAML_NONFINITE, false},
    {"+.Inf", YAML_NONFINITE, false},
    {"+.INF", YAML_NONFINITE, false},
    {"-.inf", YAML_NONFINITE, false},
    {"-.Inf", YAML_NONFINITE, false},
    {"-.INF", YAML_NONFINITE, false},
    {"<<", YAML_MERGE, false},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Passes MIN to MAX digits, whose value goes to *ret. */
static bool take_digits(const char **s, int min, int max, int *ret)
{
	int n = 0;

	for (*ret = 0; n < max && is_digit(**s); n++)
		*ret = *ret * 10 + (*(*s)++ - '0');
	return n >= min;
}

static bool take(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static bool valid_date(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && leap);
}

/* "15:4:5" with an optional fraction. */
static bool take_time(const char **s)
{
	int hour, minute, second;

	if (!take_digits(s, 1, 2, &hour) || !take(s, ':') || !take_digits(s, 1, 2, &minute) ||
	    !take(s, ':') || !take_digits(s, 1, 2, &second))
		return false;
	if ((**s == '.' || **s == ',') && is_digit((*s)[1])) {
		(*s)++;
		while (is_digit(**s))
			(*s)++;
	}
	return hour < 24 && minute < 60 && second < 60;
}

static bool take_zone(const char **s)
{
	int hour, minute;

	if (take(s, 'Z'))
		return true;
	if (!take(s, '+') && !take(s, '-'))
		return false;
	return take_digits(s, 2, 2, &hour) && take(s, ':') && take_digits(s, 2, 2, &minute) &&
	       hour <= 24 && minute < 60;
}

static bool is_timestamp(const char *s)
{
	int year, month, day;

	if (!take_digits(&s, 4, 4, &year) || !take(&s, '-') || !take_digits(&s, 1, 2, &month) ||
	    !take(&s, '-') || !take_digits(&s, 1, 2, &day) || !valid_date(year, month, day))
		return false;
	if (take(&s, 'T') || take(&s, 't'))
		return take_time(&s) && take_zone(&s) && !*s;
	if (take(&s, ' '))
		return take_time(&s) && !*s;
	return !*s;
}

/* [sign](.digits | digits[.[digits]])[e[sign]digits]: the floats of YAML 1.1 without base 60. */
static bool is_float(const char *s)
{
	if (*s == '+' || *s == '-')
		s++;
	if (is_digit(*s)) {
		while (is_digit(*s))
			s++;
		if (*s == '.')
			s++;
		while (is_digit(*s))
			s++;
	} else {
		if (*s++ != '.' || !is_digit(*s))
			return false;
		while (is_digit(*s))
			s++;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		if (*s == '+' || *s == '-')
			s++;
		if (!is_digit(*s))
			return false;
		while (is_digit(*s))
			s++;
	}
	return !*s;
}

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

static unsigned take_base(const char **s)
{
	const char *p = *s;

	if (p[0] != '0' || !p[1])
		return 10;
	*s += 2;
	if (p[1] == 'x' || p[1] == 'X')
		return 16;
	if (p[1] == 'o' || p[1] == 'O')
		return 8;
	if (p[1] == 'b' || p[1] == 'B')
		return 2;
	*s = p + 1;
	return 8;
}

/* An integer in any of the bases, in the range of int64 or, without a sign, uint64. */
static bool is_int(const char *s, struct yaml_scalar *ret)
{
	bool sign = *s == '-' || *s == '+', minus = *s == '-';
	uint64_t n = 0, max = UINT64_MAX;
	unsigned base;

	s += sign;
	base = take_base(&s);
	if (!*s)
		return false;
	if (sign)
		max = (uint64_t)INT64_MAX + minus;
	for (; *s; s++) {
		unsigned digit = (unsigned)digit_value(*s);

		if (digit >= base || n > (max - digit) / base)
			return false;
		n = n * base + digit;
	}
	snprintf(
	    ret->text, sizeof(ret->text), "%s%llu", minus && n ? "-" : "", (unsigned long long)n);
	ret->type = YAML_INT;
	return true;
}

static bool take_number(const char *s, struct yaml_scalar *ret)
{
	if (!is_float(s))
		return false;
	ret->number = strtod(s, NULL);
	if (!isfinite(ret->number))
		return false;
	yaml_format_json(ret->text, ret->number);
	ret->type = YAML_FLOAT;
	return true;
}

void yaml_resolve(const char *text, size_t len, struct yaml_scalar *ret)
{
	char plain[512];
	size_t n = 0;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strlen(words[i].text) == len && memcmp(words[i].text, text, len) == 0) {
			ret->type = words[i].type;
			ret->boolean = words[i].boolean;
			return;
		}
	}
	if (len >= sizeof(plain) || !strchr("+-.0123456789", text[0]) || memchr(text, '\0', len))
		return;
	memcpy(plain, text, len);
	plain[len] = '\0';
	if (is_timestamp(plain)) {
		ret->type = YAML_TIMESTAMP;
		return;
	}
	/* Underscores are read over, behind a leading point only those between digits. */
	for (size_t i = 0; i < len; i++) {
		bool between =
		    i > 0 && i + 1 < len && is_digit(text[i - 1]) && is_digit(text[i + 1]);

		if (text[i] != '_' || (text[0] == '.' && !between))
			plain[n++] = text[i];
	}
	plain[n] = '\0';
	if (!is_int(plain, ret))
		take_number(plain, ret);
}

/* The fewest decimal digits that read back as D, without a point, and the power of ten of the first
 * one. */
static int shortest(double d, char digits[24])
{
	char text[40];
	char *exponent;
	size_t n = 1;

	for (int precision = 0; precision <= 16; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, d);
		if (strtod(text, NULL) == d)
			break;
	}
	exponent = strchr(text, 'e');
	digits[0] = text[0];
	for (const char *p = text + 2; p < exponent; p++)
		digits[n++] = *p;
	digits[n] = '\0';
	return (int)strtol(exponent + 1, NULL, 10);
}

/* Exponents from MIN_EXP up to before MAX_EXP are written out, others with EXP_FORMAT. */
static char *format(
    char out[YAML_NUMBER_MAX], double d, int min_exp, int max_exp, const char *exp_format)
{
	static const char zeros[] = "0000000000000000000000";
	const char *sign = signbit(d) ? "-" : "";
	char digits[24], tail[8];
	int exp = shortest(fabs(d), digits), len = (int)strlen(digits);

	if (d == 0) {
		snprintf(out, YAML_NUMBER_MAX, "%s0", sign);
	} else if (exp < min_exp || exp >= max_exp) {
		snprintf(tail, sizeof(tail), exp_format, exp);
		snprintf(out, YAML_NUMBER_MAX, "%s%c%s%s%s", sign, digits[0], len > 1 ? "." : "",
		    digits + 1, tail);
	} else if (exp < 0) {
		snprintf(out, YAML_NUMBER_MAX, "%s0.%.*s%s", sign, -exp - 1, zeros, digits);
	} else if (len <= exp + 1) {
		snprintf(out, YAML_NUMBER_MAX, "%s%s%.*s", sign, digits, exp + 1 - len, zeros);
	} else {
		snprintf(
		    out, YAML_NUMBER_MAX, "%s%.*s.%s", sign, exp + 1, digits, digits + exp + 1);
	}
	return out;
}

char *yaml_format_json(char buf[YAML_NUMBER_MAX], double d)
{
	return format(buf, d, -6, 21, "e%+d");
}

char *yaml_format_g(char buf[YAML_NUMBER_MAX], double d)
{
	return format(buf, d, -4, 6, "e%+03d");
}
