/*
 * engine_client: the engine client against a real engine, the one that argv[1], KJOB_ENGINE or the
 * usual search names. It needs the image localhost/busybox:test there (tests/scripts/image). TAP on
 * stdout.
 */
#include "fixture.h"

/* ---- tests ---- */

static int info_calls;
static void on_info(struct engine_who who, const struct engine_info *i, const struct err *err)
{
	info_calls++;
	CHECK(!err && i);
	if (!i)
		return;
	CHECK(i->cpus > 0 && i->memory_bytes > (int64_t)1 << 20);
	CHECK(*i->name && *i->os && *i->kernel && *i->server_version);
	CHECK(str_eq(i->arch, "amd64") || str_eq(i->arch, "arm64"));
}

TEST("info has the node's name, system, size and architecture in Go's words")
{
	engine_get_info(en, on_info, (struct engine_who){0});
	CHECK_INT(info_calls, 0); /* never before the call has returned */
	CHECK(wait_for(&info_calls, 1));
}

TEST("an attached container gives both streams, its end and its exit code")
{
	auto_free char *id = create_shell("echo out; echo err >&2; printf tail; exit 3");
	struct output o = {0};
	struct stream *s = attach(id, false, false, &o);

	inspect(id);
	CHECK_INT(seen.state, CONTAINER_CREATED);
	CHECK_FINE(start(id));
	CHECK(wait_for(&o.ended, 1));
	CHECK_INT(o.reason, ERR_NONE);
	CHECK_STR(buf_str(&o.out), "out\ntail");
	CHECK_STR(buf_str(&o.err), "err\n");
	inspect_until_exited(id);
	CHECK_INT(seen.exit_code, 3);
	CHECK(!seen.lost);
	CHECK_STR(seen.id, id);
	CHECK(str_has_prefix(seen.name, "kjobtest-"));
	CHECK_STR(seen.label, "a b=c,d");
	CHECK(seen.finished >= seen.started && seen.started > 0);
	inspect(seen.name);
	CHECK_STR(seen.id, id);
	stream_free(s);
	output_release(&o);
	CHECK_FINE(remove_it(id));
	inspect(id);
	CHECK_INT(seen.reason, ERR_NOT_FOUND);
}

TEST("a tail that is printed right before a fast exit is never lost")
{
	for (int i = 0; i < 5; i++) {
		auto_free char *id = create_shell("seq 1 2000");
		struct output o = {0};
		struct stream *s = attach(id, false, false, &o);

		CHECK_FINE(start(id));
		CHECK(wait_for(&o.ended, 1));
		CHECK_INT(o.bytes, 8893);
		CHECK(str_has_suffix(buf_str(&o.out), "1999\n2000\n"));
		stream_free(s);
		output_release(&o);
		CHECK_FINE(remove_it(id));
	}
}

static void check_start_failure(const char *command, int exit_code, const char *text)
{
	auto_json *argv = words(command, NULL);
	struct container_spec s = {.command = argv};
	auto_free char *id = create_spec(&s, NULL);
	struct output o = {0};
	struct stream *stream = attach(id ? id : "none", false, false, &o);
	struct answer *a = start(id ? id : "none");

	CHECK(wait_for(&o.ended, 1));
	CHECK_INT(o.reason, ERR_NONE);
	stream_free(stream);
	output_release(&o);
	CHECK_INT(a->reason, ERR_BAD_REQUEST);
	CHECK_INT(a->exit_code, exit_code);
	if (!strstr(a->msg, text) || strstr(a->msg, "OCI") || strstr(a->msg, "shim"))
		CHECK_STR(a->msg, text);
	if (id)
		CHECK_FINE(remove_it(id));
}

TEST("a command that is not there cannot be run: 127, in the runtime's words alone")
{
	check_start_failure("/nope", 127, "no such file or directory");
	check_start_failure("nope", 127, "executable file not found in $PATH");
}

TEST("a command that is no program cannot be run: 126")
{
	auto_json *argv = words("true", NULL);
	struct container_spec s = {.command = argv, .user = "nobody-here"};
	struct answer *a;

	check_start_failure("/etc", 126, "/etc");
	auto_free char *id = create_spec(&s, NULL);
	a = start(id ? id : "none");
	CHECK_INT(a->exit_code, 128);
	CHECK(strstr(a->msg, "nobody-here"));
	CHECK_FINE(remove_it(id));
}

TEST("starting twice is fine and starting nothing is not found")
{
	auto_free char *id = create_shell("sleep 60");

	CHECK_FINE(start(id));
	CHECK_FINE(start(id));
	CHECK_FINE(remove_it(id));
	CHECK_INT(start(id)->reason, ERR_NOT_FOUND);
}

TEST("a name that is taken is known as such, and so is an image that is not there")
{
	auto_json *argv = words("true", NULL);
	struct container_spec s = {.command = argv};
	auto_free char *id = create_spec(&s, NULL);
	struct answer *a;
	char *second = create_spec(&s, &a);

	CHECK(!second);
	CHECK_INT(a->reason, ERR_ALREADY_EXISTS);
	free(second);
	CHECK_FINE(remove_it(id));
	s.image = "localhost/kjobtest-nope:1";
	free(create_spec(&s, &a));
	CHECK_INT(a->reason, ERR_NOT_FOUND);
	CHECK(strstr(a->msg, "kjobtest-nope"));
	s.image = "localhost/UPPER:1";
	free(create_spec(&s, &a));
	CHECK_INT(a->reason, ERR_BAD_REQUEST);
}

static void check_output(struct container_spec *spec, const char *want)
{
	struct answer *a;
	auto_free char *id = create_spec(spec, &a);
	struct output o = {0};
	struct stream *s;

	if (!id) {
		CHECK_STR(a->msg, "");
		return;
	}
	s = attach(id, false, spec->tty, &o);
	CHECK_FINE(start(id));
	CHECK(wait_for(&o.ended, 1));
	CHECK_STR(buf_str(&o.out), want);
	stream_free(s);
	output_release(&o);
	CHECK_FINE(remove_it(id));
}

TEST("environment, working directory, user and host name reach the container")
{
	auto_json *argv = words("sh", "-c", "echo $A $B; pwd; id -u; hostname", NULL);
	auto_strlist env = {0};
	struct container_spec s = {.command = argv,
	    .env = &env,
	    .working_dir = "/tmp/x",
	    .user = "1000",
	    .hostname = "some-pod"};

	strlist_add(&env, "A=one");
	strlist_add(&env, "B=x=\"y\" z");
	check_output(&s, "one x=\"y\" z\n/tmp/x\n1000\nsome-pod\n");
}

/* Sends a request of the tests' own, in place of calls that the client does not have. */
static void on_raw(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct answer *a = ctx;

	a->calls++;
	a->exit_code = r->status;
	snprintf(a->msg, sizeof(a->msg), "%s", r->body ? r->body : "");
}

static int raw(const char *method, const char *path)
{
	struct http_target t = {
	    .unix_socket = addr.socket, .base_url = addr.socket ? "http://localhost" : addr.tcp};
	struct http *h = http_new(loop, &t);
	struct answer *a;
	struct engine_who who = who_new(&a);
	auto_free char *full = xasprintf("/v1.41%s", path);

	http_send(h, &(struct http_request){
			 .method = method,
			 .path = full,
			 .headers = (const char *const[]){"Content-Type: application/json", NULL},
			 .body = "{}",
			 .body_len = 2,
			 .done = on_raw,
			 .ctx = who.ctx,
		     });
	wait_for(&a->calls, 1);
	http_free(h);
	if (a->exit_code / 100 != 2)
		printf("# %s: %d %s\n", path, a->exit_code, a->msg);
	return a->exit_code;
}

TEST("command drops the image's CMD, args alone keep its ENTRYPOINT, neither runs both")
{
	auto_free char *id = create_shell("true");
	auto_free char *commit =
	    xasprintf("/commit?container=%s&repo=localhost%%2Fkjobtest-entry&tag=1"
		      "&changes=ENTRYPOINT%%20%%5B%%22echo%%22%%2C%%22entry%%22%%5D"
		      "&changes=CMD%%20%%5B%%22cmd%%22%%5D",
		id);
	auto_json *none = json_new_array(), *command = words("echo", "own", NULL),
		  *args = words("arg", NULL);
	struct container_spec s = {.image = "localhost/kjobtest-entry:1"};

	CHECK_INT(raw("POST", commit), 201);
	check_output(&s, "entry cmd\n");
	s.command = s.args = none;
	check_output(&s, "entry cmd\n");
	s.command = command;
	check_output(&s, "own\n");
	s.args = args;
	check_output(&s, "own arg\n");
	s.command = NULL;
	check_output(&s, "entry arg\n");
	CHECK_FINE(remove_it(id));
	CHECK_INT(raw("DELETE", "/images/localhost/kjobtest-entry:1"), 200);
}

/* A tar of one file, written by hand. */
static size_t make_tar(char tar[2048], const char *name, const char *text)
{
	unsigned sum = 0;

	memset(tar, 0, 2048);
	snprintf(tar, 100, "%s", name);
	snprintf(tar + 100, 8, "0000644");
	snprintf(tar + 108, 8, "0000000");
	snprintf(tar + 116, 8, "0000000");
	snprintf(tar + 124, 12, "%011o", (unsigned)strlen(text));
	snprintf(tar + 136, 12, "%011o", 1700000000u);
	memset(tar + 148, ' ', 8);
	tar[156] = '0';
	memcpy(tar + 257, "ustar\00000", 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)tar[i];
	snprintf(tar + 148, 8, "%06o", sum);
	memcpy(tar + 512, text, strlen(text));
	return 2048;
}

TEST("a file that is put into a created container is there when it starts")
{
	auto_free char *id = create_shell("cat '/a file'");
	char tar[2048];
	size_t len = make_tar(tar, "a file", "hello archive\n");
	struct output o = {0};
	struct stream *s;
	struct answer *a;
	struct engine_who who = who_new(&a);

	container_put_archive(en, id, "/", tar, len, on_done, who);
	CHECK_FINE(a);
	who = who_new(&a);
	container_put_archive(en, "no-such-container", "/", tar, len, on_done, who);
	CHECK_INT(wait_answer(a), ERR_NOT_FOUND);
	s = attach(id, false, false, &o);
	CHECK_FINE(start(id));
	CHECK(wait_for(&o.ended, 1));
	CHECK_STR(buf_str(&o.out), "hello archive\n");
	stream_free(s);
	output_release(&o);
	CHECK_FINE(remove_it(id));
}

TEST("signals arrive, and are fine for what has ended or is gone")
{
	auto_free char *id =
	    create_shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done");
	struct output o = {0};
	struct stream *s = attach(id, false, false, &o);

	CHECK_FINE(start(id));
	while (!o.bytes && !o.ended)
		loop_turn(loop, 50);
	CHECK_INT(kill_with(id, "SIGNONSENSE")->reason, ERR_BAD_REQUEST);
	CHECK_FINE(kill_with(id, "SIGTERM"));
	inspect_until_exited(id);
	CHECK_INT(seen.exit_code, 7);
	CHECK_FINE(kill_with(id, "SIGKILL"));
	CHECK(wait_for(&o.ended, 1));
	stream_free(s);
	output_release(&o);
	CHECK_FINE(remove_it(id));
	CHECK_FINE(kill_with(id, "SIGKILL"));
}

TEST("exit code 255 and death by SIGKILL are not taken for a lost container")
{
	auto_free char *id = create_shell("exit 255");
	auto_free char *killed = create_shell("kill -9 $$; sleep 60");

	CHECK_FINE(start(id));
	inspect_until_exited(id);
	CHECK_INT(seen.exit_code, 255);
	CHECK(!seen.lost);
	CHECK_FINE(remove_it(id));
	CHECK_FINE(start(killed));
	CHECK_FINE(kill_with(killed, "SIGKILL"));
	inspect_until_exited(killed);
	CHECK_INT(seen.exit_code, 137);
	CHECK(!seen.lost);
	CHECK_FINE(remove_it(killed));
}

TEST("removing kills what runs, at once, and is fine twice and at the same time")
{
	auto_free char *id = create_shell("trap '' TERM; sleep 60");
	struct answer *a, *b;
	int64_t before;
	struct engine_who first = who_new(&a), second = who_new(&b);

	CHECK_FINE(start(id));
	before = clock_mono_ms();
	container_remove(en, id, on_done, first);
	container_remove(en, id, on_done, second);
	CHECK_FINE(a);
	CHECK_FINE(b);
	CHECK(clock_mono_ms() - before < 9000);
	CHECK_FINE(remove_it(id));
	inspect(id);
	CHECK_INT(seen.reason, ERR_NOT_FOUND);
}

static struct {
	int calls, found, wrong_state;
	const char *want_id;
	enum container_state want_state;
} listed;

static void on_list(
    struct engine_who who, const struct container_info *infos, size_t len, const struct err *err)
{
	listed.calls++;
	CHECK(!err);
	for (size_t i = 0; i < len; i++) {
		if (!str_eq(infos[i].id, listed.want_id))
			continue;
		listed.found++;
		listed.wrong_state += infos[i].state != listed.want_state;
		CHECK(str_has_prefix(infos[i].name, "kjobtest-"));
		CHECK_STR(json_string_value(json_get(infos[i].labels, "kjob.test/run")), run_label);
	}
}

static void list_wants(const char *id, const char *extra, int found, enum container_state state)
{
	auto_free char *run = xasprintf("kjob.test/run=%s", run_label);
	const char *labels[] = {run, extra, NULL};

	memset(&listed, 0, sizeof(listed));
	listed.want_id = id;
	listed.want_state = state;
	container_list(en, labels, on_list, (struct engine_who){0});
	CHECK(wait_for(&listed.calls, 1));
	CHECK_INT(listed.found, found);
	CHECK_INT(listed.wrong_state, 0);
}

TEST("a list has what bears all labels, in each state")
{
	auto_free char *id = create_shell("sleep 60");

	list_wants(id, "kjob.test/extra=a b=c,d", 1, CONTAINER_CREATED);
	CHECK_FINE(start(id));
	list_wants(id, NULL, 1, CONTAINER_RUNNING);
	CHECK_FINE(kill_with(id, "SIGKILL"));
	inspect_until_exited(id);
	list_wants(id, NULL, 1, CONTAINER_EXITED);
	list_wants(id, "kjob.test/extra=other", 0, CONTAINER_EXITED);
	CHECK_FINE(remove_it(id));
	list_wants(id, NULL, 0, CONTAINER_EXITED);
}

TEST("the engine's own log has both streams from the beginning to the end")
{
	auto_free char *id = create_shell("echo one; echo two >&2; sleep 1; echo three");
	struct output o = {0};
	struct stream *s;

	CHECK_FINE(start(id));
	s = container_logs(en, id, true, false, &out_callbacks, (struct engine_who){.ctx = &o});
	CHECK(wait_for(&o.ended, 1));
	CHECK_INT(o.opened, 1);
	CHECK_STR(buf_str(&o.out), "one\nthree\n");
	CHECK_STR(buf_str(&o.err), "two\n");
	stream_free(s);
	output_release(&o);
	CHECK_FINE(remove_it(id));
	o = (struct output){0};
	s = container_logs(en, id, true, false, &out_callbacks, (struct engine_who){.ctx = &o});
	CHECK(wait_for(&o.ended, 1));
	CHECK_INT(o.reason, ERR_NOT_FOUND);
	CHECK_INT(o.opened, 0);
	stream_free(s);
	output_release(&o);
}

TEST("stdin is passed on and its end ends the command")
{
	auto_json *argv = words("sh", "-c", "cat; echo end >&2", NULL);
	struct container_spec spec = {.command = argv, .stdin_open = true, .stdin_once = true};
	auto_free char *id = create_spec(&spec, NULL);
	struct output o = {0};
	struct stream *s = attach(id, true, false, &o);

	CHECK_FINE(start(id));
	CHECK(stream_write(s, "hello ", 6));
	CHECK(stream_write(s, "stdin\n", 6));
	stream_close_stdin(s);
	CHECK(wait_for(&o.ended, 1));
	CHECK_STR(buf_str(&o.out), "hello stdin\n");
	CHECK_STR(buf_str(&o.err), "end\n");
	stream_free(s);
	output_release(&o);
	CHECK_FINE(remove_it(id));
}

static int writable;
static void out_writable(struct engine_who who)
{
	writable++;
}

TEST("megabytes of stdin arrive whole through a queue that fills up")
{
	static char block[64 * 1024];
	static const struct stream_callbacks cb = {.on_open = out_open,
	    .on_data = out_data,
	    .on_end = out_end,
	    .on_writable = out_writable};
	auto_json *argv = words("sh", "-c", "sleep 0.2; wc -c", NULL);
	struct container_spec spec = {.command = argv, .stdin_open = true, .stdin_once = true};
	auto_free char *id = create_spec(&spec, NULL);
	struct output o = {0};
	struct stream *s =
	    container_attach(en, id, true, false, &cb, (struct engine_who){.ctx = &o});
	int refused = 0;

	CHECK(wait_for(&o.opened, 1));
	CHECK_FINE(start(id));
	for (int sent = 0; sent < 64;) {
		int before = writable;

		if (stream_write(s, block, sizeof(block))) {
			sent++;
		} else {
			refused++;
			CHECK(wait_for(&writable, before + 1));
		}
	}
	stream_close_stdin(s);
	CHECK(wait_for(&o.ended, 1));
	CHECK(refused > 0);
	CHECK_STR(buf_str(&o.out), "4194304\n");
	stream_free(s);
	output_release(&o);
	CHECK_FINE(remove_it(id));
}

TEST("a terminal's output comes as it is, without frames")
{
	auto_json *argv = words("sh", "-c", "tty >/dev/null && echo terminal; echo err >&2", NULL);
	struct container_spec s = {.command = argv, .tty = true};

	check_output(&s, "terminal\r\nerr\r\n");
}

TEST("thirty megabytes come whole through a reader that keeps pausing")
{
	auto_free char *id = create_shell("yes 0123456789abcde | head -c 31457280");
	struct output o = {.pause_every = 50};
	struct stream *s = attach(id, false, false, &o);
	int64_t deadline = clock_mono_ms() + WAIT_MS;

	CHECK_FINE(start(id));
	while (!o.ended && clock_mono_ms() < deadline) {
		loop_turn(loop, 100);
		if (o.paused) {
			loop_turn(loop, 0); /* nothing may come now */
			o.paused = false;
			stream_resume(s);
		}
	}
	CHECK_INT(o.bytes, 31457280);
	CHECK(o.pauses > 5);
	stream_free(s);
	output_release(&o);
	CHECK_FINE(remove_it(id));
}

TEST("a stream that is freed in the middle says nothing more")
{
	auto_free char *id = create_shell("yes");
	struct output o = {0};
	struct stream *s = attach(id, false, false, &o);
	size_t bytes;

	CHECK_FINE(start(id));
	while (!o.bytes)
		loop_turn(loop, 50);
	stream_free(s);
	bytes = o.bytes;
	turn_for(100);
	CHECK_INT(o.bytes, bytes);
	CHECK_INT(o.ended, 0);
	output_release(&o);
	CHECK_FINE(remove_it(id));
}

static struct {
	int connected, lost, starts, dies, destroys, early;
	const char *id;
	int exit_code;
} noticed;

static void on_event(struct engine_who who, const struct engine_event *event)
{
	noticed.early += !noticed.connected;
	if (!str_eq(event->container_id, noticed.id))
		return;
	noticed.starts += event->type == EVENT_START;
	noticed.dies += event->type == EVENT_DIE;
	noticed.destroys += event->type == EVENT_DESTROY;
	if (event->type == EVENT_DIE)
		noticed.exit_code = event->exit_code;
}

static void on_connected(struct engine_who who)
{
	noticed.connected++;
}

static void on_lost(struct engine_who who, const struct err *err)
{
	noticed.lost++;
}

TEST("events tell of start, end with exit code, and removal of what bears the label")
{
	static const struct events_callbacks cb = {
	    .on_event = on_event, .on_connected = on_connected, .on_lost = on_lost};
	auto_free char *run = xasprintf("kjob.test/run=%s", run_label);
	const char *labels[] = {run, NULL};
	struct events *ev = events_watch(en, labels, &cb, (struct engine_who){0});
	auto_free char *id = create_shell("exit 7");

	noticed.id = id;
	CHECK(wait_for(&noticed.connected, 1));
	CHECK_FINE(start(id));
	CHECK(wait_for(&noticed.dies, 1));
	CHECK_FINE(remove_it(id));
	CHECK(wait_for(&noticed.destroys, 1));
	CHECK_INT(noticed.starts, 1);
	CHECK_INT(noticed.dies, 1);
	CHECK_INT(noticed.exit_code, 7);
	CHECK_INT(noticed.lost, 0);
	CHECK_INT(noticed.early, 0);
	events_free(ev);
}

static struct {
	int calls;
	enum err_reason reason;
	int64_t size;
	char id[100];
} image;

static void on_image(struct engine_who who, const struct image_info *i, const struct err *err)
{
	image.calls++;
	image.reason = err ? err->reason : ERR_NONE;
	image.size = i ? i->size_bytes : 0;
	snprintf(image.id, sizeof(image.id), "%s", i ? i->id : "");
}

TEST("an image is found by its name or not found at all")
{
	image_inspect(en, IMAGE, on_image, (struct engine_who){0});
	CHECK(wait_for(&image.calls, 1));
	CHECK_INT(image.reason, ERR_NONE);
	CHECK(image.size > 100000);
	CHECK(str_has_prefix(image.id, "sha256:"));
	image_inspect(en, "localhost/kjobtest-nope:1", on_image, (struct engine_who){0});
	CHECK(wait_for(&image.calls, 2));
	CHECK_INT(image.reason, ERR_NOT_FOUND);
}

TEST("a pull that fails says why, whichever way the engine reports it")
{
	struct answer *a;
	struct engine_who who = who_new(&a);

	image_pull(en, "127.0.0.1:1/nope:2", NULL, NULL, on_done, who);
	CHECK(wait_answer(a) == ERR_INTERNAL);
	CHECK(strstr(a->msg, "connection refused"));
	CHECK(!strstr(a->msg, "initializing source"));
	who = who_new(&a);
	image_pull(en, "127.0.0.1:1/NOPE", NULL, NULL, on_done, who);
	CHECK_INT(wait_answer(a), ERR_BAD_REQUEST);
}

TEST("a call that is cancelled does not call back")
{
	engine_id id = engine_get_info(en, on_info, (struct engine_who){0});

	info_calls = 0;
	engine_get_info(en, on_info, (struct engine_who){0});
	engine_cancel(en, id);
	CHECK(wait_for(&info_calls, 1));
	turn_for(50);
	CHECK_INT(info_calls, 1);
	engine_cancel(en, id);
}

TEST("thirty-two calls at once are all answered")
{
	info_calls = 0;
	for (int i = 0; i < 32; i++)
		engine_get_info(en, on_info, (struct engine_who){0});
	CHECK(wait_for(&info_calls, 32));
}

int main(int argc, char **argv)
{
	int rc;

	fixture_open(argc > 1 ? argv[1] : NULL);
	rc = test_main();
	fixture_close();
	return rc;
}
