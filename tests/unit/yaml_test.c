#include "../../runtime/base/yaml.h"
#include "test.h"

/* The JSON text of a YAML text: documents joined by blanks; or "error: " and its message. */
static char *convert(const char *text, size_t len)
{
	struct yaml_docs docs = {0};
	auto_err e = {0};
	auto_buf out = {0};

	if (yaml_parse("f.yaml", text, len, &docs, &e) < 0)
		return xasprintf("error: %s", err_msg(&e));
	for (size_t i = 0; i < docs.len; i++) {
		if (i > 0)
			buf_addch(&out, ' ');
		json_print_to(docs.items[i].root, &out);
	}
	yaml_docs_release(&docs);
	return buf_take(&out);
}

#define CHECK_YAML(text, want)                                      \
	do {                                                        \
		auto_free char *out_ = convert(text, strlen(text)); \
		CHECK_STR(out_, want);                              \
	} while (0)

TEST("plain scalars resolve as Kubernetes' YAML reader resolves them")
{
	static const struct {
		const char *yaml, *want;
	} cases[] = {
	    {"y", "true"},
	    {"Yes", "true"},
	    {"on", "true"},
	    {"TRUE", "true"},
	    {"n", "false"},
	    {"no", "false"},
	    {"Off", "false"},
	    {"false", "false"},
	    {"yEs", "\"yEs\""},
	    {"~", "null"},
	    {"NULL", "null"},
	    {"nUll", "\"nUll\""},
	    {"12", "12"},
	    {"+12", "12"},
	    {"-7", "-7"},
	    {"0644", "420"},
	    {"0o17", "15"},
	    {"0x1F", "31"},
	    {"0b11", "3"},
	    {"-0b11", "-3"},
	    {"1_000", "1000"},
	    {"08", "8"},
	    {"0x", "\"0x\""},
	    {"1.2.3", "\"1.2.3\""},
	    {"1.5", "1.5"},
	    {".5", "0.5"},
	    {".5_14", "0.514"},
	    {"1.", "1"},
	    {"1e3", "1000"},
	    {"1e3x", "\"1e3x\""},
	    {"1.5e-7", "1.5e-7"},
	    {"9223372036854775807", "9223372036854775807"},
	    {"18446744073709551615", "18446744073709551615"},
	    {"123456789012345678901234567890", "1.2345678901234568e+29"},
	    {"1e999", "\"1e999\""},
	    {"2001-01-01", "\"2001-01-01\""},
	    {"2001-01-01T10:00:00Z", "\"2001-01-01T10:00:00Z\""},
	    {"12:30:45", "\"12:30:45\""},
	    {"\"true\"", "\"true\""},
	    {"'12'", "\"12\""},
	    {"!!str 12", "\"12\""},
	    {"!!int '12'", "12"},
	    {"!!float 3", "3"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *yaml = xasprintf("a: %s\n", cases[i].yaml);
		auto_free char *want = xasprintf("{\"a\":%s}", cases[i].want);
		CHECK_YAML(yaml, want);
	}
}

TEST("keys that are no strings become strings")
{
	CHECK_YAML("1: a\n0x10: b\nyes: c\n1.50: d\n2001-01-01: e\n",
	    "{\"1\":\"a\",\"16\":\"b\",\"true\":\"c\",\"1.5\":\"d\",\"2001-01-01\":\"e\"}");
	CHECK_YAML("~: a\n", "error: f.yaml:1:1: ~ cannot be a key: quote it if it is text");
	CHECK_YAML(": a\n",
	    "error: f.yaml:1:1: expected another key of this map, or less indentation "
	    "(did not find expected key)");
	CHECK_YAML("? [a]\n: b\n", "error: f.yaml:1:3: a key must be a plain word or a string");
}

TEST("empty documents are skipped and others come in order with their first line")
{
	struct yaml_docs docs = {0};
	const char *text = "# c\n---\n---\n\na: 1\n---\n# only this\n---\nnull\n---\nb: 2\n...\n";

	CHECK(yaml_parse("f", text, strlen(text), &docs, NULL) == 0);
	CHECK_INT(docs.len, 2);
	CHECK_INT(docs.items[0].line, 5);
	CHECK_INT(docs.items[1].line, 11);
	yaml_docs_release(&docs);
	CHECK_YAML("", "");
	CHECK_YAML("\n \n# nothing\n", "");
}

TEST("a byte order mark and CRLF line ends are read over")
{
	CHECK_YAML("\xef\xbb\xbf"
		   "a: b\r\nc: |\r\n  x\r\n  y\r\n",
	    "{\"a\":\"b\",\"c\":\"x\\ny\\n\"}");
	CHECK_YAML("\xef\xbb\xbf{\"a\":1}", "{\"a\":1}");
}

TEST("JSON text is read as JSON, alone, in a row and mixed with YAML")
{
	CHECK_YAML("{\"a\":\"\\ud83d\\ude00\",\n\t\"b\": [1, {\"c\": null}]}\n",
	    "{\"a\":\"😀\",\"b\":[1,{\"c\":null}]}");
	CHECK_YAML("{\"a\":1}{\"a\":2}\n{\"a\":3}", "{\"a\":1} {\"a\":2} {\"a\":3}");
	CHECK_YAML("{\"a\":1}\n---\nb: 2\n---\n{\"c\": 3}\n", "{\"a\":1} {\"b\":2} {\"c\":3}");
	CHECK_YAML("{a: b}\n", "{\"a\":\"b\"}");
	CHECK_YAML("{\"a\": b}\n", "{\"a\":\"b\"}");
	CHECK_YAML("---\n  {\"a\": 12345678901234567}\n", "{\"a\":12345678901234567}");
	CHECK_YAML(
	    "{\"a\": 1,\n \"b\" 2}\n", "error: f.yaml:2:6: expected ':' behind the member name");
	CHECK_YAML("{\"a\": 1,\n \"b\": {\"a\": 2, \"a\": 3}}\n",
	    "error: f.yaml:2:16: key \"a\" is already set in this map (line 2)");
	CHECK_YAML("{\"a\": 1}\nb: 2\n",
	    "error: f.yaml:2: expected '---' or another JSON value behind the JSON value");
}

TEST("anchors, aliases and merge keys are written out, and a map's own keys win")
{
	CHECK_YAML(
	    "x: &x {a: 1, b: 2}\nz: *x\n", "{\"x\":{\"a\":1,\"b\":2},\"z\":{\"a\":1,\"b\":2}}");
	CHECK_YAML("x: &x {a: 1, b: 2}\nz: {<<: *x, a: 5}\n",
	    "{\"x\":{\"a\":1,\"b\":2},\"z\":{\"a\":5,\"b\":2}}");
	CHECK_YAML("x: &x {a: 1}\nz: {a: 5, <<: *x}\n", "{\"x\":{\"a\":1},\"z\":{\"a\":5}}");
	CHECK_YAML("x: &x {a: 1}\nz: {<<: [*x, {a: 7, c: 9}]}\n",
	    "{\"x\":{\"a\":1},\"z\":{\"a\":1,\"c\":9}}");
	CHECK_YAML("&k a: &v b\nc: *v\nd: *k\n", "{\"a\":\"b\",\"c\":\"b\",\"d\":\"a\"}");
	CHECK_YAML("a: *b\n", "error: f.yaml:1:4: unknown anchor 'b' referenced");
	CHECK_YAML("a: &b [*b]\n", "error: f.yaml:1:8: anchor 'b' value contains itself");
	CHECK_YAML("a: &b 1\n---\nc: *b\n", "error: f.yaml:3:4: unknown anchor 'b' referenced");
	CHECK_YAML("a:\n  <<: 5\n",
	    "error: f.yaml:2:7: map merge requires a map or a list of maps as the value");
}

TEST("aliases that would multiply without end are an error")
{
	auto_buf text = {0};
	auto_free char *out = NULL;

	buf_adds(&text, "a: &a [x,x,x,x,x,x,x,x,x,x]\n");
	for (char c = 'b'; c < 'k'; c++) {
		buf_addf(&text, "%c: &%c [", c, c);
		for (int i = 0; i < 10; i++)
			buf_addf(&text, "%s*%c", i ? "," : "", c - 1);
		buf_adds(&text, "]\n");
	}
	out = convert(text.ptr, text.len);
	CHECK_STR(out,
	    "error: f.yaml:6:35: more than 1000000 values (aliases count with all they stand for)");
}

TEST("long strings that aliases repeat are bounded too")
{
	auto_buf text = {0};
	auto_free char *out = NULL;

	buf_adds(&text, "a: &a ");
	buf_pad(&text, 'x', 1024 * 1024);
	buf_adds(&text, "\nb:\n");
	for (int i = 0; i < 100; i++)
		buf_adds(&text, "- *a\n");
	out = convert(text.ptr, text.len);
	CHECK_STR(out,
	    "error: f.yaml:1:1: the document is larger than 64 MiB with its aliases written out");
}

TEST("nesting, documents and text have their limits")
{
	auto_buf deep = {0};
	auto_buf many = {0};
	auto_buf big = {0};
	auto_free char *out = NULL;

	buf_pad(&deep, '[', 200);
	CHECK_YAML(deep.ptr, "error: f.yaml:1:102: nested deeper than 100 levels");
	buf_clear(&deep);
	for (int i = 0; i < 120; i++)
		buf_adds(&deep, "{\"a\":");
	buf_adds(&deep, "1");
	buf_pad(&deep, '}', 120);
	CHECK_YAML(deep.ptr, "error: f.yaml:1: nested deeper than 100 levels");
	for (int i = 0; i < 1001; i++)
		buf_adds(&many, "a: 1\n---\n");
	CHECK_YAML(many.ptr, "error: f.yaml:2001:1: more than 1000 documents");
	buf_pad(&big, ' ', 16 * MIB + 1);
	out = convert(big.ptr, big.len);
	CHECK_STR(out, "error: f.yaml: larger than 16 MiB");
}

TEST("a duplicate key is an error that names both lines")
{
	CHECK_YAML("containers:\n- image: a\n  name: x\n  image: b\n",
	    "error: f.yaml:4:3: key \"image\" is already set in this map (line 2)");
}

TEST("errors name the place and what was expected, and keep the words users search for")
{
	CHECK_YAML("a:\n\tb: c\n",
	    "error: f.yaml:2:1: found a tab character; YAML is indented with spaces "
	    "(found character that cannot start any token)");
	CHECK_YAML("a: b\n\tc: d\n",
	    "error: f.yaml:2:1: found a tab character; YAML is indented with spaces "
	    "(found a tab character that violates indentation)");
	CHECK_YAML("a:\n  b: c\n  \td: e\n",
	    "error: f.yaml:3:3: found a tab character; YAML is indented with spaces "
	    "(found a tab character that violates indentation)");
	CHECK_YAML("a: b\nc: @foo\n",
	    "error: f.yaml:2:4: a value cannot begin with this character: put the value in "
	    "quotes (found character that cannot start any token)");
	CHECK_YAML("a:\n  b: 1\n c: 2\n",
	    "error: f.yaml:3:2: expected another key of this map, or less indentation "
	    "(did not find expected key)");
	CHECK_YAML("a: \"foo\nb: c\n", "error: f.yaml:1:4: the quote that is opened here is never "
				       "closed (found unexpected end of stream)");
	CHECK_YAML("key: value\nkey2\nkey3: x\n",
	    "error: f.yaml:2:1: expected ':' behind the key (could not find expected ':')");
	CHECK_YAML("a: .inf\n", "error: f.yaml:1:4: unsupported value .inf: JSON has no such "
				"number; quote it if it is text");
	CHECK_YAML("a: !foo x\n", "error: f.yaml:1:4: the tag !foo is not supported here");
	CHECK_YAML("a: \001\n", "error: f.yaml:1:4: control characters are not allowed (0x01)");
	CHECK_YAML("a: \"\\0\"\n", "error: f.yaml:1:4: a string cannot hold the character NUL");
	CHECK_YAML("a: b\n---\nc:\n  d: 1\n e: 2\n",
	    "error: f.yaml:5:2: expected another key of this map, or less indentation (did not "
	    "find expected key)");
}

static const char job[] = "# a job\n"
			  "apiVersion: batch/v1\n"
			  "metadata:\n"
			  "  labels:\n"
			  "    app.kubernetes.io/name: x\n"
			  "spec:\n"
			  "  template: &t\n"
			  "    spec:\n"
			  "      containers:\n"
			  "      - image: a\n"
			  "        env:\n"
			  "        - name: A\n"
			  "          value: b\n"
			  "        - {name: B,\n"
			  "           value: c}\n"
			  "  again: *t\n";

TEST("field paths lead to their lines, and absent fields to their nearest parent's")
{
	static const struct {
		const char *path;
		unsigned line;
	} cases[] = {
	    {"apiVersion", 2},
	    {"metadata.labels[app.kubernetes.io/name]", 5},
	    {"metadata.labels[\"app.kubernetes.io/name\"]", 5},
	    {"metadata.labels.app.kubernetes.io/name", 5},
	    {"metadata.labels[other]", 4},
	    {"metadata.name", 3},
	    {"spec.template.spec.containers", 9},
	    {"spec.template.spec.containers[0]", 10},
	    {"spec.template.spec.containers[0].image", 10},
	    {"spec.template.spec.containers[0].env[0].value", 13},
	    {"spec.template.spec.containers[0].env[1].value", 15},
	    {"spec.template.spec.containers[0].env[1].valueFrom", 14},
	    {"spec.template.spec.containers[3].image", 9},
	    {"spec.again", 16},
	    {"spec.again.spec.containers[0].image", 10},
	    {"spec.spec", 6},
	    {"", 2},
	    {"nothing.here", 2},
	    {"[", 2},
	    {"spec[", 6},
	};
	struct yaml_docs docs = {0};

	CHECK(yaml_parse("f", job, strlen(job), &docs, NULL) == 0);
	for (size_t i = 0; docs.len == 1 && i < ARRAY_LEN(cases); i++) {
		if (yaml_line_of(&docs.items[0], cases[i].path) != cases[i].line)
			CHECK_STR(cases[i].path, "another line");
	}
	yaml_docs_release(&docs);
}

TEST("JSON documents have lines too")
{
	const char *text = "{\"a\": 1}\n{\"b\": {\n  \"c\": [\n    1,\n    {\"d\": 2}\n]}}\n";
	struct yaml_docs docs = {0};

	CHECK(yaml_parse("f", text, strlen(text), &docs, NULL) == 0);
	CHECK_INT(docs.len, 2);
	CHECK_INT(docs.items[1].line, 2);
	CHECK_INT(yaml_line_of(&docs.items[1], "b.c"), 3);
	CHECK_INT(yaml_line_of(&docs.items[1], "b.c[1].d"), 5);
	yaml_docs_release(&docs);
}

TEST("no cut-off or damaged text does worse than an error")
{
	size_t len = strlen(job);

	for (size_t i = 0; i <= len; i += (size_t)test_rounds(1, 7)) {
		static const char nasty[] = "\t{}[]\"':\n-&*|%\x80";
		auto_free char *text = xstrndup(job, len);

		free(convert(job, i));
		for (size_t k = 0; i < len && k < sizeof(nasty); k++) {
			text[i] = nasty[k];
			free(convert(text, len));
		}
	}
}

/* ---- printing ---- */

static char *print(const char *json_text)
{
	auto_err e = {0};
	auto_json *j = json_parse(json_text, strlen(json_text), JSON_PARSE_STRICT, &e);
	auto_buf out = {0};

	if (!j)
		return xstrdup(err_msg(&e));
	yaml_print(j, &out);
	return buf_take(&out);
}

#define CHECK_PRINT(json_text, want)                     \
	do {                                             \
		auto_free char *out_ = print(json_text); \
		CHECK_STR(out_, want);                   \
	} while (0)

TEST("objects print as kubectl prints them")
{
	CHECK_PRINT("{\"spec\":{\"containers\":[{\"name\":\"a\",\"args\":[\"x\",[1,2]],\"env\":[]}]"
		    ",\"v\":{}},"
		    "\"kind\":\"Job\",\"n\":null,\"t\":true}",
	    "kind: Job\n"
	    "\"n\": null\n"
	    "spec:\n"
	    "  containers:\n"
	    "  - args:\n"
	    "    - x\n"
	    "    - - 1\n"
	    "      - 2\n"
	    "    env: []\n"
	    "    name: a\n"
	    "  v: {}\n"
	    "t: true\n");
}

TEST("strings are quoted where they would be read as something else")
{
	CHECK_PRINT("[\"true\",\"yes\",\"123\",\"1e3\",\"null\",\"\",\"~\",\"2001-01-01\",\"12:30:"
		    "45\",\"0x1f\"]",
	    "- \"true\"\n- \"yes\"\n- \"123\"\n- \"1e3\"\n- \"null\"\n- \"\"\n- \"~\"\n- "
	    "\"2001-01-01\"\n"
	    "- \"12:30:45\"\n- \"0x1f\"\n");
	CHECK_PRINT("[\"# x\",\"- x\",\"a: b\",\" a\",\"a "
		    "\",\"*x\",\"it's\",\"'a'\",\"busybox:1.36\",\"a\\tb\"]",
	    "- '# x'\n- '- x'\n- 'a: b'\n- ' a'\n- 'a '\n- '*x'\n- it's\n- '''a'''\n- "
	    "busybox:1.36\n"
	    "- \"a\\tb\"\n");
}

TEST("text of several lines prints as a literal block")
{
	CHECK_PRINT("{\"a\":\"x\\ny\\n\",\"b\":\"x\\ny\",\"c\":\"x\\n\\n\",\"d\":\"  x\\n\"}",
	    "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2\n    x\n");
}

TEST("numbers keep integers as they are and print others as Go does")
{
	CHECK_PRINT("[0,-1,9007199254740993,1.5,1e21,0.00001,1234567.5,100000.5]",
	    "- 0\n- -1\n- 9007199254740993\n- 1.5\n- 1e+21\n- 1e-05\n- 1.2345675e+06\n- "
	    "100000.5\n");
}

TEST("members come in natural order")
{
	CHECK_PRINT("{\"a10\":1,\"a9\":1,\"A\":1,\"_x\":1,\"a.b\":1,\"a1b\":1,\"10\":1,\"9\":1,"
		    "\"ab\":1,\"é\":1}",
	    "_x: 1\n\"9\": 1\n\"10\": 1\nA: 1\na.b: 1\na1b: 1\na9: 1\na10: 1\nab: 1\né: 1\n");
}

TEST("text that is no UTF-8 prints with replacement characters")
{
	auto_json *j = json_new_string("a\xff"
				       "b\xc0\x80\xed\xa0\x80");
	auto_buf out = {0};

	yaml_print(j, &out);
	CHECK_STR(buf_str(&out), "a\xef\xbf\xbd"
				 "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n");
}

/* A small generator of its own, so that every run is the same. */
static unsigned next_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

TEST("whatever is printed reads back as the same value")
{
	static const char *const pieces[] = {"a", "b", "y", "no", "true", "null", "0", "1", "08",
	    "0x", "1e3", ".", "_", "-", "- ", ":", ": ", "#", " #", "?", "? ", ",", "[", "]", "{",
	    "}", "&", "*", "!", "|", ">", "'", "\"", "%", "@", "`", "~", "<<", "=", "\\", "/", " ",
	    "  ", "\t", "\n", "\n\n", "\r", "\r\n", "---", "...", "é", "\xc2\xa0", "\xe2\x80\xa8",
	    "\xc2\x85", "\xef\xbb\xbf", "😀", "\x7f", "\x01", "\x1b", "2001-01-01", "12:30"};
	unsigned state = 7;
	int rounds = test_rounds(3000, 400);

	for (int round = 0; round < rounds; round++) {
		auto_json *j = json_new_object();
		auto_buf key = {0}, text = {0}, out = {0};
		struct yaml_docs docs = {0};
		auto_err e = {0};

		for (unsigned n = next_random(&state) % 4; n > 0; n--)
			buf_adds(&key, pieces[next_random(&state) % ARRAY_LEN(pieces)]);
		for (unsigned n = next_random(&state) % 30; n > 0; n--)
			buf_adds(&text, pieces[next_random(&state) % ARRAY_LEN(pieces)]);
		json_set(j, buf_str(&key), json_new_string(buf_str(&text)));
		yaml_print(j, &out);
		CHECK(yaml_parse("f", out.ptr, out.len, &docs, &e) == 0);
		CHECK_STR(err_msg(&e), "");
		CHECK_INT(docs.len, 1);
		if (docs.len == 1 && !json_equal(docs.items[0].root, j)) {
			auto_free char *back = json_print(docs.items[0].root),
				       *want = json_print(j);
			CHECK_STR(back, want);
		}
		yaml_docs_release(&docs);
	}
}

int main(void)
{
	return test_main();
}
