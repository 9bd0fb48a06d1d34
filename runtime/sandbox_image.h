/*
 * sandbox_image: the container that holds a pod's network (and, when asked, its processes).
 *
 * It runs a program of ours (sandbox/sandbox.c), which is in this binary: nothing is pulled. The
 * image is built here and loaded through the engine's API the first time it is missing, also when
 * somebody has pruned it. Its name has the digest of the program: another version is another image.
 *
 * As process 1 the program writes the pod's /etc/hosts, collects orphans, and ends on SIGTERM.
 * Started by an exec in the sandbox it works in the pod's network:
 *
 *   SANDBOX_PROGRAM connect HOST PORT [TIMEOUT-MS]
 *       a TCP connection: stdin goes out, what comes back to stdout; ends when both sides have;
 *       "connected" on stderr when it is made
 *   SANDBOX_PROGRAM run
 *       starts commands on request: runner.h
 *   SANDBOX_PROGRAM usage DIR...
 *       prints a line for each folder: how many bytes of the disk what is in it takes
 *   SANDBOX_PROGRAM write FILE [LINE]...
 *       stdin, or the lines, become the contents of an existing file, in place (/etc/hosts is a
 *       mount that the pod's containers share)
 *
 * HOST is an address or localhost. The exit code is 0, or 1 with one line on stderr in the words of
 * Go's net package ("dial tcp 10.0.0.1:80: connect: connection refused", "…: i/o timeout"); 2:
 * wrong arguments.
 */
#ifndef KJOB_SANDBOX_IMAGE_H
#define KJOB_SANDBOX_IMAGE_H

#include "engine.h"

#define SANDBOX_PROGRAM "/sandbox"

/* The image's name with its tag; static. */
const char *sandbox_image_ref(void);

/*
 * Creates a sandbox: image, entrypoint and user are ours, the rest of the spec is the caller's
 * (args become the arguments of process 1: sandbox_args). Where the image is missing it is loaded
 * first: ERR_INTERNAL where the engine's machine has another architecture than this program, which
 * the text says. cb's text: the id.
 */
engine_id sandbox_create(
    struct engine *en, const struct container_spec *s, engine_text_fn *cb, struct engine_who who);

/*
 * What process 1 is told so that it writes /etc/hosts as a kubelet does, with the pod's address in
 * front of `names` ("host.sub.ns.svc.cluster.local\thost"); NULL: it leaves the file alone.
 * aliases: further lines, "IP\tname\tname". Owned array.
 */
json *sandbox_args(const char *names, const struct strlist *aliases);

/*
 * The same program for containers of other images, which it starts commands in (runner.h): a volume
 * of the engine, to be mounted at SANDBOX_VOLUME_DIR, read-only. Below /dev it leaves no trace in a
 * container's own files.
 */
#define SANDBOX_VOLUME_DIR "/dev/kjob"
#define SANDBOX_VOLUME_PROGRAM SANDBOX_VOLUME_DIR "/runner"

/* The volume's name; static. */
const char *sandbox_volume_name(void);

/*
 * Makes the volume and fills it, also when it is there already. For that a container is made and
 * removed: its name and labels are the caller's, and one of that name is removed first. cb runs
 * once, unless it is freed before, which the caller does in any case; errors as those of
 * sandbox_create.
 */
struct sandbox_volume;
struct sandbox_volume *sandbox_volume_fill(struct engine *en, const char *name, const json *labels,
    engine_done_fn *cb, struct engine_who who);
/* NULL is fine. */
void sandbox_volume_free(struct sandbox_volume *v);

#endif
