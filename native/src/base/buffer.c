#include "base/buffer.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SMALLEST = 512 };

char *buffer_reserve(struct buffer *buffer, size_t length) {
	size_t used = buffer_length(buffer);
	if (length > SIZE_MAX / 4 - used || (buffer->limit > 0 && used + length > buffer->limit)) {
		errno = ENOBUFS;
		return NULL;
	}
	if (buffer->end + length <= buffer->capacity)
		return buffer->data + buffer->end;
	if (buffer->start > 0) {
		memmove(buffer->data, buffer->data + buffer->start, used);
		buffer->start = 0;
		buffer->end = used;
	}
	if (used + length > buffer->capacity) {
		size_t capacity = buffer->capacity ? buffer->capacity : SMALLEST;
		while (capacity < used + length)
			capacity *= 2;
		char *larger = realloc(buffer->data, capacity);
		if (!larger) {
			errno = ENOMEM;
			return NULL;
		}
		buffer->data = larger;
		buffer->capacity = capacity;
	}
	return buffer->data + buffer->end;
}

void buffer_grow(struct buffer *buffer, size_t length) { buffer->end += length; }

int buffer_append(struct buffer *buffer, const void *data, size_t length) {
	if (length == 0)
		return 0;
	char *room = buffer_reserve(buffer, length);
	if (!room)
		return -errno;
	memcpy(room, data, length);
	buffer_grow(buffer, length);
	return 0;
}

void buffer_consume(struct buffer *buffer, size_t length) {
	buffer->start += length;
	if (buffer->start < buffer->end)
		return;
	size_t limit = buffer->limit;
	buffer_free(buffer);
	buffer->limit = limit;
}

int buffer_flush(struct buffer *buffer, int fd) {
	while (buffer_length(buffer) > 0) {
		ssize_t written = send(fd, buffer_data(buffer), buffer_length(buffer), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (written < 0 && errno == ENOTSOCK)
			written = write(fd, buffer_data(buffer), buffer_length(buffer));
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return errno == EAGAIN ? 1 : -errno;
		buffer_consume(buffer, (size_t)written);
	}
	return 0;
}

void buffer_free(struct buffer *buffer) {
	free(buffer->data);
	*buffer = (struct buffer){0};
}
