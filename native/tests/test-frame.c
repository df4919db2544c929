/* Frames survive any chunking, and refuse what is too long. */
#include "base/frame.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

static const char *const texts[] = {"{}", "", "{\"op\":\"facts\"}", "[1,2,3]"};

static void push_all(struct buffer *out) {
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		(void)frame_push(out, texts[i], strlen(texts[i]));
}

TEST(header_is_big_endian) {
	struct buffer out = {0};
	CHECK_INT(frame_push(&out, "abc", 3), 0);
	CHECK_INT(buffer_length(&out), 7);
	CHECK(memcmp(buffer_data(&out), "\0\0\0\003abc", 7) == 0);
	buffer_free(&out);
}

TEST(every_chunk_size_gives_the_same_frames) {
	struct buffer stream = {0};
	push_all(&stream);
	for (size_t chunk = 1; chunk <= buffer_length(&stream); chunk++) {
		struct frame_reader reader = {0};
		size_t found = 0;
		for (size_t at = 0; at < buffer_length(&stream); at += chunk) {
			size_t rest = buffer_length(&stream) - at;
			CHECK_INT(frame_feed(&reader, buffer_data(&stream) + at, rest < chunk ? rest : chunk), 0);
			const char *text;
			size_t length;
			while (frame_next(&reader, &text, &length) > 0) {
				CHECK_TEXT(text, length, texts[found]);
				found++;
			}
		}
		CHECK_INT(found, 4);
		CHECK(!frame_is_partial(&reader));
		frame_reader_free(&reader);
	}
	buffer_free(&stream);
}

TEST(too_long_is_refused_at_once) {
	struct frame_reader reader = {0};
	const char *text;
	size_t length;
	CHECK_INT(frame_feed(&reader, "\x01\0\0\x01", 4), 0);
	CHECK_INT(frame_next(&reader, &text, &length), -EMSGSIZE);
	frame_reader_free(&reader);
	struct buffer out = {0};
	CHECK_INT(frame_push(&out, "", (size_t)FRAME_MAX + 1), -EMSGSIZE);
}

TEST(rest_is_what_follows_the_frame) {
	struct frame_reader reader = {0};
	const char *text;
	size_t length;
	CHECK_INT(frame_feed(&reader, "\0\0\0\002{}stdin", 11), 0);
	CHECK_INT(frame_next(&reader, &text, &length), 1);
	CHECK_INT(frame_rest(&reader, &text), 5);
	CHECK(memcmp(text, "stdin", 5) == 0);
	frame_reader_free(&reader);
}

TEST(reads_large_frames_from_an_fd) {
	int ends[2];
	CHECK_INT(pipe(ends), 0);
	enum { SIZE = 50000 };
	char *large = malloc(SIZE);
	CHECK(large != NULL);
	memset(large, 'x', SIZE);
	struct buffer out = {0};
	CHECK_INT(frame_push(&out, large, SIZE), 0);
	CHECK_INT(write(ends[1], buffer_data(&out), buffer_length(&out)), SIZE + 4);
	(void)close(ends[1]);
	struct frame_reader reader = {0};
	const char *text;
	size_t length = 0;
	int next = 0;
	while (next == 0 && frame_fill(&reader, ends[0]) > 0)
		next = frame_next(&reader, &text, &length);
	CHECK_INT(next, 1);
	CHECK_INT(length, SIZE);
	CHECK_INT(frame_fill(&reader, ends[0]), 0);
	CHECK(!frame_is_partial(&reader));
	frame_reader_free(&reader);
	buffer_free(&out);
	free(large);
	(void)close(ends[0]);
}

TEST(buffer_keeps_its_limit) {
	struct buffer out = {.limit = 10};
	CHECK_INT(frame_push(&out, "123456", 6), 0);
	CHECK_INT(frame_push(&out, "", 0), -ENOBUFS);
	buffer_consume(&out, 10);
	CHECK(out.data == NULL);
	CHECK_INT(out.limit, 10);
	CHECK_INT(frame_push(&out, "", 0), 0);
	buffer_free(&out);
}

int main(void) {
	RUN(header_is_big_endian);
	RUN(every_chunk_size_gives_the_same_frames);
	RUN(too_long_is_refused_at_once);
	RUN(rest_is_what_follows_the_frame);
	RUN(reads_large_frames_from_an_fd);
	RUN(buffer_keeps_its_limit);
	return tap_done();
}
