/*
 * terminal: standard input as a raw terminal, and its size. However the process ends, by exit or by
 * a signal that can be caught, the terminal is as it was before.
 */
#ifndef KJOB_CMD_TERMINAL_H
#define KJOB_CMD_TERMINAL_H

#include <stdbool.h>

/* Whether standard input is a terminal. */
bool terminal_is(void);
/* Keys go through as they are typed; a second call has no effect. */
void terminal_raw(void);
void terminal_restore(void);
/* Of standard output or input; false: it is not known. */
bool terminal_size(unsigned *columns, unsigned *rows);

#endif
