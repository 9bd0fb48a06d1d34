/* top: the two halves of `kjob top`: pods (top.c) and nodes (top_nodes.c). */
#ifndef KJOB_CMD_TOP_H
#define KJOB_CMD_TOP_H

#include "cmd.h"

#define TOP_METRICS "/apis/metrics.k8s.io/v1beta1"

/* Asks and prints; the context is connected, and args[0] is the word nodes. */
int top_nodes(struct cmd_ctx *ctx, struct err *e) MUST_USE;

#endif
