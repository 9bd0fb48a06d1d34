#include "quoted.h"

#include "../../controller/loops/pod_usage.h"

#define LIMIT(size) "'resources':{'limits':{'ephemeral-storage':'" size "'}}"
#define TWO(a, b) "'containers':[{'name':'a'" a "},{'name':'b'" b "}]"
#define VOLUMES                                                                                    \
	"'volumes':[{'name':'v','emptyDir':{'sizeLimit':'1Mi'}},"                                  \
	"{'name':'m','emptyDir':{'medium':'Memory','sizeLimit':'1Ki'}},{'name':'e','emptyDir':{}}" \
	"]"
#define MI (INT64_C(1) << 20)

TEST("what is above its limit is told in a kubelet's words: volumes first, then the pod, then "
     "containers")
{
	static const struct {
		const char *spec;
		int64_t containers[2], volumes[3];
		const char *want;
	} cases[] = {
	    {"{" TWO("", "") "," VOLUMES "}", {99 * MI, 99 * MI}, {MI, 9 * MI, 9 * MI}, NULL},
	    {"{" TWO("", "") "," VOLUMES "}", {0, 0}, {MI + 1, 0, 0},
		"Usage of EmptyDir volume \"v\" exceeds the limit \"1Mi\". "},
	    {"{" TWO("," LIMIT("2Mi"), "," LIMIT("1Mi")) "}", {MI, 2 * MI}, {0},
		"Container b exceeded its local ephemeral storage limit \"1Mi\". "},
	    {"{" TWO("," LIMIT("2Mi"), "," LIMIT("1Mi")) "}", {2 * MI, MI + 1}, {0},
		"Pod ephemeral local storage usage exceeds the total limit of containers 3Mi. "},
	    {"{" TWO("," LIMIT("1M"), "") "}", {0, 1000001}, {0},
		"Pod ephemeral local storage usage exceeds the total limit of containers 1M. "},
	    {"{" TWO("," LIMIT("3Mi"), "") "," VOLUMES "}", {MI, -1}, {MI, 0, MI + 1},
		"Pod ephemeral local storage usage exceeds the total limit of containers 3Mi. "},
	    {"{" TWO("," LIMIT("3Mi"), "") "," VOLUMES "}", {MI, -1}, {MI, 0, MI}, NULL},
	    {"{" TWO("," LIMIT("0"), "") "}", {MI, MI}, {0}, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *spec = parse(cases[i].spec);
		struct usage_facts f = {
		    .containers = cases[i].containers, .volumes = cases[i].volumes};
		auto_free char *got = NULL;

		CHECK(spec);
		got = usage_excess(spec, &f);
		CHECK_STR(got, cases[i].want);
	}
}

TEST("only what is limited is looked at")
{
	static const struct {
		const char *spec;
		bool limited, volumes;
	} cases[] = {
	    {"{" TWO("", "") "}", false, false},
	    {"{" TWO("", "") ",'volumes':[{'name':'e','emptyDir':{}}]}", false, false},
	    {"{" TWO("", "") "," VOLUMES "}", true, true},
	    {"{" TWO("," LIMIT("1Mi"), "") "}", true, false},
	    {"{" TWO("," LIMIT("1Mi"), "") ",'volumes':[{'name':'e','emptyDir':{}}]}", true, true},
	    {"{" TWO("", "") ",'initContainers':[{" LIMIT("1Mi") "}]}", true, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *spec = parse(cases[i].spec);

		CHECK_INT(usage_is_limited(spec), cases[i].limited);
		CHECK_INT(usage_needs_volumes(spec), cases[i].volumes);
	}
}

int main(void)
{
	return test_main();
}
