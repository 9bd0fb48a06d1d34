/*
 * sandbox: the program of the sandbox container: see ../sandbox_image.h for what it offers.
 *
 * It stands alone: no allocation, no dynamic linking, only the calls that tinylibc.c has.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox.h"

#define HOSTS_FILE "/etc/hosts"
#define FILE_MAX (1024 * 1024)
#define PIPE_SIZE (64 * 1024)
#define TIMEOUT_MS 10000
#define WRONG_USE 2

/* ---- text: adds what fits ---- */

struct text {
	char *ptr;
	size_t len, max;
};

static void add_bytes(struct text *t, const char *s, size_t len)
{
	size_t room = t->max - t->len;

	len = len < room ? len : room;
	memcpy(t->ptr + t->len, s, len);
	t->len += len;
}

static void add(struct text *t, const char *s)
{
	add_bytes(t, s, strlen(s));
}

static void add_number(struct text *t, unsigned n)
{
	char digits[12];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	add_bytes(t, digits + i, sizeof(digits) - i);
}

int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A whole decimal number in [0, max], or -1. */
long number(const char *s, long max)
{
	long n = 0;

	if (!*s)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		n = n * 10 + (*s - '0');
		if (n > max)
			return -1;
	}
	return n;
}

/* ---- time ---- */

long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int left_ms(long deadline)
{
	long left = deadline - now_ms();

	return left > 0 ? (int)left : 0;
}

/* ---- addresses ---- */

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} u;
	socklen_t len;
	const char *shown; /* the host as it is in messages */
	unsigned port;
};

int parse_v4(const char *s, unsigned char out[4])
{
	for (int i = 0; i < 4; i++) {
		unsigned n = 0, digits = 0;

		for (; *s >= '0' && *s <= '9' && digits < 4; s++, digits++)
			n = n * 10 + (unsigned)(*s - '0');
		if (!digits || n > 255 || *s != (i < 3 ? '.' : '\0'))
			return -1;
		out[i] = (unsigned char)n;
		s++;
	}
	return 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One to four hexadecimal digits; -1: none or more. */
static int parse_group(const char **s, unsigned char out[2])
{
	unsigned n = 0, digits = 0;

	for (; hex_value(**s) >= 0 && digits < 5; (*s)++, digits++)
		n = n * 16 + (unsigned)hex_value(**s);
	out[0] = (unsigned char)(n >> 8);
	out[1] = (unsigned char)n;
	return digits && digits < 5 ? 0 : -1;
}

/* What is between groups: ':', or "::" once; notes where. */
static int parse_colons(const char **s, int at, int *gap)
{
	if (*(*s)++ != ':' || !**s)
		return -1;
	if (**s != ':')
		return 0;
	(*s)++;
	if (*gap >= 0)
		return -1;
	*gap = at;
	return 0;
}

/* Groups of 16 bits with at most one "::", and perhaps a v4 address as the last two. */
static int parse_v6(const char *s, unsigned char out[16])
{
	unsigned char given[16];
	int len = 0, gap = -1;

	if (s[0] == ':' && s[1] == ':') {
		gap = 0;
		s += 2;
	}
	while (*s) {
		if (len > 14)
			return -1;
		if (len <= 12 && parse_v4(s, given + len) == 0) {
			len += 4;
			break;
		}
		if (parse_group(&s, given + len) != 0)
			return -1;
		len += 2;
		if (*s && parse_colons(&s, len, &gap) != 0)
			return -1;
	}
	if (gap < 0 ? len != 16 : len > 14)
		return -1;
	gap = gap < 0 ? len : gap;
	memset(out, 0, 16);
	memcpy(out, given, (size_t)gap);
	memcpy(out + 16 - (len - gap), given + gap, (size_t)(len - gap));
	return 0;
}

static int address_parse(struct address *a, const char *host, const char *port_text)
{
	long port = number(port_text, 65535);

	memset(a, 0, sizeof(*a));
	if (port < 1)
		return -1;
	a->port = (unsigned)port;
	a->shown = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
	if (parse_v4(a->shown, (unsigned char *)&a->u.v4.sin_addr) == 0) {
		a->u.v4.sin_family = AF_INET;
		a->u.v4.sin_port = htons((unsigned short)port);
		a->len = sizeof(a->u.v4);
		return 0;
	}
	if (parse_v6(host, (unsigned char *)&a->u.v6.sin6_addr) != 0)
		return -1;
	a->u.v6.sin6_family = AF_INET6;
	a->u.v6.sin6_port = htons((unsigned short)port);
	a->len = sizeof(a->u.v6);
	return 0;
}

/* ---- connections ---- */

static const struct {
	int number;
	const char *text;
} reasons[] = {
    {ECONNREFUSED, "connect: connection refused"},
    {EHOSTUNREACH, "connect: no route to host"},
    {ENETUNREACH, "connect: network is unreachable"},
    {ECONNRESET, "connect: connection reset by peer"},
    {EADDRNOTAVAIL, "connect: cannot assign requested address"},
    {EACCES, "connect: permission denied"},
    {ETIMEDOUT, "i/o timeout"},
};

static void complain(const struct address *a, int error)
{
	char room[256];
	struct text t = {.ptr = room, .max = sizeof(room)};
	int v6 = a->u.any.sa_family == AF_INET6;

	add(&t, "dial tcp ");
	add(&t, v6 ? "[" : "");
	add(&t, a->shown);
	add(&t, v6 ? "]:" : ":");
	add_number(&t, a->port);
	add(&t, ": ");
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].number == error) {
			add(&t, reasons[i].text);
			error = 0;
		}
	}
	if (error) {
		add(&t, "connect: errno ");
		add_number(&t, (unsigned)error);
	}
	add(&t, "\n");
	write_all(2, t.ptr, t.len);
}

static int wait_for(int fd, short events, long deadline)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;

	do
		n = poll(&p, 1, left_ms(deadline));
	while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : -1;
}

/* A socket that does not block, or -1 after the complaint. */
static int dial(const struct address *a, long deadline)
{
	int fd = socket(a->u.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0;
	socklen_t len = sizeof(error);

	if (fd < 0) {
		complain(a, errno);
		return -1;
	}
	if (connect(fd, &a->u.any, a->len) != 0)
		error = errno;
	if (error == EINPROGRESS) {
		error = ETIMEDOUT;
		if (wait_for(fd, POLLOUT, deadline) == 0)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
	if (!error)
		return fd;
	complain(a, error);
	close(fd);
	return -1;
}

/* HOST PORT [TIMEOUT-MS] at argv[0]; -1: wrong. */
static int dial_args(struct address *a, char **argv, const char *timeout, long *deadline)
{
	long ms = timeout ? number(timeout, 3600000) : TIMEOUT_MS;

	if (ms < 0 || address_parse(a, argv[0], argv[1]) != 0)
		return -1;
	*deadline = now_ms() + ms;
	return 0;
}

/* ---- copying both ways ---- */

struct direction {
	int from, to;
	int ended; /* nothing more comes in */
	int shut;  /* and the other side knows */
	size_t start, len;
	char data[PIPE_SIZE];
};

static struct direction up, down;

/* Moves what can be moved now; -1 when the reader is gone. */
static int move_on(struct direction *d, short in, short out)
{
	ssize_t n;

	if (!d->ended && d->len == 0 && in) {
		n = read(d->from, d->data, sizeof(d->data));
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			d->ended = 1;
		d->start = 0;
		d->len = n > 0 ? (size_t)n : 0;
	}
	if (d->len && (out || in)) {
		n = write(d->to, d->data + d->start, d->len);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (n > 0) {
			d->start += (size_t)n;
			d->len -= (size_t)n;
		}
	}
	return 0;
}

void set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
}

static int copy_both_ways(int fd)
{
	up.from = 0;
	up.to = down.from = fd;
	down.to = 1;
	set_nonblocking(0);
	set_nonblocking(1);
	for (;;) {
		struct pollfd p[3] = {
		    {.fd = up.ended || up.len ? -1 : 0, .events = POLLIN},
		    {.fd = fd,
			.events = (short)((down.ended || down.len ? 0 : POLLIN) |
					  (up.len ? POLLOUT : 0))},
		    {.fd = down.len ? 1 : -1, .events = POLLOUT},
		};
		short come;

		if (poll(p, 3, -1) < 0 && errno != EINTR)
			return 0;
		come = p[1].revents & (POLLIN | POLLHUP | POLLERR);
		if (move_on(&up, p[0].revents, p[1].revents & POLLOUT) != 0) {
			up.ended = up.shut = 1; /* it takes no more, but may still say something */
			up.len = 0;
		}
		if (move_on(&down, come, p[2].revents) != 0)
			return 0; /* nobody reads */
		if (up.ended && !up.len && !up.shut) {
			up.shut = 1;
			shutdown(fd, SHUT_WR);
		}
		if (down.ended && !down.len)
			return 0;
	}
}

static int connect_to(int argc, char **argv)
{
	struct address a;
	long deadline;
	int fd;

	if (argc < 2 || argc > 3 || dial_args(&a, argv, argc > 2 ? argv[2] : NULL, &deadline))
		return WRONG_USE;
	fd = dial(&a, deadline);
	if (fd < 0)
		return 1;
	write_all(2, "connected\n", 10);
	return copy_both_ways(fd);
}

int fails(const char *text)
{
	write_all(2, text, strlen(text));
	return 1;
}

/* ---- files ---- */

static char contents[FILE_MAX];

/* In one write and without emptying it first: whoever reads it meanwhile finds no empty file. */
static int put_file(const char *path, const struct text *t)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || write_all(fd, t->ptr, t->len) != 0 || ftruncate(fd, (off_t)t->len) != 0)
		return fails("cannot write the file\n");
	close(fd);
	return 0;
}

static int write_file(int argc, char **argv)
{
	struct text t = {.ptr = contents, .max = sizeof(contents)};

	if (argc < 1)
		return WRONG_USE;
	for (int i = 1; i < argc; i++) {
		add(&t, argv[i]);
		add(&t, "\n");
	}
	while (argc == 1) {
		ssize_t n = read(0, contents + t.len, t.max - t.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fails("cannot read the new contents\n");
		if (n == 0)
			break;
		t.len += (size_t)n;
		if (t.len == t.max)
			return fails("the new contents are too long\n");
	}
	return put_file(argv[0], &t);
}

/* ---- process 1 ---- */

/* The first address that is not the loopback's; 0: none. */
static int own_address(unsigned char out[4])
{
	struct ifreq list[16];
	struct ifconf conf = {.ifc_len = sizeof(list), .ifc_req = list};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), found = 0;

	if (fd < 0)
		return 0;
	if (ioctl(fd, SIOCGIFCONF, &conf) == 0) {
		for (int i = 0; !found && i < conf.ifc_len / (int)sizeof(list[0]); i++) {
			struct sockaddr_in in;

			memcpy(&in, &list[i].ifr_addr, sizeof(in));
			memcpy(out, &in.sin_addr, 4);
			found = in.sin_family == AF_INET && out[0] != 127;
		}
	}
	close(fd);
	return found;
}

static void write_hosts(const char *names, int count, char **lines)
{
	struct text t = {.ptr = contents, .max = sizeof(contents)};
	unsigned char ip[4];

	add(&t, "# Kubernetes-managed hosts file.\n"
		"127.0.0.1\tlocalhost\n"
		"::1\tlocalhost ip6-localhost ip6-loopback\n"
		"fe00::0\tip6-localnet\n"
		"fe00::0\tip6-mcastprefix\n"
		"fe00::1\tip6-allnodes\n"
		"fe00::2\tip6-allrouters\n");
	if (own_address(ip)) {
		for (int i = 0; i < 4; i++) {
			add(&t, i ? "." : "");
			add_number(&t, ip[i]);
		}
		add(&t, "\t");
		add(&t, names);
		add(&t, "\n");
	}
	if (count)
		add(&t, "\n# Entries added by HostAliases.\n");
	for (int i = 0; i < count; i++) {
		add(&t, lines[i]);
		add(&t, "\n");
	}
	put_file(HOSTS_FILE, &t);
}

/* Arguments: the names of the pod, lines of aliases. */
static int be_init(int argc, char **argv)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (argc > 0)
		write_hosts(argv[0], argc - 1, argv + 1);
	for (;;) {
		int sig = sigwaitinfo(&set, NULL);

		if (sig == SIGTERM || sig == SIGINT)
			return 0;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

/* ---- which of them ---- */

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
    {"pause", be_init},
    {"connect", connect_to},
    {"write", write_file},
    {"net", be_net},
    {"run", be_runner},
    {"usage", be_usage},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 2, argv + 2);
	}
	fails("usage: sandbox pause [NAMES [ALIAS]...] | run | connect HOST PORT [MS] | write FILE "
	      "[LINE]... "
	      "| net DNS PORT\n");
	return WRONG_USE;
}
