#pragma once
/* Between the files that build seccomp filters. libseccomp's header has names like ours: only these files include it. */

#include <jansson.h>
#include <seccomp.h>
#include <stdint.h>

#include "runtime/seccomp.h"

/* Rules of the default profile for a container that may have `bounding`. 0 or -errno. */
int seccomp_add_default_rules(scmp_filter_ctx context, uint64_t bounding);

/* linux.seccomp to a filter; adds to *flags. The caller releases *ret. */
int seccomp_build_oci(const json_t *profile, scmp_filter_ctx *ret, unsigned *flags, struct error *err);
