/*
 * json_scan: the strict half of json_parse, private to json.c. One pass over the text checks
 * everything that the library lets pass or reports badly, so that what passed here parses there.
 *
 * Beyond RFC 8259, errors are: \u0000, invalid UTF-8, a surrogate without its other half, nesting
 * deeper than JSON_MAX_DEPTH, a number of more than JSON_NUMBER_MAX characters. Numbers and member
 * names are counted in the order of the text, from 0: json.c finds what only the tree can tell (a
 * duplicate name, a number out of range) and asks for the place of the Nth one by scanning once
 * more.
 */
#ifndef KJOB_BASE_JSON_SCAN_H
#define KJOB_BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_NUMBER_MAX 63 /* the library's own limit */

/* An integer of 16 digits or more: a double may not hold it. */
struct json_long_int {
	size_t ordinal; /* among the numbers of the text */
	const char *text;
	size_t len;
};

struct json_scan {
	const char *text, *p, *end;
	int depth;
	size_t numbers, names;
	bool has_exponent;           /* only then can a number be out of range */
	struct json_long_int *longs; /* owned */
	size_t longs_len, longs_cap;
	const char *error;    /* static text; NULL: none */
	const char *error_at; /* in the text */
	/* The place to stop at, for a second scan; -1: nowhere. */
	long stop_number, stop_name;
};

/* Scans a whole document; false: error and error_at say why not. */
bool json_scan(struct json_scan *s, const char *text, size_t len);
/* Where the Nth number or name begins: the other one is -1. */
const char *json_scan_find(const char *text, size_t len, long number, long name);
/* Line and column, in characters, from 1. */
void json_scan_place(const char *text, const char *at, size_t *ret_line, size_t *ret_column);
void json_scan_release(struct json_scan *s);

#endif
