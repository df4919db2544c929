/*
 * libarchive converts names between charsets with iconv, and glibc's iconv looks for its tables and shared objects in the file system: after
 * confinement that would be the image's. These take its place in the link; libarchive then keeps names as the bytes they are, which is what is wanted.
 */

#include <errno.h>
#include <iconv.h>

iconv_t iconv_open(const char *to, const char *from) {
	(void)to;
	(void)from;
	errno = EINVAL;
	return (iconv_t)-1;
}

size_t iconv(iconv_t converter, char **input, size_t *input_left, char **output, size_t *output_left) {
	(void)converter;
	(void)input;
	(void)input_left;
	(void)output;
	(void)output_left;
	errno = EBADF;
	return (size_t)-1;
}

int iconv_close(iconv_t converter) {
	(void)converter;
	return 0;
}
