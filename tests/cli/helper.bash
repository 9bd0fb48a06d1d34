# helper: what the files of this folder share. Each file has an instance of its own: a KJOB_HOME with its controller and
# its containers, made by instance_start in setup_file and taken down by instance_stop in teardown_file.
#
# A test, or a file, with the tag one-engine is of no engine, and runs on one alone: tests/scripts/cli.
#
# From outside come KJOB_BIN, KJOB_ENGINE (the address of an engine that has $IMAGE) and KJOB_TEST_ENGINE (its kind).

IMAGE=localhost/busybox:test

instance_start() {
	WORK=$(mktemp -d /tmp/kjob-cli.XXXXXX)
	KJOB_HOME=$WORK/home
	export WORK KJOB_HOME
	unset KJOB_IDLE_TIMEOUT
	INSTANCE=$(kjob controller status -o json >/dev/null 2>&1; kjob get jobs >/dev/null 2>&1
		kjob controller status -o json | jq -r .instance)
	export INSTANCE
	[ -n "$INSTANCE" ]
}

instance_stop() {
	local id round
	kjob controller stop >/dev/null 2>&1
	for round in 1 2; do # Podman keeps a sandbox while something is joined to it
		for id in $(containers) $(relays); do
			engine POST "/containers/$id/kill?signal=SIGKILL" >/dev/null 2>&1
			engine DELETE "/containers/$id?force=true&v=true" >/dev/null 2>&1
		done
	done
	rm -rf "$WORK"
}

# Every test works in a folder of its own, $T.
setup() {
	T=$(mktemp -d "$WORK/test.XXXXXX")
	cd "$T" || return
}

kjob() {
	timeout -k 5 "${LIMIT:-100}" "$KJOB_BIN" "$@"
}

# try COMMAND...: sets rc, out and err, and fails only where the command did not end by itself.
try() {
	rc=0
	"$@" >"$T/out" 2>"$T/err" || rc=$?
	out=$(cat "$T/out")
	err=$(cat "$T/err")
}

# ---- saying what is expected ----

is() { # GOT WANTED
	[ "$1" = "$2" ] && return
	printf 'got:    %s\nwanted: %s\n' "$1" "$2"
	return 1
}

has() { # TEXT PART...
	local text=$1 part
	shift
	for part; do
		case $text in
		*"$part"*) ;;
		*)
			printf 'got:            %s\nwanted in this: %s\n' "$text" "$part"
			return 1
			;;
		esac
	done
}

lacks() { # TEXT PART
	case $1 in
	*"$2"*)
		printf 'got:                %s\nnot wanted in this: %s\n' "$1" "$2"
		return 1
		;;
	esac
}

matches() { # TEXT EXTENDED-REGULAR-EXPRESSION, of one line of the text
	printf '%s\n' "$1" | grep -qE -- "$2" && return
	printf 'got:       %s\nno match:  %s\n' "$1" "$2"
	return 1
}

# between LOW VALUE HIGH: whole numbers.
between() {
	[ "$1" -le "$2" ] && [ "$2" -le "$3" ] && return
	echo "$2 is not between $1 and $3"
	return 1
}

# eventually SECONDS COMMAND...: until it succeeds; shows its last output where it does not. The seconds are those of a
# quiet machine: a busy one gets six times as many.
eventually() {
	local end=$((SECONDS + 6 * $1)) tries=0 shown
	shift
	until shown=$("$@" 2>&1); do
		if [ $SECONDS -gt $end ]; then
			printf 'not in time: %s\n%s\n' "$*" "$shown"
			return 1
		fi
		tries=$((tries + 1))
		sleep "0.$((tries < 10 ? 1 : 3))"
	done
}

# ---- jobs ----

# job NAME SCRIPT [KEY=VALUE...]: a Job's manifest, one document. rp, grace, image, label and command (a JSON list) say
# what its pod is; other keys are fields of its spec.
job() {
	local name=$1 script=$2 rp=Never grace=2 image=$IMAGE label=x spec='' command pair
	command="[sh, -c, $(jq -n --arg s "$script" '$s')]"
	shift 2
	for pair; do
		case $pair in
		rp=*) rp=${pair#*=} ;;
		grace=*) grace=${pair#*=} ;;
		image=*) image=${pair#*=} ;;
		label=*) label=${pair#*=} ;;
		command=*) command=${pair#*=} ;;
		*) spec+="  ${pair%%=*}: ${pair#*=}"$'\n' ;;
		esac
	done
	cat <<-END
		---
		apiVersion: batch/v1
		kind: Job
		metadata:
		  name: $name
		spec:
		${spec:-  suspend: false
		}  template:
		    metadata:
		      labels: {app: $label}
		    spec:
		      restartPolicy: $rp
		      terminationGracePeriodSeconds: $grace
		      containers:
		      - name: c
		        image: "$image"
		        command: $command
	END
}

# pod NAME SCRIPT [rp=…] [image=…] [FIELD=VALUE of the container...]
pod() {
	local name=$1 script=$2 rp=Never image=$IMAGE more='' command pair
	command="[sh, -c, $(jq -n --arg s "$script" '$s')]"
	shift 2
	for pair; do
		case $pair in
		rp=*) rp=${pair#*=} ;;
		image=*) image=${pair#*=} ;;
		command=*) command=${pair#*=} ;;
		*) more+="    ${pair%%=*}: ${pair#*=}"$'\n' ;;
		esac
	done
	cat <<-END
		---
		apiVersion: v1
		kind: Pod
		metadata:
		  name: $name
		spec:
		  restartPolicy: $rp
		  terminationGracePeriodSeconds: 1
		  containers:
		  - name: c
		    image: "$image"
		    command: $command
		$more
	END
}

# pod_of NAME [rp=…] [grace=…] [FIELD=VALUE of the spec...]: the beginning of a pod of several containers.
pod_of() {
	local name=$1 rp=Never grace=3 more='' pair
	shift
	for pair; do
		case $pair in
		rp=*) rp=${pair#*=} ;;
		grace=*) grace=${pair#*=} ;;
		*) more+="  ${pair%%=*}: ${pair#*=}"$'\n' ;;
		esac
	done
	printf -- '---\napiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  restartPolicy: %s\n' "$name" "$rp"
	printf '  terminationGracePeriodSeconds: %s\n%s' "$grace" "$more"
}

# has_container NAME SCRIPT [FIELD=VALUE...]: one more item of its list of containers.
has_container() {
	local name=$1 script=$2 pair
	shift 2
	printf '  - name: %s\n    image: %s\n    command: [sh, -c, %s]\n' "$name" "$IMAGE" "$(jq -n --arg s "$script" '$s')"
	for pair; do
		printf '    %s: %s\n' "${pair%%=*}" "${pair#*=}"
	done
}

apply() { # standard input
	kjob apply -f - >/dev/null
}

get() { # OBJECT JQ-FILTER
	kjob get "$1" -o json | jq -r "$2"
}

# status_of POD CONTAINER JQ-FILTER, of the status of one container, of whichever list.
status_of() {
	get "pod/$1" "[.status | .initContainerStatuses, .containerStatuses | .[]?] | .[] | select(.name == \"$2\") | $3"
}

status_is() { # POD CONTAINER JQ-FILTER WANTED
	is "$(status_of "$1" "$2" "$3")" "$4"
}

condition_of() { # POD TYPE: "STATUS REASON MESSAGE", a dash for what is absent
	get "pod/$1" ".status.conditions[] | select(.type == \"$2\") | [.status, .reason // \"-\", .message // \"-\"] | join(\" \")"
}

# summary JOB: "SUCCEEDED/FAILED/ACTIVE CONDITION:REASON…", a dash for what is absent.
summary() {
	get "job/$1" '[.status | .succeeded, .failed, .active | . // "-" | tostring] as $n
		| [.status.conditions[]? | select(.status == "True") | .type + ":" + .reason] as $c
		| [($n | join("/"))] + $c | join(" ")'
}

COMPLETE='SuccessCriteriaMet:CompletionsReached Complete:CompletionsReached'
complete_with() { # REASON
	echo "SuccessCriteriaMet:$1 Complete:$1"
}
failed_with() { # REASON
	echo "FailureTarget:$1 Failed:$1"
}

# ended JOB: waits until it is finished, whichever way.
ended() {
	kjob wait --for=finished "job/$1" --timeout=90s >/dev/null 2>&1 || true
	matches "$(summary "$1")" '(Complete|Failed):'
}

pods_of() { # JOB: the names of its pods
	kjob get pods -l "batch.kubernetes.io/job-name=$1" -o name | sed 's,^pod/,,'
}

pod_count() { # JOB
	pods_of "$1" | grep -c . || true
}

pod_count_is() { # JOB N
	is "$(pod_count "$1")" "$2"
}

pods_field() { # JOB JQ-FILTER, of each pod, oldest first
	kjob get pods -l "batch.kubernetes.io/job-name=$1" -o json |
		jq -r ".items | sort_by(.metadata.creationTimestamp, .status.startTime)[] | $2"
}

field_is() { # OBJECT JQ-FILTER WANTED
	is "$(get "$1" "$2")" "$3"
}

events_of() { # NAME: "TYPE REASON MESSAGE" lines
	kjob get events --field-selector "involvedObject.name=$1" -o json |
		jq -r '.items[] | [.type, .reason, .message] | join(" ")'
}

# shows REGULAR-EXPRESSION ARGUMENTS...: what kjob prints has a line like it. For eventually.
shows() {
	local wanted=$1
	shift
	matches "$(kjob "$@" 2>&1)" "$wanted"
}

gone() { # OBJECT
	! kjob get "$1" >/dev/null 2>&1
}

# ---- the engine, behind kjob's back ----

engine() { # METHOD PATH [OPTIONS OF CURL...]
	local method=$1 path=$2
	shift 2
	case $KJOB_ENGINE in
	unix://*) curl -sS --max-time 60 --unix-socket "${KJOB_ENGINE#unix://}" -X "$method" "$@" "http://localhost/v1.41$path" ;;
	tcp://*) curl -sS --max-time 60 -X "$method" "$@" "http://${KJOB_ENGINE#tcp://}/v1.41$path" ;;
	esac
}

# containers [LABEL=VALUE]: the ids of this instance's containers, running or not.
containers() {
	local filters
	filters=$(jq -rn --arg i "io.kjob.instance=$INSTANCE" --arg l "${1:-}" \
		'{label: ([$i, $l] | map(select(. != "")))} | tojson | @uri')
	engine GET "/containers/json?all=1&filters=$filters" | jq -r '.[].Id'
}

# relays: the ids of what answers for the instance's Services.
relays() {
	engine GET "/containers/json?all=1&filters=$(jq -rn --arg l "io.kjob.services=$INSTANCE" '{label: [$l]} | tojson | @uri')" |
		jq -r '.[].Id'
}

no_containers() { # [LABEL=VALUE]
	is "$(containers "$@")" ""
}

# overlap JOB: how many of its containers ran at the same time, at most.
overlap() {
	local pod id
	for pod in $(pods_of "$1"); do
		for id in $(containers "io.kubernetes.pod.name=$pod"); do
			engine GET "/containers/$id/json" | jq -r '.State | .StartedAt + " 1\n" + .FinishedAt + " -1"'
		done
	done | sort | awk '{ n += $2; if (n > max) max = n } END { print max + 0 }'
}

# made_together JOB: its pods were created in one go, however long the engine took to start them.
made_together() {
	between 0 "$(kjob get pods -l "batch.kubernetes.io/job-name=$1" -o json |
		jq '[.items[].metadata.creationTimestamp | fromdate] | max - min')" 1
}

# The script of a container that a test ends when it likes: `tell POD USR1` makes it succeed, USR2 fail.
GUIDED='trap "exit 0" USR1; trap "exit 1" USR2; while :; do sleep 0.1; done'

tell() { # POD SIGNAL
	engine POST "/containers/$(containers "io.kubernetes.pod.name=$1")/kill?signal=$2" >/dev/null
}

controller_pid() {
	kjob controller status -o json | jq -r .pid
}

field_matches() { # OBJECT JQ-FILTER EXTENDED-REGULAR-EXPRESSION
	matches "$(get "$1" "$2")" "$3" >/dev/null
}
