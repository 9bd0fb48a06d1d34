/*
 * api_fixture: what the tests of the object model share. Objects are written with ' in place of "
 * (and | in place of '), as JSON that can be read inside of C.
 */
#ifndef KJOB_TEST_API_FIXTURE_H
#define KJOB_TEST_API_FIXTURE_H

#include "../../controller/api/api.h"
#include "quoted.h"

#define UID "11111111-2222-3333-4444-555555555555"

/* What the registry does with the body of a create, up to validation. NULL: did not decode. */
static UNUSED json *prepared(const struct kind *k, const char *text, struct err *e)
{
	auto_free char *plain = unquote(text);
	json *obj = api_decode(k, plain, strlen(plain), FIELDS_STRICT, NULL, e);

	if (!obj)
		return NULL;
	if (k->namespaced)
		json_set_path(obj, "metadata.namespace", json_new_string("default"));
	json_set_path(obj, "metadata.uid", json_new_string(UID));
	if (k->has_generation)
		json_set_path(obj, "metadata.generation", json_new_int(1));
	api_default(k, obj);
	api_prepare_create(k, obj);
	return obj;
}

/* What is behind "… is invalid: "; owned. */
static UNUSED char *errors_of(const struct err *e)
{
	static const char mark[] = " is invalid: ";
	const char *at = strstr(err_msg(e), mark);

	return xstrdup(at ? at + strlen(mark) : err_msg(e));
}

/* CHECK_STR with ' for " in what is wanted. */
#define CHECK_QUOTED(got, want)                         \
	do {                                            \
		auto_free char *plain_ = unquote(want); \
		CHECK_STR(got, plain_);                 \
	} while (0)

#endif
