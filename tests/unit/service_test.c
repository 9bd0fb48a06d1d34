#include "test.h"

#include <stdlib.h>

#include "../../cmd/service.h"
#include "../../runtime/base/str.h"

static const char *const variables[] = {"KJOB_HOME=/home/a b/50%",
    "KJOB_ENGINE=unix:///x\"y\\z$HOME", "TZ=a\nExecStart=/bin/false", NULL};

static const struct service_spec odd = {
    .program = "/opt/my $tools/100%/kjob",
    .engine = "unix:///run/$USER/%t/\"d\".sock",
    .instance = "/home/a b/50%",
    .log_file = "/home/a b/<50%>&c/controller.log",
    .variables = variables,
};

TEST("a systemd unit quotes blanks, percent and dollar signs, quotes and line ends as systemd "
     "reads them")
{
	auto_free char *text = service_text(service_manager("systemd"), &odd);

	CHECK_STR(text,
	    "# The controller of \"/home/a b/50%%\"; 'kjob controller disable' removes this.\n"
	    "[Unit]\n"
	    "Description=kjob, which runs the jobs and cron jobs of this user\n"
	    "StartLimitIntervalSec=0\n"
	    "\n"
	    "[Service]\n"
	    "ExecStart=\"/opt/my $tools/100%%/kjob\" controller run "
	    "\"--engine=unix:///run/$$USER/%%t/\\\"d\\\".sock\"\n"
	    "Restart=on-failure\n"
	    "RestartSec=5\n"
	    "KillMode=process\n"
	    "UMask=0077\n"
	    "UnsetEnvironment=KJOB_IDLE_TIMEOUT\n"
	    "Environment=\"KJOB_HOME=/home/a b/50%%\"\n"
	    "Environment=\"KJOB_ENGINE=unix:///x\\\"y\\\\z$HOME\"\n"
	    "Environment=\"TZ=a\\x0aExecStart=/bin/false\"\n"
	    "\n"
	    "[Install]\n"
	    "WantedBy=default.target\n");
}

TEST("a launchd agent escapes what XML does not take")
{
	auto_free char *text = service_text(service_manager("launchd"), &odd);

	CHECK(strstr(text, "<string>/opt/my $tools/100%/kjob</string>\n"
			   "\t\t<string>controller</string>\n"
			   "\t\t<string>run</string>\n"
			   "\t\t<string>--engine=unix:///run/$USER/%t/\"d\".sock</string>\n"));
	CHECK(strstr(text, "<key>KJOB_HOME</key>\n\t\t<string>/home/a b/50%</string>\n"));
	CHECK(strstr(text, "<key>StandardErrorPath</key>\n"
			   "\t<string>/home/a b/&lt;50%&gt;&amp;c/controller.log</string>\n"));
	CHECK(str_has_suffix(text, "</dict>\n</plist>\n"));
}

TEST("a service without an engine of its own leaves the choice to the controller")
{
	struct service_spec s = odd;
	auto_free char *text = NULL;

	s.engine = "";
	text = service_text(service_manager("systemd"), &s);
	CHECK(strstr(text, " controller run\n"));
}

TEST("a file is known by the instance whose service it is")
{
	static const char *const names[] = {"systemd", "launchd"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct service_manager *m = service_manager(names[i]);
		auto_free char *text = service_text(m, &odd);

		CHECK_INT(service_owner(m, text, "/home/a b/50%"), SERVICE_OURS);
		CHECK_INT(service_owner(m, text, "/home/a b/50"), SERVICE_FOREIGN);
		CHECK_INT(service_owner(m, "[Unit]\n", "/home/a b/50%"), SERVICE_FOREIGN);
		CHECK_INT(service_owner(m, NULL, "/home/a b/50%"), SERVICE_ABSENT);
	}
}

TEST("the file is where the manager looks for those of the user")
{
	auto_free char *config = NULL, *home = NULL, *agent = NULL;

	setenv("HOME", "/home/u", 1);
	setenv("XDG_CONFIG_HOME", "/cfg", 1);
	config = service_file(service_manager("systemd"), NULL);
	CHECK_STR(config, "/cfg/systemd/user/kjob.service");
	setenv("XDG_CONFIG_HOME", "not/absolute", 1);
	home = service_file(service_manager("systemd"), NULL);
	CHECK_STR(home, "/home/u/.config/systemd/user/kjob.service");
	agent = service_file(service_manager("launchd"), NULL);
	CHECK_STR(agent, "/home/u/Library/LaunchAgents/io.kjob.controller.plist");
	CHECK(service_manager("auto") != NULL);
	CHECK(service_manager("openrc") == NULL);
}

int main(void)
{
	return test_main();
}
