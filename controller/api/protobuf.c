/*
 * protobuf: bodies of the type application/vnd.kubernetes.protobuf into JSON with the same meaning,
 * by the numbers in the rows of the schema. All that is checked of JSON is checked afterwards, of
 * the text: here are only the wire format and what JSON could not say.
 *
 * Clients in Go write every field that is no pointer, also where it is zero: Go leaves most of
 * those out of JSON, and so does this. Fields that the schema does not know vanish, as they do
 * upstream.
 */
#include "../../runtime/base/base64.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/protobuf.h"
#include "api.h"
#include "place.h"
#include "schema.h"

#define VALUES_MAX 500000 /* real bodies have a few hundred */
#define NOTES_MAX 10      /* about unknown fields */
#define MESSAGE_FIELDS 4
#define SECONDS_MIN INT64_C(-62135596800) /* year 1: Go's zero time */
#define SECONDS_MAX INT64_C(253402300799) /* the end of year 9999 */

struct reader {
	struct strlist *unknown; /* NULL: not wanted */
	size_t notes, values;
	struct err *e;
};

/* ---- small messages ---- */

/*
 * The fields 1, 2, … of a message, each of the type that its letter in `types` names: v for a
 * number, b for bytes. Those that are absent are zero.
 */
static int read_fields(
    struct protobuf m, const char *types, struct protobuf_field ret[MESSAGE_FIELDS], struct err *e)
{
	struct protobuf_field f;
	int rc;

	memset(ret, 0, MESSAGE_FIELDS * sizeof(*ret));
	while ((rc = protobuf_next(&m, &f, e)) > 0) {
		if (f.number > strlen(types))
			continue;
		if (f.type != (types[f.number - 1] == 'v' ? PROTOBUF_VARINT : PROTOBUF_BYTES))
			return err_set(e, ERR_BAD_REQUEST,
			    "proto: wrong wireType = %u for field %u", f.type, f.number);
		ret[f.number - 1] = f;
	}
	return rc;
}

/* Bytes as text, owned: JSON has UTF-8 only, and a NUL would end it early. */
static int text_of(struct protobuf b, char **ret, struct err *e)
{
	const char *s = (const char *)b.at;
	uint32_t c;

	for (size_t i = 0, n; i < b.len; i += n) {
		n = str_utf8(s + i, b.len - i, &c);
		if (n == 0 || c == 0)
			return err_set(e, ERR_BAD_REQUEST,
			    n ? "text holds a NUL character" : "text is not UTF-8");
	}
	*ret = b.len ? xstrndup(s, b.len) : xstrdup("");
	return 0;
}

static int read_text(struct protobuf b, json **ret, struct err *e)
{
	auto_free char *text = NULL;

	if (text_of(b, &text, e) < 0)
		return -1;
	*ret = json_new_string(text);
	return 0;
}

/* Quantity { string = 1 } */
static int read_quantity(struct protobuf m, json **ret, struct err *e)
{
	struct protobuf_field f[MESSAGE_FIELDS];

	if (read_fields(m, "b", f, e) < 0)
		return -1;
	if (f[0].bytes.len)
		return read_text(f[0].bytes, ret, e);
	*ret = json_new_string("0");
	return 0;
}

/* IntOrString { type = 1 (0: number, 1: text); intVal = 2; strVal = 3 } */
static int read_int_or_string(struct protobuf m, json **ret, struct err *e)
{
	struct protobuf_field f[MESSAGE_FIELDS];

	if (read_fields(m, "vvb", f, e) < 0)
		return -1;
	if (f[0].value == 1)
		return read_text(f[2].bytes, ret, e);
	if (f[0].value != 0)
		return err_set(e, ERR_BAD_REQUEST, "impossible IntOrString.Type");
	*ret = json_new_int((int32_t)f[1].value);
	return 0;
}

/* Time, MicroTime { seconds = 1; nanos = 2 }; nothing at all is Go's zero time, which is absent. */
static int read_time(struct protobuf m, bool micro, json **ret, struct err *e)
{
	const int64_t limit = INT64_MAX / NSEC_PER_SEC - 1; /* of what nanoseconds can say */
	struct protobuf_field f[MESSAGE_FIELDS];
	int64_t sec, nanos;
	char text[TIME_TEXT_MAX];

	if (read_fields(m, "vv", f, e) < 0)
		return -1;
	sec = (int64_t)f[0].value;
	nanos = (int32_t)f[1].value;
	if (!m.len || sec == SECONDS_MIN)
		return 0;
	if (sec < SECONDS_MIN || sec > SECONDS_MAX || nanos < 0 || nanos >= NSEC_PER_SEC ||
	    (micro && (sec < -limit || sec > limit)))
		return err_set(e, ERR_BAD_REQUEST, "time is out of range");
	*ret = json_new_string(
	    micro ? time_format_micro(text, sec * NSEC_PER_SEC + nanos) : time_format(text, sec));
	return 0;
}

/* FieldsV1 { Raw = 1 }: JSON in bytes. */
static int read_raw(struct protobuf m, json **ret, struct err *e)
{
	struct protobuf_field f[MESSAGE_FIELDS];

	if (read_fields(m, "b", f, e) < 0)
		return -1;
	if (!f[0].bytes.len)
		return 0;
	*ret = json_parse((const char *)f[0].bytes.at, f[0].bytes.len, JSON_PARSE_STRICT, e);
	return *ret ? 0 : -1;
}

/* ---- fields ---- */

static bool is_number(enum field_type t)
{
	return t == T_BOOL || t == T_INT32 || t == T_INT64 || t == T_INT32_LIST ||
	       t == T_INT64_LIST;
}

static json *number(enum field_type t, uint64_t n)
{
	if (t == T_BOOL)
		return json_new_bool(n != 0);
	return json_new_int(t == T_INT32 || t == T_INT32_LIST ? (int32_t)n : (int64_t)n);
}

/* The value of a field that is neither object, list nor map; *ret stays NULL where it is absent. */
static int read_value(
    const struct field *f, const struct protobuf_field *w, json **ret, struct err *e)
{
	if (is_number(f->type)) {
		*ret = number(f->type, w->value);
		return 0;
	}
	if (f->type == T_QUANTITY)
		return read_quantity(w->bytes, ret, e);
	if (f->type == T_INT_OR_STRING)
		return read_int_or_string(w->bytes, ret, e);
	if (f->type == T_TIME || f->type == T_MICRO_TIME)
		return read_time(w->bytes, f->type == T_MICRO_TIME, ret, e);
	if (f->type == T_OPAQUE)
		return read_raw(w->bytes, ret, e);
	return read_text(w->bytes, ret, e);
}

/* Whether Go leaves the value out of JSON. */
static bool is_left_out(const struct field *f, const struct protobuf_field *w)
{
	if (f->flags & (F_PTR | F_REQUIRED))
		return false;
	return is_number(f->type) ? w->value == 0 : f->type == T_STRING && w->bytes.len == 0;
}

typedef int read_fn(struct reader *r, const struct field *f, const struct protobuf_field *w,
    json *obj, const struct place *p);
static int read_message(struct reader *r, const struct schema *s, unsigned outer, struct protobuf m,
    json *obj, const struct place *p);

static json *child(json *obj, const struct field *f, bool list)
{
	json *c = json_get(obj, f->name);

	if (!c) {
		c = list ? json_new_array() : json_new_object();
		json_append(obj, f->name, c);
	}
	return c;
}

static int count_value(struct reader *r)
{
	if (++r->values <= VALUES_MAX)
		return 0;
	return err_set(r->e, ERR_TOO_LARGE, "the body has more than %d values", VALUES_MAX);
}

/* The last one of several holds. */
static int set_value(struct reader *r, const struct field *f, const struct protobuf_field *w,
    json *obj, const struct place *p)
{
	json *value = NULL;

	if (!is_left_out(f, w) && read_value(f, w, &value, r->e) < 0)
		return -1;
	json_set(obj, f->name, value);
	return 0;
}

static int read_object(struct reader *r, const struct field *f, const struct protobuf_field *w,
    json *obj, const struct place *p)
{
	return read_message(r, f->of, 0, w->bytes, child(obj, f, false), p);
}

static int add_object(struct reader *r, const struct field *f, const struct protobuf_field *w,
    json *obj, const struct place *p)
{
	json *item = json_new_object();

	json_add(child(obj, f, true), item);
	return read_message(r, f->of, 0, w->bytes, item, p);
}

static int add_text(struct reader *r, const struct field *f, const struct protobuf_field *w,
    json *obj, const struct place *p)
{
	json *item;

	if (read_text(w->bytes, &item, r->e) < 0)
		return -1;
	json_add(child(obj, f, true), item);
	return 0;
}

/* One number, or several that are packed together. */
static int add_numbers(struct reader *r, const struct field *f, const struct protobuf_field *w,
    json *obj, const struct place *p)
{
	json *list = child(obj, f, true);
	struct protobuf packed = w->bytes;
	uint64_t n;
	int rc;

	if (w->type == PROTOBUF_VARINT) {
		json_add(list, number(f->type, w->value));
		return 0;
	}
	while ((rc = protobuf_number(&packed, &n, r->e)) > 0) {
		if (count_value(r) < 0)
			return -1;
		json_add(list, number(f->type, n));
	}
	return rc;
}

/* One entry of a map { key = 1; value = 2 }. Of equal keys the decoder of JSON takes the last. */
static int add_entry(struct reader *r, const struct field *f, const struct protobuf_field *w,
    json *obj, const struct place *p)
{
	struct protobuf_field entry[MESSAGE_FIELDS];
	auto_free char *key = NULL, *base64 = NULL;
	json *value = NULL;
	int rc = 0;

	if (read_fields(w->bytes, "bb", entry, r->e) < 0 || text_of(entry[0].bytes, &key, r->e) < 0)
		return -1;
	if (f->type == T_STRING_MAP) {
		rc = read_text(entry[1].bytes, &value, r->e);
	} else if (f->type == T_QUANTITY_MAP) {
		rc = read_quantity(entry[1].bytes, &value, r->e);
	} else {
		base64 = base64_encode(entry[1].bytes.at, entry[1].bytes.len);
		value = json_new_string(base64);
	}
	if (rc == 0)
		json_append(child(obj, f, false), key, value);
	return rc;
}

static int read_field(struct reader *r, const struct field *f, const struct protobuf_field *w,
    json *obj, const struct place *p)
{
	static read_fn *const readers[] = {
	    [T_STRING] = set_value,
	    [T_BOOL] = set_value,
	    [T_INT32] = set_value,
	    [T_INT64] = set_value,
	    [T_QUANTITY] = set_value,
	    [T_INT_OR_STRING] = set_value,
	    [T_TIME] = set_value,
	    [T_MICRO_TIME] = set_value,
	    [T_STRING_MAP] = add_entry,
	    [T_QUANTITY_MAP] = add_entry,
	    [T_BYTES_MAP] = add_entry,
	    [T_OBJECT] = read_object,
	    [T_OBJECT_LIST] = add_object,
	    [T_STRING_LIST] = add_text,
	    [T_INT32_LIST] = add_numbers,
	    [T_INT64_LIST] = add_numbers,
	    [T_OPAQUE] = set_value,
	};
	bool packed = readers[f->type] == add_numbers && w->type == PROTOBUF_BYTES;

	if (!packed && w->type != (is_number(f->type) ? PROTOBUF_VARINT : PROTOBUF_BYTES))
		return err_set(r->e, ERR_BAD_REQUEST, "proto: wrong wireType = %u for field %s",
		    w->type, f->name);
	return count_value(r) < 0 ? -1 : readers[f->type](r, f, w, obj, p);
}

/* Fields of later versions; those of old ones that are gone come too, but empty. */
static void note_unknown(struct reader *r, const struct protobuf_field *w, const struct place *p)
{
	bool empty =
	    w->type == PROTOBUF_VARINT ? !w->value : w->type == PROTOBUF_BYTES && !w->bytes.len;
	auto_buf path = {0};

	if (!r->unknown || empty || r->notes >= NOTES_MAX)
		return;
	r->notes++;
	if (p)
		place_print(p, false, &path);
	strlist_addf(r->unknown, "unknown field: number %u%s%s, in protobuf", w->number,
	    p ? " of " : "", buf_str(&path));
}

/*
 * The row of a field of the message, or one of the rows of the message that the field is: its outer
 * is the field's number then. NULL: unknown.
 */
static const struct field *find_row(const struct schema *s, unsigned outer, uint32_t number)
{
	for (const struct field *f = s->fields; f->name; f++) {
		if (f->tag && f->outer == outer && f->tag == number)
			return f;
		if (!outer && f->outer && f->outer == number)
			return f;
	}
	return NULL;
}

/* A message, or the part of it that is a message of its own, into an object that may have members.
 */
static int read_message(struct reader *r, const struct schema *s, unsigned outer, struct protobuf m,
    json *obj, const struct place *p)
{
	struct protobuf_field w;
	int rc;

	while ((rc = protobuf_next(&m, &w, r->e)) > 0) {
		const struct field *f = find_row(s, outer, w.number);
		struct place here = PLACE(p, f ? f->name : NULL);

		if (!f) {
			note_unknown(r, &w, p);
		} else if (f->outer == outer) {
			rc = read_field(r, f, &w, obj, &here);
		} else if (w.type != PROTOBUF_BYTES) {
			rc = err_set(r->e, ERR_BAD_REQUEST,
			    "proto: wrong wireType = %u for field %u", w.type, w.number);
		} else {
			rc = read_message(r, s, w.number, w.bytes, obj, p);
		}
		if (rc < 0)
			return -1;
	}
	return rc;
}

/* ---- the whole body ---- */

struct envelope {
	char *api_version, *kind; /* owned */
	struct protobuf raw;
};

static void envelope_release(struct envelope *v)
{
	free(v->api_version);
	free(v->kind);
}
#define auto_envelope CLEANUP(envelope_release) struct envelope

static bool bytes_are(struct protobuf b, const char *text)
{
	return b.len == strlen(text) && (!b.len || memcmp(b.at, text, b.len) == 0);
}

/*
 * "k8s\0", then Unknown { typeMeta = 1 { apiVersion = 1; kind = 2 }; raw = 2; contentEncoding = 3;
 * contentType = 4 }.
 */
static int read_envelope(const void *body, size_t len, struct envelope *ret, struct err *e)
{
	static const char magic[4] = {'k', '8', 's', '\0'};
	struct protobuf_field f[MESSAGE_FIELDS], meta[MESSAGE_FIELDS];

	if (len < sizeof(magic) || memcmp(body, magic, sizeof(magic)) != 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "provided data does not appear to be a protobuf message, expected prefix [107 "
		    "56 115 0]");
	if (read_fields(
		(struct protobuf){(const unsigned char *)body + sizeof(magic), len - sizeof(magic)},
		"bbbb", f, e) < 0 ||
	    read_fields(f[0].bytes, "bb", meta, e) < 0)
		return -1;
	if (f[2].bytes.len)
		return err_set(e, ERR_BAD_REQUEST, "a contentEncoding is not supported");
	if (f[3].bytes.len && !bytes_are(f[3].bytes, MEDIA_PROTOBUF))
		return err_set(e, ERR_BAD_REQUEST, "a contentType other than %s is not supported",
		    MEDIA_PROTOBUF);
	ret->raw = f[1].bytes;
	if (text_of(meta[0].bytes, &ret->api_version, e) < 0)
		return -1;
	return text_of(meta[1].bytes, &ret->kind, e);
}

/* What requests hold that is no kind of its own. */
static const struct {
	const char *api_version; /* NULL: any */
	const char *kind;
	const struct schema *schema;
} messages[] = {
    {NULL, "DeleteOptions", &schema_delete_options},
    {"policy/v1", "Eviction", &schema_eviction},
    {"events.k8s.io/v1", "Event", &schema_event_view},
    {"authorization.k8s.io/v1", "SelfSubjectAccessReview", &schema_self_subject_access_review},
    {"authorization.k8s.io/v1", "SubjectAccessReview", &schema_subject_access_review},
    {"authorization.k8s.io/v1", "LocalSubjectAccessReview", &schema_local_subject_access_review},
    {"authentication.k8s.io/v1", "TokenReview", &schema_token_review},
    {"authorization.k8s.io/v1", "SelfSubjectRulesReview", &schema_self_subject_rules_review},
    {"authentication.k8s.io/v1", "SelfSubjectReview", &schema_self_subject_review},
};

static const struct schema *find_schema(const struct envelope *v, struct err *e)
{
	const struct kind *k = kind_by_gvk(v->api_version, v->kind);

	for (size_t i = 0; i < ARRAY_LEN(messages) && !k; i++)
		if (str_eq(messages[i].kind, v->kind) &&
		    (!messages[i].api_version || str_eq(messages[i].api_version, v->api_version)))
			return messages[i].schema;
	if (k)
		return k->schema;
	if (!*v->kind || !*v->api_version)
		err_set(e, ERR_BAD_REQUEST, "Object '%s' is missing in the protobuf message",
		    *v->kind ? "apiVersion" : "Kind");
	else
		err_set(e, ERR_BAD_REQUEST, "no kind \"%s\" is registered for version \"%s\"",
		    v->kind, v->api_version);
	return NULL;
}

int api_protobuf_to_json(
    const void *body, size_t len, struct strlist *unknown, struct buf *out, struct err *e)
{
	struct reader r = {.unknown = unknown, .e = e};
	auto_envelope v = {0};
	auto_json *obj = json_new_object();
	const struct schema *s;
	const char *slash;

	if (read_envelope(body, len, &v, e) < 0)
		return err_wrap(e, "the object provided is unrecognized");
	s = find_schema(&v, e);
	if (!s)
		return -1;
	json_set_str(obj, "apiVersion", v.api_version);
	json_set_str(obj, "kind", v.kind);
	if (read_message(&r, s, 0, v.raw, obj, NULL) < 0) {
		slash = strrchr(v.api_version, '/');
		return err_wrap(e, "%s in version \"%s\" cannot be handled as a %s", v.kind,
		    slash ? slash + 1 : v.api_version, v.kind);
	}
	json_print_to(obj, out);
	return 0;
}
