#include "base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t len)
{
	const unsigned char *p = data;
	char *text = xmalloc((len + 2) / 3 * 4 + 1), *out = text;

	for (; len >= 3; len -= 3, p += 3) {
		*out++ = digits[p[0] >> 2];
		*out++ = digits[(p[0] & 3) << 4 | p[1] >> 4];
		*out++ = digits[(p[1] & 15) << 2 | p[2] >> 6];
		*out++ = digits[p[2] & 63];
	}
	if (len > 0) {
		unsigned second = len == 2 ? p[1] : 0;

		*out++ = digits[p[0] >> 2];
		*out++ = digits[(p[0] & 3) << 4 | second >> 4];
		*out++ = len == 2 ? digits[(second & 15) << 2] : '=';
		*out++ = '=';
	}
	*out = '\0';
	return text;
}

static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static size_t skip_breaks(const char *text, size_t at)
{
	return at + strspn(text + at, "\r\n");
}

/* Behind the first "=", which follows COUNT digits of a group: one more than the offset of what is
 * wrong, or 0. */
static size_t check_padding(const char *text, size_t at, size_t count)
{
	if (count < 2)
		return at;
	if (count == 2) {
		size_t next = skip_breaks(text, at);

		if (text[next] != '=')
			return text[next] ? next : next + 1;
		at = next + 1;
	}
	at = skip_breaks(text, at);
	return text[at] ? at + 1 : 0;
}

int base64_decode(const char *text, struct buf *out, size_t *ret_bad)
{
	unsigned bits = 0;
	size_t at, count = 0, bad = 0;
	bool padded = false;

	for (at = skip_breaks(text, 0); text[at] && !padded && !bad; at = skip_breaks(text, at)) {
		int value = digit_value(text[at++]);

		padded = text[at - 1] == '=';
		if (value < 0) {
			bad = padded ? check_padding(text, at, count) : at;
			continue;
		}
		bits = bits << 6 | (unsigned)value;
		if (++count < 4)
			continue;
		buf_add(out, (char[]){(char)(bits >> 16), (char)(bits >> 8), (char)bits}, 3);
		bits = 0;
		count = 0;
	}
	if (!bad && count > 0 && !padded) /* an unfinished group */
		bad = at - count + 1;
	if (bad) {
		if (ret_bad)
			*ret_bad = bad - 1;
		return -1;
	}
	if (count == 3)
		buf_add(out, (char[]){(char)(bits >> 10), (char)(bits >> 2)}, 2);
	if (count == 2)
		buf_addch(out, (char)(bits >> 4));
	return out->overflow ? -1 : 0;
}
