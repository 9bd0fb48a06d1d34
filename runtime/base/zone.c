/* zone: see zone.h. */
#include "zone.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "str.h"

#define NAME_MAX_LEN 255
/* Changes that undo each other are further apart: in all of the database at least four days. */
#define STEP (2 * INT64_C(86400))
#define DATABASE_MAGIC "TZif"

struct zone {
	char *tz; /* what TZ is set to */
};

/* ---- loading ---- */

static bool is_zone_file(const char *path)
{
	char magic[sizeof(DATABASE_MAGIC) - 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	bool is;

	if (fd < 0)
		return false;
	is = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	     read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
	     memcmp(magic, DATABASE_MAGIC, sizeof(magic)) == 0;
	close(fd);
	return is;
}

/* The file of a zone in the first place that has it; owned, NULL: nowhere. */
static char *find_file(const char *name)
{
	const char *const places[] = {getenv("TZDIR"), "/usr/share/zoneinfo", "/usr/lib/zoneinfo",
	    "/usr/share/lib/zoneinfo", "/etc/zoneinfo"};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		auto_free char *path = NULL;

		if (!places[i] || places[i][0] != '/')
			continue;
		path = xasprintf("%s/%s", places[i], name);
		if (is_zone_file(path))
			return TAKE(path);
	}
	return NULL;
}

struct zone *zone_load(const char *name, struct err *e)
{
	auto_free char *path = NULL;
	struct zone *z;

	if (strstr(name, "..") || name[0] == '/' || name[0] == '\\') {
		err_set(e, ERR_INVALID, "time: invalid location name");
		return NULL;
	}
	if (strlen(name) <= NAME_MAX_LEN && *name && !str_eq(name, "UTC"))
		path = find_file(name);
	if (!path && *name && !str_eq(name, "UTC")) {
		err_set(e, ERR_INVALID, "unknown time zone %s", name);
		return NULL;
	}
	z = xcalloc(1, sizeof(*z));
	z->tz = path ? xasprintf(":%s", path) : xstrdup("UTC0");
	return z;
}

void zone_free(struct zone *z)
{
	if (!z)
		return;
	free(z->tz);
	free(z);
}

void zone_cleanup(struct zone **z)
{
	zone_free(*z);
}

/* ---- scopes ---- */

/* NULL unsets it. */
static void set_tz(const char *value)
{
	if ((value ? setenv("TZ", value, 1) : unsetenv("TZ")) != 0)
		abort(); /* out of memory */
	tzset();
}

void zone_enter(struct zone_scope *s, const struct zone *z)
{
	*s = (struct zone_scope){.switched = z != NULL};
	if (!z) {
		tzset();
		return;
	}
	s->saved = xstrdup(getenv("TZ"));
	set_tz(z->tz);
}

void zone_leave(struct zone_scope *s)
{
	if (s->switched)
		set_tz(s->saved);
	free(s->saved);
	*s = (struct zone_scope){0};
}

/* ---- questions ---- */

int64_t zone_offset(int64_t t)
{
	time_t when;
	struct tm tm;

	t = t < ZONE_TIME_MIN ? ZONE_TIME_MIN : t;
	when = (time_t)(t > ZONE_TIME_MAX ? ZONE_TIME_MAX : t);
	return localtime_r(&when, &tm) ? tm.tm_gmtoff : 0;
}

/*
 * Of two times whose offsets differ, with one change between them: the first second at which the
 * later offset holds. `offset` is that of the earlier time where `keep`, else of the later.
 */
static int64_t bisect(int64_t before, int64_t from, int64_t offset, bool keep)
{
	while (from - before > 1) {
		int64_t middle = before + (from - before) / 2;

		if ((zone_offset(middle) == offset) == keep)
			before = middle;
		else
			from = middle;
	}
	return from;
}

bool zone_next_change(int64_t t, int64_t until, int64_t *ret)
{
	int64_t offset = zone_offset(t);

	while (t < until) {
		int64_t to = until - t > STEP ? t + STEP : until;

		if (zone_offset(to) != offset) {
			*ret = bisect(t, to, offset, true);
			return true;
		}
		t = to;
	}
	return false;
}

bool zone_last_change(int64_t t, int64_t after, int64_t *ret)
{
	int64_t offset = zone_offset(t);

	while (t > after) {
		int64_t to = t - after > STEP ? t - STEP : after;

		if (zone_offset(to) != offset) {
			*ret = bisect(to, t, offset, false);
			return true;
		}
		t = to;
	}
	return false;
}

char *zone_format(char buf[TIME_TEXT_MAX], const struct zone *z, int64_t unix_sec)
{
	int64_t offset, minutes;
	size_t len;

	{
		auto_zone_scope scope;

		zone_enter(&scope, z);
		offset = zone_offset(unix_sec);
	}
	if (unix_sec < ZONE_TIME_MIN || unix_sec > ZONE_TIME_MAX)
		offset = 0;
	time_format(buf, unix_sec + offset);
	minutes = (offset < 0 ? -offset : offset) / 60;
	len = strlen(buf);
	if (offset && len)
		snprintf(buf + len - 1, TIME_TEXT_MAX - len + 1, "%c%02d:%02d",
		    offset < 0 ? '-' : '+', (int)(minutes / 60 % 100), (int)(minutes % 60));
	return buf;
}
