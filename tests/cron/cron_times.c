/*
 * cron_times: answers questions about schedules, a line each, for tests/cron/check.
 *
 *   next|SCHEDULE|ZONE|AFTER|COUNT   the next COUNT times after AFTER, fewer where there are no
 * more last|SCHEDULE|ZONE|AFTER|UNTIL   the last time in (AFTER, UNTIL], "-" where there is none
 *   count|SCHEDULE|ZONE|AFTER|UNTIL  how many there are
 *
 * Times are seconds since the epoch; an empty zone is UTC. A line that cannot be answered gives
 * "error: " and why.
 */
#include "../../controller/api/cron.h"
#include "../../runtime/base/str.h"

#define LINE_MAX_LEN 8192
#define COUNT_MAX 100000

static void print_next(const struct cron *c, const struct zone *z, int64_t after, int64_t count)
{
	for (int64_t i = 0; i < count && cron_next(c, z, after, &after); i++)
		printf("%s%lld", i ? " " : "", (long long)after);
	printf("\n");
}

static int answer(const struct strlist *words, struct err *e)
{
	const char *what = words->items[0];
	auto_zone *z = NULL;
	int64_t from, to;
	struct cron c;

	if (words->len != 5)
		return err_set(e, ERR_INVALID, "five parts are needed");
	z = zone_load(words->items[2], e);
	if (!z || cron_parse(&c, words->items[1], e) < 0)
		return -1;
	if (str_to_int(words->items[3], INT64_MIN, INT64_MAX, &from) < 0 ||
	    str_to_int(words->items[4], INT64_MIN, INT64_MAX, &to) < 0)
		return err_set(e, ERR_INVALID, "no number");
	if (str_eq(what, "next"))
		print_next(&c, z, from, to);
	else if (str_eq(what, "count"))
		printf("%zu\n", cron_count(&c, z, from, to, COUNT_MAX));
	else if (cron_last(&c, z, from, to, &to))
		printf("%lld\n", (long long)to);
	else
		printf("-\n");
	return 0;
}

int main(void)
{
	char line[LINE_MAX_LEN];

	while (fgets(line, sizeof(line), stdin)) {
		auto_strlist words = {0};
		auto_err e = {0};

		line[strcspn(line, "\n")] = '\0';
		str_split(&words, line, '|');
		if (answer(&words, &e) < 0)
			printf("error: %s\n", err_msg(&e));
	}
	return 0;
}
