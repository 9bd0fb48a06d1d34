/* sandbox_program: the program of runtime/sandbox as bytes; the Makefile builds it. */
#ifndef KJOB_SANDBOX_PROGRAM_H
#define KJOB_SANDBOX_PROGRAM_H

#include <stddef.h>

extern const unsigned char sandbox_program[];
extern const size_t sandbox_program_len;

#endif
