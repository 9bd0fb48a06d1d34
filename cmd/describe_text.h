/*
 * describe_text: the columns of `describe`. Lines hold cells that end with a tab; what is behind
 * the last tab belongs to no column. A column is as wide as its widest cell in adjacent lines that
 * have that cell, and two blanks more.
 */
#ifndef KJOB_CMD_DESCRIBE_TEXT_H
#define KJOB_CMD_DESCRIBE_TEXT_H

#include "../runtime/base/buf.h"

struct dtext {
	struct buf pending; /* added, not laid out yet */
	struct buf done;
};

#define auto_dtext CLEANUP(dtext_release) struct dtext

void dtext_init(struct dtext *t);
void dtext_release(struct dtext *t);
/* Appends text behind 2 * level blanks. Control characters other than tab and newline are made
 * visible. */
void dtext_add(struct dtext *t, int level, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Lays out what was added: its columns end here. */
void dtext_flush(struct dtext *t);
/* Flushes; the whole text, borrowed. */
const char *dtext_str(struct dtext *t);

#endif
