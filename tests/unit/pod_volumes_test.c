#include "../../controller/loops/pod_volumes_internal.h"
#include "../../runtime/archive.h"
#include "api_fixture.h"

/* A config map and a secret, as a test's store. */
static json *object(void *ctx, enum kind_id kind, const char *name)
{
	if (kind == KIND_CONFIGMAP && str_eq(name, "m"))
		return parse("{'data':{'a':'one','b.txt':'two'},'binaryData':{'bin':'/wE='}}");
	if (kind == KIND_SECRET && str_eq(name, "s"))
		return parse("{'data':{'pw':'aHVudGVyMg=='}}");
	return NULL;
}

static const char pod_text[] =
    "{'metadata':{'name':'p','namespace':'default','uid':'u1','labels':{'z':'1','app':'x y'},"
    "'annotations':{}},'spec':{'containers':[{'name':'c','resources':{'limits':{'cpu':'1500m'}}}"
    "]}}";

/* "PATH MODE CONTENTS|…" of a volume, or the error; owned. */
static char *tree_of(const char *volume)
{
	auto_json *pod = parse(pod_text), *v = parse(volume);
	struct files_source src = {.downward = {.pod = pod}, .object = object};
	auto_file_tree t = {0};
	auto_err e = {0};
	auto_buf out = {0};

	if (volume_files(&src, v, &t, &e) < 0)
		return xstrdup(err_msg(&e));
	for (size_t i = 0; i < t.len; i++)
		buf_addf(&out, "%s%s %o %s", i ? "|" : "", t.items[i].path, t.items[i].mode,
		    str_has_suffix(t.items[i].path, "bin") ? "-" : t.items[i].data);
	return buf_take(&out);
}

static void check(const char *volume, const char *want)
{
	auto_free char *got = tree_of(volume);

	CHECK_STR(got, want);
}

TEST("N32: all keys of a config map become files")
{
	check("{'configMap':{'name':'m','defaultMode':420}}", "a 644 one|b.txt 644 two|bin 644 -");
}

TEST("N32: items choose keys paths and modes")
{
	check("{'configMap':{'name':'m','defaultMode':256,'items':[{'key':'a','path':'x/./y'},"
	      "{'key':'b.txt','path':'z','mode':511}]}}",
	    "x/y 400 one|z 777 two");
}

TEST("N32: what is missing is named unless it is optional")
{
	check("{'configMap':{'name':'none'}}", "configmap \"none\" not found");
	check("{'secret':{'secretName':'none'}}", "secret \"none\" not found");
	check("{'configMap':{'name':'none','optional':true}}", "");
	check("{'configMap':{'name':'m','items':[{'key':'q','path':'q'}]}}",
	    "references non-existent config key: q");
	check("{'secret':{'secretName':'s','items':[{'key':'q','path':'q'}]}}",
	    "references non-existent secret key: q");
	check("{'configMap':{'name':'m','optional':true,'items':[{'key':'q','path':'q'},"
	      "{'key':'a','path':'a'}]}}",
	    "a 644 one");
}

TEST("labels are lines in the order of their keys")
{
	check("{'downwardAPI':{'items':[{'path':'l','fieldRef':{'fieldPath':'metadata.labels'}},"
	      "{'path':'n','mode':256,'fieldRef':{'fieldPath':'metadata.name'}},"
	      "{'path':'c','resourceFieldRef':{'containerName':'c','resource':'limits.cpu'}}]}}",
	    "l 644 app=\"x y\"\nz=\"1\"|n 400 p|c 644 2");
}

TEST("sources share one tree and the later one wins")
{
	check("{'projected':{'defaultMode':288,'sources':[{'configMap':{'name':'m','items':["
	      "{'key':'a','path':'k'}]}},{'secret':{'name':'s','items':[{'key':'pw','path':'k'}]}}"
	      ",{'secret':{'name':'s'}}]}}",
	    "k 440 hunter2|pw 440 hunter2");
}

TEST("paths that lead out of the volume are refused")
{
	static const char *const bad[] = {"../x", "/x", "a/../../x", "..data", "..", "."};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_free char *volume = xasprintf(
		    "{'configMap':{'name':'m','items':[{'key':'a','path':'%s'}]}}", bad[i]);
		auto_free char *want = xasprintf("invalid path \"%s\"", bad[i]);

		check(volume, want);
	}
	check(
	    "{'configMap':{'name':'m','items':[{'key':'a','path':'x'},{'key':'a','path':'x/y'}]}}",
	    "\"x/y\" would be a file and a folder at the same time");
}

/* ---- the archive ---- */

static int note_entry(void *ctx, const struct tar_entry *entry, struct err *e)
{
	static const char types[] = {[TAR_FILE] = 'f', [TAR_DIR] = 'd', [TAR_SYMLINK] = 'l'};
	struct buf *out = ctx;

	buf_addf(out, "%s%c %s %o %lld", out->len ? "\n" : "", types[entry->type], entry->path,
	    entry->mode, (long long)entry->gid);
	if (entry->type == TAR_SYMLINK)
		buf_addf(out, " %s", entry->link);
	return 0;
}

static int note_data(void *ctx, const char *data, size_t len, struct err *e)
{
	return 0;
}

static char *layout(const char *volume, int64_t group, uint64_t old)
{
	static const struct tar_callbacks callbacks = {
	    .on_entry = note_entry, .on_data = note_data};
	auto_json *pod = parse(pod_text), *v = parse(volume);
	struct files_source src = {.downward = {.pod = pod}, .object = object};
	struct tree_layout l = {
	    .prefix = "./", .fs_group = group, .digest = 0xabc, .old_digest = old};
	auto_file_tree t = {0};
	auto_buf tar = {.max = 1 * MIB}, out = {0};
	struct tar_reader *reader = tar_reader_new(&callbacks, &out);

	CHECK(volume_files(&src, v, &t, NULL) == 0);
	if (!old)
		volume_root_archive(&l, &tar);
	file_tree_archive(&t, &l, &tar);
	tar_end(&tar);
	CHECK(tar_read(reader, tar.ptr, tar.len, NULL) == 0);
	tar_reader_free(reader);
	return buf_take(&out);
}

TEST("files are reached through a link that changes them all at once")
{
	auto_free char *got = layout("{'configMap':{'name':'m','items':[{'key':'a','path':'x/y/z'},"
				     "{'key':'a','path':'x/w'},{'key':'a','path':'k'}]}}",
	    -1, 0);

	CHECK_STR(got,
	    "d ./ 777 0\nd ./..0000000000000abc/ 755 0\nd ./..0000000000000abc/x/ 755 0\n"
	    "d ./..0000000000000abc/x/y/ 755 0\nf ./..0000000000000abc/x/y/z 644 0\n"
	    "f ./..0000000000000abc/x/w 644 0\nf ./..0000000000000abc/k 644 0\n"
	    "l ./..data 777 0 ..0000000000000abc\nl ./x 777 0 ..data/x\nl ./k 777 0 ..data/k");
}

TEST("the group of the pod may read and owns")
{
	auto_free char *got = layout("{'secret':{'secretName':'s','defaultMode':256}}", 2000, 0);

	CHECK_STR(got, "d ./ 2777 2000\nd ./..0000000000000abc/ 2755 2000\n"
		       "f ./..0000000000000abc/pw 440 2000\n"
		       "l ./..data 777 2000 ..0000000000000abc\n"
		       "l ./pw 777 2000 ..data/pw");
}

TEST("an update leaves the folder alone and empties what it replaces")
{
	auto_free char *got = layout("{'secret':{'secretName':'s'}}", -1, 0xdef);

	CHECK_STR(got, "d ./..0000000000000abc/ 755 0\nf ./..0000000000000abc/pw 644 0\n"
		       "l ./..data 777 0 ..0000000000000abc\nl ./pw 777 0 ..data/pw\n"
		       "f ./..0000000000000def 0 0");
}

TEST("the digest tells contents modes and names apart")
{
	static const char *const volumes[] = {"{'configMap':{'name':'m'}}",
	    "{'configMap':{'name':'m','defaultMode':256}}",
	    "{'configMap':{'name':'m','items':[{'key':'a','path':'a'}]}}",
	    "{'configMap':{'name':'m','items':[{'key':'a','path':'b'}]}}"};
	struct files_source src = {.object = object};
	uint64_t seen[ARRAY_LEN(volumes)];

	for (size_t i = 0; i < ARRAY_LEN(volumes); i++) {
		auto_json *v = parse(volumes[i]);
		auto_file_tree t = {0};

		CHECK(volume_files(&src, v, &t, NULL) == 0);
		seen[i] = file_tree_digest(&t);
		for (size_t n = 0; n < i; n++)
			CHECK(seen[n] != seen[i]);
	}
}

/* ---- mounts ---- */

static const char mounted_pod[] =
    "{'metadata':{'uid':'u1','name':'p'},'spec':{'volumes':[{'name':'e','emptyDir':{}},"
    "{'name':'m','emptyDir':{'medium':'Memory','sizeLimit':'1Mi'}},"
    "{'name':'c','configMap':{'name':'m'}},{'name':'h','hostPath':{'path':'/srv'}}],"
    "'containers':[]}}";

/* "KIND SOURCE TARGET ro|rw PROPAGATION" of one mount, or the error; owned. */
static char *mount_of(const char *mount)
{
	auto_json *pod = parse(mounted_pod), *list = parse("{'volumeMounts':[]}");
	struct pod_volumes *v = pod_volumes_new(pod);
	auto_volume_mounts mounts = {0};
	auto_strlist env = {0};
	auto_err e = {0};
	char *text;

	v->items[0].mountpoint = xstrdup("/vols/e");
	strlist_add(&env, "NAME=n1");
	strlist_add(&env, "UP=../..");
	json_add(json_get(list, "volumeMounts"), parse(mount));
	if (volume_container_mounts(v, list, &env, &mounts, &e) < 0)
		text = xstrdup(err_msg(&e));
	else
		text = xasprintf("%s %s %s %s%s%s",
		    mounts.items[0].kind == MOUNT_BIND ? "bind" : "volume", mounts.items[0].source,
		    mounts.items[0].target, mounts.items[0].read_only ? "ro" : "rw",
		    mounts.items[0].propagation ? " " : "",
		    mounts.items[0].propagation ? mounts.items[0].propagation : "");
	pod_volumes_free(v);
	return text;
}

TEST("each kind of volume is mounted in its way")
{
	static const struct {
		const char *mount, *want;
	} cases[] = {
	    {"{'name':'e','mountPath':'/x'}", "volume kjob_u1_e /x rw"},
	    {"{'name':'e','mountPath':'/x','readOnly':true}", "volume kjob_u1_e /x ro"},
	    {"{'name':'c','mountPath':'/x'}", "volume kjob_u1_c /x ro"},
	    {"{'name':'h','mountPath':'/x'}", "bind /srv /x rw"},
	    {"{'name':'h','mountPath':'/x','subPath':'a/./b/'}", "bind /srv/a/b /x rw"},
	    {"{'name':'h','mountPath':'/x','mountPropagation':'HostToContainer'}",
		"bind /srv /x rw rslave"},
	    {"{'name':'h','mountPath':'/x','mountPropagation':'None'}", "bind /srv /x rw"},
	    {"{'name':'e','mountPath':'/x','subPath':'a'}", "bind /vols/e/a /x rw"},
	    {"{'name':'e','mountPath':'/x','subPathExpr':'l/$(NAME)'}", "bind /vols/e/l/n1 /x rw"},
	    {"{'name':'e','mountPath':'/x','subPathExpr':'$(UP)'}",
		"subPath \"../..\" of volumeMount \"e\" leads out of the volume"},
	    {"{'name':'e','mountPath':'/x','subPathExpr':'$(NONE)'}",
		"failed to expand subPath for volumeMount \"e\": $(NONE)"},
	    {"{'name':'e','mountPath':'/x','subPath':'a/../../b'}",
		"subPath \"a/../../b\" of volumeMount \"e\" leads out of the volume"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *got = mount_of(cases[i].mount);

		CHECK_STR(got, cases[i].want);
	}
}

TEST("what is in memory wants a sandbox and has a size in pages")
{
	auto_json *with = parse(mounted_pod), *without = parse(pod_text);
	auto_json *limited = volume_tmpfs_options(5000), *open = volume_tmpfs_options(0);

	CHECK(volumes_want_sandbox(with));
	CHECK(!volumes_want_sandbox(without));
	CHECK(str_eq(json_str(limited, "o"), "mode=0777,uid=0,gid=0,nr_blocks=2"));
	CHECK(str_eq(json_str(open, "o"), "mode=0777,uid=0,gid=0"));
}

int main(void)
{
	return test_main();
}
