#include "output.h"

#include <errno.h>
#include <unistd.h>

#define FLUSH_AT (64 * KIB)
#define CELL_PADDING 3
#define COLUMN_MIN 6

void out_init(struct out *o, int fd)
{
	memset(o, 0, sizeof(*o));
	o->fd = fd;
	buf_init(&o->buf, 1024 * MIB);
}

void out_release(struct out *o)
{
	buf_release(&o->buf);
}

bool out_flush(struct out *o)
{
	size_t done = 0;

	while (!o->error && done < o->buf.len) {
		ssize_t n = write(o->fd, o->buf.ptr + done, o->buf.len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			o->error = errno;
	}
	buf_clear(&o->buf);
	return !o->error;
}

void out_add(struct out *o, const void *data, size_t len)
{
	if (o->error)
		return;
	buf_add(&o->buf, data, len);
	if (o->buf.len >= FLUSH_AT)
		out_flush(o);
}

void out_adds(struct out *o, const char *s)
{
	out_add(o, s, strlen(s));
}

void out_addf(struct out *o, const char *fmt, ...)
{
	va_list ap;
	auto_free char *text = NULL;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	out_adds(o, text);
}

bool term_color(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return !(no_color && *no_color) && !str_eq(term, "dumb") && isatty(fd);
}

size_t text_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void text_table_cell(struct text_table *t, const char *text)
{
	size_t len = strcspn(text, "\n\r\f");
	auto_buf cell = {0};

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		/* An escape sequence in a name or message must not reach the terminal. */
		if (c < 0x20 || c == 0x7f)
			buf_addf(&cell, "^%c", c ^ 0x40);
		else
			buf_addch(&cell, (char)c);
	}
	if (text[len])
		buf_adds(&cell, "...");
	strlist_add(&t->cells, buf_str(&cell));
	t->row_cells++;
}

void text_table_end_row(struct text_table *t)
{
	GROW(t->row_lens, t->rows_cap, t->rows + 1);
	t->row_lens[t->rows++] = t->row_cells;
	t->row_cells = 0;
}

/* The last cell of a row is no part of a column: it widens nothing. */
static void measure(struct text_table *t)
{
	size_t cell = 0;

	for (size_t r = 0; r < t->rows; r++) {
		for (size_t c = 0; c < t->row_lens[r]; c++, cell++) {
			size_t w = text_width(t->cells.items[cell]) + CELL_PADDING;

			if (c + 1 == t->row_lens[r])
				continue;
			if (c >= t->widths_len) {
				t->widths = xrealloc(t->widths, (c + 1) * sizeof(*t->widths));
				t->widths[c] = COLUMN_MIN;
				t->widths_len = c + 1;
			}
			if (w > t->widths[c])
				t->widths[c] = w;
		}
	}
}

void text_table_flush(struct text_table *t, struct buf *out)
{
	size_t cell = 0;

	measure(t);
	for (size_t r = 0; r < t->rows; r++) {
		for (size_t c = 0; c < t->row_lens[r]; c++, cell++) {
			const char *text = t->cells.items[cell];

			buf_adds(out, text);
			if (c + 1 < t->row_lens[r])
				buf_pad(out, ' ', t->widths[c] - text_width(text));
		}
		buf_addch(out, '\n');
	}
	strlist_release(&t->cells);
	memset(&t->cells, 0, sizeof(t->cells));
	t->rows = 0;
}

void text_table_release(struct text_table *t)
{
	strlist_release(&t->cells);
	free(t->row_lens);
	free(t->widths);
	memset(t, 0, sizeof(*t));
}
