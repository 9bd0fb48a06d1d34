#include "services_relay.h"

#include "../../runtime/base/log.h"
#include "../../runtime/exec.h"
#include "../../runtime/networks.h"
#include "../../runtime/sandbox_image.h"

#define LABEL_RELAY "io.kjob.services" /* the instance */
#define LABEL_BLOCK "io.kjob.services.block"
#define LABEL_IMAGE "io.kjob.services.image"
#define RETRY_MS 1000
/* Pods do not wait longer than this for the relay; they start without it then. */
#define HOLD_MS 20000
/* An answer to the first text takes milliseconds, once the engine has started the command. */
#define ANSWER_MS 10000
#define SILENCES_MAX 2
/* The command that carries texts into it may be there before it listens, or somebody has removed
 * it. */
#define SOON_MS 100
#define FEED_PORT "1"
#define SETTLE_MS 2000 /* a leftover of an earlier controller is looked for after this */
#define TEXT_MAX (1 * MIB)
#define BLOCKS_MAX 256

enum relay_stage {
	RELAY_OFF,
	RELAY_SETTLING, /* is one left of an earlier controller? */
	RELAY_ASKING,   /* for the network, and the blocks of others */
	RELAY_CREATING, /* or looking at the one that is there */
	RELAY_REMOVING_OLD,
	RELAY_STARTING,
	RELAY_TELLING, /* the first text is on its way, its answer is awaited */
	RELAY_UP,
	RELAY_REMOVING,
};

static const char *const stage_names[] = {"off", "settling", "asking", "creating",
    "removing an old one", "starting", "telling", "up", "removing"};

struct relay {
	struct loops_env *env;
	struct relay_callbacks cb;
	enum relay_stage stage;
	bool wanted;
	bool patience_over;
	uint32_t address; /* of a Service that has one */
	char *subnet;
	struct address_block block;
	char *name, *id;
	engine_id call;
	struct exec *feed; /* a command in it whose stdin it reads */
	int silences;      /* without an answer, one after the other */
	struct buf text;   /* what it is to know */
	bool text_unsent;  /* and does not yet */
	struct timer timer, patience, settle;
};

static void step(struct relay *r);

static void set_stage(struct relay *r, enum relay_stage stage)
{
	if (r->stage != stage)
		log_debug("relay: %s → %s", stage_names[r->stage], stage_names[stage]);
	r->stage = stage;
}

static struct engine_who who_of(struct relay *r)
{
	return (struct engine_who){.ctx = r};
}

static void close_feed(struct relay *r)
{
	if (r->feed)
		exec_free(TAKE(r->feed));
}

/* From the beginning, after a while. */
static void start_over(struct relay *r, const char *what, const struct err *err)
{
	if (err)
		log_warn("services: %s: %s", what, err_msg(err));
	close_feed(r);
	set_stage(r, RELAY_OFF);
	timer_set(r->env->loop, &r->timer, RETRY_MS);
}

static void up(struct relay *r)
{
	set_stage(r, RELAY_UP);
	timer_cancel(r->env->loop, &r->patience);
	timer_cancel(r->env->loop, &r->timer);
	r->patience_over = false;
	r->silences = 0;
	r->cb.on_up(r->cb.ctx);
}

/* ---- telling ---- */

static void send_text(struct relay *r)
{
	if (r->text_unsent && r->feed)
		r->text_unsent = !exec_write(r->feed, r->text.ptr, r->text.len);
}

void relay_tell(struct relay *r, const char *text, size_t len)
{
	buf_clear(&r->text);
	buf_add(&r->text, text, len);
	if (r->text.overflow) {
		log_warn("services: there are more addresses and names than the relay can hold");
		return;
	}
	r->text_unsent = true;
	send_text(r);
}

static void on_writable(struct engine_who who)
{
	send_text(who.ctx);
}

/* A number for each text that it has taken. */
static bool on_data(struct engine_who who, enum stream_kind kind, const char *data, size_t len)
{
	struct relay *r = who.ctx;

	if (kind == STREAM_STDERR)
		log_debug("relay: %.*s", (int)len, data);
	else if (r->stage == RELAY_TELLING)
		up(r);
	return true;
}

static void on_feed_end(struct engine_who who, int exit_code, const struct err *err)
{
	struct relay *r = who.ctx;
	bool soon;

	exec_free(TAKE(r->feed));
	if (r->stage == RELAY_REMOVING)
		return;
	soon = !err && exit_code && r->stage == RELAY_TELLING; /* refused */
	if (r->stage == RELAY_UP) {
		log_warn("services: the relay is gone");
		soon = true;
	}
	start_over(r, NULL, NULL);
	if (soon)
		timer_set(r->env->loop, &r->timer, SOON_MS);
}

/* Not by its stdin: Podman closes that when the first who is attached to it leaves. */
static void open_feed(struct relay *r)
{
	static const struct exec_callbacks cb = {.on_open = on_writable,
	    .on_data = on_data,
	    .on_writable = on_writable,
	    .on_end = on_feed_end};
	auto_strlist command = {0};
	struct exec_spec spec = {.container = r->id, .command = &command, .stdin_open = true};

	strlist_add(&command, SANDBOX_PROGRAM);
	strlist_add(&command, "connect");
	strlist_add(&command, "127.0.0.1");
	strlist_add(&command, FEED_PORT);
	set_stage(r, RELAY_TELLING);
	r->text_unsent = true;
	timer_set(r->env->loop, &r->timer, ANSWER_MS);
	r->feed = exec_open(r->env->engine, &spec, &cb, who_of(r));
}

/* ---- the container ---- */

static void on_started(struct engine_who who, int exit_code, const struct err *err)
{
	struct relay *r = who.ctx;

	r->call = 0;
	if (err)
		start_over(r, "the relay does not start", err);
	else
		open_feed(r);
}

static void start(struct relay *r)
{
	set_stage(r, RELAY_STARTING);
	r->call = container_start(r->env->engine, r->id, on_started, who_of(r));
}

static void on_old_removed(struct engine_who who, const struct err *err)
{
	struct relay *r = who.ctx;

	r->call = 0;
	set_stage(r, RELAY_OFF);
	if (err)
		start_over(r, "cannot remove an old relay", err);
	else
		step(r);
}

static char *block_text(const struct relay *r)
{
	char room[ADDRESS_TEXT_MAX];

	return xasprintf("%s/%d", address_format(room, r->block.base), r->block.bits);
}

/* One of that name is there: of an earlier controller, or of a create whose answer was lost. */
static void on_inspected(
    struct engine_who who, const struct container_info *info, const struct err *err)
{
	struct relay *r = who.ctx;
	auto_free char *block = block_text(r);

	r->call = 0;
	if (err) {
		start_over(r, "cannot look at the relay", err);
		return;
	}
	free(r->id);
	r->id = xstrdup(info->id);
	if (str_eq(json_string_value(json_get(info->labels, LABEL_BLOCK)), block) &&
	    str_eq(json_string_value(json_get(info->labels, LABEL_IMAGE)), sandbox_image_ref()) &&
	    r->silences < SILENCES_MAX) {
		if (info->state == CONTAINER_RUNNING)
			open_feed(r);
		if (info->state == CONTAINER_CREATED)
			start(r);
		if (r->stage != RELAY_CREATING)
			return;
	}
	r->silences = 0;
	set_stage(r, RELAY_REMOVING_OLD);
	r->call = container_remove(r->env->engine, r->id, on_old_removed, who_of(r));
}

static void on_created(struct engine_who who, const char *id, const struct err *err)
{
	struct relay *r = who.ctx;

	r->call = 0;
	if (err && err->reason == ERR_ALREADY_EXISTS) {
		r->call = container_inspect(r->env->engine, r->name, on_inspected, who_of(r));
	} else if (err) {
		start_over(r, "cannot create the relay", err);
	} else {
		free(r->id);
		r->id = xstrdup(id);
		start(r);
	}
}

static void create(struct relay *r)
{
	auto_free char *block = block_text(r);
	char dns[ADDRESS_TEXT_MAX];
	auto_json *labels = json_new_object(), *args = json_new_array();
	auto_strlist caps = {0};
	struct container_spec s = {
	    .name = r->name,
	    .labels = labels,
	    .args = args,
	    .network_mode = "bridge",
	    .cap_add = &caps,
	};

	json_set_str(labels, LABEL_RELAY, store_instance(r->env->store));
	json_set_str(labels, LABEL_BLOCK, block);
	json_set_str(labels, LABEL_IMAGE, sandbox_image_ref());
	json_add(args, json_new_string("net"));
	json_add(args, json_new_string(address_format(dns, block_dns(r->block))));
	json_add(args, json_new_string(FEED_PORT));
	strlist_add(&caps, "NET_ADMIN"); /* in its own network: to take addresses */
	set_stage(r, RELAY_CREATING);
	r->call = sandbox_create(r->env->engine, &s, on_created, who_of(r));
}

/* ---- the block ---- */

static uint64_t digest_of(const char *text)
{
	uint64_t d = 0xcbf29ce484222325u;

	for (; *text; text++)
		d = (d ^ (unsigned char)*text) * 0x100000001b3u;
	return d;
}

static bool is_taken(const struct relay *r, const struct container_info *infos, size_t len)
{
	auto_free char *block = block_text(r);

	for (size_t i = 0; i < len; i++)
		if (infos[i].state == CONTAINER_RUNNING &&
		    str_eq(json_string_value(json_get(infos[i].labels, LABEL_BLOCK)), block) &&
		    !str_eq(json_string_value(json_get(infos[i].labels, LABEL_RELAY)),
			store_instance(r->env->store)))
			return true;
	return false;
}

static bool holds(struct address_block b, uint32_t address)
{
	return b.base && address >= b.base && address - b.base < block_size(b);
}

static bool is_own(const struct relay *r, const struct container_info *infos, size_t len)
{
	auto_free char *block = block_text(r);

	for (size_t i = 0; i < len; i++)
		if (str_eq(json_string_value(json_get(infos[i].labels, LABEL_BLOCK)), block) &&
		    str_eq(json_string_value(json_get(infos[i].labels, LABEL_RELAY)),
			store_instance(r->env->store)))
			return true;
	return false;
}

/* The one that Services are in, or that pods know; otherwise one that no other instance has. */
static bool choose_block(struct relay *r, const struct container_info *infos, size_t len)
{
	uint64_t pick = digest_of(store_instance(r->env->store));

	for (uint64_t i = 0; i < BLOCKS_MAX; i++) {
		r->block = block_of(r->subnet, i);
		if (r->address ? holds(r->block, r->address) : is_own(r, infos, len))
			return true;
	}
	for (uint64_t i = 0; i < BLOCKS_MAX; i++) {
		r->block = block_of(r->subnet, pick + i);
		if (r->block.base && !is_taken(r, infos, len))
			return true;
	}
	r->block = (struct address_block){0};
	return false;
}

static void on_list(
    struct engine_who who, const struct container_info *infos, size_t len, const struct err *err)
{
	struct relay *r = who.ctx;

	r->call = 0;
	if (err) {
		start_over(r, "cannot list the relays of the engine", err);
		return;
	}
	if (!choose_block(r, infos, len)) {
		log_error("services: the engine's network %s has no room for their addresses: it "
			  "is too small, or other instances of kjob fill it",
		    r->subnet);
		start_over(r, NULL, NULL);
		return;
	}
	r->cb.on_block(r->cb.ctx);
	if (r->stage == RELAY_ASKING)
		create(r);
}

static void on_subnet(struct engine_who who, const char *subnet, const struct err *err)
{
	static const char *const labels[] = {LABEL_RELAY, NULL};
	struct relay *r = who.ctx;

	r->call = 0;
	if (err) {
		start_over(r, "cannot find the network of containers", err);
		return;
	}
	free(r->subnet);
	r->subnet = xstrdup(subnet);
	r->call = container_list(r->env->engine, labels, on_list, who_of(r));
}

bool relay_reaches(const struct relay *r, const char *ip)
{
	return subnet_holds(r->subnet, address_parse(ip));
}

/* ---- wanted or not ---- */

static void on_removed(struct engine_who who, const struct err *err)
{
	struct relay *r = who.ctx;

	r->call = 0;
	close_feed(r);
	set_stage(r, RELAY_OFF);
	if (err && err->reason != ERR_NOT_FOUND)
		log_warn("services: cannot remove the relay: %s", err_msg(err));
	step(r);
}

static void remove_it(struct relay *r)
{
	if (r->call)
		engine_cancel(r->env->engine, r->call);
	set_stage(r, RELAY_REMOVING);
	r->call = container_remove(r->env->engine, r->name, on_removed, who_of(r));
}

static void step(struct relay *r)
{
	if (!r->wanted || r->stage != RELAY_OFF)
		return;
	if (r->block.base) {
		create(r);
		return;
	}
	set_stage(r, RELAY_ASKING);
	r->call = network_subnet(r->env->engine, on_subnet, who_of(r));
}

static void retry_due(void *arg)
{
	struct relay *r = arg;

	if (r->stage == RELAY_TELLING) {
		log_warn("services: the relay does not answer");
		r->silences++;
		exec_kill(TAKE(r->feed));
		set_stage(r, RELAY_OFF);
	}
	step(r);
}

static void patience_over(void *arg)
{
	struct relay *r = arg;

	log_warn("services: the relay is not there: pods start without names of Services");
	r->patience_over = true;
	r->cb.on_up(r->cb.ctx);
}

static void on_left(
    struct engine_who who, const struct container_info *infos, size_t len, const struct err *err)
{
	struct relay *r = who.ctx;

	r->call = 0;
	set_stage(r, RELAY_OFF);
	for (size_t i = 0; i < len && !err && !r->wanted; i++)
		if (str_eq(json_string_value(json_get(infos[i].labels, LABEL_RELAY)),
			store_instance(r->env->store)))
			relay_want(r, 0);
	step(r);
}

/* Of an instance whose last Service went while no controller ran there may be one left. */
static void settle_due(void *arg)
{
	static const char *const labels[] = {LABEL_RELAY, NULL};
	struct relay *r = arg;

	if (r->wanted || r->stage != RELAY_OFF)
		return;
	if (!r->cb.in_use(r->cb.ctx)) {
		remove_it(r);
		return;
	}
	set_stage(r, RELAY_SETTLING);
	r->call = container_list(r->env->engine, labels, on_left, who_of(r));
}

void relay_want(struct relay *r, uint32_t address)
{
	if (r->wanted)
		return;
	r->wanted = true;
	r->address = address;
	timer_set(r->env->loop, &r->patience, HOLD_MS);
	step(r);
}

void relay_unwant(struct relay *r)
{
	if (!r->wanted)
		return;
	r->wanted = false;
	timer_cancel(r->env->loop, &r->patience);
	timer_cancel(r->env->loop, &r->timer);
	if (r->stage != RELAY_REMOVING)
		remove_it(r);
}

struct address_block relay_block(const struct relay *r)
{
	return r->block;
}

bool relay_is_up(const struct relay *r)
{
	return r->stage == RELAY_UP || r->patience_over;
}

bool relay_is_wanted(const struct relay *r)
{
	return r->wanted;
}

bool relay_is_going(const struct relay *r)
{
	return r->stage == RELAY_REMOVING;
}

/* ---- start and end ---- */

struct relay *relay_new(struct loops_env *env, const struct relay_callbacks *cb)
{
	struct relay *r = xcalloc(1, sizeof(*r));

	r->env = env;
	r->cb = *cb;
	r->name = xasprintf("kjob_services_%.8s", store_instance(env->store));
	buf_init(&r->text, TEXT_MAX);
	r->timer = (struct timer){.name = "relay", .fn = retry_due, .arg = r};
	r->patience = (struct timer){.name = "relay patience", .fn = patience_over, .arg = r};
	r->settle = (struct timer){.name = "relay leftover", .fn = settle_due, .arg = r};
	timer_set(env->loop, &r->settle, SETTLE_MS);
	return r;
}

void relay_free(struct relay *r)
{
	if (!r)
		return;
	if (r->call)
		engine_cancel(r->env->engine, r->call);
	close_feed(r);
	timer_cancel(r->env->loop, &r->timer);
	timer_cancel(r->env->loop, &r->patience);
	timer_cancel(r->env->loop, &r->settle);
	buf_release(&r->text);
	free(r->subnet);
	free(r->name);
	free(r->id);
	free(r);
}
