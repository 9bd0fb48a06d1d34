#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../cmd/credentials.h"
#include "../../cmd/exec_credential.h"
#include "../../runtime/base/str.h"

#define V1 "client.authentication.k8s.io/v1"
#define BETA "client.authentication.k8s.io/v1beta1"

static json *parse(const char *text)
{
	auto_err e = {0};
	json *j = json_parse(text, strlen(text), JSON_PARSE_STRICT, &e);

	if (!j)
		printf("# %s: %s\n", text, err_msg(&e));
	return j;
}

TEST("a spec is refused by what is wrong with it")
{
	static const struct {
		const char *spec, *text;
	} rows[] = {
	    {"{}", "command must be specified to use exec authentication plugin"},
	    {"{\"command\":\"x\"}",
		"apiVersion must be specified to use exec authentication plugin"},
	    {"{\"command\":\"x\",\"apiVersion\":\"client.authentication.k8s.io/v1alpha1\"}",
		"exec plugin: invalid apiVersion \"client.authentication.k8s.io/v1alpha1\""},
	    {"{\"command\":\"x\",\"apiVersion\":\"" V1 "\"}",
		"interactiveMode must be specified to use exec authentication plugin"},
	    {"{\"command\":\"x\",\"apiVersion\":\"" V1 "\",\"interactiveMode\":\"Maybe\"}",
		"invalid interactiveMode: \"Maybe\" is unrecognized"},
	    {"{\"command\":\"x\",\"apiVersion\":\"" V1 "\",\"interactiveMode\":\"Never\"}", ""},
	    {"{\"command\":\"x\",\"apiVersion\":\"" BETA "\"}", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_json *spec = parse(rows[i].spec);
		auto_err e = {0};

		CHECK_INT(exec_credential_check(spec, &e), *rows[i].text ? -1 : 0);
		CHECK_STR(err_msg(&e), rows[i].text);
	}
}

TEST("standard input is the program's on a terminal, unless it wants none")
{
	static const struct {
		const char *mode;
		bool terminal, want;
		int rc;
	} rows[] = {
	    {"Never", true, false, 0},
	    {"IfAvailable", true, true, 0},
	    {"IfAvailable", false, false, 0},
	    {"Always", true, true, 0},
	    {"Always", false, false, -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_json *spec = json_new_object();
		auto_err e = {0};
		bool got = false;

		json_set_str(spec, "interactiveMode", rows[i].mode);
		CHECK_INT(
		    exec_credential_interactive(spec, rows[i].terminal, &got, &e), rows[i].rc);
		CHECK_INT(got, rows[i].want);
	}
}

TEST("the program is told of the cluster only when it asks for it")
{
	auto_json *cluster =
	    parse("{\"server\":\"https://c\",\"tls-server-name\":\"n\","
		  "\"certificate-authority-data\":\"Y2E=\",\"extensions\":[{\"name\":"
		  "\"client.authentication.k8s.io/exec\",\"extension\":{\"audience\":\"a\"}}]}");
	auto_json *plain = parse("{\"apiVersion\":\"" V1 "\"}");
	auto_json *asks = parse("{\"apiVersion\":\"" V1 "\",\"provideClusterInfo\":true}");
	auto_free char *none = exec_credential_info(plain, cluster, false);
	auto_free char *all = exec_credential_info(asks, cluster, true);

	CHECK_STR(none, "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
			"\",\"spec\":{\"interactive\":false}}");
	CHECK_STR(all, "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
		       "\",\"spec\":{\"interactive\":true,\"cluster\":{\"server\":\"https://c\","
		       "\"tls-server-name\":\"n\",\"certificate-authority-data\":\"Y2E=\","
		       "\"config\":{\"audience\":\"a\"}}}}");
}

#define ANSWER(version, status) \
	"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" version "\",\"status\":" status "}"

TEST("answers that are none are refused in the words of other clients")
{
	static const struct {
		const char *answer, *text;
	} rows[] = {
	    {"{\"kind\":\"Job\"}", "decoding stdout: it is no ExecCredential but kind \"Job\""},
	    {ANSWER(BETA, "{\"token\":\"t\"}"), "exec plugin is configured to use API version " V1
						", plugin returned version " BETA},
	    {ANSWER(V1, "null"), "exec plugin didn't return a status field"},
	    {ANSWER(V1, "{}"), "exec plugin didn't return a token or cert/key pair"},
	    {ANSWER(V1, "{\"clientCertificateData\":\"c\"}"),
		"exec plugin returned only certificate or key, not both"},
	    {ANSWER(V1, "{\"token\":\"t\",\"expirationTimestamp\":\"soon\"}"),
		"exec plugin returned the expirationTimestamp \"soon\", which is no time"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct exec_credential c = {0};
		auto_err e = {0};

		CHECK_INT(
		    exec_credential_parse(rows[i].answer, strlen(rows[i].answer), V1, &c, &e), -1);
		CHECK_STR(err_msg(&e), rows[i].text);
	}
}

/* ---- with a program ---- */

static char *make_program(const char *script)
{
	static char path[] = "/tmp/kjob-exec-test-XXXXXX";
	int fd;

	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	fd = mkstemp(path);
	dprintf(fd, "#!/bin/sh\n%s\n", script);
	fchmod(fd, 0700);
	close(fd);
	return path;
}

static json *user_of(const char *program)
{
	json *user = json_new_object();

	json_set_path(user, "exec.command", json_new_string(program));
	json_set_path(user, "exec.apiVersion", json_new_string(V1));
	json_set_path(user, "exec.interactiveMode", json_new_string("Never"));
	return user;
}

/* The headers by commas, or the error. */
static char *headers_of(struct credentials *c, bool *identity)
{
	auto_strlist l = {0};
	auto_err e = {0};

	if (credentials_headers(c, &l, identity, &e) < 0)
		return xstrdup(err_msg(&e));
	return strlist_join(&l, ", ");
}

static const struct impersonation nobody = {.user = "", .uid = ""};

TEST("a program is asked once, again when its answer has expired, and when the server refused it")
{
	auto_free char *script = xasprintf(
	    "echo x >> $0.count; n=$(wc -l < $0.count); end=2999; [ $n = 2 ] && end=2001\n"
	    "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
	    "\",\"status\":{\"token\":\"t'$n$ADDED'\",\"expirationTimestamp\":"
	    "\"'$end'-01-01T00:00:00Z\"}}'");
	char *program = make_program(script);
	auto_free char *count = xasprintf("%s.count", program);
	auto_json *user = user_of(program);
	static const char *const want[] = {"Authorization: Bearer t1-env",
	    "Authorization: Bearer t1-env", "Authorization: Bearer t2-env",
	    "Authorization: Bearer t3-env", "Authorization: Bearer t3-env"};
	struct credentials *c = NULL;
	auto_err e = {0};
	bool identity;

	json_set_path(user, "exec.env", parse("[{\"name\":\"ADDED\",\"value\":\"-env\"}]"));
	CHECK_INT(credentials_new(user, "u", NULL, &nobody, &c, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		auto_free char *got = headers_of(c, &identity);

		CHECK_STR(got, want[i]);
		if (i == 1)
			CHECK(credentials_refused(c));
	}
	credentials_free(c);
	unlink(program);
	unlink(count);
}

TEST("a certificate and key of a program become the connection's")
{
	char *program = make_program(
	    "echo '" ANSWER(V1, "{\"clientCertificateData\":\"C\",\"clientKeyData\":\"K\"}") "'");
	auto_json *user = user_of(program);
	struct credentials *c = NULL;
	auto_err e = {0};
	bool identity = false;
	auto_free char *first = NULL, *second = NULL;

	CHECK_INT(credentials_new(user, "u", NULL, &nobody, &c, &e), 0);
	first = headers_of(c, &identity);
	CHECK_STR(first, "");
	CHECK(identity);
	CHECK_STR(credentials_cert(c), "C");
	CHECK_STR(credentials_key(c), "K");
	second = headers_of(c, &identity);
	CHECK(!identity);
	credentials_free(c);
	unlink(program);
}

TEST("a program that is missing, fails or babbles is told by name")
{
	static const struct {
		const char *script, *text;
	} rows[] = {{"exit 3", "failed with exit code 3"}, {"echo nonsense", "decoding stdout: "},
	    {"kill -9 $$", "was ended by signal 9"}, {NULL, "not found"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *program = rows[i].script ? make_program(rows[i].script) : NULL;
		auto_json *user = user_of(program ? program : "kjob-no-such-plugin");
		struct credentials *c = NULL;
		auto_err e = {0};
		auto_free char *got = NULL;
		bool identity;

		json_set_path(user, "exec.installHint", json_new_string("Get it from us."));
		CHECK_INT(credentials_new(user, "u", NULL, &nobody, &c, &e), 0);
		got = headers_of(c, &identity);
		if (!strstr(got, rows[i].text) || !str_has_prefix(got, "getting credentials: "))
			CHECK_STR(got, rows[i].text);
		if (!program)
			CHECK(str_has_suffix(got, "\n\nGet it from us."));
		credentials_free(c);
		if (program)
			unlink(program);
	}
}

/* ---- the others ---- */

TEST("tokens, names and whom to act as become headers")
{
	static const struct {
		const char *user, *as, *want;
	} rows[] = {
	    {"{}", "", ""},
	    {"{\"token\":\"t\"}", "", "Authorization: Bearer t"},
	    {"{\"username\":\"user\",\"password\":\"pass\"}", "",
		"Authorization: Basic dXNlcjpwYXNz"},
	    {"{\"as\":\"a\",\"as-uid\":\"1\",\"as-groups\":[\"g\",\"h\"],\"as-user-extra\":"
	     "{\"x/y\":[\"z\"]}}",
		"",
		"Impersonate-User: a, Impersonate-Uid: 1, Impersonate-Group: g, "
		"Impersonate-Group: h, Impersonate-Extra-x%2Fy: z"},
	    {"{\"as\":\"a\"}", "b", "Impersonate-User: b"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_json *user = parse(rows[i].user);
		struct impersonation as = {.user = rows[i].as, .uid = ""};
		struct credentials *c = NULL;
		auto_err e = {0};
		auto_free char *got = NULL;
		bool identity;

		CHECK_INT(credentials_new(user, "u", NULL, &as, &c, &e), 0);
		got = headers_of(c, &identity);
		CHECK_STR(got, rows[i].want);
		CHECK(!credentials_refused(c));
		credentials_free(c);
	}
}

TEST("a token file is read anew; while it cannot be read the token before counts")
{
	char path[] = "/tmp/kjob-token-test-XXXXXX";
	int fd = mkstemp(path);
	auto_json *user = json_new_object();
	struct credentials *c = NULL;
	auto_err e = {0};
	bool identity;

	json_set_str(user, "token", "old");
	json_set_str(user, "tokenFile", path);
	CHECK_INT(credentials_new(user, "u", NULL, &nobody, &c, &e), 0);
	for (int i = 0; i < 3; i++) {
		static const char *const texts[] = {" one\n", "two", ""};
		static const char *const want[] = {"Authorization: Bearer one",
		    "Authorization: Bearer two", "Authorization: Bearer two"};
		auto_free char *got = NULL;

		CHECK(ftruncate(fd, 0) == 0 &&
		      pwrite(fd, texts[i], strlen(texts[i]), 0) == (ssize_t)strlen(texts[i]));
		got = headers_of(c, &identity);
		CHECK_STR(got, want[i]);
	}
	credentials_free(c);
	close(fd);
	unlink(path);
}

TEST("users that contradict themselves, and those of old, are refused")
{
	static const struct {
		const char *user, *text;
	} rows[] = {
	    {"{\"token\":\"t\",\"username\":\"x\"}",
		"invalid configuration: more than one authentication method found for u; found "
		"[token basicAuth], only one is allowed"},
	    {"{\"auth-provider\":{\"name\":\"gcp\"}}",
		"user \"u\": the auth-provider \"gcp\" is not supported: use an exec plugin, such "
		"as gke-gcloud-auth-plugin, in its place"},
	    {"{\"auth-provider\":{\"name\":\"mine\"}}",
		"user \"u\": the auth-provider \"mine\" is not supported: use an exec plugin in "
		"its place"},
	    {"{\"as-uid\":\"1\"}",
		"requesting uid, groups or user-extra without impersonating a user"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_json *user = parse(rows[i].user);
		struct credentials *c = NULL;
		auto_err e = {0};

		CHECK_INT(credentials_new(user, "u", NULL, &nobody, &c, &e), -1);
		CHECK_STR(err_msg(&e), rows[i].text);
	}
}

int main(void)
{
	return test_main();
}
