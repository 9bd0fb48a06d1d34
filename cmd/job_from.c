#include "job_from.h"

#include "resources.h"

/* kubectl's owner reference: the CronJob's deletion does not wait for this Job. */
static json *owner_of(const json *cronjob)
{
	json *list = json_new_array(), *owner = json_new_object();

	json_set_str(owner, "apiVersion", "batch/v1");
	json_set_str(owner, "kind", "CronJob");
	json_set_str(owner, "name", json_str(cronjob, "metadata.name"));
	json_set_str(owner, "uid", json_str(cronjob, "metadata.uid"));
	json_set_bool(owner, "controller", true);
	json_add(list, owner);
	return list;
}

static json *from_cronjob(const json *cronjob, const char *name)
{
	const json *template = json_path(cronjob, "spec.jobTemplate");
	json *job = object_new("batch/v1", "Job", name), *metadata = json_get(job, "metadata");
	json *annotations = json_obj(metadata, "annotations");

	json_set_str(annotations, "cronjob.kubernetes.io/instantiate", "manual");
	json_for (it, json_path(template, "metadata.annotations"))
		json_set(annotations, json_key(it), json_dup(it));
	if (json_has(template, "metadata.labels"))
		json_set(metadata, "labels", json_dup(json_path(template, "metadata.labels")));
	json_set(metadata, "ownerReferences", owner_of(cronjob));
	json_set(job, "spec", json_dup(json_get(template, "spec")));
	return job;
}

static void drop_identity(json *labels)
{
	static const char *const keys[] = {"controller-uid", "job-name",
	    "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"};

	for (size_t i = 0; labels && i < ARRAY_LEN(keys); i++)
		json_del(labels, keys[i]);
}

static json *from_job(const json *other, const char *name)
{
	json *job = object_new("batch/v1", "Job", name), *metadata = json_get(job, "metadata");

	if (json_has(other, "metadata.labels"))
		json_set(metadata, "labels", json_dup(json_path(other, "metadata.labels")));
	json_set(job, "spec", json_dup(json_get(other, "spec")));
	json_del_path(job, "spec.selector");
	json_del_path(job, "spec.manualSelector");
	drop_identity(json_get(metadata, "labels"));
	drop_identity(json_path(job, "spec.template.metadata.labels"));
	return job;
}

json *job_from(const json *source, const char *name, struct err *e)
{
	if (str_eq(json_str(source, "apiVersion"), "batch/v1")) {
		if (str_eq(json_str(source, "kind"), "CronJob"))
			return from_cronjob(source, name);
		if (str_eq(json_str(source, "kind"), "Job"))
			return from_job(source, name);
	}
	err_set(e, ERR_BAD_REQUEST, "from must be an existing cronjob or job");
	return NULL;
}
