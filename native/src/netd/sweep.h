#pragma once
/*
 * Outer ends of interfaces that outlive their container. A namespace lives until its last socket has gone, and a TCP connection that nobody answers any more
 * (its port is blocked) takes minutes to give up: until then the kernel would keep the pair of interfaces. What is still there a moment after a container was
 * detached is deleted here.
 */

#include "base/loop.h"

#include <stddef.h>

struct sweep {
	struct loop *loop;
	struct loop_timer timer;
	char (*names)[16];
	size_t count;
	size_t capacity;
};

void sweep_init(struct sweep *sweep, struct loop *loop);

/* Remembers an outer interface that should go by itself. */
void sweep_add(struct sweep *sweep, const char *interface);

/* Deletes now what is left of them (link_transact_apart). */
void sweep_now(struct sweep *sweep, int route);
