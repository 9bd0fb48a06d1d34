#include "credentials.h"

#include <ctype.h>

#include "../runtime/base/base64.h"
#include "../runtime/base/clock.h"
#include "../runtime/base/paths.h"
#include "../runtime/http.h"
#include "exec_credential.h"

#define TOKEN_MAX (1 * MIB)

struct credentials {
	const json *user, *cluster;
	const json *exec; /* NULL: no program */
	struct strlist impersonation;
	struct exec_credential got;
	bool asked;       /* got is set */
	char *file_token; /* what the file held last */
};

static int check_providers(const json *user, const char *name, struct err *e)
{
	static const struct {
		const char *name, *plugin;
	} gone[] = {
	    {"gcp", "gke-gcloud-auth-plugin"}, {"azure", "kubelogin"}, {"oidc", "kubelogin"}};
	const char *provider = json_str_or(user, "auth-provider.name", "");

	if (!json_is_object(json_get(user, "auth-provider")))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		if (str_eq(gone[i].name, provider))
			return err_set(e, ERR_BAD_REQUEST,
			    "user \"%s\": the auth-provider \"%s\" is not supported: use an exec "
			    "plugin, such as %s, in its place",
			    name, provider, gone[i].plugin);
	return err_set(e, ERR_BAD_REQUEST,
	    "user \"%s\": the auth-provider \"%s\" is not supported: use an exec plugin in its "
	    "place",
	    name, provider);
}

static int check_user(const json *user, const char *name, struct err *e)
{
	bool token = *json_str_or(user, "token", "") || *json_str_or(user, "tokenFile", "");
	const json *exec = json_get(user, "exec");

	if (check_providers(user, name, e) < 0)
		return -1;
	if (token && *json_str_or(user, "username", ""))
		return err_set(e, ERR_BAD_REQUEST,
		    "invalid configuration: more than one authentication method found for %s; "
		    "found [token basicAuth], only one is allowed",
		    name);
	if (json_is_object(exec) && exec_credential_check(exec, e) < 0)
		return err_wrap(e, "invalid configuration: user \"%s\"", name);
	return 0;
}

/* ---- impersonation ---- */

/* A header's name: what cannot stand in one is escaped. */
static void add_extra(struct strlist *ret, const char *key, const char *value)
{
	auto_buf name = {0};

	http_escape(&name, key);
	strlist_addf(ret, "Impersonate-Extra-%s: %s", buf_str(&name), value);
}

static int add_impersonation(
    const json *user, const struct impersonation *as, struct strlist *ret, struct err *e)
{
	const char *name = *as->user ? as->user : json_str_or(user, "as", "");
	const char *uid = *as->uid ? as->uid : json_str_or(user, "as-uid", "");
	bool own_groups = as->groups && as->groups->len;

	if (*name)
		strlist_addf(ret, "Impersonate-User: %s", name);
	if (*uid)
		strlist_addf(ret, "Impersonate-Uid: %s", uid);
	for (size_t i = 0; own_groups && i < as->groups->len; i++)
		strlist_addf(ret, "Impersonate-Group: %s", as->groups->items[i]);
	if (!own_groups)
		json_for (it, json_get(user, "as-groups"))
			if (json_is_string(it))
				strlist_addf(ret, "Impersonate-Group: %s", json_string_value(it));
	json_for (extra, json_get(user, "as-user-extra"))
		json_for (it, extra)
			if (json_is_string(it))
				add_extra(ret, json_key(extra), json_string_value(it));
	if (ret->len && !*name)
		return err_set(e, ERR_BAD_REQUEST,
		    "requesting uid, groups or user-extra without impersonating a user");
	return 0;
}

/* ---- one user's ---- */

int credentials_new(const json *user, const char *name, const json *cluster,
    const struct impersonation *as, struct credentials **ret, struct err *e)
{
	struct credentials *c = xcalloc(1, sizeof(*c));

	c->user = user;
	c->cluster = cluster;
	c->exec = json_is_object(json_get(user, "exec")) ? json_get(user, "exec") : NULL;
	if (check_user(user, name, e) < 0 ||
	    add_impersonation(user, as, &c->impersonation, e) < 0) {
		credentials_free(c);
		return -1;
	}
	*ret = c;
	return 0;
}

void credentials_free(struct credentials *c)
{
	if (!c)
		return;
	exec_credential_release(&c->got);
	strlist_release(&c->impersonation);
	if (c->file_token)
		explicit_bzero(c->file_token, strlen(c->file_token));
	free(c->file_token);
	free(c);
}

/* The program's answer, where it has not expired. */
static int ask(struct credentials *c, bool *ret_identity, struct err *e)
{
	struct exec_credential next = {0};
	int64_t until = c->got.expires_ns;

	if (c->asked && (!until || clock_wall_ns() < until))
		return 0;
	if (exec_credential_get(c->exec, c->cluster, &next, e) < 0)
		return err_wrap(e, "getting credentials");
	*ret_identity = !str_eq(next.cert_pem, c->got.cert_pem);
	exec_credential_release(&c->got);
	c->got = next;
	c->asked = true;
	return 0;
}

/* The file's token; where it cannot be read now, the one before. */
static int read_token(struct credentials *c, const char *file, struct err *e)
{
	auto_err why = {0};
	char *text = path_read_file(file, TOKEN_MAX, NULL, &why);
	size_t len = text ? strlen(text) : 0, from = 0;

	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	while (from < len && isspace((unsigned char)text[from]))
		from++;
	if (from < len) {
		free(c->file_token);
		c->file_token = xstrndup(text + from, len - from);
	}
	free(text);
	if (c->file_token)
		return 0;
	if (why.reason) {
		err_move(e, &why);
		return err_wrap(e, "failed to read token file \"%s\"", file);
	}
	return err_set(e, ERR_UNAUTHORIZED, "read empty token from file \"%s\"", file);
}

static void add_basic(struct strlist *ret, const char *user, const char *password)
{
	auto_free char *both = xasprintf("%s:%s", user, password);
	auto_free char *text = base64_encode(both, strlen(both));

	strlist_addf(ret, "Authorization: Basic %s", text);
}

int credentials_headers(
    struct credentials *c, struct strlist *ret, bool *ret_identity, struct err *e)
{
	const char *token = json_str_or(c->user, "token", "");
	const char *file = json_str_or(c->user, "tokenFile", "");
	const char *name = json_str_or(c->user, "username", "");

	*ret_identity = false;
	if (c->exec && ask(c, ret_identity, e) < 0)
		return -1;
	if (*file && read_token(c, file, e) < 0)
		return -1;
	if (*file)
		token = c->file_token;
	if (!*token && c->got.token)
		token = c->got.token;
	if (*token)
		strlist_addf(ret, "Authorization: Bearer %s", token);
	else if (*name)
		add_basic(ret, name, json_str_or(c->user, "password", ""));
	for (size_t i = 0; i < c->impersonation.len; i++)
		strlist_add(ret, c->impersonation.items[i]);
	return 0;
}

const char *credentials_cert(const struct credentials *c)
{
	return c->got.cert_pem;
}

const char *credentials_key(const struct credentials *c)
{
	return c->got.key_pem;
}

bool credentials_refused(struct credentials *c)
{
	c->asked = false; /* once for all requests that were under way */
	return c->exec;
}
