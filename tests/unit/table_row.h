/* table_row: a row of a table, as a tree. */
#ifndef KJOB_TEST_TABLE_ROW_H
#define KJOB_TEST_TABLE_ROW_H

#include "../../controller/api/api.h"

static inline json *row_of(
    const struct kind *k, const json *obj, enum include_object include, int64_t now)
{
	auto_free char *body = json_print(obj);
	struct table_rows *rows = table_rows_new(k, include, now);
	auto_buf text = {0};
	int rc = table_row(rows, body, strlen(body), &text, NULL);

	table_rows_free(rows);
	if (rc < 0)
		return NULL;
	return json_parse(buf_str(&text), text.len, JSON_PARSE_STRICT, NULL);
}

#endif
