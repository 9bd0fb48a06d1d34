#include "../../controller/loops/sandbox_reuse.h"
#include "../../runtime/base/mem.h"
#include "../../runtime/base/str.h"

#include "test.h"

TEST("a network is handed on where pods do not notice, or where that is asked for")
{
	static const struct {
		struct reuse_obs o;
		enum reuse want;
	} rows[] = {
	    /* exact: 50 completions, 8 at a time */
	    {{.fits = true, .exact = true, .left = 50, .parallelism = 8}, REUSE_NEW},
	    {{.fits = true, .exact = true, .left = 24, .parallelism = 8}, REUSE_NEW},
	    {{.fits = true, .exact = true, .left = 23, .parallelism = 8}, REUSE_NONE},
	    {{.fits = true, .exact = true, .left = 1, .parallelism = 8, .idle = true}, REUSE_IDLE},
	    {{.fits = true, .exact = true, .left = 50, .parallelism = 8, .idle = true}, REUSE_IDLE},
	    /* one pod, and a work queue: nobody comes after it */
	    {{.fits = true, .exact = true, .left = 1, .parallelism = 1}, REUSE_NONE},
	    {{.fits = true, .exact = true, .left = 0, .parallelism = 3}, REUSE_NONE},
	    {{.fits = true, .exact = true, .left = 0, .parallelism = 0}, REUSE_NONE},
	    /* the hostname would be another */
	    {{.fits = true, .left = 50, .parallelism = 8}, REUSE_NONE},
	    {{.fits = true, .left = 50, .parallelism = 8, .idle = true}, REUSE_NONE},
	    {{.fits = true, .asked = true, .left = 50, .parallelism = 8}, REUSE_NEW},
	    {{.fits = true, .asked = true, .left = 50, .parallelism = 8, .idle = true}, REUSE_IDLE},
	    /* refused, or impossible */
	    {{.fits = true, .exact = true, .refused = true, .left = 50, .parallelism = 8},
		REUSE_NONE},
	    {{.fits = true, .exact = true, .refused = true, .idle = true}, REUSE_NONE},
	    {{.exact = true, .asked = true, .left = 50, .parallelism = 8, .idle = true},
		REUSE_NONE},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_INT(reuse_decide(&rows[i].o), rows[i].want);
}

static json *pod(const char *spec, const char *container)
{
	auto_free char *text = xasprintf("{\"metadata\":{\"name\":\"p\",\"namespace\":\"n\"},"
					 "\"spec\":{%s\"containers\":[{\"name\":\"c\"%s}]}}",
	    spec, container);

	return json_parse(text, strlen(text), JSON_PARSE_STRICT, NULL);
}

TEST("a pod that could change its network, or has more than a network, keeps it to itself")
{
	static const struct {
		const char *spec, *container;
		bool fits;
	} rows[] = {
	    {"", "", true},
	    {"\"hostname\":\"h\",\"dnsPolicy\":\"Default\",", "", true},
	    {"\"initContainers\":[{\"name\":\"i\"}],", "", true},
	    {"", ",\"ports\":[{\"containerPort\":80}]", true},
	    {"", ",\"securityContext\":{\"capabilities\":{\"drop\":[\"ALL\"]}}", true},
	    {"", ",\"securityContext\":{\"capabilities\":{\"add\":[\"NET_ADMIN\"]}}", false},
	    {"", ",\"securityContext\":{\"capabilities\":{\"add\":[\"ALL\"]}}", false},
	    {"", ",\"securityContext\":{\"privileged\":true}", false},
	    {"", ",\"securityContext\":{\"procMount\":\"Unmasked\"}", false},
	    {"", ",\"ports\":[{\"containerPort\":80,\"hostPort\":80}]", false},
	    {"", ",\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/etc/hosts\"}]", false},
	    {"\"initContainers\":[{\"name\":\"i\",\"securityContext\":{\"privileged\":true}}],", "",
		false},
	    {"\"initContainers\":[{\"name\":\"i\",\"restartPolicy\":\"Always\"}],", "", false},
	    {"\"hostNetwork\":true,", "", false},
	    {"\"hostPID\":true,", "", false},
	    {"\"hostIPC\":true,", "", false},
	    {"\"shareProcessNamespace\":true,", "", false},
	    {"\"subdomain\":\"s\",", "", false},
	    {"\"securityContext\":{\"sysctls\":[{\"name\":\"a\",\"value\":\"1\"}]},", "", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_json *p = pod(rows[i].spec, rows[i].container);

		CHECK(p && reuse_fits(p) == rows[i].fits);
		if (p && reuse_fits(p) != rows[i].fits)
			printf("# %s %s\n", rows[i].spec, rows[i].container);
	}
}

TEST("only pods with the same network settings follow each other")
{
	auto_json *plain = pod("", ""), *named = pod("\"hostname\":\"h\",", "");
	auto_json *dns = pod("\"dnsConfig\":{\"options\":[{\"name\":\"x\"}]},", "");
	auto_json *alias = pod("\"hostAliases\":[{\"ip\":\"1.2.3.4\",\"hostnames\":[\"a\"]}],", "");
	auto_free char *a = reuse_key(plain, NULL), *b = reuse_key(named, NULL);
	auto_free char *c = reuse_key(dns, NULL), *d = reuse_key(alias, NULL);
	auto_free char *e = reuse_key(plain, "10.0.0.2");

	CHECK_STR(a, b); /* hostnames are looked at beside it */
	CHECK(!str_eq(a, c) && !str_eq(a, d) && !str_eq(c, d) && !str_eq(a, e));
}

TEST("/etc/hosts names the pod in place of the one before it")
{
	auto_free char *text = reuse_hosts("127.0.0.1\tlocalhost\n1.2.3.4\tlib old-lib\n"
					   "10.88.0.5\told kjob_n_old_POD_0\n",
	    "kjob_n_old_POD_0", "new", "kjob_n_new_c_0");
	auto_free char *same = reuse_hosts("127.0.0.1\tlocalhost", "x", "new", "c");
	auto_free char *part = reuse_hosts("10.0.0.1\txx x.y\n", "x", "new", "c");

	CHECK_STR(text, "127.0.0.1\tlocalhost\n1.2.3.4\tlib old-lib\n10.88.0.5\tnew "
			"kjob_n_new_c_0\n");
	CHECK_STR(same, "127.0.0.1\tlocalhost\n");
	CHECK_STR(part, "10.0.0.1\txx x.y\n");
}

int main(void)
{
	return test_main();
}
