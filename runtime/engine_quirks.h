/*
 * engine_quirks: what Docker and Podman do differently, as tables and small pure functions. Nothing
 * else in runtime/ asks which engine it talks to, except through here. The facts are measured on
 * Docker 20.10 to 28 and Podman 4.3 to 5.4.
 */
#ifndef KJOB_ENGINE_QUIRKS_H
#define KJOB_ENGINE_QUIRKS_H

#include "engine.h"

enum engine_call {
	CALL_INFO,
	CALL_CREATE,
	CALL_ARCHIVE,
	CALL_START,
	CALL_INSPECT,
	CALL_KILL,
	CALL_REMOVE,
	CALL_LIST,
	CALL_ATTACH,
	CALL_LOGS,
	CALL_EVENTS,
	CALL_IMAGE,
	CALL_PULL,
	CALL_EXEC_CREATE,
	CALL_EXEC_START,
	CALL_EXEC_INSPECT,
	CALL_RESIZE,
	CALL_STATS,
	CALL_LOAD,
	CALL_VERSION,
	CALL_VOLUME_CREATE,
	CALL_VOLUME_REMOVE,
	CALL_VOLUME,
	CALL_NETWORK,
};

struct engine_traits {
	const char *name;          /* "Docker" */
	bool hostname_when_joined; /* takes a hostname together with another container's network */
	bool prompt_die;           /* the event of an exit comes before an inspect would tell */
	bool died_event; /* older releases filter events on "died" where Docker has "die" */
	bool pull_says_downloaded; /* the last word on a layer is "Download complete" */
	bool attach_prepares;      /* attaching to a created container does most of its start */
	bool lists_starts; /* its own list tells start times, which alone give lost containers away
			    */
	const char *no_new_privileges; /* as a security option */
	const char *unmask_option;     /* one that shows all of /proc; NULL: by lists of paths */
	bool archive_follows_links;    /* reading a link out of a container reads its target */
	bool unpacks_through_mounts;   /* archives, also into a container that does not run */
	const char *volume_options; /* so that a new volume is not given to who mounts it first */
	bool marks_lost_with_255; /* what ended while the daemon was away is given exit code 255 */
};
const struct engine_traits *engine_traits(enum engine_kind kind);

/*
 * Sets e to what a reply means: status and BODY as the engine sent them. Returns 0 where the reply
 * is as good as a success (2xx, and refusals such as removing what is gone), else -1 with e set to
 * a reason of engine.h and the engine's own text without its wrapping.
 */
int quirk_reply(enum engine_kind kind, enum engine_call call, int status, const char *body,
    size_t len, struct err *e);
/* Sets e from an engine's text, by the same table. Returns -1. */
int quirk_error(
    enum engine_kind kind, enum engine_call call, int status, const char *text, struct err *e);
/* The text of an error reply: "message" of the JSON body, or the body itself; trimmed and cleaned.
 * Owned. */
char *quirk_message(const char *body, size_t len);
/* An engine's text without the prefixes that daemon and runtime wrap around it; owned. */
char *quirk_clean(const char *text);
/* The exit code (126, 127, 128) that a refusal to start means; 0: the command is not to blame. */
int quirk_start_exit_code(const char *message);

/* A refused attach that says of a created container what its start will say: let the start say it.
 */
bool quirk_attach_foretells_start(enum engine_kind kind, const char *body, size_t len);

/*
 * Whether what an exec has printed may be the engine's own word on why the command could not be
 * started, and with EXIT_CODE whether it is; ret: that word, cleaned; owned.
 */
bool quirk_exec_foretells_refusal(enum engine_kind kind, const char *output);
bool quirk_exec_refused(enum engine_kind kind, int exit_code, const char *output, char **ret);

/* A State.Status of either engine. */
enum container_state quirk_state(const char *status);
/* Whether an engine of this version tells that a container was killed for its memory. */
bool quirk_tells_oom(enum engine_kind kind, const char *version);
/* The state of an inspected container, from its "State" object; sets lost. */
enum container_state quirk_inspected_state(const json *state, bool *ret_lost);

/* The same from an item of a list, as far as it tells. */
enum container_state quirk_listed_state(const json *item, bool *ret_lost);

/* The API version to speak with an engine that offers OFFERED ("1.45"): buf of 16. NULL: it is too
 * old. */
const char *quirk_api_version(char buf[16], const char *offered);
/* An architecture as Go names it: "amd64" for "x86_64". */
const char *quirk_arch(const char *arch);

/* An image reference as /images/create wants it: name and a tag or digest, never without. */
struct image_ref {
	char *name; /* with registry, "docker.io/library/…" where there is none */
	char *tag;  /* tag or "sha256:…" */
};
void quirk_split_ref(const char *ref, struct image_ref *ret);
void image_ref_release(struct image_ref *r);

#endif
