#pragma once
/*
 * Frames between the engine and native workers: 4 bytes of big-endian length, then that many bytes of JSON (schemas/runtime/frame.ts).
 * Reading: fill from the fd when it is readable, then take frames until there is none. Writing: push, then flush when the fd is writable.
 */

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEADER = 4, FRAME_MAX = 16 * 1024 * 1024 };

struct frame_reader {
	struct buffer buffer;
	size_t taken; /* bytes of the frame handed out by the last frame_next, dropped by the next call */
};

/* Reads once from fd. 1: bytes came; 0: end of the stream; -EAGAIN: nothing now; another -errno. Never reads past what one call brings. */
int frame_fill(struct frame_reader *reader, int fd);

/* Appends bytes that came by another way (tests, a first read). 0 or -errno. */
int frame_feed(struct frame_reader *reader, const void *data, size_t length);

/*
 * 1: one whole frame, valid until the next call with this reader; 0: more bytes are needed; -EMSGSIZE: longer than FRAME_MAX (the stream is lost).
 * The text is not NUL-terminated.
 */
int frame_next(struct frame_reader *reader, const char **ret_data, size_t *ret_length);

/* After the last frame: the bytes that follow it (a connection that stops being framed). Valid until the next call. */
size_t frame_rest(struct frame_reader *reader, const char **ret_data);

/* True when the stream ended inside a frame. */
bool frame_is_partial(const struct frame_reader *reader);

void frame_reader_free(struct frame_reader *reader);

/* Appends one frame to an outgoing buffer. 0, -EMSGSIZE, -ENOBUFS (the buffer's limit) or -ENOMEM. */
int frame_push(struct buffer *out, const void *data, size_t length);
