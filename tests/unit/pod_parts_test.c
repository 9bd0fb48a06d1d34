#include "quoted.h"

#include "../../controller/loops/pod_parts.h"

/* A pod with the fields of its spec, and a container with its own. */
static json *pod_with(const char *spec)
{
	auto_free char *text =
	    xasprintf("{'metadata':{'name':'p','namespace':'ns','uid':'u'},'spec':{%s}}", spec);

	return parse(text);
}

TEST("users and groups: the container's before the pod's, the image's where only a group is told")
{
	static const struct {
		const char *pod, *container, *image, *want;
		bool needs_image;
	} cases[] = {
	    {"", "{}", NULL, NULL, false},
	    {"'securityContext':{'runAsUser':5}", "{}", NULL, "5", false},
	    {"'securityContext':{'runAsUser':5,'runAsGroup':6}",
		"{'securityContext':{'runAsUser':0}}", NULL, "0:6", false},
	    {"'securityContext':{'runAsGroup':6}", "{}", "", "0:6", true},
	    {"'securityContext':{'runAsGroup':6}", "{}", "app:app", "app:6", true},
	    {"'securityContext':{'runAsNonRoot':true}", "{}", "7", NULL, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json *pod = pod_with(cases[i].pod), *c = parse(cases[i].container);
		auto_spec_parts parts = {0};
		struct container_spec s = {0};

		CHECK_INT(security_needs_image_user(pod, c), cases[i].needs_image);
		security_apply(pod, c, cases[i].image, &s, &parts);
		CHECK_STR(s.user, cases[i].want);
	}
}

TEST("N31 runAsNonRoot is judged by the user that the container would have")
{
#define WHERE " (pod: \"p_ns(u)\", container: c)"
	static const struct {
		const char *context, *image, *want;
	} cases[] = {
	    {"{}", "", NULL},
	    {"{'runAsNonRoot':true,'runAsUser':1}", NULL, NULL},
	    {"{'runAsNonRoot':true,'runAsUser':0}", NULL,
		"container's runAsUser breaks non-root policy" WHERE},
	    {"{'runAsNonRoot':true}", "",
		"container has runAsNonRoot and image will run as root" WHERE},
	    {"{'runAsNonRoot':true}", "0:5",
		"container has runAsNonRoot and image will run as root" WHERE},
	    {"{'runAsNonRoot':true}", "1000:0", NULL},
	    {"{'runAsNonRoot':true}", "app",
		"container has runAsNonRoot and image has non-numeric user (app), cannot verify "
		"user "
		"is non-root" WHERE},
	    {"{'runAsNonRoot':false}", "root", NULL},
	};
	auto_json *pod = pod_with("'securityContext':{'runAsNonRoot':false}");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *text =
		    xasprintf("{'name':'c','securityContext':%s}", cases[i].context);
		auto_json *c = parse(text);
		auto_free char *got = security_refusal(pod, c, cases[i].image);

		CHECK_STR(got, cases[i].want);
	}
}

TEST("cpu and memory become shares, a quota and bytes as a kubelet computes them")
{
	static const struct {
		const char *resources;
		int64_t shares, quota, memory;
	} cases[] = {
	    {"{}", 0, 0, 0},
	    {"{'requests':{'cpu':'250m'}}", 256, 0, 0},
	    {"{'requests':{'cpu':'1m'},'limits':{'cpu':'1m'}}", 2, 1000, 0},
	    {"{'limits':{'cpu':'1500m','memory':'64Mi'}}", 1536, 150000, 67108864},
	    {"{'requests':{'cpu':'9999'},'limits':{'memory':'1500m'}}", 262144, 0, 2},
	    {"{'requests':{'cpu':'0'}}", 2, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *text = xasprintf("{'resources':%s}", cases[i].resources);
		auto_json *c = parse(text);
		struct container_spec s = {0};

		resources_apply(c, &s);
		CHECK_INT(s.cpu_shares, cases[i].shares);
		CHECK_INT(s.cpu_quota_us, cases[i].quota);
		CHECK_INT(s.memory_bytes, cases[i].memory);
	}
}

TEST("N33 host names and what the sandbox writes into /etc/hosts")
{
	auto_json *plain = pod_with("'containers':[{}]");
	auto_json *full = pod_with("'hostname':'web','subdomain':'sub','setHostnameAsFQDN':true,"
				   "'hostAliases':[{'ip':'1.2.3.4','hostnames':['a','b']},"
				   "{'ip':'::1','hostnames':['c']}]");
	auto_json *long_one = pod_with("'subdomain':'a-very-long-subdomain-that-goes-on-and-on-and-"
				       "on-and','setHostnameAsFQDN':true");
	auto_json *plain_args = network_sandbox_args(plain), *args = network_sandbox_args(full);
	auto_free char *plain_text = json_print(plain_args), *text = json_print(args);
	auto_err e = {0};
	auto_free char *name = pod_kernel_hostname(plain, &e);
	auto_free char *fqdn = pod_kernel_hostname(full, &e);
	auto_free char *none = NULL;

	CHECK_STR(plain_text, "[\"pause\",\"p\"]");
	CHECK_STR(text, "[\"pause\",\"web.sub.ns.svc.cluster.local\\tweb\",\"1.2.3.4\\ta\\tb\","
			"\"::1\\tc\"]");
	CHECK_STR(name, "p");
	CHECK_STR(fqdn, "web.sub.ns.svc.cluster.local");
	CHECK_STR(err_msg(&e), "");
	none = pod_kernel_hostname(long_one, &e);
	CHECK(!none);
	CHECK_INT(e.reason, ERR_INVALID);
	CHECK(strstr(err_msg(&e), "is too long (64 is the max characters needed, "));
}

TEST("only the ports of the host are bound, and only where the network is the pod's own")
{
#define PORTS                                                                                  \
	"'containers':[{'ports':[{'containerPort':80},{'containerPort':53,'hostPort':1053,"    \
	"'protocol':'UDP','hostIP':'127.0.0.1'}]},{'ports':[{'containerPort':1,'hostPort':2,"  \
	"'protocol':'TCP'}]}],'initContainers':[{'ports':[{'containerPort':3,'hostPort':3}]}," \
	"{'restartPolicy':'Always','ports':[{'containerPort':4,'hostPort':4}]}]"
	auto_json *pod = pod_with(PORTS), *host = pod_with("'hostNetwork':true," PORTS);
	auto_spec_parts parts = {0}, none = {0};
	struct container_spec s = {0}, h = {0};
	auto_err e = {0};

	CHECK_INT(network_apply(pod, &s, &parts, &e), 0);
	CHECK_INT(s.port_count, 3);
	CHECK_INT(s.ports[0].port, 53);
	CHECK_INT(s.ports[0].host_port, 1053);
	CHECK_STR(s.ports[0].protocol, "udp");
	CHECK_STR(s.ports[0].host_ip, "127.0.0.1");
	CHECK_STR(s.ports[1].protocol, "tcp");
	CHECK_INT(s.ports[2].port, 4);
	CHECK_INT(network_apply(host, &h, &none, &e), 0);
	CHECK_STR(h.network_mode, "host");
	CHECK_INT(h.port_count, 0);
	CHECK(!h.hostname);
}

TEST("dnsConfig adds to the machine's resolver, and is alone with dnsPolicy None")
{
	auto_json *alone = pod_with("'dnsPolicy':'None','dnsConfig':{'nameservers':['9.9.9.9']}");
	auto_json *options =
	    pod_with("'dnsConfig':{'options':[{'name':'ndots','value':'2'},{'name':'rotate'}]}");
	auto_spec_parts a = {0}, b = {0};
	struct container_spec s = {0}, o = {0};
	auto_err e = {0};

	CHECK_INT(network_apply(alone, &s, &a, &e), 0);
	CHECK_INT(s.dns->len, 1);
	CHECK_STR(s.dns->items[0], "9.9.9.9");
	CHECK_INT(s.dns_search->len, 1);
	CHECK_STR(s.dns_search->items[0], ".");
	CHECK_INT(network_apply(options, &o, &b, &e), 0);
	CHECK_INT(o.dns->len, 0);
	CHECK_INT(o.dns_search->len, 0);
	CHECK_INT(o.dns_options->len, 2);
	CHECK_STR(o.dns_options->items[0], "ndots:2");
	CHECK_STR(o.dns_options->items[1], "rotate");
}

int main(void)
{
	return test_main();
}
