/*
 * certs: private keys and X.509 certificates: an authority of one's own and what it signs. Keys are
 * of the curve P-256; everything is PEM text, certificate and key of an identity in one.
 */
#ifndef KJOB_CERTS_H
#define KJOB_CERTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define CERTS_TEXT_MAX (64 * 1024)

enum cert_use { CERT_AUTHORITY, CERT_SERVER, CERT_CLIENT };

struct cert_spec {
	enum cert_use use;
	const char *common_name;
	const char *organization;    /* NULL: none */
	const struct strlist *names; /* host names and addresses of a server; else NULL */
	int64_t now;                 /* seconds since 1970; valid from a day before */
	int64_t days;                /* it is valid for; not beyond the authority's end */
};

/* A new key and a certificate for it, signed by the authority (NULL: by itself). Owned PEM text. */
char *cert_make(const struct cert_spec *s, const char *authority_pem, struct err *e) MUST_USE;
/*
 * Whether a text holds a key and its certificate, signed by the authority (NULL: by itself), that
 * does not end within MIN_DAYS from NOW, and is good for these names (NULL: any). A clock that was
 * set back makes nothing bad. False too for what is no PEM.
 */
bool cert_is_good(const char *pem, const char *authority_pem, const struct strlist *names,
    int64_t now, int64_t min_days);
/* The part of such a text that is the certificate, or the key; owned. NULL: there is none. */
char *cert_of(const char *pem);
char *cert_key_of(const char *pem);

#endif
