#pragma once
/* Which members of a document of the specification are known here: the rest is dropped, as the specification asks for ("MUST ignore unknown properties"). */

#include <jansson.h>

struct shape {
	const char *name;
	const struct shape *members; /* ended by a NULL name; NULL: the value is kept as it is */
};

extern const struct shape shape_config[], shape_process[], shape_resources[];

/* Drops, at any depth, what `members` does not name, and members that are null: they stand for absent ones. In arrays each element is looked at. */
void shape_prune(json_t *value, const struct shape *members);
