#include "../../controller/api/api.h"
#include "../../controller/api/names.h"
#include "test.h"

static json *parse(const char *text)
{
	return json_parse(text, strlen(text), 0, NULL);
}

/* "yes", "no", or the message. */
static const char *match(const char *selector, const char *labels, struct err *e)
{
	auto_json *j = parse(labels);
	struct selector *s = label_selector_parse(selector, e);
	const char *answer;

	if (!s)
		return err_msg(e);
	answer = selector_matches_labels(s, j) ? "yes" : "no";
	selector_free(s);
	return answer;
}

#define CHECK_MATCH(selector, labels, want)                   \
	do {                                                  \
		auto_err e = {0};                             \
		CHECK_STR(match(selector, labels, &e), want); \
	} while (0)

TEST("label selectors hold as in Kubernetes")
{
	static const char labels[] = "{\"app\":\"x\",\"tier\":\"\",\"example.com/n\":\"5\"}";

	CHECK_MATCH("", labels, "yes");
	CHECK_MATCH("app=x", labels, "yes");
	CHECK_MATCH("app==x , tier=", labels, "yes");
	CHECK_MATCH("app=y", labels, "no");
	CHECK_MATCH("app!=y,other!=z", labels, "yes");
	CHECK_MATCH("app in (x, y)", labels, "yes");
	CHECK_MATCH("app in (a,b)", labels, "no");
	CHECK_MATCH("app notin (x)", labels, "no");
	CHECK_MATCH("other notin (x)", labels, "yes");
	CHECK_MATCH("tier in (,a)", labels, "yes");
	CHECK_MATCH("app,!other", labels, "yes");
	CHECK_MATCH("other", labels, "no");
	CHECK_MATCH("!app", labels, "no");
	CHECK_MATCH("example.com/n>4", labels, "yes");
	CHECK_MATCH("example.com/n<5", labels, "no");
	CHECK_MATCH("in=x", "{\"in\":\"x\"}", "yes");
}

TEST("bad label selectors get Kubernetes' texts")
{
	CHECK_MATCH("a b", "{}",
	    "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
	CHECK_MATCH("a=b,", "{}", "found '', expected: identifier after ','");
	CHECK_MATCH("a=b c", "{}", "found 'c', expected: ',' or 'end of string'");
	CHECK_MATCH("a in x", "{}", "unable to parse requirement: found 'x' expected: '('");
	CHECK_MATCH("a in ()", "{}",
	    "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, "
	    "values set can't be empty");
	CHECK_MATCH("=a", "{}", "found '=', expected: !, identifier, or 'end of string'");
	CHECK_MATCH(
	    "a in (x", "{}", "unable to parse requirement: found '', expected: ',', or ')'");
	CHECK_MATCH("a>b", "{}",
	    "unable to parse requirement: values[0][a]: Invalid value: \"b\": for 'Gt', 'Lt' "
	    "operators, "
	    "the value must be an integer");
}

TEST("a LabelSelector object selects; an absent one selects nothing, an empty one everything")
{
	auto_err e = {0};
	auto_json *labels = parse("{\"app\":\"x\"}");
	auto_json *sel = parse(
	    "{\"matchLabels\":{\"app\":\"x\"},\"matchExpressions\":[{\"key\":\"y\",\"operator\":"
	    "\"DoesNotExist\"},{\"key\":\"app\",\"operator\":\"In\",\"values\":[\"x\",\"z\"]}]}");
	auto_json *bad = parse("{\"matchExpressions\":[{\"key\":\"y\",\"operator\":\"Near\"}]}");
	auto_json *empty = parse("{}");
	struct selector *s = label_selector_from(sel, &e), *none = label_selector_from(NULL, &e);
	struct selector *all = label_selector_from(empty, &e);

	CHECK(selector_matches_labels(s, labels));
	CHECK(!selector_matches_labels(s, empty));
	CHECK(!selector_matches_labels(none, labels));
	CHECK(!selector_is_empty(none));
	CHECK(selector_matches_labels(all, labels));
	CHECK(selector_is_empty(all));
	CHECK(!label_selector_from(bad, &e));
	CHECK_STR(err_msg(&e), "\"Near\" is not a valid label selector operator");
	selector_free(s);
	selector_free(none);
	selector_free(all);
}

static bool field_match(enum kind_id id, const char *selector, const char *object)
{
	const struct kind *k = kind_by_id(id);
	auto_json *obj = parse(object);
	struct selector *s = field_selector_parse(k, selector, NULL);
	auto_buf index = {0};
	bool ok;

	api_index_fields(k, obj, &index);
	ok = selector_matches_index(s, buf_str(&index), index.len);
	selector_free(s);
	return ok;
}

TEST("field selectors work on the index text")
{
	static const char pod[] =
	    "{\"metadata\":{\"name\":\"p\",\"namespace\":\"n\"},\"spec\":{\"nodeName\":\"a,b\"},"
	    "\"status\":{\"phase\":\"Running\"}}";

	CHECK(field_match(KIND_POD, "metadata.name=p,status.phase!=Failed", pod));
	CHECK(field_match(KIND_POD, "status.podIP=", pod));
	CHECK(field_match(KIND_POD, "spec.hostNetwork=false", pod));
	CHECK(field_match(KIND_POD, "spec.nodeName=a\\,b", pod));
	CHECK(!field_match(KIND_POD, "metadata.namespace==x", pod));
	CHECK(field_match(KIND_JOB, "status.successful=0", "{}"));
	CHECK(field_match(KIND_JOB, "status.successful=3", "{\"status\":{\"succeeded\":3}}"));
	CHECK(field_match(KIND_EVENT, "source=kubelet", "{\"reportingComponent\":\"kubelet\"}"));
	CHECK(field_match(
	    KIND_EVENT, "involvedObject.name=x", "{\"involvedObject\":{\"name\":\"x\"}}"));
}

TEST("field selectors name only what the kind offers")
{
	auto_err e = {0};

	CHECK(!field_selector_parse(kind_by_id(KIND_JOB), "x=y", &e));
	CHECK_STR(err_msg(&e), "field label not supported: x");
	CHECK(!field_selector_parse(kind_by_id(KIND_JOB), "metadata.name", &e));
	CHECK_STR(
	    err_msg(&e), "invalid selector: 'metadata.name'; can't understand 'metadata.name'");
}

TEST("labels are matched on their index text")
{
	auto_json *obj = parse("{\"metadata\":{\"labels\":{\"a\":\"1\",\"b\":\"\"}}}");
	struct selector *s = label_selector_parse("a=1,b,b=,!c", NULL);
	auto_buf index = {0};

	api_index_labels(obj, &index);
	CHECK_INT(index.len, 7);
	CHECK(selector_matches_index(s, buf_str(&index), index.len));
	CHECK(!selector_matches_index(s, "", 0));
	CHECK(selector_matches_index(NULL, NULL, 0));
	selector_free(s);
}

TEST("kinds are found by resource and by type")
{
	CHECK(kind_by_resource("batch", "v1", "jobs") == kind_by_id(KIND_JOB));
	CHECK(kind_by_gvk("v1", "Pod") == kind_by_id(KIND_POD));
	CHECK(!kind_by_gvk("batch/v1beta1", "Job"));
	CHECK(!kind_by_resource("", "v1", "jobs"));
	CHECK_STR(kind_qualified(kind_by_id(KIND_JOB)), "jobs.batch");
	for (int i = 0; i < KIND_COUNT; i++)
		CHECK_INT(kind_by_id(i)->id, i);
}

TEST("errors about an object carry details")
{
	auto_err e = {0};
	auto_json *status = NULL;
	auto_free char *text = NULL;

	CHECK_INT(err_not_found(&e, kind_by_id(KIND_JOB), "x"), -1);
	status = status_from_err(&e);
	text = json_print(status);
	CHECK_STR(text, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
			"\"Failure\",\"message\":"
			"\"jobs.batch \\\"x\\\" not "
			"found\",\"reason\":\"NotFound\",\"details\":{\"name\":\"x\",\"group\":"
			"\"batch\",\"kind\":\"jobs\"},\"code\":404}");
	err_conflict(&e, kind_by_id(KIND_POD), "x");
	CHECK_STR(err_msg(&e), "Operation cannot be fulfilled on pods \"x\": the object has been "
			       "modified; please apply "
			       "your changes to the latest version and try again");
}

TEST("generated names cut the base and add five characters")
{
	auto_free char *name = api_generate_name("a-");
	auto_free char *cut = api_generate_name(
	    "0123456789012345678901234567890123456789012345678901234567890123456789");

	CHECK_INT(strlen(name), 7);
	CHECK(str_has_prefix(name, "a-"));
	CHECK_INT(strlen(cut), 63);
}

static const char *problems(void (*check)(const char *, struct strlist *), const char *s)
{
	static char text[512];
	auto_strlist list = {0};
	auto_free char *joined = NULL;

	check(s, &list);
	joined = strlist_join(&list, " | ");
	snprintf(text, sizeof(text), "%s", joined);
	return text;
}

TEST("names are checked in Kubernetes' words")
{
	CHECK_STR(problems(name_check_dns_label, "a-1"), "");
	CHECK_STR(problems(name_check_dns_label, "a.b"), "must not contain dots");
	CHECK_STR(problems(name_check_dns_label, "A"),
	    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
	    "and must start and end "
	    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
	    "validation is "
	    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
	CHECK_STR(problems(name_check_dns_subdomain, "a.b-c"), "");
	CHECK(*problems(name_check_dns_subdomain, "a..b"));
	CHECK_STR(problems(name_check_label_value, ""), "");
	CHECK(*problems(name_check_label_value, "a b"));
	CHECK_STR(problems(name_check_qualified, "example.com/A_b"), "");
	CHECK_STR(problems(name_check_qualified, "/a"), "prefix part must be non-empty");
	CHECK(*problems(name_check_qualified, "a/b/c"));
	CHECK_STR(problems(name_check_port, "web-1"), "");
	CHECK_STR(problems(name_check_port, "80"), "must contain at least one letter (a-z)");
	CHECK_STR(problems(name_check_domain_path, "acme.io/foo"), "");
	CHECK_STR(problems(name_check_domain_path, "x"),
	    "must be a domain-prefixed path (such as \"acme.io/foo\")");
}

int main(void)
{
	return test_main();
}
