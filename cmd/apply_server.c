/*
 * apply_server: apply --server-side. Besides the request itself, what goes over from client-side
 * apply: its fields become those of this manager, so that what a manifest drops is removed, and the
 * record of it gets an owner of its own that later applies do not take away.
 */
#include <stdio.h>

#include "applying.h"
#include "merge.h"

#define MIME_APPLY "application/apply-patch+yaml"
#define CLIENT_SIDE "kubectl-client-side-apply"
#define RECORD_OWNER "kubectl-last-applied"

static struct pending *begin_apply(const struct applying *a, const json *config)
{
	auto_buf path = {0};

	applying_path(a, a->t.name, &path);
	query_add(&path, "force", a->force ? "true" : "false");
	return client_begin_json(a->client, "PATCH", buf_str(&path), MIME_APPLY, config);
}

static json *send_apply(const struct applying *a, const json *config, struct err *e)
{
	return client_end_json(begin_apply(a, config), e);
}

/* kubectl's advice behind the conflicts. */
static int advise(struct err *e)
{
	auto_free char *conflicts = NULL;

	if (!err_is_status(e) || e->reason != ERR_CONFLICT)
		return -1;
	conflicts = xstrdup(err_msg(e));
	return err_set(e, ERR_CONFLICT,
	    "%s\n"
	    "Please review the fields above--they currently have other managers. Here\n"
	    "are the ways you can resolve this warning:\n"
	    "* If you intend to manage all of these fields, please re-run the apply\n"
	    "  command with the `--force-conflicts` flag.\n"
	    "* If you do not intend to manage all of the fields, please edit your\n"
	    "  manifest to remove references to the fields that should keep their\n"
	    "  current managers.\n"
	    "* You may co-own fields by updating your manifest to match the existing\n"
	    "  value; in this case, you'll become the manager if the other manager(s)\n"
	    "  stop managing the field (remove it from their configuration).\n"
	    "See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts",
	    conflicts);
}

/* ---- from client-side apply ---- */

static json *find_entry(json *entries, const char *manager, const char *operation)
{
	json_for (entry, entries)
		if (str_eq(json_str(entry, "manager"), manager) &&
		    str_eq(json_str(entry, "operation"), operation) &&
		    !*json_str_or(entry, "subresource", ""))
			return entry;
	return NULL;
}

/* Gives the record of client-side apply an owner that keeps it. */
static int keep_record(const struct applying *a, const json *obj, struct err *e)
{
	const char *record =
	    json_string_value(json_get(json_path(obj, "metadata.annotations"), LAST_APPLIED));
	struct applying owner = *a;
	auto_json *config = NULL, *done = NULL;

	if (!record || find_entry(json_path(obj, "metadata.managedFields"), RECORD_OWNER, "Apply"))
		return 0;
	config = object_new(json_str(obj, "apiVersion"), json_str(obj, "kind"), a->t.name);
	json_set_str(
	    json_obj(config, "metadata"), "namespace", json_str(obj, "metadata.namespace"));
	json_set_str(json_obj(config, "metadata.annotations"), LAST_APPLIED, record);
	owner.manager = RECORD_OWNER;
	done = send_apply(&owner, config, e);
	return done ? 0 : -1;
}

static void add_step(json *steps, const char *path, json *value)
{
	json *step = json_new_object();

	json_set_str(step, "op", "replace");
	json_set_str(step, "path", path);
	json_set(step, "value", value);
	json_add(steps, step);
}

/* Makes what client-side apply owns this manager's. */
static int take_over(const struct applying *a, const json *obj, struct err *e)
{
	auto_json *entries = json_dup(json_path(obj, "metadata.managedFields"));
	auto_json *steps = json_new_array(), *fields = NULL, *done = NULL;
	json *old = find_entry(entries, CLIENT_SIDE, "Update");
	json *own = find_entry(entries, a->manager, "Apply");
	auto_buf path = {0};

	if (!old || !own)
		return 0;
	fields = json_take(old, "fieldsV1");
	json_remove(entries, old);
	if (fields)
		json_merge_patch(json_obj(own, "fieldsV1"), fields);
	add_step(steps, "/metadata/managedFields", TAKE(entries));
	add_step(steps, "/metadata/resourceVersion",
	    json_new_string(json_str_or(obj, "metadata.resourceVersion", "")));
	applying_path(a, a->t.name, &path);
	done = client_send_json(a->client, "PATCH", buf_str(&path), MIME_JSON_PATCH, steps, e);
	return done ? 1 : -1;
}

/* Whether the object has to be applied once more. */
static bool migrate(const struct applying *a, const json *obj)
{
	auto_err e = {0};
	auto_json *now = NULL;
	bool record = str_eq(a->manager, "kubectl");
	int moved = -1;

	if (str_eq(a->dry_run, "server") ||
	    !find_entry(json_path(obj, "metadata.managedFields"), CLIENT_SIDE, "Update"))
		return false;
	if ((!record || keep_record(a, obj, &e) == 0) && applying_live(a, &now, &e) == 0)
		moved = take_over(a, now, &e);
	if (moved < 0)
		fprintf(stderr, "Warning: server-side apply migration failed for %s/%s: %s\n",
		    a->t.resource->name, a->t.name, err_msg(&e));
	return moved > 0;
}

struct pending *apply_on_server_begin(const struct applying *a)
{
	return begin_apply(a, a->m->obj);
}

json *apply_on_server_end(const struct applying *a, struct pending *sent, struct err *e)
{
	auto_json *applied = client_end_json(sent, e);

	if (applied && migrate(a, applied)) {
		json_free(applied);
		applied = send_apply(a, a->m->obj, e);
	}
	if (!applied)
		advise(e);
	return TAKE(applied);
}
