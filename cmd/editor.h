/*
 * editor: a text that a person edits in a file of its own, in the folder for temporary files.
 *
 * The file is removed with the struct unless `keep` is set.
 */
#ifndef KJOB_CMD_EDITOR_H
#define KJOB_CMD_EDITOR_H

#include <stdbool.h>

#include "../runtime/base/buf.h"
#include "../runtime/base/err.h"
#include "../runtime/base/str.h"

struct editor {
	char *path;
	bool keep;
};
#define auto_editor CLEANUP(editor_release) struct editor

/* Makes the file; suffix is ".yaml" or ".json". */
int editor_open(struct editor *ed, const char *suffix, struct err *e) MUST_USE;
void editor_release(struct editor *ed);
/*
 * Writes the text and lets $KUBE_EDITOR, $EDITOR or vi change it. ret is what the file holds then;
 * owned.
 */
int editor_run(struct editor *ed, const char *text, char **ret, struct err *e) MUST_USE;

/* What the file holds; owned. */
char *editor_read(const struct editor *ed, struct err *e) MUST_USE;

/* What is asked of people, and below it the reasons why they see the text again, as comments. */
void editor_heading(const struct strlist *reasons, struct buf *out);
/* The text without the lines that begin with '#'; owned. */
char *editor_strip(const char *text);

#endif
