#include "describe_text.h"

#include "output.h"

#define TEXT_MAX ((size_t)256 * MIB)
#define COLUMN_GAP 2

/* One cell of the line that is being read or written. */
struct cell {
	const char *text;
	size_t len, width;
};

/*
 * A column is a run of adjacent lines that have that cell; columns are numbered in the order of
 * their first cells. `last` and `line` say which one each cell of the previous and of the current
 * line belongs to.
 */
struct layout {
	size_t *widths;
	size_t column_count, widths_cap;
	size_t *last;
	size_t last_len, last_cap;
	size_t *line;
	size_t line_len, line_cap;
};

void dtext_init(struct dtext *t)
{
	buf_init(&t->pending, TEXT_MAX);
	buf_init(&t->done, TEXT_MAX);
}

void dtext_release(struct dtext *t)
{
	buf_release(&t->pending);
	buf_release(&t->done);
}

static void add_visible(struct buf *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '\r')
			buf_adds(out, "\\r");
		else if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
			buf_addf(out, "^%c", c ^ 0x40);
		else
			buf_addch(out, (char)c);
	}
}

void dtext_add(struct dtext *t, int level, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	buf_pad(&t->pending, ' ', (size_t)level * 2);
	add_visible(&t->pending, text);
}

/* The newline that ends a line, or the end of the text. */
static const char *line_end(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end : line + strlen(line);
}

/* The next cell of a line: false behind the last. A cell is part of a column when a tab ends it. */
static bool next_cell(const char **at, const char *end, struct cell *ret)
{
	const char *tab = memchr(*at, '\t', (size_t)(end - *at));
	auto_free char *copy = NULL;

	if (!tab)
		return false;
	copy = xstrndup(*at, (size_t)(tab - *at));
	*ret = (struct cell){.text = *at, .len = (size_t)(tab - *at), .width = text_width(copy)};
	*at = tab + 1;
	return true;
}

static size_t new_column(struct layout *l)
{
	GROW(l->widths, l->widths_cap, l->column_count + 1);
	l->widths[l->column_count] = 0;
	return l->column_count++;
}

static void end_line(struct layout *l)
{
	size_t *spare = l->last;
	size_t spare_cap = l->last_cap;

	l->last = l->line;
	l->last_len = l->line_len;
	l->last_cap = l->line_cap;
	l->line = spare;
	l->line_cap = spare_cap;
	l->line_len = 0;
}

/* The column of the next cell of the line; `next` counts the new ones when they are known already.
 */
static size_t cell_column(struct layout *l, size_t *next)
{
	size_t column;

	if (l->line_len < l->last_len)
		column = l->last[l->line_len];
	else
		column = next ? (*next)++ : new_column(l);
	GROW(l->line, l->line_cap, l->line_len + 1);
	l->line[l->line_len++] = column;
	return column;
}

static void measure(struct layout *l, const char *text)
{
	while (*text) {
		const char *end = line_end(text);
		struct cell cell;

		while (next_cell(&text, end, &cell)) {
			size_t column = cell_column(l, NULL);

			if (cell.width + COLUMN_GAP > l->widths[column])
				l->widths[column] = cell.width + COLUMN_GAP;
		}
		end_line(l);
		text = *end ? end + 1 : end;
	}
	l->last_len = 0;
}

/* Walks the text again: the runs come in the same order. */
static void write_lines(struct layout *l, const char *text, struct buf *out)
{
	size_t next = 0;

	while (*text) {
		const char *end = line_end(text);
		struct cell cell;

		while (next_cell(&text, end, &cell)) {
			size_t column = cell_column(l, &next);

			buf_add(out, cell.text, cell.len);
			buf_pad(out, ' ', l->widths[column] - cell.width);
		}
		end_line(l);
		buf_add(out, text, (size_t)(end - text));
		if (*end)
			buf_addch(out, '\n');
		text = *end ? end + 1 : end;
	}
}

void dtext_flush(struct dtext *t)
{
	struct layout l = {0};

	measure(&l, buf_str(&t->pending));
	write_lines(&l, buf_str(&t->pending), &t->done);
	buf_clear(&t->pending);
	free(l.widths);
	free(l.last);
	free(l.line);
}

const char *dtext_str(struct dtext *t)
{
	dtext_flush(t);
	return buf_str(&t->done);
}
