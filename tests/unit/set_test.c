/* What `set` changes: pod specs as patches, and variables. */
#include "test.h"

#include "../../cmd/env_change.h"
#include "../../cmd/pod_spec.h"

static json *parse(const char *text)
{
	auto_err e = {0};
	json *j = json_parse(text, strlen(text), 0, &e);

	if (!j)
		printf("# %s\n", err_msg(&e));
	return j;
}

/* ---- pod specs ---- */

#define CRON(containers)                                                                 \
	"{\"kind\": \"CronJob\", \"spec\": {\"jobTemplate\": {\"spec\": {\"template\": " \
	"{\"spec\": "                                                                    \
	"{\"containers\": " containers "}}}}}}"

TEST("a patch names the members of the containers that differ, and tests whose they are")
{
	auto_json *before = parse(CRON("[{\"name\": \"a\", \"image\": \"1\"}, {\"name\": \"b\", "
				       "\"image\": \"1\", \"env\": []}]"));
	auto_json *after = parse(
	    CRON("[{\"name\": \"a\", \"image\": \"1\"}, {\"name\": \"b\", \"image\": \"2\"}]"));
	auto_json *patch = pod_spec_patch(before, after), *none = pod_spec_patch(before, before);
	auto_free char *text = json_print(patch);

#define AT "/spec/jobTemplate/spec/template/spec/containers/1"
	CHECK_STR(text, "[{\"op\":\"test\",\"path\":\"" AT "/name\",\"value\":\"b\"},"
			"{\"op\":\"add\",\"path\":\"" AT "/image\",\"value\":\"2\"},"
			"{\"op\":\"remove\",\"path\":\"" AT "/env\"}]");
	CHECK_INT(json_len(none), 0);
}

TEST("other members of a pod spec are set as wholes")
{
	auto_json *before = parse("{\"kind\": \"Pod\", \"spec\": {\"containers\": []}}");
	auto_json *after = parse(
	    "{\"kind\": \"Pod\", \"spec\": {\"containers\": [], \"serviceAccountName\": \"x\"}}");
	auto_json *patch = pod_spec_patch(before, after);
	auto_free char *text = json_print(patch);

	CHECK_STR(text, "[{\"op\":\"add\",\"path\":\"/spec/serviceAccountName\",\"value\":\"x\"}]");
}

TEST("what has no pods has no pod spec")
{
	auto_json *map = parse("{\"kind\": \"ConfigMap\", \"data\": {}}");
	auto_json *deployment =
	    parse("{\"kind\": \"Deployment\", \"spec\": {\"template\": {\"spec\": {}}}}");

	CHECK(!pod_spec_of(map));
	CHECK(pod_spec_of(deployment));
}

static int count_container(json *container, void *arg, struct err *e)
{
	struct buf *names = arg;

	buf_adds(names, json_str_or(container, "name", ""));
	return 0;
}

TEST("containers are found by patterns, init containers last or not at all")
{
	auto_json *spec = parse("{\"initContainers\": [{\"name\": \"ai\"}], \"containers\": "
				"[{\"name\": \"a\"}, {\"name\": \"b\"}]}");
	static const struct {
		const char *pattern;
		bool init_too;
		const char *names;
	} cases[] = {{"*", true, "abai"}, {"*", false, "ab"}, {"a*", true, "aai"}, {"b", true, "b"},
	    {"c", true, ""}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_buf names = {0};
		size_t count = 7;

		CHECK_INT(pod_spec_each(spec, cases[i].pattern, cases[i].init_too, count_container,
			      &names, &count, NULL),
		    0);
		CHECK_STR(buf_str(&names), cases[i].names);
	}
}

/* ---- variables ---- */

static char *applied(const struct env_change *c, bool overwrite, const char *container)
{
	auto_err e = {0};
	auto_json *j = parse(container);

	if (env_change_apply(c, overwrite, "jobs/x", j, &e) < 0)
		return xstrdup(err_msg(&e));
	return json_print(j);
}

TEST("variables keep their places, new ones come behind, removed ones go")
{
	auto_env_change c = {0};
	auto_free char *some = NULL, *none = NULL, *kept = NULL;

	CHECK_INT(env_change_add(&c, "", "B=2", NULL), 0);
	CHECK_INT(env_change_add(&c, "P_", "N=1=2", NULL), 0);
	CHECK_INT(env_change_add(&c, "P_", "A-", NULL), 0);
	CHECK_INT(env_change_check(&c, NULL), 0);
	some = applied(&c, true,
	    "{\"env\": [{\"name\": \"A\"}, {\"name\": \"B\", \"valueFrom\": {}}, {\"name\": "
	    "\"C\"}]}");
	CHECK_STR(some, "{\"env\":[{\"name\":\"B\",\"value\":\"2\"},{\"name\":\"C\"},"
			"{\"name\":\"P_N\",\"value\":\"1=2\"}]}");
	none = applied(&c, true, "{}");
	CHECK_STR(none, "{\"env\":[{\"name\":\"B\",\"value\":\"2\"},"
			"{\"name\":\"P_N\",\"value\":\"1=2\"}]}");
	kept = applied(&c, false, "{\"env\": [{\"name\": \"B\", \"value\": \"1\"}]}");
	CHECK_STR(kept, "jobs/x 'B' already has a value (1), and --overwrite is false");
}

TEST("names that are none, and variables both set and removed, are errors")
{
	static const char *const bad[] = {"1A=x", "a b=1", "=1", "-", "a/b-"};
	auto_env_change c = {0};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(env_change_add(&c, "", bad[i], NULL), -1);
	CHECK_INT(env_change_add(&c, "", "A=1", NULL), 0);
	CHECK_INT(env_change_add(&c, "", "A-", NULL), 0);
	CHECK_INT(env_change_check(&c, NULL), -1);
}

TEST("lines are variables, but for comments and empty ones")
{
	auto_env_change c = {0};
	auto_free char *text = NULL;

	CHECK_INT(env_change_add_lines(&c, "", "A=1\r\n\n # no\n  B=x y\n", NULL), 0);
	text = json_print(c.set);
	CHECK_STR(text, "[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"x y\"}]");
	CHECK_INT(env_change_add_lines(&c, "", "nothing", NULL), -1);
}

TEST("keys of a secret become variables that refer to it")
{
	auto_env_change c = {0};
	auto_strlist keys = {0}, renamed = {0};
	auto_json *secret =
	    parse("{\"kind\": \"Secret\", \"metadata\": {\"name\": \"s\"}, \"data\": "
		  "{\"z\": \"\", \"x.y\": \"\", \"Q\": \"\"}}");
	auto_free char *text = NULL;
	auto_buf shown = {0};

	strlist_add(&keys, "Q");
	strlist_add(&keys, "x.y");
	env_change_add_from(&c, "P_", secret, &keys, &renamed);
	text = json_print(c.set);
	CHECK_STR(text,
	    "[{\"name\":\"P_Q\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"Q\"}}},"
	    "{\"name\":\"P_X_Y\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"x.y\"}}}"
	    "]");
	CHECK_INT(renamed.len, 1);
	CHECK_STR(renamed.items[0], "key x.y transferred to X_Y");
	env_text(json_at(c.set, 0), &shown);
	CHECK_STR(buf_str(&shown), "# P_Q from secret s, key Q\n");
}

int main(void)
{
	return test_main();
}
