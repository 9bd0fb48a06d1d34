/*
 * tinylibc: the few functions of the C library that the program calls, straight to the kernel, for
 * the machines named below. Elsewhere the sandbox is linked with the system's static library.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KERNEL_SIGSET_SIZE 8
#define ERRNO_MAX 4095

#if defined(__x86_64__)
static long call6(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n"
	"\tcall start_with_stack\n\thlt\n");
#elif defined(__aarch64__)
static long call6(long n, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x0, sp\n\tbl start_with_stack\n");
#elif defined(__riscv) && __riscv_xlen == 64
static long call6(long n, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = n;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}
__asm__(".globl _start\n_start:\n\tmv a0, sp\n\tcall start_with_stack\n");
#else
#error "no system calls for this machine: link sandbox.c with -static instead"
#endif

static long call(long n, long a, long b, long c, long d, long e)
{
	return call6(n, a, b, c, d, e, 0);
}

static int last_error;

int *__errno_location(void)
{
	return &last_error;
}

static long done(long ret)
{
	if (ret < 0 && ret >= -ERRNO_MAX) {
		last_error = (int)-ret;
		return -1;
	}
	return ret;
}

#define CALL(n, a, b, c, d, e) \
	done(call(SYS_##n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e)))

ssize_t read(int fd, void *data, size_t len)
{
	return CALL(read, fd, data, len, 0, 0);
}

ssize_t write(int fd, const void *data, size_t len)
{
	return CALL(write, fd, data, len, 0, 0);
}

int close(int fd)
{
	return (int)CALL(close, fd, 0, 0, 0, 0);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return (int)CALL(openat, AT_FDCWD, path, flags, mode, 0);
}

int openat(int dir, const char *path, int flags, ...)
{
	return (int)CALL(openat, dir, path, flags, 0, 0);
}

int fstatat(int dir, const char *restrict path, struct stat *restrict st, int flags)
{
	return (int)CALL(newfstatat, dir, path, st, flags, 0);
}

int ftruncate(int fd, off_t len)
{
	return (int)CALL(ftruncate, fd, len, 0, 0, 0);
}

int fcntl(int fd, int what, ...)
{
	va_list ap;
	int arg;

	va_start(ap, what);
	arg = va_arg(ap, int);
	va_end(ap);
	return (int)CALL(fcntl, fd, what, arg, 0, 0);
}

int ioctl(int fd, unsigned long what, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, what);
	arg = va_arg(ap, void *);
	va_end(ap);
	return (int)CALL(ioctl, fd, what, arg, 0, 0);
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct timespec ts = {
	    .tv_sec = timeout_ms / 1000, .tv_nsec = (long)(timeout_ms % 1000) * 1000000};

	return (int)CALL(ppoll, fds, count, timeout_ms < 0 ? NULL : &ts, NULL, KERNEL_SIGSET_SIZE);
}

int socket(int domain, int type, int protocol)
{
	return (int)CALL(socket, domain, type, protocol, 0, 0);
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
	return (int)CALL(connect, fd, address, len, 0, 0);
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
	return (int)CALL(bind, fd, address, len, 0, 0);
}

int listen(int fd, int backlog)
{
	return (int)CALL(listen, fd, backlog, 0, 0, 0);
}

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	return (int)CALL(accept4, fd, address, len, flags, 0);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return (int)CALL(setsockopt, fd, level, name, value, len);
}

ssize_t recvfrom(
    int fd, void *data, size_t max, int flags, struct sockaddr *address, socklen_t *len)
{
	return done(
	    call6(SYS_recvfrom, fd, (long)data, (long)max, flags, (long)address, (long)len));
}

ssize_t sendto(
    int fd, const void *data, size_t size, int flags, const struct sockaddr *address, socklen_t len)
{
	return done(call6(SYS_sendto, fd, (long)data, (long)size, flags, (long)address, (long)len));
}

ssize_t getrandom(void *data, size_t len, unsigned flags)
{
	return CALL(getrandom, data, len, flags, 0, 0);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return (int)CALL(getsockopt, fd, level, name, value, len);
}

int shutdown(int fd, int how)
{
	return (int)CALL(shutdown, fd, how, 0, 0, 0);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	return (int)CALL(clock_gettime, clock, ret, 0, 0, 0);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	return (pid_t)CALL(wait4, pid, status, options, 0, 0);
}

pid_t fork(void)
{
	return (pid_t)CALL(clone, SIGCHLD, 0, 0, 0, 0);
}

int execve(const char *path, char *const argv[], char *const env[])
{
	return (int)CALL(execve, path, argv, env, 0, 0);
}

void _exit(int code)
{
	for (;;)
		call(SYS_exit_group, code, 0, 0, 0, 0);
}

pid_t setsid(void)
{
	return (pid_t)CALL(setsid, 0, 0, 0, 0, 0);
}

int kill(pid_t pid, int sig)
{
	return (int)CALL(kill, pid, sig, 0, 0, 0);
}

int pipe2(int fds[2], int flags)
{
	return (int)CALL(pipe2, fds, flags, 0, 0, 0);
}

int dup2(int from, int to)
{
	return (int)CALL(dup3, from, to, 0, 0, 0);
}

int prctl(int what, ...)
{
	va_list ap;
	unsigned long arg;

	va_start(ap, what);
	arg = va_arg(ap, unsigned long);
	va_end(ap);
	return (int)CALL(prctl, what, arg, 0, 0, 0);
}

int signalfd(int fd, const sigset_t *set, int flags)
{
	return (int)CALL(signalfd4, fd, set, KERNEL_SIGSET_SIZE, flags, 0);
}

ssize_t getdents64(int fd, void *room, size_t len)
{
	return CALL(getdents64, fd, room, len, 0, 0);
}

int sigemptyset(sigset_t *set)
{
	set->__val[0] = 0;
	return 0;
}

int sigaddset(sigset_t *set, int sig)
{
	set->__val[0] |= 1ul << (sig - 1);
	return 0;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return (int)CALL(rt_sigprocmask, how, set, old, KERNEL_SIGSET_SIZE, 0);
}

int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	return (int)CALL(rt_sigtimedwait, set, info, NULL, KERNEL_SIGSET_SIZE, 0);
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((char *)to)[i] = (char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a, *y = b;

	for (size_t i = 0; i < len; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (unsigned char)*a - (unsigned char)*b;
}

unsigned short htons(unsigned short n);
unsigned short htons(unsigned short n)
{
	return __builtin_bswap16(n); /* all of the machines above have the low byte first */
}

int main(int argc, char **argv);
void start_with_stack(long *stack);
void start_with_stack(long *stack)
{
	call(SYS_exit_group, main((int)stack[0], (char **)(stack + 1)), 0, 0, 0, 0);
	__builtin_unreachable();
}
