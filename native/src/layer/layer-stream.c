#include "layer/layer-stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOURCE_BLOCK_SIZE = 256 * 1024, MAGIC_SIZE = 6 };

static const char stage[] = "archive";

/* Reads some bytes of the source. > 0 bytes, 0 end, -errno. */
static ssize_t read_source(struct layer_stream *stream, void *data, size_t size) {
	if (size > stream->remaining)
		size = (size_t)stream->remaining;
	if (size == 0)
		return 0;
	ssize_t got;
	do
		got = read(stream->fd, data, size);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (stream->remaining != UINT64_MAX)
		stream->remaining -= (uint64_t)got;
	stream->source_bytes += (uint64_t)got;
	sha256_update(&stream->source_sum, (size_t)got, data);
	return got;
}

static la_ssize_t keep_failure(struct layer_stream *stream, struct archive *archive, int errnum, const char *failed_stage, const char *message) {
	if (!stream->has_failure) {
		stream->has_failure = true;
		(void)error_set(&stream->failure, errnum, failed_stage, "%s", message);
	}
	archive_set_error(archive, errnum, "%s", message);
	return -1;
}

static la_ssize_t source_callback(struct archive *archive, void *context, const void **ret_block) {
	struct layer_stream *stream = context;
	*ret_block = stream->block;
	if (stream->primed > 0) {
		size_t primed = stream->primed;
		stream->primed = 0;
		return (la_ssize_t)primed;
	}
	ssize_t got = read_source(stream, stream->block, SOURCE_BLOCK_SIZE);
	return got < 0 ? keep_failure(stream, archive, (int)-got, "source", strerror((int)-got)) : got;
}

/* libarchive's own words, without what it cannot know. */
static int archive_failure(struct layer_stream *stream, struct archive *archive, struct error *err) {
	if (stream->has_failure) {
		*err = stream->failure;
		return -(err->errnum > 0 ? err->errnum : EINVAL);
	}
	const char *text = archive_error_string(archive);
	return error_set(err, EINVAL, stage, "malformed archive: %s", text ? text : "not a tar");
}

/* One decompressed block: 1, 0 at the end, -1 after keep_failure. */
static int decode(struct layer_stream *stream, struct archive *teller, const void **ret_data, size_t *ret_size) {
	la_int64_t offset;
	int result = archive_read_data_block(stream->decoder, ret_data, ret_size, &offset);
	if (result == ARCHIVE_EOF)
		return 0;
	if (result != ARCHIVE_OK) {
		if (stream->has_failure)
			return -1;
		char message[ERROR_MESSAGE_SIZE];
		const char *text = archive_error_string(stream->decoder);
		(void)snprintf(message, sizeof message, "malformed compression: %s", text ? text : "unknown");
		return (int)keep_failure(stream, teller, EINVAL, stage, message);
	}
	if (*ret_size > stream->max_bytes - stream->plain_bytes) {
		char message[ERROR_MESSAGE_SIZE];
		(void)snprintf(message, sizeof message, "the archive is longer than the limit of %" PRIu64 " bytes", stream->max_bytes);
		return (int)keep_failure(stream, teller, EINVAL, stage, message);
	}
	stream->plain_bytes += *ret_size;
	if (stream->is_compressed)
		sha256_update(&stream->plain_sum, *ret_size, *ret_data);
	return 1;
}

static la_ssize_t plain_callback(struct archive *archive, void *context, const void **ret_block) {
	size_t size = 0;
	int result;
	do
		result = decode(context, archive, ret_block, &size);
	while (result > 0 && size == 0);
	return result > 0 ? (la_ssize_t)size : result;
}

/* Reads enough to see the compression's magic number. */
static int prime(struct layer_stream *stream, struct error *err) {
	while (stream->primed < MAGIC_SIZE) {
		ssize_t got = read_source(stream, stream->block + stream->primed, SOURCE_BLOCK_SIZE - stream->primed);
		if (got < 0)
			return error_set(err, (int)-got, "source", "reading failed: %s", strerror((int)-got));
		if (got == 0)
			break;
		stream->primed += (size_t)got;
	}
	return stream->primed > 0 ? 0 : error_set(err, EINVAL, stage, "the archive is empty");
}

struct compression {
	unsigned char magic[MAGIC_SIZE];
	size_t magic_size;
	int (*support)(struct archive *);
	bool is_of_layers;
};

static const struct compression compressions[] = {
	{{0x1f, 0x8b}, 2, archive_read_support_filter_gzip, true},
	{{0x28, 0xb5, 0x2f, 0xfd}, 4, archive_read_support_filter_zstd, true},
	{{0xfd, '7', 'z', 'X', 'Z', 0}, 6, archive_read_support_filter_xz, false},
	{{'B', 'Z', 'h'}, 3, archive_read_support_filter_bzip2, false},
};

static int support_filter(struct layer_stream *stream, bool is_layer) {
	for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++) {
		const struct compression *it = &compressions[i];
		if (stream->primed < it->magic_size || memcmp(stream->block, it->magic, it->magic_size) != 0 || (is_layer && !it->is_of_layers))
			continue;
		stream->is_compressed = true;
		return it->support(stream->decoder);
	}
	return ARCHIVE_OK;
}

static int open_decoder(struct layer_stream *stream, bool is_layer, struct error *err) {
	struct archive_entry *entry;
	stream->decoder = archive_read_new();
	if (!stream->decoder)
		return error_set(err, ENOMEM, "memory", "no memory");
	bool is_open = support_filter(stream, is_layer) == ARCHIVE_OK && archive_read_support_format_raw(stream->decoder) == ARCHIVE_OK &&
				   archive_read_open2(stream->decoder, stream, NULL, source_callback, NULL, NULL) == ARCHIVE_OK &&
				   archive_read_next_header(stream->decoder, &entry) == ARCHIVE_OK;
	if (!is_open)
		return archive_failure(stream, stream->decoder, err);
	/* libarchive undoes a gzip inside a gzip too, which would give another digest than everybody else's and multiply bombs. */
	if (archive_filter_count(stream->decoder) > 2)
		return error_set(err, EINVAL, stage, "the archive is compressed more than once");
	return 0;
}

static int open_tar(struct layer_stream *stream, struct error *err) {
	stream->tar = archive_read_new();
	if (!stream->tar)
		return error_set(err, ENOMEM, "memory", "no memory");
	bool is_open = archive_read_support_format_tar(stream->tar) == ARCHIVE_OK &&
				   archive_read_open2(stream->tar, stream, NULL, plain_callback, NULL, NULL) == ARCHIVE_OK;
	return is_open ? 0 : archive_failure(stream, stream->tar, err);
}

int layer_stream_open(struct layer_stream *stream, int fd, uint64_t length, uint64_t max_bytes, bool is_layer, struct error *err) {
	*stream = (struct layer_stream){.fd = fd, .remaining = length, .max_bytes = max_bytes};
	sha256_init(&stream->source_sum);
	sha256_init(&stream->plain_sum);
	stream->block = malloc(SOURCE_BLOCK_SIZE);
	if (!stream->block)
		return error_set(err, ENOMEM, "memory", "no memory");
	int result = prime(stream, err);
	if (result >= 0)
		result = open_decoder(stream, is_layer, err);
	return result < 0 ? result : open_tar(stream, err);
}

int layer_stream_next(struct layer_stream *stream, struct archive_entry **ret_entry, struct error *err) {
	switch (archive_read_next_header(stream->tar, ret_entry)) {
	case ARCHIVE_OK:
	/* Names that do not convert to the C locale: libarchive keeps their bytes, which is all that is wanted. */
	case ARCHIVE_WARN:
		return 1;
	case ARCHIVE_EOF:
		return 0;
	default:
		return archive_failure(stream, stream->tar, err);
	}
}

int layer_stream_data(struct layer_stream *stream, const void **ret_data, size_t *ret_size, off_t *ret_offset, struct error *err) {
	la_int64_t offset = 0;
	switch (archive_read_data_block(stream->tar, ret_data, ret_size, &offset)) {
	case ARCHIVE_OK:
	case ARCHIVE_WARN:
		*ret_offset = offset;
		return 1;
	case ARCHIVE_EOF:
		*ret_offset = offset;
		return 0;
	default:
		return archive_failure(stream, stream->tar, err);
	}
}

static void format_digest(struct sha256_ctx *sum, char ret_text[static LAYER_DIGEST_SIZE]) {
	uint8_t digest[SHA256_DIGEST_SIZE];
	sha256_digest(sum, sizeof digest, digest);
	int used = snprintf(ret_text, LAYER_DIGEST_SIZE, "sha256:");
	for (size_t i = 0; i < sizeof digest; i++)
		used += snprintf(ret_text + used, (size_t)(LAYER_DIGEST_SIZE - used), "%02x", digest[i]);
}

int layer_stream_finish(struct layer_stream *stream, struct layer_sums *ret_sums, struct error *err) {
	const void *data;
	size_t size;
	int result;
	while ((result = decode(stream, stream->tar, &data, &size)) > 0)
		continue;
	if (result < 0)
		return archive_failure(stream, stream->tar, err);
	/* A decoder stops at the end of its format; what comes behind still belongs to the blob. */
	ssize_t got;
	while ((got = read_source(stream, stream->block, SOURCE_BLOCK_SIZE)) > 0)
		continue;
	if (got < 0)
		return error_set(err, (int)-got, "source", "reading failed: %s", strerror((int)-got));
	format_digest(&stream->source_sum, ret_sums->digest);
	if (stream->is_compressed)
		format_digest(&stream->plain_sum, ret_sums->diff_id);
	else
		memcpy(ret_sums->diff_id, ret_sums->digest, sizeof ret_sums->diff_id);
	ret_sums->source_bytes = stream->source_bytes;
	ret_sums->plain_bytes = stream->plain_bytes;
	return 0;
}

void layer_stream_close(struct layer_stream *stream) {
	if (stream->tar)
		(void)archive_read_free(stream->tar);
	if (stream->decoder)
		(void)archive_read_free(stream->decoder);
	free(stream->block);
	*stream = (struct layer_stream){.fd = -1};
}
