#pragma once
/* What did not work and was not needed: kept as lines, told to the user, never printed here. */

#include <jansson.h>

struct warnings {
	char *lines; /* one per line, NULL when none */
};

void warnings_add(struct warnings *warnings, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As a new JSON array of strings. */
json_t *warnings_to_json(const struct warnings *warnings);
void warnings_free(struct warnings *warnings);
