/*
 * cron_decide: what a CronJob does next, decided from an observation. Pure: no I/O, no clock, no
 * JSON.
 *
 * The plan is a list of actions in the order in which they are to be carried out. It owns the texts
 * of its events; names are borrowed from the observation, which must outlive it.
 */
#ifndef KJOB_CRON_DECIDE_H
#define KJOB_CRON_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../api/cron.h"

enum cron_policy { CRON_ALLOW, CRON_FORBID, CRON_REPLACE };
enum cron_job_end { CRON_JOB_UNFINISHED, CRON_JOB_COMPLETE, CRON_JOB_FAILED };

/* A Job that the CronJob controls. */
struct cron_job {
	const char *name, *uid;
	enum cron_job_end end;
	int64_t start_time, completion_time; /* seconds; 0: none */
	bool deleting;
};

/* An entry of status.active. */
struct cron_ref {
	const char *name, *uid;
	bool exists; /* the Job is there, whoever controls it */
};

struct cron_obs {
	int64_t now_ms;
	bool deleting, suspended;
	const char *name;
	const char *schedule_text;
	const struct cron *schedule; /* NULL: schedule_error says why */
	const char *schedule_error;
	const char *zone_name;   /* spec.timeZone; NULL: absent */
	const struct zone *zone; /* in which the schedule is read; NULL: zone_error says why */
	const char *zone_error;
	int64_t starting_deadline; /* seconds; -1: none */
	enum cron_policy policy;
	int64_t keep_complete, keep_failed;  /* -1: all */
	int64_t created;                     /* metadata.creationTimestamp, seconds */
	int64_t last_schedule, last_success; /* of the status; 0: none */
	/*
	 * What earlier rounds of this process have dealt with: the newest time whose miss was told,
	 * the time whose Job's name is taken by somebody else, the time to come that was told of.
	 * 0: none.
	 */
	int64_t told_missed, handled, told_future;
	const struct cron_ref *active;
	size_t active_count;
	const struct cron_job *jobs;
	size_t job_count;
};

enum cron_event {
	CRON_EV_SUCCESSFUL_CREATE,
	CRON_EV_SUCCESSFUL_DELETE,
	CRON_EV_FAILED_CREATE,
	CRON_EV_FAILED_DELETE,
	CRON_EV_SAW_COMPLETED,
	CRON_EV_MISSING,
	CRON_EV_UNEXPECTED,
	CRON_EV_ALREADY_ACTIVE,
	CRON_EV_MISS_SCHEDULE,
	CRON_EV_TOO_MANY_MISSED,
	CRON_EV_UNPARSEABLE,
	CRON_EV_INVALID_SCHEDULE,
	CRON_EV_UNKNOWN_ZONE,
	CRON_EV_CLOCK,
};
/* How an event is called, and the shape of its message: a format with strings in it. */
struct cron_event_info {
	const char *type, *reason, *format;
};
const struct cron_event_info *cron_event_info(enum cron_event ev);
/* The message with these texts in it, as many as the format takes; owned. */
char *cron_event_text(enum cron_event ev, const char *a, const char *b);

enum cron_action_type {
	CRON_TELL,        /* record an event */
	CRON_FORGET,      /* drop the reference from status.active */
	CRON_REPLACE_JOB, /* delete the Job in favour of the next; where that fails, start nothing
			   */
	CRON_START,       /* create the Job of start_at */
	CRON_CLEAN_UP     /* delete a finished Job */
};

struct cron_action {
	enum cron_action_type type;
	enum cron_event event;  /* of CRON_TELL */
	char *text;             /* of CRON_TELL */
	const char *name, *uid; /* of the Job */
};

struct cron_plan {
	struct cron_action *actions;
	size_t len, cap;
	int64_t start_at;     /* the scheduled time of CRON_START, seconds; 0: no start */
	int64_t last_success; /* for status.lastSuccessfulTime; 0: none */
	int64_t wake_ms;      /* look again at this time of the wall clock; 0: when there is news */
	int64_t told_missed, told_future; /* for the next round's observation */
};

/* Fills the plan; release it. */
void cron_decide(const struct cron_obs *o, struct cron_plan *plan);
void cron_plan_release(struct cron_plan *plan);

/* The name of the Job for a scheduled time; owned. */
char *cron_job_name(const char *cronjob, int64_t at);

#endif
