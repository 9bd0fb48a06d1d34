/* render: objects as clients ask for them: as they are, as metadata alone, as Tables. */
#include "../../runtime/base/clock.h"
#include "internal.h"

void render_object(struct buf *out, const struct view *view, const char *body, size_t len)
{
	if (view->shape == SHAPE_PARTIAL) {
		auto_json *obj = json_parse(body, len, JSON_ALLOW_DUPLICATES, NULL);
		auto_json *partial = partial_metadata(obj);

		json_print_to(partial, out);
	} else if (view->events) {
		event_view_render(out, body, len);
	} else {
		buf_add(out, body, len);
	}
}

const char *view_api_version(const struct view *view, const struct kind *k)
{
	return view->shape == SHAPE_PARTIAL ? "meta.k8s.io/v1"
	       : view->events               ? EVENTS_GROUP "/" EVENTS_VERSION
					    : kind_api_version(k);
}

const char *view_kind(const struct view *view, const struct kind *k)
{
	return view->shape == SHAPE_PARTIAL ? "PartialObjectMetadata" : k->kind;
}

void render_table_head(struct buf *out, const struct kind *k, const char *metadata, bool columns)
{
	buf_addf(out,
	    "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/"
	    "v1\",\"metadata\":%s,\"columnDefinitions\":",
	    metadata);
	if (columns) {
		auto_json *c = table_columns(k);

		json_print_to(c, out);
	} else {
		buf_adds(out, "null");
	}
	buf_adds(out, ",\"rows\":[");
}

struct table_rows *render_rows(const struct kind *k, enum include_object include)
{
	return table_rows_new(k, include, clock_wall_ns() / NSEC_PER_SEC);
}

int render_single(struct buf *out, const struct request *r, const char *body, size_t len,
    uint64_t rv, struct err *e)
{
	struct table_rows *rows = render_rows(r->kind, r->view.include);
	char metadata[64];
	int rc;

	snprintf(
	    metadata, sizeof(metadata), "{\"resourceVersion\":\"%llu\"}", (unsigned long long)rv);
	render_table_head(out, r->kind, metadata, true);
	rc = table_row(rows, body, len, out, e);
	buf_adds(out, "]}");
	table_rows_free(rows);
	return rc;
}
