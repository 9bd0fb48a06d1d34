/* kjob create secret generic|docker-registry|tls NAME. */
#include "../runtime/base/base64.h"
#include "../runtime/base/paths.h"
#include "create.h"
#include "key_sources.h"

#define DEFAULT_REGISTRY "https://index.docker.io/v1/"

static json *secret_object(const struct cmd_ctx *ctx, const char *type)
{
	json *secret = object_new("v1", "Secret", ctx->args[0]);

	if (*type)
		json_set_str(secret, "type", type);
	return secret;
}

/* ---- generic ---- */

static const struct opt generic_options[] = {
    OPT_ROW_FROM_LITERAL,
    OPT_ROW_FROM_FILE,
    OPT_ROW_FROM_ENV_FILE,
    {"type", 0, OPT_STRING, NULL, "TYPE",
	"What kind of secret it is, such as kubernetes.io/basic-auth (Opaque)", NULL, NULL},
    OPT_ROW_APPEND_HASH,
    OPT_ROWS_CREATE,
    OPT_END,
};

static int exec_generic(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *secret = NULL;

	if (create_check_name(ctx, e) < 0)
		return -1;
	secret = secret_object(ctx, opts_str(&ctx->opts, "type"));
	if (key_sources_add(&ctx->opts, secret, e) < 0)
		return -1;
	return create_object(ctx, secret, e);
}

const struct cmd cmd_create_secret_generic = {
    .name = "create secret generic",
    .usage = "NAME [--from-literal=KEY=VALUE] [--from-file=[KEY=]PATH] [--from-env-file=FILE] "
	     "[--type=TYPE] [options]",
    .summary = "Create a secret from literals and files",
    .help = "What is typed on a command line can be read in its history and in the list of "
	    "processes: for real passwords take a file.",
    .examples = "# A password from a file\n"
		"kjob create secret generic db --from-file=password=./password.txt\n\n"
		"# The lines of a .env file\n"
		"kjob create secret generic db --from-env-file=.env\n",
    .options = generic_options,
    .group = GROUP_RUN,
    .exec = exec_generic,
};

/* ---- docker-registry ---- */

static const struct opt registry_options[] = {
    {"docker-server", 0, OPT_STRING, DEFAULT_REGISTRY, "SERVER", "The registry", NULL, NULL},
    {"docker-username", 0, OPT_STRING, NULL, "NAME", "The name to log in with", NULL, NULL},
    {"docker-password", 0, OPT_STRING, NULL, "PASSWORD", "Its password or token", NULL, NULL},
    {"docker-email", 0, OPT_STRING, NULL, "ADDRESS", "The mail address of the account", NULL, NULL},
    {"from-file", 0, OPT_CSV, NULL, "[KEY=]PATH",
	"Take this file, as in --from-file=.dockerconfigjson=~/.docker/config.json", NULL, NULL},
    OPT_ROW_APPEND_HASH,
    OPT_ROWS_CREATE,
    OPT_END,
};

/* {"auths":{SERVER:{"username":…,"password":…,"email":…,"auth":base64(NAME:PASSWORD)}}} */
static json *registry_config(const struct opts *o)
{
	static const char *const members[][2] = {{"username", "docker-username"},
	    {"password", "docker-password"}, {"email", "docker-email"}};
	auto_free char *both =
	    xasprintf("%s:%s", opts_str(o, "docker-username"), opts_str(o, "docker-password"));
	auto_free char *auth = base64_encode(both, strlen(both));
	json *config = json_new_object(), *entry = json_new_object();

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (*opts_str(o, members[i][1]))
			json_set_str(entry, members[i][0], opts_str(o, members[i][1]));
	json_set_str(entry, "auth", auth);
	json_set(json_obj(config, "auths"), opts_str(o, "docker-server"), entry);
	return config;
}

#define DOCKER_KEY ".dockerconfigjson"

static int exec_registry(struct cmd_ctx *ctx, struct err *e)
{
	static const char *const needed[] = {"docker-username", "docker-password", "docker-server"};
	const struct strlist *files = opts_list(&ctx->opts, "from-file");
	auto_json *secret = NULL, *config = NULL;
	auto_free char *text = NULL;

	if (create_check_name(ctx, e) < 0)
		return -1;
	for (size_t i = 0; !files->len && i < ARRAY_LEN(needed); i++)
		if (!*opts_str(&ctx->opts, needed[i]))
			return err_set(e, ERR_BAD_REQUEST,
			    "either --from-file or the combination of --docker-username, "
			    "--docker-password and --docker-server is required");
	secret = secret_object(ctx, "kubernetes.io/dockerconfigjson");
	if (files->len) {
		auto_strlist named = {0};

		for (size_t i = 0; i < files->len; i++)
			strlist_addf(&named, "%s%s",
			    strchr(files->items[i], '=') ? "" : DOCKER_KEY "=", files->items[i]);
		if (key_files_add(&named, secret, e) < 0)
			return -1;
	} else {
		config = registry_config(&ctx->opts);
		text = json_print(config);
		if (key_add(secret, DOCKER_KEY, text, strlen(text), e) < 0)
			return -1;
	}
	key_append_hash(&ctx->opts, secret);
	return create_object(ctx, secret, e);
}

const struct cmd cmd_create_secret_docker_registry = {
    .name = "create secret docker-registry",
    .usage = "NAME (--docker-username=NAME --docker-password=PASSWORD | --from-file=[KEY=]PATH) "
	     "[options]",
    .summary = "Create a secret with credentials for a registry",
    .help =
	"Pods name it in imagePullSecrets. Without such a secret kjob takes what 'docker login' "
	"and 'podman login' have left on this machine.",
    .examples = "# Name and token\n"
		"kjob create secret docker-registry quay --docker-server=quay.io "
		"--docker-username=robot --docker-password=$TOKEN\n\n"
		"# What docker login has written\n"
		"kjob create secret docker-registry mine "
		"--from-file=.dockerconfigjson=$HOME/.docker/config.json\n",
    .options = registry_options,
    .group = GROUP_RUN,
    .exec = exec_registry,
};

/* ---- tls ---- */

static const struct opt tls_options[] = {
    {"cert", 0, OPT_STRING, NULL, "FILE", "The certificate and those that it is signed by, in PEM",
	NULL, NULL},
    {"key", 0, OPT_STRING, NULL, "FILE", "The private key of the certificate, in PEM", NULL, NULL},
    OPT_ROW_APPEND_HASH,
    OPT_ROWS_CREATE,
    OPT_END,
};

/* One file of PEM blocks, of which one must bear this word. */
static int add_pem(const struct cmd_ctx *ctx, json *secret, const char *key, const char *option,
    const char *word, const char *input, struct err *e)
{
	size_t len = 0;
	auto_free char *text = path_read_file(opts_str(&ctx->opts, option), KEY_FILE_MAX, &len, e);
	const char *begin = text ? strstr(text, "-----BEGIN ") : NULL;

	if (!text)
		return -1;
	if (!begin || !strstr(begin, word))
		return err_set(
		    e, ERR_BAD_REQUEST, "tls: failed to find any PEM data in %s input", input);
	return key_add(secret, key, text, len, e);
}

static int exec_tls(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *secret = NULL;

	if (create_check_name(ctx, e) < 0)
		return -1;
	if (!*opts_str(&ctx->opts, "key") || !*opts_str(&ctx->opts, "cert"))
		return err_set(e, ERR_BAD_REQUEST, "key and cert must be specified");
	secret = secret_object(ctx, "kubernetes.io/tls");
	if (add_pem(ctx, secret, "tls.crt", "cert", "CERTIFICATE-----", "certificate", e) < 0 ||
	    add_pem(ctx, secret, "tls.key", "key", "PRIVATE KEY-----", "key", e) < 0)
		return -1;
	key_append_hash(&ctx->opts, secret);
	return create_object(ctx, secret, e);
}

const struct cmd cmd_create_secret_tls = {
    .name = "create secret tls",
    .usage = "NAME --cert=FILE --key=FILE [options]",
    .summary = "Create a secret with a certificate and its key",
    .examples = "# A certificate and its key\n"
		"kjob create secret tls web --cert=web.crt --key=web.key\n",
    .options = tls_options,
    .group = GROUP_RUN,
    .exec = exec_tls,
};

/* ---- the word before them ---- */

static int exec_secret(struct cmd_ctx *ctx, struct err *e)
{
	return cmd_usage_error(
	    ctx, e, "must specify which kind of secret: generic, docker-registry or tls");
}

const struct cmd cmd_create_secret = {
    .name = "create secret",
    .usage = "(generic | docker-registry | tls) NAME [options]",
    .summary = "Create a secret",
    .group = GROUP_HIDDEN,
    .exec = exec_secret,
};
