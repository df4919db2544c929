#pragma once
/* Docker's multiplexed stream frames: [stream, 0, 0, 0, length as big-endian 32 bits], then the bytes (Engine API, "Attach to a container"). */

#include <stddef.h>
#include <stdint.h>

enum { MULTIPLEX_HEADER = 8, MULTIPLEX_STDOUT = 1, MULTIPLEX_STDERR = 2 };

void multiplex_header(unsigned char ret_header[static MULTIPLEX_HEADER], unsigned char stream, uint32_t length);
