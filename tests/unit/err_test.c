#include "../../runtime/base/err.h"

#include <errno.h>

#include "../../runtime/base/json.h"
#include "test.h"

TEST("an error carries a reason and a message, and setting it is -1")
{
	auto_err e = {0};

	CHECK_STR(err_msg(&e), "");
	CHECK_STR(err_msg(NULL), "");
	CHECK_INT(err_set(&e, ERR_NOT_FOUND, "jobs.batch \"%s\" not found", "x"), -1);
	CHECK_INT(e.reason, ERR_NOT_FOUND);
	CHECK_STR(err_msg(&e), "jobs.batch \"x\" not found");
}

TEST("an error can be set from its own message")
{
	auto_err e = {0};

	err_set(&e, ERR_CONFLICT, "one");
	err_set(&e, ERR_INTERNAL, "%s and two", e.msg);
	CHECK_STR(err_msg(&e), "one and two");
	CHECK_INT(e.reason, ERR_INTERNAL);
}

TEST("context goes in front and keeps reason and details")
{
	auto_err e = {0};

	err_set(&e, ERR_INVALID, "no image");
	e.details = json_new_object();
	CHECK_INT(err_wrap(&e, "container %d", 3), -1);
	err_wrap(&e, "pod");
	CHECK_STR(err_msg(&e), "pod: container 3: no image");
	CHECK_INT(e.reason, ERR_INVALID);
	CHECK(e.details != NULL);
}

TEST("a failed system call names its cause")
{
	auto_err e = {0};

	CHECK_INT(err_sys(&e, ENOENT, "open %s", "/x"), -1);
	CHECK_STR(err_msg(&e), "open /x: No such file or directory");
	CHECK_INT(e.reason, ERR_INTERNAL);
}

TEST("errors move and are copied with their details")
{
	auto_err a = {0}, b = {0}, c = {0};

	err_set(&a, ERR_TIMEOUT, "late");
	a.details = json_new_object();
	json_set_int(a.details, "retryAfterSeconds", 1);
	err_set(&b, ERR_CONFLICT, "old");
	err_move(&b, &a);
	CHECK_INT(a.reason, ERR_NONE);
	CHECK(!a.msg && !a.details);
	CHECK_STR(err_msg(&b), "late");
	err_set(&c, ERR_CONFLICT, "old");
	err_copy(&c, &b);
	err_copy(&c, &c);
	CHECK_STR(err_msg(&c), "late");
	CHECK(json_equal(c.details, b.details) && c.details != b.details);
	err_clear(&b);
	CHECK_INT(b.reason, ERR_NONE);
	CHECK_STR(err_msg(&c), "late");
	err_move(NULL, &c);
	CHECK(!c.msg);
}

TEST("a NULL error is accepted everywhere")
{
	struct err e = {0};

	CHECK_INT(err_set(NULL, ERR_INTERNAL, "x"), -1);
	CHECK_INT(err_sys(NULL, ENOENT, "x"), -1);
	CHECK_INT(err_wrap(NULL, "x"), -1);
	err_clear(NULL);
	err_copy(NULL, &e);
}

TEST("every reason has a name and a code and is found again by its name")
{
	for (int r = ERR_BAD_REQUEST; r <= ERR_TIMEOUT; r++) {
		const char *name = err_reason_name((enum err_reason)r);

		CHECK(*name);
		CHECK(err_http_code((enum err_reason)r) >= 400);
		CHECK_INT(err_reason_from(name, 0), r);
	}
	CHECK_STR(err_reason_name(ERR_METHOD), "MethodNotAllowed");
	CHECK_INT(err_http_code(ERR_EXPIRED), 410);
}

TEST("without a known name the HTTP code decides")
{
	CHECK_INT(err_reason_from(NULL, 404), ERR_NOT_FOUND);
	CHECK_INT(err_reason_from("Teapot", 409), ERR_CONFLICT);
	CHECK_INT(err_reason_from("AlreadyExists", 409), ERR_ALREADY_EXISTS);
	CHECK_INT(err_reason_from(NULL, 418), ERR_BAD_REQUEST);
	CHECK_INT(err_reason_from(NULL, 502), ERR_INTERNAL);
	CHECK_INT(err_reason_from("", 0), ERR_INTERNAL);
}

int main(void)
{
	return test_main();
}
