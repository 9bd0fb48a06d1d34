/* schema_lease: the kind Lease. */
#define SCHEMA_PACKAGE PACKAGE_COORDINATION
#include "schema.h"

static const struct field lease_fields[] = {
    OBJECT_ROWS("coordination.k8s.io/v1", "Lease"),
    ROW(2, "spec", T_OBJECT, 0, "Who holds the lease, and for how long.", .of = &schema_lease_spec),
    {0},
};
SCHEMA(lease, "Lease", "A note of who leads or lives, renewed by its holder in intervals.");

static const struct field lease_spec_fields[] = {
    ROW(1, "holderIdentity", T_STRING, F_PTR, "Who holds the lease."),
    ROW(2, "leaseDurationSeconds", T_INT32, F_PTR,
	"Seconds after renewTime that others wait before they take it over."),
    ROW(3, "acquireTime", T_MICRO_TIME, F_PTR, "When the holder got it."),
    ROW(4, "renewTime", T_MICRO_TIME, F_PTR, "When the holder last renewed it."),
    ROW(5, "leaseTransitions", T_INT32, F_PTR, "How often it went from one holder to another."),
    ROW(6, "strategy", T_STRING, F_PTR, "How the leader is picked in a coordinated election."),
    ROW(7, "preferredHolder", T_STRING, F_PTR, "Who is to hold it next in a coordinated election."),
    {0},
};
SCHEMA(lease_spec, "LeaseSpec");
