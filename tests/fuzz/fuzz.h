/* fuzz.h - what the fuzz targets share: taking values off an input, files in memory, what the platform reads at start.
 * Role:    one target a program (libFuzzer); a target's file has LLVMFuzzerTestOneInput, fuzz.c has the rest.
 * Memory:  everything an input needs comes from fuzz_mem(), which fuzz_begin() empties. Threads: one.
 * Errors:  a broken expectation is EXPECT(): it prints the place and aborts, so that libFuzzer keeps the input. */
#ifndef CLINIC_FUZZ_H
#define CLINIC_FUZZ_H
#include <stdio.h>
#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "domain/calendar.h"
#include "domain/ruleset.h"
#include "wire/seal.h"

#define FUZZ_NOW_MS 1778576400000LL /* Tuesday 2026-05-12, 09:00 UTC: a day of the calendars of deploy/calendar */
#define EXPECT(x) ((x) ? (void)0 : fuzz_failed(#x, __FILE__, __LINE__))
void fuzz_failed(const char *what, const char *file, int line) __attribute__((noreturn));

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* --- an input, taken from the front; what is not there reads as zeros --- */
struct fuzz_in {
    const uint8_t *p;
    size_t n;
};
/* Empties fuzz_mem(). */
struct fuzz_in fuzz_begin(const uint8_t *data, size_t n);
uint8_t fuzz_u8(struct fuzz_in *in);
uint32_t fuzz_u32(struct fuzz_in *in);
struct bytes fuzz_take(struct fuzz_in *in, size_t n); /* at most n; borrows the input */
struct bytes fuzz_rest(struct fuzz_in *in);
char *fuzz_line(struct fuzz_in *in);                  /* up to the next newline or zero byte; in fuzz_mem() */
char *fuzz_text(struct bytes b);                      /* zero-terminated copy in fuzz_mem(), of its exact size */
void *fuzz_copy(struct bytes b);                      /* copy of its exact size, so that reads beyond it are seen */

struct arena *fuzz_mem(void);

/* --- files --- */
FILE *fuzz_stream(struct bytes b);                    /* reads b; gives, to be closed */
/* A file in memory with this content; its path is good until fuzz_file_close(). */
int fuzz_file(struct bytes b, char path[32]);
void fuzz_file_close(int fd);

/* --- what the services read at start; process lifetime --- */
const struct keyring *fuzz_keys(void);
const struct rulesets *fuzz_rules(void);
const struct calendar *fuzz_calendar(void);
const char *fuzz_keyring_path(void);
#endif
