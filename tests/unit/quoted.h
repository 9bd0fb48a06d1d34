/* quoted: JSON that can be read inside of C: ' stands for ", and | for '. */
#ifndef KJOB_TEST_QUOTED_H
#define KJOB_TEST_QUOTED_H

#include "../../runtime/base/json.h"
#include "test.h"

/* ' to ", | to '; owned. */
static UNUSED char *unquote(const char *text)
{
	char *copy = xstrdup(text);

	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c == '|' ? '\'' : *c;
	return copy;
}

/* Owned; a failed CHECK and null where it is no JSON. */
static UNUSED json *parse(const char *text)
{
	auto_free char *plain = unquote(text);
	auto_err e = {0};
	json *j = json_parse(plain, strlen(plain), 0, &e);

	CHECK_STR(err_msg(&e), "");
	return j ? j : json_new_null();
}

#endif
