#include "registry_config.h"

#include <fnmatch.h>

#include "base/base64.h"
#include "engine_quirks.h"

#define KEYS_MAX 1000
#define KEY_MAX 512
#define WILDCARDS_MAX 8
#define AUTH_MAX (48 * KIB)
#define HUB_HOST "docker.io"
#define HUB_KEY "index.docker.io"
#define HUB_SERVER "https://index.docker.io/v1/"
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

struct registry_key {
	char *key; /* "host[:port][/path]" */
	char *auth;
};

/* ---- credentials as the engine wants them ---- */

/* base64url of {"username":…,"password":…,"serveraddress":…}; owned. NULL: too long. */
static char *header_value(
    const char *user, const char *password, const char *token, const char *server)
{
	auto_json *j = json_new_object();
	auto_free char *text = NULL;
	char *value;

	if (token && *token) {
		json_set_str(j, "identitytoken", token);
	} else {
		json_set_str(j, "username", user);
		json_set_str(j, "password", password);
	}
	json_set_str(j, "serveraddress", server);
	text = json_print(j);
	if (strlen(text) > AUTH_MAX)
		return NULL;
	value = base64_encode(text, strlen(text));
	for (char *c = value; *c; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	return value;
}

/* "user:password" in base64, with or without padding. */
static bool split_auth(const char *text, char **ret_user, char **ret_password)
{
	static const char *const pads[] = {"", "=", "=="};

	for (size_t i = 0; i < ARRAY_LEN(pads); i++) {
		auto_free char *padded = xasprintf("%s%s", text, pads[i]);
		auto_buf plain = {.max = AUTH_MAX};
		const char *colon;

		if (base64_decode(padded, &plain, NULL) < 0)
			continue;
		colon = strchr(buf_str(&plain), ':');
		if (!colon)
			return false;
		*ret_user = xstrndup(plain.ptr, (size_t)(colon - plain.ptr));
		*ret_password = xstrdup(colon + 1);
		return true;
	}
	return false;
}

static char *entry_auth(const json *entry, const char *server)
{
	const char *token = json_str(entry, "identitytoken"), *coded = json_str(entry, "auth");
	auto_free char *user = xstrdup(json_str(entry, "username"));
	auto_free char *password = xstrdup(json_str(entry, "password"));
	char *own_user, *own_password;

	if (coded && *coded && split_auth(coded, &own_user, &own_password)) {
		free(user);
		free(password);
		user = own_user;
		password = own_password;
	}
	if (!(token && *token) && !(user && *user))
		return NULL;
	return header_value(user ? user : "", password ? password : "", token, server);
}

/* ---- keys ---- */

/* Without scheme, without the version of the API in front of its path, without a bare slash. */
static char *plain_key(const char *text)
{
	const char *scheme = strstr(text, "://"), *path;
	auto_free char *host = NULL;

	if (scheme)
		text = scheme + 3;
	path = text + strcspn(text, "/");
	host = xstrndup(text, (size_t)(path - text));
	if (str_has_prefix(path, "/v1/") || str_has_prefix(path, "/v2/"))
		path += 3;
	return xasprintf("%s%s", host, path[0] == '/' && !path[1] ? "" : path);
}

static void insert_key(struct registry_keys *k, char *key, char *auth)
{
	size_t at = k->len;

	GROW(k->items, k->cap, k->len + 1);
	while (at > 0 && strcmp(k->items[at - 1].key, key) < 0) {
		k->items[at] = k->items[at - 1];
		at--;
	}
	k->items[at] = (struct registry_key){key, auth};
	k->len++;
}

void registry_keys_add(struct registry_keys *k, const json *auths)
{
	json_for (entry, auths) {
		char *auth;

		if (k->len >= KEYS_MAX || strlen(json_key(entry)) > KEY_MAX)
			continue;
		auth = entry_auth(entry, json_key(entry));
		if (auth)
			insert_key(k, plain_key(json_key(entry)), auth);
	}
}

void registry_keys_release(struct registry_keys *k)
{
	for (size_t i = 0; i < k->len; i++) {
		free(k->items[i].key);
		free(k->items[i].auth);
	}
	free(k->items);
	*k = (struct registry_keys){0};
}

/* ---- matching ---- */

/* The name of an image with its registry, without tag and digest; owned. */
static char *full_name(const char *image)
{
	struct image_ref ref;
	char *name;

	quirk_split_ref(image, &ref);
	name = xstrdup(ref.name);
	image_ref_release(&ref);
	return name;
}

/* A host with its port; parts between dots may have wildcards, and there must be as many. */
static bool host_matches(const char *glob, size_t glob_len, const char *host, size_t host_len)
{
	auto_free char *pattern = xstrndup(glob, glob_len), *text = xstrndup(host, host_len);
	auto_strlist wanted = {0}, parts = {0};
	size_t stars = 0;

	for (const char *c = pattern; *c; c++)
		stars += *c == '*';
	str_split(&wanted, pattern, '.');
	str_split(&parts, text, '.');
	if (wanted.len != parts.len || stars > WILDCARDS_MAX)
		return false;
	for (size_t i = 0; i < parts.len; i++)
		if (fnmatch(wanted.items[i], parts.items[i], 0) != 0)
			return false;
	return true;
}

static bool key_matches(const char *key, const char *name)
{
	size_t key_host = strcspn(key, "/"), name_host = strcspn(name, "/");

	return host_matches(key, key_host, name, name_host) &&
	       str_has_prefix(name + name_host, key + key_host);
}

void registry_keys_find(const struct registry_keys *k, const char *image, struct strlist *ret_auths)
{
	auto_free char *name = full_name(image);
	size_t before = ret_auths->len;

	for (size_t i = 0; i < k->len; i++)
		if (key_matches(k->items[i].key, name))
			strlist_add(ret_auths, k->items[i].auth);
	if (ret_auths->len > before || !str_has_prefix(name, HUB_HOST "/"))
		return;
	for (size_t i = 0; i < k->len; i++)
		if (str_eq(k->items[i].key, HUB_KEY))
			strlist_add(ret_auths, k->items[i].auth);
}

/* ---- helpers ---- */

bool registry_helper_of(const json *config, const char *image, char **ret_helper, char **ret_server)
{
	auto_free char *name = full_name(image), *host = xstrndup(name, strcspn(name, "/"));
	const char *server = str_eq(host, HUB_HOST) ? HUB_SERVER : host;
	const json *helpers = json_get(config, "credHelpers");
	const char *helper = json_string_value(json_get(helpers, server));

	if (!helper)
		helper = json_string_value(json_get(helpers, host));
	if (!helper)
		helper = json_str_or(config, "credsStore", "");
	if (!*helper || helper[strspn(helper, NAME_CHARS)])
		return false;
	*ret_helper = xstrdup(helper);
	*ret_server = xstrdup(server);
	return true;
}

char *registry_auth_of_answer(const char *text, size_t len, const char *server)
{
	auto_json *j = json_parse(text, len, JSON_ALLOW_DUPLICATES, NULL);
	const char *user = json_str_or(j, "Username", ""), *secret = json_str_or(j, "Secret", "");
	bool token = str_eq(user, "<token>");

	if (!*secret || !*user)
		return NULL;
	return header_value(user, secret, token ? secret : NULL, server);
}
