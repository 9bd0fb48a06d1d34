#include "test.h"

#include "../../cmd/complete.h"

/* The candidates, and behind < what else is wished for. */
static char *completed(const char *const *words)
{
	static const char *const wishes[] = {[COMPLETE_FILES] = "files",
	    [COMPLETE_TYPES] = "types",
	    [COMPLETE_CONTEXTS] = "contexts",
	    [COMPLETE_NAMES] = "names"};
	auto_completion c = {0};
	struct buf text = {0};
	size_t n = 0;

	while (words[n])
		n++;
	complete_words(&c, words, n);
	for (size_t i = 0; i < c.lines.len; i++)
		buf_addf(&text, "%s%.*s", i ? " " : "", (int)strcspn(c.lines.items[i], "\t"),
		    c.lines.items[i]);
	if (c.wish != COMPLETE_NOTHING)
		buf_addf(&text, "<%s", wishes[c.wish]);
	if (c.wish == COMPLETE_NAMES)
		buf_addf(&text, " of %s, %s", c.type, c.prefix);
	return buf_take(&text);
}

#define CHECK_COMPLETED(want, ...)                                \
	do {                                                      \
		const char *const typed_[] = {__VA_ARGS__, NULL}; \
		auto_free char *found_ = completed(typed_);       \
		CHECK_STR(found_, want);                          \
	} while (0)

TEST("commands, and the words that follow them")
{
	CHECK_COMPLETED("get", "ge");
	CHECK_COMPLETED("create", "-n", "x", "cr");
	CHECK_COMPLETED("generic docker-registry tls", "create", "secret", "");
	CHECK_COMPLETED("secret service serviceaccount", "create", "s");
	CHECK_COMPLETED("create", "help", "cre");
	CHECK_COMPLETED("", "nonsense", "");
	CHECK_COMPLETED("", "__comp");
}

TEST("options of the command and of all, those with a value with their =")
{
	CHECK_COMPLETED("--show-labels", "get", "pods", "--show-l");
	CHECK_COMPLETED("--namespace=", "get", "--names");
	CHECK_COMPLETED("--namespace=", "--names");
}

TEST("what an option can be")
{
	CHECK_COMPLETED("--cascade=background", "delete", "--cascade=b");
	CHECK_COMPLETED("strategic", "patch", "--type", "s");
	CHECK_COMPLETED("<files", "apply", "-f", "x");
	CHECK_COMPLETED("<names of namespaces, ", "get", "-n", "");
	CHECK_COMPLETED("<names of namespaces, --namespace=", "get", "--namespace=");
	CHECK_COMPLETED("<contexts", "get", "--context", "");
	CHECK_COMPLETED("", "get", "--nonsense=");
}

TEST("arguments are what the usage says: types, names, pods")
{
	CHECK_COMPLETED("<types", "get", "po");
	CHECK_COMPLETED("<types", "get", "-o", "yaml", "po");
	CHECK_COMPLETED("<names of pods, ", "get", "pods", "");
	CHECK_COMPLETED("<names of pods, pods/", "get", "pods/x");
	CHECK_COMPLETED("<types", "get", "pods/x", "");
	CHECK_COMPLETED("<names of pods, ", "logs", "");
	CHECK_COMPLETED("<names of job, job/", "exec", "-it", "job/");
	CHECK_COMPLETED("<contexts", "config", "use-context", "");
	CHECK_COMPLETED("", "run", "x", "--", "");
	CHECK_COMPLETED("", "version", "");
}

int main(void)
{
	return test_main();
}
