/* validate_claim: PersistentVolumeClaims. */
#include "names.h"
#include "validate.h"

static const char *const access_modes[] = {
    "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod", NULL};

static void validate_access_modes(struct report *r, const json *modes, const struct place *p)
{
	bool alone = false;

	if (json_len(modes) == 0)
		bad_required(r, p, "at least 1 access mode is required");
	json_for (mode, modes) {
		const char *text = json_string_value(mode);
		bool known = false;

		for (size_t i = 0; access_modes[i]; i++)
			known = known || str_eq(access_modes[i], text);
		if (!known)
			bad_unsupported(r, p, text ? text : "", access_modes);
		alone = alone || str_eq(text, "ReadWriteOncePod");
	}
	if (alone && json_len(modes) > 1)
		bad_forbidden(r, p, "may not use ReadWriteOncePod with other access modes");
}

static void validate_size(struct report *r, const json *requests, const struct place *p)
{
	struct place at = PLACE_KEY(p, "storage");
	const json *value = json_get(requests, "storage");
	auto_free char *canonical = NULL;
	int64_t milli = 0;

	if (!value) {
		bad_required(r, &at, "");
		return;
	}
	if (quantity_parse(json_string_value(value) ? json_string_value(value) : "", &canonical,
		&milli, NULL) == 0 &&
	    milli <= 0)
		bad_invalid(r, &at, value, "must be greater than zero");
}

void validate_claim_spec(struct report *r, const json *spec, const struct place *p)
{
	struct place modes = PLACE(p, "accessModes"), resources = PLACE(p, "resources");
	struct place name = PLACE(p, "storageClassName"), volume = PLACE(p, "volumeName");
	const char *class = json_str_or(spec, "storageClassName", "");

	validate_access_modes(r, json_get(spec, "accessModes"), &modes);
	validate_size(r, json_path(spec, "resources.requests"), &resources);
	if (*class)
		validate_name(r, class, name_check_dns_subdomain, &name);
	/* it becomes a folder of the engine */
	if (strpbrk(json_str_or(spec, "volumeName", ""), "/:\\") ||
	    *json_str_or(spec, "volumeName", "") == '.')
		bad_invalid(r, &volume, json_get(spec, "volumeName"),
		    "must be the name of a volume of the container engine");
	validate_enum(r, &schema_persistent_volume_claim_spec, spec, "volumeMode", p);
}

void validate_claim(struct report *r, const json *claim, const json *old)
{
	struct place spec = PLACE(NULL, "spec");
	auto_json *now = NULL, *was = NULL;

	validate_claim_spec(r, json_get(claim, "spec"), &spec);
	if (!old)
		return;
	now = json_dup(json_get(claim, "spec"));
	was = json_dup(json_get(old, "spec"));
	json_del_path(now, "resources.requests");
	json_del_path(was, "resources.requests");
	json_del(now, "volumeAttributesClassName");
	json_del(was, "volumeAttributesClassName");
	if (!json_equal(now, was))
		bad_forbidden(r, &spec,
		    "spec is immutable after creation except resources.requests and "
		    "volumeAttributesClassName for bound claims");
}
