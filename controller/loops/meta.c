#include "env.h"

#include "../../runtime/base/clock.h"

bool meta_has_finalizer(const json *obj, const char *finalizer)
{
	json_for (f, json_path(obj, "metadata.finalizers"))
		if (str_eq(json_string_value(f), finalizer))
			return true;
	return false;
}

static json *list_of(json *obj, const char *key)
{
	json *meta = json_obj(obj, "metadata");

	if (!json_get(meta, key))
		json_set(meta, key, json_new_array());
	return json_get(meta, key);
}

void meta_add_finalizer(json *obj, const char *finalizer)
{
	if (!meta_has_finalizer(obj, finalizer))
		json_add(list_of(obj, "finalizers"), json_new_string(finalizer));
}

void meta_remove_finalizer(json *obj, const char *finalizer)
{
	json *list = json_path(obj, "metadata.finalizers");

	json_for (f, list) {
		if (str_eq(json_string_value(f), finalizer)) {
			json_remove(list, f);
			break;
		}
	}
	if (list && json_len(list) == 0)
		json_del_path(obj, "metadata.finalizers");
}

const json *meta_controller(const json *obj)
{
	json_for (o, json_path(obj, "metadata.ownerReferences"))
		if (json_bool(o, "controller", false))
			return o;
	return NULL;
}

void meta_add_controller(json *obj, const struct kind *k, const json *owner)
{
	json *ref = json_new_object();

	json_set_str(ref, "apiVersion", kind_api_version(k));
	json_set_str(ref, "kind", k->kind);
	json_set_str(ref, "name", meta_name(owner));
	json_set_str(ref, "uid", meta_uid(owner));
	json_set_bool(ref, "controller", true);
	json_set_bool(ref, "blockOwnerDeletion", true);
	json_add(list_of(obj, "ownerReferences"), ref);
}

const char *meta_name(const json *obj)
{
	return json_str_or(obj, "metadata.name", "");
}

const char *meta_namespace(const json *obj)
{
	return json_str_or(obj, "metadata.namespace", "");
}

const char *meta_uid(const json *obj)
{
	return json_str_or(obj, "metadata.uid", "");
}

bool meta_deleting(const json *obj)
{
	return json_has(obj, "metadata.deletionTimestamp");
}

int64_t meta_time(const json *obj, const char *path)
{
	const char *text = json_str(obj, path);
	int64_t ns;

	if (!text || time_parse(text, &ns) < 0 || ns == TIME_ZERO_NS)
		return 0;
	return ns / NSEC_PER_SEC;
}

void meta_set_time(json *obj, const char *path, int64_t unix_sec)
{
	char text[TIME_TEXT_MAX];

	json_set_path(obj, path, json_new_string(time_format(text, unix_sec)));
}

json *meta_condition(const json *obj, const char *type)
{
	json_for (c, json_path(obj, "status.conditions"))
		if (str_eq(json_str(c, "type"), type))
			return c;
	return NULL;
}

bool meta_condition_true(const json *obj, const char *type)
{
	return str_eq(json_str(meta_condition(obj, type), "status"), "True");
}

json *meta_new_object(const struct kind *k, const char *name)
{
	json *obj = json_new_object();

	json_set_str(obj, "apiVersion", kind_api_version(k));
	json_set_str(obj, "kind", k->kind);
	if (name)
		json_set_path(obj, "metadata.name", json_new_string(name));
	return obj;
}

json *meta_reference(const struct kind *k, const json *obj)
{
	json *ref = json_new_object();

	json_set_str(ref, "kind", k->kind);
	json_set_str(ref, "namespace", meta_namespace(obj));
	json_set_str(ref, "name", meta_name(obj));
	json_set_str(ref, "uid", meta_uid(obj));
	json_set_str(ref, "apiVersion", kind_api_version(k));
	json_set_str(ref, "resourceVersion", json_str(obj, "metadata.resourceVersion"));
	return ref;
}
