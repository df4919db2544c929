#include "base/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 4096 };

static uint32_t header_of(const struct buffer *buffer) {
	uint32_t length;
	memcpy(&length, buffer_data(buffer), sizeof length);
	return ntohl(length);
}

static void drop_taken(struct frame_reader *reader) {
	if (reader->taken == 0)
		return;
	size_t taken = reader->taken;
	reader->taken = 0;
	buffer_consume(&reader->buffer, taken);
}

/* How much to ask for: the rest of a large frame at once, otherwise one page. */
static size_t wanted_bytes(const struct frame_reader *reader) {
	size_t have = buffer_length(&reader->buffer);
	if (have < FRAME_HEADER)
		return READ_SIZE;
	size_t need = (size_t)header_of(&reader->buffer) + FRAME_HEADER;
	if (need > FRAME_MAX || need <= have + READ_SIZE)
		return READ_SIZE;
	return need - have < 256 * 1024 ? need - have : 256 * 1024;
}

int frame_fill(struct frame_reader *reader, int fd) {
	drop_taken(reader);
	size_t wanted = wanted_bytes(reader);
	char *room = buffer_reserve(&reader->buffer, wanted);
	if (!room)
		return -errno;
	ssize_t got;
	do
		got = read(fd, room, wanted);
	while (got < 0 && errno == EINTR);
	if (got <= 0) {
		int result = got < 0 ? -errno : 0;
		if (buffer_length(&reader->buffer) == 0)
			buffer_free(&reader->buffer);
		return result;
	}
	buffer_grow(&reader->buffer, (size_t)got);
	return 1;
}

int frame_feed(struct frame_reader *reader, const void *data, size_t length) {
	drop_taken(reader);
	return buffer_append(&reader->buffer, data, length);
}

int frame_next(struct frame_reader *reader, const char **ret_data, size_t *ret_length) {
	drop_taken(reader);
	size_t have = buffer_length(&reader->buffer);
	if (have < FRAME_HEADER)
		return 0;
	size_t length = header_of(&reader->buffer);
	if (length > FRAME_MAX)
		return -EMSGSIZE;
	if (have - FRAME_HEADER < length)
		return 0;
	*ret_data = buffer_data(&reader->buffer) + FRAME_HEADER;
	*ret_length = length;
	reader->taken = FRAME_HEADER + length;
	return 1;
}

size_t frame_rest(struct frame_reader *reader, const char **ret_data) {
	drop_taken(reader);
	*ret_data = buffer_data(&reader->buffer);
	return buffer_length(&reader->buffer);
}

bool frame_is_partial(const struct frame_reader *reader) { return buffer_length(&reader->buffer) > reader->taken; }

void frame_reader_free(struct frame_reader *reader) {
	buffer_free(&reader->buffer);
	reader->taken = 0;
}

int frame_push(struct buffer *out, const void *data, size_t length) {
	if (length > FRAME_MAX)
		return -EMSGSIZE;
	char *room = buffer_reserve(out, FRAME_HEADER + length);
	if (!room)
		return -errno;
	uint32_t header = htonl((uint32_t)length);
	memcpy(room, &header, FRAME_HEADER);
	memcpy(room + FRAME_HEADER, data, length);
	buffer_grow(out, FRAME_HEADER + length);
	return 0;
}
