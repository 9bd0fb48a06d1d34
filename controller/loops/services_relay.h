/*
 * services_relay: the container that answers for Services: makes it, finds it again, tells it what
 * there is, removes it. The loop says what it wants (relay_want) and is told of changes.
 */
#ifndef KJOB_SERVICES_RELAY_H
#define KJOB_SERVICES_RELAY_H

#include "env.h"
#include "services_decide.h"

struct relay;

struct relay_callbacks {
	/* The block is known now: Services can have addresses. */
	void (*on_block)(void *ctx);
	/* It has taken its first text, or will not come soon: nobody waits any more. */
	void (*on_up)(void *ctx);
	/* Whether pods may know one that an earlier controller left. */
	bool (*in_use)(void *ctx);
	void *ctx;
};

struct relay *relay_new(struct loops_env *env, const struct relay_callbacks *cb);
void relay_free(struct relay *r); /* the container stays */
/*
 * It is needed from now on. address: one that a Service has already, so that the block is the same
 * as before; 0: none.
 */
void relay_want(struct relay *r, uint32_t address);
/* It is not needed: it is removed. */
void relay_unwant(struct relay *r);
/* What it is to know; the text is copied. */
void relay_tell(struct relay *r, const char *text, size_t len);
/* Base 0: not known yet. */
struct address_block relay_block(const struct relay *r);
bool relay_is_wanted(const struct relay *r);
/* Whether a container with this address is where the relay is. */
bool relay_reaches(const struct relay *r, const char *ip);
/* Whether pods need not wait for it (any more). */
bool relay_is_up(const struct relay *r);
/* Whether its removal is under way. */
bool relay_is_going(const struct relay *r);

#endif
