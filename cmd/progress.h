/* progress: one line on standard error that tells what is waited for, on a terminal only; it goes
 * when output begins. */
#ifndef KJOB_CMD_PROGRESS_H
#define KJOB_CMD_PROGRESS_H

#include <stdbool.h>

struct progress {
	bool on;    /* standard error is a terminal that can erase a line */
	bool shown; /* a line stands there */
	char *text;
};

void progress_init(struct progress *p, bool wanted);
/* Shows the text in place of the last one. */
void progress_set(struct progress *p, const char *text);
void progress_clear(struct progress *p);
/* Clears and shows nothing any more. */
void progress_end(struct progress *p);

#endif
