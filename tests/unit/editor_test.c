#include "test.h"

#include "../../cmd/editor.h"

#include <sys/stat.h>
#include <unistd.h>

TEST("lines that begin with # are no part of the text, others that hold one are")
{
	auto_free char *a = editor_strip("# x\n#\na: 1 # one\n  # two\n#three\nb: 2");
	auto_free char *b = editor_strip("# only\n# comments");

	CHECK_STR(a, "a: 1 # one\n  # two\nb: 2");
	CHECK_STR(b, "");
}

TEST("reasons stand below the heading, line by line")
{
	auto_strlist none = {0}, some = {0};
	auto_buf plain = {0}, text = {0};
	static const char heading[] =
	    "# Please edit the object below. Lines beginning with a '#' will be ignored,\n"
	    "# and an empty file will abort the edit. If an error occurs while saving this file "
	    "will be\n"
	    "# reopened with the relevant failures.\n#\n";

	editor_heading(&none, &plain);
	CHECK_STR(buf_str(&plain), heading);
	strlist_add(&some, "x was not valid:\n* a\n\n* b");
	editor_heading(&some, &text);
	CHECK_STR(buf_str(&text) + sizeof(heading) - 1, "# x was not valid:\n# * a\n#\n# * b\n#\n");
}

TEST("the file is its owner's alone, and goes with the struct unless it is kept")
{
	auto_err e = {0};
	struct editor ed = {0};
	auto_free char *path = NULL, *changed = NULL;
	struct stat st;

	setenv("KUBE_EDITOR", "sed -i s/a/b/", 1);
	CHECK_INT(editor_open(&ed, ".yaml", &e), 0);
	path = xstrdup(ed.path);
	CHECK_INT(editor_run(&ed, "a: a\n", &changed, &e), 0);
	CHECK_STR(changed, "b: a\n");
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	ed.keep = true;
	editor_release(&ed);
	CHECK(access(path, F_OK) == 0);
	ed.path = xstrdup(path);
	editor_release(&ed);
	CHECK(access(path, F_OK) != 0);
}

TEST("an editor that fails is an error")
{
	auto_err e = {0};
	auto_editor ed = {0};
	auto_free char *changed = NULL;

	setenv("KUBE_EDITOR", "false", 1);
	CHECK_INT(editor_open(&ed, ".json", &e), 0);
	CHECK_INT(editor_run(&ed, "{}", &changed, &e), -1);
	CHECK_STR(err_msg(&e), "there was a problem with the editor \"false\"");
	setenv("KUBE_EDITOR", "/nonexistent/editor", 1);
	CHECK_INT(editor_run(&ed, "{}", &changed, &e), -1);
	CHECK_STR(err_msg(&e), "unable to launch the editor \"/nonexistent/editor\"");
	CHECK(changed == NULL);
}

int main(void)
{
	return test_main();
}
