/*
 * mem: allocation that cannot fail, and ownership helpers.
 *
 * Out of memory aborts (all input is capped, so it means a bug or a dying machine). What a function
 * returns as `char *` is owned by the caller and freed with free(); `const char *` is borrowed.
 */
#ifndef KJOB_BASE_MEM_H
#define KJOB_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED __attribute__((unused))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
/* The struct of the type whose member this pointer points to. */
#define STRUCT_OF(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

/* Runs FN on the address of the variable when it leaves its scope. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

void mem_free_cleanup(void *pointer_to_pointer);
/* A heap pointer of any type that is freed at the end of the scope. */
#define auto_free CLEANUP(mem_free_cleanup)

/* Hands the value of a variable on and leaves NULL behind: `return TAKE(name);` */
#define TAKE(p)                             \
	__extension__({                     \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t size);
/* xstrdup(NULL) is NULL. */
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
void *xmemdup(const void *p, size_t n);
/* n bytes, whatever they are, with a NUL behind them; xstrndup ends at the first NUL. */
char *xmemdupz(const void *p, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *fmt, va_list ap);

/* Grows an array so that it can hold at least `need` items, doubling: the realloc every list uses.
 */
#define GROW(arr, cap, need)                                             \
	do {                                                             \
		if ((size_t)(need) > (size_t)(cap)) {                    \
			size_t want_ = (cap) ? (size_t)(cap)*2 : 8;      \
			if (want_ < (size_t)(need))                      \
				want_ = (need);                          \
			(arr) = xrealloc((arr), want_ * sizeof(*(arr))); \
			(cap) = want_;                                   \
		}                                                        \
	} while (0)

#include "banned.h"

#endif
