/* keyring_test.h - a keyring for tests, the same every time; protects nothing. */
#ifndef CLINIC_KEYRING_TEST_H
#define CLINIC_KEYRING_TEST_H
#include <stdbool.h>
#include "base/err.h"

/* Write a keyring file with every section of wire/seal.h; ERR_FATAL. */
bool keyring_test_write(const char *path, struct err *e) MUST_CHECK;
/* The same in a fresh file under /tmp, name in ret; the caller unlinks it. */
bool keyring_test_temp(char ret[64], struct err *e) MUST_CHECK;
#endif
