/* Claims, with the pods that mount them. */
#include "../runtime/base/str.h"
#include "describe.h"

static const struct drow name_rows[] = {
    ROW("Name", "metadata.name", .absent = ""),
    ROW("Namespace", "metadata.namespace", .absent = ""),
    ROW("StorageClass", "spec.storageClassName", .absent = ""),
};
static const struct drow volume_rows[] = {
    ROW("Volume", "spec.volumeName", .absent = ""),
    ROW("Labels", "metadata.labels", .block = block_labels),
    ROW("Annotations", "metadata.annotations", .block = block_annotations),
};
static const struct drow mode_row[] = {ROW("VolumeMode", "spec.volumeMode")};

static void write_status(struct describe *d, const json *obj)
{
	const char *deleted = json_str(obj, "metadata.deletionTimestamp");
	auto_free char *phase = describe_text(obj, "status.phase", "");
	char since[32];

	if (deleted)
		dtext_add(&d->text, 0, "Status:\tTerminating (lasts %s)\n",
		    describe_since(d, deleted, since));
	else
		dtext_add(&d->text, 0, "Status:\t%s\n", phase);
}

/* "RWO,ROX": each once, in this order. */
static char *access_modes(const json *modes)
{
	static const char *const names[][2] = {{"ReadWriteOnce", "RWO"}, {"ReadOnlyMany", "ROX"},
	    {"ReadWriteMany", "RWX"}, {"ReadWriteOncePod", "RWOP"}};
	auto_strlist list = {0};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		json_for (mode, modes)
			if (str_eq(json_string_value(mode), names[i][0]) &&
			    !strlist_has(&list, names[i][1]))
				strlist_add(&list, names[i][1]);
	return strlist_join(&list, ",");
}

/* Both are known once there is a volume. */
static void write_size(struct describe *d, const json *obj)
{
	bool bound = *json_str_or(obj, "spec.volumeName", "");
	auto_free char *modes = bound ? access_modes(json_path(obj, "status.accessModes")) : NULL;
	auto_free char *size = bound ? describe_text(obj, "status.capacity.storage", "") : NULL;

	dtext_add(&d->text, 0, "Capacity:\t%s\n", bound ? size : "");
	dtext_add(&d->text, 0, "Access Modes:\t%s\n", bound ? modes : "");
}

static void write_finalizers(struct describe *d, const json *obj)
{
	auto_strlist list = {0};
	auto_free char *text = NULL;

	json_add_strings(json_path(obj, "metadata.finalizers"), &list);
	text = strlist_join(&list, " ");
	dtext_add(&d->text, 0, "Finalizers:\t[%s]\n", text);
}

static bool mounts(const json *pod, const char *claim)
{
	json_for (volume, json_path(pod, "spec.volumes"))
		if (str_eq(json_str(volume, "persistentVolumeClaim.claimName"), claim))
			return true;
	return false;
}

static void write_users(struct describe *d, const char *claim)
{
	bool any = false;

	json_for (pod, d->in->pods) {
		if (!mounts(pod, claim))
			continue;
		dtext_add(&d->text, 0, "%s\t%s\n",
		    any ? "" : "Used By:", json_str_or(pod, "metadata.name", ""));
		any = true;
	}
	if (!any)
		dtext_add(&d->text, 0, "Used By:\t<none>\n");
}

void describe_claim(struct describe *d, const json *obj)
{
	DESCRIBE_ROWS(d, 0, name_rows, obj);
	write_status(d, obj);
	DESCRIBE_ROWS(d, 0, volume_rows, obj);
	write_finalizers(d, obj);
	write_size(d, obj);
	DESCRIBE_ROWS(d, 0, mode_row, obj);
	write_users(d, json_str_or(obj, "metadata.name", ""));
	describe_events(d);
}
