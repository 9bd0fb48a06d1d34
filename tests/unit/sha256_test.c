#include "../../runtime/base/sha256.h"

#include <stdlib.h>

#include "test.h"

TEST("the examples of the standard")
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	char hex[SHA256_HEX_LEN + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_STR(sha256_hex(hex, cases[i].text, strlen(cases[i].text)), cases[i].want);
}

TEST("a million letters")
{
	char hex[SHA256_HEX_LEN + 1], *text = malloc(1000000);

	memset(text, 'a', 1000000);
	CHECK_STR(sha256_hex(hex, text, 1000000),
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(text);
}

int main(void)
{
	return test_main();
}
