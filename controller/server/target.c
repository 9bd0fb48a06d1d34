/* target: which container of the engine a request on a pod means. */
#include "internal.h"

static const json *status_of(const json *pod, const char *container)
{
	static const char *const lists[] = {"status.containerStatuses",
	    "status.initContainerStatuses", "status.ephemeralContainerStatuses"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (s, json_path(pod, lists[i]))
			if (str_eq(json_str(s, "name"), container))
				return s;
	return NULL;
}

/* "docker://ID" without its scheme; NULL: there is none. */
static char *id_of_uri(const char *uri)
{
	const char *at = uri ? strstr(uri, "://") : NULL;

	return at && at[3] ? xstrdup(at + 3) : NULL;
}

static char *not_found(const char *container, struct err *e)
{
	err_set(e, ERR_INTERNAL, "container not found (\"%s\")", container);
	return NULL;
}

char *running_container(const json *pod, const char *container, struct err *e)
{
	const json *status = status_of(pod, container);
	char *id =
	    json_has(status, "state.running") ? id_of_uri(json_str(status, "containerID")) : NULL;

	return id ? id : not_found(container, e);
}

char *latest_container(const json *pod, const char *container, struct err *e)
{
	static const char *const places[] = {
	    "containerID", "state.terminated.containerID", "lastState.terminated.containerID"};
	const json *status = status_of(pod, container);
	char *id = NULL;

	for (size_t i = 0; i < ARRAY_LEN(places) && !id; i++)
		id = id_of_uri(json_str(status, places[i]));
	return id ? id : not_found(container, e);
}

int check_not_completed(const json *pod, const char *what, struct err *e)
{
	const char *phase = json_str_or(pod, "status.phase", "");

	if (!str_eq(phase, "Succeeded") && !str_eq(phase, "Failed"))
		return 0;
	return err_set(e, ERR_BAD_REQUEST,
	    "cannot %s a container in a completed pod; current phase is %s", what, phase);
}

int check_streams(const struct exchange *x, struct err *e)
{
	bool in = exchange_query_bool(x, "stdin"), out = exchange_query_bool(x, "stdout");
	bool errs = exchange_query_bool(x, "stderr") && !exchange_query_bool(x, "tty");

	if (!in && !out && !errs)
		return err_set(
		    e, ERR_BAD_REQUEST, "you must specify at least one of stdin, stdout, stderr");
	return 0;
}

const json *container_spec(const json *pod, const char *container)
{
	static const char *const lists[] = {
	    "spec.containers", "spec.initContainers", "spec.ephemeralContainers"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (c, json_path(pod, lists[i]))
			if (str_eq(json_str(c, "name"), container))
				return c;
	return NULL;
}

void answer_kubelet_err(struct exchange *x, const struct err *e)
{
	auto_buf text = {0};

	buf_adds(&text, err_msg(e));
	exchange_reply(x, 500, "text/plain", NULL, &text, false);
}
