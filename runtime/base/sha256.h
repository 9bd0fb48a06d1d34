/* sha256: the hash of bytes in memory (FIPS 180-4). */
#ifndef KJOB_BASE_SHA256_H
#define KJOB_BASE_SHA256_H

#include <stddef.h>

#define SHA256_HEX_LEN 64

/* 64 lower-case digits and a NUL. Returns buf. */
char *sha256_hex(char buf[SHA256_HEX_LEN + 1], const void *data, size_t len);

#endif
