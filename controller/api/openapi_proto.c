/*
 * openapi_proto: an OpenAPI v2 document as a protocol buffer, in the messages of gnostic
 * (openapi.v2.Document), which is the only form that kubectl before 1.27 or so can read. The
 * numbers are those of its OpenAPIv2.proto; what this program never writes has no row.
 */
#include "openapi.h"

enum form {
	TEXT,
	FLAG,
	TEXTS,   /* repeated string */
	VALUE,   /* any JSON, as YAML */
	VALUES,  /* repeated */
	MESSAGE, /* an object */
	PARAMS,  /* repeated, each of the message that its place asks for */
	MAP,     /* an object whose names are data: repeated pairs */
};

struct message;

struct part {
	const char *name; /* NULL ends a table */
	unsigned number;
	enum form form;
	const struct message *of;
	unsigned wrap;  /* the number of a message's only field, which the value is in; 0: none */
	unsigned pairs; /* of MAP: the number of the pairs in the message around them */
};

struct message {
	const struct part *parts;
	unsigned extensions; /* number of the members whose names begin with x- */
};

static const struct message schema;

static const struct part schema_parts[] = {
    {"$ref", 1, TEXT, NULL, 0, 0},
    {"format", 2, TEXT, NULL, 0, 0},
    {"description", 4, TEXT, NULL, 0, 0},
    {"default", 5, VALUE, NULL, 0, 0},
    {"required", 19, TEXTS, NULL, 0, 0},
    {"enum", 20, VALUES, NULL, 0, 0},
    {"additionalProperties", 21, MESSAGE, &schema, 1, 0},
    {"type", 22, TEXT, NULL, 1, 0},
    {"items", 23, MESSAGE, &schema, 1, 0},
    {"properties", 25, MAP, &schema, 0, 1},
    {NULL, 0, TEXT, NULL, 0, 0},
};
static const struct message schema = {schema_parts, 31};

static const struct part info_parts[] = {
    {"title", 1, TEXT, NULL, 0, 0},
    {"version", 2, TEXT, NULL, 0, 0},
    {NULL, 0, TEXT, NULL, 0, 0},
};
static const struct message info = {info_parts, 7};

static const struct part response_parts[] = {
    {"description", 1, TEXT, NULL, 0, 0},
    {"schema", 2, MESSAGE, &schema, 1, 0},
    {NULL, 0, TEXT, NULL, 0, 0},
};
static const struct message response = {response_parts, 5};

static const struct part body_parts[] = {
    {"description", 1, TEXT, NULL, 0, 0},
    {"name", 2, TEXT, NULL, 0, 0},
    {"in", 3, TEXT, NULL, 0, 0},
    {"required", 4, FLAG, NULL, 0, 0},
    {"schema", 5, MESSAGE, &schema, 0, 0},
    {NULL, 0, TEXT, NULL, 0, 0},
};
static const struct message body_param = {body_parts, 6};

static const struct part query_parts[] = {
    {"required", 1, FLAG, NULL, 0, 0},
    {"in", 2, TEXT, NULL, 0, 0},
    {"description", 3, TEXT, NULL, 0, 0},
    {"name", 4, TEXT, NULL, 0, 0},
    {"type", 6, TEXT, NULL, 0, 0},
    {NULL, 0, TEXT, NULL, 0, 0},
};
static const struct message query_param = {query_parts, 23};

static const struct part path_parts[] = {
    {"required", 1, FLAG, NULL, 0, 0},
    {"in", 2, TEXT, NULL, 0, 0},
    {"description", 3, TEXT, NULL, 0, 0},
    {"name", 4, TEXT, NULL, 0, 0},
    {"type", 5, TEXT, NULL, 0, 0},
    {NULL, 0, TEXT, NULL, 0, 0},
};
static const struct message path_param = {path_parts, 22};

/* By the parameter's place: the message, and the fields it lies in, from inside out. */
static const struct place {
	const char *in;
	const struct message *of;
	unsigned wraps[3];
} places[] = {
    {"body", &body_param, {1, 1, 0}},
    {"query", &query_param, {3, 2, 1}},
    {"path", &path_param, {4, 2, 1}},
};

static const struct part operation_parts[] = {
    {"operationId", 5, TEXT, NULL, 0, 0},
    {"produces", 6, TEXTS, NULL, 0, 0},
    {"consumes", 7, TEXTS, NULL, 0, 0},
    {"parameters", 8, PARAMS, NULL, 0, 0},
    {"responses", 9, MAP, &response, 1, 1},
    {NULL, 0, TEXT, NULL, 0, 0},
};
static const struct message operation = {operation_parts, 13};

static const struct part item_parts[] = {
    {"get", 2, MESSAGE, &operation, 0, 0},
    {"put", 3, MESSAGE, &operation, 0, 0},
    {"post", 4, MESSAGE, &operation, 0, 0},
    {"delete", 5, MESSAGE, &operation, 0, 0},
    {"patch", 8, MESSAGE, &operation, 0, 0},
    {"parameters", 9, PARAMS, NULL, 0, 0},
    {NULL, 0, TEXT, NULL, 0, 0},
};
static const struct message item = {item_parts, 10};

static const struct part document_parts[] = {
    {"swagger", 1, TEXT, NULL, 0, 0},
    {"info", 2, MESSAGE, &info, 0, 0},
    {"paths", 8, MAP, &item, 0, 2},
    {"definitions", 9, MAP, &schema, 0, 1},
    {NULL, 0, TEXT, NULL, 0, 0},
};
static const struct message document = {document_parts, 16};

/* ---- the wire format ---- */

static void add_varint(struct buf *out, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		buf_addch(out, (char)(n | 0x80));
	buf_addch(out, (char)n);
}

static void add_bytes(struct buf *out, unsigned number, const char *data, size_t len)
{
	add_varint(out, (uint64_t)number << 3 | 2);
	add_varint(out, len);
	buf_add(out, data, len);
}

static void add_text(struct buf *out, unsigned number, const char *text)
{
	add_bytes(out, number, text, strlen(text));
}

/* The content of `b` becomes a message with it as the field of that number. */
static void wrap(struct buf *b, unsigned number)
{
	struct buf outer = {0};

	add_bytes(&outer, number, buf_str(b), b->len);
	buf_release(b);
	*b = outer;
}

static void encode(struct buf *out, const struct message *m, const json *object);

/* Message Any: its text is YAML, which JSON is. */
static void add_value(struct buf *out, unsigned number, const json *value)
{
	auto_free char *text = json_print(value);
	auto_buf any = {0};

	add_text(&any, 2, text);
	add_bytes(out, number, buf_str(&any), any.len);
}

static void add_extension(struct buf *out, unsigned number, const json *member)
{
	auto_buf pair = {0};

	add_text(&pair, 1, json_key(member));
	add_value(&pair, 2, member);
	add_bytes(out, number, buf_str(&pair), pair.len);
}

static void add_map(struct buf *out, const struct part *p, const json *object)
{
	auto_buf all = {0};

	json_for (m, object) {
		auto_buf pair = {0}, value = {0};

		encode(&value, p->of, m);
		if (p->wrap)
			wrap(&value, p->wrap);
		add_text(&pair, 1, json_key(m));
		add_bytes(&pair, 2, buf_str(&value), value.len);
		add_bytes(&all, p->pairs, buf_str(&pair), pair.len);
	}
	add_bytes(out, p->number, buf_str(&all), all.len);
}

static void add_params(struct buf *out, const struct part *p, const json *list)
{
	json_for (param, list) {
		for (size_t i = 0; i < ARRAY_LEN(places); i++) {
			auto_buf b = {0};

			if (!str_eq(places[i].in, json_str(param, "in")))
				continue;
			encode(&b, places[i].of, param);
			for (size_t w = 0; w < ARRAY_LEN(places[i].wraps); w++)
				if (places[i].wraps[w])
					wrap(&b, places[i].wraps[w]);
			add_bytes(out, p->number, buf_str(&b), b.len);
		}
	}
}

static void add_wrapped(struct buf *out, const struct part *p, const json *value)
{
	auto_buf b = {0};

	if (p->form == TEXT) {
		if (!p->wrap) {
			add_text(out, p->number, json_string_value(value));
			return;
		}
		add_text(&b, p->wrap, json_string_value(value));
	} else {
		encode(&b, p->of, value);
		if (p->wrap)
			wrap(&b, p->wrap);
	}
	add_bytes(out, p->number, buf_str(&b), b.len);
}

static void add_part(struct buf *out, const struct part *p, const json *value)
{
	switch (p->form) {
	case TEXT:
	case MESSAGE:
		add_wrapped(out, p, value);
		break;
	case FLAG:
		add_varint(out, (uint64_t)p->number << 3);
		add_varint(out, json_bool_value(value));
		break;
	case TEXTS:
		json_for (text, value)
			add_text(out, p->number, json_string_value(text));
		break;
	case VALUE:
		add_value(out, p->number, value);
		break;
	case VALUES:
		json_for (v, value)
			add_value(out, p->number, v);
		break;
	case PARAMS:
		add_params(out, p, value);
		break;
	case MAP:
		add_map(out, p, value);
		break;
	}
}

static void encode(struct buf *out, const struct message *m, const json *object)
{
	json_for (member, object) {
		const struct part *p = m->parts;

		while (p->name && !str_eq(p->name, json_key(member)))
			p++;
		if (p->name)
			add_part(out, p, member);
		else if (str_has_prefix(json_key(member), "x-"))
			add_extension(out, m->extensions, member);
	}
}

void openapi_v2_proto(const json *v2, struct buf *out)
{
	encode(out, &document, v2);
}
