#include "../../runtime/registry_auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/base/clock.h"
#include "../../runtime/base/paths.h"
#include "test.h"

static void put(const char *name, const char *text, unsigned mode)
{
	FILE *f = fopen(name, "w");

	CHECK(f && fputs(text, f) >= 0);
	if (f)
		fclose(f);
	chmod(name, mode);
}

static struct {
	int calls;
	size_t count;
	char *first;
} heard;

static void on_auths(void *ctx, uint64_t key, const struct strlist *auths)
{
	heard.calls++;
	heard.count = auths->len;
	free(heard.first);
	heard.first = xstrdup(auths->len ? auths->items[0] : "");
}

/* How many credentials there are for the image; first: what is asked before the files. */
static size_t find(struct loop *l, struct registry_auth *ra, const char *first, const char *image)
{
	auto_json *j = json_parse(first, strlen(first), 0, NULL);
	auto_registry_keys keys = {0};
	int64_t until = clock_mono_ms() + 5000;

	registry_keys_add(&keys, j);
	heard.calls = 0;
	registry_auth_find(ra, &keys, image, on_auths, NULL, 1);
	CHECK_INT(heard.calls, 0);
	while (!heard.calls && clock_mono_ms() < until)
		loop_turn(l, 50);
	CHECK_INT(heard.calls, 1);
	return heard.count;
}

static size_t runs(void)
{
	size_t len = 0;
	auto_free char *text = path_read_file("runs", 4096, &len, NULL);

	return text ? len : 0;
}

TEST("the user's files are read, and a secret goes before them")
{
	struct loop *l = loop_new();
	struct registry_auth *ra = registry_auth_new(l);
	auto_free char *secret = NULL;

	put("docker/config.json", "{\"auths\":{\"a.io\":{\"auth\":\"dTpw\"}}}", 0600);
	put("run/containers/auth.json", "{\"auths\":{\"b.io\":{\"auth\":\"dTpw\"}}}", 0600);
	CHECK_INT(find(l, ra, "{}", "a.io/x"), 1);
	CHECK_INT(find(l, ra, "{}", "b.io/x"), 1);
	CHECK_INT(find(l, ra, "{}", "c.io/x"), 0);
	CHECK_INT(find(l, ra, "{\"a.io\":{\"username\":\"s\",\"password\":\"x\"}}", "a.io/x"), 2);
	secret = xstrdup(heard.first);
	find(l, ra, "{}", "a.io/x");
	CHECK(!str_eq(secret, heard.first));
	put("docker/config.json", "broken", 0600);
	CHECK_INT(find(l, ra, "{}", "a.io/x"), 0);
	registry_auth_free(ra);
	loop_free(l);
}

TEST("a helper is asked once a minute, and not where a secret knows the image")
{
	struct loop *l = loop_new();
	struct registry_auth *ra = registry_auth_new(l);

	put("docker/config.json", "{\"credHelpers\":{\"h.io\":\"test\"}}", 0600);
	put("docker-credential-test",
	    "#!/bin/sh\nprintf x >>runs\nread -r server\n[ \"$1$server\" = geth.io ] || exit 1\n"
	    "echo '{\"Username\":\"u\",\"Secret\":\"p\"}'\n",
	    0700);
	CHECK_INT(find(l, ra, "{\"h.io\":{\"username\":\"s\",\"password\":\"x\"}}", "h.io/x"), 1);
	CHECK_INT(runs(), 0);
	CHECK_INT(find(l, ra, "{}", "h.io/x"), 1);
	CHECK_INT(find(l, ra, "{}", "h.io/y"), 1);
	CHECK_INT(runs(), 1);
	CHECK_INT(find(l, ra, "{}", "other.io/y"), 0);
	CHECK_INT(runs(), 1);
	registry_auth_free(ra);
	loop_free(l);
}

TEST("a helper that is missing, fails or talks nonsense leaves the pull without credentials")
{
	struct loop *l = loop_new();
	struct registry_auth *ra = registry_auth_new(l);

	put("docker/config.json",
	    "{\"credHelpers\":{\"a.io\":\"absent\",\"d.io\":\"fails\",\"c.io\":\"odd\"}}", 0600);
	put("docker-credential-fails",
	    "#!/bin/sh\necho '{\"Username\":\"u\",\"Secret\":\"p\"}'\nexit 1\n", 0700);
	put("docker-credential-odd", "#!/bin/sh\necho credentials not found\n", 0700);
	CHECK_INT(find(l, ra, "{}", "a.io/x"), 0);
	CHECK_INT(find(l, ra, "{}", "d.io/x"), 0);
	CHECK_INT(find(l, ra, "{}", "c.io/x"), 0);
	registry_auth_free(ra);
	loop_free(l);
}

TEST("a registry whose name no pipe has room for is not waited for")
{
	struct loop *l = loop_new();
	struct registry_auth *ra = registry_auth_new(l);
	auto_buf image = {0};

	put("docker/config.json", "{\"credsStore\":\"odd\"}", 0600);
	buf_pad(&image, 'a', 1 * MIB);
	buf_adds(&image, ".io/x");
	CHECK_INT(find(l, ra, "{}", buf_str(&image)), 0);
	registry_auth_free(ra);
	loop_free(l);
}

TEST("a helper that hangs or floods is ended with its asker")
{
	struct loop *l = loop_new();
	struct registry_auth *ra = registry_auth_new(l);
	auto_registry_keys none = {0};

	put("docker/config.json", "{\"credHelpers\":{\"a.io\":\"hangs\",\"d.io\":\"floods\"}}",
	    0600);
	put("docker-credential-hangs", "#!/bin/sh\nexec sleep 1000\n", 0700);
	put("docker-credential-floods", "#!/bin/sh\nexec yes\n", 0700);
	CHECK_INT(find(l, ra, "{}", "d.io/x"), 0);
	heard.calls = 0;
	registry_auth_find(ra, &none, "a.io/x", on_auths, NULL, 1);
	for (int i = 0; i < 5; i++)
		loop_turn(l, 10);
	registry_auth_free(ra);
	CHECK_INT(heard.calls, 0);
	loop_free(l);
}

int main(void)
{
	const char *dir = test_dir();
	auto_free char *path = NULL, *docker = NULL, *run = NULL;
	int rc;

	if (chdir(dir) < 0)
		return 1;
	path = xasprintf("%s:%s", dir, getenv("PATH"));
	docker = xasprintf("%s/docker", dir);
	run = xasprintf("%s/run", dir);
	mkdir("docker", 0700);
	mkdir("run", 0700);
	mkdir("run/containers", 0700);
	setenv("PATH", path, 1);
	setenv("HOME", dir, 1);
	setenv("DOCKER_CONFIG", docker, 1);
	setenv("XDG_RUNTIME_DIR", run, 1);
	unsetenv("REGISTRY_AUTH_FILE");
	unsetenv("XDG_CONFIG_HOME");
	rc = test_main();
	free(heard.first);
	return rc;
}
