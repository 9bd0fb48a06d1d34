/* rand: random bytes from the system, UUIDs and the suffixes of generateName. */
#ifndef KJOB_BASE_RAND_H
#define KJOB_BASE_RAND_H

#include <stddef.h>

#define UUID_TEXT_MAX 37

void rand_bytes(void *out, size_t len);   /* aborts when the system has none */
char *rand_uuid(char buf[UUID_TEXT_MAX]); /* version 4, lower case; returns buf */
/* LEN characters of Kubernetes' alphabet bcdfghjklmnpqrstvwxz2456789, NUL-terminated: buf needs len
 * + 1. */
char *rand_suffix(char *buf, size_t len);

#endif
