#include "api_fixture.h"
#include "table_row.h"

#define CM(members) "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x'}" members "}"
#define SECRET(members) "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'x'}" members "}"

static const struct kind *config_map(void)
{
	return kind_by_id(KIND_CONFIGMAP);
}

static const struct kind *secret(void)
{
	return kind_by_id(KIND_SECRET);
}

static void created(const struct kind *k, const char *text, const char *want)
{
	auto_err e = {0};
	auto_json *obj = prepared(k, text, &e);
	auto_free char *got = NULL;

	if (!obj || api_validate_create(k, obj, NULL, &e) < 0)
		got = errors_of(&e);
	CHECK_QUOTED(got ? got : "", want);
}

static void updated(const struct kind *k, const char *before, const char *after, const char *want)
{
	auto_err e = {0};
	auto_json *old = prepared(k, before, &e), *obj = prepared(k, after, &e);
	auto_free char *got = NULL;

	api_prepare_update(k, obj, old);
	if (api_validate_update(k, obj, old, &e) < 0)
		got = errors_of(&e);
	CHECK_QUOTED(got ? got : "", want);
}

TEST("a config map has text and bytes, under keys that can be file names")
{
	created(config_map(), CM(""), "");
	created(config_map(),
	    CM(",'data':{'a':'1','b.txt':'','_-.':'x'},'binaryData':{'c':'AA=='}"), "");
	created(config_map(), CM(",'data':{'a b':'1'}"),
	    "data[a b]: Invalid value: 'a b': a valid config key must consist of alphanumeric "
	    "characters, |-|, |_| or |.| (e.g. |key.name|,  or |KEY_NAME|,  or |key-name|, regex "
	    "used for validation is |[-._a-zA-Z0-9]+|)");
	created(config_map(), CM(",'data':{'..':'1'}"),
	    "data[..]: Invalid value: '..': must not be |..|");
	created(config_map(), CM(",'binaryData':{'..a':''}"),
	    "binaryData[..a]: Invalid value: '..a': must not start with |..|");
	created(config_map(), CM(",'data':{'a':'1'},'binaryData':{'a':'AA=='}"),
	    "[data[a]: Invalid value: 'a': duplicate of key present in binaryData, "
	    "binaryData[a]: Invalid value: 'a': duplicate of key present in data]");
}

TEST("values of a wrong type and bytes that are no base64 are refused, a secret's without being "
     "shown")
{
	created(config_map(), CM(",'data':{'a':12345}"),
	    "ConfigMap in version 'v1' cannot be handled as a ConfigMap: json: cannot unmarshal "
	    "number into Go struct field ConfigMap.data of type string (did you mean '12345'? "
	    "quote it)");
	created(secret(), SECRET(",'stringData':{'pin':12345}"),
	    "Secret in version 'v1' cannot be handled as a Secret: json: cannot unmarshal number "
	    "into Go struct field Secret.stringData of type string (text is expected: quote it)");
	created(secret(), SECRET(",'data':{'a':'hello world'}"),
	    "Secret in version 'v1' cannot be handled as a Secret: illegal base64 data at input "
	    "byte 5");
	created(secret(), SECRET(",'data':{'a':true}"),
	    "Secret in version 'v1' cannot be handled as a Secret: json: cannot unmarshal bool "
	    "into "
	    "Go struct field Secret.data of type []uint8");
}

/* A config map with one value of LEN bytes. */
static char *sized(const char *format, size_t len)
{
	auto_free char *value = xmalloc(len + 1);

	memset(value, 'A', len);
	value[len] = '\0';
	return xasprintf(format, value);
}

TEST("all values together have at most 1 MiB, bytes counted before their encoding")
{
	auto_free char *fits = sized(CM(",'data':{'a':'%s'}"), MIB);
	auto_free char *big = sized(CM(",'data':{'a':'%s','b':'x'}"), MIB);
	auto_free char *coded = sized(SECRET(",'data':{'a':'%s'}"), MIB / 3 * 4);
	auto_free char *more = sized(SECRET(",'data':{'a':'%s'}"), MIB / 3 * 4 + 4);

	created(config_map(), fits, "");
	created(config_map(), big, "[]: Too long: may not be more than 1048576 bytes");
	created(secret(), coded, "");
	created(secret(), more, "data: Too long: may not be more than 1048576 bytes");
}

TEST("stringData becomes part of data, and a secret without type is Opaque")
{
	auto_err e = {0};
	auto_json *obj = prepared(secret(),
	    SECRET(",'data':{'b':'Zm9v','a':'Zg\\n=='},'stringData':{'b':'bar','':''}"), &e);
	auto_free char *data = json_print(json_get(obj, "data"));

	CHECK_QUOTED(data, "{'':'','a':'Zg==','b':'YmFy'}");
	CHECK(!json_get(obj, "stringData"));
	CHECK_STR(json_str(obj, "type"), "Opaque");
}

TEST("secrets of the known types must have their keys")
{
#define OF(type, data) SECRET(",'type':'kubernetes.io/" type "','stringData':{" data "}")
	created(secret(), OF("anything-else", ""), "");
	created(secret(), OF("tls", "'tls.crt':''"), "data[tls.key]: Required value");
	created(secret(), OF("tls", "'tls.crt':'','tls.key':''"), "");
	created(secret(), OF("basic-auth", "'username':''"), "");
	created(secret(), OF("basic-auth", ""),
	    "[data[username]: Required value, data[password]: Required value]");
	created(secret(), OF("ssh-auth", "'ssh-privatekey':''"),
	    "data[ssh-privatekey]: Required value");
	created(
	    secret(), OF("dockerconfigjson", "'x':''"), "data[.dockerconfigjson]: Required value");
	created(secret(), OF("dockerconfigjson", "'.dockerconfigjson':'{hunter2'"),
	    "data[.dockerconfigjson]: Invalid value: '<secret contents redacted>': must be a JSON "
	    "object");
	created(secret(), OF("dockerconfigjson", "'.dockerconfigjson':'{}'"), "");
	created(secret(), OF("dockercfg", "'.dockercfg':'{}'"), "");
	created(secret(), OF("service-account-token", ""),
	    "metadata.annotations[kubernetes.io/service-account.name]: Required value");
}

TEST("what is immutable stays so, and the type of a secret never changes")
{
#define FORBIDDEN(path) path ": Forbidden: field is immutable when `immutable` is set"
	updated(
	    config_map(), CM(",'data':{'a':'1'}"), CM(",'data':{'a':'2'},'immutable':true"), "");
	updated(config_map(), CM(",'data':{'a':'1'},'immutable':true"), CM(",'data':{'a':'2'}"),
	    "[" FORBIDDEN("immutable") ", " FORBIDDEN("data") "]");
	updated(config_map(), CM(",'immutable':true"),
	    CM(",'binaryData':{'a':'AA=='},'immutable':true"), FORBIDDEN("binaryData"));
	updated(secret(), SECRET(",'stringData':{'a':'1'},'immutable':true"),
	    SECRET(",'stringData':{'a':'1'},'immutable':true"), "");
	updated(secret(), SECRET(",'stringData':{'a':'1'},'immutable':true"),
	    SECRET(",'stringData':{'a':'2'},'immutable':true"), FORBIDDEN("data"));
	updated(secret(), SECRET(""), SECRET(",'type':'a/b'"),
	    "type: Invalid value: 'a/b': field is immutable");
}

TEST("get shows how many keys there are")
{
	auto_err e = {0};
	auto_json *cm =
	    prepared(config_map(), CM(",'data':{'a':'1'},'binaryData':{'b':'AA=='}"), &e);
	auto_json *s = prepared(secret(), SECRET(",'stringData':{'a':'1','b':'2'}"), &e);
	auto_json *row = row_of(config_map(), cm, INCLUDE_NONE, 0);
	auto_json *secret_row = row_of(secret(), s, INCLUDE_NONE, 0);
	auto_free char *cells = json_print(json_get(row, "cells"));
	auto_free char *secret_cells = json_print(json_get(secret_row, "cells"));

	CHECK_QUOTED(cells, "['x',2,'<unknown>']");
	CHECK_QUOTED(secret_cells, "['x','Opaque',2,'<unknown>']");
}

TEST("secrets are selected by their type")
{
	auto_err e = {0};
	struct selector *s = field_selector_parse(secret(), "type=Opaque", &e);

	CHECK(s != NULL);
	selector_free(s);
	CHECK(field_selector_parse(config_map(), "type=Opaque", &e) == NULL);
}

int main(void)
{
	return test_main();
}
