/*
 * describe: objects as text for people, in kubectl's layout. Kinds are tables of rows: a label,
 * where its value is, how it is printed. Pure: what is needed besides the object is handed in, the
 * clock too. Fields that are absent or of another type than expected never matter: such a line says
 * <none>, or is left out.
 *
 * Everything is borrowed; only the text that describe_object appends is the caller's.
 */
#ifndef KJOB_CMD_DESCRIBE_H
#define KJOB_CMD_DESCRIBE_H

#include "../runtime/base/json.h"
#include "describe_text.h"

struct describe_input {
	const json *object;
	const json *events;      /* array; NULL: not to be shown */
	const json *lease;       /* of a node; NULL: none */
	const char *lease_error; /* why there is none; NULL: the server has no leases */
	const json *pods; /* array: of a node, those that are not finished; of a claim, all of its
			     namespace */
	const json *secrets; /* array: those of a service account's namespace */
	const json *slices;  /* array: the EndpointSlices of a Service */
	int64_t now;         /* seconds since the epoch */
};

/* Appends the whole description. */
void describe_object(const struct describe_input *in, struct buf *out);

/* ---- for the files of describe alone ---- */

struct describe {
	const struct describe_input *in;
	struct dtext text;
	bool nested; /* within a pod template: headings are indented */
};

struct drow;
/* Appends a value as text; value is NULL where it is absent. */
typedef void drow_format(const struct describe *d, const json *value, struct buf *text);
/* Writes lines of its own. */
typedef void drow_block(struct describe *d, int level, const struct drow *row, const json *value);

/* One line `LABEL:<tab>VALUE`, or a block of lines. */
struct drow {
	const char *label;
	const char *path;    /* from the object that the table is about; NULL: that object itself */
	drow_format *format; /* NULL: the scalar as it is */
	const char
	    *absent; /* the text for an absent value; NULL: no line then, nor for an empty text */
	drow_block *block; /* instead of a line */
};

#define ROW(label_, path_, ...)                             \
	{                                                   \
		.label = label_, .path = path_, __VA_ARGS__ \
	}

void describe_rows(
    struct describe *d, int level, const struct drow *rows, size_t count, const json *obj);
#define DESCRIBE_ROWS(d, level, rows, obj) describe_rows(d, level, rows, ARRAY_LEN(rows), obj)

/* A member's name; "" for what should be a member and is none. */
const char *describe_key(const json *member);
/* The scalar at a path as text, owned; the fallback where it is absent. */
char *describe_text(const json *obj, const char *path, const char *fallback);
/* HumanDuration since a time stamp; "<unknown>" for none. Returns buf. */
char *describe_since(const struct describe *d, const char *stamp, char *buf);
/* The members or items of a container, sorted by name, or by the text at path: an owned array of
 * borrowed pointers. */
const json **describe_sorted(const json *container, const char *path, size_t *ret_len);

drow_format format_time, format_seconds, format_title_bool, format_selector, format_controller,
    format_joined;
drow_block block_labels, block_annotations, block_tolerations, block_topology, block_quantities;
/* As block_labels, at a level of its own and with a text in front of the first tab. */
void describe_map(struct describe *d, const char *before, const json *map);
void describe_events(struct describe *d);
/* A label selector's text; nothing for an empty one. */
void describe_selector(const json *selector, struct buf *text);

/* describe_container.c, describe_volumes.c */
drow_block block_resources, block_seccomp;
void describe_containers(struct describe *d, const char *label, const json *containers,
    const json *statuses, const json *pod);
drow_block block_volumes;

/* One file for each kind. */
void describe_job(struct describe *d, const json *obj);
void describe_cronjob(struct describe *d, const json *obj);
void describe_pod(struct describe *d, const json *obj);
void describe_namespace(struct describe *d, const json *obj);
void describe_node(struct describe *d, const json *obj);
void describe_config_map(struct describe *d, const json *obj);
void describe_secret(struct describe *d, const json *obj);
void describe_service_account(struct describe *d, const json *obj);
void describe_service(struct describe *d, const json *obj);
void describe_endpoints(struct describe *d, const json *obj);
void describe_endpoint_slice(struct describe *d, const json *obj);
void describe_claim(struct describe *d, const json *obj);
void describe_generic(struct describe *d, const json *obj);

#endif
