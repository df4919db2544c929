#pragma once
/*
 * One failure, as every fallible function of native/ reports it: a negative errno is returned and `err` says what failed.
 * Convention: `int f(..., struct error *err)` returns < 0 on failure and fills *err; otherwise *err is untouched. `err` is never NULL.
 */

enum { ERROR_MESSAGE_SIZE = 256 };

struct error {
	int errnum;        /* the kernel's errno, 0 when the failure is not the kernel's */
	const char *stage; /* static string: the step that failed, e.g. "cgroup" */
	char message[ERROR_MESSAGE_SIZE];
};

/* Fills *err and returns -errnum (-EINVAL when errnum is 0), so that callers can write `return error_set(...)`. The message is cut at its size. */
int error_fill(struct error *err, int errnum, const char *stage, const char *format, ...)
	__attribute__((format(printf, 4, 5), nonnull(1, 3, 4)));

/* The same with the current errno; ": <strerror>" is appended to the message. */
int error_fill_errno(struct error *err, const char *stage, const char *format, ...)
	__attribute__((format(printf, 3, 4), nonnull(1, 2, 3)));

/* The compiler cannot look into the functions: telling it that they never return 0 or more spares false "may be used uninitialized". */
#define ERROR_NEGATIVE(call) \
	({ \
		int _negative = (call); \
		if (_negative >= 0) \
			__builtin_unreachable(); \
		_negative; \
	})
#define error_set(err, errnum, ...) ERROR_NEGATIVE(error_fill(err, errnum, __VA_ARGS__))
#define error_errno(err, ...) ERROR_NEGATIVE(error_fill_errno(err, __VA_ARGS__))
