#include "test.h"

#include "../../runtime/engine_internal.h"

static void check_host(enum engine_kind kind, const struct container_spec *s, const char *want)
{
	auto_json *body = container_create_body(kind, s);
	json *host = json_get(body, "HostConfig");
	auto_free char *text = NULL;

	json_set(host, "LogConfig", NULL);
	text = json_print(host);
	CHECK_STR(text, want);
}

static struct strlist list_of(const char *a, const char *b)
{
	struct strlist l = {0};

	strlist_add(&l, a);
	if (b)
		strlist_add(&l, b);
	return l;
}

TEST("a spec that asks for nothing leaves the engine all of its defaults")
{
	struct container_spec s = {.image = "x"};
	struct strlist none = {0};

	check_host(ENGINE_DOCKER, &s, "{}");
	check_host(ENGINE_PODMAN, &s, "{}");
	s.groups = s.cap_add = s.cap_drop = s.dns = s.extra_hosts = s.env = &none;
	check_host(ENGINE_DOCKER, &s, "{}");
}

TEST("what belongs to a network is left out beside another container's")
{
	auto_strlist hosts = list_of("a:10.0.0.1", NULL), dns = list_of("9.9.9.9", NULL);
	struct port_spec port = {.port = 80, .host_port = 8080};
	struct container_spec s = {
	    .image = "x",
	    .hostname = "h",
	    .domainname = "d",
	    .extra_hosts = &hosts,
	    .dns = &dns,
	    .ports = &port,
	    .port_count = 1,
	};
	auto_json *body = NULL, *joined = NULL, *podman = NULL;

	check_host(ENGINE_DOCKER, &s,
	    "{\"ExtraHosts\":[\"a:10.0.0.1\"],\"Dns\":[\"9.9.9.9\"],"
	    "\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]}}");
	body = container_create_body(ENGINE_DOCKER, &s);
	CHECK_STR(json_str(body, "Hostname"), "h");
	CHECK_STR(json_str(body, "Domainname"), "d");
	CHECK(json_has(json_get(body, "ExposedPorts"), "80/tcp"));
	s.network_mode = "container:abc";
	check_host(ENGINE_DOCKER, &s, "{\"NetworkMode\":\"container:abc\"}");
	joined = container_create_body(ENGINE_DOCKER, &s);
	CHECK(!json_has(joined, "Hostname") && !json_has(joined, "Domainname"));
	podman = container_create_body(ENGINE_PODMAN, &s);
	CHECK_STR(json_str(podman, "Hostname"), "h");
	CHECK(!json_has(podman, "Domainname"));
}

TEST("ports of one number are bound to several of the host's")
{
	struct port_spec ports[] = {{.port = 53, .protocol = "udp", .host_port = 1053},
	    {.port = 53, .protocol = "tcp", .host_port = 1053, .host_ip = "127.0.0.1"},
	    {.port = 53, .protocol = "tcp", .host_port = 2053}};
	struct container_spec s = {.ports = ports, .port_count = 3};

	check_host(ENGINE_DOCKER, &s,
	    "{\"PortBindings\":{\"53/udp\":[{\"HostIp\":\"\",\"HostPort\":\"1053\"}],"
	    "\"53/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"1053\"},"
	    "{\"HostIp\":\"\",\"HostPort\":\"2053\"}]}}");
}

TEST("mounts are of the kinds that the engines have")
{
	struct mount_spec mounts[] = {
	    {.source = "/a", .target = "/b", .read_only = true, .propagation = "rslave"},
	    {.source = "/c", .target = "/d", .make_source = true, .read_only = true},
	    {.source = "/c:e", .target = "/d", .make_source = true},
	    {.kind = MOUNT_VOLUME, .source = "v", .target = "/v"},
	    {.kind = MOUNT_TMPFS, .target = "/t", .size_bytes = 1024, .mode = 0700},
	    {.kind = MOUNT_TMPFS, .target = "/u"},
	};
	struct container_spec s = {.mounts = mounts, .mount_count = ARRAY_LEN(mounts)};

	check_host(ENGINE_DOCKER, &s,
	    "{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"/b\",\"ReadOnly\":true,"
	    "\"BindOptions\":{\"Propagation\":\"rslave\"}},"
	    "{\"Type\":\"bind\",\"Source\":\"/c:e\",\"Target\":\"/d\"}],"
	    "\"Binds\":[\"/c:/d:ro\",\"v:/v:rw,nocopy\"],"
	    "\"Tmpfs\":{\"/t\":\"rw,nosuid,nodev,mode=700,size=1024\","
	    "\"/u\":\"rw,nosuid,nodev,mode=1777\"}}");
}

TEST("rights are told in each engine's words")
{
	auto_strlist add = list_of("NET_ADMIN", NULL), drop = list_of("ALL", NULL);
	auto_strlist groups = list_of("1", "2");
	struct container_spec s = {
	    .groups = &groups,
	    .cap_add = &add,
	    .cap_drop = &drop,
	    .privileged = true,
	    .read_only_rootfs = true,
	    .no_new_privileges = true,
	    .seccomp = "unconfined",
	    .unmasked_proc = true,
	};

	check_host(ENGINE_DOCKER, &s,
	    "{\"SecurityOpt\":[\"no-new-privileges\",\"seccomp=unconfined\"],"
	    "\"MaskedPaths\":[],\"ReadonlyPaths\":[],"
	    "\"GroupAdd\":[\"1\",\"2\"],\"CapAdd\":[\"NET_ADMIN\"],\"CapDrop\":[\"ALL\"],"
	    "\"Privileged\":true,\"ReadonlyRootfs\":true}");
	check_host(ENGINE_PODMAN, &s,
	    "{\"SecurityOpt\":[\"no-new-privileges\",\"seccomp=unconfined\",\"unmask=ALL\"],"
	    "\"GroupAdd\":[\"1\",\"2\"],\"CapAdd\":[\"NET_ADMIN\"],\"CapDrop\":[\"ALL\"],"
	    "\"Privileged\":true,\"ReadonlyRootfs\":true}");
}

TEST("limits come without swap and with a period of 100 ms")
{
	struct container_spec s = {.memory_bytes = 1000, .cpu_shares = 2, .cpu_quota_us = 1500};

	check_host(ENGINE_DOCKER, &s,
	    "{\"Memory\":1000,\"MemorySwap\":1000,\"CpuShares\":2,\"CpuPeriod\":100000,"
	    "\"CpuQuota\":1500}");
}

int main(void)
{
	return test_main();
}
