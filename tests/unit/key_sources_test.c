#include "../../cmd/key_sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/base/json.h"
#include "test.h"

static const struct opt table[] = {
    OPT_ROW_FROM_LITERAL, OPT_ROW_FROM_FILE, OPT_ROW_FROM_ENV_FILE, OPT_ROW_APPEND_HASH, OPT_END};

static void write_file(const char *name, const char *bytes, size_t len)
{
	FILE *f = fopen(name, "w");

	CHECK(f && fwrite(bytes, 1, len, f) == len);
	if (f)
		fclose(f);
}

/* The data of an object that these options (up to NULL) make, or the error; owned. */
static char *made(const char *kind, const char *const *words)
{
	auto_json *obj = json_new_object();
	auto_opts o = {0};
	auto_err e = {0};
	auto_buf text = {0};
	size_t n = 0;

	while (words[n])
		n++;
	json_set_str(obj, "kind", kind);
	json_set_path(obj, "metadata.name", json_new_string("x"));
	opts_add_table(&o, table);
	CHECK_INT(opts_parse(&o, words, n, &e), 0);
	if (key_sources_add(&o, obj, &e) < 0)
		return xstrdup(err_msg(&e));
	json_del(obj, "metadata");
	json_del(obj, "kind");
	json_print_to(obj, &text);
	return buf_take(&text);
}

#define CHECK_MADE(kind, want, ...)                                                           \
	do {                                                                                  \
		auto_free char *made_ = made(kind, (const char *const[]){__VA_ARGS__, NULL}); \
		CHECK_STR(made_, want);                                                       \
	} while (0)

TEST("literals: what is behind the first = is the value, as it is")
{
	CHECK_MADE("ConfigMap", "{\"data\":{\"a\":\"x=y\",\"b\":\"\",\"c\":\"'q', r\"}}",
	    "--from-literal=b=", "--from-literal=a=x=y", "--from-literal=c='q', r");
	CHECK_MADE("Secret", "{\"data\":{\"a\":\"eD15\"}}", "--from-literal=a=x=y");
	CHECK_MADE(
	    "ConfigMap", "invalid literal source ab, expected key=value", "--from-literal=ab");
	CHECK_MADE(
	    "Secret", "invalid literal source, expected key=value", "--from-literal=hunter2");
	CHECK_MADE("ConfigMap",
	    "cannot add key \"a\", another key by that name already exists in Data for ConfigMap "
	    "\"x\"",
	    "--from-literal=a=1", "--from-literal=a=1");
	CHECK_MADE("Secret", "cannot add key a, another key by that name already exists",
	    "--from-literal=a=1", "--from-literal=a=1");
}

TEST("files have their name or a given key; what is no text becomes binary data")
{
	write_file("f.txt", "hi\n", 3);
	write_file("raw", "\xff\x01", 2);
	write_file("nul", "a\0b", 3);
	CHECK_MADE("ConfigMap", "{\"data\":{\"f.txt\":\"hi\\n\",\"k\":\"hi\\n\"}}",
	    "--from-file=./f.txt", "--from-file=k=f.txt");
	CHECK_MADE("ConfigMap", "{\"binaryData\":{\"nul\":\"YQBi\",\"raw\":\"/wE=\"}}",
	    "--from-file=raw,nul");
	CHECK_MADE("Secret", "{\"data\":{\"raw\":\"/wE=\"}}", "--from-file=raw");
	CHECK_MADE("Secret", "error reading gone: no such file or directory", "--from-file=gone");
	CHECK_MADE("Secret", "key names or file paths cannot contain '='", "--from-file=a=b=c");
	CHECK_MADE("Secret", "key name for file path f.txt missing", "--from-file==f.txt");
	CHECK_MADE("Secret", "file path for key name k missing", "--from-file=k=");
}

TEST("of a folder come the files right in it")
{
	mkdir("d", 0700);
	mkdir("d/deep", 0700);
	write_file("d/b", "2", 1);
	write_file("d/a", "1", 1);
	write_file("d/deep/c", "3", 1);
	CHECK_INT(symlink("a", "d/link"), 0);
	CHECK_MADE("ConfigMap", "{\"data\":{\"a\":\"1\",\"b\":\"2\"}}", "--from-file=d");
	CHECK_MADE("ConfigMap", "cannot give a key name for a directory path", "--from-file=k=d");
}

TEST("a file of lines: comments and blanks are left out, a bare name has its value here")
{
	static const char text[] = "\xef\xbb\xbf"
				   "A=1\n\n  # no\n \tB=x=y \r\nKEY_TEST\nGONE_TEST\nC=";

	setenv("KEY_TEST", "here", 1);
	write_file("e.env", text, sizeof(text) - 1);
	write_file("bad.env", "A=1\nB=\xff\n", 8);
	CHECK_MADE("ConfigMap",
	    "{\"data\":{\"A\":\"1\",\"B\":\"x=y \",\"C\":\"\",\"GONE_TEST\":\"\",\"KEY_TEST\":"
	    "\"here\"}}",
	    "--from-env-file=e.env");
	CHECK_MADE("Secret", "env file bad.env contains invalid utf8 bytes at line 2",
	    "--from-env-file=bad.env");
	CHECK_MADE("Secret", "env secret file cannot be a directory", "--from-env-file=.");
	CHECK_MADE("ConfigMap", "from-env-file cannot be combined with from-file or from-literal",
	    "--from-env-file=e.env", "--from-literal=a=b");
}

/* The name that an object without one gets from --append-hash. */
static void check_hash(const char *text, const char *want)
{
	static const char *const words[] = {"--append-hash"};
	auto_json *obj = json_parse(text, strlen(text), 0, NULL);
	auto_opts o = {0};
	auto_err e = {0};

	opts_add_table(&o, table);
	CHECK_INT(opts_parse(&o, words, 1, &e), 0);
	key_append_hash(&o, obj);
	CHECK_STR(json_str(obj, "metadata.name"), want);
}

TEST("--append-hash gives kubectl's names")
{
	check_hash("{\"kind\":\"ConfigMap\",\"data\":{}}", "-42745tchd9");
	check_hash("{\"kind\":\"ConfigMap\",\"data\":{\"one\":\"\"}}", "-9g67k2htb6");
	check_hash("{\"kind\":\"ConfigMap\",\"data\":{\"two\":\"2\",\"one\":\"\",\"three\":\"3\"}}",
	    "-f5h7t85m9b");
	check_hash("{\"kind\":\"Secret\",\"type\":\"my-type\"}", "-t75bgf6ctb");
	check_hash(
	    "{\"kind\":\"Secret\",\"type\":\"my-type\",\"data\":{\"one\":\"\"}}", "-74bd68bm66");
}

int main(void)
{
	return chdir(test_dir()) < 0 || test_main();
}
