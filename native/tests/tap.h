#pragma once
/* TAP for C test programs: `TEST(name) { CHECK(...); }` bodies, `RUN(name)` in main, `return tap_done()`. One result line per test. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int tap_count;
static int tap_failures;
static int tap_current_failed;

#define TEST(name) static void name(void)

#define RUN(name) \
	do { \
		tap_current_failed = 0; \
		name(); \
		tap_report(#name, NULL); \
	} while (0)

/* For tests that this machine cannot run: says why, never hides. */
#define SKIP(name, why) \
	do { \
		tap_current_failed = 0; \
		tap_report(#name, why); \
	} while (0)

#define RUN_IF(condition, name, why) \
	do { \
		if (condition) \
			RUN(name); \
		else \
			SKIP(name, why); \
	} while (0)

/* Fails the current test and leaves it. */
#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
			tap_current_failed = 1; \
			return; \
		} \
	} while (0)

#define CHECK_INT(actual, expected) \
	do { \
		long long _actual = (long long)(actual), _expected = (long long)(expected); \
		if (_actual != _expected) { \
			printf("# %s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #actual, _actual, _expected); \
			tap_current_failed = 1; \
			return; \
		} \
	} while (0)

#define CHECK_TEXT(actual, length, expected) \
	do { \
		size_t _length = (size_t)(length); \
		if (_length != strlen(expected) || memcmp((actual), (expected), _length) != 0) { \
			printf("# %s:%d: %s is\n#   %.*s\n# expected\n#   %s\n", __FILE__, __LINE__, #actual, (int)_length, (const char *)(actual), \
				   (expected)); \
			tap_current_failed = 1; \
			return; \
		} \
	} while (0)

static inline void tap_report(const char *name, const char *skipped) {
	tap_count++;
	tap_failures += tap_current_failed;
	printf("%s %d - %s%s%s\n", tap_current_failed ? "not ok" : "ok", tap_count, name, skipped ? " # SKIP " : "", skipped ? skipped : "");
	(void)fflush(stdout);
}

static inline int tap_done(void) {
	printf("1..%d\n", tap_count);
	return tap_failures > 0;
}
