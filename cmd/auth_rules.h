/* auth_rules: what a SelfSubjectRulesReview allows, as kubectl's table. Pure. */
#ifndef KJOB_CMD_AUTH_RULES_H
#define KJOB_CMD_AUTH_RULES_H

#include "../runtime/base/json.h"
#include "output.h"

/*
 * One row for each resource of each group, with all verbs that any rule allows on it, in the order
 * of verbs; and one for each path outside of resources. status: the review's, with resourceRules
 * and nonResourceRules.
 */
void auth_rules_table(const json *status, bool headings, struct text_table *ret);

#endif
