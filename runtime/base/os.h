/* os: what differs between operating systems. The only file with #ifdefs on them. */
#ifndef KJOB_BASE_OS_H
#define KJOB_BASE_OS_H

#include <stdbool.h>

#include "mem.h"

/* The file of the running program, to start another one of the same; owned. NULL where the system
 * cannot tell. */
char *os_executable(void);

/* Closes every descriptor above LAST_KEPT: between fork and exec (async-signal-safe). */
void os_close_above(int last_kept);

/*
 * Gives memory back that an idle process does not need: what malloc keeps, and the pages of program
 * and libraries that are only copies of their files (they come back from the page cache when
 * touched). Cheap, harmless, may do nothing.
 */
void os_give_back_memory(void);

/*
 * Kills process PID and all below it, if WORD (a container's id) is in the name of its control
 * group; so that a number which stands for a process of another machine harms nobody. False: there
 * is no such process here, or it may not be killed, or the system cannot tell.
 */
bool os_kill_tree(long pid, const char *word);

#endif
