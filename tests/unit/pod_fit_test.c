#include "quoted.h"

#include "../../controller/loops/pod_fit.h"

#define REQ(list) "{'resources':{'requests':{" list "}}}"

TEST("a pod wants the sum of its containers or its largest init container beside its sidecars")
{
	static const struct {
		const char *spec;
		int64_t cpu, memory;
	} cases[] = {
	    {"{'containers':[{}]}", 0, 0},
	    {"{'containers':[" REQ("'cpu':'100m','memory':'1Ki'") "," REQ("'cpu':'1'") "]}", 1100,
		1024},
	    {"{'initContainers':[" REQ("'cpu':'2'") "," REQ("'cpu':'500m'") "],'containers':[" REQ(
		 "'cpu':'1','memory':'1500m'") "]}",
		2000, 2},
	    /* init a: 1; sidecar s: 1; init b: 1 beside s = 2; at last c: 0.5 beside s = 1.5 */
	    {"{'initContainers':[" REQ(
		 "'cpu':'1'") ",{'restartPolicy':'Always','resources':{'requests':{'cpu':'1'}}}"
			      "," REQ("'cpu':'1'") "],'containers':[" REQ("'cpu':'500m'") "]}",
		2000, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *spec = parse(cases[i].spec);
		struct room r = pod_room_wanted(spec);

		CHECK_INT(r.cpu_milli, cases[i].cpu);
		CHECK_INT(r.memory_bytes, cases[i].memory);
		CHECK_INT(r.pods, 1);
	}
}

#define NOT_NOW                                                                                \
	". no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption " \
	"victims found for incoming pod."
#define NOT_EVER                                                                               \
	". no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is " \
	"not helpful for scheduling."

TEST("what does not fit is told in the scheduler's words: now, or never")
{
	static const struct {
		const char *spec;
		struct room used;
		bool ports;
		enum fit fit;
		const char *message; /* behind "0/1 nodes are available: 1 " */
	} cases[] = {
	    {"{'containers':[{}]}", {2000, 1000, 109, 0}, false, FIT_YES, NULL},
	    {"{'containers':[" REQ("'cpu':'2','memory':'1000'") "]}", {0}, false, FIT_YES, NULL},
	    {"{'containers':[" REQ("'cpu':'2','memory':'1000'") "]}", {1, 1, 1, 0}, false,
		FIT_LATER, "Insufficient cpu, 1 Insufficient memory" NOT_NOW},
	    {"{'containers':[" REQ("'cpu':'2001m'") "]}", {0}, false, FIT_NEVER,
		"Insufficient cpu" NOT_EVER},
	    {"{'containers':[" REQ("'memory':'1001'") "]}", {0}, false, FIT_NEVER,
		"Insufficient memory" NOT_EVER},
	    {"{'containers':[{}]}", {0, 0, 110, 0}, false, FIT_LATER, "Too many pods" NOT_NOW},
	    {"{'containers':[" REQ("'cpu':'1'") "]}", {2000, 0, 110, 0}, false, FIT_LATER,
		"Insufficient cpu, 1 Too many pods" NOT_NOW},
	    {"{'containers':[" REQ("'x.io/gpu':'1','hugepages-2Mi':'0'") "]}", {0}, false,
		FIT_NEVER, "Insufficient x.io/gpu" NOT_EVER},
	    {"{'containers':[" REQ("'ephemeral-storage':'1k'") "]}", {0, 0, 1, 4001}, false,
		FIT_LATER, "Insufficient ephemeral-storage" NOT_NOW},
	    {"{'containers':[" REQ("'ephemeral-storage':'5001'") "]}", {0}, false, FIT_NEVER,
		"Insufficient ephemeral-storage" NOT_EVER},
	    {"{'nodeSelector':{'disk':'ssd'},'containers':[" REQ("'cpu':'99'") "]}", {0}, false,
		FIT_NEVER, "node(s) didn't match Pod's node affinity/selector" NOT_EVER},
	    {"{'nodeSelector':{'os':'linux'},'containers':[{}]}", {0}, false, FIT_YES, NULL},
	    {"{'containers':[{}]}", {0}, true, FIT_LATER,
		"node(s) didn't have free ports for the requested pod ports" NOT_NOW},
	};
	auto_json *labels = parse("{'os':'linux'}");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *spec = parse(cases[i].spec);
		struct fit_node node = {.total = {2000, 1000, 110, 5000},
		    .used = cases[i].used,
		    .labels = labels,
		    .ports_taken = cases[i].ports};
		auto_free char *got = NULL, *want = NULL;

		CHECK_INT(pod_fit(spec, &node, &got), cases[i].fit);
		if (cases[i].message)
			want = xasprintf("0/1 nodes are available: 1 %s", cases[i].message);
		CHECK_STR(got, want);
	}
}

TEST("a cordoned or tainted node takes pods that tolerate it")
{
#define OF(tolerations) "{'containers':[{}],'tolerations':[" tolerations "]}"
	static const struct {
		const char *spec, *taints;
		bool cordoned;
		const char *reason; /* NULL: it fits */
	} cases[] = {
	    {OF(""), "[]", true, "node(s) were unschedulable"},
	    {OF("{'key':'node.kubernetes.io/unschedulable','operator':'Exists'}"), "[]", true,
		NULL},
	    {OF("{'operator':'Exists'}"), "[{'key':'a','effect':'NoSchedule'}]", true, NULL},
	    {OF(""), "[{'key':'a','effect':'NoSchedule'}]", false,
		"node(s) had untolerated taint(s)"},
	    {OF(""), "[{'key':'a','effect':'PreferNoSchedule'}]", false, NULL},
	    {OF("{'key':'a','value':'x'}"), "[{'key':'a','value':'x','effect':'NoSchedule'}]",
		false, NULL},
	    {OF("{'key':'a','value':'y'}"), "[{'key':'a','value':'x','effect':'NoSchedule'}]",
		false, "node(s) had untolerated taint(s)"},
	    {OF("{'key':'a','operator':'Exists','effect':'NoExecute'}"),
		"[{'key':'a','effect':'NoSchedule'}]", false, "node(s) had untolerated taint(s)"},
	    {OF("{'key':'a','operator':'Exists'}"),
		"[{'key':'a','effect':'NoSchedule'},{'key':'b','effect':'NoSchedule'}]", false,
		"node(s) had untolerated taint(s)"},
	    {OF("{'key':'a','operator':'Gt','value':'4'}"),
		"[{'key':'a','value':'5','effect':'NoSchedule'}]", false, NULL},
	    {OF("{'key':'a','operator':'Lt','value':'4'}"),
		"[{'key':'a','value':'5','effect':'NoSchedule'}]", false,
		"node(s) had untolerated taint(s)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *spec = parse(cases[i].spec), *taints = parse(cases[i].taints);
		struct fit_node node = {
		    .total = {1, 1, 1, 1}, .taints = taints, .unschedulable = cases[i].cordoned};
		auto_free char *got = NULL, *want = NULL;

		CHECK_INT(pod_fit(spec, &node, &got), cases[i].reason ? FIT_NEVER : FIT_YES);
		if (cases[i].reason)
			want = xasprintf("0/1 nodes are available: 1 %s" NOT_EVER, cases[i].reason);
		CHECK_STR(got, want);
	}
}

TEST("host ports clash by number, protocol and address")
{
#define PORT(text) "{'containers':[{'ports':[{'containerPort':1}," text "]}]}"
	static const struct {
		const char *other;
		bool clash;
	} cases[] = {
	    {PORT("{'hostPort':80,'protocol':'TCP'}"), true},
	    {PORT("{'hostPort':81,'protocol':'TCP'}"), false},
	    {PORT("{'hostPort':80,'protocol':'UDP'}"), false},
	    {PORT("{'hostPort':80,'hostIP':'127.0.0.1'}"), true},
	    {"{'containers':[{}]}", false},
	    {"{'initContainers':[{'ports':[{'hostPort':80}]}],'containers':[{}]}", false},
	    {"{'initContainers':[{'restartPolicy':'Always','ports':[{'hostPort':80}]}],"
	     "'containers':[{}]}",
		true},
	};
	auto_json *all = parse(PORT("{'hostPort':80}"));
	auto_json *one = parse(PORT("{'hostPort':80,'hostIP':'127.0.0.2'}"));
	auto_json *two = parse(PORT("{'hostPort':80,'hostIP':'127.0.0.1'}"));

	CHECK(pod_has_host_ports(all));
	CHECK(!pod_ports_clash(one, two));
	CHECK(pod_ports_clash(two, two));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *other = parse(cases[i].other);

		CHECK_INT(pod_ports_clash(all, other), cases[i].clash);
	}
}

int main(void)
{
	return test_main();
}
