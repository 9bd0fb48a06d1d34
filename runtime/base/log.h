/* log: the controller's own diagnostics, one line each: time, level, text. Never user-facing
 * output. */
#ifndef KJOB_BASE_LOG_H
#define KJOB_BASE_LOG_H

#include "mem.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Where and from which level on; the default is standard error from LOG_WARN. KJOB_LOG=debug|info|…
 * sets it. */
void log_setup(int fd, enum log_level from);
/* The level that a name means; -1 for an unknown one. */
int log_level_parse(const char *name);
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
