/* validate_job: Jobs on create and update. */
#include "names.h"
#include "validate.h"

#define INDEXED_MAX 100000      /* parallelism, maxFailedIndexes */
#define MANY_COMPLETIONS 100000 /* above: fewer pods and failures with limits per index */
#define MANY_MAX 10000
#define MANAGED_BY_MAX 63

bool job_is_indexed(const json *spec)
{
	return str_eq(json_str_or(spec, "completionMode", ""), "Indexed");
}

/* ---- selector ---- */

static void validate_generated_label(
    struct report *r, const json *job, const char *key, const char *want)
{
	struct place spec = PLACE(NULL, "spec"), template = PLACE(&spec, "template");
	struct place meta = PLACE(&template, "metadata"), labels = PLACE(&meta, "labels"),
		     p = PLACE_KEY(&labels, key);
	const json *all = json_path(job, "spec.template.metadata.labels");
	const char *have = json_string_value(json_get(all, key));
	auto_free char *detail = xasprintf("must be '%s'", want);

	if (!have)
		bad_required(r, &p, detail);
	else if (!str_eq(have, want))
		bad_invalid(r, &p, all, "%s", detail);
}

/* Labels and selector are the generated ones, unless the user supplies them. */
static void validate_generated_selector(struct report *r, const json *job)
{
	static const char prefix[] = "batch.kubernetes.io/";
	struct place spec = PLACE(NULL, "spec"), at = PLACE(&spec, "selector");
	const json *selector = json_path(job, "spec.selector");
	const char *uid = json_str_or(job, "metadata.uid", ""),
		   *name = json_str_or(job, "metadata.name", "");
	auto_free char *uid_key = xasprintf("%scontroller-uid", prefix),
		       *name_key = xasprintf("%sjob-name", prefix);
	auto_json *expected = json_new_object();
	struct selector *s;

	if (!selector || json_bool(job, "spec.manualSelector", false))
		return;
	validate_generated_label(r, job, "controller-uid", uid);
	validate_generated_label(r, job, "job-name", name);
	validate_generated_label(r, job, uid_key, uid);
	validate_generated_label(r, job, name_key, name);
	json_set_str(expected, "controller-uid", uid);
	json_set_str(expected, "job-name", name);
	json_set_str(expected, uid_key, uid);
	json_set_str(expected, name_key, name);
	s = label_selector_from(selector, NULL);
	if (s && !selector_matches_labels(s, expected))
		bad_invalid(r, &at, selector, "`selector` not auto-generated");
	selector_free(s);
}

static void validate_selector(struct report *r, const json *spec, const struct place *p)
{
	struct place at = PLACE(p, "selector"), template = PLACE(p, "template"),
		     meta = PLACE(&template, "metadata");
	struct place labels = PLACE(&meta, "labels");
	const json *selector = json_get(spec, "selector"),
		   *have = json_path(spec, "template.metadata.labels");
	auto_json *none = json_new_object();
	struct selector *s;

	if (!selector)
		bad_required(r, &at, "");
	else
		validate_label_selector(r, selector, &at);
	s = label_selector_from(selector, NULL);
	if (s && !selector_matches_labels(s, have))
		bad_invalid(
		    r, &labels, have ? have : none, "`selector` does not match template `labels`");
	selector_free(s);
}

/* ---- fields of the spec ---- */

/* A present number above `max`. */
static bool above(const json *spec, const char *name, int64_t max)
{
	int64_t n;

	return json_is_int(json_get(spec, name), &n) && n > max;
}

static void validate_indexed(struct report *r, const json *spec, const struct place *p)
{
	struct place completions = PLACE(p, "completions"), parallelism = PLACE(p, "parallelism");
	struct place failed = PLACE(p, "maxFailedIndexes");
	const json *max_failed = json_get(spec, "maxFailedIndexes"),
		   *at_once = json_get(spec, "parallelism");

	if (!json_get(spec, "completions"))
		bad_required(r, &completions, "when completion mode is Indexed");
	if (above(spec, "parallelism", INDEXED_MAX))
		bad_invalid(r, &parallelism, at_once,
		    "must be less than or equal to %d when completion mode is Indexed",
		    INDEXED_MAX);
	if (json_get(spec, "completions") &&
	    above(spec, "maxFailedIndexes", json_int(spec, "completions", 0)))
		bad_invalid(r, &failed, max_failed, "must be less than or equal to completions");
	if (above(spec, "maxFailedIndexes", INDEXED_MAX))
		bad_invalid(
		    r, &failed, max_failed, "must be less than or equal to %d", INDEXED_MAX);
	if (!above(spec, "completions", MANY_COMPLETIONS) ||
	    !json_get(spec, "backoffLimitPerIndex"))
		return;
	if (!max_failed)
		bad_required(r, &failed, "must be specified when completions is above 100000");
	if (above(spec, "parallelism", MANY_MAX))
		bad_invalid(r, &parallelism, at_once,
		    "must be less than or equal to %d when completions are above %d and used with "
		    "backoff limit per "
		    "index",
		    MANY_MAX, MANY_COMPLETIONS);
	if (above(spec, "maxFailedIndexes", MANY_MAX))
		bad_invalid(r, &failed, max_failed,
		    "must be less than or equal to %d when completions are above %d and used with "
		    "backoff limit per "
		    "index",
		    MANY_MAX, MANY_COMPLETIONS);
}

static void needs_indexed(
    struct report *r, const json *spec, const char *name, const struct place *p)
{
	struct place at = PLACE(p, name);

	if (json_get(spec, name))
		bad_invalid(r, &at, json_get(spec, name), "requires indexed completion mode");
}

/* An unknown mode is error enough. */
static bool is_not_indexed(const json *spec)
{
	return str_eq(json_str_or(spec, "completionMode", "NonIndexed"), "NonIndexed");
}

static void validate_managed_by(struct report *r, const json *spec, const struct place *p)
{
	const char *value = json_str(spec, "managedBy");
	struct place at = PLACE(p, "managedBy");

	if (!value)
		return;
	validate_name(r, value, name_check_domain_path, &at);
	if (strlen(value) > MANAGED_BY_MAX)
		bad_too_long(r, &at, MANAGED_BY_MAX);
}

static void validate_replacement_policy(struct report *r, const json *spec, const struct place *p)
{
	static const char *const only_failed[] = {"Failed", NULL};
	const char *value = json_str_or(spec, "podReplacementPolicy", "");
	struct place at = PLACE(p, "podReplacementPolicy");

	if (!json_get(spec, "podFailurePolicy"))
		validate_enum(r, &schema_job_spec, spec, "podReplacementPolicy", p);
	else if (*value && !str_eq(value, "Failed"))
		bad_unsupported(r, &at, value, only_failed);
}

static void validate_restart_policy(struct report *r, const json *spec, const struct place *p)
{
	static const char *const allowed[] = {"OnFailure", "Never", NULL};
	struct place template = PLACE(p, "template"), pod = PLACE(&template, "spec"),
		     at = PLACE(&pod, "restartPolicy");
	const json *value = json_path(spec, "template.spec.restartPolicy");
	const char *text = json_string_value(value);

	if (!text || !*text || str_eq(text, "Always"))
		bad_required(r, &at, "valid values: \"OnFailure\", \"Never\"");
	else if (!str_eq(text, "OnFailure") && !str_eq(text, "Never"))
		bad_unsupported(r, &at, text, allowed);
	else if (json_get(spec, "podFailurePolicy") && !str_eq(text, "Never"))
		bad_invalid(r, &at, value,
		    "only \"Never\" is supported when podFailurePolicy is specified");
}

void validate_pod_template(struct report *r, const json *template, const struct place *p)
{
	struct place labels = PLACE(p, "labels"), annotations = PLACE(p, "annotations"),
		     spec = PLACE(p, "spec");
	struct place ephemeral = PLACE(&spec, "ephemeralContainers");

	validate_labels(r, json_path(template, "metadata.labels"), &labels);
	validate_annotations(r, json_path(template, "metadata.annotations"), &annotations);
	validate_pod_spec(r, json_get(template, "spec"), &spec);
	if (json_first(json_path(template, "spec.ephemeralContainers")))
		bad_forbidden(r, &ephemeral, "ephemeral containers not allowed in pod template");
}

void validate_job_spec(struct report *r, const json *spec, const struct place *p)
{
	static const char *const counts[] = {"parallelism", "completions", "activeDeadlineSeconds",
	    "backoffLimit", "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes"};
	struct place per_index = PLACE(p, "backoffLimitPerIndex"), template = PLACE(p, "template");

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		validate_nonnegative(r, spec, counts[i], p);
	if (json_get(spec, "maxFailedIndexes") && !json_get(spec, "backoffLimitPerIndex"))
		bad_required(r, &per_index, "when maxFailedIndexes is specified");
	validate_managed_by(r, spec, p);
	validate_enum(r, &schema_job_spec, spec, "completionMode", p);
	if (job_is_indexed(spec))
		validate_indexed(r, spec, p);
	if (is_not_indexed(spec)) {
		needs_indexed(r, spec, "backoffLimitPerIndex", p);
		needs_indexed(r, spec, "maxFailedIndexes", p);
	}
	validate_pod_failure_policy(r, spec, p);
	if (job_is_indexed(spec))
		validate_success_policy(r, spec, p);
	else
		needs_indexed(r, spec, "successPolicy", p);
	validate_replacement_policy(r, spec, p);
	validate_pod_template(r, json_get(spec, "template"), &template);
	validate_restart_policy(r, spec, p);
}

/* The last pod of an Indexed Job is named after it: that must be a DNS label. */
static void validate_indexed_name(struct report *r, const json *job)
{
	struct place meta = PLACE(NULL, "metadata"), at = PLACE(&meta, "name");
	int64_t completions = json_int(job, "spec.completions", 0);
	auto_strlist problems = {0};
	auto_free char *last = NULL;

	if (!job_is_indexed(json_get(job, "spec")) || completions <= 0)
		return;
	last =
	    xasprintf("%s-%lld", json_str_or(job, "metadata.name", ""), (long long)completions - 1);
	name_check_dns_label(last, &problems);
	if (problems.len)
		bad_invalid(r, &at, json_path(job, "metadata.name"),
		    "will not able to create pod with invalid DNS label: %s", last);
}

void validate_job(struct report *r, const json *job)
{
	struct place spec = PLACE(NULL, "spec");

	validate_generated_selector(r, job);
	validate_job_spec(r, json_get(job, "spec"), &spec);
	validate_selector(r, json_get(job, "spec"), &spec);
	validate_indexed_name(r, job);
}

/* ---- warnings ---- */

void warn_pod_name(const json *obj, struct strlist *warnings)
{
	auto_strlist problems = {0};

	name_check_dns_label(json_str_or(obj, "metadata.name", ""), &problems);
	if (problems.len) {
		auto_free char *all = strlist_join(&problems, " ");

		strlist_addf(warnings,
		    "metadata.name: this is used in Pod names and hostnames, which can result in "
		    "surprising behavior; a "
		    "DNS label is recommended: [%s]",
		    all);
	}
}

void warn_job_spec(const json *spec, const char *path, struct strlist *warnings)
{
	if (job_is_indexed(spec) && above(spec, "completions", MANY_COMPLETIONS) &&
	    above(spec, "parallelism", MANY_MAX))
		strlist_addf(warnings,
		    "%s: In Indexed Jobs with a number of completions higher than 10^5 and a "
		    "parallelism higher than 10^4, Kubernetes might not be able to track "
		    "completedIndexes when a big number of indexes fail",
		    path);
}

void warn_job(const json *job, struct strlist *warnings)
{
	const char *wish =
	    json_string_value(json_get(json_path(job, "metadata.annotations"), REUSE_ANNOTATION));

	warn_pod_name(job, warnings);
	warn_job_spec(json_get(job, "spec"), "spec", warnings);
	if (wish && !str_eq(wish, "true") && !str_eq(wish, "false"))
		strlist_addf(warnings,
		    "metadata.annotations[" REUSE_ANNOTATION
		    "]: \"%s\" is neither true nor false, and without effect",
		    wish);
}
