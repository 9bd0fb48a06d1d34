/* names: see names.h. The patterns are small enough to be checked by hand, without a regex engine.
 */
#include "names.h"

#include <ctype.h>

#define LABEL_PATTERN "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define QUALIFIED_NAME_MAX 63
#define PORT_NAME_MAX 15

static const char label_text[] = "a lowercase RFC 1123 label must consist of lower case "
				 "alphanumeric characters or '-', and must start and "
				 "end with an alphanumeric character (e.g. 'my-name',  or "
				 "'123-abc', regex used for validation is "
				 "'" LABEL_PATTERN "')";
static const char subdomain_text[] = "a lowercase RFC 1123 subdomain must consist of lower case "
				     "alphanumeric characters, '-' or '.', and must "
				     "start and end with an alphanumeric character (e.g. "
				     "'example.com', regex used for validation is "
				     "'" LABEL_PATTERN "(\\." LABEL_PATTERN ")*')";
static const char qualified_text[] =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
static const char value_text[] = "a valid label must be an empty string or consist of alphanumeric "
				 "characters, '-', '_' or '.', and must "
				 "start and end with an alphanumeric character (e.g. 'MyValue',  "
				 "or 'my_value',  or '12345', regex used for "
				 "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
	return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

/* LEN characters of lower-case letters, digits and inner hyphens; not empty. */
static bool is_label(const char *s, size_t len)
{
	if (!len || !is_lower_alnum(s[0]) || !is_lower_alnum(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_lower_alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

/* Labels joined by dots. */
static bool is_subdomain(const char *s)
{
	for (;;) {
		size_t len = strcspn(s, ".");

		if (!is_label(s, len))
			return false;
		if (!s[len])
			return true;
		s += len + 1;
	}
}

/* Letters, digits, and inner "-", "_", "."; not empty. */
static bool is_word(const char *s)
{
	size_t len = strlen(s);

	if (!len || !is_alnum(s[0]) || !is_alnum(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(s[i]) && !strchr("-_.", s[i]))
			return false;
	return true;
}

static void check_length(const char *s, size_t max, const char *prefix, struct strlist *problems)
{
	if (strlen(s) > max)
		strlist_addf(problems, "%smust be no more than %zu characters", prefix, max);
}

void name_check_dns_label(const char *s, struct strlist *problems)
{
	check_length(s, DNS_LABEL_MAX, "", problems);
	if (is_label(s, strlen(s)))
		return;
	strlist_add(problems, is_subdomain(s) ? "must not contain dots" : label_text);
}

void name_check_dns1035(const char *s, struct strlist *problems)
{
	static const char text[] =
	    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
	    "with an alphabetic character, and end with an alphanumeric character (e.g. "
	    "'my-name',  or 'abc-123', regex used for validation is "
	    "'[a-z]([-a-z0-9]*[a-z0-9])?')";

	check_length(s, DNS_LABEL_MAX, "", problems);
	if (!is_label(s, strlen(s)) || *s < 'a' || *s > 'z')
		strlist_add(problems, text);
}

void name_check_dns_subdomain(const char *s, struct strlist *problems)
{
	check_length(s, DNS_SUBDOMAIN_MAX, "", problems);
	if (!is_subdomain(s))
		strlist_add(problems, subdomain_text);
}

void name_check_qualified(const char *s, struct strlist *problems)
{
	const char *slash = strchr(s, '/'), *name = slash ? slash + 1 : s;

	if (slash && strchr(name, '/')) {
		strlist_addf(problems,
		    "a qualified name %s with an optional DNS subdomain prefix and '/' (e.g. "
		    "'example.com/MyName')",
		    qualified_text);
		return;
	}
	if (slash) {
		auto_free char *prefix = xstrndup(s, (size_t)(slash - s));

		if (!*prefix)
			strlist_add(problems, "prefix part must be non-empty");
		else if (strlen(prefix) > DNS_SUBDOMAIN_MAX)
			check_length(prefix, DNS_SUBDOMAIN_MAX, "prefix part ", problems);
		else if (!is_subdomain(prefix))
			strlist_addf(problems, "prefix part %s", subdomain_text);
	}
	if (!*name)
		strlist_add(problems, "name part must be non-empty");
	check_length(name, QUALIFIED_NAME_MAX, "name part ", problems);
	if (!is_word(name))
		strlist_addf(problems, "name part %s", qualified_text);
}

void name_check_label_value(const char *s, struct strlist *problems)
{
	check_length(s, DNS_LABEL_MAX, "", problems);
	if (*s && !is_word(s))
		strlist_add(problems, value_text);
}

void name_check_port(const char *s, struct strlist *problems)
{
	size_t len = strlen(s);
	bool letter = false, clean = true;

	check_length(s, PORT_NAME_MAX, "", problems);
	for (size_t i = 0; i < len; i++) {
		letter = letter || (s[i] >= 'a' && s[i] <= 'z');
		clean = clean && (is_lower_alnum(s[i]) || s[i] == '-');
	}
	if (!clean)
		strlist_add(problems,
		    "must contain only alphanumeric characters (a-z, 0-9), and hyphens (-)");
	if (!letter)
		strlist_add(problems, "must contain at least one letter (a-z)");
	if (strstr(s, "--"))
		strlist_add(problems, "must not contain consecutive hyphens");
	if (len && (s[0] == '-' || s[len - 1] == '-'))
		strlist_add(problems, "must not begin or end with a hyphen");
}

void name_check_env(const char *s, struct strlist *problems)
{
	for (const char *p = s; *p; p++)
		if (!isprint((unsigned char)*p) || *p == '=') {
			strlist_add(problems, "a valid environment variable name must consist only "
					      "of printable ASCII characters "
					      "other than '='");
			return;
		}
}

void name_check_config_key(const char *s, struct strlist *problems)
{
	bool clean = *s;

	check_length(s, DNS_SUBDOMAIN_MAX, "", problems);
	for (const char *p = s; *p; p++)
		clean = clean && (is_alnum(*p) || strchr("-_.", *p));
	if (!clean)
		strlist_add(problems, "a valid config key must consist of alphanumeric "
				      "characters, '-', '_' or '.' (e.g. 'key.name',  or "
				      "'KEY_NAME',  or 'key-name', regex used for validation is "
				      "'[-._a-zA-Z0-9]+')");
	if (strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		strlist_addf(problems, "must not be '%s'", s);
	else if (s[0] == '.' && s[1] == '.')
		strlist_add(problems, "must not start with '..'");
}

void name_check_finalizer(const char *s, struct strlist *problems)
{
	static const char *const plain[] = {"orphan", "foregroundDeletion", "kubernetes"};

	name_check_qualified(s, problems);
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (strcmp(s, plain[i]) == 0)
			return;
	if (!problems->len && !strchr(s, '/'))
		strlist_add(problems,
		    "name is neither a standard finalizer name nor is it fully qualified");
}

void name_check_domain_path(const char *s, struct strlist *problems)
{
	const char *slash = strchr(s, '/');
	auto_free char *host = slash ? xstrndup(s, (size_t)(slash - s)) : NULL;

	if (!host || !*host || !slash[1]) {
		strlist_add(problems, "must be a domain-prefixed path (such as \"acme.io/foo\")");
		return;
	}
	name_check_dns_subdomain(host, problems);
	for (const char *p = slash + 1; *p; p++)
		if (!is_alnum(*p) && !strchr("/-._~%!$&'()*+,;=:@", *p)) {
			strlist_add(problems, "Invalid path (regex used for validation is "
					      "'[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')");
			return;
		}
}
