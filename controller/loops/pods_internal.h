/*
 * pods_internal: the pod loop's own record of pods, shared by its files.
 *
 * A struct pod lives while its object is not terminal, or still holds the tracking finalizer, or
 * has containers to stop. Engine callbacks carry a key (pod_key) rather than a pointer; a key whose
 * pod is gone finds nothing. Callbacks write one fact into the container's record and queue the
 * pod; pod_reconcile (pods.c) does the rest at the end of the turn.
 *
 *   pods.c         the set of pods, the queue, reconcile
 *   pod_observe.c  from the record to what pod_decide sees
 *   pod_apply.c    one engine call per action, and the facts they bring back
 *   pod_stop.c     actions that end containers and pods
 *   pod_removal.c  removing engine containers, in the background
 *   pod_sandbox.c  the container that holds a pod's network
 *   pod_reuse.c    sandboxes that go from pod to pod
 *   pod_message.c  termination messages
 *   pod_room.c     admission: what pods take of the node, and who waits
 *   pod_hooks.c    postStart and preStop
 *   pod_probes.c   probes, and what follows from them
 *   pod_handler.c  the actions of both
 *   pod_runner.c   who starts the commands of probes
 *   pod_output.c   the output stream into the log file
 *   pod_exit.c     how an exit is noticed
 *   pod_status.c   status from the record (pure)
 *   pod_image.c    pulls, shared between pods
 *   pod_spec.c     what the engine is told: command, args, environment with $(NAME), names, labels
 *   pod_config.c   its environment, and who waits for config maps and secrets
 *   pod_usage.c    what they take of the disk, and limits of that
 *   pod_recover.c  the engine's containers against the records: adopt, finish, remove
 *   pod_forward.c  connections to ports of pods
 *   pod_names.c    the names of Services for pods that are older
 *   pod_logs.c     what the API server asks: logs, followers
 *   pod_attach.c   standard input and terminals
 */
#ifndef KJOB_PODS_INTERNAL_H
#define KJOB_PODS_INTERNAL_H

#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "../../probes/action.h"
#include "../../probes/probe.h"
#include "../../runtime/base/map.h"
#include "../../runtime/base/workqueue.h"
#include "../../runtime/registry_auth.h"
#include "../../runtime/tty_size.h"
#include "../store/logfile.h"
#include "env.h"
#include "pod_decide.h"
#include "pod_fit.h"
#include "pod_spec.h"
#include "pods.h"

struct container {
	struct pod *pod;
	char *name;
	enum container_role role;
	int attempt;  /* of the instance this record is about, from 0 */
	int round;    /* of the pod, in which it was created last; -1: never */
	int restarts; /* restartCount: the highest attempt that was created */
	enum container_stage stage;

	/* the engine's side */
	engine_id call;    /* the step under way; 0: none */
	engine_id inspect; /* a question under way, beside the steps; 0: none */
	bool busy;         /* a call is under way, or the image is being pulled for it */
	char *id;          /* of the engine's container; NULL: none */
	char *prev_id;     /* the last dead instance, kept in the engine; NULL: none */
	char *image;       /* that it was created from, as the spec named it; NULL: not known */
	bool replaced;     /* it is being stopped because the spec names another */
	char *image_id, *ip;
	char *image_user;  /* of its image, in this attempt; NULL: not asked for */
	char *stop_signal; /* of this instance, as the engine has it; NULL: not known yet */
	struct stream *stream;
	bool stream_open, stream_ended;
	bool stream_is_log;   /* it is the engine's log, not an attach */
	struct stream *input; /* then: to stdin, once somebody has attached */
	bool log_gap; /* output may have been missed: the engine's log must be read before the end
			 counts */
	uint64_t skip_bytes[3]; /* recovery: content already in our file, per stream_kind */
	struct tty_size tty_size;
	struct timer inspect_timer;
	int inspect_delay_ms;
	bool has_stdin, stdin_taken; /* somebody brought input, or may have */
	bool names;  /* its resolver asks the name server of Services */
	bool unsure; /* somebody may have asked for its start: the engine is asked before we do */
	bool log_doubt; /* so it may have run before we attached: its end has the log compared */

	/* how it went */
	int64_t started_ns, finished_ns;
	int exit_code;
	bool oom;
	int64_t oom_until_ms; /* when it is no longer waited for; 0: it was not */
	bool died; /* the engine's event said so, with this code and time */
	int died_code;
	int64_t died_ns;
	char *message_file;             /* mounted at terminationMessagePath; NULL: none */
	char *end_reason, *end_message; /* of the terminated state; NULL: by exit code */
	json *last_state;               /* the terminated state before this attempt, or NULL */

	/* why it is not running */
	char *waiting_reason, *waiting_message;
	bool image_missing, image_pulled;
	char *pull_error;      /* of the last pull, which failed; NULL: none did */
	int64_t pull_retry_ms; /* not to be pulled again before this */
	int64_t not_before_ms;
	struct restart_backoff restart_backoff, image_backoff;

	/* probes and hooks, of this attempt */
	bool startup_failing;   /* it has a startup probe that has not succeeded yet */
	bool unready;           /* it has a readiness probe that does not succeed now */
	bool unhealthy;         /* a liveness or startup probe failed for good */
	int64_t probe_grace_ms; /* of that probe; -1: the pod's */
	enum hook_state post_start, pre_stop;
	struct container_probes *probes; /* NULL: it has none */
	struct runner *runner;           /* starts the commands of its probes; NULL: not yet */
	char *runner_of;                 /* the engine's container that it is in */
	struct action *hook;
	struct timer hook_timer; /* of a hook that sleeps */

	/* stopping */
	int64_t stop_by_ms;   /* when the grace of this container's own stop is over; 0: none */
	char *kill_message;   /* why, for the event; NULL: it is simply stopped */
	int64_t term_sent_ms; /* 0: no */
	int64_t kill_sent_ms;

	struct logfile *log;
	char *log_path;
	bool log_dirty; /* written to since the last flush */
};

struct pod {
	struct pods *set;
	size_t slot;
	uint32_t generation;
	char *uid, *ns, *name;
	char *owner_uid; /* of the controller; NULL: none */
	json *obj;       /* the stored object; the last state when it is gone */
	bool stored;     /* of an earlier controller: the engine may have containers of it */
	bool gone;       /* no longer in the store */
	bool released;   /* deletion is done as far as we are concerned */
	bool changed;    /* obj has edits that are not stored yet */
	bool done;       /* to be freed at the end of its reconcile */
	struct work work;
	/* in the order of their start: init containers and sidecars as in the spec, then the others
	 */
	struct container *containers;
	size_t container_count, init_count;
	struct container_obs *obs; /* room for what pod_decide is shown; one more for the sandbox */
	struct container *sandbox; /* NULL: the pod needs none */
	bool network_due;          /* whether it gets one that others have is to be decided */
	bool visited;              /* somebody else was in its network: it is not handed on */
	char *shared; /* the first name of a sandbox that goes from pod to pod (pod_reuse.c) */
	char *hosts;  /* its /etc/hosts; NULL: containers get their own from the engine */
	bool address_first; /* containers are created when its address is known */
	int round;          /* how often everything began anew */
	enum volumes_state volumes;
	int64_t volumes_not_before_ms; /* they are tried again then */
	struct pod_volumes *vol;       /* of pod_volumes; NULL: nothing is known yet */
	struct pod_usage *usage;       /* of pod_usage; NULL: nothing of it is limited */
	enum pod_end ending;
	int64_t stop_by_ms;  /* when the grace of the whole pod's stop is over */
	int64_t delete_by;   /* the deletionTimestamp that stop_by_ms comes from, seconds */
	bool has_room;       /* it counts in room_used */
	bool waits_for_room; /* it is in the list of set->unfit */
	struct room wants;
	char *unfit; /* why it cannot be scheduled; NULL: it can, or was */
	struct pod *next_unfit;
	int64_t started_at;  /* status.startTime, seconds */
	uint64_t told_owner; /* digest of what the owner was last told; 0: nothing */
	struct timer timer;
	struct pod *next_owned; /* in the list of owner_uid */
};

struct image_pull;
struct volume_mounts;

struct pods {
	struct loops_env *env;
	struct map by_uid;   /* → struct pod */
	struct map by_owner; /* owner uid → first struct pod of its list */
	struct pod **slots;
	size_t slot_count, slot_cap;
	uint32_t generation;
	bool logs_dirty; /* some container's log_dirty is set */
	int64_t began_mono_ms;
	struct workqueue queue;
	int starting; /* start calls under way */
	int start_limit;
	bool engine_up;
	bool stored;                 /* an earlier controller left pods that had not ended */
	bool recovered;              /* the first list of containers has been read */
	struct room room, room_used; /* of the node, and of the pods that are scheduled there */
	bool node_known;             /* the node has been read since it was last written */
	json *node_labels, *node_spec;
	struct pod *unfit; /* who waits for room, first come first */
	struct map pulls;  /* image (and secrets) → struct image_pull */
	struct registry_auth *auth;
	uint64_t pull_serial; /* of the newest pull */
	struct map image_ids; /* image → its id as last seen (owned) */
	struct map follows;   /* log path → struct follow_group (pod_logs.c) */
	struct events *events;
	struct timer relist, usage_timer;
	struct idle_sandbox *idle; /* of pod_reuse.c */
	size_t idle_count;
	struct timer idle_timer;
	struct removals *removals;   /* of pod_removal.c */
	struct runner_care *runners; /* of pod_runner; NULL: nothing is known yet */
	struct names_writer *names;  /* of pod_names; NULL: nothing was to be done */
	struct volume_care *volumes; /* of pod_volumes; NULL: nothing is to be done */
	bool listed_busy;            /* there were pods at the last list */
	int64_t strays_until_ms;     /* a create that was given up may still bring a container */
	bool reload;                 /* a turn was lost: read the store again */
	bool applying;               /* our own store writes: do not take them for news */
	/* The jobs loop: told when a pod that a job owns has changed. */
	void (*on_owner_news)(void *ctx, const char *owner_uid);
	void *on_owner_ctx;
};

/* ---- pods.c ---- */
/* Whom an engine call of a container reports to, and back: NULL when it is gone. */
struct engine_who container_who(const struct container *c);
struct container *container_of(struct engine_who who);
/* The same where the answer to c->call is here: nothing is under way any more, its pod is queued.
 */
struct container *container_answered(struct engine_who who);
/* The same key for several callers of one container: `part` is 0 to 3. */
uint64_t container_part_key(const struct container *c, unsigned part);
unsigned container_part(uint64_t key);
/* Takes obj over. */
struct pod *pod_add(struct pods *set, json *obj);
/* Which containers are removed before their sandbox: of this pod, or of all that share one. */
const char *pod_group(const struct pod *p);
/* The sandbox, if it holds more than a network. */
struct container *pod_own_sandbox(const struct pod *p);
void pod_queue(struct pod *p);
void pods_queue_all(struct pods *set);
struct container *pod_find_container(struct pod *p, const char *name);
json *container_json(const struct container *c); /* its spec; of the sandbox NULL */
int64_t now_ms(void);
/* A create has been given up without an answer: what may still come of it is looked for. */
void pods_expect_stray(struct pods *set);
/* What an attempt has not done yet: hooks, probes, stops. */
void container_begin_attempt(struct container *c);
/* Free-text setter for the owned strings above. */
void set_text(char **field, const char *value);

/* Stores edits of the object and a changed status. */
void pod_store(struct pod *p);

/* ---- pod_apply.c ---- */
/* Carries out one action; false when there was nothing to do but wait. */
bool pod_apply(struct pod *p, const struct pod_action *a);
void container_event(struct container *c, const char *type, const char *reason, const char *fmt,
    ...) PRINTF_LIKE(4, 5);
/* As a kubelet's pod worker does after a failure, without jitter. */
#define POD_RETRY_MS 10000
/* Takes note of trouble that is tried again after POD_RETRY_MS: waiting reason, message, event. */
void container_retry(struct container *c, const char *reason, const char *message);
/* The same of trouble with the image itself, of which an event of its own tells. */
void container_retry_image(
    struct container *c, const char *event, const char *reason, const char *message);
/* Whether the engine said that the image's name cannot be one: waiting reason InvalidImageName,
 * then. */
bool container_refuse_image(struct container *c, const struct err *err);

/* ---- pod_stop.c ---- */
#define DEFAULT_SIGNAL "SIGTERM"
bool apply_term(struct pod *p, struct container *c, const struct pod_action *a);
bool apply_kill(struct pod *p, struct container *c, const struct pod_action *a);
bool apply_round(struct pod *p, struct container *c, const struct pod_action *a);
bool apply_end(struct pod *p, struct container *c, const struct pod_action *a);
bool apply_finish(struct pod *p, struct container *c, const struct pod_action *a);
bool apply_remove(struct pod *p, struct container *c, const struct pod_action *a);
/* The stop of a container begins now: its grace, and the event. */
void stop_begin(struct container *c);
/* Works out by when the containers of a deleted pod must have ended. */
void stop_note_deletion(struct pod *p);

/* ---- pod_usage.c ---- */
/* The pod is watched where it has limits of disk space, until usage_end. */
void usage_begin(struct pod *p);
void usage_end(struct pod *p);
/* What it is to be evicted for, in the words of a kubelet; NULL: nothing. Borrowed. */
const char *usage_over(const struct pod *p);

/* ---- pod_message.c ---- */
/*
 * The file that is mounted at terminationMessagePath of the next attempt: made anew, owned path;
 * NULL where the engine cannot see it.
 */
char *message_prepare(const struct container *c);
/* The path of a file beside the container's log, in a folder that is there; owned. */
char *container_file(const struct container *c, const char *suffix);
#define MESSAGE_PATH "/dev/termination-log" /* unless the spec names another */
/* The instance has ended and its log is closed: sets end_message, if there is one. */
void message_take(struct container *c);

/* ---- pod_handler.c ---- */
/* Where the container's ports are; NULL: not known yet. */
const char *handler_address(const struct container *c);
/* Whether it needs that. */
bool handler_needs_address(const json *handler);
/*
 * Whether a pod has such handlers and this machine does not reach its address: the sandbox makes
 * their connections.
 */
bool handlers_need_sandbox(const struct pods *set, const json *pod);
/* NULL: it cannot be carried out, e says why. done's ctx is the set. */
struct action *handler_start(struct container *c, const json *handler, bool hook,
    int64_t timeout_ms, action_done_fn *done, uint64_t key, struct err *e) MUST_USE;

/* ---- pod_probes.c ---- */
void probes_init(struct container *c);
void probes_release(struct container *c);
bool probes_need_address(const struct container *c);
/* Runs what is due; returns when to come again, on the monotonic clock (PROBE_NEVER). */
int64_t probes_drive(struct pod *p);

/* ---- pod_runner.c ---- */
/* Whether the creation has to wait for the program that is mounted into it. */
bool runner_hold(const struct container *c);
void runner_mount(const struct container *c, struct volume_mounts *mounts);
/* NULL: commands of its probes are execs of their own. */
struct runner *container_runner(struct container *c);
/* Actions that use it are cancelled before. */
void runner_release(struct container *c);
void runners_release_all(struct pods *set);

/* ---- pod_hooks.c ---- */
bool apply_post_start(struct pod *p, struct container *c, const struct pod_action *a);
bool apply_pre_stop(struct pod *p, struct container *c, const struct pod_action *a);
void hooks_cancel(struct container *c);

/* ---- pod_sandbox.c ---- */
bool apply_sandbox_create(struct pod *p, struct container *c, const struct pod_action *a);
bool apply_sandbox_start(struct pod *p, struct container *c, const struct pod_action *a);
bool apply_sandbox_stop(struct pod *p, struct container *c, const struct pod_action *a);
/* The record of a pod that needs one; NULL otherwise. */
struct container *sandbox_new(struct pod *p);
/* The old one has died: the next round gets another. */
void sandbox_renew(struct pod *p);
/* One that runs, and belongs to nobody any more. */
void sandbox_taken(struct container *b, const char *ip);
void sandbox_free(struct pod *p);

/* ---- pod_reuse.c ---- */
bool apply_reuse(struct pod *p, struct container *c, const struct pod_action *a);
bool apply_sandbox_give(struct pod *p, struct container *c, const struct pod_action *a);
/* Ends those that nobody has. */
void reuse_end_idle(struct pods *set);
void reuse_release_all(struct pods *set);
/* The engine says that a container has ended or gone, perhaps an idle one. */
void reuse_lost(struct pods *set, const char *id);
/* One that nobody has does not run any more. */
void reuse_ended(struct pods *set, const char *id, const char *name);
/* Whether a pod has it, or it is idle. */
bool reuse_claimed(const struct pods *set, const char *name);
/* One that nobody claims. */
void reuse_end_stray(struct pods *set, const char *id, const char *name);
/* The file that is mounted at /etc/hosts of the next attempt, made anew, owned path; NULL: none. */
char *hosts_prepare(const struct container *c);

/* ---- pod_removal.c ---- */
void removals_start(struct pods *set);
/*
 * Queues an engine container for removal, when there is quiet. NULL is fine. A donor (a sandbox)
 * goes after everything else of its group that is queued or kept.
 */
void removal_add(struct pods *set, const char *group, const char *id, bool donor);
/*
 * Keeps an engine container of a pod that has ended, and removes the oldest that are kept, where
 * there are too many.
 */
void removal_later(struct pods *set, const char *group, const char *id, bool donor);
/* Whether it is queued or kept. */
bool removal_knows(const struct pods *set, const char *id);
/* Whether others than donors of the group are queued or kept. */
bool removal_has_dependents(const struct pods *set, const char *group);
/* How many are about to go, without those that are kept. */
size_t removals_waiting(const struct pods *set);
/* Forgets which are kept: they are about to be listed again. */
void removal_forget_later(struct pods *set);
/* The containers that a status names. */
void removal_add_by_status(struct pods *set, const json *obj);
/* Everything of a pod that has no record any more. */
void removal_add_pod(struct pods *set, const json *obj);
void removal_release_all(struct pods *set);

/* ---- pod_observe.c ---- */
/* What pod_decide is shown; lives until the next call for this pod. */
struct pod_obs pod_observe(const struct pod *p);
/* The grace by the spec. */
int64_t pod_grace_ms(const struct pod *p);
bool container_started(const struct container *c);
bool container_ready(const struct container *c);

/* ---- pod_output.c ---- */
/* Opens the output stream of a container that was created: stage ATTACHED follows. */
void output_attach(struct container *c);
/* Reads the engine's own log from where our file ends, and on while it runs: after a restart or a
 * broken stream. */
void output_recover(struct container *c, bool running);
/* Ends stream and log file. */
void output_close(struct container *c);

/* ---- pod_exit.c ---- */
/* Asks the engine how the container is, now or after a while. */
void exit_inspect_now(struct container *c);
void exit_inspect_soon(struct container *c, int delay_ms);
/* The facts of an inspect of the current instance. */
void exit_take_info(struct container *c, const struct container_info *info);
/* It turns out that somebody has started it: its output so far is in the engine's log alone. */
void exit_take_started(struct container *c, const struct container_info *info);
/* It was started; its stream has ended; the engine told of its end or removal. */
void exit_started(struct container *c);
void exit_drained(struct container *c);
void exit_event(struct container *c, const struct engine_event *event);
#define IMAGE_IDS_MAX 256

/* ---- pod_image.c ---- */
/* Pulls the image for c (joining a pull that is under way); c is busy until it is there or has
 * failed. */
void image_want(struct container *c);
/* It waits for no pull any more; whether it did. */
bool image_forget(struct container *c);
/* The spec may name another image than before: nothing of the old one delays it. */
void image_renamed(struct container *c, const char *before);
/* It has not ended, and its image is not the spec's. What has begun as an init container ends so.
 */
bool image_outdated(const struct container *c);
void image_release_all(struct pods *set);

/* ---- pod_spec.c ---- */
/* The engine's name of an attempt: kjob_NS_POD_CONTAINER_UID8_ATTEMPT; owned. */
char *container_engine_name(const struct container *c);
enum restart_policy pod_restart_policy(const struct pod *p);
enum pull_policy container_pull_policy(const struct container *c);

/* Containers of pods that have ended, which stay in the engine. */
#define ENDED_KEEP 100

#define LABEL_POD "io.kubernetes.pod.name"
#define LABEL_NS "io.kubernetes.pod.namespace"
#define LABEL_UID "io.kubernetes.pod.uid"
#define LABEL_CONTAINER "io.kubernetes.container.name"
#define LABEL_INSTANCE "io.kjob.instance"
#define LABEL_ATTEMPT "io.kjob.attempt"
#define LABEL_ROUND "io.kjob.round"
#define LABEL_SANDBOX "io.kjob.sandbox" /* the name of one that goes from pod to pod */
#define LABEL_IMAGE "io.kjob.image"     /* as the spec named it */
#define LABEL_NAMES "io.kjob.names"     /* the name server of Services, where it is used */
#define SANDBOX_CONTAINER "POD"         /* what LABEL_CONTAINER of a sandbox says */

/* ---- pod_config.c ---- */
/* "NAME=VALUE" for all variables of a container; ERR_INVALID: something is missing. */
int container_env(const struct container *c, struct strlist *env, struct err *e) MUST_USE;
/* Answers a create call with an error, later, as the engine would. */
void container_refuse_later(
    const struct container *c, engine_text_fn *cb, struct engine_who who, const struct err *err);
/* A config map or secret of the namespace was written: who waits for one tries again. */
void pods_config_news(struct pods *set, const char *ns);

/* ---- pod_status.c ---- */
/* The pod's IP address as far as it is known; NULL: not yet. */
const char *pod_address(const struct pod *p);
/* The status of a pod from its record and its old status; owned. `phase`: the phase to state. */
json *pod_status_build(const struct pod *p, enum pod_phase phase, int64_t now_sec);
enum pod_phase pod_phase_parse(const char *text);
const char *pod_phase_name(enum pod_phase p);
/* The phase that follows from the containers, while none is final. */
enum pod_phase pod_phase_of(const struct pod *p);
/* The terminated state of the current attempt; owned. */
json *container_terminated(const struct container *c);

/* ---- pod_recover.c ---- */
/* Fills a fresh record from the stored status. */
void recover_container(struct container *c);
void recover_start(struct pods *set);
/* Reads the engine's list again and mends what differs. */
void recover_relist(struct pods *set);

/* ---- pod_names.c ---- */
/* Tells a pod that runs of the name server of Services, if it does not know it yet. */
void pod_names_look(struct pod *p);
void pod_names_release(struct pods *set);

/* ---- pod_logs.c ---- */
void follow_notify(struct pods *set, const char *path, bool live);
void follow_release_all(struct pods *set);

#endif
