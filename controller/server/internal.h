/*
 * internal: what the files of the server share: the server itself, the parsed request, answers, and
 * the handlers that the routes name. Nobody outside controller/server includes it.
 *
 * A handler gets an open exchange and ends it: by an answer_* function, or by making it a stream.
 */
#ifndef KJOB_SERVER_INTERNAL_H
#define KJOB_SERVER_INTERNAL_H

#include "../store/registry.h"
#include "exchange.h"
#include "server.h"

/* Whoever gets in is the user of this instance. */
#define USER_NAME "kjob-admin"
#define USER_GROUP "system:masters"

struct serve;
struct watch;
TAILQ_HEAD(watch_list, watch);

struct server {
	struct server_deps deps;
	char *version;
	char *socket_path; /* removed at the end; NULL: none */
	struct exchanges *exchanges;
	struct usage *usage; /* metrics.c */
	bool draining;
	struct serve *serve; /* serve.c; NULL: this server has no TLS listener */
	/* watch.c: all watches, those with events to write, and when they may be written */
	struct watch_list watches, told_watches;
	struct timer tell_timer;
	int64_t tell_at_ms;
};

/* Forms of an answer (negotiate.c). */
enum shape {
	SHAPE_PLAIN,
	SHAPE_TABLE,
	SHAPE_PARTIAL, /* metadata alone */
	SHAPE_DISCOVERY_V2,
	SHAPE_DISCOVERY_V2BETA1,
};

/* How the objects of an answer are shown. */
struct view {
	enum shape shape;
	enum include_object include; /* in the rows of a table */
	bool events;                 /* of events.k8s.io/v1 (event_view.c) */
};

/* A request on resources: /api/v1/namespaces/NS/RESOURCE/NAME/SUB. */
struct request {
	const struct kind *kind;
	const char *ns;   /* NULL: all, or a kind without namespaces */
	const char *name; /* NULL: the collection */
	const char *sub;  /* NULL: the object itself */
	bool watch;
	struct view view;
};

static inline struct server *server_of(const struct exchange *x)
{
	return x->server;
}

/* ---- answers (answer.c); each ends the exchange ---- */

/* Held until the commit when the turn has written anything; pretty-printed when the request asks
 * for it. */
void answer_text(struct exchange *x, int code, struct buf *head, struct buf *text);
void answer_json_take(struct exchange *x, int code, json *body);
/* 200 with an ETag of the text, or 304 for who has it already; type is static. */
void answer_tagged(struct exchange *x, const char *type, struct buf *text);
void answer_err(struct exchange *x, const struct err *e);
/* A Status, for an error, as text. */
void status_text(const struct err *e, struct buf *out);

/* access.c: who may ask what; only requests that came by TCP are looked at. */
int access_check(struct exchange *x, struct err *e) MUST_USE;
/* Whether it is the user's token. Takes the same time for all wrong ones of a length. */
bool access_is_token(const struct server *s, const char *given);

/* ---- the TLS listener (serve.c) ---- */

struct serve *serve_new(struct server *s);
void serve_free(struct serve *v);
void serve_stop_listening(struct serve *v);
/* Whether a client may call the server by this name or address, without its port. */
bool serve_is_name(const struct serve *v, const char *name);
/* The token that clients show. */
const char *serve_token(const struct serve *v);

/* Errors of requests (answer.c), each -1. */
int err_no_route(struct err *e);
/*
 * 422 for options: `KIND.GROUP "NAME" is invalid: FIELD: DETAIL`; reason is the cause's
 * (FieldValueInvalid, …). An empty group leaves the dot out.
 */
int err_option(struct err *e, const char *group, const char *kind, const char *name,
    const char *reason, const char *field, const char *detail);

/* ---- bodies of requests (body.c) ---- */

/* Whether the Content-Type (parameters aside) is TYPE. */
bool body_is(const struct exchange *x, const char *type);
/* Handlers see this text as the body; its contents are taken. */
void body_replace(struct exchange *x, struct buf *text);
/* Before the handler: what has come in protobuf or YAML becomes JSON, unless it is a patch. */
int body_to_json(struct exchange *x, struct err *e) MUST_USE;
/* That the body is JSON now, or that nobody has said what it is: 415. */
int body_check_type(const struct exchange *x, struct err *e) MUST_USE;

/* ---- options in the query (options.c) ---- */

/* negotiate.c: what an answer can be had as, beside plain JSON. */
enum offer {
	OFFER_OBJECTS, /* Tables, metadata, YAML */
	OFFER_WATCH,   /* Tables, metadata */
	OFFER_PLAIN,   /* YAML */
	OFFER_DISCOVERY,
	OFFER_DOCUMENT, /* nothing else */
};
/* By Accept: the shape; notes in x whether answers are to be YAML. */
int shape_parse(struct exchange *x, enum offer offer, enum shape *ret, struct err *e) MUST_USE;
/* Accept and includeObject: the view's shape and include. */
int view_parse(struct exchange *x, bool watch, struct view *ret, struct err *e) MUST_USE;
/* An integer parameter; leaves *ret alone where it is absent or empty. */
int query_int(
    const struct exchange *x, const char *name, int64_t min, int64_t *ret, struct err *e) MUST_USE;
/* resourceVersion; 0: absent or empty. */
int query_version(const struct exchange *x, uint64_t *ret, struct err *e) MUST_USE;
/* A dryRun that is not All; -1. */
int err_dry_run(const char *value, const char *options_kind, struct err *e);
/* dryRun: absent or All. */
int query_dry_run(
    const struct exchange *x, const char *options_kind, bool *ret, struct err *e) MUST_USE;
int query_field_validation(const struct exchange *x, const char *options_kind,
    enum field_validation *ret, struct err *e) MUST_USE;

/* What POST, PUT and PATCH have in common in their query. */
struct write_request {
	bool dry_run;
	enum field_validation fields;
	struct field_manager manager; /* fieldManager, or who the User-Agent says that it is */
	char *manager_name;           /* owned; what the manager's name points at */
};
#define auto_write_request CLEANUP(write_request_release) struct write_request
int write_request_parse(const struct exchange *x, const char *options_kind,
    struct write_request *ret, struct err *e) MUST_USE;
void write_request_release(struct write_request *w);

struct list_options {
	struct selector *labels, *fields; /* NULL: all */
	int64_t limit;
	const char *continue_token; /* borrowed from the query; NULL: none */
	bool has_version;           /* resourceVersion is given and not empty */
	uint64_t version;
	const char *match;       /* resourceVersionMatch; NULL: none */
	int send_initial_events; /* -1: not given */
	bool bookmarks;
	int64_t timeout_seconds; /* 0: none */
};
#define auto_list_options CLEANUP(list_options_release) struct list_options
int list_options_parse(const struct exchange *x, const struct request *r, struct list_options *ret,
    struct err *e) MUST_USE;
void list_options_release(struct list_options *o);

/* DeleteOptions from the body and the query (objects.c). */
struct delete_request {
	struct delete_options options; /* strings point into body */
	json *body;
};
#define auto_delete_request CLEANUP(delete_request_release) struct delete_request
int delete_request_parse(struct exchange *x, struct delete_request *ret, struct err *e) MUST_USE;
void delete_request_release(struct delete_request *d);
/* Members of a DeleteOptions object, over what *o holds already; strings are borrowed. body: NULL:
 * none. */
int delete_options_read(const json *body, struct delete_options *o, struct err *e) MUST_USE;

/* ---- objects as they are shown (render.c) ---- */

/* An object's text in the view's shape, which is no table. */
void render_object(struct buf *out, const struct view *view, const char *body, size_t len);
/* The apiVersion and kind of objects in the view. */
const char *view_api_version(const struct view *view, const struct kind *k);
const char *view_kind(const struct view *view, const struct kind *k);

/* Appends `,"columnDefinitions":[…],"rows":[` without the final bracket, or null for the columns.
 */
void render_table_head(struct buf *out, const struct kind *k, const char *metadata, bool columns);
/* For rows with the ages of now. */
struct table_rows *render_rows(const struct kind *k, enum include_object include);
/* A whole Table of one object. */
int render_single(struct buf *out, const struct request *r, const char *body, size_t len,
    uint64_t rv, struct err *e) MUST_USE;

/* ---- handlers ---- */

typedef void request_fn(struct exchange *x, const struct request *r);

/* objects.c */
request_fn handle_get, handle_create, handle_update, handle_patch, handle_delete;
/* The body must speak of the object that the path names; what it leaves out is filled in. */
int check_named(const struct request *r, json *obj, struct err *e) MUST_USE;
/* Creating needs a namespace that is there. */
int check_namespace(struct server *s, const struct request *r, struct err *e) MUST_USE;
/* No object may get larger than a body. */
int check_size(const json *obj, struct err *e) MUST_USE;
/* apply.c: PATCH with a whole configuration; *ret_created: there was no such object. Owned. */
json *applied(
    struct exchange *x, const struct request *r, bool *ret_created, struct err *e) MUST_USE;
/* list.c */
request_fn handle_list, handle_delete_collection;
/* watch.c */
request_fn handle_watch;
void watches_init(struct server *s);
void watches_free(struct server *s);
/* Writes what watches are told by now; a little later where much was written just before. */
void watches_tell(struct server *s);
/* eviction.c */
request_fn handle_eviction;
/* podlog.c, attach.c, exec.c, portforward.c */
request_fn handle_log, handle_attach, handle_exec, handle_portforward;
/*
 * The container that a pod's log or attach request means: the one named, or the only one; checked
 * against the spec (also init and ephemeral ones). Borrowed from pod or wanted.
 */
const char *pod_container(const json *pod, const char *wanted, struct err *e) MUST_USE;
/*
 * target.c: the engine's id of a container, by the pod's status; owned. NULL: `container not found
 * ("x")`, or where it need not run any more, that it never did.
 */
char *running_container(const json *pod, const char *container, struct err *e) MUST_USE;
char *latest_container(const json *pod, const char *container, struct err *e) MUST_USE;
/* BadRequest for a pod that has ended; what: "exec into", "attach". */
int check_not_completed(const json *pod, const char *what, struct err *e) MUST_USE;
/* BadRequest for a query without streams. A terminal has no stderr: as a kubelet does, it is passed
 * over. */
int check_streams(const struct exchange *x, struct err *e) MUST_USE;
/* The container's part of the spec; NULL: there is none. */
const json *container_spec(const json *pod, const char *container);
/* An error as the kubelet gives it, as plain text. */
void answer_kubelet_err(struct exchange *x, const struct err *e);
/* discovery.c: fixed paths */
typedef void path_fn(struct exchange *x);
path_fn handle_version, handle_api_versions, handle_group_list, handle_group, handle_resources;
/* health.c */
path_fn handle_health;
/* review.c */
path_fn handle_review;
/* refusals.c: NotFound for a path of Kubernetes' API that is not served, with the reason where it
 * is known; -1. */
int err_not_served(const struct exchange *x, struct err *e);
/*
 * Whether the request lists a kind of which there is nothing here, and clients ask all the same
 * (kubectl for definitions of a kind it does not know, and `cluster-info dump`): then it is
 * answered.
 */
bool list_of_none(struct exchange *x);
#define DEFINITIONS_GROUP "apiextensions.k8s.io"
/* openapi.c */
path_fn handle_openapi_index, handle_openapi, handle_openapi_v2;
/* kjob.c */
path_fn handle_kjob_status, handle_kjob_stop;
/* serve.c */
path_fn handle_serve_show, handle_serve_open, handle_serve_close;
/* archive.c */
path_fn handle_archive;
/* metrics.c */
path_fn handle_pod_metrics;

/* event_view.c: the names that events have in events.k8s.io/v1 */
void event_view_render(struct buf *out, const char *body, size_t len);
/* The request's body under the core kind's names. */
void event_view_request(struct exchange *x);
/* A field selector likewise; owned. */
char *event_view_fields(const char *selector);

/* The methods of a kind or subresource, for discovery (routes.c): NULL-terminated verbs, NULL: not
 * served. */
const char *const *route_verbs(const struct kind *k, const char *sub);
/* routes.c: the paths that do not lead to objects. */
path_fn handle_paths;
/* routes.c: finds and calls the handler. */
void route(struct exchange *x);

/* That the resourceVersion of a GET is none of the future (list.c). */
int check_get_version(struct exchange *x, struct err *e) MUST_USE;
/* The text of one object (list.c); -1: NotFound. */
int object_text(struct server *s, const struct kind *k, const char *ns, const char *name,
    struct buf *out, uint64_t *ret_rv, struct err *e) MUST_USE;

#endif
