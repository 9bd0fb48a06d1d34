#include "../../controller/loops/services_decide.h"
#include "test.h"

static json *parse(const char *text)
{
	json *j = json_parse(text, strlen(text), 0, NULL);

	CHECK(j != NULL);
	return j;
}

#define SERVICE                                                                                   \
	"{\"metadata\":{\"name\":\"my-q\",\"namespace\":\"default\",\"uid\":\"u\"},\"spec\":{"    \
	"\"clusterIP\":\"%s\",\"ports\":[{\"name\":\"r\",\"port\":6379,\"targetPort\":\"redis\"," \
	"\"protocol\":\"TCP\"}]}}"
#define POD                                                                                        \
	"{\"metadata\":{\"name\":\"%s\",\"namespace\":\"default\",\"uid\":\"%s\"%s},\"spec\":{"    \
	"\"nodeName\":\"n\",\"hostname\":\"h\",\"subdomain\":\"my-q\",\"containers\":[{\"ports\":" \
	"[{\"name\":\"redis\",\"containerPort\":7000}]}]},\"status\":{\"phase\":\"%s\",\"podIP\":" \
	"\"%s\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"%s\"}]}}"

static json *service(const char *ip)
{
	auto_free char *text = xasprintf(SERVICE, ip);

	return parse(text);
}

static json *four_pods(void)
{
	auto_free char *text = xasprintf("[" POD "," POD "," POD "," POD "]", "a", "1", "",
	    "Running", "10.0.0.9", "True", "b", "2", "", "Running", "10.0.0.8", "False", "c", "3",
	    "", "Succeeded", "10.0.0.7", "True", "d", "4",
	    ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", "Running", "10.0.0.6", "True");

	return parse(text);
}

TEST("W02: only pods that are ready are addresses, those that ended or end are none")
{
	auto_json *s = service("10.1.0.2"), *pods = four_pods();
	auto_json *subsets = service_subsets(s, pods);
	const json *first = json_at(subsets, 0);

	CHECK(json_len(subsets) == 1);
	CHECK(json_len(json_get(first, "addresses")) == 1);
	CHECK_STR(json_str(json_at(json_get(first, "addresses"), 0), "ip"), "10.0.0.9");
	CHECK(json_len(json_get(first, "notReadyAddresses")) == 1);
	CHECK_STR(json_str(json_at(json_get(first, "notReadyAddresses"), 0), "ip"), "10.0.0.8");
	CHECK(json_int(json_at(json_get(first, "ports"), 0), "port", 0) == 7000);
}

TEST("a slice tells of pods that are ending, too")
{
	auto_json *s = service("10.1.0.2"), *pods = four_pods();
	auto_json *slices = service_slices(s, pods);
	const json *ending = json_at(json_get(json_at(slices, 0), "endpoints"), 0);

	CHECK(json_len(slices) == 1);
	CHECK(json_len(json_get(json_at(slices, 0), "endpoints")) == 3);
	CHECK(json_bool(json_get(ending, "conditions"), "terminating", false));
	CHECK(json_bool(json_get(ending, "conditions"), "serving", false));
	CHECK(!json_bool(json_get(ending, "conditions"), "ready", true));
}

TEST("the relay is told of an address, its port and where it leads")
{
	auto_json *s = service("10.1.0.2"), *pods = four_pods();
	auto_json *subsets = service_subsets(s, pods);
	auto_buf text = {.max = 4096};

	service_feed(s, subsets, &text);
	CHECK_STR(buf_str(&text),
	    "a my-q.default.svc.cluster.local 10.1.0.2\n"
	    "srv _r._tcp.my-q.default.svc.cluster.local 6379 my-q.default.svc.cluster.local\n"
	    "listen 10.1.0.2 6379\n"
	    "to 10.0.0.9 7000\n");
	json_set_path(s, "spec.sessionAffinity", json_new_string("ClientIP"));
	buf_clear(&text);
	service_feed(s, subsets, &text);
	CHECK(strstr(buf_str(&text), "\nlisten 10.1.0.2 6379 same\n") != NULL);
}

TEST("W03: a service without an address leads to its pods by name")
{
	auto_json *s = service("None"), *pods = four_pods();
	auto_json *subsets = service_subsets(s, pods);
	auto_buf text = {.max = 4096};

	service_feed(s, subsets, &text);
	CHECK_STR(buf_str(&text),
	    "name my-q.default.svc.cluster.local\n"
	    "a my-q.default.svc.cluster.local 10.0.0.9\n"
	    "a h.my-q.default.svc.cluster.local 10.0.0.9\n"
	    "srv _r._tcp.my-q.default.svc.cluster.local 7000 h.my-q.default.svc.cluster.local\n");
}

TEST("W04: variables name address and ports; a service without an address has none")
{
	auto_json *s = service("10.1.0.2"), *headless = service("None");
	auto_strlist env = {0}, none = {0};

	service_env(s, &env);
	service_env(headless, &none);
	CHECK(none.len == 0);
	CHECK(strlist_has(&env, "MY_Q_SERVICE_HOST=10.1.0.2"));
	CHECK(strlist_has(&env, "MY_Q_SERVICE_PORT=6379"));
	CHECK(strlist_has(&env, "MY_Q_SERVICE_PORT_R=6379"));
	CHECK(strlist_has(&env, "MY_Q_PORT=tcp://10.1.0.2:6379"));
	CHECK(strlist_has(&env, "MY_Q_PORT_6379_TCP=tcp://10.1.0.2:6379"));
	CHECK(strlist_has(&env, "MY_Q_PORT_6379_TCP_ADDR=10.1.0.2"));
	CHECK(env.len == 8);
}

TEST("an address is in a network or beside it")
{
	CHECK(subnet_holds("10.88.0.0/16", address_parse("10.88.255.1")));
	CHECK(!subnet_holds("10.88.0.0/16", address_parse("10.89.0.1")));
	CHECK(!subnet_holds("10.88.0.0/16", address_parse("10.87.255.255")));
	CHECK(!subnet_holds("10.88.0.0", address_parse("10.88.0.1")));
	CHECK(!subnet_holds(NULL, address_parse("10.88.0.1")));
	CHECK(!subnet_holds("10.88.0.0/16", address_parse("")));
}

TEST("a block is in the upper half of its network and inside of it")
{
	static const char *const subnets[] = {"172.17.0.0/16", "10.88.0.0/16", "192.168.5.0/24"};
	char room[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(subnets); i++) {
		for (uint64_t pick = 0; pick < 300; pick++) {
			struct address_block b = block_of(subnets[i], pick),
					     zero = block_of(subnets[i], 0);

			CHECK(b.base >= zero.base);
			CHECK(b.base % block_size(b) == 0);
			CHECK(block_last(b) > block_first(b));
		}
	}
	CHECK_STR(address_format(room, block_of("172.17.0.0/16", 127).base), "172.17.255.0");
	CHECK_STR(address_format(room, block_of("192.168.5.0/24", 7).base), "192.168.5.240");
	CHECK(block_of("192.168.5.0/28", 0).base == 0);
	CHECK(block_of("nonsense", 0).base == 0);
}

int main(void)
{
	return test_main();
}
