/* sandbox: what its files share; see ../sandbox_image.h for what the program offers. */
#ifndef KJOB_SANDBOX_H
#define KJOB_SANDBOX_H

#include <stddef.h>

int write_all(int fd, const char *data, size_t len);
/* A whole decimal number in [0, max], or -1. */
long number(const char *s, long max);
long now_ms(void);
/* 0 and the four bytes, or -1. */
int parse_v4(const char *s, unsigned char out[4]);
void set_nonblocking(int fd);
/* Says so on stderr; returns 1. */
int fails(const char *text);

/* The command `net`. */
int be_net(int argc, char **argv);
/* The command `usage`. */
int be_usage(int argc, char **argv);
/* The command `run`; the environment follows argv. */
int be_runner(int argc, char **argv);

#endif
