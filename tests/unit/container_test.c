#include "test.h"

#include "../../cmd/container.h"

static json *parse(const char *text)
{
	return json_parse(text, strlen(text), JSON_PARSE_STRICT, NULL);
}

#define CHECK_TEXT(j, want)                         \
	do {                                        \
		auto_free char *t_ = json_print(j); \
		CHECK_STR(t_, want);                \
	} while (0)

TEST("a variable takes the place of the one of its name, wherever that had its value from")
{
	auto_err e = {0};
	auto_json *c = parse("{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{}}},{\"name\":"
			     "\"B\",\"value\":\"1\"}]}");
	auto_json *bare = json_new_object();

	CHECK_INT(container_set_env(c, "A=x=y", &e), 0);
	CHECK_INT(container_set_env(c, "C=", &e), 0);
	CHECK_TEXT(c,
	    "{\"env\":[{\"name\":\"A\",\"value\":\"x=y\"},{\"name\":\"B\",\"value\":\"1\"},"
	    "{\"name\":\"C\",\"value\":\"\"}]}");
	CHECK_INT(container_set_env(bare, "KJOB_TEST_NOT_SET", &e), 0);
	CHECK_TEXT(bare, "{}");
	CHECK_INT(container_set_env(bare, "=x", &e), -1);
	CHECK_STR(err_msg(&e), "invalid env: =x");
}

TEST("words become the arguments, or the command without its old arguments")
{
	static const char *const words[] = {"a", "b"};
	auto_json *c = parse("{\"command\":[\"x\"],\"args\":[\"y\"]}");

	container_set_words(c, true, words, 0);
	CHECK_TEXT(c, "{\"command\":[\"x\"],\"args\":[\"y\"]}");
	container_set_words(c, false, words, 1);
	CHECK_TEXT(c, "{\"command\":[\"x\"],\"args\":[\"a\"]}");
	container_set_words(c, true, words, 2);
	CHECK_TEXT(c, "{\"command\":[\"a\",\"b\"]}");
}

TEST("assignments end with the first word that is none")
{
	static const char *const words[] = {"A=1", "b.c_2=", "--x=1", "C=2"};
	static const char *const none[] = {"=x", "1a=b"};

	CHECK_INT(env_words(words, 4), 2);
	CHECK_INT(env_words(words, 1), 1);
	CHECK_INT(env_words(none, 2), 0);
	CHECK_INT(env_words(none + 1, 1), 0);
}

int main(void)
{
	return test_main();
}
