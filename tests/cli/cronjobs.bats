#!/usr/bin/env bats
# CronJobs by the clock, on a real engine. Nobody waits for a full hour here: a cron job is made older than it is, as if the
# machine had been off since then, or is given a schedule whose time has just been.
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

teardown() {
	kjob delete cronjobs --all >/dev/null 2>&1
	kjob delete jobs --all --cascade=background >/dev/null 2>&1
	[ "$KJOB_HOME" = "$WORK/home" ] || kjob controller stop >/dev/null 2>&1 || true
}

# ago MINUTES: that time as minutes since the epoch, as names of Jobs end; hourly MINUTES: a schedule that was due then.
ago() {
	echo $((START / 60 - $1))
}

hourly() {
	echo "$(($(ago "$1") % 60)) * * * *"
}

utc() { # MINUTES since the epoch
	date -u -d "@$(($1 * 60))" +%Y-%m-%dT%H:%M:%SZ
}

# cron_job NAME SCHEDULE SCRIPT [KEY=VALUE of its spec...]
cron_job() {
	local name=$1 schedule=$2 script=$3 pair
	shift 3
	echo "apiVersion: batch/v1"
	echo "kind: CronJob"
	echo "metadata: {name: $name}"
	echo "spec:"
	echo "  schedule: \"$schedule\""
	for pair; do echo "  ${pair%%=*}: ${pair#*=}"; done
	echo "  jobTemplate:"
	echo "    metadata: {labels: {of: $name}}"
	job "$name" "$script" backoffLimit=0 | sed -n '/^spec:/,$p' | sed 's/^/    /'
}

# off_since CRONJOB HOURS: as if it had been made that long ago, and the machine off ever since.
off_since() {
	kjob controller stop >/dev/null
	python3 - "$KJOB_HOME/kjob.db" "$1" "$2" <<-'PY'
		import datetime, json, sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		then = datetime.datetime.utcnow() - datetime.timedelta(hours=int(sys.argv[3]))
		for rowid, body in db.execute("SELECT id, body FROM objects WHERE name = ?", (sys.argv[2],)).fetchall():
		    obj = json.loads(body)
		    if obj["kind"] != "CronJob":
		        continue
		    obj["metadata"]["creationTimestamp"] = then.strftime("%Y-%m-%dT%H:%M:%SZ")
		    db.execute("UPDATE objects SET body = ? WHERE id = ?", (json.dumps(obj, separators=(",", ":")), rowid))
		db.commit()
	PY
	kjob get cronjobs >/dev/null
}

# due_now CRONJOB MINUTES: gives it a schedule that was due that many minutes ago.
due_now() {
	kjob patch cronjob "$1" --type=merge -p "{\"spec\":{\"schedule\":\"$(hourly "$2")\"}}" >/dev/null
}

# jobs_are CRONJOB NAME...: exactly these, in order, are its Jobs.
jobs_are() {
	local name=$1
	shift
	is "$(kjob get jobs -l "of=$name" -o name | sed 's,^job.batch/,,' | sort | tr '\n' ' ')" \
		"${*:+$* }"
}

job_runs() { # JOB
	field_is "job/$1" .status.ready 1
}

told() { # NAME PART...: its events have these parts
	local name=$1
	shift
	has "$(events_of "$name")" "$@"
}

active_is() { # CRONJOB NAME...
	local name=$1
	shift
	is "$(get "cj/$name" '[.status.active[]?.name] | join(" ")')" "$*"
}

# bats test_tags=one-engine
@test "K07 K11 K18 after days off one Job catches up, for the latest time; its end is told once" {
	START=$(date +%s)
	cron_job k07 "$(hourly 30)" 'echo caught up' timeZone=Etc/UTC | apply
	jobs_are k07
	off_since k07 30
	j=k07-$(ago 30)
	eventually 20 ended "$j"
	jobs_are k07 "$j"
	is "$(kjob logs "job/$j")" 'caught up'
	is "$(get "job/$j" '.metadata.annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"]')" "$(utc "$(ago 30)")"
	is "$(get "job/$j" '.metadata.ownerReferences[0] | [.kind, .name, .controller, .blockOwnerDeletion] | map(tostring) | join(" ")')" \
		'CronJob k07 true true'
	eventually 5 field_is cj/k07 .status.lastSuccessfulTime "$(get "job/$j" .status.completionTime)"
	is "$(get cj/k07 .status.lastScheduleTime)" "$(utc "$(ago 30)")"
	active_is k07
	kjob controller stop >/dev/null
	kjob get cj k07 >/dev/null
	jobs_are k07 "$j"
	is "$(events_of k07 | sort)" "Normal SawCompletedJob Saw completed job: $j, condition: Complete
Normal SuccessfulCreate Created job $j"
}

# bats test_tags=one-engine
@test "K05 more than 100 missed times draw a warning, and one Job" {
	START=$(date +%s)
	cron_job k05 "$(hourly 30)" true timeZone=Etc/UTC | apply
	off_since k05 240
	eventually 20 ended "k05-$(ago 30)"
	jobs_are k05 "k05-$(ago 30)"
	told k05 'Warning TooManyMissedTimes too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'
}

# bats test_tags=one-engine
@test "K06 past startingDeadlineSeconds nothing starts, and MissSchedule says so once" {
	START=$(date +%s)
	cron_job k06 "$(hourly 30)" true timeZone=Etc/UTC startingDeadlineSeconds=5 | apply
	off_since k06 30
	eventually 10 told k06 'Warning MissSchedule Missed scheduled time to start a job: '
	kjob label cj k06 a=b >/dev/null
	is "$(kjob get events --field-selector involvedObject.name=k06 -o json | jq -c '[.items[] | [.reason, .count]]')" '[["MissSchedule",1]]'
	jobs_are k06
}

# bats test_tags=one-engine
@test "K02 a suspended cron job starts nothing; resumed, it makes up for the latest time" {
	START=$(date +%s)
	cron_job k02 "$(hourly 30)" true timeZone=Etc/UTC suspend=true | apply
	off_since k02 5
	jobs_are k02
	kjob resume cj k02 >/dev/null
	eventually 20 ended "k02-$(ago 30)"
	jobs_are k02 "k02-$(ago 30)"
}

@test "K01 under Allow two Jobs run at once; K20 deleting the cron job takes Jobs, pods and containers along" {
	START=$(date +%s)
	cron_job k01 "$(hourly 30)" 'sleep 300' timeZone=Etc/UTC | apply
	off_since k01 5
	eventually 20 job_runs "k01-$(ago 30)"
	due_now k01 20
	eventually 20 job_runs "k01-$(ago 20)"
	active_is k01 "k01-$(ago 30)" "k01-$(ago 20)"
	matches "$(kjob get cj k01)" ' 2 +20m +[0-9]+h'
	kjob delete cronjob k01 >/dev/null
	eventually 10 jobs_are k01
	eventually 20 no_containers
	is "$(kjob get pods -o name)" ''
}

@test "K03 Forbid leaves a start out while a Job runs, and starts it right after that one ends" {
	START=$(date +%s)
	cron_job k03 "$(hourly 30)" 'while [ ! -e /tmp/end ]; do sleep 0.1; done' timeZone=Etc/UTC concurrencyPolicy=Forbid | apply
	off_since k03 5
	first=k03-$(ago 30)
	eventually 20 job_runs "$first"
	due_now k03 20
	eventually 5 told k03 'Normal JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid'
	is "$(get cj/k03 .status.lastScheduleTime)" "$(utc "$(ago 30)")"
	jobs_are k03 "$first"
	id=$(containers "io.kubernetes.pod.name=$(pods_of "$first")")
	engine POST "/containers/$id/kill?signal=SIGKILL" >/dev/null
	eventually 20 job_runs "k03-$(ago 20)"
	told k03 "Saw completed job: $first, condition: Failed"
	active_is k03 "k03-$(ago 20)"
}

@test "K04 Replace ends the Job that runs for the sake of the later one" {
	START=$(date +%s)
	cron_job k04 "$(hourly 30)" 'sleep 300' timeZone=Etc/UTC concurrencyPolicy=Replace | apply
	off_since k04 5
	eventually 20 job_runs "k04-$(ago 30)"
	old=$(pods_of "k04-$(ago 30)")
	due_now k04 20
	eventually 20 job_runs "k04-$(ago 20)"
	jobs_are k04 "k04-$(ago 20)"
	told k04 "Normal SuccessfulDelete Deleted job k04-$(ago 30)"
	eventually 10 no_containers "io.kubernetes.pod.name=$old"
}

# bats test_tags=one-engine
@test "K08 an active Job that somebody deletes goes missing" {
	START=$(date +%s)
	cron_job k08 "$(hourly 30)" 'sleep 300' timeZone=Etc/UTC | apply
	off_since k08 5
	eventually 20 job_runs "k08-$(ago 30)"
	kjob delete job "k08-$(ago 30)" >/dev/null
	eventually 5 told k08 "Normal MissingJob Active job went missing: k08-$(ago 30)"
	active_is k08
}

# bats test_tags=one-engine
@test "K09 K10 as many finished Jobs stay as the history has room for" {
	START=$(date +%s)
	cron_job k09 "$(hourly 30)" true timeZone=Etc/UTC successfulJobsHistoryLimit=1 failedJobsHistoryLimit=0 | apply
	off_since k09 5
	eventually 20 ended "k09-$(ago 30)"
	due_now k09 20
	eventually 20 jobs_are k09 "k09-$(ago 20)"
	told k09 "Normal SuccessfulDelete Deleted job k09-$(ago 30)"
	cron_job k10 "$(hourly 30)" false timeZone=Etc/UTC successfulJobsHistoryLimit=0 failedJobsHistoryLimit=1 | apply
	off_since k10 5
	eventually 20 ended "k10-$(ago 30)"
	due_now k10 20
	eventually 20 jobs_are k10 "k10-$(ago 20)"
}

@test "a controller that is killed while a Job runs has it for its own again" {
	START=$(date +%s)
	cron_job kill "$(hourly 30)" 'sleep 3' timeZone=Etc/UTC | apply
	off_since kill 5
	eventually 20 job_runs "kill-$(ago 30)"
	kill -9 "$(kjob controller status -o json | jq .pid)"
	eventually 5 kjob get cj kill
	active_is kill "kill-$(ago 30)"
	ended "kill-$(ago 30)"
	eventually 5 active_is kill
	is "$(events_of kill | sort)" "Normal SawCompletedJob Saw completed job: kill-$(ago 30), condition: Complete
Normal SuccessfulCreate Created job kill-$(ago 30)"
}

# bats test_tags=one-engine
@test "K19 the clock starts a Job by itself, and one a minute" {
	cron_job tick '@every 2s' true | apply
	eventually 10 shows 'tick-[0-9]+ ' get jobs
	sleep 5
	jobs=$(kjob get jobs -l of=tick -o name | wc -l)
	between 1 "$jobs" 2
	is "$(events_of tick | grep -c SuccessfulCreate)" "$jobs"
}

# bats test_tags=one-engine
@test "the controller stays for a cron job, and leaves when it is suspended" {
	export KJOB_HOME=$T/home KJOB_IDLE_TIMEOUT=1
	cron_job stay '0 0 1 1 *' true | apply
	sleep 3
	is "$(kjob controller status -o json | jq .cronjobs.active)" 1
	has "$(kjob controller status)" 'cron jobs: 1 active'
	pid=$(kjob controller status -o json | jq .pid)
	kjob suspend cj stay >/dev/null
	eventually 10 left "$pid"
}

left() { # PID
	! kill -0 "$1" 2>/dev/null
}
