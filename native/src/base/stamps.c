#include "base/stamps.h"

#include <time.h>

uint64_t stamps_now(void) {
	struct timespec time;
	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void stamps_take(struct stamps *stamps, json_t *request) {
	bool is_wanted = json_is_true(json_object_get(request, "trace"));
	*stamps = (struct stamps){is_wanted ? json_array() : NULL};
	if (!is_wanted)
		return;
	(void)json_object_del(request, "trace");
	stamps_add(stamps, "received", stamps_now());
}

void stamps_add(struct stamps *stamps, const char *stage, uint64_t at) {
	if (stamps->list)
		(void)json_array_append_new(stamps->list, json_pack("[s, I]", stage, (json_int_t)at));
}

void stamps_put(struct stamps *stamps, const char *last, json_t *answer) {
	if (!stamps->list)
		return;
	stamps_add(stamps, last, stamps_now());
	(void)json_object_set_new(answer, "trace", stamps->list);
	stamps->list = NULL;
}
