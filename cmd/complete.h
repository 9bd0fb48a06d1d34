/*
 * complete: what a shell may put in place of the word that is being typed. Pure: from the tables of
 * commands and options alone; what only the server knows is said as a wish.
 */
#ifndef KJOB_CMD_COMPLETE_H
#define KJOB_CMD_COMPLETE_H

#include "cmd.h"

enum complete_wish {
	COMPLETE_NOTHING,
	COMPLETE_FILES, /* names of files */
	COMPLETE_TYPES, /* types of objects */
	COMPLETE_CONTEXTS,
	COMPLETE_NAMES, /* names of objects of `type`; behind `prefix` */
};

struct completion {
	struct strlist lines; /* "CANDIDATE<tab>DESCRIPTION" */
	enum complete_wish wish;
	char *type, *prefix;
};

#define auto_completion CLEANUP(completion_release) struct completion

/* words: those behind "kjob", the last of them is the one that is being typed, maybe empty. */
void complete_words(struct completion *ret, const char *const *words, size_t count);
/* Adds a candidate where it begins with what is typed. */
void complete_add(struct completion *c, const char *typed, const char *word, const char *help);
void completion_release(struct completion *c);

#endif
