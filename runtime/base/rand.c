#include "rand.h"

#include "mem.h"

#include <stdio.h>
#include <unistd.h>

#define ENTROPY_MAX 256 /* what getentropy gives at once */

void rand_bytes(void *out, size_t len)
{
	unsigned char *p = out;

	while (len > 0) {
		size_t n = len < ENTROPY_MAX ? len : ENTROPY_MAX;

		if (getentropy(p, n)) {
			perror("kjob: no random numbers from the system");
			abort();
		}
		p += n;
		len -= n;
	}
}

char *rand_uuid(char buf[UUID_TEXT_MAX])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char b[16];
	char *p = buf;

	rand_bytes(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* version 4 */
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
	for (size_t i = 0; i < sizeof(b); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[b[i] >> 4];
		*p++ = hex[b[i] & 15];
	}
	*p = '\0';
	return buf;
}

char *rand_suffix(char *buf, size_t len)
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	const unsigned count = sizeof(alphabet) - 1;
	unsigned char bytes[16];
	size_t done = 0;

	while (done < len) {
		rand_bytes(bytes, sizeof(bytes));
		for (size_t i = 0; i < sizeof(bytes) && done < len; i++)
			if (bytes[i] < 256 / count * count) /* else some would be likelier */
				buf[done++] = alphabet[bytes[i] % count];
	}
	buf[len] = '\0';
	return buf;
}
