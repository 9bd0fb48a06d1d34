/*
 * interrupt: the first SIGINT and SIGTERM of a command that has something to clear up; the second
 * one of a kind ends the process at once, as if it had not been caught. A blocking write is
 * interrupted too.
 */
#ifndef KJOB_CMD_INTERRUPT_H
#define KJOB_CMD_INTERRUPT_H

#include "../runtime/loop.h"

/* Catches them; turns of the loop end when one comes. */
struct interrupt;
struct interrupt *interrupt_new(struct loop *l);
void interrupt_free(struct interrupt *i);
/* The newest signal; 0: none yet. And how many there were. */
volatile const int *interrupt_signal(void);
int interrupt_count(void);

#endif
