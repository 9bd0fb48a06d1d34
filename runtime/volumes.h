/*
 * volumes: the engine's own named volumes. The conventions are engine.h's.
 */
#ifndef KJOB_VOLUMES_H
#define KJOB_VOLUMES_H

#include "engine.h"

/*
 * Creates a volume; one of that name is fine (and keeps its labels). options: of the driver
 * "local" ({"type":"tmpfs","device":"tmpfs","o":"mode=0777"}), or NULL. cb's text: the name. Its
 * folder belongs to root, whoever mounts it first.
 */
engine_id volume_create(struct engine *en, const char *name, const json *labels,
    const json *options, engine_text_fn *cb, struct engine_who who);
/* One that is gone is fine. ERR_CONFLICT: a container uses it. */
engine_id volume_remove(
    struct engine *en, const char *name, engine_done_fn *cb, struct engine_who who);

struct volume_info {
	const char *name;
	const char *mountpoint; /* a path on the engine's machine */
	const json *labels;
};
typedef void volume_info_fn(
    struct engine_who who, const struct volume_info *info, const struct err *err);
engine_id volume_inspect(
    struct engine *en, const char *name, volume_info_fn *cb, struct engine_who who);

/* All volumes with these labels ("k=v"; NULL-terminated). */
typedef void volume_list_fn(
    struct engine_who who, const struct volume_info *infos, size_t len, const struct err *err);
engine_id volume_list(
    struct engine *en, const char *const *labels, volume_list_fn *cb, struct engine_who who);

/*
 * Whether container_put_archive unpacks through the mounts of a container that does not run.
 * Otherwise it does so only at the folder that it is told, and to that one a mode can be given
 * (entry "./"), which is ignored otherwise.
 */
bool engine_unpacks_through_mounts(const struct engine *en);
/* Whether container_get_archive shows what a link points to, and not the link. */
bool engine_archive_follows_links(const struct engine *en);

#endif
