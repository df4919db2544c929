#pragma once
/*
 * A byte queue that grows on demand up to a limit and gives its memory back when it is empty (monitors stay small).
 * Zero-initialised is empty and unlimited; buffer_free makes it so again.
 */

#include <stddef.h>
#include <sys/types.h>

struct buffer {
	char *data;
	size_t start;    /* first unread byte */
	size_t end;      /* one past the last byte */
	size_t capacity; /* of data */
	size_t limit;    /* most unread bytes, 0 = no limit */
};

static inline size_t buffer_length(const struct buffer *buffer) { return buffer->end - buffer->start; }
static inline const char *buffer_data(const struct buffer *buffer) { return buffer->data + buffer->start; }

/* Makes room for `length` more bytes and yields where they go; buffer_grow then counts them in. NULL with errno ENOBUFS (limit) or ENOMEM. */
char *buffer_reserve(struct buffer *buffer, size_t length);
void buffer_grow(struct buffer *buffer, size_t length);

/* 0, -ENOBUFS or -ENOMEM. */
int buffer_append(struct buffer *buffer, const void *data, size_t length);

/* Drops the first `length` unread bytes. */
void buffer_consume(struct buffer *buffer, size_t length);

/* Writes what a non-blocking fd takes. 0 when empty now, 1 when something is left, or -errno (never -EAGAIN). */
int buffer_flush(struct buffer *buffer, int fd);

void buffer_free(struct buffer *buffer);
