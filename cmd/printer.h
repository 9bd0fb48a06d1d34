/*
 * printer: -o FORMAT. Objects as JSON, YAML, names, JSONPath templates and custom columns; tables
 * for people come from the server and are printed by `get` itself.
 */
#ifndef KJOB_CMD_PRINTER_H
#define KJOB_CMD_PRINTER_H

#include "../runtime/base/json.h"
#include "../runtime/base/jsonpath.h"
#include "output.h"
#include "resources.h"

enum print_format {
	PRINT_TABLE,
	PRINT_WIDE,
	PRINT_NAME,
	PRINT_JSON,
	PRINT_YAML,
	PRINT_JSONPATH,
	PRINT_JSONPATH_AS_JSON,
	PRINT_COLUMNS,
};

struct printer_column;
struct printer {
	enum print_format format;
	bool show_managed;
	bool no_headers;
	struct jsonpath *path;
	char *template_text;
	struct printer_column *columns;
	size_t column_count;
	struct text_table table;
	size_t printed; /* objects so far */
};

#define auto_printer CLEANUP(printer_release) struct printer

/* format: the value of -o ("" is PRINT_TABLE). Errors are kubectl's. */
int printer_init(struct printer *p, const char *format, struct err *e) MUST_USE;
void printer_release(struct printer *p);
/* Tables, wide or not: what the caller prints itself. */
bool printer_is_table(const struct printer *p);
/*
 * Appends one object, or a List whose items the format goes through (not for PRINT_NAME). r names
 * it in PRINT_NAME and may be NULL otherwise. The object is changed: members are sorted,
 * in JSON and YAML managedFields dropped.
 */
int printer_object(struct printer *p, const struct resource *r, json *obj, struct buf *out,
    struct err *e) MUST_USE;

/*
 * "job.batch/x created (server dry run)", or the object in p's format. dry_run: "none", "client" or
 * "server".
 */
int print_result(struct cmd_ctx *ctx, struct printer *p, const struct resource *r, json *obj,
    const char *what, const char *dry_run, struct err *e) MUST_USE;

#endif
