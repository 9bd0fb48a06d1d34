/* validate_security: security contexts of pods and containers, and kernel settings. */
#include "../../runtime/base/map.h"
#include "validate.h"

#define ID_MAX INT32_MAX
#define SYSCTL_MAX 253
#define SYSCTL_REGEX "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"

static void check_id(struct report *r, const json *id, const struct place *p)
{
	int64_t n;

	if (json_is_int(id, &n) && (n < 0 || n > ID_MAX))
		bad_invalid(r, p, id, "must be between 0 and %d, inclusive", ID_MAX);
}

static void check_member_id(
    struct report *r, const json *context, const char *name, const struct place *p)
{
	struct place at = PLACE(p, name);

	check_id(r, json_get(context, name), &at);
}

/* what: as messages name the kind of profile. */
static void check_profile(struct report *r, const json *profile, const struct schema *s,
    const char *what, const struct place *p)
{
	struct place type = PLACE(p, "type"), file = PLACE(p, "localhostProfile");
	const char *of = json_str_or(profile, "type", "");
	const json *name = json_get(profile, "localhostProfile");

	if (!profile)
		return;
	if (!*of) {
		bad_required(r, &type, "type is required when seccompProfile is set");
		return;
	}
	validate_enum(r, s, profile, "type", p);
	if (str_eq(of, "Localhost")) {
		auto_free char *detail = xasprintf("must be set when %s type is Localhost", what);

		if (!name || !*json_string_value(name))
			bad_required(r, &file, detail);
	} else if (name) {
		bad_invalid(r, &file, name, "can only be set when %s type is Localhost", what);
	}
}

static void check_profiles(struct report *r, const json *context, const struct place *p)
{
	struct place seccomp = PLACE(p, "seccompProfile"), apparmor = PLACE(p, "appArmorProfile");

	check_profile(
	    r, json_get(context, "seccompProfile"), &schema_seccomp_profile, "seccomp", &seccomp);
	check_profile(r, json_get(context, "appArmorProfile"), &schema_app_armor_profile,
	    "AppArmor", &apparmor);
}

/* ---- kernel settings ---- */

static bool is_setting_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Words of letters, digits and inner dashes and underscores, with dots or slashes between. */
static bool is_setting(const char *s)
{
	char before = '.';

	if (!*s || strlen(s) > SYSCTL_MAX)
		return false;
	for (; *s; before = *s++) {
		bool edge = before == '.' || before == '/';

		if (*s == '.' || *s == '/') {
			if (!is_setting_char(before))
				return false;
		} else if (!is_setting_char(*s) && (edge || (*s != '-' && *s != '_'))) {
			return false;
		}
	}
	return is_setting_char(before);
}

static void check_sysctls(struct report *r, const json *list, const struct place *p)
{
	struct map names = {0};
	size_t i = 0;

	json_for (item, list) {
		struct place at = PLACE_ITEM(p, i++), name = PLACE(&at, "name");
		const char *text = json_str_or(item, "name", "");

		if (!*text)
			bad_required(r, &name, "");
		else if (!is_setting(text))
			bad_invalid(r, &name, json_get(item, "name"),
			    "must have at most %d characters and match regex %s", SYSCTL_MAX,
			    SYSCTL_REGEX);
		else if (map_set(&names, text, item))
			bad_duplicate(r, &name, json_get(item, "name"));
	}
	map_release(&names, NULL);
}

/* ---- contexts ---- */

void validate_pod_security(struct report *r, const json *spec, const struct place *p)
{
	struct place at = PLACE(p, "securityContext"), share = PLACE(p, "shareProcessNamespace");
	struct place groups = PLACE(&at, "supplementalGroups"), sysctls = PLACE(&at, "sysctls");
	const json *context = json_get(spec, "securityContext");
	size_t i = 0;

	if (json_bool(spec, "shareProcessNamespace", false) && json_bool(spec, "hostPID", false))
		bad_invalid(r, &share, json_get(spec, "shareProcessNamespace"),
		    "ShareProcessNamespace and HostPID cannot both be enabled");
	check_member_id(r, context, "fsGroup", &at);
	check_member_id(r, context, "runAsUser", &at);
	check_member_id(r, context, "runAsGroup", &at);
	json_for (id, json_get(context, "supplementalGroups")) {
		struct place item = PLACE_ITEM(&groups, i++);

		check_id(r, id, &item);
	}
	validate_enum(r, &schema_pod_security_context, context, "supplementalGroupsPolicy", &at);
	check_sysctls(r, json_get(context, "sysctls"), &sysctls);
	validate_enum(r, &schema_pod_security_context, context, "fsGroupChangePolicy", &at);
	check_profiles(r, context, &at);
}

static bool adds_admin(const json *context)
{
	json_for (cap, json_path(context, "capabilities.add"))
		if (str_eq(json_string_value(cap), "CAP_SYS_ADMIN"))
			return true;
	return false;
}

void validate_security(
    struct report *r, const json *container, bool host_users, const struct place *p)
{
	struct place at = PLACE(p, "securityContext"), mount = PLACE(&at, "procMount");
	const json *context = json_get(container, "securityContext");

	check_member_id(r, context, "runAsUser", &at);
	check_member_id(r, context, "runAsGroup", &at);
	validate_enum(r, &schema_security_context, context, "procMount", &at);
	if (host_users && str_eq(json_str(context, "procMount"), "Unmasked"))
		bad_invalid(r, &mount, json_get(context, "procMount"),
		    "`hostUsers` must be false to use `Unmasked`");
	if (!json_bool(context, "allowPrivilegeEscalation", true)) {
		if (json_bool(context, "privileged", false))
			bad_invalid(r, &at, context,
			    "cannot set `allowPrivilegeEscalation` to false and `privileged` to "
			    "true");
		if (adds_admin(context))
			bad_invalid(r, &at, context,
			    "cannot set `allowPrivilegeEscalation` to false and "
			    "`capabilities.Add` CAP_SYS_ADMIN");
	}
	check_profiles(r, context, &at);
}

/* A profile that is a file of the node would have to be one of the engine's machine. */
void validate_security_later(struct report *r, const json *context, const struct place *p)
{
	struct place at = PLACE(p, "securityContext"), profile = PLACE(&at, "seccompProfile");
	struct place type = PLACE(&profile, "type");

	if (str_eq(json_str(context, "seccompProfile.type"), "Localhost"))
		bad_forbidden(r, &type, "Localhost is not supported by this version of kjob");
}
