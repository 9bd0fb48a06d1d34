#include "../../runtime/registry_config.h"

#include "../../runtime/base/base64.h"
#include "test.h"

/* What is behind the header's base64url. */
static char *decoded(const char *auth)
{
	auto_free char *text = xstrdup(auth);
	auto_buf out = {0};

	for (char *c = text; *c; c++)
		*c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
	CHECK_INT(base64_decode(text, &out, NULL), 0);
	return buf_take(&out);
}

/* The user names of what is found for an image, in order. */
static char *users(const char *auths, const char *image)
{
	auto_json *j = json_parse(auths, strlen(auths), 0, NULL);
	auto_registry_keys keys = {0};
	auto_strlist found = {0}, names = {0};

	registry_keys_add(&keys, j);
	registry_keys_find(&keys, image, &found);
	for (size_t i = 0; i < found.len; i++) {
		auto_free char *text = decoded(found.items[i]);
		auto_json *auth = json_parse(text, strlen(text), 0, NULL);

		strlist_add(&names, json_str_or(auth, "username", "?"));
	}
	return strlist_join(&names, " ");
}

static void check(const char *auths, const char *image, const char *want)
{
	auto_free char *got = users(auths, image);

	CHECK_STR(got, want);
}

#define USER(key, name) "\"" key "\":{\"username\":\"" name "\",\"password\":\"p\"}"

TEST("a key is a registry, perhaps with a path; the longest path is tried first")
{
	static const char auths[] = "{" USER("quay.io", "all") "," USER("https://quay.io/team/app",
	    "app") "," USER("quay.io/team", "team") "," USER("localhost:5000", "local") "}";

	check(auths, "quay.io/team/app:1", "app team all");
	check(auths, "quay.io/team/other@sha256:00", "team all");
	check(auths, "quay.io/x", "all");
	check(auths, "quay.io:443/x", "");
	check(auths, "localhost:5000/x", "local");
	check(auths, "localhost:5001/x", "");
	check(auths, "busybox", "");
	check(auths, "notquay.io/x", "");
}

TEST("the parts of a host may have wildcards, and there are as many parts")
{
	static const char auths[] = "{" USER("*.example.com", "star") "," USER("r?.io", "one") "}";

	check(auths, "eu.example.com/x", "star");
	check(auths, "example.com/x", "");
	check(auths, "a.b.example.com/x", "");
	check(auths, "r2.io/x", "one");
}

TEST("Docker's own registry has several names, and images without one are its")
{
	static const char *const keys[] = {USER("https://index.docker.io/v1/", "hub"),
	    USER("index.docker.io", "hub"), USER("docker.io", "hub")};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		auto_free char *auths = xasprintf("{%s}", keys[i]);

		check(auths, "busybox", "hub");
		check(auths, "docker.io/library/busybox:1", "hub");
		check(auths, "me/app", "hub");
		check(auths, "quay.io/me/app", "");
	}
}

TEST("credentials come as name and password, coded together, or as a token")
{
	static const char text[] =
	    "{\"a.io\":{\"auth\":\"dTpwOng=\",\"username\":\"no\"},\"b.io\":{\"auth\":\"dTpw\"},"
	    "\"c.io\":{\"identitytoken\":\"t\"},\"d.io\":{},\"e.io\":{\"auth\":\"bm9jb2xvbg==\"},"
	    "\"f.io\":{\"auth\":\"dTpwcA\"},\"g.io\":7}";
	static const struct {
		const char *image, *want;
	} cases[] = {
	    {"a.io/x", "{\"username\":\"u\",\"password\":\"p:x\",\"serveraddress\":\"a.io\"}"},
	    {"b.io/x", "{\"username\":\"u\",\"password\":\"p\",\"serveraddress\":\"b.io\"}"},
	    {"c.io/x", "{\"identitytoken\":\"t\",\"serveraddress\":\"c.io\"}"},
	    {"d.io/x", NULL},
	    {"e.io/x", NULL},
	    {"f.io/x", "{\"username\":\"u\",\"password\":\"pp\",\"serveraddress\":\"f.io\"}"},
	    {"g.io/x", NULL},
	};
	auto_json *j = json_parse(text, strlen(text), 0, NULL);
	auto_registry_keys keys = {0};

	registry_keys_add(&keys, j);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_strlist found = {0};
		auto_free char *got = NULL;

		registry_keys_find(&keys, cases[i].image, &found);
		CHECK_INT(found.len, cases[i].want ? 1 : 0);
		got = found.len ? decoded(found.items[0]) : NULL;
		CHECK_STR(got, cases[i].want);
	}
}

static void check_helper(const char *config, const char *image, const char *want)
{
	auto_json *j = json_parse(config, strlen(config), 0, NULL);
	auto_free char *helper = NULL, *server = NULL, *got = NULL;

	if (registry_helper_of(j, image, &helper, &server))
		got = xasprintf("%s %s", helper, server);
	CHECK_STR(got, want);
}

TEST("a registry's helper goes before the store of all; a path is no helper's name")
{
	static const char config[] =
	    "{\"credHelpers\":{\"quay.io\":\"team\"},\"credsStore\":\"desktop\"}";

	check_helper(config, "quay.io/a/b", "team quay.io");
	check_helper(config, "busybox", "desktop https://index.docker.io/v1/");
	check_helper("{\"auths\":{}}", "busybox", NULL);
	check_helper("{\"credsStore\":\"../x\"}", "busybox", NULL);
}

TEST("a helper answers with a name and a password, or with a token")
{
	static const char plain[] = "{\"ServerURL\":\"s\",\"Username\":\"u\",\"Secret\":\"p\"}\n";
	static const char token[] = "{\"Username\":\"<token>\",\"Secret\":\"t\"}";
	auto_free char *a = registry_auth_of_answer(plain, strlen(plain), "s");
	auto_free char *b = registry_auth_of_answer(token, strlen(token), "s");
	auto_free char *at = decoded(a), *bt = decoded(b);

	CHECK_STR(at, "{\"username\":\"u\",\"password\":\"p\",\"serveraddress\":\"s\"}");
	CHECK_STR(bt, "{\"identitytoken\":\"t\",\"serveraddress\":\"s\"}");
	CHECK(!registry_auth_of_answer("{}", 2, "s"));
	CHECK(!registry_auth_of_answer("nothing", 7, "s"));
}

int main(void)
{
	return test_main();
}
