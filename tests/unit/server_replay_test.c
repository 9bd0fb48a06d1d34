/*
 * What clients have sent, sent again: the files of tests/replay, one conversation each, with what
 * must come back. All of a file goes to one server, without an engine behind it. A line is
 *
 *   # text           what it is about
 *   > METHOD PATH    the beginning of a request
 *   > Name: value    one of its headers
 *   | text           a piece of its body; pieces are put together as they are
 *   x 6b3873…        the same in hexadecimal
 *   < CODE           sends it; the status of the answer
 *   < Name: text     a header of the answer has this text
 *   = PATH TEXT      what a JSONPath prints of the answer; without TEXT: nothing
 *   ~ text           the body of the answer has this text
 *   $ NAME PATH      keeps a value: ${NAME} stands for it from then on
 *   @ text           the answer to the last watch goes on with this text, at once or after later
 * requests
 */
#include <dirent.h>

#include "../../runtime/base/jsonpath.h"
#include "../../runtime/base/paths.h"
#include "server_fixture.h"

#define FOLDER "tests/replay/"

struct replay {
	struct fixture f;
	const char *name; /* of the file, and the line where it is */
	int line;
	char *first; /* METHOD PATH; NULL: no request has begun */
	struct buf headers, body;
	bool has_body;
	struct answer answer;
	struct client watch; /* fd -1: none */
	struct strlist names, values;
};

static void wrong(const struct replay *r, const char *what, const char *got)
{
	printf("# %s:%d: %s; got: %s\n", r->name, r->line, what, got ? got : "nothing");
	test_failed = true;
}

/* What ${NAME} at the beginning of the text stands for, the newest of that name; NULL: none does. */
static const char *kept(const struct replay *r, const char *text, size_t *ret_len)
{
	for (size_t i = r->names.len; i-- > 0;) {
		auto_free char *mark = xasprintf("${%s}", r->names.items[i]);

		*ret_len = strlen(mark);
		if (str_has_prefix(text, mark))
			return r->values.items[i];
	}
	return NULL;
}

/* The text with what has been kept; owned. */
static char *filled(const struct replay *r, const char *text)
{
	auto_buf out = {0};

	while (*text) {
		size_t len;
		const char *value = kept(r, text, &len);

		if (value) {
			buf_adds(&out, value);
			text += len;
		} else {
			buf_addch(&out, *text++);
		}
	}
	return buf_take(&out);
}

static void send_it(struct replay *r, struct client *c)
{
	auto_buf b = {0};

	buf_addf(&b, "%s HTTP/1.1\r\nHost: localhost\r\n%s", r->first, buf_str(&r->headers));
	if (r->has_body)
		buf_addf(&b, "Content-Length: %zu\r\n", r->body.len);
	buf_adds(&b, "\r\n");
	buf_add(&b, r->body.ptr, r->body.len);
	client_send(c, b.ptr, b.len);
}

/* Sends what has been put together. The connection of a watch stays. */
static void exchange_it(struct replay *r)
{
	struct client c = client_open(&r->f);

	answer_release(&r->answer);
	send_it(r, &c);
	if (strstr(r->first, "watch=")) {
		if (r->watch.fd >= 0)
			client_close(&r->watch);
		read_head(&c, &r->answer);
		r->watch = c;
	} else {
		read_answer(&c, &r->answer);
		client_close(&c);
	}
	free(TAKE(r->first));
	buf_clear(&r->headers);
	buf_clear(&r->body);
	r->has_body = false;
}

static void check_head(struct replay *r, const char *text)
{
	const char *colon = strstr(text, ": "), *got;
	auto_free char *name = NULL;
	auto_free char *code = xasprintf("%d", r->answer.status);

	if (colon) {
		name = xstrndup(text, (size_t)(colon - text));
		got = answer_header(&r->answer, name);
		if (!got || !strstr(got, colon + 2))
			wrong(r, text, got);
		return;
	}
	exchange_it(r);
	free(code);
	code = xasprintf("%d", r->answer.status);
	if (!str_eq(code, text)) {
		wrong(r, text, code);
		printf("# %s\n", buf_str(&r->answer.body));
	}
}

static char *value_at(struct replay *r, const char *path)
{
	auto_err e = {0};
	auto_buf out = {0};
	struct jsonpath *p = jsonpath_new(path, &e);

	if (!p || jsonpath_print(p, r->answer.json, true, &out, &e) < 0)
		wrong(r, path, err_msg(&e));
	jsonpath_free(p);
	return buf_take(&out);
}

static void check_value(struct replay *r, const char *text)
{
	size_t len = strcspn(text, " ");
	auto_free char *path = xstrndup(text, len);
	auto_free char *got = value_at(r, path);

	if (!str_eq(got, text[len] ? text + len + 1 : ""))
		wrong(r, text, got);
}

static void keep_value(struct replay *r, const char *text)
{
	size_t len = strcspn(text, " ");

	strlist_add_take(&r->names, xstrndup(text, len));
	strlist_add_take(&r->values, value_at(r, text[len] ? text + len + 1 : ""));
}

static void check_watch(struct replay *r, const char *text)
{
	if (r->watch.fd < 0 || !client_wait(&r->watch, text))
		wrong(r, text, buf_str(&r->watch.in));
}

static void add_hex(struct buf *out, const char *hex)
{
	for (; hex[0] && hex[1]; hex += 2) {
		char pair[3] = {hex[0], hex[1], '\0'};

		buf_addch(out, (char)strtoul(pair, NULL, 16));
	}
}

static void request_line(struct replay *r, const char *text)
{
	if (r->first)
		buf_addf(&r->headers, "%s\r\n", text);
	else
		r->first = xstrdup(text);
}

static void replay_line(struct replay *r, const char *line)
{
	auto_free char *text = filled(r, *line && line[1] ? line + 2 : "");

	switch (*line) {
	case '\0':
	case '#':
		break;
	case '>':
		request_line(r, text);
		break;
	case '|':
	case 'x':
		r->has_body = true;
		if (*line == 'x')
			add_hex(&r->body, text);
		else
			buf_adds(&r->body, text);
		break;
	case '<':
		check_head(r, text);
		break;
	case '=':
		check_value(r, text);
		break;
	case '~':
		if (!strstr(buf_str(&r->answer.body), text))
			wrong(r, text, buf_str(&r->answer.body));
		break;
	case '$':
		keep_value(r, text);
		break;
	case '@':
		check_watch(r, text);
		break;
	default:
		wrong(r, "a line begins with one of #>|x<=~$@", line);
	}
}

static void replay_file(const char *name)
{
	struct replay r = {.name = name, .watch = {.fd = -1}};
	auto_free char *path = xasprintf(FOLDER "%s", name);
	auto_err e = {0};
	size_t len;
	auto_free char *text = path_read_file(path, MIB, &len, &e);
	auto_strlist lines = {0};

	CHECK_STR(err_msg(&e), "");
	if (!text)
		return;
	fixture_open(&r.f);
	str_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.len; i++) {
		r.line = (int)i + 1;
		replay_line(&r, lines.items[i]);
	}
	if (r.watch.fd >= 0)
		client_close(&r.watch);
	free(r.first);
	buf_release(&r.headers);
	buf_release(&r.body);
	answer_release(&r.answer);
	strlist_release(&r.names);
	strlist_release(&r.values);
	fixture_close(&r.f);
}

TEST("what kubectl and client libraries have sent is answered as they expect")
{
	DIR *dir = opendir(FOLDER);
	auto_strlist names = {0};

	CHECK(dir != NULL);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (str_has_suffix(entry->d_name, ".txt"))
			strlist_add(&names, entry->d_name);
	if (dir)
		closedir(dir);
	strlist_sort(&names);
	CHECK(names.len > 2);
	for (size_t i = 0; i < names.len; i++) {
		printf("# %s\n", names.items[i]);
		replay_file(names.items[i]);
	}
}

int main(void)
{
	return test_main();
}
