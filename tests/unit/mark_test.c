#include "test.h"

#include "../../cmd/mark.h"

static json *parse(const char *text)
{
	return json_parse(text, strlen(text), JSON_PARSE_STRICT, NULL);
}

/* How many words come before the changes; -1: refused. */
static int begin(struct err *e, const char *const *words)
{
	size_t argc = 0, n = 0;

	while (words[argc])
		argc++;
	return marks_begin(words, argc, MARK_LABEL, &n, e) < 0 ? -1 : (int)n;
}

#define BEGIN(e, ...) begin(&(e), (const char *const[]){__VA_ARGS__, NULL})

TEST("changes begin with the first word that sets or removes")
{
	auto_err e = {0};

	CHECK_INT(BEGIN(e, "job", "x", "a=b", "c-"), 2);
	CHECK_INT(BEGIN(e, "job/x", "c-"), 1);
	CHECK_INT(BEGIN(e, "job", "x"), 2);
	CHECK_INT(BEGIN(e, "-", "=x"), 2);
	CHECK_INT(BEGIN(e, "job", "a=b", "x"), -1);
	CHECK_STR(err_msg(&e), "all resources must be specified before label changes: x");
}

static int parse_words(
    struct marks *m, enum mark_kind kind, struct err *e, const char *const *words)
{
	size_t argc = 0;

	while (words[argc])
		argc++;
	return marks_parse(words, argc, kind, m, e);
}

#define CHECK_REFUSED(kind, message, ...)                                                       \
	do {                                                                                    \
		auto_marks m_ = {0};                                                            \
		auto_err e_ = {0};                                                              \
		CHECK_INT(                                                                      \
		    parse_words(&m_, kind, &e_, (const char *const[]){__VA_ARGS__, NULL}), -1); \
		CHECK_STR(err_msg(&e_), message);                                               \
	} while (0)

TEST("a label's value is checked before anything is asked")
{
	CHECK_REFUSED(MARK_LABEL,
	    "invalid label value: \"a=c d\": a valid label must be an empty string or consist of "
	    "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
	    "character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
	    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
	    "a=c d");
	CHECK_REFUSED(MARK_LABEL, "invalid label spec: a=b=c", "a=b=c");
	CHECK_REFUSED(MARK_LABEL,
	    "invalid label value: "
	    "\"a=1234567890123456789012345678901234567890123456789012345678901234\": must be no "
	    "more than 63 characters",
	    "a=1234567890123456789012345678901234567890123456789012345678901234");
}

TEST("one command does not set and remove the same key")
{
	CHECK_REFUSED(
	    MARK_LABEL, "can not both modify and remove a label in the same command", "a=1", "a-");
	CHECK_REFUSED(MARK_ANNOTATION,
	    "can not both modify and remove the following annotation(s) in the same command: a, b",
	    "a=1", "b=2", "a-", "b-");
}

#define CHECK_PATCH(kind, live, want, ...)                                                     \
	do {                                                                                   \
		auto_marks m_ = {0};                                                           \
		auto_err e_ = {0};                                                             \
		auto_json *live_ = parse(live), *patch_ = NULL;                                \
		auto_free char *text_ = NULL;                                                  \
		CHECK_INT(                                                                     \
		    parse_words(&m_, kind, &e_, (const char *const[]){__VA_ARGS__, NULL}), 0); \
		patch_ = marks_patch(&m_, live_, kind);                                        \
		text_ = json_print(patch_);                                                    \
		CHECK_STR(text_, want);                                                        \
	} while (0)

TEST("the patch holds only what changes")
{
	CHECK_PATCH(MARK_LABEL, "{\"metadata\":{\"labels\":{\"a\":\"1\",\"b\":\"2\"}}}",
	    "{\"metadata\":{\"labels\":{\"c.d/e\":\"\",\"b\":null}}}", "a=1", "c.d/e=", "b-", "z-");
	CHECK_PATCH(MARK_LABEL, "{\"metadata\":{\"labels\":{\"a\":\"1\"}}}", "{}", "a=1", "z-");
	CHECK_PATCH(MARK_ANNOTATION, "{\"metadata\":{}}",
	    "{\"metadata\":{\"annotations\":{\"a\":\"x=y, z\"}}}", "a=x=y, z");
}

#define CHECK_KEPT(kind, live, message, ...)                                                   \
	do {                                                                                   \
		auto_marks m_ = {0};                                                           \
		auto_err e_ = {0};                                                             \
		auto_json *live_ = parse(live);                                                \
		CHECK_INT(                                                                     \
		    parse_words(&m_, kind, &e_, (const char *const[]){__VA_ARGS__, NULL}), 0); \
		CHECK_INT(marks_check(&m_, live_, kind, &e_), *(message) ? -1 : 0);            \
		CHECK_STR(err_msg(&e_), message);                                              \
	} while (0)

TEST("without --overwrite a key keeps another value that it has")
{
	static const char labels[] = "{\"metadata\":{\"labels\":{\"a\":\"1\",\"b\":\"2\"}}}";
	static const char notes[] = "{\"metadata\":{\"annotations\":{\"a\":\"1\",\"b\":\"2\"}}}";

	CHECK_KEPT(MARK_LABEL, labels, "", "a=1", "b-", "c=3");
	CHECK_KEPT(MARK_LABEL, labels,
	    "'a' already has a value (1), and --overwrite is false\n"
	    "'b' already has a value (2), and --overwrite is false",
	    "a=2", "b=3");
	CHECK_KEPT(MARK_ANNOTATION, notes,
	    "--overwrite is false but found the following declared annotation(s): 'a' already has "
	    "a value (1); 'b' already has a value (2)",
	    "a=2", "b=3");
}

int main(void)
{
	return test_main();
}
