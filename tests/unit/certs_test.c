/* Keys and certificates. */
#include "../../runtime/certs.h"

#include "../../runtime/base/err.h"
#include "test.h"

#define NOW 1750000000
#define DAY 86400

static char *make(const struct cert_spec *s, const char *authority)
{
	auto_err e = {0};
	char *pem = cert_make(s, authority, &e);

	CHECK_STR(err_msg(&e), "");
	return pem ? pem : xstrdup("");
}

static char *authority(int64_t days)
{
	const struct cert_spec s = {
	    .use = CERT_AUTHORITY, .common_name = "kjob", .now = NOW, .days = days};

	return make(&s, NULL);
}

TEST("an authority signs itself and is good until its end")
{
	auto_free char *ca = authority(3650);

	CHECK(cert_is_good(ca, NULL, NULL, NOW, 3600));
	CHECK(!cert_is_good(ca, NULL, NULL, NOW, 3651));
	CHECK(cert_is_good(ca, NULL, NULL, NOW - 100 * DAY, 0));
	CHECK(!cert_is_good(ca, NULL, NULL, NOW + 3651 * (int64_t)DAY, 0));
}

TEST("what an authority signs is good by it alone, for its names, and not beyond its end")
{
	auto_free char *ca = authority(100), *other = authority(100);
	auto_strlist names = {0}, more = {0};
	struct cert_spec s = {
	    .use = CERT_SERVER, .common_name = "kjob", .names = &names, .now = NOW, .days = 365};
	auto_free char *pem = NULL;

	strlist_add(&names, "localhost");
	strlist_add(&names, "127.0.0.1");
	strlist_add(&names, "::1");
	strlist_add(&more, "192.0.2.7");
	pem = make(&s, ca);
	CHECK(cert_is_good(pem, ca, &names, NOW, 99));
	CHECK(!cert_is_good(pem, ca, &names, NOW, 101));
	CHECK(!cert_is_good(pem, other, &names, NOW, 0));
	CHECK(!cert_is_good(pem, NULL, &names, NOW, 0));
	CHECK(!cert_is_good(pem, ca, &more, NOW, 0));
}

TEST("the parts of a text come out by themselves, and what is none is not good")
{
	auto_free char *ca = authority(100);
	auto_free char *cert = cert_of(ca), *key = cert_key_of(ca);
	auto_free char *cut = xstrndup(ca, strlen(ca) / 2);

	CHECK(cert && strncmp(cert, "-----BEGIN CERTIFICATE-----\n", 28) == 0);
	CHECK(cert && !strstr(cert, "PRIVATE KEY"));
	CHECK(key && strncmp(key, "-----BEGIN PRIVATE KEY-----\n", 28) == 0);
	CHECK(key && !strstr(key, "CERTIFICATE"));
	CHECK(!cert_is_good(cert ? cert : "", NULL, NULL, NOW, 0));
	CHECK(!cert_is_good(cut, NULL, NULL, NOW, 0));
	CHECK(!cert_is_good("", NULL, NULL, NOW, 0));
	CHECK(cert_of("") == NULL && cert_key_of(cert ? cert : "") == NULL);
}

int main(void)
{
	return test_main();
}
