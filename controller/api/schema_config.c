/* schema_config: the kinds ConfigMap and Secret. */
#include "schema.h"

static const struct field config_map_fields[] = {
    OBJECT_ROWS("v1", "ConfigMap"),
    ROW(4, "immutable", T_BOOL, F_PTR,
	"True: data can no longer change, and this not be taken back; the object can only be "
	"deleted."),
    ROW(2, "data", T_STRING_MAP, 0,
	"The values, each under a key of letters, digits, '-', '_' and '.'; at most 1 MiB in all."),
    ROW(3, "binaryData", T_BYTES_MAP, 0,
	"Values that are no UTF-8 text, in base64; no key is in data too."),
    {0},
};
SCHEMA(config_map, "ConfigMap",
    "Settings as pairs of key and value, for pods to use as environment variables and files.");

static const struct field secret_fields[] = {
    OBJECT_ROWS("v1", "Secret"),
    ROW(5, "immutable", T_BOOL, F_PTR,
	"True: data can no longer change, and this not be taken back; the object can only be "
	"deleted."),
    ROW(2, "data", T_BYTES_MAP, 0,
	"The values in base64, each under a key of letters, digits, '-', '_' and '.'; at most 1 "
	"MiB "
	"in all before the encoding."),
    ROW(4, "stringData", T_STRING_MAP, F_SECRET,
	"Values as plain text, for writing: the server puts them into data and never shows this "
	"field."),
    ROW(3, "type", T_STRING, 0,
	"What the secret is for: Opaque, kubernetes.io/dockerconfigjson, kubernetes.io/tls, …; it "
	"says which keys must be there.",
	.dflt = "\"Opaque\"", .go_type = "SecretType"),
    {0},
};
SCHEMA(secret, "Secret",
    "Passwords, keys and other values that are not to be shown, for pods to use.");
