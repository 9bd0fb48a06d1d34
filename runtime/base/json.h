/*
 * json: JSON documents as trees. Only json*.c see cJSON.h, by json_node.h; everybody else sees the
 * opaque `json` and these functions, which are strict where the library is lax: names are compared
 * with case, integers past 2^53 keep their digits, \u0000 and bytes behind the document are errors,
 * depth is bounded.
 *
 * Trees own their children. `_take` and setters consume the value they are given. Getters borrow.
 * PATH arguments are member names joined by dots: "spec.template.spec". A member whose name holds a
 * dot is reached with json_get. A NULL node is accepted by every getter and reads as absent.
 */
#ifndef KJOB_BASE_JSON_H
#define KJOB_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "str.h"

typedef struct cJSON json;

enum json_type {
	JSON_ABSENT,
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

#define auto_json CLEANUP(json_cleanup) json

/* Duplicate names are an error unless ALLOWed: the strict decoder reports them with their path
 * itself. */
enum json_parse_flags { JSON_PARSE_STRICT = 0, JSON_ALLOW_DUPLICATES = 1 };
#define JSON_MAX_DEPTH 200
/*
 * Parses a whole document; errors give line and column: `line 3, column 7: expected ',' or '}'`.
 * Also refused: invalid UTF-8, half of a \u surrogate pair, numbers of more than 63 characters and
 * numbers past the range of a double.
 */
json *json_parse(const char *text, size_t len, int flags, struct err *e) MUST_USE;
void json_free(json *j);
void json_cleanup(json **j);

json *json_new_object(void);
json *json_new_array(void);
json *json_new_string(const char *s); /* NULL gives null */
json *json_new_int(int64_t n);
json *json_new_number(double n); /* null where it is not finite */
json *json_new_bool(bool b);
json *json_new_null(void);
json *json_dup(const json *j);

enum json_type json_type(const json *j);
const char *json_type_name(
    enum json_type t); /* Go's words: "string", "number", "bool", "object", "array", "null" */
static inline bool json_is_object(const json *j)
{
	return json_type(j) == JSON_OBJECT;
}
static inline bool json_is_array(const json *j)
{
	return json_type(j) == JSON_ARRAY;
}
static inline bool json_is_string(const json *j)
{
	return json_type(j) == JSON_STRING;
}

/* Children, for objects and arrays, in order. `json_for (c, obj) { json_key(c) … }`; do not delete
 * in the loop. */
json *json_first(const json *j);
json *json_next(const json *j);
#define json_for(it, parent) for (json *it = json_first(parent); it; it = json_next(it))
const char *json_key(const json *member); /* NULL for array items */
size_t json_len(const json *j);           /* members or items; 0 for others */
json *json_at(const json *array, size_t index);

json *json_get(const json *object, const char *key);
json *json_path(const json *j, const char *path);
/* Values by path; absent and null and another type all give the default. */
const char *json_str(const json *j, const char *path); /* NULL: absent */
const char *json_str_or(const json *j, const char *path, const char *fallback);
int64_t json_int(const json *j, const char *path, int64_t fallback);
bool json_bool(const json *j, const char *path, bool fallback);
bool json_has(const json *j, const char *path); /* present and not null */
/* The value of a leaf itself. */
const char *json_string_value(const json *j); /* NULL: no string */
double json_number_value(const json *j);
bool json_bool_value(const json *j);
/* True and the value where the number is an integer that fits. */
bool json_is_int(const json *j, int64_t *ret);
/*
 * A scalar as text, as kubectl prints it (strings bare, numbers, true); owned. Absent gives "",
 * null gives "null", arrays and objects their compact text.
 */
char *json_scalar_text(const json *j);
/* Appends the strings of an array; what is no string is passed over. */
void json_add_strings(const json *array, struct strlist *out);

/* Set replaces a member in place or appends it; `value` is consumed; NULL deletes the member. */
void json_set(json *object, const char *key, json *value);
/* As json_set of a name that the object does not have: the caller knows. */
void json_append(json *object, const char *key, json *value);
void json_set_str(json *object, const char *key, const char *s); /* NULL deletes the member */
void json_set_int(json *object, const char *key, int64_t n);
void json_set_bool(json *object, const char *key, bool b);
/* As json_set by dotted path; missing objects on the way are made. */
void json_set_path(json *j, const char *path, json *value);
/* The object at the dotted path, made (in place of what else is there) when it is missing. */
json *json_obj(json *object, const char *path);
void json_del(json *object, const char *key);
void json_del_path(json *j, const char *path);
/* Detaches a member; NULL: absent. The caller owns it. */
json *json_take(json *object, const char *key);
void json_add(json *array, json *value);
/* In front of the item that has this number; behind the last one where there is none. */
void json_insert(json *array, size_t index, json *value);
/* Replaces an array item or a member by another value; `old` is freed. */
void json_replace(json *parent, json *old, json *value);
void json_remove(json *parent, json *child);  /* detaches and frees */
json *json_detach(json *parent, json *child); /* nameless; the caller owns it */

/* Equality: object members in any order, numbers by value. */
bool json_equal(const json *a, const json *b);
/* Object members sorted by name, in depth. */
void json_sort(json *j);
/* RFC 7386: target is changed in place (or, when it is no object, replaced): returns the result. */
json *json_merge_patch(json *target, const json *patch);

/*
 * Compact text; owned. Numbers are printed as Go does it, integers without exponent or fraction.
 * Bytes of a string that are no UTF-8 (a container's output, say) are printed as \ufffd: the text
 * is valid.
 */
char *json_print(const json *j);
void json_print_to(const json *j, struct buf *out);
void json_print_string(const char *s, struct buf *out);
/* The same with HTML escapes, as Go's Marshal writes it; owned. */
char *json_print_go(const json *j);
/* Indented by INDENT blanks a level, "key": value, as Go's MarshalIndent lays it out, HTML escapes
 * included. */
char *json_print_indent(const json *j, int indent);

#endif
