#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../../cmd/client.h"
#include "../../cmd/errors.h"
#include "../../cmd/output.h"
#include "../../cmd/sort.h"
#include "../../cmd/view.h"

static json *parse(const char *text)
{
	auto_err e = {0};
	json *j = json_parse(text, strlen(text), JSON_PARSE_STRICT, &e);

	if (!j)
		printf("# %s\n", err_msg(&e));
	return j;
}

static void row(struct text_table *t, const char *const *cells)
{
	for (; *cells; cells++)
		text_table_cell(t, *cells);
	text_table_end_row(t);
}

#define ROW(t, ...) row(&(t), (const char *const[]){__VA_ARGS__, NULL})

/* ---- text tables ---- */

TEST("columns are three blanks wider than their widest cell and the last one is bare")
{
	auto_text_table t = {0};
	auto_buf out = {0};

	ROW(t, "NAME", "STATUS", "AGE");
	ROW(t, "oneshot", "Complete", "5s");
	text_table_flush(&t, &out);
	CHECK_STR(buf_str(&out), "NAME      STATUS     AGE\noneshot   Complete   5s\n");
}

TEST("a narrow column takes six characters")
{
	auto_text_table t = {0};
	auto_buf out = {0};

	ROW(t, "A", "B");
	text_table_flush(&t, &out);
	CHECK_STR(buf_str(&out), "A     B\n");
}

TEST("widths are remembered over flushes")
{
	auto_text_table t = {0};
	auto_buf out = {0};

	ROW(t, "a-long-name", "x");
	text_table_flush(&t, &out);
	ROW(t, "b", "y");
	text_table_flush(&t, &out);
	CHECK_STR(buf_str(&out), "a-long-name   x\nb             y\n");
}

TEST("an escape sequence in a cell is made visible and only its first line shown")
{
	auto_text_table t = {0};
	auto_buf out = {0};

	ROW(t, "\033[31mred", "one\ntwo");
	text_table_flush(&t, &out);
	CHECK_STR(buf_str(&out), "^[[31mred   one...\n");
}

TEST("letters of several bytes are one column wide")
{
	auto_text_table t = {0};
	auto_buf out = {0};

	ROW(t, "äöü", "x");
	ROW(t, "abc", "y");
	text_table_flush(&t, &out);
	CHECK_STR(buf_str(&out), "äöü   x\nabc   y\n");
}

/* ---- tables of the server ---- */

static const char columns_text[] = "[{\"name\":\"Name\",\"format\":\"name\",\"priority\":0},{"
				   "\"name\":\"Restarts\",\"priority\":0},"
				   "{\"name\":\"IP\",\"priority\":1}]";
static const char row_text[] =
    "{\"cells\":[\"web\",3,\"10.0.0.1\"],\"object\":{\"metadata\":{\"namespace\":\"a\","
    "\"labels\":{\"z\":\"1\",\"a.b/tier\":\"x\"}}}}";

static char *show(const struct view *v)
{
	auto_json *columns = parse(columns_text), *r = parse(row_text);
	auto_text_table t = {0};
	struct buf out = {0};

	view_headings(v, columns, &t);
	view_row(v, columns, r, "ADDED", &t);
	text_table_flush(&t, &out);
	return buf_take(&out);
}

TEST("columns of priority one need -o wide")
{
	struct view v = {0};
	auto_free char *narrow = show(&v);
	auto_free char *wide = NULL;

	CHECK_STR(narrow, "NAME   RESTARTS\nweb    3\n");
	v.wide = true;
	wide = show(&v);
	CHECK_STR(wide, "NAME   RESTARTS   IP\nweb    3          10.0.0.1\n");
}

TEST("namespace, event, kind and label columns stand where kubectl has them")
{
	struct strlist keys = {0};
	struct view v = {.with_namespace = true,
	    .events = true,
	    .show_labels = true,
	    .name_prefix = "pod/",
	    .label_columns = &keys};
	auto_free char *text = NULL;

	strlist_add(&keys, "a.b/tier");
	strlist_add(&keys, "none");
	text = show(&v);
	CHECK_STR(text, "EVENT   NAMESPACE   NAME      RESTARTS   TIER   NONE   LABELS\n"
			"ADDED   a           pod/web   3          x             a.b/tier=x,z=1\n");
	strlist_release(&keys);
}

static char *go_value(const char *text)
{
	auto_json *j = parse(text);
	struct buf out = {0};

	print_go_value(j, &out);
	return buf_take(&out);
}

TEST("values print as Go prints them")
{
	auto_free char *map = go_value("{\"b\":[1,\"x\",true],\"a\":{\"c\":null}}");

	CHECK_STR(map, "map[a:map[c:<nil>] b:[1 x true]]");
}

/* ---- --sort-by ---- */

/* The names of the items in their order after sorting. */
static char *sorted(const char *list, const char *by)
{
	auto_json *j = parse(list);
	auto_strlist names = {0};
	auto_err e = {0};
	json *items[8];
	size_t len = 0;

	json_for (it, j)
		items[len++] = it;
	if (sort_objects(items, len, NULL, by, &e) < 0)
		return xstrdup(err_msg(&e));
	for (size_t i = 0; i < len; i++)
		strlist_add(&names, json_str_or(items[i], "n", "?"));
	return strlist_join(&names, " ");
}

TEST("numbers sort by value and text by its bytes, what lacks the field first")
{
	static const char list[] = "[{\"n\":\"a10\",\"v\":2},{\"n\":\"a9\",\"v\":10},{\"n\":\"b\"},"
				   "{\"n\":\"a010x\",\"v\":-1}]";
	auto_free char *by_text = sorted(list, ".n");
	auto_free char *by_number = sorted(list, "{.v}");
	auto_free char *by_none = sorted(list, ".nope");

	CHECK_STR(by_text, "a010x a10 a9 b");
	CHECK_STR(by_number, "b a010x a10 a9");
	CHECK_STR(by_none, "couldn't find any field with path \".nope\" in the list of objects");
}

/* ---- the writer ---- */

TEST("a full disk is remembered and ends writing")
{
	struct out o;
	int fd = open("/dev/full", O_WRONLY);

	if (fd < 0)
		return;
	out_init(&o, fd);
	out_adds(&o, "text");
	CHECK(!out_flush(&o));
	CHECK_INT(o.error, ENOSPC);
	out_adds(&o, "more");
	CHECK(!out_flush(&o));
	out_release(&o);
	close(fd);
}

/* ---- errors ---- */

static char *words(const char *status)
{
	auto_json *j = parse(status);
	auto_err e = {0};
	struct buf out = {0};

	client_status_object_error(j, &e);
	error_format(&e, &out);
	return buf_take(&out);
}

#define CHECK_WORDS(status, want)                      \
	do {                                           \
		auto_free char *text_ = words(status); \
		CHECK_STR(text_, want);                \
	} while (0)

TEST("a Status is told with its reason")
{
	CHECK_WORDS("{\"kind\":\"Status\",\"message\":\"jobs.batch \\\"x\\\" not "
		    "found\",\"reason\":\"NotFound\",\"code\":404}",
	    "Error from server (NotFound): jobs.batch \"x\" not found\n");
	CHECK_WORDS(
	    "{\"kind\":\"Status\",\"message\":\"boom\",\"code\":500}", "Error from server: boom\n");
}

TEST("an invalid object is told by its causes, one to a line when there are several")
{
	CHECK_WORDS(
	    "{\"kind\":\"Status\",\"reason\":\"Invalid\",\"code\":422,\"message\":\"m\","
	    "\"details\":{\"name\":\"x\","
	    "\"kind\":\"Job\",\"causes\":[{\"field\":\"spec.a\",\"message\":\"Required value\"}]}}",
	    "The Job \"x\" is invalid: spec.a: Required value\n");
	CHECK_WORDS("{\"kind\":\"Status\",\"reason\":\"Invalid\",\"code\":422,\"message\":\"m\","
		    "\"details\":{\"name\":\"x\","
		    "\"kind\":\"Job\",\"causes\":[{\"field\":\"spec.a\",\"message\":\"A\"},{"
		    "\"field\":\"spec.b\",\"message\":"
		    "\"B\"},{\"field\":\"spec.a\",\"message\":\"A\"}]}}",
	    "The Job \"x\" is invalid: \n* spec.a: A\n* spec.b: B\n");
	CHECK_WORDS("{\"kind\":\"Status\",\"reason\":\"Invalid\",\"code\":422,\"message\":\"m\"}",
	    "The request is invalid: m\n");
}

TEST("kjob's own errors have one prefix")
{
	auto_err e = {0};
	auto_buf out = {0};

	err_set(&e, ERR_BAD_REQUEST, "no objects passed to create");
	error_format(&e, &out);
	CHECK_STR(buf_str(&out), "error: no objects passed to create\n");
}

TEST("the fields of an error are found in causes and in the texts of the decoder")
{
	auto_strlist paths = {0}, typed = {0};
	auto_err e = {0};

	err_set(&e, ERR_BAD_REQUEST,
	    "strict decoding error: unknown field \"spec.x\" (did you mean \"y\"?), duplicate "
	    "field \"spec.z\"");
	error_field_paths(&e, &paths);
	CHECK_INT(paths.len, 2);
	CHECK_STR(paths.items[0], "spec.x");
	CHECK_STR(paths.items[1], "spec.z");
	err_set(&e, ERR_BAD_REQUEST,
	    "json: cannot unmarshal string into Go struct field JobSpec.spec.n of type int32");
	error_field_paths(&e, &typed);
	CHECK_INT(typed.len, 1);
	CHECK_STR(typed.items[0], "spec.n");
}

int main(void)
{
	return test_main();
}
