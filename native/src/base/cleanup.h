#pragma once
/* Scope-bound ownership: a variable marked _cleanup_x_ is released when it goes out of scope, unless TAKE_FD/TAKE_PTR handed it over. */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Closes *fd if it is one and marks it closed; errno is kept. */
static inline void close_fd(int *fd) {
	if (*fd < 0)
		return;
	int saved = errno;
	(void)close(*fd);
	*fd = -1;
	errno = saved;
}

static inline void free_pointer(void *pointer) {
	void **holder = pointer;
	int saved = errno;
	free(*holder);
	*holder = NULL;
	errno = saved;
}

static inline void close_stream(FILE **stream) {
	if (*stream)
		(void)fclose(*stream);
	*stream = NULL;
}

static inline void close_directory(DIR **directory) {
	if (*directory)
		(void)closedir(*directory);
	*directory = NULL;
}

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_close_ _cleanup_(close_fd)
#define _cleanup_free_ _cleanup_(free_pointer)
#define _cleanup_fclose_ _cleanup_(close_stream)
#define _cleanup_closedir_ _cleanup_(close_directory)

/* Yields the fd and leaves -1 behind: the new owner is whoever gets the value. */
#define TAKE_FD(fd) \
	({ \
		int *_taken_from = &(fd); \
		int _taken = *_taken_from; \
		*_taken_from = -1; \
		_taken; \
	})

/* Yields the pointer and leaves NULL behind. */
#define TAKE_PTR(pointer) \
	({ \
		__typeof__(pointer) *_taken_from = &(pointer); \
		__typeof__(pointer) _taken = *_taken_from; \
		*_taken_from = NULL; \
		_taken; \
	})

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
