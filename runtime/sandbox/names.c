/* names: the name server of Services; see names.h. */
#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox.h"

#define DOMAIN "cluster.local"
#define RECORDS_MAX 8192
#define PENDING_MAX 512
#define UPSTREAMS_MAX 3
#define PACKET_MAX 4096
#define ANSWER_MAX 1232 /* fits into every packet */
#define HEADER 12
#define NAME_MAX_LEN 255
#define TTL 5
#define ALIASES_MAX 8 /* one after the other */

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_PTR = 12, TYPE_AAAA = 28, TYPE_SRV = 33, TYPE_ANY = 255 };
enum { RCODE_OK = 0, RCODE_FORMAT = 1, RCODE_FAILED = 2, RCODE_UNKNOWN = 3 };

/* type 0: the name exists, and that is all. */
struct record {
	const char *name, *target;
	int type;
	unsigned port;
	unsigned char ip[4];
};

/* A question that was passed on, at its place in the table by the id it got. */
struct pending {
	struct sockaddr_in client;
	long at;                 /* 0: free */
	unsigned char id[2];     /* the client's */
	unsigned char alias_len; /* it is about the target of an alias: the name asked for */
	unsigned char alias[NAME_MAX_LEN + 1];
};

static struct record records[RECORDS_MAX];
static size_t record_count;
static struct pending pending[PENDING_MAX];
static struct sockaddr_in upstreams[UPSTREAMS_MAX];
static size_t upstream_count, upstream_now;
static int server = -1, client = -1;
static unsigned char packet[PACKET_MAX], answer[PACKET_MAX];

static unsigned get16(const unsigned char *p)
{
	return (unsigned)(p[0] << 8 | p[1]);
}

static void put16(unsigned char *p, unsigned n)
{
	p[0] = (unsigned char)(n >> 8);
	p[1] = (unsigned char)n;
}

/* ---- the table ---- */

void names_begin(void)
{
	record_count = 0;
}

/* a NAME IP | name NAME | srv NAME PORT TARGET | cname NAME TARGET */
int names_line(int argc, char **argv)
{
	static const struct {
		const char *word;
		int type, argc;
	} lines[] = {
	    {"a", TYPE_A, 3}, {"name", 0, 2}, {"srv", TYPE_SRV, 4}, {"cname", TYPE_CNAME, 3}};
	struct record r = {0};
	size_t i = 0;
	long port = 0;

	while (i < sizeof(lines) / sizeof(lines[0]) && strcmp(lines[i].word, argv[0]) != 0)
		i++;
	if (i == sizeof(lines) / sizeof(lines[0]) || argc != lines[i].argc ||
	    record_count == RECORDS_MAX)
		return -1;
	r.name = argv[1];
	r.type = lines[i].type;
	r.target = argv[argc - 1];
	if (r.type == TYPE_A && parse_v4(argv[2], r.ip) != 0)
		return -1;
	if (r.type == TYPE_SRV)
		port = number(argv[2], 65535);
	if (port < 0)
		return -1;
	r.port = (unsigned)port;
	records[record_count++] = r;
	return 0;
}

/* ---- packets ---- */

/* The name in a question as lower-case text; where it ends, or 0: it is none. */
static size_t read_name(const unsigned char *p, size_t len, size_t at, char text[NAME_MAX_LEN + 1])
{
	size_t n = 0;

	while (at < len && p[at]) {
		size_t label = p[at++];

		if (label > 63 || at + label > len || n + label + 1 > NAME_MAX_LEN)
			return 0;
		for (size_t i = 0; i < label; i++, at++)
			text[n++] = (char)(p[at] >= 'A' && p[at] <= 'Z' ? p[at] | 0x20 : p[at]);
		text[n++] = '.';
	}
	if (at >= len)
		return 0;
	text[n ? n - 1 : 0] = '\0';
	return at + 1;
}

/* Labels of a text; how many bytes, or 0: there is no room, or it is no name. */
static size_t write_name(const char *text, unsigned char *out, size_t room)
{
	size_t n = 0;

	while (*text) {
		size_t label = 0;

		while (text[label] && text[label] != '.')
			label++;
		if (label == 0 || label > 63 || n + label + 2 > room)
			return 0;
		out[n++] = (unsigned char)label;
		memcpy(out + n, text, label);
		n += label;
		text += label + (text[label] == '.');
	}
	if (n + 1 > room)
		return 0;
	out[n++] = 0;
	return n;
}

struct reply {
	size_t len;
	size_t name; /* where the name stands that the next record is about */
	unsigned count;
};

/* A record about that name, whose data follows. */
static unsigned char *begin_record(struct reply *r, int type)
{
	unsigned char *p = answer + r->len;

	if (r->len + 12 + NAME_MAX_LEN + 8 > ANSWER_MAX)
		return NULL;
	put16(p, 0xc000 | (unsigned)r->name);
	put16(p + 2, (unsigned)type);
	put16(p + 4, 1);
	put16(p + 6, 0);
	put16(p + 8, TTL);
	return p + 12;
}

static void end_record(struct reply *r, const unsigned char *end)
{
	unsigned char *p = answer + r->len;

	put16(p + 10, (unsigned)(end - p - 12));
	r->len = (size_t)(end - answer);
	r->count++;
}

static void add_name(struct reply *r, int type, unsigned port, const char *name)
{
	unsigned char *p = begin_record(r, type);
	size_t n;

	if (!p)
		return;
	if (type == TYPE_SRV) {
		put16(p, 0);
		put16(p + 2, 100);
		put16(p + 4, port);
		p += 6;
	}
	n = write_name(name, p, NAME_MAX_LEN);
	if (n)
		end_record(r, p + n);
}

static void add_record(struct reply *r, const struct record *it)
{
	unsigned char *p;

	if (it->type != TYPE_A) {
		add_name(r, it->type, it->port, it->target);
		return;
	}
	p = begin_record(r, it->type);
	if (!p)
		return;
	memcpy(p, it->ip, 4);
	end_record(r, p + 4);
}

static void send_answer(size_t len, unsigned rcode, unsigned count, const struct sockaddr_in *to)
{
	answer[2] = (unsigned char)(0x84 | (answer[2] & 1)); /* an answer, and ours to give */
	answer[3] = (unsigned char)(0x80 | rcode);
	put16(answer + 4, 1);
	put16(answer + 6, count);
	put16(answer + 8, 0);
	put16(answer + 10, 0);
	sendto(server, answer, len, MSG_DONTWAIT, (const struct sockaddr *)to, sizeof(*to));
}

/* ---- other names ---- */

/* Passes a question on; alias: the name that it stands for, as labels. */
static void pass_on(unsigned char *question, size_t len, const struct sockaddr_in *from,
    const unsigned char *alias, size_t alias_len)
{
	static size_t next;
	struct pending *p;
	unsigned char random[2];

	if (!upstream_count)
		return;
	next = (next + 1) % PENDING_MAX;
	p = &pending[next];
	if (p->at) /* nobody answered */
		upstream_now++;
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return;
	p->client = *from;
	p->at = now_ms();
	memcpy(p->id, question, 2);
	p->alias_len = (unsigned char)alias_len;
	memcpy(p->alias, alias, alias_len);
	/* the place in the low bits, noise in the others */
	put16(question, (unsigned)(next | (get16(random) & ~(unsigned)(PENDING_MAX - 1))));
	sendto(client, question, len, MSG_DONTWAIT,
	    (struct sockaddr *)&upstreams[upstream_now % upstream_count], sizeof(upstreams[0]));
}

/* Skips a name that may be compressed; 0: broken. */
static size_t skip_name(const unsigned char *p, size_t len, size_t at)
{
	while (at < len && p[at]) {
		if (p[at] >= 0xc0)
			return at + 2 <= len ? at + 2 : 0;
		at += p[at] + 1u;
	}
	return at < len ? at + 1 : 0;
}

/* The alias, and the addresses of its target under that name. */
static void answer_alias(const struct pending *p, size_t len)
{
	unsigned records_left = get16(packet + 6);
	size_t end = skip_name(packet, len, HEADER), at = end + 4;
	struct reply r = {.len = HEADER, .name = HEADER};
	unsigned char *data;

	if (!end || at > len || end - HEADER > NAME_MAX_LEN)
		return;
	memcpy(answer, packet, HEADER);
	memcpy(answer, p->id, 2);
	memcpy(answer + r.len, p->alias, p->alias_len);
	r.len += p->alias_len;
	memcpy(answer + r.len, packet + end, 4);
	r.len += 4;
	data = begin_record(&r, TYPE_CNAME);
	memcpy(data, packet + HEADER, end - HEADER);
	end_record(&r, data + (end - HEADER));
	r.name = (size_t)(data - answer);
	while (records_left-- && (at = skip_name(packet, len, at)) && at + 10 <= len) {
		unsigned type = get16(packet + at), size = get16(packet + at + 8);
		data = size <= 16 ? begin_record(&r, (int)type) : NULL;
		if (at + 10 + size > len)
			break;
		if (data && (type == TYPE_A || type == TYPE_AAAA)) {
			memcpy(data, packet + at + 10, size);
			end_record(&r, data + size);
		}
		at += 10 + size;
	}
	send_answer(r.len, packet[3] & 15, r.count, &p->client);
}

static void take_reply(void)
{
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(
	    client, packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
	struct pending *p;

	if (n < HEADER)
		return;
	p = &pending[get16(packet) % PENDING_MAX];
	if (!p->at)
		return;
	if (p->alias_len) {
		answer_alias(p, (size_t)n);
	} else {
		memcpy(packet, p->id, 2);
		sendto(server, packet, (size_t)n, MSG_DONTWAIT, (struct sockaddr *)&p->client,
		    sizeof(p->client));
	}
	p->at = 0;
}

/* ---- our names ---- */

static int is_ours(const char *name)
{
	size_t len = strlen(name), own = strlen(DOMAIN);

	return len >= own && strcmp(name + len - own, DOMAIN) == 0 &&
	       (len == own || name[len - own - 1] == '.');
}

/* A question about the target of an alias, made of the one that came. */
static void ask_for_alias(const char *target, size_t end, const struct sockaddr_in *from)
{
	static unsigned char question[HEADER + NAME_MAX_LEN + 8];
	size_t n = write_name(target, question + HEADER, NAME_MAX_LEN);

	if (!n)
		return;
	memcpy(question, packet, HEADER);
	put16(question + 10, 0);
	memcpy(question + HEADER + n, packet + end, 4);
	pass_on(question, HEADER + n + 4, from, packet + HEADER, end - HEADER);
}

/* Adds what there is about a name; 0: nothing is known of it. *ret_alias: what it stands for. */
static int add_records(struct reply *r, const char *name, unsigned type, const char **ret_alias)
{
	static size_t turn;
	int known = strcmp(name, DOMAIN) == 0;

	*ret_alias = NULL;
	turn++; /* every answer begins with another address */
	for (size_t i = 0; i < record_count; i++) {
		const struct record *it = &records[(i + turn) % record_count];

		if (strcmp(it->name, name) != 0)
			continue;
		known = 1;
		if (it->type == TYPE_CNAME)
			*ret_alias = it->target;
		if (it->type && ((unsigned)it->type == type || type == TYPE_ANY))
			add_record(r, it);
	}
	return known;
}

static void answer_own(const char *name, size_t end, const struct sockaddr_in *from)
{
	unsigned type = get16(packet + end);
	struct reply r = {.len = end + 4, .name = HEADER};
	const char *alias;
	int known;

	memcpy(answer, packet, end + 4);
	known = add_records(&r, name, type, &alias);
	for (int i = 0; alias && type != TYPE_CNAME && i < ALIASES_MAX; i++) {
		size_t at = r.len;

		if (!is_ours(alias)) {
			ask_for_alias(alias, end, from);
			return;
		}
		add_name(&r, TYPE_CNAME, 0, alias);
		r.name = at + 12;
		known = add_records(&r, alias, type, &alias);
	}
	send_answer(r.len, known ? RCODE_OK : RCODE_UNKNOWN, r.count, from);
}

/* "4.3.2.10.in-addr.arpa"; 0: it is another name. */
static int is_reverse(char *name, unsigned char ip[4])
{
	static const char tail[] = ".in-addr.arpa";
	size_t len = strlen(name), n = sizeof(tail) - 1;
	unsigned char back[4];

	if (len <= n || strcmp(name + len - n, tail) != 0)
		return 0;
	name[len - n] = '\0';
	if (parse_v4(name, back) != 0) {
		name[len - n] = '.';
		return 0;
	}
	for (int i = 0; i < 4; i++)
		ip[i] = back[3 - i];
	return 1;
}

/* 0: the address is none of ours. */
static int answer_reverse(char *name, size_t end, const struct sockaddr_in *from)
{
	struct reply r = {.len = end + 4, .name = HEADER};
	unsigned char ip[4];

	if (get16(packet + end) != TYPE_PTR || !is_reverse(name, ip))
		return 0;
	memcpy(answer, packet, end + 4);
	for (size_t i = 0; i < record_count; i++)
		if (records[i].type == TYPE_A && memcmp(records[i].ip, ip, 4) == 0 && !r.count)
			add_name(&r, TYPE_PTR, 0, records[i].name);
	if (r.count)
		send_answer(r.len, RCODE_OK, r.count, from);
	return r.count > 0;
}

static void take_question(void)
{
	char name[NAME_MAX_LEN + 1];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(
	    server, packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
	size_t end;

	if (n < HEADER || packet[2] & 0x80)
		return;
	end = get16(packet + 4) == 1 ? read_name(packet, (size_t)n, HEADER, name) : 0;
	if (!end || end + 4 > (size_t)n) {
		memcpy(answer, packet, HEADER);
		send_answer(HEADER, RCODE_FORMAT, 0, &from);
	} else if (is_ours(name)) {
		answer_own(name, end, &from);
	} else if (answer_reverse(name, end, &from)) {
		return;
	} else if (upstream_count) {
		pass_on(packet, (size_t)n, &from, NULL, 0);
	} else {
		memcpy(answer, packet, end + 4);
		send_answer(end + 4, RCODE_FAILED, 0, &from);
	}
}

/* ---- sockets ---- */

static void read_upstreams(void)
{
	static char text[4096];
	int fd = open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC, 0);
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	static const char word[] = "nameserver";
	char *line = text;

	if (fd >= 0)
		close(fd);
	text[len > 0 ? len : 0] = '\0';
	while (*line && upstream_count < UPSTREAMS_MAX) {
		char *end = line, *value = line + sizeof(word) - 1;
		struct sockaddr_in *a = &upstreams[upstream_count];
		int last;

		while (*end && *end != '\n')
			end++;
		last = !*end;
		*end = '\0';
		if ((size_t)(end - line) > sizeof(word) &&
		    memcmp(line, word, sizeof(word) - 1) == 0) {
			while (*value == ' ' || *value == '\t')
				value++;
			a->sin_family = AF_INET;
			put16((unsigned char *)&a->sin_port, 53);
			upstream_count += parse_v4(value, (unsigned char *)&a->sin_addr) == 0;
		}
		line = last ? end : end + 1;
	}
}

int names_open(const unsigned char address[4])
{
	struct sockaddr_in a = {.sin_family = AF_INET};

	read_upstreams();
	memcpy(&a.sin_addr, address, 4);
	put16((unsigned char *)&a.sin_port, 53);
	server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server < 0 || client < 0)
		return -1;
	return bind(server, (struct sockaddr *)&a, sizeof(a));
}

int names_upstream(unsigned char out[4])
{
	memcpy(out, &upstreams[0].sin_addr, 4);
	return upstream_count > 0;
}

void names_poll(struct pollfd fds[NAME_FDS])
{
	fds[0] = (struct pollfd){.fd = server, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = client, .events = POLLIN};
}

void names_serve(const struct pollfd fds[NAME_FDS])
{
	if (fds[0].revents)
		take_question();
	if (fds[1].revents)
		take_reply();
}
