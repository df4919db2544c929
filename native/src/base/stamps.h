#pragma once
/*
 * When a request came and its parts were done, for who asks: a request with `"trace": true` gets in its answer `"trace"`, a list of pairs of a stage and
 * when it ended, in nanoseconds of the monotonic clock that all processes of a host share. Nothing is written, and no clock read, for other requests.
 * Order: stamps_take before the request is parsed, any number of stamps_add, stamps_put into the answer.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct stamps {
	json_t *list; /* NULL: not asked for */
};

/* Takes the wish out of the request. */
void stamps_take(struct stamps *stamps, json_t *request);
void stamps_add(struct stamps *stamps, const char *stage, uint64_t at);
/* Adds the list, closed by the stage `last`, to the answer, and ends it. */
void stamps_put(struct stamps *stamps, const char *last, json_t *answer);

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t stamps_now(void);
