/*
 * output: the buffered writer of standard output, and text tables.
 *
 * A write that fails (disk full, reader gone) is remembered in `error`; later adds do nothing. main
 * turns it into the exit code: EPIPE ends the program as SIGPIPE would, anything else is an error
 * message and 1.
 */
#ifndef KJOB_CMD_OUTPUT_H
#define KJOB_CMD_OUTPUT_H

#include <stdbool.h>

#include "../runtime/base/buf.h"
#include "../runtime/base/str.h"

struct out {
	int fd;
	struct buf buf;
	int error; /* errno of the write that failed; 0: fine */
};

void out_init(struct out *o, int fd);
void out_release(struct out *o); /* does not flush */
void out_add(struct out *o, const void *data, size_t len);
void out_adds(struct out *o, const char *s);
void out_addf(struct out *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
/*
 * Writes what is buffered: after each piece that somebody may wait for. False once a write has
 * failed.
 */
bool out_flush(struct out *o);

/* Whether colour may be used on this descriptor: a terminal, and no NO_COLOR. */
bool term_color(int fd);

/*
 * A table: cells padded to the widest of their column plus three blanks (six at least), the last
 * cell of a row bare. Widths are remembered over flushes, so that rows of a watch stay under their
 * headings.
 */
struct text_table {
	struct strlist cells;
	size_t *row_lens; /* cells in each finished row */
	size_t rows, rows_cap;
	size_t row_cells; /* of the row that is being filled */
	size_t *widths;
	size_t widths_len;
};

/*
 * Control characters are made visible and only the first line of a cell is shown, with "..." behind
 * it.
 */
void text_table_cell(struct text_table *t, const char *text);
void text_table_end_row(struct text_table *t);
/* Appends the rows to out and forgets them. */
void text_table_flush(struct text_table *t, struct buf *out);
void text_table_release(struct text_table *t);
/* How many columns a terminal needs for UTF-8 text, counted as one a character. */
size_t text_width(const char *s);

#define auto_text_table CLEANUP(text_table_release) struct text_table

#endif
