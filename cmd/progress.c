#include "progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../runtime/base/buf.h"
#include "../runtime/base/str.h"

#define ERASE_LINE "\r\033[K"

void progress_init(struct progress *p, bool wanted)
{
	memset(p, 0, sizeof(*p));
	p->on = wanted && isatty(STDERR_FILENO) && !str_eq(getenv("TERM"), "dumb");
}

/* One line of the terminal at most, without control characters: part of it comes from registries.
 */
static void add_shown(struct buf *out, const char *text)
{
	struct winsize size = {0};
	size_t width =
	    ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : 79;

	for (size_t n = 0; *text && *text != '\n'; text++) {
		bool starts = ((unsigned char)*text & 0xc0) != 0x80;

		if (starts && n++ == width)
			return;
		buf_addch(out, (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text);
	}
}

void progress_set(struct progress *p, const char *text)
{
	auto_buf line = {0};

	if (!p->on || (p->shown && str_eq(p->text, text)))
		return;
	buf_adds(&line, ERASE_LINE);
	add_shown(&line, text);
	fputs(buf_str(&line), stderr);
	free(p->text);
	p->text = xstrdup(text);
	p->shown = true;
}

void progress_clear(struct progress *p)
{
	if (p->shown)
		fputs(ERASE_LINE, stderr);
	p->shown = false;
}

void progress_end(struct progress *p)
{
	progress_clear(p);
	p->on = false;
	free(TAKE(p->text));
}
