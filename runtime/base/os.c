#include "os.h"

#include <limits.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __linux__
#include <link.h>
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
