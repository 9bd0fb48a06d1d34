/*
 * view: the server's Table objects (meta.k8s.io/v1) as rows for people. The server decides columns
 * and cells; what is added here is the view: namespaces, kinds in front of names, labels, watch
 * events. Pure.
 */
#ifndef KJOB_CMD_VIEW_H
#define KJOB_CMD_VIEW_H

#include "../runtime/base/json.h"
#include "output.h"

struct view {
	bool wide;
	bool no_headings;
	bool with_namespace;
	bool show_labels;
	bool events;                         /* an EVENT column in front */
	const char *name_prefix;             /* "job.batch/" in front of names; NULL: none */
	const struct strlist *label_columns; /* -L; may be NULL */
};

/* The headings of a Table's columnDefinitions. */
void view_headings(const struct view *v, const json *columns, struct text_table *t);
/* One row ({"cells": […], "object": {…}}); event is for the EVENT column. */
void view_row(const struct view *v, const json *columns, const json *row, const char *event,
    struct text_table *t);
/*
 * The answer of a server that makes no Tables of its objects, a list or one object, as a Table of
 * names and ages; consumed. A Table stays what it is. now: seconds since the epoch. Owned.
 */
json *view_as_table(json *answer, int64_t now);
/* A value as Go prints it with %v: map[a:1 b:[x y]]; appended. */
void print_go_value(const json *v, struct buf *out);

#endif
