/*
 * describe_quantity: amounts as the server writes them ("500m", "1Gi"), added up for the
 * description of a node and divided for that of a container's environment. Exact in thousandths up
 * to 9e15; beyond that the largest value.
 */
#ifndef KJOB_CMD_DESCRIBE_QUANTITY_H
#define KJOB_CMD_DESCRIBE_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "../runtime/base/json.h"

struct quantity {
	int64_t milli;
	bool binary; /* written with Ki, Mi, … */
};

/* Zero where the text is absent or no quantity. Fractions below a thousandth are rounded up. */
struct quantity quantity_of(const char *text);
/* Takes the form of `add` where it was zero. */
void quantity_add(struct quantity *q, struct quantity add);
/* In whole units, rounded up. */
int64_t quantity_units(struct quantity q);
/* The canonical text; owned. */
char *quantity_text(struct quantity q);

/* What "limits.cpu" and the like give in a container's environment; divisor "0" means one. "" for
 * other names; owned. */
char *quantity_env_text(const json *container, const char *resource, const char *divisor);

#endif
