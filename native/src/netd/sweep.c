#include "netd/sweep.h"

#include "base/cleanup.h"
#include "netd/link.h"

#include <stdio.h>
#include <stdlib.h>

/* Most namespaces end within this, all by themselves and in one go, which costs less than deleting each interface. */
enum { DELAY_MS = 500 };

static void on_due(void *data) { sweep_now(data, -1); }

void sweep_init(struct sweep *sweep, struct loop *loop) { *sweep = (struct sweep){.loop = loop, .timer = {.run = on_due, .data = sweep}}; }

void sweep_add(struct sweep *sweep, const char *interface) {
	if (sweep->count == sweep->capacity) {
		size_t capacity = sweep->capacity ? 2 * sweep->capacity : 16;
		char(*names)[16] = reallocarray(sweep->names, capacity, sizeof *names);
		if (!names)
			return; /* the kernel will see to it, later */
		sweep->names = names;
		sweep->capacity = capacity;
	}
	(void)snprintf(sweep->names[sweep->count++], sizeof *sweep->names, "%s", interface);
	loop_arm(sweep->loop, &sweep->timer, DELAY_MS);
}

void sweep_now(struct sweep *sweep, int route) {
	_cleanup_batch_ struct netlink_batch links = {0};
	if (sweep->count == 0)
		return;
	for (size_t i = 0; i < sweep->count; i++)
		link_delete(&links, sweep->names[i]);
	free(sweep->names);
	loop_disarm(sweep->loop, &sweep->timer);
	sweep_init(sweep, sweep->loop);
	link_transact_apart(route, &links);
}
