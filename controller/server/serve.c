/*
 * serve: the TLS listener for kubectl and other clients: whether there is one and where, which is
 * kept in a file beside its keys, so that the next controller goes on with it.
 *
 * GET, POST and DELETE /kjob/v1/serve show, open and close it; only on the unix socket.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../runtime/base/log.h"
#include "../../runtime/base/paths.h"
#include "../../runtime/certs.h"
#include "internal.h"

#define ADDRESS_DEFAULT "127.0.0.1"
/* Where nobody names a port: the first free one of these. */
#define PORT_FIRST 7443
#define PORT_LAST 7474
#define BACKLOG 128
#define SETTINGS_MAX (32 * KIB)
#define RETRY_MS 5000
#define NAMES_MAX 32 /* that are given */
#define DNS_NAME_MAX 253
/* Certificates are looked at again this often. */
#define RENEW_MS (3600 * 1000)

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct serve {
	struct server *server;
	char *dir, *settings; /* paths */
	char *address;        /* NULL: there is to be no listener */
	int port;
	bool listening;
	char *trouble;        /* why not; NULL: none */
	struct strlist extra; /* names of the server that it cannot know itself */
	struct strlist names;
	struct credentials credentials;
	struct secure *secure;
	struct timer timer; /* the next try, or the next look at the certificates */
};

/* ---- addresses ---- */

static int parse_address(const char *text, int port, union address *ret)
{
	*ret = (union address){0};
	if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons((uint16_t)port);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons((uint16_t)port);
		return 0;
	}
	return -1;
}

static bool is_loopback(const union address *a)
{
	if (a->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
	return ntohl(a->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool is_wildcard(const union address *a)
{
	if (a->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
	return a->v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

static void add_name(struct strlist *names, const char *name)
{
	if (!strlist_has(names, name))
		strlist_add(names, name);
}

static void add_host_name(struct strlist *names)
{
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) < 0)
		return;
	for (char *p = host; *p; p++) {
		*p = (char)tolower((unsigned char)*p);
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '.')
			return;
	}
	if (*host)
		add_name(names, host);
}

/* By all of its addresses, for a listener on all of them. */
static void add_interfaces(struct strlist *names)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) < 0)
		return;
	for (struct ifaddrs *i = list; i; i = i->ifa_next) {
		const union address *a = (const union address *)i->ifa_addr;
		char text[INET6_ADDRSTRLEN] = "";

		if (!a || !(i->ifa_flags & IFF_UP))
			continue;
		if (a->any.sa_family == AF_INET)
			inet_ntop(AF_INET, &a->v4.sin_addr, text, sizeof(text));
		else if (a->any.sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&a->v6.sin6_addr))
			inet_ntop(AF_INET6, &a->v6.sin6_addr, text, sizeof(text));
		if (*text)
			add_name(names, text);
	}
	freeifaddrs(list);
}

static void find_names(struct serve *v, const union address *a)
{
	strlist_release(&v->names);
	add_name(&v->names, "localhost");
	add_name(&v->names, "127.0.0.1");
	add_name(&v->names, "::1");
	if (is_wildcard(a))
		add_interfaces(&v->names);
	else
		add_name(&v->names, v->address);
	if (!is_loopback(a))
		add_host_name(&v->names);
	for (size_t i = 0; i < v->extra.len; i++)
		add_name(&v->names, v->extra.items[i]);
}

/* An address, or a DNS name, which may begin with "*.". */
static bool is_server_name(const char *text)
{
	union address a;
	size_t len = strlen(text);
	const char *p = str_has_prefix(text, "*.") ? text + 2 : text;

	if (parse_address(text, 0, &a) == 0)
		return true;
	for (size_t label = 0; *p; p++) {
		label = *p == '.' ? 0 : label + 1;
		if (*p == '.'
			? p[-1] == '.' || p[-1] == '-'
			: label > 63 || (!isalnum((unsigned char)*p) && (*p != '-' || label == 1)))
			return false;
	}
	return len && len <= DNS_NAME_MAX && isalnum((unsigned char)text[len - 1]);
}

static int take_extra(const json *list, struct strlist *ret, struct err *e)
{
	json_for (it, list) {
		const char *name = json_string_value(it);

		if (!name || !is_server_name(name))
			return err_set(e, ERR_BAD_REQUEST,
			    "\"%s\" is neither a DNS name nor an IP address", name ? name : "");
		if (!strlist_has(ret, name))
			strlist_add(ret, name);
	}
	if (ret->len > NAMES_MAX)
		return err_set(e, ERR_BAD_REQUEST, "more than %d names of the server", NAMES_MAX);
	return 0;
}

/* "*.example" is for one label in the star's place. */
static bool is_for(const char *own, const char *name)
{
	const char *dot = strchr(name, '.');

	return strcasecmp(own, name) == 0 ||
	       (str_has_prefix(own, "*.") && dot && dot > name && strcasecmp(own + 1, dot) == 0);
}

bool serve_is_name(const struct serve *v, const char *name)
{
	for (size_t i = 0; i < v->names.len; i++)
		if (is_for(v->names.items[i], name))
			return true;
	return false;
}

const char *serve_token(const struct serve *v)
{
	return v->credentials.token ? v->credentials.token : "";
}

/* ---- listening ---- */

static int bind_to(const char *address, int port)
{
	union address a;
	const int on = 1;
	int fd, saved;

	if (parse_address(address, port, &a) < 0) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* What is accepted has it too: small answers are not held back for a sign of life. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (a.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, &a.any, a.any.sa_family == AF_INET6 ? sizeof(a.v6) : sizeof(a.v4)) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* A bound socket; *port 0 becomes the first free one. */
static int find_socket(const char *address, int *port, struct err *e)
{
	int last = *port ? *port : PORT_LAST, fd = -1;

	for (int p = *port ? *port : PORT_FIRST; p <= last; p++) {
		fd = bind_to(address, p);
		if (fd >= 0) {
			*port = p;
			return fd;
		}
		if (errno != EADDRINUSE)
			break;
	}
	if (*port)
		return err_sys(e, errno, "cannot listen on %s, port %d", address, *port);
	return err_sys(
	    e, errno, "cannot listen on %s, ports %d to %d", address, PORT_FIRST, PORT_LAST);
}

void serve_stop_listening(struct serve *v)
{
	timer_cancel(v->server->deps.loop, &v->timer);
	v->listening = false;
}

static void close_listener(struct serve *v)
{
	serve_stop_listening(v);
	exchanges_close_secure(v->server->exchanges);
	secure_free(v->secure);
	v->secure = NULL;
}

static int load_credentials(struct serve *v, struct err *e)
{
	union address a;

	if (parse_address(v->address, 0, &a) < 0)
		return err_set(e, ERR_BAD_REQUEST, "no address: %s", v->address);
	find_names(v, &a);
	if (credentials_load(v->dir, &v->names, &v->credentials, e) < 0)
		return -1;
	return secure_use(v->secure, &v->credentials, e);
}

static int open_with(struct serve *v, int fd, struct err *e)
{
	v->secure = secure_new(v->server->deps.loop);
	if (load_credentials(v, e) == 0 &&
	    exchanges_listen_secure(v->server->exchanges, fd, v->secure, e) == 0)
		return 0;
	close(fd);
	secure_free(v->secure);
	v->secure = NULL;
	return -1;
}

/* By v's address and port, or -1: nothing has changed then but the reason. */
static int open_listener(struct serve *v, struct err *e)
{
	int fd = find_socket(v->address, &v->port, e);

	free(v->trouble);
	v->trouble = NULL;
	v->listening = fd >= 0 && open_with(v, fd, e) == 0;
	timer_set(v->server->deps.loop, &v->timer, v->listening ? RENEW_MS : RETRY_MS);
	if (v->listening) {
		log_info("TLS: listening on %s, port %d", v->address, v->port);
		return 0;
	}
	v->trouble = xstrdup(e ? err_msg(e) : "");
	return -1;
}

static void on_timer(void *arg)
{
	struct serve *v = arg;
	auto_err e = {0};

	if (!v->listening) {
		if (open_listener(v, &e) < 0)
			log_debug("TLS: %s", err_msg(&e));
		return;
	}
	if (load_credentials(v, &e) < 0)
		log_error("TLS: %s", err_msg(&e));
	timer_set(v->server->deps.loop, &v->timer, RENEW_MS);
}

/* ---- what is wanted, in a file ---- */

static json *names_of(const struct strlist *names)
{
	json *list = json_new_array();

	for (size_t i = 0; i < names->len; i++)
		json_add(list, json_new_string(names->items[i]));
	return list;
}

static int save_settings(const struct serve *v, struct err *e)
{
	auto_json *j = json_new_object();
	auto_free char *text = NULL;

	json_set_str(j, "address", v->address);
	json_set_int(j, "port", v->port);
	json_set(j, "names", names_of(&v->extra));
	text = json_print(j);
	return path_write_file(v->settings, 0600, text, strlen(text), e);
}

static void want_nothing(struct serve *v)
{
	free(v->address);
	v->address = NULL;
	v->port = 0;
	strlist_release(&v->extra);
	free(v->trouble);
	v->trouble = NULL;
}

void server_resume_tls(struct server *s)
{
	struct serve *v = s->serve;
	auto_err e = {0};
	auto_free char *text = v ? path_read_file(v->settings, SETTINGS_MAX, NULL, &e) : NULL;
	auto_json *j = text ? json_parse(text, strlen(text), JSON_PARSE_STRICT, &e) : NULL;
	union address a;

	if (!text && e.reason == ERR_NOT_FOUND)
		return;
	if (!j || parse_address(json_str_or(j, "address", ""), 0, &a) < 0 ||
	    take_extra(json_get(j, "names"), &v->extra, &e) < 0) {
		if (v)
			log_error("TLS: %s: %s", v->settings, err_msg(&e));
		return;
	}
	v->address = xstrdup(json_str(j, "address"));
	v->port = (int)json_int(j, "port", 0);
	if (open_listener(v, &e) < 0)
		log_error("TLS: %s; trying again every %d s", err_msg(&e), RETRY_MS / 1000);
}

bool server_has_tls(const struct server *s)
{
	return s->serve && s->serve->address;
}

/* ---- requests ---- */

static char *url_of(const struct serve *v)
{
	union address a;

	if (parse_address(v->address, 0, &a) < 0)
		return NULL;
	if (a.any.sa_family == AF_INET6)
		return xasprintf("https://[%s]:%d", is_wildcard(&a) ? "::1" : v->address, v->port);
	return xasprintf("https://%s:%d", is_wildcard(&a) ? "127.0.0.1" : v->address, v->port);
}

json *server_tls_status(const struct server *s)
{
	const struct serve *v = s->serve;
	auto_free char *url = NULL;
	union address a;
	json *j;

	if (!server_has_tls(s))
		return NULL;
	url = url_of(v);
	j = json_new_object();
	json_set_bool(j, "listening", v->listening);
	json_set_str(j, "server", url);
	json_set_str(j, "address", v->address);
	json_set_int(j, "port", v->port);
	json_set_bool(j, "remote", parse_address(v->address, 0, &a) == 0 && !is_loopback(&a));
	json_set_int(j, "connections", v->secure ? (int64_t)secure_count(v->secure) : 0);
	if (v->extra.len)
		json_set(j, "names", names_of(&v->extra));
	json_set_str(j, "error", v->trouble);
	return j;
}

static void answer_state(struct exchange *x)
{
	const struct serve *v = server_of(x)->serve;
	json *j = server_tls_status(server_of(x));
	auto_free char *certificate = NULL, *key = NULL, *token_file = NULL;

	if (!j) {
		j = json_new_object();
		json_set_bool(j, "listening", false);
		answer_json_take(x, 200, j);
		return;
	}
	if (v->credentials.client) {
		certificate = cert_of(v->credentials.client);
		key = cert_key_of(v->credentials.client);
		token_file = xasprintf("%s/token", v->dir);
		json_set_str(j, "certificateAuthority", v->credentials.authority);
		json_set_str(j, "clientCertificate", certificate);
		json_set_str(j, "clientKey", key);
		json_set_str(j, "tokenFile", token_file);
	}
	answer_json_take(x, 200, j);
}

/* The keys go to nobody who could not read their files. */
static bool is_for_us(struct exchange *x)
{
	auto_err e = {0};

	if (!exchange_is_remote(x) && server_of(x)->serve)
		return true;
	err_no_route(&e);
	answer_err(x, &e);
	return false;
}

void handle_serve_show(struct exchange *x)
{
	if (is_for_us(x))
		answer_state(x);
}

static int check_wanted(
    const struct serve *v, const json *body, const char **ret_address, int *ret_port, struct err *e)
{
	const char *now = v->address ? v->address : ADDRESS_DEFAULT;
	const char *address = json_str_or(body, "address", now);
	int64_t port = json_int(body, "port", 0);
	union address a;

	if (parse_address(address, 0, &a) < 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "\"%s\" is no address to listen on: it must be one of IPv4 or IPv6", address);
	if (!is_loopback(&a) && !str_eq(address, now) && !json_bool(body, "allowRemote", false))
		return err_set(e, ERR_FORBIDDEN,
		    "%s is not an address of this machine alone: that has to be allowed", address);
	if (port < 0 || port > UINT16_MAX)
		return err_set(e, ERR_BAD_REQUEST, "%lld is no port", (long long)port);
	*ret_address = address;
	*ret_port = (int)port;
	return 0;
}

/* A listener that is there already moves; it stays where it is when that cannot be done. */
static int move_to(struct serve *v, const char *address, int port, struct err *e)
{
	auto_free char *old_address = NULL;
	int old_port = v->port;

	if (!port && str_eq(address, v->address))
		port = v->port;
	close_listener(v);
	old_address = TAKE(v->address);
	v->address = xstrdup(address);
	v->port = port;
	if (open_listener(v, e) == 0 && save_settings(v, e) == 0)
		return 0;
	close_listener(v);
	free(v->address);
	v->address = TAKE(old_address);
	v->port = old_port;
	if (v->address && open_listener(v, NULL) < 0)
		log_error("TLS: %s", v->trouble);
	return -1;
}

static int listen_at(struct serve *v, const char *address, int port, bool renamed, struct err *e)
{
	if (!v->listening || !str_eq(address, v->address) || (port && port != v->port))
		return move_to(v, address, port, e);
	/* Connections that are there keep the certificate that they have. */
	return !renamed ? 0 : load_credentials(v, e) < 0 ? -1 : save_settings(v, e);
}

static int open_as_asked(struct exchange *x, struct err *e)
{
	struct serve *v = server_of(x)->serve;
	auto_json *body = json_parse(x->body, x->body_len, JSON_PARSE_STRICT, e);
	const json *names = json_get(body, "names");
	auto_strlist extra = {0};
	struct strlist old = v->extra;
	const char *address = NULL;
	int port = 0;

	if (!body || check_wanted(v, body, &address, &port, e) < 0 ||
	    take_extra(names, &extra, e) < 0)
		return -1;
	if (server_of(x)->draining)
		return err_set(e, ERR_UNAVAILABLE, "the controller is stopping");
	if (!names)
		return listen_at(v, address, port, false, e);
	v->extra = extra;
	if (listen_at(v, address, port, true, e) < 0) {
		v->extra = old;
		return -1;
	}
	extra = old;
	return 0;
}

void handle_serve_open(struct exchange *x)
{
	auto_err e = {0};

	if (!is_for_us(x))
		return;
	if (open_as_asked(x, &e) == 0)
		answer_state(x);
	else
		answer_err(x, &e);
}

void handle_serve_close(struct exchange *x)
{
	struct serve *v = server_of(x)->serve;
	auto_err e = {0};

	if (!is_for_us(x))
		return;
	if (unlink(v->settings) < 0 && errno != ENOENT) {
		err_sys(&e, errno, "%s", v->settings);
		answer_err(x, &e);
		return;
	}
	close_listener(v);
	want_nothing(v);
	answer_state(x);
}

/* ---- life ---- */

struct serve *serve_new(struct server *s)
{
	struct serve *v = xcalloc(1, sizeof(*v));

	v->server = s;
	v->dir = xasprintf("%s/tls", s->deps.state_dir);
	v->settings = xasprintf("%s/serve.json", s->deps.state_dir);
	v->timer = (struct timer){.name = "TLS listener", .fn = on_timer, .arg = v};
	return v;
}

void serve_free(struct serve *v)
{
	if (!v)
		return;
	timer_cancel(v->server->deps.loop, &v->timer);
	secure_free(v->secure);
	credentials_release(&v->credentials);
	strlist_release(&v->names);
	want_nothing(v);
	free(v->dir);
	free(v->settings);
	free(v);
}
