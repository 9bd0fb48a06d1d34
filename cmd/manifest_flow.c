#include "manifest_flow.h"

#include "cmd.h"

/* Half of the connections ask, half send. */
#define AHEAD (HTTP_PARALLEL / 2)

/* Of the works, those before `ended` are done with, those before `sent` wait for their last answer,
 * those before `asked` for their first one. */
struct flow {
	const struct manifest_steps *steps;
	struct manifest_work *works;
	size_t asked, sent, ended;
};

static void step(struct manifest_work *w, int (*fn)(struct manifest_work *w, struct err *e))
{
	if (fn && w->err.reason == ERR_NONE && fn(w, &w->err) < 0 && w->err.reason == ERR_NONE)
		err_set(&w->err, ERR_INTERNAL, "%s failed", w->ctx->cmd->name);
}

static void end_next(struct flow *f)
{
	struct manifest_work *w = &f->works[f->ended++];

	step(w, f->steps->end);
	if (w->err.reason != ERR_NONE)
		manifest_report(w->ctx, w->m, &w->err);
	f->steps->release(w);
	free(w->state);
	err_clear(&w->err);
}

/* Goes on until no more than so many wait for their first answer, and for their last one. */
static void advance(struct flow *f, size_t asked, size_t sent)
{
	while (f->asked - f->sent > asked)
		step(&f->works[f->sent++], f->steps->send);
	while (f->sent - f->ended > sent)
		end_next(f);
}

/* Whether the next one depends on none that is under way. */
static bool is_independent(const struct flow *f)
{
	const struct manifest_target *t = &f->works[f->asked].t;

	for (size_t i = f->ended; i < f->asked; i++) {
		const struct manifest_target *other = &f->works[i].t;

		if (!t->resource || t->resource != other->resource ||
		    (t->name && str_eq(t->name, other->name) && str_eq(t->ns, other->ns)))
			return false;
	}
	return true;
}

static int prepare_paths(struct manifest_work *w, struct err *e)
{
	return manifest_host_paths(w->m, w->ctx->cluster, e);
}

static void begin_next(struct flow *f)
{
	struct manifest_work *w = &f->works[f->asked];

	w->state = xcalloc(1, f->steps->state_size);
	step(w, prepare_paths);
	step(w, f->steps->prepare);
	if (!is_independent(f))
		advance(f, 0, 0);
	step(w, f->steps->ask);
	f->asked++;
}

void manifests_flow(struct cmd_ctx *ctx, struct manifests *all, struct printer *p,
    const struct manifest_steps *steps, void *arg)
{
	auto_free struct manifest_work *works = xcalloc(all->len, sizeof(*works));
	struct flow f = {.steps = steps, .works = works};

	for (size_t i = 0; i < all->len; i++) {
		works[i] = (struct manifest_work){
		    .ctx = ctx, .printer = p, .m = &all->items[i], .arg = arg};
		begin_next(&f);
		advance(&f, AHEAD, AHEAD);
	}
	advance(&f, 0, 0);
}
