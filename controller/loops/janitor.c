#include "janitor.h"

#include <dirent.h>
#include <sys/stat.h>

#include "../../runtime/base/clock.h"
#include "../store/logfile.h"

#define FIRST_LOOK_MS 30000
#define LOOK_EVERY_MS 3600000
#define KEEP_SECONDS 86400

struct janitor {
	struct loops_env *env;
	struct timer timer;
};

/* A folder is NS_POD_UID; none of the three holds an underscore. */
static void look_at(struct janitor *j, const char *folder, int64_t now)
{
	auto_free char *path = xasprintf("%s/%s", j->env->logs_dir, folder);
	auto_strlist parts = {0};
	auto_json *pod = NULL;
	struct stat st;

	str_split(&parts, folder, '_');
	if (parts.len != 3 || stat(path, &st) < 0 || now - (int64_t)st.st_mtime < KEEP_SECONDS)
		return;
	pod = store_get_by_uid(j->env->store, pod_kind(), parts.items[2]);
	if (!pod)
		logfile_remove_pod(
		    j->env->logs_dir, parts.items[0], parts.items[1], parts.items[2]);
}

static void look(void *arg)
{
	struct janitor *j = arg;
	DIR *d = opendir(j->env->logs_dir);
	int64_t now = clock_wall_ns() / NSEC_PER_SEC;
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		look_at(j, entry->d_name, now);
	if (d)
		closedir(d);
	timer_set(j->env->loop, &j->timer, LOOK_EVERY_MS);
}

struct janitor *janitor_new(struct loops_env *env)
{
	struct janitor *j = xcalloc(1, sizeof(*j));

	j->env = env;
	j->timer = (struct timer){.name = "janitor", .fn = look, .arg = j};
	timer_set(env->loop, &j->timer, FIRST_LOOK_MS);
	return j;
}

void janitor_free(struct janitor *j)
{
	if (!j)
		return;
	timer_cancel(j->env->loop, &j->timer);
	free(j);
}
