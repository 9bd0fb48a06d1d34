/*
 * pod_volumes_internal: what the files of pod_volumes share. What is here belongs to one pod and is
 * freed with it.
 */
#ifndef KJOB_LOOPS_POD_VOLUMES_INTERNAL_H
#define KJOB_LOOPS_POD_VOLUMES_INTERNAL_H

#include "../../runtime/base/buf.h"
#include "../api/api.h"
#include "downward.h"
#include "pod_volumes.h"

/* Where volumes are in the sandbox and in the container that only receives files. */
#define VOLUMES_DIR "volumes"
/* Of the files of all volumes of a pod together, by file_tree_cost; the archive has less than that
 * twice. */
#define VOLUME_FILES_MAX (64 * MIB)
#define VOLUME_ARCHIVE_MAX (2 * VOLUME_FILES_MAX)

/* ---- files (pod_volumes_files.c) ---- */

struct volume_file {
	char *path; /* relative, without ".." */
	char *data;
	size_t len;
	unsigned mode;
};

/* What a volume shows; paths are unique and none is the folder of another. Zeroed is empty. */
struct file_tree {
	struct volume_file *items;
	size_t len, cap;
};
#define auto_file_tree CLEANUP(file_tree_release) struct file_tree
void file_tree_release(struct file_tree *t);

/* Where the contents come from. */
struct files_source {
	struct downward downward;
	/* The object of this kind in the pod's namespace, owned; NULL: none. */
	json *(*object)(void *ctx, enum kind_id kind, const char *name);
	void *ctx;
};

/* Whether the volume consists of files that kjob writes. */
bool volume_is_files(const json *volume);
/* The files of such a volume. -1: something is missing, in the words of a kubelet. */
int volume_files(const struct files_source *src, const json *volume, struct file_tree *ret,
    struct err *e) MUST_USE;
/* Whether the volume shows something of this object (kind KIND_POD: of the pod itself). */
bool volume_shows(const json *volume, enum kind_id kind, const char *name);
/* Their bytes with what an archive needs around them. */
size_t file_tree_cost(const struct file_tree *t);
/* Differs where contents or modes differ. */
uint64_t file_tree_digest(const struct file_tree *t);

struct tree_layout {
	const char *prefix; /* in front of each path: "./", "volumes/x/" */
	int64_t fs_group;   /* -1: none */
	int64_t mtime;
	uint64_t digest, old_digest; /* of what is replaced; 0: nothing is there yet */
};
/*
 * Appends to an archive, which is not ended, what a kubelet lays out: the files in a folder
 * ..DIGEST, ..data that points to it, and a link into ..data for each name at the top. An unpacked
 * update thus changes all files at once.
 */
void file_tree_archive(const struct file_tree *t, const struct tree_layout *l, struct buf *out);
/* The volume's own folder; anybody may write to it. */
void volume_root_archive(const struct tree_layout *l, struct buf *out);

/* ---- hostPath (pod_volumes_host.c) ---- */

/* What is at the path must be what the type says, or is made. local: it is this machine's. */
int host_path_check(const char *path, const char *type, bool local, struct err *e) MUST_USE;

/* ---- a pod's volumes ---- */

struct tar_reader;

enum volume_kind { VOLUME_EMPTY, VOLUME_FILES, VOLUME_CLAIM, VOLUME_HOST };

struct volume {
	const json *spec; /* a copy in struct pod_volumes */
	const char *name;
	enum volume_kind kind;
	bool memory;      /* a tmpfs */
	bool read_only;   /* for every container */
	bool made;        /* the engine has it */
	bool fresh;       /* its own folder is to be set up */
	bool sub_path;    /* a container mounts a part of it */
	char *source;     /* the engine volume's name, or the path of hostPath */
	char *mountpoint; /* where the engine keeps it, once asked; NULL: not needed so far */
	struct file_tree tree;
	uint64_t digest, old_digest;
};

struct pod_volumes {
	json *specs;
	struct volume *items;
	size_t len;
	int64_t backoff_ms; /* of the last try that failed; 0: none did */
	engine_id call;     /* at most one at a time */
	size_t at;          /* which volume the calls are about */
	char *holder;       /* the container that receives files; NULL: none */
	bool begun;         /* containers have been created: what is there stays */
	bool stale;         /* something that is shown may have changed */
	bool update;        /* what is being put are changes */
	char *put_into;     /* id of the container */
	engine_done_fn *put_done;
	engine_done_fn *filled; /* whom volumes_fill tells */
	struct engine_who filled_who;
	/* the folders of subPaths: for which container they have been seen to, or are */
	const struct container *sub_for;
	int sub_attempt;
	bool sub_done;
	struct strlist sub_paths; /* "VOLUME/a/b" */
	size_t sub_at, sub_depth;
	enum sub_found { SUB_NOTHING, SUB_FOLDER, SUB_FILE, SUB_OTHER } sub_found;
	struct tar_reader *sub_reader;
	char *sub_child;   /* the name that is looked for in the folder; NULL: it was asked for */
	int64_t sub_bytes; /* that were read in search of it */
};

/* The volumes of a pod from its spec, owned; also for a pod that is only a body. */
struct pod_volumes *pod_volumes_new(const json *pod);
void pod_volumes_free(struct pod_volumes *v);
struct volume *pod_volume_find(const struct pod_volumes *v, const char *name);
/* kjob_UID_VOLUME; owned. */
char *volume_engine_name(const char *pod_uid, const char *volume);
/* The engine volume of a claim; owned. */
char *claim_engine_name(const json *claim);
/* Options of the driver for a tmpfs of so many bytes (0: no limit); owned. */
json *volume_tmpfs_options(int64_t size);

/* ---- the container that receives files where there is no sandbox (pod_volumes.c) ---- */

/* Created with all of the pod's volumes below /VOLUMES_DIR, never started. cb's text: its id. */
engine_id volume_holder_create(struct pod *p, engine_text_fn *cb);
/* It has done its work. */
void volume_holder_drop(struct pod *p);
/* The id of the sandbox while it runs; NULL: none. */
const char *volume_sandbox(const struct pod *p);
/* Reads again what the pod shows; an event for each volume that lacks something. -1: one did. */
int volume_resolve(struct pod *p);
/*
 * Puts what volumes show into a container (running: it runs). Those that have not changed since
 * are left out when v->update is set. cb runs after the last one, or the first that fails.
 */
void volume_put(struct pod *p, const char *id, bool running, engine_done_fn *done);
/* Why a try failed: an event FailedMount. */
void volume_failed(struct pod *p, const char *volume, const char *text);

/* ---- news (pod_volumes_live.c) ---- */

/* What all pods share, made when it is first needed. */
struct volume_care;
struct volume_care *volume_care(struct pods *set);
/* What the pod shows may have changed: it is read again soon. */
void volume_look_again(struct pod *p);
/* The claim of a volume, made where it is ephemeral; owned. NULL and e: it is not there. */
json *volume_claim(struct pod *p, const struct volume *v, struct err *e);

/*
 * What one container mounts (pod_volumes_spec.c). Pure. ERR_INVALID: CreateContainerConfigError.
 */
int volume_container_mounts(const struct pod_volumes *v, const json *container,
    const struct strlist *env, struct volume_mounts *ret, struct err *e) MUST_USE;
void volume_mounts_add(struct volume_mounts *m, const struct mount_spec *spec);
/* subPath of a mount with $(NAME) replaced; owned. NULL: none, or with e: it cannot be. */
char *mount_sub_path(const json *mount, const struct strlist *env, struct err *e);

#endif
