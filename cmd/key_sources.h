/*
 * key_sources: --from-literal, --from-file and --from-env-file: keys and values for the data of a
 * ConfigMap or Secret, in kubectl's forms and words. No error shows a value of a secret.
 */
#ifndef KJOB_CMD_KEY_SOURCES_H
#define KJOB_CMD_KEY_SOURCES_H

#include "opts.h"
#include "../runtime/base/json.h"

/* The largest file that is read; what the server takes is less. */
#define KEY_FILE_MAX (16u * MIB)

/* The rows of both commands. */
/* clang-format off */
#define OPT_ROW_FROM_LITERAL                                                                       \
	{"from-literal", 0, OPT_LIST, NULL, "KEY=VALUE", "A key and its value, may be repeated", NULL, NULL}
#define OPT_ROW_FROM_FILE                                                                          \
	{"from-file", 0, OPT_CSV, NULL, "[KEY=]PATH",                                              \
	    "A file whose content is the value (the key: KEY or the file's name), or a folder of such "  \
	    "files; may be repeated", NULL, NULL}
#define OPT_ROW_FROM_ENV_FILE                                                                      \
	{"from-env-file", 0, OPT_CSV, NULL, "FILE",                                                \
	    "A file of KEY=VALUE lines; a KEY alone has the value that it has here", NULL, NULL}
#define OPT_ROW_APPEND_HASH                                                                        \
	{"append-hash", 0, OPT_BOOL, NULL, NULL, "Put a hash of the content behind the name", NULL, NULL}
/* clang-format on */

/*
 * Adds to object what the options give: to `data` of a Secret in base64, to `data` of a ConfigMap
 * as text or, what is none, to `binaryData`.
 */
int key_sources_add(const struct opts *opts, json *object, struct err *e) MUST_USE;
/* One key of a Secret or ConfigMap; a second one of that name is an error. */
int key_add(json *object, const char *key, const void *bytes, size_t len, struct err *e) MUST_USE;
/* With --append-hash: the name gets the hash that kubectl gives it. */
void key_append_hash(const struct opts *opts, json *object);
/* The --from-file values alone. */
int key_files_add(const struct strlist *sources, json *object, struct err *e) MUST_USE;

#endif
