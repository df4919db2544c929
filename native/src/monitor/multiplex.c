#include "monitor/multiplex.h"

#include <arpa/inet.h>
#include <string.h>

void multiplex_header(unsigned char ret_header[static MULTIPLEX_HEADER], unsigned char stream, uint32_t length) {
	uint32_t big_endian = htonl(length);
	memset(ret_header, 0, MULTIPLEX_HEADER);
	ret_header[0] = stream;
	memcpy(ret_header + 4, &big_endian, sizeof big_endian);
}
