/*
 * label_query: -l for objects that no server has, such as those of manifests. Pure. The grammar
 * is that of label selectors: k=v, k==v, k!=v, k in (a,b), k notin (a), k, !k; commas mean and.
 */
#ifndef KJOB_CMD_LABEL_QUERY_H
#define KJOB_CMD_LABEL_QUERY_H

#include "../runtime/base/json.h"
#include "../runtime/base/str.h"

struct label_requirement {
	char *key;
	struct strlist values; /* none: the label has to be there, whatever it is */
	bool negated;
};

struct label_query {
	struct label_requirement *items;
	size_t len, cap;
};

#define auto_label_query CLEANUP(label_query_release) struct label_query

/* An empty text selects all. */
int label_query_parse(struct label_query *ret, const char *text, struct err *e) MUST_USE;
void label_query_release(struct label_query *s);
bool label_query_matches(const struct label_query *s, const json *labels);

#endif
