/*
 * mark: the words of `label` and `annotate`: KEY=VALUE sets, KEY- removes; and the merge patch that
 * does so. Pure. Labels and annotations differ in where they are and in kubectl's wording.
 */
#ifndef KJOB_CMD_MARK_H
#define KJOB_CMD_MARK_H

#include "../runtime/base/json.h"
#include "../runtime/base/str.h"

enum mark_kind { MARK_LABEL, MARK_ANNOTATION };

struct marks {
	json *set;             /* KEY: "VALUE" */
	struct strlist remove; /* KEYs */
};
#define auto_marks CLEANUP(marks_release) struct marks

/* How many of the words come before the first change; those behind it must all be changes. */
int marks_begin(
    const char *const *args, size_t argc, enum mark_kind kind, size_t *ret, struct err *e) MUST_USE;
int marks_parse(const char *const *words, size_t count, enum mark_kind kind, struct marks *ret,
    struct err *e) MUST_USE;
void marks_release(struct marks *m);

/* The object's labels or annotations; NULL: none. */
const json *marks_of(const json *object, enum mark_kind kind);
/* Whether they may be set: without --overwrite a key keeps its value. */
int marks_check(
    const struct marks *m, const json *live, enum mark_kind kind, struct err *e) MUST_USE;
/* The merge patch for a live object; an empty one where all is as it shall be. Owned. */
json *marks_patch(const struct marks *m, const json *live, enum mark_kind kind);

#endif
