#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "../../cmd/contexts.h"
#include "../../runtime/base/yaml.h"

static json *parse(const char *yaml)
{
	struct yaml_docs docs = {0};
	auto_err e = {0};
	json *root = NULL;

	if (yaml_parse("f", yaml, strlen(yaml), &docs, &e) == 0 && docs.len)
		root = json_dup(docs.items[0].root);
	else
		printf("# %s\n", err_msg(&e));
	yaml_docs_release(&docs);
	return root;
}

static int merge(json *config, const char *yaml, const char *dir, struct err *e)
{
	auto_json *doc = parse(yaml);

	return contexts_merge(config, doc, dir, e);
}

static const char first[] = "current-context: \"\"\n"
			    "clusters:\n"
			    "- name: a\n"
			    "  cluster: {server: https://first}\n"
			    "users:\n"
			    "- name: red\n"
			    "  user: {client-certificate: red.crt, client-key: /abs/red.key}\n"
			    "contexts:\n"
			    "- {name: one, context: {cluster: a, user: red}}\n";

static const char second[] =
    "kind: Config\n"
    "current-context: two\n"
    "clusters:\n"
    "- name: a\n"
    "  cluster: {server: https://second, tls-server-name: x}\n"
    "- name: b\n"
    "  cluster: {server: https://b, certificate-authority: ../ca.crt}\n"
    "users:\n"
    "- name: plug\n"
    "  user: {exec: {command: ./bin/plug, apiVersion: client.authentication.k8s.io/v1}}\n"
    "- name: bare\n"
    "  user: {exec: {command: plug}}\n"
    "contexts:\n"
    "- {name: two, context: {cluster: b, user: plug, namespace: space}}\n"
    "- {name: one, context: {cluster: b}}\n";

TEST("the first file that has a name wins with its whole entry, as does the first current-context")
{
	auto_json *c = contexts_new();
	auto_err e = {0};

	CHECK(merge(c, first, "/f", &e) == 0 && merge(c, second, "/s", &e) == 0);
	CHECK_STR(json_str(contexts_find(c, "clusters", "a"), "server"), "https://first");
	CHECK(!json_has(contexts_find(c, "clusters", "a"), "tls-server-name"));
	CHECK_STR(json_str(contexts_find(c, "contexts", "one"), "cluster"), "a");
	CHECK_STR(json_str(contexts_find(c, "contexts", "two"), "namespace"), "space");
	CHECK_STR(json_str(c, "current-context"), "two");
	CHECK(!contexts_find(c, "contexts", "three"));
}

TEST("paths are relative to their file; a bare command is one of PATH")
{
	auto_json *c = contexts_new();
	auto_err e = {0};

	CHECK(merge(c, first, "/f", &e) == 0 && merge(c, second, "/s", &e) == 0);
	CHECK_STR(json_str(contexts_find(c, "users", "red"), "client-certificate"), "/f/red.crt");
	CHECK_STR(json_str(contexts_find(c, "users", "red"), "client-key"), "/abs/red.key");
	CHECK_STR(
	    json_str(contexts_find(c, "clusters", "b"), "certificate-authority"), "/s/../ca.crt");
	CHECK_STR(json_str(contexts_find(c, "users", "plug"), "exec.command"), "/s/./bin/plug");
	CHECK_STR(json_str(contexts_find(c, "users", "bare"), "exec.command"), "plug");
}

TEST("what is no kubeconfig is refused, and a field of a wrong type by its name")
{
	static const struct {
		const char *yaml, *text;
	} rows[] = {
	    {"kind: Job", "it is not a kubeconfig"},
	    {"[]", "it is not a kubeconfig"},
	    {"users: {}", "users is no array"},
	    {"users:\n- user: {}", "users: an entry has no name"},
	    {"users:\n- {name: u, user: {token: 12}}", "user \"u\": token is no string"},
	    {"clusters:\n- {name: c, cluster: {insecure-skip-tls-verify: \"yes\"}}",
		"cluster \"c\": insecure-skip-tls-verify is no bool"},
	    {"users:\n- {name: u, user: {exec: {args: x}}}", "user \"u\": exec.args is no array"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_json *c = contexts_new();
		auto_err e = {0};

		CHECK_INT(merge(c, rows[i].yaml, "/", &e), -1);
		CHECK_STR(err_msg(&e), rows[i].text);
	}
}

TEST("a view shows neither secrets nor what the current context does not need")
{
	auto_json *c = contexts_new();
	auto_err e = {0};

	CHECK(merge(c, second, "/s", &e) == 0);
	CHECK(merge(c,
		  "users:\n- {name: secret, user: {token: t, password: p, client-key-data: eA==}}",
		  "/", &e) == 0);
	contexts_redact(c);
	CHECK_STR(json_str(contexts_find(c, "users", "secret"), "token"), "REDACTED");
	CHECK_STR(json_str(contexts_find(c, "users", "secret"), "password"), "REDACTED");
	CHECK_STR(
	    json_str(contexts_find(c, "users", "secret"), "client-key-data"), "DATA+OMITTED");
	contexts_minify(c);
	CHECK_INT(json_len(json_get(c, "contexts")), 1);
	CHECK_INT(json_len(json_get(c, "clusters")), 1);
	CHECK(contexts_find(c, "users", "plug") && json_len(json_get(c, "users")) == 1);
}

TEST("an explicit file counts alone; KUBECONFIG names several, once each")
{
	auto_strlist one = {0}, many = {0}, home = {0};

	setenv("KUBECONFIG", "/a::/b:/a", 1);
	setenv("HOME", "/home/x", 1);
	contexts_files("/only", &one);
	contexts_files("", &many);
	unsetenv("KUBECONFIG");
	contexts_files("", &home);
	CHECK(one.len == 1 && str_eq(one.items[0], "/only"));
	CHECK(many.len == 2 && str_eq(many.items[0], "/a") && str_eq(many.items[1], "/b"));
	CHECK(home.len == 1 && str_eq(home.items[0], "/home/x/.kube/config"));
}

TEST("a missing file is an error only where it was named")
{
	auto_strlist files = {0};
	auto_json *config = NULL, *none = NULL;
	auto_err e = {0};

	strlist_add(&files, "/nonexistent/config");
	config = contexts_load(&files, false, &e);
	CHECK(config && json_len(json_get(config, "contexts")) == 0);
	none = contexts_load(&files, true, &e);
	CHECK(!none);
	CHECK_STR(err_msg(&e), "stat /nonexistent/config: no such file or directory");
}

int main(void)
{
	return test_main();
}
