#include "editor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../runtime/base/buf.h"
#include "../runtime/base/paths.h"
#include "shell.h"

#define TEXT_MAX ((size_t)64 * MIB)
#define EXIT_NOT_FOUND 127

int editor_open(struct editor *ed, const char *suffix, struct err *e)
{
	const char *folder = getenv("TMPDIR");
	char *path =
	    xasprintf("%s/kjob-edit-XXXXXX%s", folder && *folder ? folder : "/tmp", suffix);
	int fd = mkostemps(path, (int)strlen(suffix), O_CLOEXEC);

	if (fd < 0) {
		err_sys(e, errno, "cannot make the file %s", path);
		free(path);
		return -1;
	}
	close(fd);
	ed->path = path;
	return 0;
}

void editor_release(struct editor *ed)
{
	if (ed->path && !ed->keep)
		unlink(ed->path);
	free(ed->path);
	memset(ed, 0, sizeof(*ed));
}

static int write_text(const char *path, const char *text, struct err *e)
{
	size_t len = strlen(text), done = 0;
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, errno, "cannot write %s", path);
	while (done < len) {
		ssize_t n = write(fd, text + done, len - done);

		if (n < 0 && errno != EINTR) {
			err_sys(e, errno, "cannot write %s", path);
			close(fd);
			return -1;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	return close(fd) < 0 ? err_sys(e, errno, "cannot write %s", path) : 0;
}

static const char *editor_command(void)
{
	return shell_program("KUBE_EDITOR", "EDITOR", "vi");
}

/* Keys like Ctrl-C are the editor's while it runs. */
static int run_undisturbed(const char *command, const char *path)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old_int, old_quit;
	int status;

	sigaction(SIGINT, &ignore, &old_int);
	sigaction(SIGQUIT, &ignore, &old_quit);
	status = shell_run(command, path, NULL);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGQUIT, &old_quit, NULL);
	return status;
}

char *editor_read(const struct editor *ed, struct err *e)
{
	return path_read_file(ed->path, TEXT_MAX, NULL, e);
}

int editor_run(struct editor *ed, const char *text, char **ret, struct err *e)
{
	const char *command = editor_command();
	char *changed;
	int status;

	if (write_text(ed->path, text, e) < 0)
		return -1;
	status = run_undisturbed(command, ed->path);
	if (status == EXIT_NOT_FOUND)
		return err_set(e, ERR_BAD_REQUEST, "unable to launch the editor \"%s\"", command);
	if (status != 0)
		return err_set(
		    e, ERR_BAD_REQUEST, "there was a problem with the editor \"%s\"", command);
	changed = editor_read(ed, e);
	if (!changed)
		return -1;
	*ret = changed;
	return 0;
}

/* ---- the text ---- */

/* TEXT as comment lines. */
static void add_comment(struct buf *out, const char *text)
{
	do {
		size_t len = strcspn(text, "\n");

		buf_addf(out, "#%s%.*s\n", len ? " " : "", (int)len, text);
		text += len + (text[len] == '\n');
	} while (*text);
}

void editor_heading(const struct strlist *reasons, struct buf *out)
{
	add_comment(out,
	    "Please edit the object below. Lines beginning with a '#' will be ignored,\n"
	    "and an empty file will abort the edit. If an error occurs while saving this file will "
	    "be\n"
	    "reopened with the relevant failures.");
	buf_adds(out, "#\n");
	for (size_t i = 0; i < reasons->len; i++)
		add_comment(out, reasons->items[i]);
	if (reasons->len)
		buf_adds(out, "#\n");
}

char *editor_strip(const char *text)
{
	auto_buf out = {.max = TEXT_MAX};

	while (*text) {
		size_t len = strcspn(text, "\n");

		len += text[len] == '\n';
		if (*text != '#')
			buf_add(&out, text, len);
		text += len;
	}
	return buf_take(&out);
}
