/*
 * names: the name server of Services. Names below cluster.local are answered from the table that
 * kjob sends, all others go to the name servers that the engine gave this container.
 *
 * Texts of the table are borrowed until the next names_begin.
 */
#ifndef KJOB_SANDBOX_NAMES_H
#define KJOB_SANDBOX_NAMES_H

#include <poll.h>

#define NAME_FDS 2

/* Opens the sockets on port 53 of this address. */
int names_open(const unsigned char address[4]);
/* The first of the machine's name servers; 0: it has none. */
int names_upstream(unsigned char out[4]);

void names_begin(void);
/* One line of the table in words; -1: it is not of ours, or there is no more room. */
int names_line(int argc, char **argv);

void names_poll(struct pollfd fds[NAME_FDS]);
void names_serve(const struct pollfd fds[NAME_FDS]);

#endif
