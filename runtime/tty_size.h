/*
 * tty_size: the size of a terminal in the engine. Calls do not overtake each other: one at a time,
 * with a pause in between as Podman 4 loses the second of two in a row, and of what comes meanwhile
 * the last. Nobody is told of a failure. Embedded in its owner; zeroed is fine.
 */
#ifndef KJOB_TTY_SIZE_H
#define KJOB_TTY_SIZE_H

#include "engine.h"

struct tty_size {
	struct engine *en;
	uint64_t call;
	struct timer pause;
	char *path;
	unsigned columns, rows;
	bool again; /* they have changed since the last call */
};

/* Of a container; the same one each time until tty_size_release. */
void tty_size_set_container(
    struct tty_size *t, struct engine *en, const char *id, unsigned columns, unsigned rows);
/* Of a command in one. */
void tty_size_set_exec(
    struct tty_size *t, struct engine *en, const char *id, unsigned columns, unsigned rows);
void tty_size_release(struct tty_size *t);

#endif
