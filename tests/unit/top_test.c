/* top: rows from PodMetrics. */
#include "../../cmd/top_figures.h"

#include <stdlib.h>

#include "../../runtime/base/str.h"
#include "test.h"

static const char items[] =
    "[{\"metadata\":{\"name\":\"b\",\"namespace\":\"x\"},\"containers\":["
    "{\"name\":\"d\",\"usage\":{\"cpu\":\"1100000n\",\"memory\":\"848Ki\"}},"
    "{\"name\":\"c\",\"usage\":{\"cpu\":\"2500u\",\"memory\":\"1Mi\"}}]},"
    "{\"metadata\":{\"name\":\"a\",\"namespace\":\"x\"},\"containers\":["
    "{\"name\":\"e\",\"usage\":{\"cpu\":\"1\",\"memory\":\"1000000\"}}]},"
    "{\"metadata\":{\"name\":\"z\",\"namespace\":\"w\"},\"containers\":["
    "{\"name\":\"f\",\"usage\":{\"cpu\":\"0\",\"memory\":\"2Gi\"}}]}]";

/* "NS/POD/CONTAINER MILLI MEBI, …" */
static char *shown(bool containers, const char *by)
{
	auto_json *j = json_parse(items, strlen(items), 0, NULL);
	auto_strlist lines = {0};
	struct top_row *rows;
	size_t n = top_rows(j, containers, by, &rows);

	for (size_t i = 0; i < n; i++)
		strlist_addf(&lines, "%s/%s/%s %lld %lld", rows[i].ns, rows[i].pod,
		    rows[i].container ? rows[i].container : "",
		    (long long)top_milli(&rows[i].amount), (long long)top_mebi(&rows[i].amount));
	free(rows);
	return strlist_join(&lines, ", ");
}

TEST("a pod's line adds up its containers, and rounds once")
{
	auto_free char *text = shown(false, "");

	CHECK_STR(text, "w/z/ 0 2048, x/a/ 1000 0, x/b/ 4 1");
}

TEST("containers stay with their pod")
{
	auto_free char *text = shown(true, "");

	CHECK_STR(text, "w/z/f 0 2048, x/a/e 1000 0, x/b/c 3 1, x/b/d 2 0");
}

TEST("the most comes first where it is sorted by an amount")
{
	auto_free char *cpu = shown(false, "cpu"), *memory = shown(true, "memory");

	CHECK_STR(cpu, "x/a/ 1000 0, x/b/ 4 1, w/z/ 0 2048");
	CHECK_STR(memory, "w/z/f 0 2048, x/b/c 3 1, x/b/d 2 0, x/a/e 1000 0");
}

int main(void)
{
	return test_main();
}
