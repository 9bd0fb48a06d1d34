/*
 * net: the addresses of Services. This container answers for them on the engine's bridge, and for
 * that of names. A connection to a Service's address and port is passed on to one of its ready
 * pods; where there is none nothing listens, and it is refused. What is connected stays so,
 * whatever is told later.
 *
 * All that it knows comes over a connection to a port of its loopback, every time whole, in lines
 * of words; of several connections the last one counts, and what was told stays when it ends:
 *
 *   listen ADDRESS PORT       connections to this …
 *   to ADDRESS PORT           … go to this, or to the next of such lines
 *   listen ADDRESS PORT same  those of one client go to the same one of them while it is there
 *   a | name | srv | cname    see names.c
 *   end                       now it counts, and "N" comes back: the N-th has been taken
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "names.h"
#include "sandbox.h"

#define TEXT_MAX (1024 * 1024)
#define WORDS_MAX 4
#define LISTENERS_MAX 1024
#define BACKENDS_MAX 4096
#define CONNECTIONS_MAX 1024
#define PIPE_SIZE (16 * 1024)
#define BACKLOG 256
#define LOOPBACK_INDEX 1
#define FEEDS 2 /* the listener, the one that counts */
#define WRONG_USE 2

struct endpoint {
	unsigned char ip[4];
	unsigned char port[2]; /* as in a packet */
};

struct listener {
	struct endpoint at;
	size_t first, count, next; /* of backends */
	int same;                  /* a client always gets to the same one */
	int fd;                    /* -1: there are none */
};

/* Everything that one text says; two of them, the one in use and the one to be. */
struct table {
	struct listener listeners[LISTENERS_MAX];
	struct endpoint backends[BACKENDS_MAX];
	size_t listener_count, backend_count;
};

struct pipe {
	int ended; /* nothing more comes */
	int shut;  /* and the other side knows */
	size_t start, len;
	char data[PIPE_SIZE];
};

/* pipes[0] is from the client to the pod. */
struct connection {
	int open, connecting, tries;
	int fds[2]; /* client, pod */
	unsigned char client[4];
	struct endpoint service;
	struct pipe pipes[2];
};

static struct table tables[2], *now = &tables[0];
static struct connection connections[CONNECTIONS_MAX];
static size_t open_count;
static char texts[2][TEXT_MAX];
static int text_now;                /* which of them is being read into; the other one is in use */
static size_t text_len, line_start; /* of it; where the line begins that is not complete yet */
static int feed_listener, feed = -1;
static struct pollfd fds[FEEDS + NAME_FDS + LISTENERS_MAX + 2 * CONNECTIONS_MAX];

static struct sockaddr_in sockaddr_of(const struct endpoint *e)
{
	struct sockaddr_in a = {.sin_family = AF_INET};

	memcpy(&a.sin_addr, e->ip, 4);
	memcpy(&a.sin_port, e->port, 2);
	return a;
}

/* ---- addresses ---- */

/* The address is this machine's own, or not any more: ip route add|del local ADDRESS dev lo. */
static int set_local(int on, const unsigned char ip[4])
{
	struct {
		struct nlmsghdr head;
		struct rtmsg route;
		struct rtattr to_head;
		unsigned char to[4];
		struct rtattr dev_head;
		int dev;
	} m = {
	    .head = {.nlmsg_len = sizeof(m),
		.nlmsg_type = on ? RTM_NEWROUTE : RTM_DELROUTE,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (on ? NLM_F_CREATE | NLM_F_REPLACE : 0)},
	    .route = {.rtm_family = AF_INET,
		.rtm_dst_len = 32,
		.rtm_table = RT_TABLE_LOCAL,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = RT_SCOPE_HOST,
		.rtm_type = RTN_LOCAL},
	    .to_head = {.rta_len = sizeof(struct rtattr) + 4, .rta_type = RTA_DST},
	    .dev_head = {.rta_len = sizeof(struct rtattr) + 4, .rta_type = RTA_OIF},
	    .dev = LOOPBACK_INDEX,
	};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
	} reply;
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t n;

	memcpy(m.to, ip, 4);
	if (fd < 0 || sendto(fd, &m, sizeof(m), 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -1;
	n = recvfrom(fd, &reply, sizeof(reply), 0, NULL, NULL);
	close(fd);
	return n >= (ssize_t)sizeof(reply.head) + (ssize_t)sizeof(int) && !reply.error.error ? 0
											     : -1;
}

static int has_address(const struct table *t, const unsigned char ip[4])
{
	for (size_t i = 0; i < t->listener_count; i++)
		if (memcmp(t->listeners[i].at.ip, ip, 4) == 0)
			return 1;
	return 0;
}

/* Sets the addresses of one table that the other does not have. */
static void set_addresses(int on, const struct table *of, const struct table *not_of)
{
	for (size_t i = 0; i < of->listener_count; i++)
		if (!has_address(not_of, of->listeners[i].at.ip))
			set_local(on, of->listeners[i].at.ip);
}

/* ---- listening ---- */

static int open_listener(const struct endpoint *at)
{
	struct sockaddr_in a = sockaddr_of(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, BACKLOG) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct listener *find_listener(struct table *t, const struct endpoint *at)
{
	for (size_t i = 0; i < t->listener_count; i++)
		if (memcmp(&t->listeners[i].at, at, sizeof(*at)) == 0)
			return &t->listeners[i];
	return NULL;
}

/* The new table takes over what stays the same, so that nothing in a backlog is lost. */
static void switch_to(struct table *t)
{
	struct table *old = now;

	set_addresses(1, t, old);
	for (size_t i = 0; i < t->listener_count; i++) {
		struct listener *l = &t->listeners[i], *before = find_listener(old, &l->at);

		if (!l->count)
			continue;
		l->fd = before && before->fd >= 0 ? before->fd : open_listener(&l->at);
		if (before)
			before->fd = -1;
	}
	for (size_t i = 0; i < old->listener_count; i++)
		if (old->listeners[i].fd >= 0)
			close(old->listeners[i].fd);
	set_addresses(0, old, t);
	now = t;
}

/* ---- what is told ---- */

static int parse_endpoint(struct endpoint *e, char **words)
{
	long port = number(words[1], 65535);

	if (port < 1 || parse_v4(words[0], e->ip) != 0)
		return -1;
	e->port[0] = (unsigned char)(port >> 8);
	e->port[1] = (unsigned char)port;
	return 0;
}

static void take_line(struct table *t, int argc, char **words)
{
	struct endpoint e;

	if (argc >= 3 && strcmp(words[0], "listen") == 0) {
		if (t->listener_count < LISTENERS_MAX && parse_endpoint(&e, words + 1) == 0)
			t->listeners[t->listener_count++] = (struct listener){.at = e,
			    .first = t->backend_count,
			    .same = argc == 4 && strcmp(words[3], "same") == 0,
			    .fd = -1};
	} else if (argc == 3 && strcmp(words[0], "to") == 0) {
		if (t->listener_count && t->backend_count < BACKENDS_MAX &&
		    parse_endpoint(&e, words + 1) == 0) {
			t->backends[t->backend_count++] = e;
			t->listeners[t->listener_count - 1].count++;
		}
	} else if (argc > 1) {
		names_line(argc, words);
	}
}

/* Puts words where spaces were; the next line, or NULL at the end. */
static char *split(char *line, char **words, int *argc)
{
	*argc = 0;
	for (;;) {
		char *end = line;

		while (*end && *end != ' ' && *end != '\n')
			end++;
		if (*argc < WORDS_MAX)
			words[(*argc)++] = line;
		if (*end != ' ') {
			line = *end ? end + 1 : NULL;
			*end = '\0';
			return line;
		}
		*end = '\0';
		line = end + 1;
	}
}

static void take_text(char *text)
{
	static unsigned long taken;
	struct table *t = now == &tables[0] ? &tables[1] : &tables[0];
	char *words[WORDS_MAX], digits[24];
	size_t i = sizeof(digits);
	int argc;

	t->listener_count = t->backend_count = 0;
	names_begin();
	while (text && *text) {
		text = split(text, words, &argc);
		take_line(t, argc, words);
	}
	switch_to(t);
	digits[--i] = '\n';
	for (unsigned long n = ++taken; n; n /= 10)
		digits[--i] = (char)('0' + n % 10);
	(void)!write(feed, digits + i, sizeof(digits) - i);
}

/* fd -1: there is none any more. What came in part is forgotten. */
static void set_feed(int fd)
{
	if (feed >= 0)
		close(feed);
	feed = fd;
	text_len = line_start = 0;
}

/* Texts end with the line "end". Lines are looked for from where the last look ended. */
static void read_texts(void)
{
	static const char end[] = "end\n";
	char *text = texts[text_now];
	ssize_t n = read(feed, text + text_len, TEXT_MAX - 1 - text_len);

	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			set_feed(-1);
		return;
	}
	text_len += (size_t)n;
	for (size_t i = text_len - (size_t)n; i < text_len; i++) {
		size_t rest = text_len - i - 1;

		if (text[i] != '\n')
			continue;
		if (i + 1 - line_start == sizeof(end) - 1 &&
		    memcmp(text + line_start, end, sizeof(end) - 1) == 0) {
			char *next = texts[!text_now];

			/* what follows goes where the text is that is in use: that ends now */
			memcpy(next, text + i + 1, rest);
			text[line_start] = '\0';
			take_text(text);
			text_now = !text_now;
			text = next;
			text_len = rest;
			i = (size_t)-1;
			line_start = 0;
		} else {
			line_start = i + 1;
		}
	}
	if (text_len == TEXT_MAX - 1) /* too long: the next one may do */
		text_len = line_start = 0;
}

/* ---- connections ---- */

/* reset: the client is told that something went wrong. */
static void drop(struct connection *c, int reset)
{
	struct linger hard = {.l_onoff = 1};

	for (int i = 0; i < 2; i++) {
		if (c->fds[i] < 0)
			continue;
		if (reset)
			setsockopt(c->fds[i], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(c->fds[i]);
	}
	c->open = 0;
	open_count--;
}

static void tune(int fd)
{
	int on = 1, idle = 60;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
}

static unsigned int mix(unsigned int h, const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ data[i]) * 0x01000193u;
	h = (h ^ h >> 16) * 0x7feb352du;
	return h ^ h >> 15;
}

static unsigned int score(const unsigned char client[4], const struct endpoint *e)
{
	return mix(mix(0x811c9dc5u, client, 4), e->ip, sizeof(e->ip));
}

/*
 * The backend with the highest score for this client, or the next highest with each try: one that
 * comes or goes concerns only the clients that it has or had.
 */
static size_t same_backend(const struct listener *l, const unsigned char client[4], size_t try)
{
	const struct endpoint *all = &now->backends[l->first];

	for (size_t i = 0; i < l->count; i++) {
		unsigned int own = score(client, &all[i]);
		size_t above = 0;

		for (size_t n = 0; n < l->count; n++) {
			unsigned int other = score(client, &all[n]);

			above += other > own || (other == own && n < i);
		}
		if (above == try)
			return i;
	}
	return 0;
}

/* Tries the next ready pod; each of them once. */
static void dial_next(struct connection *c)
{
	for (;;) {
		struct listener *l = find_listener(now, &c->service);
		struct sockaddr_in a;
		size_t i;

		if (c->fds[1] >= 0)
			close(c->fds[1]);
		c->fds[1] = -1;
		if (!l || (size_t)c->tries >= l->count) {
			drop(c, 1);
			return;
		}
		i = l->same ? same_backend(l, c->client, (size_t)c->tries) : l->next++ % l->count;
		c->tries++;
		a = sockaddr_of(&now->backends[l->first + i]);
		c->fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (c->fds[1] < 0)
			continue;
		tune(c->fds[1]);
		if (connect(c->fds[1], (struct sockaddr *)&a, sizeof(a)) == 0 ||
		    errno == EINPROGRESS) {
			c->connecting = 1;
			return;
		}
	}
}

static void accept_one(const struct listener *l)
{
	struct connection *c = connections;
	struct sockaddr_in from = {0};
	socklen_t len = sizeof(from);
	int fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	while (c->open)
		c++;
	memcpy(c->client, &from.sin_addr, 4);
	c->open = 1;
	c->tries = 0;
	c->fds[0] = fd;
	c->fds[1] = -1;
	c->service = l->at;
	for (int i = 0; i < 2; i++)
		c->pipes[i].ended = c->pipes[i].shut = 0, c->pipes[i].len = 0;
	open_count++;
	tune(fd);
	dial_next(c);
}

/* -1: the connection is broken. */
static int move_on(struct pipe *p, int from, int to, int readable)
{
	ssize_t n;

	if (!p->ended && !p->len && readable) {
		n = read(from, p->data, sizeof(p->data));
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		p->ended = n == 0;
		p->start = 0;
		p->len = n > 0 ? (size_t)n : 0;
	}
	if (p->len) {
		n = sendto(to, p->data + p->start, p->len, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (n > 0) {
			p->start += (size_t)n;
			p->len -= (size_t)n;
		}
	}
	if (p->ended && !p->len && !p->shut) {
		p->shut = 1;
		shutdown(to, SHUT_WR);
	}
	return 0;
}

static void end_connecting(struct connection *c)
{
	int error = 0;
	socklen_t len = sizeof(error);

	c->connecting = 0;
	if (getsockopt(c->fds[1], SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error)
		dial_next(c);
}

static void serve(struct connection *c, const struct pollfd *p)
{
	if (c->connecting) {
		if (p[1].revents)
			end_connecting(c);
		return;
	}
	for (int i = 0; i < 2; i++) {
		int readable = p[i].revents & (POLLIN | POLLHUP | POLLERR);

		if (move_on(&c->pipes[i], c->fds[i], c->fds[!i], readable) != 0) {
			drop(c, 1);
			return;
		}
	}
	if (c->pipes[0].shut && c->pipes[1].shut)
		drop(c, 0);
}

static void watch(const struct connection *c, struct pollfd *p)
{
	for (int i = 0; i < 2; i++) {
		const struct pipe *in = &c->pipes[i], *out = &c->pipes[!i];
		int events = (in->ended || in->len ? 0 : POLLIN) | (out->len ? POLLOUT : 0);

		if (c->connecting)
			events = i ? POLLOUT : 0;
		/* without events it is left out: an end alone would wake us again and again */
		p[i] = (struct pollfd){.fd = events ? c->fds[i] : -1, .events = (short)events};
	}
}

/* ---- the loop ---- */

static void turn(void)
{
	struct pollfd *listening = fds + FEEDS + NAME_FDS, *p;
	struct table *t = now;
	size_t room = CONNECTIONS_MAX - open_count, used = 0;

	fds[0] = (struct pollfd){.fd = feed_listener, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = feed, .events = POLLIN};
	names_poll(fds + FEEDS);
	for (size_t i = 0; i < t->listener_count; i++)
		listening[i] =
		    (struct pollfd){.fd = room ? t->listeners[i].fd : -1, .events = POLLIN};
	p = listening + t->listener_count;
	for (size_t i = 0; i < CONNECTIONS_MAX && used < open_count; i++, p += 2) {
		if (connections[i].open)
			used++, watch(&connections[i], p);
		else
			p[0].fd = p[1].fd = -1;
	}
	if (poll(fds, (nfds_t)(p - fds), -1) < 0)
		return;
	names_serve(fds + FEEDS);
	p = listening + t->listener_count;
	for (size_t i = 0; used && i < CONNECTIONS_MAX; i++, p += 2)
		if (connections[i].open)
			used--, serve(&connections[i], p);
	for (size_t i = 0; i < t->listener_count; i++)
		if (listening[i].revents && open_count < CONNECTIONS_MAX)
			accept_one(&t->listeners[i]);
	if (fds[1].revents)
		read_texts();
	if (fds[0].revents) {
		int fd = accept4(feed_listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			set_feed(fd);
	}
}

/* ---- the beginning ---- */

/*
 * The interfaces on the bridge get a hardware address that follows from that of names: pods
 * remember it for minutes, and the container that takes the place of this one must be there for
 * them at once.
 */
static void take_hardware_address(const unsigned char ip[4])
{
	static const unsigned char begin[2] = {0x06, 'k'}; /* locally administered */
	struct ifreq list[16];
	struct ifconf conf = {.ifc_len = sizeof(list), .ifc_req = list};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFCONF, &conf) != 0)
		return;
	for (int i = 0; i < conf.ifc_len / (int)sizeof(list[0]); i++) {
		struct sockaddr *hw = &list[i].ifr_hwaddr;

		if (strcmp(list[i].ifr_name, "lo") == 0)
			continue;
		hw->sa_family = ARPHRD_ETHER;
		memcpy(hw->sa_data, begin, sizeof(begin));
		memcpy(hw->sa_data + sizeof(begin), ip, 4);
		ioctl(fd, SIOCSIFHWADDR, &list[i]);
	}
	close(fd);
}

/* Arguments: ADDRESS-OF-NAMES PORT-TO-BE-TOLD-ON. */
int be_net(int argc, char **argv)
{
	static char loopback[] = "127.0.0.1";
	unsigned char dns[4];
	struct endpoint feed_at;

	if (argc != 2 || parse_v4(argv[0], dns) != 0 ||
	    parse_endpoint(&feed_at, (char *[]){loopback, argv[1]}) != 0)
		return WRONG_USE;
	take_hardware_address(dns);
	if (set_local(1, dns) != 0)
		return fails("cannot take the address of names\n");
	if (names_open(dns) != 0)
		return fails("cannot listen for questions about names\n");
	feed_listener = open_listener(&feed_at);
	if (feed_listener < 0)
		return fails("cannot listen for what to tell\n");
	for (;;)
		turn();
}
