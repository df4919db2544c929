#include "mutate.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 4096, CHANGES_MAX = 6 };

/* Words that parsers have branches for. */
static const char *const words[] = {
	"null", "true", "-1", "0", "18446744073709551616", "9223372036854775807", "-9223372036854775808", "1e400", "[]", "{}", "\"\"", "[[[[[[[[", "\\u0000", "\"..\"",
	"\"/\"", ",", ":", "\"name\":", "../", "/", ".wh.", "\xff", "\xc0\x0c", "\xed\xa0\x80", "4294967295", "2147483648",
};

size_t random_below(struct random *random, size_t limit) {
	random->value ^= random->value << 13;
	random->value ^= random->value >> 7;
	random->value ^= random->value << 17;
	return (size_t)(random->value % limit);
}

/* Puts `length` bytes in place of `removed` ones at `at`; too long a result is left as it was. */
static void splice(struct bytes *bytes, size_t capacity, size_t at, size_t removed, const void *data, size_t length) {
	if (bytes->length - removed + length > capacity)
		return;
	memmove(bytes->data + at + length, bytes->data + at + removed, bytes->length - at - removed);
	memcpy(bytes->data + at, data, length);
	bytes->length = bytes->length - removed + length;
}

static void change(struct random *random, struct bytes *bytes, size_t capacity) {
	static const uint8_t ends[] = {0, 1, 0x7f, 0x80, 0xff, '"', '\\', '{', '9'};
	uint8_t piece[64];
	size_t at = random_below(random, bytes->length), left = bytes->length - at, count = random_below(random, left < sizeof piece ? left : sizeof piece) + 1;
	const char *word = words[random_below(random, sizeof words / sizeof *words)];
	switch (random_below(random, 6)) {
	case 0:
		bytes->data[at] ^= (uint8_t)(1U << random_below(random, 8));
		break;
	case 1:
		bytes->data[at] = ends[random_below(random, sizeof ends)];
		break;
	case 2:
		splice(bytes, capacity, at, count, "", 0);
		break;
	case 3:
		memcpy(piece, bytes->data + at, count);
		splice(bytes, capacity, random_below(random, bytes->length), 0, piece, count);
		break;
	case 4:
		splice(bytes, capacity, at, 0, word, strlen(word));
		break;
	default: /* a whole number or word of JSON for another */
		while (at > 0 && !strchr(":,[{", bytes->data[at - 1]))
			at--;
		for (count = 0; at + count < bytes->length && !strchr(",]}", bytes->data[at + count]);)
			count++;
		splice(bytes, capacity, at, count, word, strlen(word));
	}
}

struct bytes mutate(struct random *random, const struct bytes *seed) {
	size_t capacity = seed->length + ROOM;
	struct bytes copy = {malloc(capacity), seed->length};
	if (!copy.data)
		abort();
	memcpy(copy.data, seed->data, seed->length);
	for (size_t changes = random_below(random, CHANGES_MAX) + 1; changes > 0 && copy.length > 0; changes--)
		change(random, &copy, capacity);
	/* Cut to size, so that a read behind the end is seen. */
	uint8_t *exact = realloc(copy.data, copy.length ? copy.length : 1);
	copy.data = exact ? exact : copy.data;
	return copy;
}
