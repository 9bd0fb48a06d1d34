/*
 * names: the syntax rules for names, label keys and values, in the words of Kubernetes.
 *
 * Each check appends one text for each rule that is broken; nothing appended means well-formed.
 */
#ifndef KJOB_API_NAMES_H
#define KJOB_API_NAMES_H

#include "../../runtime/base/str.h"

#define DNS_LABEL_MAX 63
#define DNS_SUBDOMAIN_MAX 253

void name_check_dns_label(const char *s, struct strlist *problems);     /* containers, namespaces */
void name_check_dns_subdomain(const char *s, struct strlist *problems); /* jobs, pods */
void name_check_dns1035(const char *s, struct strlist *problems);       /* services */
void name_check_qualified(const char *s, struct strlist *problems); /* label keys: [prefix/]name */
void name_check_label_value(const char *s, struct strlist *problems);
void name_check_port(const char *s, struct strlist *problems); /* names of ports */
void name_check_env(const char *s, struct strlist *problems);  /* names of variables */
void name_check_config_key(const char *s, struct strlist *problems); /* keys of config maps */
void name_check_finalizer(const char *s, struct strlist *problems);
/* "domain/path", as managedBy wants it. */
void name_check_domain_path(const char *s, struct strlist *problems);

#endif
