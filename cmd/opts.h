/*
 * opts: command line options. One table row is the master copy of an option: parsing, help, shell
 * completion and the manual page all read it. Parsing follows kubectl's rules: --name=v, --name v,
 * -nv, -n=v, -n v, bundled letters, --bool[=true|false], options between and behind arguments, "--"
 * ends them.
 *
 * A parsed `struct opts` borrows argv and the tables. Asking for a name that is in no table is a
 * bug and aborts.
 */
#ifndef KJOB_CMD_OPTS_H
#define KJOB_CMD_OPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "../runtime/base/err.h"
#include "../runtime/base/str.h"

enum opt_kind {
	OPT_BOOL,
	OPT_STRING,
	OPT_INT,
	OPT_DURATION, /* Go's: 1h30m, 10s */
	OPT_LIST,     /* may be repeated */
	OPT_CSV,      /* may be repeated, and commas separate values too */
	OPT_MAYBE,    /* --name[=VALUE]: bare, it has the value `bare` */
};

struct opt {
	const char *name; /* long, without dashes; NULL ends a table */
	char letter;      /* 0: none */
	enum opt_kind kind;
	const char *def;            /* the default as text; NULL: "" / false / 0 */
	const char *value;          /* placeholder in help; not for OPT_BOOL */
	const char *help;           /* one sentence without a full stop; NULL hides the row */
	const char *bare;           /* OPT_MAYBE: the value without "=" */
	const char *const *choices; /* the values it can have, NULL-terminated; NULL: any. Checked
				       while parsing. */
};

#define OPT_END                                                 \
	{                                                       \
		NULL, 0, OPT_BOOL, NULL, NULL, NULL, NULL, NULL \
	}
#define OPTS_TABLES_MAX 3

struct opt_value;
struct opts {
	const struct opt *tables[OPTS_TABLES_MAX];
	size_t table_count;
	struct opt_value *values; /* one for each row of each table, in order */
	size_t value_count;
	const char **args; /* the arguments that are no options; borrowed from argv */
	size_t argc;
	int dash; /* how many args came before "--"; -1: there was none */
};

#define auto_opts CLEANUP(opts_release) struct opts

/* Adds a table (at most OPTS_TABLES_MAX) to a zeroed struct; do so before parsing. */
void opts_add_table(struct opts *o, const struct opt *table);
/*
 * argv holds argc words, without program and command names. Errors are kubectl's, without "error:
 * ".
 */
int opts_parse(struct opts *o, const char *const *argv, size_t argc, struct err *e) MUST_USE;
void opts_release(struct opts *o);

bool opts_known(const struct opts *o, const char *name); /* a table has it: the one that may ask */
bool opts_given(const struct opts *o, const char *name);
const char *opts_str(
    const struct opts *o, const char *name); /* "" where absent; the last one given wins */
bool opts_bool(const struct opts *o, const char *name);
int64_t opts_int(const struct opts *o, const char *name);
int64_t opts_duration_ns(const struct opts *o, const char *name);
/* All values of an OPT_LIST or OPT_CSV. */
const struct strlist *opts_list(const struct opts *o, const char *name);

/* The row for a long name or letter in a table; NULL: none. */
const struct opt *opt_find_name(const struct opt *table, const char *name, size_t name_len);
const struct opt *opt_find_letter(const struct opt *table, char letter);
/*
 * Whether the next word is the value of this one ("-n", "--namespace"), as when skipping options
 * before a command.
 */
bool opt_takes_next(const struct opt *const *tables, size_t table_count, const char *word);

#endif
