/*
 * pod_volumes: the volumes of pods, before their containers and after them.
 *
 * Nothing of a volume is a path of the controller, but for hostPath. What a pod needs is an engine
 * volume of its own (volumes_engine_name), labelled with the pod's uid and removed with it; a claim
 * is an engine volume that stays. Files (config maps, secrets, fields of the pod) are put into them
 * as an archive: into the sandbox where the pod has one, else into a container that is made for
 * this and never started. What is kept in memory (emptyDir with medium Memory, secrets) is a tmpfs
 * that lives as long as a container has it mounted: such a pod has a sandbox, which mounts it too.
 * So has one whose emptyDir counts for a limit: there its size is found out (pod_usage.c).
 *
 * The pod loop calls volumes_prepare while p->volumes is VOLUMES_DUE and creates no container
 * before it is VOLUMES_READY. Where there is a sandbox it is created after that, and is not running
 * in the eyes of pod_decide before volumes_fill is done.
 *
 *   pod_volumes.c        prepare, fill, cleanup: the calls, the events, tries again
 *   pod_volumes_files.c  from config maps, secrets and the pod to a tree of files (pure)
 *   pod_volumes_spec.c   what a container mounts (pure)
 *   pod_volumes_host.c   hostPath: what is at the path
 *   pod_volumes_sub.c    the folders of subPaths
 *   pod_volumes_live.c   config maps and secrets that change while they are mounted, claims,
 *                        removal
 */
#ifndef KJOB_LOOPS_POD_VOLUMES_H
#define KJOB_LOOPS_POD_VOLUMES_H

#include "../../runtime/container_spec.h"
#include "../../runtime/engine.h"

struct container;
struct pod;
struct pods;

/* Mounts with their texts. Zeroed is empty. */
struct volume_mounts {
	struct mount_spec *items;
	size_t len, cap;
	struct strlist texts;
};
#define auto_volume_mounts CLEANUP(volume_mounts_release) struct volume_mounts
void volume_mounts_release(struct volume_mounts *m);

/* ---- for the pod loop ---- */

/* What keeps the pod from being scheduled, in the words of a scheduler; owned. NULL: nothing. */
char *volumes_unschedulable(const struct pod *p);
/* Whether there is anything to prepare. */
bool volumes_wanted(const struct pod *p);
/*
 * Begins to make the volumes ready: p->volumes is BUSY from now on, READY later; or DUE again,
 * after volumes_not_before_ms, with the pod queued: something is missing, and an event FailedMount
 * says so. Doing it again for volumes that are there changes nothing.
 */
void volumes_prepare(struct pod *p);
/*
 * When the sandbox has been started: puts into it what has been prepared. cb runs as for every
 * engine call; ERR_UNAVAILABLE and others: try again. 0: there is nothing to put, cb does not run.
 */
engine_id volumes_fill(
    struct pod *p, const char *sandbox, engine_done_fn *cb, struct engine_who who);
/* Whether it has to wait before it is created: the pod is queued then. */
bool volumes_hold(const struct container *c);
/*
 * Before a container is created, each time: the folders of its subPaths. True: a call is under way,
 * the container is busy and its pod is queued when it is done: ask again. False: create it.
 */
bool volumes_before_create(struct container *c);
/* The record is freed: no call may come back to it. */
void volumes_forget(struct pod *p);
/* The object is gone, its containers are being removed: what was made for it goes too. */
void volumes_cleanup(struct pods *set, const json *pod);
/* How many volumes are still to be removed. */
size_t volumes_leaving(const struct pods *set);
/* After the first list of containers: volumes of pods that are no more. */
void volumes_sweep(struct pods *set);
/* From now on changes of what volumes show are heard of, and claims looked after. */
void volumes_start(struct pods *set);
/* The set is freed. */
void volumes_release_all(struct pods *set);

/* ---- for pod_spec ---- */

/* Whether something in memory must outlive each of the pod's containers. */
bool volumes_want_sandbox(const json *pod);
/* Where the sandbox has a volume; owned. */
char *volume_sandbox_path(const char *name);
/* What the sandbox mounts, for volumes_fill and to keep it in memory. */
void volumes_sandbox_mounts(const struct pod *p, struct volume_mounts *ret);
/*
 * What the container mounts. env: its variables ("K=V"), for subPathExpr. -1 with ERR_INVALID:
 * CreateContainerConfigError.
 */
int volumes_mounts(const struct container *c, const struct strlist *env, struct volume_mounts *ret,
    struct err *e) MUST_USE;

#endif
