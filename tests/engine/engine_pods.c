/*
 * engine_pods: what pods need of an engine beyond single containers: the sandbox, namespaces,
 * rights, limits, mounts, volumes, files. As engine_client, against the engine that argv[1] names.
 */
#include "../../runtime/archive.h"
#include "../../runtime/engine_quirks.h"
#include "../../runtime/sandbox_image.h"
#include "../../runtime/volumes.h"
#include "fixture.h"

/* ---- helpers ---- */

static json *labels_new(void)
{
	json *labels = json_new_object();

	json_set_str(labels, "kjob.test/run", run_label);
	return labels;
}

/* Runs a script in a container of the spec; its output; owned. */
static char *run_spec(struct container_spec *s, const char *script)
{
	auto_json *command = words("/bin/sh", "-c", script, NULL);
	struct answer *a;
	struct output o = {0};
	auto_free char *id = NULL;
	struct stream *stream;
	char *text;

	s->command = command;
	s->name = NULL;
	id = create_spec(s, &a);
	if (!id) {
		printf("# create: %s\n", a->msg);
		test_failed = true;
		return xstrdup("");
	}
	stream = attach(id, false, false, &o);
	a = start(id);
	if (a->reason)
		printf("# start: %s\n", a->msg);
	CHECK_INT(a->reason, ERR_NONE);
	CHECK(wait_for(&o.ended, 1));
	inspect_until_exited(id);
	text = xasprintf("%s%s", buf_str(&o.out), buf_str(&o.err));
	stream_free(stream);
	output_release(&o);
	CHECK_FINE(remove_it(id));
	return text;
}

static void check_has(const char *text, const char *piece, int line)
{
	if (strstr(text, piece))
		return;
	printf("# line %d: no %s in:\n# %s\n", line, piece, text);
	test_failed = true;
}
#define CHECK_HAS(text, piece) check_has(text, piece, __LINE__)

static struct strlist *list_of(const char *first, ...)
{
	static struct strlist lists[8];
	static unsigned next;
	struct strlist *l = &lists[next++ % ARRAY_LEN(lists)];
	va_list ap;

	strlist_release(l);
	va_start(ap, first);
	for (const char *w = first; w; w = va_arg(ap, const char *))
		strlist_add(l, w);
	va_end(ap);
	return l;
}

/* A running sandbox; its id; owned. */
static char *sandbox_new(struct container_spec *s)
{
	auto_json *labels = labels_new();
	char name[64], suffix[9];
	struct answer *a;
	struct engine_who who = who_new(&a);
	char *id;

	snprintf(name, sizeof(name), "kjobtest-%s", rand_suffix(suffix, 8));
	s->name = name;
	s->labels = labels;
	s->ipc_mode = "shareable";
	sandbox_create(en, s, on_text, who);
	CHECK_FINE(a);
	id = xstrdup(a->text);
	CHECK_FINE(start(id));
	return id;
}

/* ---- the sandbox ---- */

TEST("N33: containers in a sandbox share network, IPC, host name and a kubelet's /etc/hosts")
{
	auto_json *args = sandbox_args(
	    "web.sub.default.svc.cluster.local\tweb", list_of("10.1.2.3\tfoo\tbar", NULL));
	struct container_spec sandbox = {
	    .args = args,
	    .hostname = "web",
	    .dns = list_of("9.9.9.9", NULL),
	    .dns_search = list_of("default.svc.cluster.local", "svc.cluster.local", NULL),
	    .dns_options = list_of("ndots:5", NULL),
	};
	auto_free char *id = sandbox_new(&sandbox);
	auto_free char *mode = xasprintf("container:%s", id);
	struct container_spec s = {.network_mode = mode, .ipc_mode = mode, .hostname = "web"};
	auto_free char *text =
	    run_spec(&s, "hostname; cat /etc/hosts /etc/resolv.conf; echo x >/dev/shm/shared; ps");
	auto_free char *again = run_spec(&s, "cat /dev/shm/shared");

	CHECK(
	    str_has_prefix(text, "web\n# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"));
	CHECK_HAS(text, "\tweb.sub.default.svc.cluster.local\tweb\n");
	CHECK_HAS(text, "\n# Entries added by HostAliases.\n10.1.2.3\tfoo\tbar\n");
	CHECK_HAS(text, "nameserver 9.9.9.9\n");
	CHECK_HAS(text, "search default.svc.cluster.local svc.cluster.local\n");
	CHECK_HAS(text, "options ndots:5\n");
	CHECK(!strstr(text, "/sandbox")); /* processes are not shared unless asked for */
	CHECK_STR(again, "x\n");
	inspect(id);
	CHECK(*seen.ip);
	CHECK_FINE(kill_with(id, "SIGTERM"));
	inspect_until_exited(id);
	CHECK_INT(seen.exit_code, 0);
	CHECK_FINE(remove_it(id));
}

TEST("a sandbox that shares its processes is their first and collects orphans")
{
	struct container_spec sandbox = {0};
	auto_free char *id = sandbox_new(&sandbox);
	auto_free char *mode = xasprintf("container:%s", id);
	struct container_spec s = {.network_mode = mode, .pid_mode = mode};
	auto_free char *text = run_spec(&s, "(sleep 0.1 & ) ; sleep 0.5; ps");

	CHECK_HAS(text, "1 root     /sandbox");
	CHECK(!strstr(text, "[sleep]"));
	CHECK_FINE(remove_it(id));
}

/* ---- rights ---- */

TEST("user, groups, capabilities, no new privileges, read-only root and sysctls are as asked for")
{
	auto_json *sysctls = json_new_object();
	struct container_spec s = {
	    .user = "1000:1001",
	    .groups = list_of("2001", "2002", NULL),
	    .cap_drop = list_of("ALL", NULL),
	    .no_new_privileges = true,
	    .read_only_rootfs = true,
	    .seccomp = "unconfined",
	    .sysctls = sysctls,
	};

	json_set_str(sysctls, "net.core.somaxconn", "321");
	auto_free char *text =
	    run_spec(&s, "id; grep -E 'CapBnd|NoNewPrivs|Seccomp:' /proc/self/status; touch /x; "
			 "cat /proc/sys/net/core/somaxconn");

	CHECK_HAS(text, "uid=1000");
	CHECK_HAS(text, "gid=1001");
	CHECK_HAS(text, "2001,2002");
	CHECK_HAS(text, "CapBnd:\t0000000000000000");
	CHECK_HAS(text, "NoNewPrivs:\t1");
	CHECK_HAS(text, "Seccomp:\t0");
	CHECK_HAS(text, "Read-only file system");
	CHECK_HAS(text, "321\n");
}

TEST("capabilities can be added, after all were dropped too, and seccomp is on unless told")
{
	struct container_spec s = {
	    .cap_drop = list_of("ALL", NULL), .cap_add = list_of("NET_ADMIN", NULL)};
	auto_free char *text =
	    run_spec(&s, "grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status");

	CHECK_HAS(text, "CapEff:\t0000000000001000");
	CHECK_HAS(text, "NoNewPrivs:\t0");
	CHECK_HAS(text, "Seccomp:\t2");
}

TEST("a container with an unmasked /proc can see what is hidden otherwise")
{
	struct container_spec s = {.unmasked_proc = true};
	struct container_spec usual = {0};
	auto_free char *text = run_spec(&s, "grep -c /proc /proc/mounts");
	auto_free char *masked = run_spec(&usual, "grep -c /proc /proc/mounts");

	CHECK_STR(text, "1\n");
	CHECK(!str_eq(masked, text));
}

/* ---- limits ---- */

TEST("limits of memory, cpu and processes reach the cgroup")
{
	struct container_spec s = {
	    .memory_bytes = 64 << 20, .cpu_shares = 512, .cpu_quota_us = 50000, .pids = 77};
	auto_free char *text = run_spec(&s,
	    "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes "
	    "memory/memory.memsw.limit_in_bytes "
	    "cpu/cpu.shares cpu/cpu.cfs_quota_us pids/pids.max memory.max memory.swap.max cpu.max "
	    "cpu.weight pids.max 2>/dev/null; true");

	CHECK_HAS(text, "67108864\n");
	CHECK_HAS(text, "50000");
	CHECK_HAS(text, "77\n");
	CHECK(strstr(text, "512\n") || strstr(text, "20\n"));
}

static void run_limited(const char *script, int64_t memory)
{
	auto_json *command = words("/bin/sh", "-c", script, NULL);
	struct container_spec s = {.command = command, .memory_bytes = memory};
	auto_free char *id = create_spec(&s, NULL);

	CHECK_FINE(start(id));
	inspect_until_exited(id);
	CHECK_INT(seen.exit_code, 137);
	CHECK_FINE(remove_it(id));
}

TEST("N26 an end for want of memory is known as such, or taken for one where the engine is silent")
{
	/* Docker may have the end before the reason, when it is busy. */
	for (int i = 0; i < 3 && !seen.oom && !seen.oom_likely; i++)
		run_limited("x=a; while :; do x=$x$x; done", 16 << 20);
	CHECK(seen.oom || seen.oom_likely);
	CHECK_INT(seen.oom, quirk_tells_oom(addr.kind, addr.version));
	run_limited("exit 137", 0); /* no limit, no doubt */
	CHECK(!seen.oom && !seen.oom_likely);
	run_limited("exit 137", 64 << 20); /* the price of the silence */
	CHECK(!seen.oom);
	CHECK_INT(seen.oom_likely, !quirk_tells_oom(addr.kind, addr.version));
}

/* ---- mounts ---- */

TEST("folders, volumes and memory are mounted where the spec says, read-only where it says so")
{
	char name[64], suffix[9];
	auto_json *labels = labels_new();
	struct answer *a;
	struct engine_who who = who_new(&a);
	struct mount_spec mounts[] = {
	    {.kind = MOUNT_BIND, .source = "/tmp", .target = "/host", .read_only = true},
	    {.kind = MOUNT_VOLUME, .source = name, .target = "/data"},
	    {.kind = MOUNT_VOLUME, .source = name, .target = "/ro", .read_only = true},
	    {.kind = MOUNT_TMPFS, .target = "/mem", .size_bytes = 1 << 20, .mode = 01777},
	    {.kind = MOUNT_TMPFS, .target = "/bin/sub dir"},
	};
	struct container_spec s = {.mounts = mounts, .mount_count = ARRAY_LEN(mounts)};

	snprintf(name, sizeof(name), "kjobtest-%s", rand_suffix(suffix, 8));
	volume_create(en, name, labels, NULL, on_text, who);
	CHECK_FINE(a);
	CHECK_STR(a->text, name);
	who = who_new(&a);
	volume_create(en, name, labels, NULL, on_text, who); /* again is fine */
	CHECK_FINE(a);
	auto_free char *text = run_spec(&s,
	    "touch /host/x /ro/x; echo kept >/data/file; cat /ro/file; "
	    "dd if=/dev/zero of=/mem/big bs=1M count=2; stat -c '%a %n' /mem '/bin/sub dir'");
	CHECK_HAS(text, "/host/x: Read-only file system");
	CHECK_HAS(text, "/ro/x: Read-only file system");
	CHECK_HAS(text, "kept\n");
	CHECK_HAS(text, "No space left");
	CHECK_HAS(text, "1777 /mem\n1777 /bin/sub dir\n");
	s.mounts = mounts + 1;
	s.mount_count = 1;
	auto_free char *later = run_spec(&s, "cat /data/file");
	CHECK_STR(later, "kept\n");
	who = who_new(&a);
	volume_remove(en, name, on_done, who);
	CHECK_FINE(a);
	who = who_new(&a);
	volume_remove(en, name, on_done, who);
	CHECK_FINE(a);
}

TEST("a bind mount of what is not there is an error, not a new folder of root's")
{
	struct mount_spec m = {.source = "/tmp/kjobtest-nowhere/at-all", .target = "/x"};
	auto_json *command = words("true", NULL);
	struct container_spec s = {.mounts = &m, .mount_count = 1, .command = command};
	struct answer *a;
	auto_free char *id = create_spec(&s, &a);

	if (id) {
		a = start(id);
		CHECK_FINE(remove_it(id));
	}
	if (addr.kind == ENGINE_PODMAN) /* makes it all the same */
		CHECK_INT(rmdir(m.source), 0);
	else
		CHECK_INT(a->reason, ERR_BAD_REQUEST);
	rmdir("/tmp/kjobtest-nowhere");
	m.make_source = true;
	auto_free char *text = run_spec(&s, "ls -d /x");
	CHECK_STR(text, "/x\n");
	CHECK_INT(rmdir(m.source), 0);
	CHECK_INT(rmdir("/tmp/kjobtest-nowhere"), 0);
}

static struct {
	int calls;
	enum err_reason reason;
	size_t len;
	char name[80], label[80], mountpoint[256];
} volume;

static void on_volume(struct engine_who who, const struct volume_info *i, const struct err *err)
{
	volume.calls++;
	volume.reason = err ? err->reason : ERR_NONE;
	if (!i)
		return;
	snprintf(volume.name, sizeof(volume.name), "%s", i->name);
	snprintf(volume.mountpoint, sizeof(volume.mountpoint), "%s", i->mountpoint);
	snprintf(volume.label, sizeof(volume.label), "%s",
	    json_string_value(json_get(i->labels, "kjob.test/run")));
}

static void on_volumes(
    struct engine_who who, const struct volume_info *infos, size_t len, const struct err *err)
{
	on_volume(who, len ? infos : NULL, err);
	volume.len = len;
}

TEST("volumes are found by name and by label, and one in use is not removed")
{
	char name[64], suffix[9];
	auto_free char *label = xasprintf("kjob.test/run=%s", run_label);
	const char *labels_wanted[] = {label, NULL};
	auto_json *labels = labels_new(), *options = json_new_object();
	struct mount_spec m = {.kind = MOUNT_VOLUME, .source = name, .target = "/data"};
	auto_json *command = words("/bin/sh", "-c", "df -k /data | tail -1; sleep 60", NULL);
	struct container_spec s = {.mounts = &m, .mount_count = 1, .command = command};
	struct answer *a;
	struct engine_who who = who_new(&a);

	snprintf(name, sizeof(name), "kjobtest-%s", rand_suffix(suffix, 8));
	json_set_str(options, "type", "tmpfs");
	json_set_str(options, "device", "tmpfs");
	json_set_str(options, "o", "nr_blocks=256,mode=0777");
	volume_create(en, name, labels, options, on_text, who);
	CHECK_FINE(a);
	volume.calls = 0;
	volume_inspect(en, name, on_volume, (struct engine_who){0});
	CHECK(wait_for(&volume.calls, 1));
	CHECK_STR(volume.name, name);
	CHECK_STR(volume.label, run_label);
	CHECK(volume.mountpoint[0] == '/');
	volume.calls = 0;
	volume_list(en, labels_wanted, on_volumes, (struct engine_who){0});
	CHECK(wait_for(&volume.calls, 1));
	CHECK_INT(volume.len, 1);
	CHECK_STR(volume.name, name);
	auto_free char *id = create_spec(&s, NULL);
	CHECK_FINE(start(id));
	who = who_new(&a);
	volume_remove(en, name, on_done, who);
	CHECK_INT(wait_answer(a), ERR_CONFLICT);
	CHECK_FINE(remove_it(id));
	who = who_new(&a);
	volume_remove(en, name, on_done, who);
	CHECK_FINE(a);
	volume.calls = 0;
	volume_inspect(en, name, on_volume, (struct engine_who){0});
	CHECK(wait_for(&volume.calls, 1));
	CHECK_INT(volume.reason, ERR_NOT_FOUND);
}

/* ---- files ---- */

static struct {
	int calls;
	enum err_reason reason;
	char text[64], msg[256];
	size_t len;
} file;

static void on_file(struct engine_who who, const char *data, size_t len, const struct err *err)
{
	file.calls = 1;
	file.reason = err ? err->reason : ERR_NONE;
	snprintf(file.text, sizeof(file.text), "%.*s", (int)len, data ? data : "");
	snprintf(file.msg, sizeof(file.msg), "%s", err ? err_msg(err) : "");
	file.len = len;
}

static void read_file(const char *id, const char *path, size_t max)
{
	memset(&file, 0, sizeof(file));
	container_read_file(en, id, path, max, on_file, (struct engine_who){0});
	CHECK(wait_for(&file.calls, 1));
}

TEST("files go into a container before its start and come out after its end")
{
	auto_free char *id = create_shell("cat /in/a/deep; printf 123456789 >/out;"
					  "dd if=/dev/zero of=/big bs=1M count=30 2>/dev/null");
	auto_buf tar = {0};
	struct answer *a;
	struct engine_who who = who_new(&a);
	struct output o = {0};
	struct stream *stream;

	tar_add(&tar, &(struct tar_entry){.path = "in/a/deep", .mode = 0644, .size = 5}, "hello");
	tar_end(&tar);
	container_put_archive(en, id, "/", tar.ptr, tar.len, on_done, who);
	CHECK_FINE(a);
	stream = attach(id, false, false, &o);
	CHECK_FINE(start(id));
	CHECK(wait_for(&o.ended, 1));
	CHECK_STR(buf_str(&o.out), "hello");
	inspect_until_exited(id);
	read_file(id, "/out", 100);
	CHECK_INT(file.reason, ERR_NONE);
	CHECK_STR(file.text, "123456789");
	read_file(id, "/out", 4);
	CHECK_STR(file.text, "1234");
	read_file(id, "/big", 16);
	CHECK_INT(file.len, 16);
	read_file(id, "/nope", 16);
	CHECK_INT(file.reason, ERR_NOT_FOUND);
	read_file(id, "/in", 16);
	CHECK_INT(file.reason, ERR_BAD_REQUEST);
	stream_free(stream);
	output_release(&o);
	CHECK_FINE(remove_it(id));
	read_file(id, "/out", 4);
	CHECK_INT(file.reason, ERR_NOT_FOUND);
}

static struct {
	engine_id id;
	size_t bytes, entries;
	int pieces, resumed;
	struct tar_reader *reader;
} got;

static int got_entry(void *ctx, const struct tar_entry *entry, struct err *e)
{
	CHECK(tar_path_is_safe(entry->path));
	got.entries++;
	return 0;
}

static int got_data(void *ctx, const char *data, size_t len, struct err *e)
{
	got.bytes += len;
	return 0;
}

static bool got_piece(struct engine_who who, const char *data, size_t len)
{
	auto_err e = {0};

	CHECK_INT(tar_read(got.reader, data, len, &e), 0);
	return ++got.pieces % 8 != 0; /* a slow reader */
}

TEST("a folder comes out in pieces that the reader can hold up")
{
	static const struct tar_callbacks cb = {.on_entry = got_entry, .on_data = got_data};
	auto_free char *id = create_shell(
	    "mkdir -p /d/e; for i in 1 2 3; do dd if=/dev/zero of=/d/e/$i bs=1M count=2; done");
	struct answer *a;
	struct engine_who who = who_new(&a);
	auto_err e = {0};

	CHECK_FINE(start(id));
	inspect_until_exited(id);
	got.reader = tar_reader_new(&cb, NULL);
	got.id = container_get_archive(en, id, "/d", got_piece, on_done, who);
	for (int i = 0; i < 2000 && !a->calls; i++) {
		loop_turn(loop, 5);
		archive_resume(en, got.id);
	}
	CHECK_FINE(a);
	CHECK_INT(tar_read_end(got.reader, &e), 0);
	CHECK_INT(got.entries, 5);
	CHECK_INT(got.bytes, 6 << 20);
	tar_reader_free(got.reader);
	CHECK_FINE(remove_it(id));
}

int main(int argc, char **argv)
{
	int rc;

	fixture_open(argc > 1 ? argv[1] : NULL);
	rc = test_main();
	fixture_close();
	return rc;
}
