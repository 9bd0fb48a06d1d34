/* validate: the rules of each kind; private to the api folder. Values are of the right types:
 * decoding saw to that. */
#ifndef KJOB_API_VALIDATE_H
#define KJOB_API_VALIDATE_H

#include "report.h"
#include "schema.h"

/* ---- validate.c: metadata and what all kinds share ---- */

void validate_labels(struct report *r, const json *labels, const struct place *p);
void validate_annotations(struct report *r, const json *annotations, const struct place *p);
void validate_label_selector(struct report *r, const json *selector, const struct place *p);
/* One error for each broken rule that CHECK (names.h) finds. */
void validate_name(struct report *r, const char *s, void (*check)(const char *, struct strlist *),
    const struct place *p);
/* A present member that has an enumeration must have one of its values. */
void validate_enum(struct report *r, const struct schema *s, const json *obj, const char *name,
    const struct place *up);
/* A present member must not be negative. */
void validate_nonnegative(
    struct report *r, const json *obj, const char *name, const struct place *up);

/* ---- validate_pod.c ---- */

void validate_pod_spec(struct report *r, const json *spec, const struct place *p);
/* What holds for Pods and not for templates. */
void validate_pod(struct report *r, const json *pod);
void validate_pod_update(struct report *r, const json *pod, const json *old);
/* Fields of a pod spec that are legal and not supported, beyond those that schema rows mark. */
void validate_pod_later(struct report *r, const json *spec, const struct place *p);
void warn_pod_spec(const json *spec, const struct place *p, struct strlist *warnings);

/* ---- validate_restart.c ---- */

/* The restart policy and its rules; and what init containers must not have (init: it is of that
 * list). */
void validate_container_restart(struct report *r, const json *c, const struct place *p, bool init);

/* ---- validate_probe.c ---- */

/* Probes and lifecycle hooks; grace: the pod's, in seconds. */
void validate_container_probes(
    struct report *r, const json *c, int64_t grace, const struct place *p);

/* ---- validate_env.c ---- */

/* The variables of a container: names, and one source for each value. */
void validate_env(struct report *r, const json *env, const struct place *p);
void validate_env_from(struct report *r, const json *list, const struct place *p);
/* A fieldRef whose path must be one of `allowed` (NULL-terminated), or an entry of a map. */
void validate_field_ref(
    struct report *r, const json *ref, const struct place *p, const char *const *allowed);
/* in_volume: the container must be named. */
void validate_resource_field_ref(
    struct report *r, const json *ref, const struct place *p, bool in_volume);

/* ---- validate_volumes.c ---- */

/* The volumes of a pod, and what its containers mount of them. */
void validate_volumes(struct report *r, const json *spec, const struct place *p);
/* Values that are legal and not supported, which no schema row can tell. */
void validate_volumes_later(struct report *r, const json *spec, const struct place *p);

/* ---- validate_claim.c ---- */

/* old: NULL on create. */
void validate_claim(struct report *r, const json *claim, const json *old);
/* The spec of a claim, also of one that a pod has made. */
void validate_claim_spec(struct report *r, const json *spec, const struct place *p);

/* ---- validate_config.c ---- */

/* old: NULL on create. */
void validate_config_map(struct report *r, const json *map, const json *old);
void validate_secret(struct report *r, const json *secret, const json *old);

/* ---- validate_service.c ---- */

/* old: NULL on create. */
void validate_service(struct report *r, const json *service, const json *old);
void validate_endpoints(struct report *r, const json *endpoints);
void validate_endpoint_slice(struct report *r, const json *slice, const json *old);

/* ---- validate_security.c ---- */

void validate_pod_security(struct report *r, const json *spec, const struct place *p);
void validate_security(
    struct report *r, const json *container, bool host_users, const struct place *p);
/* Of a pod's spec or a container: what is legal and not supported. */
void validate_security_later(struct report *r, const json *context, const struct place *p);

/* ---- validate_network.c ---- */

/* Ports of the host, subdomain, hostAliases and the resolver of a pod's spec. */
void validate_network(struct report *r, const json *spec, bool is_pod, const struct place *p);

/* ---- validate_node.c ---- */

void validate_tolerations(struct report *r, const json *list, const struct place *p);
void validate_node(struct report *r, const json *node);

/* ---- validate_job.c ---- */

void validate_job(struct report *r, const json *job);
bool job_is_indexed(const json *spec);
/* On a Job: "true" also where its pods take over hostnames, "false" nowhere. */
#define REUSE_ANNOTATION "kjob.io/reuse-sandbox"
void warn_job(const json *job, struct strlist *warnings);
/* metadata and spec of a template for pods, at its place. */
void validate_pod_template(struct report *r, const json *template, const struct place *p);
/* The spec of a Job or of a CronJob's template, at its place; all but the selector. */
void validate_job_spec(struct report *r, const json *spec, const struct place *p);
/* `path`: where the spec is. */
void warn_job_spec(const json *spec, const char *path, struct strlist *warnings);
/* A name that pods are named after had better be a DNS label. */
void warn_pod_name(const json *obj, struct strlist *warnings);

/* ---- validate_cronjob.c ---- */

/* old: NULL on create. */
void validate_cronjob(struct report *r, const json *cron, const json *old);
/* The part of validate_pod_later in the template. */
void validate_cronjob_later(struct report *r, const json *cron);
void warn_cronjob(const json *cron, struct strlist *warnings);

/* ---- validate_job_update.c ---- */

void validate_job_update(struct report *r, const json *job, const json *old);
/* A status that somebody writes through the subresource. */
void validate_job_status(struct report *r, const json *job, const json *old);

/* ---- validate_policy.c ---- */

void validate_pod_failure_policy(
    struct report *r, const json *spec, const struct place *spec_place);
void validate_success_policy(struct report *r, const json *spec, const struct place *spec_place);

#endif
