/* YAML: errors have a place; what is written for a value is read as that value. */
#include "../../runtime/base/yaml.h"
#include "fuzz.h"

FUZZ_SEEDS(
    TEXT(
	"apiVersion: batch/v1\nkind: Job\nmetadata: {name: x, labels: {a: 'b'}}\nspec:\n  "
	"template:\n"
	"    spec:\n      containers:\n      - name: c\n        command: [sh, -c, \"echo \\x41\"]\n"
	"        args:\n        - |\n          a\n           b\n        - >-\n          c\n        "
	"  d\n"),
    TEXT("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 0x1f\n---\n- y\n- 'no'\n- ~\n- 1_000\n- .inf\n- "
	 "2001-01-01\n"),
    TEXT("{\"a\": [1, true, null, \"x\"]}"), TEXT("%YAML 1.1\n---\n? a\n: !!str 12\n...\n# end\n"),
    TEXT("a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nd: [*c,*c,*c]\n"))
FUZZ_WORDS(TEXT("\n---\n"), TEXT("&a "), TEXT("*a"), TEXT("<<: "), TEXT("\t"), TEXT("  "),
    TEXT("- "), TEXT(": "), TEXT("|2\n"), TEXT("!!binary "), TEXT("\""), TEXT("'"), TEXT("{"),
    TEXT("["), TEXT("#"), TEXT("\r\n"), TEXT("\xef\xbb\xbf"), TEXT("? "), TEXT("%TAG ! x\n"))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_docs docs = {0}, again = {0}, third = {0};
	auto_err e = {0};

	if (yaml_parse("in", (const char *)data, size, &docs, &e) < 0) {
		EXPECT(str_has_prefix(err_msg(&e), "in:"));
		return 0;
	}
	for (size_t i = 0; i < docs.len; i++) {
		auto_buf text = {0}, same = {0};

		EXPECT(docs.items[i].root && docs.items[i].line > 0);
		(void)yaml_line_of(&docs.items[i], "spec.template.spec.containers[0].name");
		yaml_print(docs.items[i].root, &text);
		EXPECT(yaml_parse("out", buf_str(&text), text.len, &again, &e) == 0);
		EXPECT(again.len == 1);
		/* Integers past 2^64 have become numbers with a fraction: from now on it stays. */
		yaml_print(again.items[0].root, &same);
		EXPECT(yaml_parse("same", buf_str(&same), same.len, &third, &e) == 0);
		EXPECT(third.len == 1 && json_equal(again.items[0].root, third.items[0].root));
		yaml_docs_release(&third);
		yaml_docs_release(&again);
	}
	yaml_docs_release(&docs);
	return 0;
}
