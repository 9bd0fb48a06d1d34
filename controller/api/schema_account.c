/* schema_account: the kind ServiceAccount. */
#include "schema.h"

static const struct field service_account_fields[] = {
    OBJECT_ROWS("v1", "ServiceAccount"),
    ROW(2, "secrets", T_OBJECT_LIST, 0,
	"Secrets that pods of this account may use; a list for people, nothing is enforced.",
	.of = &schema_object_reference, .merge_key = "name"),
    ROW(3, "imagePullSecrets", T_OBJECT_LIST, 0,
	"Secrets for pulling images, for pods of this account that name none themselves.",
	.of = &schema_local_object_reference),
    ROW(4, "automountServiceAccountToken", T_BOOL, F_PTR,
	"Whether pods get a token of the account; here they get none.", .accept = "false"),
    {0},
};
SCHEMA(service_account, "ServiceAccount",
    "A name that pods run under, and the image pull secrets that come with it.");
