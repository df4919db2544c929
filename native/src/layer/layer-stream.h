#pragma once
/*
 * The bytes of a layer on their way from a file or connection to tar entries: hashed as they come, decompressed (by the first bytes; layers know gzip and
 * zstd, other archives xz and bzip2 too), hashed again, counted against a limit, parsed. One pass, no temporary file.
 *
 *     layer_stream_open(&s, fd, length, max_bytes, is_layer, &err);
 *     while ((r = layer_stream_next(&s, &entry, &err)) > 0)
 *         while ((r = layer_stream_data(&s, &data, &size, &offset, &err)) > 0) ...
 *     layer_stream_finish(&s, &sums, &err);       reads what is behind the last entry too, so that the digests cover every byte
 *     layer_stream_close(&s);                     always
 *
 * Malformed input is an error with stage "archive".
 */

#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LAYER_DIGEST_SIZE = sizeof "sha256:" + 2 * SHA256_DIGEST_SIZE };

struct layer_stream {
	int fd; /* borrowed */
	uint64_t remaining;
	uint64_t max_bytes;
	uint64_t source_bytes;
	uint64_t plain_bytes;
	struct sha256_ctx source_sum;
	struct sha256_ctx plain_sum; /* used when compressed; otherwise it is the other one */
	bool is_compressed;
	struct archive *decoder; /* libarchive's "raw" format over one filter: decompression alone */
	struct archive *tar;
	unsigned char *block;
	size_t primed; /* bytes of `block` read for telling the compression, not given to the decoder yet */
	bool has_failure;
	struct error failure; /* what a callback below libarchive met; libarchive itself only hears "failed" */
};

struct layer_sums {
	char digest[LAYER_DIGEST_SIZE];  /* of the bytes as they came */
	char diff_id[LAYER_DIGEST_SIZE]; /* of the uncompressed tar */
	uint64_t source_bytes;
	uint64_t plain_bytes;
};

/* Reads `length` bytes from fd's position (UINT64_MAX: to the end). `max_bytes` limits the uncompressed size. The stream must not be moved afterwards. */
int layer_stream_open(struct layer_stream *stream, int fd, uint64_t length, uint64_t max_bytes, bool is_layer, struct error *err);

/* 1 and the next entry (valid until the next call), 0 after the last. */
int layer_stream_next(struct layer_stream *stream, struct archive_entry **ret_entry, struct error *err);

/* 1 and a piece of the entry's content with its place in the file (sparse files have holes between), 0 at its end. */
int layer_stream_data(struct layer_stream *stream, const void **ret_data, size_t *ret_size, off_t *ret_offset, struct error *err);

int layer_stream_finish(struct layer_stream *stream, struct layer_sums *ret_sums, struct error *err);

void layer_stream_close(struct layer_stream *stream);
