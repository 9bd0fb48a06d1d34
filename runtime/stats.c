/* stats: what a container has used and uses, by one reading of the engine. */
#include "engine_internal.h"

/* The page cache that the kernel may drop is not what a container works with. Podman tells only the
 * sum. */
static uint64_t working_set(const json *memory)
{
	int64_t usage = json_int(memory, "usage", 0);
	int64_t cache = json_int(
	    memory, "stats.total_inactive_file", json_int(memory, "stats.inactive_file", 0));

	return (uint64_t)(usage > cache ? usage - cache : 0);
}

static void stats_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);
	struct container_stats s = {
	    .cpu_ns = (uint64_t)json_int(j, "cpu_stats.cpu_usage.total_usage", 0),
	    .memory_bytes = working_set(json_get(j, "memory_stats"))};

	if (j && (time_parse(json_str_or(j, "read", ""), &s.read_ns) < 0 || s.read_ns <= 0))
		err_set(&e, ERR_CONFLICT, "container %.12s does not run", c->target);
	if (j && !e.reason)
		c->cb.stats(c->who, &s, NULL);
	else
		c->cb.stats(c->who, NULL, err ? err : &e);
}

/* Docker answers with its next reading, of which it makes one a second: other calls must not wait.
 */
engine_id container_get_stats(
    struct engine *en, const char *id, container_stats_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_STATS, stats_reply, who);
	auto_free char *target = engine_escape(id);
	auto_free char *path = xasprintf("/containers/%s/stats?stream=false&one-shot=true", target);

	c->cb.stats = cb;
	c->target = xstrdup(id);
	return call_send(c, &(struct call_request){.method = "GET", .path = path, .streams = true});
}
