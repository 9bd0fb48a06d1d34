/* validate_volumes: the volumes of a pod spec and the mounts of its containers. */
#include "../../runtime/base/map.h"
#include "fieldpath.h"
#include "names.h"
#include "validate.h"

#define MODE_MAX 0777
#define MODE_TEXT "must be a number between 0 and 0777 (octal), both inclusive"

static bool has_dot_dot(const char *path)
{
	auto_strlist parts = {0};

	str_split(&parts, path, '/');
	return strlist_has(&parts, "..");
}

/* A path that must stay in a volume, and may be nothing of kjob's own (..data). */
static void validate_inside(
    struct report *r, const char *path, bool own_names, const struct place *p)
{
	if (*path == '/')
		bad_invalid_text(r, p, path, "must be a relative path");
	if (has_dot_dot(path))
		bad_invalid_text(r, p, path, "must not contain '..'");
	else if (!own_names && str_has_prefix(path, ".."))
		bad_invalid_text(r, p, path, "must not start with '..'");
}

static void validate_mode(
    struct report *r, const json *obj, const char *name, const struct place *up)
{
	struct place at = PLACE(up, name);
	const json *mode = json_get(obj, name);
	int64_t n;

	if (json_is_int(mode, &n) && (n < 0 || n > MODE_MAX))
		bad_invalid(r, &at, mode, MODE_TEXT);
}

/* Paths of all files of a volume so far; NULL: clashes are no matter. */
struct paths {
	struct strlist all;
};

static void note_path(struct report *r, struct paths *paths, const char *path, const json *node,
    const struct place *p, const char *detail)
{
	if (!paths || !*path)
		return;
	if (strlist_has(&paths->all, path))
		bad_invalid(r, p, node, "%s", detail);
	else
		strlist_add(&paths->all, path);
}

static void validate_items(struct report *r, const json *items, const struct place *p,
    struct paths *paths, const char *clash)
{
	size_t i = 0;

	json_for (item, items) {
		struct place at = PLACE_ITEM(p, i++), key = PLACE(&at, "key"),
			     path = PLACE(&at, "path");

		if (!*json_str_or(item, "key", ""))
			bad_required(r, &key, "");
		if (!*json_str_or(item, "path", ""))
			bad_required(r, &path, "");
		validate_inside(r, json_str_or(item, "path", ""), false, &path);
		note_path(
		    r, paths, json_str_or(item, "path", ""), json_get(item, "path"), &path, clash);
		validate_mode(r, item, "mode", &at);
	}
}

static const char *const file_fields[] = {"metadata.annotations", "metadata.labels",
    "metadata.name", "metadata.namespace", "metadata.uid", NULL};

static void validate_field(struct report *r, const json *ref, const struct place *p)
{
	struct place at = PLACE(p, "fieldPath");
	const char *text = json_str_or(ref, "fieldPath", "");
	auto_free char *map = NULL, *key = NULL, *problem = NULL;

	if (!*text) {
		bad_required(r, &at, "");
		return;
	}
	for (size_t i = 0; file_fields[i]; i++)
		if (str_eq(file_fields[i], text))
			return;
	problem = fieldpath_problem(text);
	if (problem)
		bad_invalid(
		    r, &at, json_get(ref, "fieldPath"), "error converting fieldPath: %s", problem);
	else if (!fieldpath_split(text, &map, &key))
		bad_unsupported(r, &at, text, file_fields);
}

static void validate_resource(struct report *r, const json *ref, const struct place *p)
{
	static const char *const names[] = {"limits.cpu", "limits.memory",
	    "limits.ephemeral-storage", "requests.cpu", "requests.memory",
	    "requests.ephemeral-storage", NULL};
	struct place container = PLACE(p, "containerName"), resource = PLACE(p, "resource");
	const char *name = json_str_or(ref, "resource", "");

	if (!*json_str_or(ref, "containerName", ""))
		bad_required(r, &container, "");
	if (!*name) {
		bad_required(r, &resource, "");
		return;
	}
	for (size_t i = 0; names[i]; i++)
		if (str_eq(names[i], name))
			return;
	if (!str_has_prefix(name, "limits.hugepages-") &&
	    !str_has_prefix(name, "requests.hugepages-"))
		bad_unsupported(r, &resource, name, names);
}

static void validate_downward(struct report *r, const json *source, const struct place *p,
    struct paths *paths, const char *clash)
{
	struct place items = PLACE(p, "items");
	size_t i = 0;

	json_for (item, json_get(source, "items")) {
		struct place at = PLACE_ITEM(&items, i++), path = PLACE(&at, "path");
		struct place field = PLACE(&at, "fieldRef"),
			     resource = PLACE(&at, "resourceFieldRef");
		const json *f = json_get(item, "fieldRef"),
			   *res = json_get(item, "resourceFieldRef");

		if (!*json_str_or(item, "path", ""))
			bad_required(r, &path, "");
		validate_inside(r, json_str_or(item, "path", ""), false, &path);
		note_path(
		    r, paths, json_str_or(item, "path", ""), json_get(item, "path"), &path, clash);
		if (f && res)
			bad_invalid_text(r, &at, json_str_or(item, "path", ""),
			    "fieldRef and resourceFieldRef can not be specified simultaneously");
		else if (f)
			validate_field(r, f, &field);
		else if (res)
			validate_resource(r, res, &resource);
		else
			bad_required(r, &at, "one of fieldRef and resourceFieldRef is required");
		validate_mode(r, item, "mode", &at);
	}
}

/* ---- sources ---- */

typedef void source_fn(struct report *r, const json *source, const struct place *p);

static void check_host_path(struct report *r, const json *source, const struct place *p)
{
	struct place path = PLACE(p, "path");
	const char *text = json_str_or(source, "path", "");

	if (!*text)
		bad_required(r, &path, "");
	else if (has_dot_dot(text))
		bad_invalid(r, &path, json_get(source, "path"), "must not contain '..'");
	validate_enum(r, &schema_host_path_volume_source, source, "type", p);
}

static void check_empty_dir(struct report *r, const json *source, const struct place *p)
{
	struct place limit = PLACE(p, "sizeLimit");
	const char *text = json_str(source, "sizeLimit");
	auto_free char *canonical = NULL;
	int64_t milli = 0;

	if (text && quantity_parse(text, &canonical, &milli, NULL) == 0 && milli < 0)
		bad_forbidden(r, &limit, "SizeLimit field must be a valid resource quantity");
}

static void check_bag(
    struct report *r, const json *source, const char *name_field, const struct place *p)
{
	struct place name = PLACE(p, name_field), items = PLACE(p, "items");

	if (!*json_str_or(source, name_field, ""))
		bad_required(r, &name, "");
	validate_mode(r, source, "defaultMode", p);
	validate_items(r, json_get(source, "items"), &items, NULL, "");
}

static void check_config_map(struct report *r, const json *source, const struct place *p)
{
	check_bag(r, source, "name", p);
}

static void check_secret(struct report *r, const json *source, const struct place *p)
{
	check_bag(r, source, "secretName", p);
}

static void check_downward(struct report *r, const json *source, const struct place *p)
{
	validate_mode(r, source, "defaultMode", p);
	validate_downward(r, source, p, NULL, "");
}

static void check_projection(
    struct report *r, const json *source, const struct place *p, struct paths *paths)
{
	static const char clash[] = "conflicting duplicate paths";
	static const char *const bags[] = {"secret", "configMap"};
	struct place down = PLACE(p, "downwardAPI");

	if (json_len(source) > 1)
		bad_forbidden(r, p, "may not specify more than 1 volume type");
	else if (json_len(source) == 0)
		bad_required(r, p, "must specify one of the volume types");
	for (size_t i = 0; i < ARRAY_LEN(bags); i++) {
		struct place at = PLACE(p, bags[i]), name = PLACE(&at, "name"),
			     items = PLACE(&at, "items");
		const json *bag = json_get(source, bags[i]);

		if (bag && !*json_str_or(bag, "name", ""))
			bad_required(r, &name, "");
		validate_items(r, json_get(bag, "items"), &items, paths, clash);
	}
	if (json_get(source, "downwardAPI"))
		validate_downward(r, json_get(source, "downwardAPI"), &down, paths, clash);
}

static void check_projected(struct report *r, const json *source, const struct place *p)
{
	struct place sources = PLACE(p, "sources");
	struct paths paths = {0};
	size_t i = 0;

	validate_mode(r, source, "defaultMode", p);
	json_for (s, json_get(source, "sources")) {
		struct place at = PLACE_ITEM(&sources, i++);

		check_projection(r, s, &at, &paths);
	}
	strlist_release(&paths.all);
}

static void check_claim(struct report *r, const json *source, const struct place *p)
{
	struct place name = PLACE(p, "claimName");

	if (!*json_str_or(source, "claimName", ""))
		bad_required(r, &name, "");
	else
		validate_name(
		    r, json_str_or(source, "claimName", ""), name_check_dns_subdomain, &name);
}

/* The claim gets its labels and annotations, and nothing else. */
static void check_claim_meta(struct report *r, const json *meta, const struct place *p)
{
	json_for (m, meta) {
		struct place at = PLACE(p, json_key(m));

		if (str_eq(json_key(m), "labels"))
			validate_labels(r, m, &at);
		else if (str_eq(json_key(m), "annotations"))
			validate_annotations(r, m, &at);
		else
			bad_forbidden(r, &at, "cannot be set");
	}
}

static void check_ephemeral(struct report *r, const json *source, const struct place *p)
{
	const json *claim = json_get(source, "volumeClaimTemplate");
	struct place at = PLACE(p, "volumeClaimTemplate"), meta = PLACE(&at, "metadata");
	struct place spec = PLACE(&at, "spec");

	if (!claim) {
		bad_required(r, &at, "");
		return;
	}
	check_claim_meta(r, json_get(claim, "metadata"), &meta);
	validate_claim_spec(r, json_get(claim, "spec"), &spec);
}

static const struct {
	const char *name;
	source_fn *check;
} sources[] = {
    {"hostPath", check_host_path},
    {"emptyDir", check_empty_dir},
    {"configMap", check_config_map},
    {"secret", check_secret},
    {"downwardAPI", check_downward},
    {"projected", check_projected},
    {"persistentVolumeClaim", check_claim},
    {"ephemeral", check_ephemeral},
};

static void validate_source(struct report *r, const json *volume, const struct place *p)
{
	size_t count = json_len(volume) - (json_get(volume, "name") ? 1 : 0);
	size_t seen = 0;

	if (count == 0)
		bad_required(r, p, "must specify a volume type");
	json_for (m, volume) {
		struct place at = PLACE(p, json_key(m));

		if (str_eq(json_key(m), "name"))
			continue;
		if (seen++ > 0) {
			bad_forbidden(r, &at, "may not specify more than 1 volume type");
			continue;
		}
		for (size_t i = 0; i < ARRAY_LEN(sources); i++)
			if (str_eq(sources[i].name, json_key(m)))
				sources[i].check(r, m, &at);
	}
}

/* ---- mounts ---- */

static void validate_sub_path(struct report *r, const json *mount, const struct place *p)
{
	struct place sub = PLACE(p, "subPath"), expr = PLACE(p, "subPathExpr");
	const char *path = json_str_or(mount, "subPath", ""),
		   *text = json_str_or(mount, "subPathExpr", "");

	validate_inside(r, path, true, &sub);
	if (*path && *text)
		bad_invalid_text(r, &expr, text, "subPathExpr and subPath are mutually exclusive");
	validate_inside(r, text, true, &expr);
}

static bool is_privileged(const json *container)
{
	return json_bool(container, "securityContext.privileged", false);
}

static void validate_mount(struct report *r, const json *mount, const json *container,
    const struct map *volumes, const struct place *p)
{
	struct place name = PLACE(p, "name"), path = PLACE(p, "mountPath"),
		     spread = PLACE(p, "mountPropagation");
	const char *text = json_str_or(mount, "mountPath", "");

	if (!*json_str_or(mount, "name", ""))
		bad_required(r, &name, "");
	else if (!map_get(volumes, json_str_or(mount, "name", "")))
		bad_not_found(r, &name, json_get(mount, "name"));
	if (!*text)
		bad_required(r, &path, "");
	else if (strchr(text, ':'))
		bad_invalid(r, &path, json_get(mount, "mountPath"), "must not contain ':'");
	validate_sub_path(r, mount, p);
	validate_enum(r, &schema_volume_mount, mount, "mountPropagation", p);
	if (str_eq(json_str(mount, "mountPropagation"), "Bidirectional") &&
	    !is_privileged(container))
		bad_forbidden(r, &spread,
		    "Bidirectional mount propagation is available only to privileged containers");
}

static void validate_mounts(
    struct report *r, const json *container, const struct map *volumes, const struct place *p)
{
	struct place list = PLACE(p, "volumeMounts");
	struct map seen = {0};
	size_t i = 0;

	json_for (mount, json_get(container, "volumeMounts")) {
		struct place item = PLACE_ITEM(&list, i++), path = PLACE(&item, "mountPath");
		const char *text = json_str_or(mount, "mountPath", "");

		validate_mount(r, mount, container, volumes, &item);
		if (*text && map_set(&seen, text, mount))
			bad_invalid(r, &path, json_get(mount, "mountPath"), "must be unique");
	}
	map_release(&seen, NULL);
}

void validate_volumes(struct report *r, const json *spec, const struct place *p)
{
	static const char *const lists[] = {"initContainers", "containers"};
	struct place volumes = PLACE(p, "volumes");
	struct map names = {0};
	size_t i = 0;

	json_for (v, json_get(spec, "volumes")) {
		struct place item = PLACE_ITEM(&volumes, i++), name = PLACE(&item, "name");
		const char *own = json_str_or(v, "name", "");

		validate_source(r, v, &item);
		if (!*own)
			bad_required(r, &name, "");
		else
			validate_name(r, own, name_check_dns_label, &name);
		if (*own && map_set(&names, own, v))
			bad_duplicate(r, &name, json_get(v, "name"));
	}
	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		struct place list = PLACE(p, lists[l]);
		size_t n = 0;

		json_for (c, json_get(spec, lists[l])) {
			struct place item = PLACE_ITEM(&list, n++);

			validate_mounts(r, c, &names, &item);
		}
	}
	map_release(&names, NULL);
}

static void validate_media(struct report *r, const json *volumes, const struct place *p)
{
	size_t i = 0;

	json_for (v, volumes) {
		struct place item = PLACE_ITEM(p, i++), empty = PLACE(&item, "emptyDir"),
			     medium = PLACE(&empty, "medium");
		const char *text = json_str_or(v, "emptyDir.medium", "");

		if (*text && !str_eq(text, "Memory"))
			bad_forbidden(r, &medium, "not supported by this version of kjob");
	}
}

/* Paths that a kubelet would take as something else, and the engines not at all. */
void validate_volumes_later(struct report *r, const json *spec, const struct place *p)
{
	static const char *const lists[] = {"initContainers", "containers"};
	struct place volumes = PLACE(p, "volumes");

	validate_media(r, json_get(spec, "volumes"), &volumes);
	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		struct place list = PLACE(p, lists[l]);
		size_t n = 0;

		json_for (c, json_get(spec, lists[l])) {
			struct place item = PLACE_ITEM(&list, n++),
				     mounts = PLACE(&item, "volumeMounts");
			size_t m = 0;

			json_for (mount, json_get(c, "volumeMounts")) {
				struct place at = PLACE_ITEM(&mounts, m++),
					     path = PLACE(&at, "mountPath");
				const char *text = json_str_or(mount, "mountPath", "");

				if (*text && (*text != '/' || has_dot_dot(text) || !text[1]))
					bad_forbidden(r, &path,
					    "only absolute paths below / are supported by this "
					    "version of kjob");
			}
		}
	}
}
