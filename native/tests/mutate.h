#pragma once
/* Changed copies of good input for the fuzz test; the same sequence of random numbers gives the same copies. */

#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *data;
	size_t length;
};

struct random {
	uint64_t value; /* not 0 */
};

/* A number below `limit`, which is not 0. */
size_t random_below(struct random *random, size_t limit);

/* A copy of `seed` in memory of exactly its size, with a few changes: bits, numbers at their ends, words of JSON, pieces left out or repeated. */
struct bytes mutate(struct random *random, const struct bytes *seed);
