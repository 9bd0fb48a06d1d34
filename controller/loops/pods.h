/*
 * pods: runs pods as containers. What the API server needs of the pod loop.
 */
#ifndef KJOB_PODS_H
#define KJOB_PODS_H

#include <stdbool.h>
#include <stdint.h>

#include "../../runtime/base/err.h"

struct pods;

/*
 * The log of a container of a pod: which file to read and whether more will come. `previous` chooses the attempt before the newest.
 * Errors are those of semantics §5.5 ("container "C" in pod "P" is waiting to start: …"). pod is the stored object.
 */
struct cJSON;
int pods_find_log(struct pods *p, const struct cJSON *pod, const char *container, bool previous, char **ret_path, bool *ret_live,
    struct err *e) MUST_USE;
/*
 * Calls fn(ctx) whenever the file at PATH has grown or is complete; *live turns false when no more will come. A ticket to
 * stop with; ctx must live until then.
 */
struct log_follow;
struct log_follow *pods_follow_log(struct pods *p, const char *path, void (*fn)(void *ctx), void *ctx);
bool log_follow_live(const struct log_follow *f);
void log_follow_stop(struct log_follow *f);

/* Standard input of a running container whose spec has stdin: true. false: too much queued, or no such container. */
bool pods_stdin_open(struct pods *p, const char *uid, const char *container, struct err *e) MUST_USE;
bool pods_stdin_write(struct pods *p, const char *uid, const char *container, const void *data, size_t len);
/* The client went away or sent its end of input: with stdinOnce (or eof) the container's stdin is closed. */
void pods_stdin_close(struct pods *p, const char *uid, const char *container, bool eof);

#endif
