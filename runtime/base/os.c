#include "os.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __linux__
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

void os_close_above(int last_kept)
{
	long max = sysconf(_SC_OPEN_MAX);

#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned)last_kept + 1, ~0u, 0u) == 0)
		return;
#endif
	for (int fd = last_kept + 1; fd < (max > 0 && max < 65536 ? max : 65536); fd++)
		close(fd);
}

#if defined(__linux__)

char *os_executable(void)
{
	/* the link itself, so that a program that was replaced meanwhile still starts as it was */
	return access("/proc/self/exe", X_OK) == 0 ? xstrdup("/proc/self/exe") : NULL;
}

/* Segments that cannot be written were never changed: their pages can be dropped and read again. */
static int drop_segments(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	if (strstr(info->dlpi_name, "vdso"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t from = (info->dlpi_addr + p->p_vaddr) & ~(page - 1);
		uintptr_t to = info->dlpi_addr + p->p_vaddr + p->p_memsz;

		if (p->p_type == PT_LOAD && !(p->p_flags & PF_W))
			madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void os_give_back_memory(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
	dl_iterate_phdr(drop_segments, NULL);
}

#if defined(SYS_pidfd_open) && defined(SYS_pidfd_send_signal)

#define TREE_MAX 256
#define TREE_PASSES 8

/* Processes that are held by descriptors, so that their numbers cannot come to mean others. */
struct tree {
	long pids[TREE_MAX];
	int fds[TREE_MAX];
	size_t len;
};

static size_t read_proc(long pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static bool in_group(long pid, const char *word)
{
	char text[8192];

	return read_proc(pid, "cgroup", text, sizeof(text)) && strstr(text, word);
}

/* The parent of a process; 0 where it is gone. Its name, in brackets, may hold anything. */
static long parent_of(long pid)
{
	char text[1024];
	const char *end;

	if (!read_proc(pid, "stat", text, sizeof(text)))
		return 0;
	end = strrchr(text, ')');
	return end && strlen(end) > 4 ? strtol(end + 4, NULL, 10) : 0;
}

static bool tree_has(const struct tree *t, long pid)
{
	for (size_t i = 0; i < t->len; i++)
		if (t->pids[i] == pid)
			return true;
	return false;
}

/* Stops the process, so that it makes no children while they are counted. */
static bool tree_add(struct tree *t, long pid, const char *word)
{
	int fd;

	if (t->len == TREE_MAX)
		return false;
	fd = (int)syscall(SYS_pidfd_open, (int)pid, 0u); /* is O_CLOEXEC */
	if (fd < 0)
		return false;
	if (!in_group(pid, word) || syscall(SYS_pidfd_send_signal, fd, SIGSTOP, NULL, 0u) != 0) {
		close(fd);
		return false;
	}
	t->pids[t->len] = pid;
	t->fds[t->len++] = fd;
	return true;
}

/* Adds the children of what is in it; false: there are no more. */
static bool tree_grow(struct tree *t, const char *word)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	bool grown = false;

	while (dir && (entry = readdir(dir))) {
		long pid =
		    isdigit((unsigned char)entry->d_name[0]) ? strtol(entry->d_name, NULL, 10) : 0;

		if (pid > 1 && !tree_has(t, pid) && tree_has(t, parent_of(pid)))
			grown |= tree_add(t, pid, word);
	}
	if (dir)
		closedir(dir);
	return grown;
}

bool os_kill_tree(long pid, const char *word)
{
	struct tree t = {.len = 0};
	bool done;

	if (pid <= 1 || !*word || !tree_add(&t, pid, word))
		return false;
	for (int i = 0; i < TREE_PASSES && tree_grow(&t, word); i++)
		;
	done = syscall(SYS_pidfd_send_signal, t.fds[0], SIGKILL, NULL, 0u) == 0 || errno == ESRCH;
	for (size_t i = 0; i < t.len; i++) {
		syscall(SYS_pidfd_send_signal, t.fds[i], SIGKILL, NULL, 0u);
		close(t.fds[i]);
	}
	return done;
}

#endif

#elif defined(__APPLE__)

char *os_executable(void)
{
	char path[PATH_MAX];
	uint32_t size = sizeof(path);

	return _NSGetExecutablePath(path, &size) == 0 ? xstrdup(path) : NULL;
}

void os_give_back_memory(void)
{
}

#else

char *os_executable(void)
{
	return NULL;
}

void os_give_back_memory(void)
{
}

#endif

#if !defined(SYS_pidfd_open) || !defined(SYS_pidfd_send_signal)
bool os_kill_tree(long pid, const char *word)
{
	return false;
}
#endif
