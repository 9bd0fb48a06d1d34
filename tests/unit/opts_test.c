#include "test.h"

#include "../../cmd/opts.h"

static const char *const colours[] = {"red", "green", NULL};

static const struct opt table[] = {
    {"watch", 'w', OPT_BOOL, NULL, NULL, "", NULL, NULL},
    {"stdin", 'i', OPT_BOOL, NULL, NULL, "", NULL, NULL},
    {"tty", 't', OPT_BOOL, NULL, NULL, "", NULL, NULL},
    {"wait", 0, OPT_BOOL, "true", NULL, "", NULL, NULL},
    {"output", 'o', OPT_STRING, NULL, "FORMAT", "", NULL, NULL},
    {"tail", 0, OPT_INT, "-1", "N", "", NULL, NULL},
    {"timeout", 0, OPT_DURATION, "30s", "D", "", NULL, NULL},
    {"env", 'e', OPT_LIST, NULL, "K=V", "", NULL, NULL},
    {"filename", 'f', OPT_CSV, NULL, "FILE", "", NULL, NULL},
    {"dry-run", 0, OPT_MAYBE, "none", "MODE", "", "client", NULL},
    {"colour", 0, OPT_STRING, "red", "NAME", "", NULL, colours},
    OPT_END,
};

static const struct opt more[] = {
    {"namespace", 'n', OPT_STRING, "default", "NS", "", NULL, NULL},
    OPT_END,
};

static int parse(struct opts *o, struct err *e, const char *const *argv)
{
	size_t argc = 0;

	while (argv[argc])
		argc++;
	opts_add_table(o, table);
	opts_add_table(o, more);
	return opts_parse(o, argv, argc, e);
}

#define PARSE(o, e, ...) parse(&(o), &(e), (const char *const[]){__VA_ARGS__, NULL})

/* The error that the words give. */
#define CHECK_REFUSED(message, ...)                        \
	do {                                               \
		auto_opts o_ = {0};                        \
		auto_err e_ = {0};                         \
		CHECK_INT(PARSE(o_, e_, __VA_ARGS__), -1); \
		CHECK_STR(err_msg(&e_), message);          \
	} while (0)

TEST("values are taken from the same word or the next one")
{
	static const char *const forms[][3] = {
	    {"--output=json"}, {"--output", "json"}, {"-ojson"}, {"-o=json"}, {"-o", "json"}};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		auto_opts o = {0};
		auto_err e = {0};

		CHECK_INT(parse(&o, &e, forms[i]), 0);
		CHECK_STR(opts_str(&o, "output"), "json");
		CHECK(opts_given(&o, "output"));
		CHECK_INT(o.argc, 0);
	}
}

TEST("options may stand behind arguments and a double dash ends them")
{
	auto_opts o = {0};
	auto_err e = {0};

	CHECK_INT(PARSE(o, e, "pods", "-w", "x", "-n", "a", "--", "sh", "-c", "--", "-w"), 0);
	CHECK_INT(o.argc, 6);
	CHECK_STR(o.args[0], "pods");
	CHECK_STR(o.args[2], "sh");
	CHECK_STR(o.args[4], "--");
	CHECK_INT(o.dash, 2);
	CHECK(opts_bool(&o, "watch"));
	CHECK_STR(opts_str(&o, "namespace"), "a");
}

TEST("a single dash is an argument")
{
	auto_opts o = {0};
	auto_err e = {0};

	CHECK_INT(PARSE(o, e, "-f", "-", "-"), 0);
	CHECK_STR(opts_list(&o, "filename")->items[0], "-");
	CHECK_STR(o.args[0], "-");
	CHECK_INT(o.dash, -1);
}

TEST("letters can be bundled and the last may carry a value")
{
	auto_opts o = {0};
	auto_err e = {0};

	CHECK_INT(PARSE(o, e, "-itn", "x", "-wojson"), 0);
	CHECK(opts_bool(&o, "stdin") && opts_bool(&o, "tty") && opts_bool(&o, "watch"));
	CHECK_STR(opts_str(&o, "namespace"), "x");
	CHECK_STR(opts_str(&o, "output"), "json");
}

TEST("switches take a value only with an equals sign")
{
	auto_opts o = {0};
	auto_err e = {0};

	CHECK_INT(PARSE(o, e, "--wait=false", "--watch", "false", "-i=0"), 0);
	CHECK(!opts_bool(&o, "wait"));
	CHECK(opts_bool(&o, "watch"));
	CHECK(!opts_bool(&o, "stdin"));
	CHECK_STR(o.args[0], "false");
}

TEST("rows give defaults, also to lists that are not there")
{
	auto_opts o = {0};
	auto_err e = {0};

	CHECK_INT(PARSE(o, e, "x"), 0);
	CHECK(opts_bool(&o, "wait"));
	CHECK(!opts_given(&o, "wait"));
	CHECK_INT(opts_int(&o, "tail"), -1);
	CHECK(opts_duration_ns(&o, "timeout") == INT64_C(30000000000));
	CHECK_STR(opts_str(&o, "dry-run"), "none");
	CHECK_STR(opts_str(&o, "output"), "");
	CHECK_INT(opts_list(&o, "env")->len, 0);
}

TEST("an optional value needs an equals sign")
{
	auto_opts o = {0};
	auto_opts o2 = {0};
	auto_err e = {0};

	CHECK_INT(PARSE(o, e, "--dry-run", "server"), 0);
	CHECK_STR(opts_str(&o, "dry-run"), "client");
	CHECK_STR(o.args[0], "server");
	CHECK_INT(PARSE(o2, e, "--dry-run=server"), 0);
	CHECK_STR(opts_str(&o2, "dry-run"), "server");
}

TEST("repeated options collect, and only comma lists split")
{
	auto_opts o = {0};
	auto_err e = {0};

	CHECK_INT(PARSE(o, e, "-e", "A=1,2", "--env=B=3", "-f", "a,b", "-f", "c"), 0);
	CHECK_INT(opts_list(&o, "env")->len, 2);
	CHECK_STR(opts_list(&o, "env")->items[0], "A=1,2");
	CHECK_INT(opts_list(&o, "filename")->len, 3);
	CHECK_STR(opts_list(&o, "filename")->items[2], "c");
}

TEST("a negative number is a value, not an option")
{
	auto_opts o = {0};
	auto_err e = {0};

	CHECK_INT(PARSE(o, e, "--tail", "-5"), 0);
	CHECK_INT(opts_int(&o, "tail"), -5);
}

TEST("what is wrong is said as kubectl says it")
{
	CHECK_REFUSED("unknown flag: --zz", "--zz=3");
	CHECK_REFUSED("unknown shorthand flag: 'z' in -z", "-wz");
	CHECK_REFUSED(
	    "unknown shorthand flag: 'k' in -k: pipe what it builds: 'kustomize build DIR "
	    "| kjob apply -f -'",
	    "-wk");
	CHECK_REFUSED("flag needs an argument: --output", "--output");
	CHECK_REFUSED("flag needs an argument: 'o' in -o", "-wo");
	CHECK_REFUSED("invalid argument \"maybe\" for \"-w, --watch\" flag: strconv.ParseBool: "
		      "parsing \"maybe\": "
		      "invalid syntax",
	    "--watch=maybe");
	CHECK_REFUSED("invalid argument \"abc\" for \"--tail\" flag: strconv.ParseInt: parsing "
		      "\"abc\": invalid syntax",
	    "--tail=abc");
	CHECK_REFUSED(
	    "invalid argument \"30\" for \"--timeout\" flag: time: missing unit in duration \"30\"",
	    "--timeout", "30");
	CHECK_REFUSED("invalid argument \"blue\" for \"--colour\" flag: must be one of red, green",
	    "--colour=blue");
}

TEST("skipping options before a command knows which take the next word")
{
	const struct opt *tables[] = {table, more};

	CHECK(opt_takes_next(tables, 2, "-n"));
	CHECK(opt_takes_next(tables, 2, "--namespace"));
	CHECK(!opt_takes_next(tables, 2, "-nfoo"));
	CHECK(!opt_takes_next(tables, 2, "--namespace=foo"));
	CHECK(!opt_takes_next(tables, 2, "-w"));
	CHECK(!opt_takes_next(tables, 2, "--dry-run"));
	CHECK(!opt_takes_next(tables, 2, "-"));
	CHECK(!opt_takes_next(tables, 2, "x"));
}

int main(void)
{
	return test_main();
}
