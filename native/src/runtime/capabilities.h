#pragma once
/* Capabilities as bit sets: names, what this process has, and the order in which a process may give them up. */

#include <stddef.h>
#include <stdint.h>

#include "runtime/spec.h"

/* The number of "CAP_NET_ADMIN", or -1. */
int capability_number(const char *name);
/* The name of a number, or NULL. */
const char *capability_name(unsigned number);

/* The highest number that the kernel knows; `bounding`: a set that the process has, which saves most of the questions. */
unsigned capabilities_last(uint64_t bounding);

/* Drops everything outside `wanted` from the bounding set. Needs CAP_SETPCAP. Returns -errno. */
int capabilities_bound(uint64_t wanted, uint64_t bounding);

/* After setresuid with PR_SET_KEEPCAPS: the other four sets. Returns -errno. */
int capabilities_apply(const struct spec_capabilities *sets);
