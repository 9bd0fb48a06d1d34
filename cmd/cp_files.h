/*
 * cp_files: local files into a tar and out of one, as they stream.
 *
 * An archive that is unpacked comes from a container and is hostile: names that are absolute or
 * have
 * "..", and links that would lead out of the destination, are refused; nothing is ever written
 * through a link below the destination.
 */
#ifndef KJOB_CMD_CP_FILES_H
#define KJOB_CMD_CP_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../runtime/base/err.h"

/* ---- into a tar ---- */

struct packer;
/*
 * What is at `source`, a file or a folder with all in it, under the name `name` in the archive;
 * with its owners, or as root's.
 */
struct packer *packer_new(
    const char *source, const char *name, bool owners, struct err *e) MUST_USE;
void packer_free(struct packer *p);
/* How many devices, sockets and the like were left out. */
size_t packer_skipped(const struct packer *p);
/* The next piece; 0: that was all, -1: a file cannot be read. */
int64_t packer_read(struct packer *p, char *data, size_t max, struct err *e);

/* ---- out of a tar ---- */

struct unpacker;
/*
 * The archive holds one file or folder, under any name. A file becomes `target`, or a file of its
 * own name `base` in it where that is a folder; a folder's contents go into `target`, which is made
 * where it is missing.
 */
struct unpacker *unpacker_new(const char *target, const char *base);
void unpacker_free(struct unpacker *u);
int unpacker_write(struct unpacker *u, const char *data, size_t len, struct err *e) MUST_USE;
/* -1: the archive is not complete, or was empty. */
int unpacker_end(struct unpacker *u, struct err *e) MUST_USE;
/* Whether anything has come. */
bool unpacker_begun(const struct unpacker *u);
/* How many links and special files were left out. */
size_t unpacker_skipped(const struct unpacker *u);

#endif
