#include "prune.h"

#include "delete.h"
#include "merge.h"

void prune_release(struct prune *p)
{
	strlist_release(&p->uids);
	strlist_release(&p->namespaces);
}

void prune_note(struct prune *p, const struct resource *r, const char *ns, const json *obj)
{
	const char *uid = json_str(obj, "metadata.uid");

	if (uid)
		strlist_add(&p->uids, uid);
	if (r->namespaced && ns && !strlist_has(&p->namespaces, ns))
		strlist_add(&p->namespaces, ns);
}

/* ---- which kinds ---- */

struct kinds {
	const struct resource **items;
	size_t len, cap;
};

static void add_kind(struct kinds *k, const struct resource *r)
{
	GROW(k->items, k->cap, k->len + 1);
	k->items[k->len++] = r;
}

/* What kubectl looks at unless told otherwise; here, as far as the server has it. */
static void add_usual_kinds(struct kinds *ret, const struct resources *all)
{
	static const char *const usual[][2] = {{"v1", "ConfigMap"}, {"v1", "Endpoints"},
	    {"v1", "Namespace"}, {"v1", "PersistentVolumeClaim"}, {"v1", "PersistentVolume"},
	    {"v1", "Pod"}, {"v1", "ReplicationController"}, {"v1", "Secret"}, {"v1", "Service"},
	    {"batch/v1", "Job"}, {"batch/v1", "CronJob"}, {"networking.k8s.io/v1", "Ingress"},
	    {"apps/v1", "DaemonSet"}, {"apps/v1", "Deployment"}, {"apps/v1", "ReplicaSet"},
	    {"apps/v1", "StatefulSet"}};

	for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
		const struct resource *r = resource_by_kind(all, usual[i][0], usual[i][1], NULL);

		if (r)
			add_kind(ret, r);
	}
}

/* "core/v1/Pod", "batch/v1/Job" */
static int add_named_kind(
    struct kinds *ret, const struct resources *all, const char *text, struct err *e)
{
	auto_strlist parts = {0};
	auto_free char *version = NULL;
	const struct resource *r;

	str_split(&parts, text, '/');
	if (parts.len != 3)
		return err_set(e, ERR_BAD_REQUEST,
		    "invalid GroupVersionKind format: %s, please follow <group/version/kind>",
		    text);
	version = str_eq(parts.items[0], "core")
		      ? xstrdup(parts.items[1])
		      : xasprintf("%s/%s", parts.items[0], parts.items[1]);
	r = resource_by_kind(all, version, parts.items[2], e);
	if (r)
		add_kind(ret, r);
	return r ? 0 : -1;
}

static int find_kinds(struct cmd_ctx *ctx, struct kinds *ret, struct err *e)
{
	const struct strlist *named = opts_list(&ctx->opts, "prune-allowlist");
	const struct resources *all = resources_load(ctx, e);

	if (!all)
		return -1;
	if (!named->len)
		add_usual_kinds(ret, all);
	for (size_t i = 0; i < named->len; i++)
		if (add_named_kind(ret, all, named->items[i], e) < 0)
			return -1;
	return 0;
}

int prune_check_options(struct cmd_ctx *ctx, struct err *e)
{
	const struct opts *o = &ctx->opts;
	bool all = opts_bool(o, "all"), selected = *opts_str(o, "selector");
	struct kinds kinds = {0};
	int rc;

	if (all && selected)
		return err_set(
		    e, ERR_BAD_REQUEST, "cannot set --all and --selector at the same time");
	if (!opts_bool(o, "prune"))
		return 0;
	if (!all && !selected)
		return err_set(e, ERR_BAD_REQUEST,
		    "all resources selected for prune without explicitly passing --all. To prune "
		    "all resources, pass the --all flag. If you did not mean to prune all "
		    "resources, specify a label selector");
	if (opts_bool(o, "server-side"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--prune is in alpha and doesn't currently work on objects created by "
		    "server-side apply");
	rc = find_kinds(ctx, &kinds, e);
	free(kinds.items);
	return rc;
}

/* ---- which objects ---- */

/* Only what apply made; and what a file still has is not among them. */
static void add_victims(
    struct picks *ret, const struct prune *p, const struct resource *r, const json *list)
{
	json_for (it, json_get(list, "items")) {
		struct picked *victim;

		if (!json_get(json_path(it, "metadata.annotations"), LAST_APPLIED) ||
		    strlist_has(&p->uids, json_str_or(it, "metadata.uid", "")))
			continue;
		victim = picks_add(ret, r, json_str(it, "metadata.namespace"),
		    json_str_or(it, "metadata.name", ""));
		victim->live = json_dup(it);
		resource_set_type(r, victim->live);
	}
}

static int find_victims(struct cmd_ctx *ctx, const struct prune *p, const struct resource *r,
    const char *ns, struct picks *ret, struct err *e)
{
	auto_buf path = {0};
	auto_json *list = NULL;

	resource_path(r, ns, NULL, NULL, &path);
	query_add(&path, "labelSelector", opts_str(&ctx->opts, "selector"));
	list = client_get_json(ctx->client, buf_str(&path), e);
	if (!list)
		return -1;
	add_victims(ret, p, r, list);
	return 0;
}

static int find_all(struct cmd_ctx *ctx, const struct prune *p, struct picks *ret, struct err *e)
{
	struct kinds kinds = {0};
	int rc = find_kinds(ctx, &kinds, e);

	for (size_t n = 0; n < p->namespaces.len; n++)
		for (size_t i = 0; rc == 0 && i < kinds.len; i++)
			if (kinds.items[i]->namespaced)
				rc = find_victims(
				    ctx, p, kinds.items[i], p->namespaces.items[n], ret, e);
	for (size_t i = 0; rc == 0 && i < kinds.len; i++)
		if (!kinds.items[i]->namespaced)
			rc = find_victims(ctx, p, kinds.items[i], NULL, ret, e);
	free(kinds.items);
	return rc;
}

static void tell_pruned(struct cmd_ctx *ctx, const struct picked *it, void *printer)
{
	auto_err e = {0};

	if (print_result(ctx, printer, it->resource, it->live, "pruned",
		opts_str(&ctx->opts, "dry-run"), &e) < 0)
		cmd_report(ctx, &e);
}

int prune_others(struct cmd_ctx *ctx, const struct prune *p, struct printer *printer, struct err *e)
{
	auto_picks victims = {0};
	struct delete_how how = {.grace = opts_int(&ctx->opts, "grace-period"),
	    .ignore_missing = true,
	    .wait =
		opts_bool(&ctx->opts, "wait") && str_eq(opts_str(&ctx->opts, "dry-run"), "none"),
	    .tell = tell_pruned,
	    .arg = printer};

	if (!opts_bool(&ctx->opts, "prune"))
		return 0;
	if (find_all(ctx, p, &victims, e) < 0)
		return -1;
	return delete_picked(ctx, &victims, &how, e) < 0 ? -1 : 0;
}
