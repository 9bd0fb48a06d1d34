/* Volumes: what each type is called, and its rows. */
#include "../runtime/base/str.h"
#include "describe.h"

static void format_size_limit(const struct describe *d, const json *value, struct buf *text)
{
	auto_free char *size = json_scalar_text(value);

	buf_adds(text, str_eq(size, "0") ? "<unset>" : size);
}

static void format_wwns(const struct describe *d, const json *value, struct buf *text)
{
	json_for (it, value) {
		auto_free char *s = json_scalar_text(it);

		buf_addf(text, "%s%s", it == json_first(value) ? "" : ", ", s);
	}
}

static void block_file_items(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	dtext_add(&d->text, level, "%s:\n", row->label);
	json_for (it, value) {
		const char *from = json_str(it, "fieldRef.fieldPath");

		if (!from)
			from = json_str_or(it, "resourceFieldRef.resource", "");
		dtext_add(&d->text, level + 1, "%s -> %s\n", from, json_str_or(it, "path", ""));
	}
}

/* A map whose values stand four blanks further in than those of rows. */
static void write_indented(struct describe *d, int level, const char *label, const json *map,
    const char *between, const char *none)
{
	size_t len;
	auto_free const json **sorted = describe_sorted(map, NULL, &len);

	dtext_add(&d->text, level, "%s:\t%s", label, len ? "" : none);
	for (size_t i = 0; i < len; i++) {
		auto_free char *text = json_scalar_text(sorted[i]);

		dtext_add(&d->text, i ? level : 0, "%s    %s%s%s\n", i ? "\t" : "",
		    describe_key(sorted[i]), between, text);
	}
}

static void block_attributes(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	write_indented(d, level, row->label, value, "=", "<none>\n");
}

static void block_claim_labels(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	write_indented(d, level, row->label, value, "=", "    <none>\n");
}

static void block_claim_annotations(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	write_indented(d, level, row->label, value, ": ", "    <none>\n");
}

/* ---- projected volumes ---- */

static void block_projections(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	static const struct {
		const char *key;
		const struct drow rows[2];
	} kinds[] = {
	    {"secret", {ROW("SecretName", "name", .absent = ""),
			   ROW("SecretOptionalName", "optional", .absent = "<nil>")}},
	    {"downwardAPI", {ROW("DownwardAPI", "none", .absent = "true")}},
	    {"configMap", {ROW("ConfigMapName", "name", .absent = ""),
			      ROW("ConfigMapOptional", "optional", .absent = "<nil>")}},
	    {"serviceAccountToken",
		{ROW("TokenExpirationSeconds", "expirationSeconds", .absent = "0")}},
	};

	json_for (source, value)
		for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
			if (json_has(source, kinds[i].key))
				describe_rows(d, level, kinds[i].rows,
				    kinds[i].rows[1].label ? 2 : 1, json_get(source, kinds[i].key));
}

/* ---- the types ---- */

static const struct drow host_path_rows[] = {
    ROW("Path", "path", .absent = ""),
    ROW("HostPathType", "type", .absent = "<none>"),
};
static const struct drow empty_dir_rows[] = {
    ROW("Medium", "medium", .absent = ""),
    ROW("SizeLimit", "sizeLimit", .format = format_size_limit, .absent = "<unset>"),
};
static const struct drow secret_rows[] = {
    ROW("SecretName", "secretName", .absent = ""),
    ROW("Optional", "optional", .absent = "false"),
};
static const struct drow config_map_rows[] = {
    ROW("Name", "name", .absent = ""),
    ROW("Optional", "optional", .absent = "false"),
};
static const struct drow nfs_rows[] = {
    ROW("Server", "server", .absent = ""),
    ROW("Path", "path", .absent = ""),
    ROW("ReadOnly", "readOnly", .absent = "false"),
};
static const struct drow claim_rows[] = {
    ROW("ClaimName", "claimName", .absent = ""),
    ROW("ReadOnly", "readOnly", .absent = "false"),
};
static const struct drow projected_rows[] = {
    ROW("Sources", "sources", .block = block_projections),
};
static const struct drow downward_rows[] = {
    ROW("Items", "items", .block = block_file_items),
};
static const struct drow csi_rows[] = {
    ROW("Driver", "driver", .absent = ""),
    ROW("FSType", "fsType", .absent = ""),
    ROW("ReadOnly", "readOnly", .absent = "false"),
    ROW("VolumeAttributes", "volumeAttributes", .block = block_attributes),
};
static const struct drow image_rows[] = {
    ROW("Reference", "reference", .absent = ""),
    ROW("PullPolicy", "pullPolicy", .absent = ""),
};
static const struct drow fc_rows[] = {
    ROW("TargetWWNs", "targetWWNs", .format = format_wwns, .absent = ""),
    ROW("LUN", "lun", .absent = "<none>"),
    ROW("FSType", "fsType", .absent = ""),
    ROW("ReadOnly", "readOnly", .absent = "false"),
};
static const struct drow ephemeral_rows[] = {
    ROW("StorageClass", "volumeClaimTemplate.spec.storageClassName", .absent = ""),
    ROW("Volume", "volumeClaimTemplate.spec.volumeName", .absent = ""),
    ROW("Labels", "volumeClaimTemplate.metadata.labels", .block = block_claim_labels),
    ROW("Annotations", "volumeClaimTemplate.metadata.annotations",
	.block = block_claim_annotations),
    ROW("Capacity", "volumeClaimTemplate.status.capacity.storage", .absent = ""),
    ROW("Access Modes", "volumeClaimTemplate.status.accessModes", .absent = ""),
    ROW("VolumeMode", "volumeClaimTemplate.spec.volumeMode"),
};

#define TYPE(key, text, rows)                    \
	{                                        \
		key, text, rows, ARRAY_LEN(rows) \
	}

static const struct {
	const char *key, *text;
	const struct drow *rows;
	size_t row_count;
} types[] = {
    TYPE("hostPath", "HostPath (bare host directory volume)", host_path_rows),
    TYPE("emptyDir", "EmptyDir (a temporary directory that shares a pod's lifetime)",
	empty_dir_rows),
    TYPE("secret", "Secret (a volume populated by a Secret)", secret_rows),
    TYPE("configMap", "ConfigMap (a volume populated by a ConfigMap)", config_map_rows),
    TYPE("nfs", "NFS (an NFS mount that lasts the lifetime of a pod)", nfs_rows),
    TYPE("persistentVolumeClaim",
	"PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
	claim_rows),
    TYPE("projected", "Projected (a volume that contains injected data from multiple sources)",
	projected_rows),
    TYPE("downwardAPI", "DownwardAPI (a volume populated by information about the pod)",
	downward_rows),
    TYPE("csi", "CSI (a Container Storage Interface (CSI) volume source)", csi_rows),
    TYPE("image", "Image (a container image or OCI artifact)", image_rows),
    TYPE("ephemeral",
	"EphemeralVolume (an inline specification for a volume that gets created and deleted with "
	"the pod)",
	ephemeral_rows),
    TYPE("fc", "FC (a Fibre Channel disk)", fc_rows),
};

/* Types of the past: their fields under the fields' own names. */
static void write_other_type(struct describe *d, const json *source)
{
	dtext_add(&d->text, 2, "Type:\t%s\n", describe_key(source));
	json_for (field, source) {
		auto_free char *text = json_scalar_text(field);

		dtext_add(&d->text, 2, "%s:\t%s\n", describe_key(field), text);
	}
}

static void write_volume(struct describe *d, const json *volume)
{
	dtext_add(&d->text, 1, "%s%s:\n", d->nested ? " " : "", json_str_or(volume, "name", ""));
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (!json_has(volume, types[i].key))
			continue;
		dtext_add(&d->text, 2, "Type:\t%s\n", types[i].text);
		describe_rows(
		    d, 2, types[i].rows, types[i].row_count, json_get(volume, types[i].key));
		return;
	}
	json_for (source, volume)
		if (json_is_object(source)) {
			write_other_type(d, source);
			return;
		}
	dtext_add(&d->text, 1, "<unknown>\n");
}

void block_volumes(struct describe *d, int level, const struct drow *row, const json *value)
{
	dtext_add(&d->text, level, "%s:%s\n", row->label, json_len(value) ? "" : "\t<none>");
	json_for (volume, value)
		write_volume(d, volume);
}
