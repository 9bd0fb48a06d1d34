#include "test.h"

#include "../../cmd/cmd.h"

static const struct cmd *locate(struct strlist *rest, struct err *e, const char *const *words)
{
	const char *argv[16];
	size_t argc = 0;
	const struct cmd *c;

	for (; words[argc]; argc++)
		argv[argc] = words[argc];
	c = cmd_locate(argv, &argc, e);
	for (size_t i = 0; c && i < argc; i++)
		strlist_add(rest, argv[i]);
	return c;
}

#define CHECK_LOCATES(cmd_, rest_, ...)                                                          \
	do {                                                                                     \
		auto_strlist left_ = {0};                                                        \
		auto_err e_ = {0};                                                               \
		auto_free char *joined_ = NULL;                                                  \
		CHECK(locate(&left_, &e_, (const char *const[]){__VA_ARGS__, NULL}) == &(cmd_)); \
		joined_ = strlist_join(&left_, " ");                                             \
		CHECK_STR(joined_, rest_);                                                       \
	} while (0)

TEST("a command is found behind options and before its arguments")
{
	CHECK_LOCATES(cmd_get, "pods -w", "get", "pods", "-w");
	CHECK_LOCATES(cmd_get, "-n x pods", "-n", "x", "get", "pods");
	CHECK_LOCATES(cmd_get, "--namespace=x pods", "--namespace=x", "get", "pods");
}

TEST("a second word belongs to the command only where there is such a command")
{
	CHECK_LOCATES(cmd_create_job, "a --image=x", "create", "job", "a", "--image=x");
	CHECK_LOCATES(cmd_create_job, "-n x a", "create", "-n", "x", "job", "a");
	CHECK_LOCATES(cmd_create_cronjob, "a", "create", "cj", "a");
	CHECK_LOCATES(cmd_create_configmap, "a", "create", "cm", "a");
	CHECK_LOCATES(cmd_create_secret, "other a", "create", "secret", "other", "a");
	CHECK_LOCATES(cmd_create_secret_tls, "-n x tls", "create", "secret", "tls", "-n", "x", "tls");
	CHECK_LOCATES(cmd_create, "-f job", "create", "-f", "job");
	CHECK_LOCATES(cmd_create, "-- job", "create", "--", "job");
	CHECK_LOCATES(cmd_controller_status, "", "controller", "status");
}

TEST("no command at all is help")
{
	CHECK_LOCATES(cmd_help, "--help", "--help");
	CHECK_LOCATES(cmd_help, "", NULL);
}

TEST("an unknown command names the nearest one")
{
	auto_strlist rest = {0};
	auto_err e = {0};

	CHECK(locate(&rest, &e, (const char *const[]){"gte", "pods", NULL}) == NULL);
	CHECK_STR(
	    err_msg(&e), "unknown command \"gte\" for \"kjob\"\n\nDid you mean this?\n\tget\n");
}

/* ---- the tables themselves ---- */

static void check_row(const struct cmd *c, const struct opt *row)
{
	bool good = true;

	good = good && (row->kind == OPT_BOOL) == (row->value == NULL);
	good = good && (row->kind == OPT_MAYBE) == (row->bare != NULL);
	good = good && (!row->help || (*row->help && !str_has_suffix(row->help, ".")));
	if (row->value && opt_find_name(cmd_global_options, row->name, strlen(row->name)) == NULL)
		good = good && opt_find_name(c->options, row->name, strlen(row->name)) == row;
	if (row->letter)
		good = good && opt_find_letter(c->options, row->letter) == row &&
		       !opt_find_letter(cmd_global_options, row->letter);
	if (!good)
		printf("# kjob %s --%s\n", c->name, row->name);
	CHECK(good);
}

TEST("every row has what its kind needs, its name and letter are its own, and its default parses")
{
	for (size_t i = 0; cmd_table[i]; i++) {
		const struct cmd *c = cmd_table[i];
		auto_opts o = {0};
		auto_err e = {0};

		for (const struct opt *row = c->options; row && row->name; row++)
			check_row(c, row);
		opts_add_table(&o, c->options);
		opts_add_table(&o, cmd_global_options);
		CHECK_INT(opts_parse(&o, NULL, 0, &e), 0);
	}
}

TEST("every command has a summary without a full stop, a usage and a function")
{
	for (size_t i = 0; cmd_table[i]; i++) {
		const struct cmd *c = cmd_table[i];

		CHECK(c->exec && c->usage && c->summary && *c->summary);
		CHECK(!str_has_suffix(c->summary, "."));
		CHECK(cmd_find(c->name) == c);
	}
}

int main(void)
{
	return test_main();
}
