#include "certs.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/err.h"

#define DAY_S ((int64_t)24 * 3600)
#define SERIAL_BYTES 16

static void free_key(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}
static void free_cert(X509 **p)
{
	X509_free(*p);
}
static void free_bio(BIO **p)
{
	BIO_free_all(*p);
}
#define auto_key CLEANUP(free_key) EVP_PKEY
#define auto_cert CLEANUP(free_cert) X509
#define auto_bio CLEANUP(free_bio) BIO

static int err_openssl(struct err *e, const char *what)
{
	unsigned long code = ERR_get_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return err_set(e, ERR_INTERNAL, "%s: %s", what, reason ? reason : "OpenSSL failed");
}

/* ---- reading ---- */

static X509 *read_cert(const char *pem)
{
	auto_bio *in = BIO_new_mem_buf(pem, -1);
	X509 *c = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;

	ERR_clear_error();
	return c;
}

static EVP_PKEY *read_key(const char *pem)
{
	auto_bio *in = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *k = in ? PEM_read_bio_PrivateKey(in, NULL, NULL, NULL) : NULL;

	ERR_clear_error();
	return k;
}

static char *part_of(const char *pem, const char *begin, const char *end)
{
	const char *from = strstr(pem, begin), *to = from ? strstr(from, end) : NULL;

	return to ? xasprintf("%.*s%s\n", (int)(to - from), from, end) : NULL;
}

char *cert_of(const char *pem)
{
	return part_of(pem, "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
}

char *cert_key_of(const char *pem)
{
	return part_of(pem, "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
}

static bool is_address(const char *name)
{
	unsigned char raw[16];

	return inet_pton(AF_INET, name, raw) == 1 || inet_pton(AF_INET6, name, raw) == 1;
}

static bool has_names(X509 *c, const struct strlist *names)
{
	for (size_t i = 0; names && i < names->len; i++) {
		const char *name = names->items[i];

		if (is_address(name) ? X509_check_ip_asc(c, name, 0) != 1
				     : X509_check_host(c, name, 0, 0, NULL) != 1)
			return false;
	}
	return true;
}

bool cert_is_good(const char *pem, const char *authority_pem, const struct strlist *names,
    int64_t now, int64_t min_days)
{
	auto_cert *c = read_cert(pem);
	auto_key *key = read_key(pem);
	auto_cert *ca = authority_pem ? read_cert(authority_pem) : NULL;
	X509 *issuer = authority_pem ? ca : c;
	EVP_PKEY *issuer_key = issuer ? X509_get0_pubkey(issuer) : NULL;
	time_t until = now + min_days * DAY_S;
	bool good = c && key && issuer_key && X509_check_private_key(c, key) == 1 &&
		    X509_verify(c, issuer_key) == 1 &&
		    X509_cmp_time(X509_get0_notAfter(c), &until) > 0 && has_names(c, names);

	ERR_clear_error();
	return good;
}

/* ---- making ---- */

static EVP_PKEY *new_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_keygen_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) <= 0 ||
	    EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_NAMED_CURVE) <= 0 ||
	    EVP_PKEY_keygen(ctx, &key) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool set_serial(X509 *c)
{
	unsigned char raw[SERIAL_BYTES];
	BIGNUM *n;
	bool ok;

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return false;
	raw[0] = (raw[0] & 0x7f) | 0x40; /* positive, and of this length */
	n = BN_bin2bn(raw, sizeof(raw), NULL);
	ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(c));
	BN_free(n);
	return ok;
}

static bool add_name(X509_NAME *name, const char *field, const char *value)
{
	return !value || X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
			     (const unsigned char *)value, -1, -1, 0) == 1;
}

static bool add_extension(X509 *c, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, c, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext && X509_add_ext(c, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

/* The caller has seen to it that no name has a comma. */
static char *alt_names(const struct strlist *names)
{
	auto_strlist items = {0};

	for (size_t i = 0; i < names->len; i++)
		strlist_addf(
		    &items, "%s:%s", is_address(names->items[i]) ? "IP" : "DNS", names->items[i]);
	return strlist_join(&items, ",");
}

static bool add_extensions(X509 *c, X509 *issuer, const struct cert_spec *s)
{
	static const struct {
		const char *constraints, *usage, *extended;
	} uses[] = {
	    [CERT_AUTHORITY] = {"critical,CA:TRUE,pathlen:0",
		"critical,digitalSignature,keyCertSign,cRLSign", NULL},
	    [CERT_SERVER] = {"critical,CA:FALSE", "critical,digitalSignature", "serverAuth"},
	    [CERT_CLIENT] = {"critical,CA:FALSE", "critical,digitalSignature", "clientAuth"},
	};
	auto_free char *names = s->names ? alt_names(s->names) : NULL;

	return add_extension(c, issuer, NID_basic_constraints, uses[s->use].constraints) &&
	       add_extension(c, issuer, NID_key_usage, uses[s->use].usage) &&
	       (!uses[s->use].extended ||
		   add_extension(c, issuer, NID_ext_key_usage, uses[s->use].extended)) &&
	       add_extension(c, issuer, NID_subject_key_identifier, "hash") &&
	       add_extension(c, issuer, NID_authority_key_identifier, "keyid") &&
	       (!names || add_extension(c, issuer, NID_subject_alt_name, names));
}

static bool set_times(X509 *c, X509 *issuer, const struct cert_spec *s)
{
	time_t end = s->now + s->days * DAY_S;

	if (!ASN1_TIME_set(X509_getm_notBefore(c), s->now - DAY_S))
		return false;
	if (issuer != c && X509_cmp_time(X509_get0_notAfter(issuer), &end) < 0)
		return X509_set1_notAfter(c, X509_get0_notAfter(issuer)) == 1;
	return ASN1_TIME_set(X509_getm_notAfter(c), end) != NULL;
}

static bool fill(X509 *c, EVP_PKEY *key, X509 *issuer, const struct cert_spec *s)
{
	X509_NAME *subject = X509_get_subject_name(c);

	return X509_set_version(c, 2) == 1 && set_serial(c) && X509_set_pubkey(c, key) == 1 &&
	       add_name(subject, "O", s->organization) && add_name(subject, "CN", s->common_name) &&
	       X509_set_issuer_name(c, X509_get_subject_name(issuer)) == 1 &&
	       set_times(c, issuer, s) && add_extensions(c, issuer, s);
}

static char *write_pem(X509 *c, EVP_PKEY *key)
{
	auto_bio *out = BIO_new(BIO_s_mem());
	char *text;
	long len;

	if (!out || PEM_write_bio_X509(out, c) != 1 ||
	    PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) != 1)
		return NULL;
	len = BIO_get_mem_data(out, &text);
	return len > 0 ? xstrndup(text, (size_t)len) : NULL;
}

char *cert_make(const struct cert_spec *s, const char *authority_pem, struct err *e)
{
	auto_cert *c = X509_new();
	auto_key *key = new_key();
	auto_cert *ca = authority_pem ? read_cert(authority_pem) : NULL;
	auto_key *ca_key = authority_pem ? read_key(authority_pem) : NULL;
	X509 *issuer = authority_pem ? ca : c;
	EVP_PKEY *signer = authority_pem ? ca_key : key;
	char *pem = NULL;

	if (c && key && issuer && signer && fill(c, key, issuer, s) &&
	    X509_sign(c, signer, EVP_sha256()) > 0)
		pem = write_pem(c, key);
	if (!pem)
		err_openssl(e, "cannot make a certificate");
	return pem;
}
