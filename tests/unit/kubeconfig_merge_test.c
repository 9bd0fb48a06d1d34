/* A context in the text of a kubeconfig file. */
#include "../../cmd/kubeconfig_merge.h"

#include "../../runtime/base/str.h"
#include "test.h"

static const struct kubeconfig_entry entry = {.name = "kjob",
    .server = "https://127.0.0.1:7443",
    .authority = "A",
    .certificate = "B",
    .key = "C"};

#define CLUSTER                                  \
	"- cluster:\n"                           \
	"    certificate-authority-data: QQ==\n" \
	"    server: https://127.0.0.1:7443\n"   \
	"  name: kjob\n"
#define CONTEXT               \
	"- context:\n"        \
	"    cluster: kjob\n" \
	"    user: kjob\n"    \
	"  name: kjob\n"
#define USER                                  \
	"- name: kjob\n"                      \
	"  user:\n"                           \
	"    client-certificate-data: Qg==\n" \
	"    client-key-data: Qw==\n"
#define ALONE                                                       \
	"apiVersion: v1\nclusters:\n" CLUSTER "contexts:\n" CONTEXT \
	"current-context: kjob\nkind: Config\npreferences: {}\nusers:\n" USER

/* The result of merging, or the error's text. */
static char *merged(const char *text, bool set_current, bool *rewritten)
{
	auto_err e = {0};
	char *got = kubeconfig_merge(&entry, "FILE", text, set_current, rewritten, &e);

	return got ? got : xstrdup(err_msg(&e));
}

static void check_merge(const char *text, bool set_current, const char *wanted)
{
	bool rewritten;
	auto_free char *got = merged(text, set_current, &rewritten);
	auto_free char *again = merged(got, set_current, &rewritten);

	CHECK_STR(got, wanted);
	CHECK_STR(again, wanted);
	CHECK(!rewritten);
}

TEST("a file of its own has the context as the current one, and so has an empty one")
{
	auto_free char *text = kubeconfig_text(&entry);

	CHECK_STR(text, ALONE);
	check_merge("", false, ALONE);
	check_merge("# mine\n", false, ALONE);
	check_merge(ALONE, false, ALONE);
}

TEST("the contexts of others stay as they are written, with comments, quotes and order")
{
	check_merge(
	    "# mine\napiVersion: v1\nkind: Config\nclusters:\n"
	    "  - name: \"work\"   # the big one\n    cluster: {server: 'https://work:6443'}\n"
	    "\n  # end of clusters\n"
	    "users:\n- name: me\n  user:\n    token: abc\n"
	    "contexts:\n- {name: work, context: {cluster: work, user: me}}\n"
	    "current-context: work  # careful\n",
	    false,
	    "# mine\napiVersion: v1\nkind: Config\nclusters:\n"
	    "  - name: \"work\"   # the big one\n    cluster: {server: 'https://work:6443'}\n"
	    "  - cluster:\n      certificate-authority-data: QQ==\n"
	    "      server: https://127.0.0.1:7443\n    name: kjob\n"
	    "\n  # end of clusters\n"
	    "users:\n- name: me\n  user:\n    token: abc\n" USER
	    "contexts:\n- {name: work, context: {cluster: work, user: me}}\n" CONTEXT
	    "current-context: work  # careful\n");
}

TEST("an entry of the same name is replaced where it stands")
{
	check_merge("clusters:\n- name: a\n  cluster: {}\n- name: kjob\n  cluster:\n"
		    "    server: https://127.0.0.1:1\n# about b\n- name: b\n  cluster: {}\n"
		    "contexts: []\nusers: # none\n",
	    false,
	    "clusters:\n- name: a\n  cluster: {}\n" CLUSTER "# about b\n- name: b\n  cluster: {}\n"
	    "contexts:\n" CONTEXT "users: # none\n" USER);
}

TEST("the current context changes on demand only")
{
	check_merge("current-context: a\nclusters:\ncontexts:\nusers:\n", true,
	    "current-context: kjob\nclusters:\n" CLUSTER "contexts:\n" CONTEXT "users:\n" USER);
	check_merge("kind: Config", true,
	    "kind: Config\nclusters:\n" CLUSTER "contexts:\n" CONTEXT "users:\n" USER
	    "current-context: kjob\n");
}

TEST("a text that cannot be edited is written anew, with all it says")
{
	bool rewritten;
	auto_free char *got =
	    merged("{\"clusters\": [{\"name\": \"a\", \"cluster\": {}}]}", false, &rewritten);
	auto_free char *flow = NULL;

	CHECK(rewritten);
	CHECK_STR(got,
	    "clusters:\n- cluster: {}\n  name: a\n" CLUSTER "contexts:\n" CONTEXT "users:\n" USER);
	flow = merged("users: [{name: a, user: {token: x}}] # mine\n", false, &rewritten);
	CHECK(rewritten);
	CHECK(strstr(flow, "token: x") != NULL && strstr(flow, "name: kjob") != NULL);
}

static int drop_b(void *ctx, json *config, struct err *e)
{
	json *list = json_get(config, "contexts");

	json_remove(list, kubeconfig_item(config, "contexts", "b"));
	json_set_str(json_obj(kubeconfig_item(config, "contexts", "a"), "context"), "user", "me");
	return 0;
}

TEST("entries are changed and taken out where they stand")
{
	static const struct {
		const char *before, *after;
	} cases[] = {
	    {"# top\ncontexts:\n# b's\n- name: b\n  context: {}\n# a's\n- name: a\n  context: {}\n"
	     "# end\nusers: []\n",
		"# top\ncontexts:\n# b's\n# a's\n- context:\n    user: me\n  name: a\n# "
		"end\nusers: "
		"[]\n"},
	    {"contexts:\n- name: b\n  context: {}\nkind: Config\n",
		"contexts:\n- context:\n    user: me\n  name: a\nkind: Config\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool rewritten;
		auto_err e = {0};
		auto_free char *got =
		    kubeconfig_edit("FILE", cases[i].before, drop_b, NULL, &rewritten, &e);

		CHECK_STR(got, cases[i].after);
		CHECK(!rewritten);
	}
}

TEST("what is no kubeconfig is refused")
{
	bool rewritten;
	auto_free char *kind = merged("kind: Pod\n", false, &rewritten);
	auto_free char *list = merged("- a\n", false, &rewritten);
	auto_free char *two = merged("a: 1\n---\nb: 1\n", false, &rewritten);
	auto_free char *broken = merged("a: [\n", false, &rewritten);

	CHECK_STR(kind, "FILE is no kubeconfig file");
	CHECK_STR(list, "FILE is no kubeconfig file");
	CHECK_STR(two, "FILE has several documents");
	CHECK(str_has_prefix(broken, "FILE:"));
}

TEST("a text tells whether it has the context, and others")
{
	CHECK(kubeconfig_has(ALONE, "kjob"));
	CHECK(!kubeconfig_has(ALONE, "other"));
	CHECK(!kubeconfig_has("", "kjob"));
	CHECK(!kubeconfig_has_others(ALONE, "kjob"));
	CHECK(!kubeconfig_has_others("", "kjob"));
	CHECK(kubeconfig_has_others(ALONE, "other"));
	CHECK(kubeconfig_has_others("kind: Pod\n", "kjob"));
}

int main(void)
{
	return test_main();
}
