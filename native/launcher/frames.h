#pragma once
/*
 * Between the launcher and a standby (cli/standby/frames.ts), both ways: one byte of type, four of length (little-endian), then that many bytes.
 */

#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEADER = 5, FRAME_PAYLOAD_MAX = 64 * 1024 };

enum frame_type {
	/* From the launcher. */
	FRAME_REQUEST = 'R',  /* NUL-terminated strings: folder, ttys of stdin, stdout, stderr ("011"), number of arguments, arguments, environment */
	FRAME_SIGNAL = 'S',   /* one byte: number */
	FRAME_SIZE = 'W',     /* two u16: rows, columns */
	FRAME_INPUT = 'I',    /* what standard input brought, after each FRAME_WANT; empty: its end */
	/* From the standby. */
	FRAME_ACCEPT = 'A',   /* the run has begun: from here on nobody else may begin it */
	FRAME_OUT = '1',
	FRAME_ERR = '2',
	FRAME_WANT = 'N',     /* one chunk of standard input, please */
	FRAME_RAW = 'M',      /* one byte: the terminal of standard input gives every key (1), or lines again (0) */
	FRAME_EXIT = 'X',     /* one byte: exit code; the last frame */
};

/* Blocking. 0 or -errno. */
int frame_send(int socket, enum frame_type type, const void *data, size_t length);
