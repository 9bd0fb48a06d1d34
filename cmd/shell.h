/* shell: programs of the user's choice, by way of the shell, so that they may have options. */
#ifndef KJOB_CMD_SHELL_H
#define KJOB_CMD_SHELL_H

/* What the first of these two variables says that is set and not empty; borrowed. */
const char *shell_program(const char *variable, const char *other, const char *usual);
/* Runs `program FILE [OTHER]` to its end; other NULL: none. Its exit status, or -1. Blocking. */
int shell_run(const char *program, const char *file, const char *other);

#endif
