#pragma once
/* Between the files that build seccomp filters. libseccomp's header has names like ours: only these files include it. */

#include <jansson.h>
#include <seccomp.h>
#include <stdint.h>

#include "runtime/seccomp.h"

/* Calls that the library may not know by name: those that are allowed whatever their arguments. */
enum { SECCOMP_NEWER_MAX = 24, SECCOMP_PROLOGUE_MAX = 1 + 3 * (8 + 2 * SECCOMP_NEWER_MAX) };
struct seccomp_newer {
	uint32_t numbers[SECCOMP_NEWER_MAX];
	size_t count;
};

/* Adds `name` if it is one of them. */
void seccomp_newer_allow(struct seccomp_newer *allowed, const char *name);
/* Instructions to stand before the library's program; their count. */
size_t seccomp_newer_prologue(const struct seccomp_newer *allowed, struct sock_filter ret[static SECCOMP_PROLOGUE_MAX]);

/* Rules of the default profile for a container that may have `bounding`; what newer calls it allows goes to *newer. 0 or -errno. */
int seccomp_add_default_rules(scmp_filter_ctx context, uint64_t bounding, struct seccomp_newer *newer);

/* linux.seccomp to a filter; adds to *flags. The caller releases *ret. */
int seccomp_build_oci(const json_t *profile, scmp_filter_ctx *ret, unsigned *flags, struct error *err);
