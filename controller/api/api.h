/*
 * api: the object model as tables. Kinds, their schema, and everything that is derived from them:
 * strict decoding, defaults, validation, preparation on create and update, selectors, tables for
 * `get`. Pure: no I/O, no clock (now is an argument), no engine, no store.
 */
#ifndef KJOB_API_H
#define KJOB_API_H

#include "../../runtime/base/json.h"
#include "../../runtime/base/str.h"

/* ---- kinds (kinds.c) ---- */

struct schema; /* schema.h */

enum kind_id {
	KIND_POD,
	KIND_EVENT,
	KIND_NAMESPACE,
	KIND_NODE,
	KIND_JOB,
	KIND_CRONJOB,
	KIND_CONFIGMAP,
	KIND_SECRET,
	KIND_SERVICE,
	KIND_ENDPOINTS,
	KIND_ENDPOINT_SLICE,
	KIND_PERSISTENTVOLUMECLAIM,
	KIND_SERVICE_ACCOUNT,
	KIND_POD_TEMPLATE,
	KIND_LEASE,
	KIND_COUNT /* of what is stored; the id of all that can only be asked for */
};

struct kind {
	enum kind_id id;
	const char *group;              /* "" for core, "batch" */
	const char *version;            /* "v1" */
	const char *kind;               /* "Job" */
	const char *resource;           /* "jobs" */
	const char *singular;           /* "job" */
	const char *const *short_names; /* NULL-terminated, may be NULL */
	const char *const *categories;  /* "all", … */
	bool namespaced;
	bool has_status; /* spec/status split with a status subresource */
	bool has_generation;
	const char *const *subresources; /* "status", "log", … */
	const struct schema *schema;
};

const struct kind *kind_by_id(enum kind_id id);
/* Every resource in turn: what is stored, then what can only be asked for; NULL: the end. */
const struct kind *kind_at(size_t i);
/* By group, version and plural resource name; NULL: none. */
const struct kind *kind_by_resource(const char *group, const char *version, const char *resource);
/* By apiVersion ("batch/v1") and kind ("Job"); NULL: none. */
const struct kind *kind_by_gvk(const char *api_version, const char *kind);
#define EVENTS_GROUP "events.k8s.io"
#define EVENTS_VERSION "v1"
#define AUTHENTICATION_GROUP "authentication.k8s.io"
#define AUTHORIZATION_GROUP "authorization.k8s.io"
#define METRICS_GROUP "metrics.k8s.io"
#define METRICS_VERSION "v1beta1"
/* "batch/v1" or "v1"; static. */
const char *kind_api_version(const struct kind *k);
/* "jobs.batch" or "pods": how messages name a resource; static. */
const char *kind_qualified(const struct kind *k);
/* The NotFound, AlreadyExists and Conflict errors in Kubernetes' words, with details; return -1. */
int err_not_found(struct err *e, const struct kind *k, const char *name);
int err_already_exists(struct err *e, const struct kind *k, const char *name);
int err_conflict(struct err *e, const struct kind *k, const char *name);
/* A metav1.Status object for an error; or a Success status. Owned. */
json *status_from_err(const struct err *e);
json *status_success(void);

/* ---- decoding (decode.c) ---- */

enum field_validation { FIELDS_STRICT, FIELDS_WARN, FIELDS_IGNORE };
/*
 * Text of a request body into an object of the kind. Checks JSON, apiVersion and kind (filling them
 * in when both are absent is not done: 400), types of every field, unknown and duplicate fields,
 * with did-you-mean behind upstream's text. Under WARN the texts go to `warnings`, under IGNORE
 * nowhere; such fields are dropped either way. null members vanish.
 */
json *api_decode(const struct kind *k, const char *text, size_t len, enum field_validation mode,
    struct strlist *warnings, struct err *e) MUST_USE;
/*
 * The same for a tree, in place; apiVersion and kind are not looked at. Texts about unknown fields
 * are appended to `strict`, NULL: not wanted. The error is bare: it does not name the kind.
 */
int api_decode_tree(
    const struct kind *k, json *root, struct strlist *strict, struct err *e) MUST_USE;

/* ---- protobuf (protobuf.c) ---- */

#define MEDIA_PROTOBUF "application/vnd.kubernetes.protobuf"
/*
 * A body of that media type as JSON text of the same meaning, appended to out: of whatever kind a
 * request can hold. Nothing but the wire format is checked. Texts about fields that the schema does
 * not know are appended to `unknown`; NULL: not wanted.
 */
int api_protobuf_to_json(
    const void *body, size_t len, struct strlist *unknown, struct buf *out, struct err *e) MUST_USE;

/* ---- life of an object (defaults.c, validate*.c, strategy.c) ---- */

/* Writes the defaults of the kind into the object; idempotent. Runs on create, update and before
 * validation. */
void api_default(const struct kind *k, json *obj);
/* In a namespace's spec.finalizers from its creation until its content is gone. */
#define NAMESPACE_FINALIZER "kubernetes"
/* The condition PodScheduled of a pod with schedulingGates. */
#define POD_GATED_REASON "SchedulingGated"
#define POD_GATED_MESSAGE "Scheduling is blocked due to non-empty scheduling gates"
/*
 * What the server sets on create before validation: drops status, sets initial status where the
 * kind has one (Pod: phase Pending, qosClass, what gates hold), Job's generated labels and
 * selector. metadata.uid must be set already.
 */
void api_prepare_create(const struct kind *k, json *obj);
/* On PUT and PATCH: status and system metadata come from `old`; generation rises when spec changed.
 */
void api_prepare_update(const struct kind *k, json *obj, const json *old);
/*
 * All errors together, as 422 Invalid with causes; warnings for the Warning header. Fields whose
 * behaviour this version does not have are rejected here: `spec.x: Forbidden: not supported by this
 * version of kjob`.
 */
int api_validate_create(
    const struct kind *k, const json *obj, struct strlist *warnings, struct err *e) MUST_USE;
int api_validate_update(
    const struct kind *k, const json *obj, const json *old, struct err *e) MUST_USE;
/* The same for an update of the status alone: what else it says has been put aside. */
int api_validate_status(
    const struct kind *k, const json *obj, const json *old, struct err *e) MUST_USE;
/* The name a created object gets from generateName: base cut to 58 characters + 5 random ones;
 * owned. */
char *api_generate_name(const char *base);

/* ---- selectors (selector.c) ---- */

struct selector; /* label or field requirements, ANDed */
/* Label selector text: k=v, k==v, k!=v, k in (a,b), k notin (a), k, !k. ERR_BAD_REQUEST with
 * Kubernetes' text. */
struct selector *label_selector_parse(const char *text, struct err *e) MUST_USE;
/* A metav1.LabelSelector object (matchLabels, matchExpressions). */
struct selector *label_selector_from(const json *selector, struct err *e) MUST_USE;
/* Field selector text: k=v, k==v, k!=v; only fields that the kind offers. */
struct selector *field_selector_parse(
    const struct kind *k, const char *text, struct err *e) MUST_USE;
bool selector_is_empty(const struct selector *s);
/* get(ctx, key) gives the value of a label or field, NULL where absent. */
bool selector_matches(
    const struct selector *s, const char *(*get)(void *ctx, const char *key), void *ctx);
/* Labels of an object given as the JSON object metadata.labels (NULL: none). */
bool selector_matches_labels(const struct selector *s, const json *labels);
void selector_free(struct selector *s);
/*
 * The fields of an object that field selectors of its kind can name, and its labels, as compact
 * text that the store keeps beside the object: "key\0value\0…" pairs, so that lists select without
 * parsing. Appends to out.
 */
void api_index_fields(const struct kind *k, const json *obj, struct buf *out);
void api_index_labels(const json *obj, struct buf *out);
/* Whether a selector holds for such text. */
bool selector_matches_index(const struct selector *s, const char *index, size_t len);

/* ---- tables (table.c) ---- */

enum include_object { INCLUDE_METADATA, INCLUDE_NONE, INCLUDE_OBJECT };
/* The columnDefinitions of a kind (priority 0: always, 1: -o wide); owned array. */
json *table_columns(const struct kind *k);
/* A PartialObjectMetadata with the object's metadata; owned. */
json *partial_metadata(const json *obj);
/* Makes the rows of one Table. now: seconds since the epoch, for ages. */
struct table_rows *table_rows_new(const struct kind *k, enum include_object include, int64_t now);
void table_rows_free(struct table_rows *t); /* NULL is fine */
/*
 * Appends one row: {"cells": […], "object": …}. body: the object as json_print writes it, with
 * its metadata; metadata alone is shown without managedFields. -1: body is no JSON.
 */
int table_row(struct table_rows *t, const char *body, size_t len, struct buf *out,
    struct err *e) MUST_USE;

/* ---- quantities (quantity.c) ---- */

/* Parses a resource.Quantity; canonical text is owned ("1000m" → "1"). value_milli saturates. */
int quantity_parse(
    const char *text, char **ret_canonical, int64_t *ret_milli, struct err *e) MUST_USE;

#endif
