#include "cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "../runtime/base/base64.h"
#include "../runtime/base/paths.h"
#include "contexts.h"

#define STORED_MAX (64 * KIB)
#define DATA_MAX (8 * MIB)
#define CONNECT_MS 30000

/* ---- the stored choice ---- */

static char *stored_path(const struct paths *p)
{
	return xasprintf("%s/context", p->state_dir);
}

/* Owned; NULL: none, or e is set. */
static json *read_stored(struct err *e)
{
	auto_paths p = {0};
	auto_free char *path = NULL, *text = NULL;
	size_t len = 0;
	json *stored;

	if (paths_init(&p, e) < 0)
		return NULL;
	path = stored_path(&p);
	if (access(path, F_OK) < 0)
		return NULL;
	text = path_read_file(path, STORED_MAX, &len, e);
	stored = text ? json_parse(text, len, JSON_PARSE_STRICT, e) : NULL;
	if (!stored && e)
		err_wrap(e, "cannot read %s ('kjob config use-context local' goes back)", path);
	return stored;
}

static int write_text(const char *path, const char *text, struct err *e)
{
	auto_free char *part = xasprintf("%s.%ld", path, (long)getpid());
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool fine = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0 && close(fd) < 0)
		fine = false;
	if (fine && rename(part, path) == 0)
		return 0;
	err_sys(e, errno, "cannot write %s", path);
	unlink(part);
	return -1;
}

/* Nothing to keep: no file. */
static int write_stored(const json *j, struct err *e)
{
	auto_paths p = {0};
	auto_free char *path = NULL, *text = json_print(j);

	if (paths_init(&p, e) < 0)
		return -1;
	path = stored_path(&p);
	if (json_len(j) == 0)
		return unlink(path) == 0 || errno == ENOENT
			   ? 0
			   : err_sys(e, errno, "cannot remove %s", path);
	return paths_make(&p, e) < 0 ? -1 : write_text(path, text, e);
}

/* What is stored; where that cannot be read, nothing is. Owned. */
static json *read_stored_or_new(void)
{
	json *stored = read_stored(NULL);

	return stored ? stored : json_new_object();
}

int cluster_store(const char *context, const struct strlist *files, struct err *e)
{
	auto_json *j = read_stored_or_new();
	bool local = str_eq(context, CLUSTER_LOCAL);
	json *list = json_new_array();

	for (size_t i = 0; i < files->len; i++)
		json_add(list, json_new_string(files->items[i]));
	json_set_str(j, "context", local ? NULL : context);
	json_set(j, "kubeconfig", list);
	if (local)
		json_del(j, "kubeconfig");
	return write_stored(j, e);
}

char *cluster_local_namespace(void)
{
	auto_json *j = read_stored_or_new();

	return xstrdup(json_str_or(j, "namespace", ""));
}

int cluster_store_local_namespace(const char *ns, struct err *e)
{
	auto_json *j = read_stored_or_new();

	json_set_str(j, "namespace", *ns ? ns : NULL);
	return write_stored(j, e);
}

/* ---- which context ---- */

static bool asks_for_cluster(const struct cluster_choice *c)
{
	return *c->cluster || *c->user || *c->server || *c->ca_file || *c->tls_server_name ||
	       *c->cert_file || *c->key_file || *c->token || c->insecure || *c->as.user ||
	       *c->as.uid || (c->as.groups && c->as.groups->len);
}

/* The files of the stored choice; where none is stored *ret_context stays NULL. */
static int stored_choice(struct strlist *ret_files, char **ret_context, struct err *e)
{
	auto_err why = {0};
	auto_json *stored = read_stored(&why);

	if (why.reason) {
		err_move(e, &why);
		return -1;
	}
	if (!json_has(stored, "context"))
		return 0;
	json_for (it, json_get(stored, "kubeconfig"))
		strlist_add(ret_files, json_string_value(it) ? json_string_value(it) : "/");
	*ret_context = xstrdup(json_str_or(stored, "context", ""));
	return 0;
}

static int check_local(const struct cluster_choice *c, struct err *e)
{
	if (asks_for_cluster(c))
		return err_set(e, ERR_BAD_REQUEST,
		    "--cluster, --user, --token, --as and the like are about a cluster: name it "
		    "with --context or --server");
	return 0;
}

/*
 * The files to look into and the context's name: NULL is the files' own current one, CLUSTER_LOCAL
 * the local controller, "" none but --server. A file that was named may have a context of that
 * name.
 */
static int which(
    const struct cluster_choice *c, struct strlist *ret_files, char **ret_name, struct err *e)
{
	if (!*c->context && !*c->kubeconfig && stored_choice(ret_files, ret_name, e) < 0)
		return -1;
	if (!*ret_name && !*c->context && !*c->kubeconfig && *c->server)
		*ret_name = xstrdup("");
	if (*ret_name)
		return 0;
	contexts_files(c->kubeconfig, ret_files);
	if (*c->context)
		*ret_name = xstrdup(c->context);
	else if (!*c->kubeconfig)
		*ret_name = xstrdup(CLUSTER_LOCAL);
	return 0;
}

static bool is_local(const struct cluster_choice *c, const char *name)
{
	return !*c->kubeconfig && str_eq(name, CLUSTER_LOCAL);
}

static json *load(
    const struct cluster_choice *c, const struct strlist *files, const char *name, struct err *e)
{
	json *config = contexts_load(files, *c->kubeconfig, e);

	if (config && name)
		json_set_str(config, "current-context", name);
	return config;
}

json *cluster_config(const struct cluster_choice *c, struct strlist *ret_files, struct err *e)
{
	auto_free char *name = NULL;

	return which(c, ret_files, &name, e) < 0 ? NULL : load(c, ret_files, name, e);
}

/* ---- from the kubeconfig to a target ---- */

static const char *text_of(const json *entry, const char *key)
{
	const char *text = json_str_or(entry, key, "");

	return *text ? text : NULL;
}

/* X and X-data; file stays NULL where the data counts. */
static int take_pem(const json *entry, const char *what, const char *key, char **ret_pem,
    const char **ret_file, struct err *e)
{
	auto_free char *data_key = xasprintf("%s-data", key);
	const char *data = text_of(entry, data_key), *file = text_of(entry, key);
	auto_buf bytes = {.max = DATA_MAX};
	size_t bad = 0;

	if (!data) {
		*ret_file = file;
		if (file && access(file, R_OK) < 0)
			return err_set(e, ERR_BAD_REQUEST,
			    "invalid configuration: unable to read %s %s: open %s: %s", key, file,
			    file, errno == ENOENT ? "no such file or directory" : strerror(errno));
		return 0;
	}
	if (base64_decode(data, &bytes, &bad) < 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "invalid configuration: %s of %s: illegal base64 data at input byte %zu",
		    data_key, what, bad);
	*ret_pem = buf_take(&bytes);
	return 0;
}

static int take_tls(struct cluster *c, const json *entry, const json *user, struct err *e)
{
	struct http_target *t = &c->target;

	if (take_pem(entry, "the cluster", "certificate-authority", &c->ca_pem, &t->ca_file, e) <
		0 ||
	    take_pem(user, "the user", "client-certificate", &c->cert_pem, &t->cert_file, e) < 0 ||
	    take_pem(user, "the user", "client-key", &c->key_pem, &t->key_file, e) < 0)
		return -1;
	t->ca_pem = c->ca_pem;
	t->cert_pem = c->cert_pem;
	t->key_pem = c->key_pem;
	t->tls_server_name = text_of(entry, "tls-server-name");
	t->insecure = json_bool(entry, "insecure-skip-tls-verify", false);
	if (t->insecure && (t->ca_pem || t->ca_file))
		return err_set(e, ERR_BAD_REQUEST,
		    "invalid configuration: specifying a root certificates file with the insecure "
		    "flag is not allowed");
	if ((t->cert_pem || t->cert_file) && !t->key_pem && !t->key_file)
		return err_set(e, ERR_BAD_REQUEST,
		    "invalid configuration: client-key-data or client-key must be specified to use "
		    "the clientCert authentication method");
	return 0;
}

static bool is_loopback(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || str_has_prefix(host, "127.") ||
	       str_eq(host, "[::1]");
}

static int take_server(struct cluster *c, const char *name, const json *entry, struct err *e)
{
	const char *server = text_of(entry, "server");
	bool tls = c->target.ca_pem || c->target.ca_file || c->target.cert_pem ||
		   c->target.cert_file || c->target.insecure;
	struct http_url u = {0};
	size_t len;

	if (!server)
		return err_set(e, ERR_BAD_REQUEST,
		    "invalid configuration: no server found for cluster \"%s\"", name);
	c->server = strstr(server, "://") ? xstrdup(server)
					  : xasprintf("%s://%s", tls ? "https" : "http", server);
	for (len = strlen(c->server); len && c->server[len - 1] == '/';)
		c->server[--len] = '\0';
	if (http_url_resolve(c->server, NULL, &u, e) < 0)
		return err_wrap(e, "invalid configuration: the server of cluster \"%s\"", name);
	c->target.base_url = c->server;
	/* As with others, what runs here is never asked for through the environment's proxy. */
	c->target.no_proxy = is_loopback(u.host) && !text_of(entry, "proxy-url");
	http_url_release(&u);
	return 0;
}

static int take_proxy(struct cluster *c, const json *entry, struct err *e)
{
	static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://"};
	const char *url = text_of(entry, "proxy-url");

	c->target.proxy = url;
	for (size_t i = 0; url && i < ARRAY_LEN(schemes); i++)
		if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
			return 0;
	if (!url)
		return 0;
	return err_set(e, ERR_BAD_REQUEST,
	    "invalid configuration: proxy-url \"%s\": unsupported scheme, must be http, https, or "
	    "socks5",
	    url);
}

/*
 * Options take the place of what an entry has of the same: a new authority that of the old one, a
 * token that of all other ways to log in, and a server that of the name that the old one bore.
 */
static void override(struct cluster *c, const struct cluster_choice *choice)
{
	static const char *const logins[] = {"tokenFile", "exec", "username", "password"};
	static const char *const trust[] = {
	    "certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify"};
	const struct {
		json *in;
		const char *key, *value, *replaced;
	} rows[] = {
	    {c->entry, "server", choice->server, "tls-server-name"},
	    {c->entry, "tls-server-name", choice->tls_server_name, NULL},
	    {c->user, "client-certificate", choice->cert_file, "client-certificate-data"},
	    {c->user, "client-key", choice->key_file, "client-key-data"},
	    {c->user, "token", choice->token, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!*rows[i].value)
			continue;
		if (rows[i].replaced)
			json_del(rows[i].in, rows[i].replaced);
		json_set_str(rows[i].in, rows[i].key, rows[i].value);
	}
	for (size_t i = 0; *choice->token && i < ARRAY_LEN(logins); i++)
		json_del(c->user, logins[i]);
	if (!choice->insecure && !*choice->ca_file)
		return;
	for (size_t i = 0; i < ARRAY_LEN(trust); i++)
		json_del(c->entry, trust[i]);
	if (choice->insecure)
		json_set(c->entry, "insecure-skip-tls-verify", json_new_bool(true));
	if (*choice->ca_file)
		json_set_str(c->entry, "certificate-authority", choice->ca_file);
}

static json *entry_of(const json *config, const char *list, const char *name)
{
	const json *found = contexts_find(config, list, name);

	return found ? json_dup(found) : NULL;
}

static int resolve(struct cluster *c, const struct cluster_choice *choice, struct err *e)
{
	const json *context = contexts_find(c->config, "contexts", c->context);
	const char *cluster =
	    *choice->cluster ? choice->cluster : json_str_or(context, "cluster", "");
	const char *name = *choice->user ? choice->user : json_str_or(context, "user", "");

	c->entry = entry_of(c->config, "clusters", cluster);
	c->user = entry_of(c->config, "users", name);
	if (!context && *c->context)
		return err_set(e, ERR_NOT_FOUND, "context \"%s\" does not exist", c->context);
	if (!c->entry && (*cluster || !*choice->server))
		return err_set(e, ERR_NOT_FOUND, "cluster \"%s\" does not exist", cluster);
	if (!c->user && *name)
		return err_set(e, ERR_NOT_FOUND, "auth info \"%s\" does not exist", name);
	c->entry = c->entry ? c->entry : json_new_object();
	c->user = c->user ? c->user : json_new_object();
	override(c, choice);
	c->ns = xstrdup(json_str_or(context, "namespace", ""));
	c->target.connect_ms = CONNECT_MS;
	c->target.compressed = !json_bool(c->entry, "disable-compression", false);
	if (take_tls(c, c->entry, c->user, e) < 0 || take_server(c, cluster, c->entry, e) < 0 ||
	    take_proxy(c, c->entry, e) < 0)
		return -1;
	return credentials_new(c->user, name, c->entry, &choice->as, &c->credentials, e);
}

/* Nobody named it in this command. */
static int stored_error(const struct cluster_choice *choice, size_t files_len, struct err *e)
{
	if (*choice->context || *choice->kubeconfig || files_len == 0)
		return -1;
	return err_wrap(e, "the context that 'kjob config use-context' chose");
}

int cluster_select(const struct cluster_choice *choice, struct cluster **ret, struct err *e)
{
	auto_strlist files = {0};
	auto_free char *name = NULL;
	struct cluster *c;
	json *config;

	if (which(choice, &files, &name, e) < 0)
		return -1;
	if (is_local(choice, name))
		return check_local(choice, e);
	config = load(choice, &files, name, e);
	if (!config)
		return stored_error(choice, files.len, e);
	c = xcalloc(1, sizeof(*c));
	c->config = config;
	c->context = xstrdup(json_str_or(config, "current-context", ""));
	if (!*c->context && !*choice->server)
		err_set(e, ERR_NOT_FOUND, "%s has no current-context: name one with --context",
		    choice->kubeconfig);
	if ((!*c->context && !*choice->server) || resolve(c, choice, e) < 0) {
		cluster_free(c);
		return stored_error(choice, files.len, e);
	}
	*ret = c;
	return 0;
}

void cluster_free(struct cluster *c)
{
	if (!c)
		return;
	credentials_free(c->credentials);
	json_free(c->config);
	json_free(c->entry);
	json_free(c->user);
	if (c->key_pem)
		explicit_bzero(c->key_pem, strlen(c->key_pem));
	free(c->ca_pem);
	free(c->cert_pem);
	free(c->key_pem);
	free(c->context);
	free(c->server);
	free(c->ns);
	free(c);
}

char *cluster_address(const struct cluster *c)
{
	const char *host = strstr(c->server, "://") + 3;
	size_t len = strcspn(host, "/");
	bool port = memchr(host, ':', len) && host[0] != '[';

	if (host[0] == '[')
		port = strstr(host, "]:") != NULL;
	return xasprintf("%.*s%s", (int)len, host,
	    port                                  ? ""
	    : str_has_prefix(c->server, "https:") ? ":443"
						  : ":80");
}
