/* sandbox_image: an image from the program in this binary, and the containers made from it. */
#include "sandbox_image.h"

#include "archive.h"
#include "engine_internal.h"
#include "sandbox_program.h"

#define IMAGE_NAME "localhost/kjob-sandbox"
#define IMAGE_MAX (4 * MIB)

#if defined(__x86_64__)
#define OWN_ARCH "amd64"
#elif defined(__aarch64__)
#define OWN_ARCH "arm64"
#elif defined(__arm__)
#define OWN_ARCH "arm"
#elif defined(__i386__)
#define OWN_ARCH "386"
#elif defined(__riscv)
#define OWN_ARCH "riscv64"
#elif defined(__s390x__)
#define OWN_ARCH "s390x"
#elif defined(__powerpc64__)
#define OWN_ARCH "ppc64le"
#else
#define OWN_ARCH "unknown"
#endif

/* FNV-1a. */
static uint64_t digest_of(const unsigned char *data, size_t len)
{
	uint64_t d = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		d = (d ^ data[i]) * 0x100000001b3u;
	return d;
}

const char *sandbox_image_ref(void)
{
	static char ref[64]; /* the same whenever it is written */

	if (!ref[0])
		snprintf(ref, sizeof(ref), IMAGE_NAME ":%016llx",
		    (unsigned long long)digest_of(sandbox_program, sandbox_program_len));
	return ref;
}

const char *sandbox_volume_name(void)
{
	static char name[64];

	if (!name[0])
		snprintf(name, sizeof(name), "kjob-runner-%016llx",
		    (unsigned long long)digest_of(sandbox_program, sandbox_program_len));
	return name;
}

/* The root file system: the program, and what engines mount things on. */
static void write_root(struct buf *out)
{
	static const char *const dirs[] = {"dev/", "etc/", "proc/", "sys/"};
	static const char *const files[] = {"etc/hostname", "etc/hosts", "etc/resolv.conf"};

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		tar_add(
		    out, &(struct tar_entry){.path = dirs[i], .type = TAR_DIR, .mode = 0755}, NULL);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		tar_add(out, &(struct tar_entry){.path = files[i], .mode = 0644}, NULL);
	tar_add(out,
	    &(struct tar_entry){
		.path = SANDBOX_PROGRAM + 1, .mode = 0755, .size = (int64_t)sandbox_program_len},
	    sandbox_program);
	tar_end(out);
}

/* ---- loading ---- */

/* One chain: find, ask for the architecture, import, find again. */
static void found_reply(struct call *c, const struct http_response *r, const struct err *err);
static void version_reply(struct call *c, const struct http_response *r, const struct err *err);
static void import_reply(struct call *c, const struct http_response *r, const struct err *err);

static void next(struct call *c, enum engine_call kind, call_reply_fn *reply, const char *path)
{
	c->kind = kind;
	c->reply = reply;
	call_sendf(c, "GET", "%s", path);
}

static void look(struct call *c, call_reply_fn *reply)
{
	auto_free char *ref = engine_escape(sandbox_image_ref());
	auto_free char *path = xasprintf("/images/%s/json", ref);

	next(c, CALL_IMAGE, reply, path);
}

static void found_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	if (err && err->reason == ERR_NOT_FOUND)
		next(c, CALL_VERSION, version_reply, "/version");
	else
		c->cb.done(c->who, err);
}

static void version_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);
	const char *arch = quirk_arch(json_str_or(j, "Arch", OWN_ARCH));
	auto_buf tar = {.max = IMAGE_MAX};
	auto_free char *ref = engine_escape(sandbox_image_ref());
	auto_free char *path = xasprintf("/images/create?fromSrc=-&repo=%s", ref);

	if (!err && !e.reason && !str_eq(arch, OWN_ARCH))
		err_set(&e, ERR_INTERNAL,
		    "%s runs on %s, and this kjob is built for %s: it has no sandbox for pods with "
		    "several containers there",
		    c->en->where, arch, OWN_ARCH);
	if (err || e.reason) {
		c->cb.done(c->who, err ? err : &e);
		return;
	}
	write_root(&tar);
	c->kind = CALL_LOAD;
	c->reply = import_reply;
	call_send(c, &(struct call_request){
			 .method = "POST",
			 .path = path,
			 .body = tar.ptr,
			 .body_len = tar.len,
			 .content_type = "application/x-tar",
		     });
}

static void missing_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};

	if (err && err->reason == ERR_NOT_FOUND)
		err_set(&e, ERR_INTERNAL,
		    "%s: the image of the sandbox was loaded and is not there", c->en->where);
	c->cb.done(c->who, e.reason ? &e : err);
}

/* Engines say 200 and put an error into the body: only a look tells. */
static void import_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	if (err)
		c->cb.done(c->who, err);
	else
		look(c, missing_reply);
}

/* ---- creating ---- */

struct creation {
	engine_text_fn *cb;
	struct engine_who who;
	char *path, *body;
	bool loaded;
};

static void creation_free(void *arg)
{
	struct creation *s = arg;

	free(s->path);
	free(s->body);
	free(s);
}

static void create_reply(struct call *c, const struct http_response *r, const struct err *err);

static void create_send(struct call *c)
{
	struct creation *s = c->extra;

	c->kind = CALL_CREATE;
	c->reply = create_reply;
	call_send(c, &(struct call_request){
			 .method = "POST",
			 .path = s->path,
			 .body = s->body,
			 .body_len = strlen(s->body),
			 .content_type = "application/json",
		     });
}

/* The end of the loading, which runs on the same call. */
static void loaded(struct engine_who who, const struct err *err)
{
	struct call *c = who.ctx;
	struct creation *s = c->extra;

	if (err)
		s->cb(s->who, NULL, err);
	else
		create_send(c);
}

static void create_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	struct creation *s = c->extra;
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);
	const char *id = json_str_or(j, "Id", "");

	if (err && err->reason == ERR_NOT_FOUND && !s->loaded) {
		s->loaded = true;
		look(c, found_reply);
		return;
	}
	if (j && !*id)
		err_set(
		    &e, ERR_INTERNAL, "%s: the answer to create names no container", c->en->where);
	s->cb(s->who, e.reason || err ? NULL : id, err ? err : e.reason ? &e : NULL);
}

engine_id sandbox_create(
    struct engine *en, const struct container_spec *spec, engine_text_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_CREATE, create_reply, (struct engine_who){0});
	struct creation *s = xcalloc(1, sizeof(*s));
	struct container_spec own = *spec;
	auto_json *command = json_new_array();
	auto_json *body = NULL;
	auto_free char *name = engine_escape(spec->name);
	auto_json *args = spec->args ? json_dup(spec->args) : sandbox_args(NULL, NULL);

	json_add(command, json_new_string(SANDBOX_PROGRAM));
	own.args = args;
	own.image = sandbox_image_ref();
	own.command = command;
	own.user = "0:0";
	body = container_create_body(en->kind, &own);
	s->cb = cb;
	s->who = who;
	s->body = json_print(body);
	s->path = xasprintf("/containers/create?name=%s", name);
	c->who.ctx = c;
	c->cb.done = loaded;
	c->extra = s;
	c->free_extra = creation_free;
	c->target = xstrdup(spec->name);
	create_send(c);
	return c->id;
}

json *sandbox_args(const char *names, const struct strlist *aliases)
{
	json *args = json_new_array();

	json_add(args, json_new_string("pause"));
	if (!names)
		return args;
	json_add(args, json_new_string(names));
	for (size_t i = 0; aliases && i < aliases->len; i++)
		json_add(args, json_new_string(aliases->items[i]));
	return args;
}
