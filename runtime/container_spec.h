/*
 * container_spec: what a container is made from, in words that both engines understand.
 *
 * Everything is borrowed for the time of the call that takes it. Zero, NULL and empty lists mean
 * the engine's default. What an engine refuses beside another container's network (host names,
 * lines of /etc/hosts, name servers, ports: they belong to the owner of that network) is left out
 * there.
 */
#ifndef KJOB_CONTAINER_SPEC_H
#define KJOB_CONTAINER_SPEC_H

#include "base/json.h"
#include "base/str.h"

/* The period that a CPU quota is given for, in microseconds. */
#define CPU_PERIOD_US 100000

enum mount_kind { MOUNT_BIND, MOUNT_VOLUME, MOUNT_TMPFS };

struct mount_spec {
	enum mount_kind kind;
	const char *source; /* a path on the engine's machine, a volume's name; tmpfs: NULL */
	const char *target;
	const char *propagation; /* of a bind: "rslave", "rshared"; NULL: private */
	bool read_only;
	bool make_source;   /* of a bind: a folder is made where nothing is. Podman always does it
			     */
	int64_t size_bytes; /* of a tmpfs; 0: no limit of its own */
	unsigned mode;      /* of a tmpfs; 0: 01777 */
};

struct port_spec {
	const char *protocol; /* "tcp", "udp", "sctp"; NULL: tcp */
	const char *host_ip;  /* NULL or "": all */
	uint16_t port, host_port;
};

struct container_spec {
	const char *name, *image, *hostname, *domainname, *working_dir, *stop_signal;
	const char *user; /* "UID", "UID:GID" or a name */
	const json *command,
	    *args; /* arrays of strings or NULL: Kubernetes' command is the entrypoint */
	const struct strlist *env; /* "K=V" */
	const json *labels;
	bool stdin_open, stdin_once, tty;

	/* namespaces: "bridge", "none", "host", "container:ID", of IPC also "shareable" */
	const char *network_mode, *pid_mode, *ipc_mode;
	const struct strlist *extra_hosts; /* "name:address" */
	const struct strlist *dns, *dns_search, *dns_options;
	const struct port_spec *ports;
	size_t port_count;

	const struct mount_spec *mounts;
	size_t mount_count;

	/* rights */
	const struct strlist *groups; /* further group ids */
	const struct strlist *cap_add, *cap_drop;
	bool privileged, no_new_privileges, read_only_rootfs, unmasked_proc;
	const char *seccomp;  /* "unconfined" or the text of a profile */
	const char *apparmor; /* "unconfined" or the name of a profile */
	const struct strlist
	    *selinux;        /* parts of the label: "user:U", "role:R", "type:T", "level:L"
			      */
	const json *sysctls; /* object of strings */

	/* limits */
	int64_t memory_bytes, cpu_shares, cpu_quota_us, pids, shm_bytes;
	int oom_score_adj;
};

#endif
