/*
 * fuzz: hostile input for whatever reads bytes that others wrote.
 *
 * A target is a file with fuzz_seeds, fuzz_words and LLVMFuzzerTestOneInput, the entry point that
 * fuzzing engines know; it aborts where something is wrong, and the sanitizers do. `make check`
 * runs it with the main below, which makes inputs from the seeds by a fixed sequence: a failure
 * comes again, alone too. `make fuzz` builds it with clang's libFuzzer, which finds more and never
 * ends.
 *
 *   TARGET [-n INPUTS] [-s SEED] [-o ONE]    ONE: the number that a failure has named
 */
#ifndef KJOB_FUZZ_H
#define KJOB_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../runtime/base/buf.h"
#include "../../runtime/base/err.h"
#include "../../runtime/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static void fuzz_tell(void);

/* What must hold whatever the input is. */
#define EXPECT(cond)                                                               \
	do {                                                                       \
		if (!(cond)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			fuzz_tell();                                               \
			abort();                                                   \
		}                                                                  \
	} while (0)

struct fuzz_text {
	const char *ptr;
	size_t len;
};
#define TEXT(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}
/* Well-formed inputs, and pieces that mean something in them: lists of TEXT("…"). */
extern const struct fuzz_text fuzz_seeds[], fuzz_words[];
extern const size_t fuzz_seed_count, fuzz_word_count;
#define FUZZ_SEEDS(...)                                      \
	const struct fuzz_text fuzz_seeds[] = {__VA_ARGS__}; \
	const size_t fuzz_seed_count = ARRAY_LEN(fuzz_seeds);
#define FUZZ_WORDS(...)                                      \
	const struct fuzz_text fuzz_words[] = {__VA_ARGS__}; \
	const size_t fuzz_word_count = ARRAY_LEN(fuzz_words);

#ifdef FUZZ_ENGINE
static void fuzz_tell(void)
{
}

/* The last argument is the engine's folder of inputs: the seeds are its first ones. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	for (size_t i = 0; i < fuzz_seed_count; i++) {
		auto_free char *path = xasprintf("%s/seed%zu", (*argv)[*argc - 1], i);
		FILE *f = fopen(path, "w");

		if (!f)
			break;
		fwrite(fuzz_seeds[i].ptr, 1, fuzz_seeds[i].len, f);
		fclose(f);
	}
	return 0;
}
#else

#define FUZZ_INPUT_MAX (16 * KIB)
#define FUZZ_CHANGES_MAX 6
#define FUZZ_SLOW_SECONDS 5 /* of processor time for one input, with sanitizers */

static struct {
	const char *name;
	uint64_t seed, number;
} fuzz_at;

static void fuzz_tell(void)
{
	fprintf(stderr, "# again with: %s -s %llu -o %llu\n", fuzz_at.name,
	    (unsigned long long)fuzz_at.seed, (unsigned long long)fuzz_at.number);
}

/* The sanitizers call these before they end the program. */
void __asan_on_error(void);
void __ubsan_on_report(void);
void __asan_on_error(void)
{
	fuzz_tell();
}
void __ubsan_on_report(void)
{
	fuzz_tell();
}

/* splitmix64: each input has a sequence of its own. */
static uint64_t fuzz_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static size_t fuzz_below(uint64_t *state, size_t bound)
{
	return bound ? (size_t)(fuzz_random(state) % bound) : 0;
}

/* Puts `len` bytes in place of the `cut` bytes at `at`. */
static void fuzz_splice(struct buf *in, size_t at, size_t cut, const char *bytes, size_t len)
{
	struct buf made = {0};

	buf_init(&made, FUZZ_INPUT_MAX);
	buf_add(&made, buf_str(in), at);
	buf_add(&made, bytes, len);
	buf_add(&made, buf_str(in) + at + cut, in->len - at - cut);
	if (!made.overflow) {
		buf_release(in);
		*in = made;
	} else {
		buf_release(&made);
	}
}

/* A piece of a text, at most 64 bytes or, now and then, any. */
static size_t fuzz_piece(uint64_t *r, size_t len, size_t *ret_at)
{
	size_t most;

	*ret_at = fuzz_below(r, len);
	most = len - *ret_at;
	return fuzz_below(r, (fuzz_below(r, 8) && most > 64 ? 64 : most) + 1);
}

static void fuzz_change(struct buf *in, uint64_t *r)
{
	static const char *const numbers[] = {"0", "-1", "1", "2147483648", "9223372036854775807",
	    "9223372036854775808", "1e999", "-0.5", "18446744073709551616"};
	size_t at = 0, len = in->len ? fuzz_piece(r, in->len, &at) : 0;
	const struct fuzz_text *other = &fuzz_seeds[fuzz_below(r, fuzz_seed_count)];
	const struct fuzz_text *word = &fuzz_words[fuzz_below(r, fuzz_word_count)];
	const char *number = numbers[fuzz_below(r, ARRAY_LEN(numbers))];
	size_t from = 0, n = other->len ? fuzz_piece(r, other->len, &from) : 0;
	auto_free char *copy = NULL;
	char byte;

	switch (fuzz_below(r, 9)) {
	case 0: /* a bit */
		if (in->len)
			in->ptr[at] ^= (char)(1 << fuzz_below(r, 8));
		return;
	case 1: /* a byte in place of another */
		byte = (char)fuzz_random(r);
		fuzz_splice(in, at, in->len ? 1 : 0, &byte, 1);
		return;
	case 2:
		byte = (char)fuzz_random(r);
		fuzz_splice(in, at, 0, &byte, 1);
		return;
	case 3: /* less */
		fuzz_splice(in, at, len, NULL, 0);
		return;
	case 4: /* the same twice */
		copy = xmemdupz(buf_str(in) + at, len);
		fuzz_splice(in, fuzz_below(r, in->len + 1), 0, copy, len);
		return;
	case 5: /* of another seed */
		fuzz_splice(in, at, fuzz_below(r, 2) ? len : 0, other->ptr + from, n);
		return;
	case 6:
		fuzz_splice(in, at, len < 24 ? len : 0, number, strlen(number));
		return;
	case 7: /* cut off */
		in->len = at;
		return;
	default:
		fuzz_splice(in, at, fuzz_below(r, 2) && len < 24 ? len : 0, word->ptr, word->len);
		return;
	}
}

/* Whether the input was read in a reasonable time. */
static bool fuzz_one(uint64_t seed, uint64_t number)
{
	uint64_t r = seed ^ (number * 0xd1342543de82ef95u);
	const struct fuzz_text *first = &fuzz_seeds[number % fuzz_seed_count];
	auto_buf in = {0};
	clock_t begun = clock();
	uint8_t *exact; /* nothing behind it: a read past the end is seen */

	fuzz_at.number = number;
	buf_add(&in, first->ptr, first->len);
	/* The seeds themselves come first. */
	for (size_t i = number < fuzz_seed_count ? 0 : 1 + fuzz_below(&r, FUZZ_CHANGES_MAX); i; i--)
		fuzz_change(&in, &r);
	exact = xmalloc(in.len + !in.len);
	memcpy(exact, buf_str(&in), in.len);
	LLVMFuzzerTestOneInput(exact, in.len);
	free(exact);
	return (clock() - begun) / CLOCKS_PER_SEC < FUZZ_SLOW_SECONDS;
}

int main(int argc, char **argv)
{
	unsigned long long inputs = 10000, one = 0, *value;
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	bool only = false;

	fuzz_at.name = name;
	fuzz_at.seed = 1;
	for (int i = 1; i + 1 < argc; i += 2) {
		unsigned long long given = strtoull(argv[i + 1], NULL, 10);

		value = str_eq(argv[i], "-n") ? &inputs : &one;
		if (str_eq(argv[i], "-s"))
			fuzz_at.seed = given;
		else
			*value = given;
		only = only || str_eq(argv[i], "-o");
	}
	for (unsigned long long i = only ? one : 0; i < (only ? one + 1 : inputs); i++)
		if (!fuzz_one(fuzz_at.seed, i)) {
			fuzz_tell();
			printf("not ok - %s: no input takes long\n1..1\n", name);
			return 1;
		}
	printf("ok - %s stands %llu hostile inputs\n1..1\n", name, only ? 1 : inputs);
	return 0;
}
#endif

#endif
