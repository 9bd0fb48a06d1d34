/*
 * openapi: the schema tables as OpenAPI v3 documents, one for each group and version, with the
 * names and extensions that Kubernetes' clients look for (kubectl's explain, apply and its check
 * for fieldValidation among them). Two extensions are kjob's own:
 *
 *   x-kjob-unsupported  this version refuses anything but the default (F_LATER)
 *   x-kjob-no-effect    accepted, and without effect on a single machine (F_NOOP)
 *
 * Pure, and nothing is kept: a document is written type by type into the caller's buffer.
 */
#ifndef KJOB_API_OPENAPI_H
#define KJOB_API_OPENAPI_H

#include "../../runtime/base/buf.h"
#include "api.h"

/* What the server serves, besides the kinds. All borrowed. */
struct openapi_server {
	const char *version; /* of kjob */
	/* The verbs of a kind (sub NULL) or of a subresource, NULL-terminated; NULL: not served. */
	const char *const *(*verbs)(const struct kind *k, const char *sub);
};

/* Appends the document of a group ("" is core) and version as compact JSON; false: there is none.
 */
bool openapi_document(
    const struct openapi_server *s, const char *group, const char *version, struct buf *out);
/* Appends the index of all documents; each URL has the hash of its document. */
void openapi_index(const struct openapi_server *s, struct buf *out);
/* openapi_v2.c: everything in one OpenAPI v2 document; owned. */
json *openapi_v2_document(const struct openapi_server *s);
/* openapi_proto.c: appends that document as a protocol buffer, openapi.v2.Document of gnostic. */
void openapi_v2_proto(const json *v2, struct buf *out);
/* A hash of a document's text, in hexadecimal digits. Returns buf. */
#define OPENAPI_HASH_MAX 20
char *openapi_hash(const struct buf *text, char ret[OPENAPI_HASH_MAX]);

#endif
