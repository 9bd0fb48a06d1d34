/* cp_spec: what the two arguments of `kjob cp` name. Pure. */
#ifndef KJOB_CMD_CP_SPEC_H
#define KJOB_CMD_CP_SPEC_H

#include "../runtime/base/err.h"

struct cp_spec {
	char *ns;  /* NULL: not said */
	char *pod; /* NULL: a local path */
	char *path;
};

#define auto_cp_spec CLEANUP(cp_spec_release) struct cp_spec

/* [[NAMESPACE/]POD:]PATH; what begins with / or . is local. */
int cp_spec_parse(const char *text, struct cp_spec *ret, struct err *e) MUST_USE;
void cp_spec_release(struct cp_spec *s);
/* "a/b" of "a/b/c", "/" of "/c", "." of "c"; without slashes at its end. Owned. */
char *cp_dir(const char *path);
/* "c" of "a/b/c/", "." of "/". Owned. */
char *cp_base(const char *path);

#endif
