/* paths: where an instance keeps its state and its socket. */
#ifndef KJOB_BASE_PATHS_H
#define KJOB_BASE_PATHS_H

#include "err.h"

/*
 * KJOB_HOME, when set, holds all of it; otherwise state is $XDG_STATE_HOME/kjob
 * (~/.local/state/kjob) and the socket $XDG_RUNTIME_DIR/kjob (without that variable
 * /run/user/UID where that is this user's own, else the state folder). Strings are owned by the
 * struct.
 */
struct paths {
	char *state_dir;   /* mode 0700 */
	char *runtime_dir; /* mode 0700 */
	char *database;    /* state_dir/kjob.db */
	char *logs_dir;    /* state_dir/logs */
	char *log_file;    /* state_dir/controller.log: the controller's own diagnostics */
	char *socket;      /* runtime_dir/kjob.sock; mode 0600 */
	char *lock;        /* runtime_dir/kjob.lock: held while a controller is started */
	char *pid_file; /* runtime_dir/kjob.pid: locked by the running controller for its whole life
			 */
};

#define auto_paths CLEANUP(paths_release) struct paths

/* Reads the environment; makes nothing. Fails where there is no home or the socket path is too
 * long. */
int paths_init(struct paths *p, struct err *e) MUST_USE;
/* Makes the folders with mode 0700; refuses folders that other users own or can write to. */
int paths_make(const struct paths *p, struct err *e) MUST_USE;
void paths_release(struct paths *p);
/* The user's home directory, by HOME or the user database; NULL: none. Borrowed. */
const char *path_home(void);
/* mkdir -p with MODE for what is missing. */
int path_mkdirs(const char *dir, unsigned mode, struct err *e) MUST_USE;
/* The whole file, at most MAX bytes; owned, NUL-terminated. ret_len may be NULL. */
char *path_read_file(const char *path, size_t max, size_t *ret_len, struct err *e) MUST_USE;
/*
 * Makes or replaces a file of this mode as a whole: readers see the old text or the new one, also
 * after a crash.
 */
int path_write_file(
    const char *path, unsigned mode, const char *text, size_t len, struct err *e) MUST_USE;

#endif
