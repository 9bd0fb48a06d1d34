#include "../../runtime/base/rand.h"

#include "test.h"

TEST("bytes of any length are filled, past what the system gives at once too")
{
	static unsigned char bytes[1000], zero[200];

	rand_bytes(bytes, 0);
	rand_bytes(bytes, sizeof(bytes) - 1);
	for (size_t i = 0; i + 200 < sizeof(bytes); i += 200)
		CHECK(memcmp(bytes + i, zero, 200) != 0);
	CHECK(bytes[sizeof(bytes) - 1] == 0);
}

TEST("a UUID is of version 4, in lower case, and differs from the next")
{
	char a[UUID_TEXT_MAX], b[UUID_TEXT_MAX];

	for (int i = 0; i < 100; i++) {
		CHECK(rand_uuid(a) == a);
		CHECK(strlen(a) == 36 && strspn(a, "0123456789abcdef-") == 36);
		CHECK(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
		CHECK(a[14] == '4' && strchr("89ab", a[19]));
	}
	CHECK(strcmp(a, rand_uuid(b)) != 0);
}

TEST("suffixes use every character of Kubernetes' alphabet about as often, and no other")
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	static char text[27001];
	int seen[128] = {0};

	CHECK(rand_suffix(text, 0) == text && text[0] == '\0');
	rand_suffix(text, sizeof(text) - 1);
	CHECK(strspn(text, alphabet) == sizeof(text) - 1 && strlen(text) == sizeof(text) - 1);
	for (const char *p = text; *p; p++)
		seen[(unsigned char)*p & 127]++;
	for (const char *p = alphabet; *p; p++)
		CHECK(seen[(unsigned char)*p] > 800 && seen[(unsigned char)*p] < 1200);
}

int main(void)
{
	return test_main();
}
