#pragma once
/*
 * Seccomp filters as bytes: compiled by libseccomp before a clone, loaded by the child with one system call.
 *
 * Compiling costs 1 to 8 ms, so results are kept by key for the life of the process: call seccomp_compile() for the usual case in the spawner
 * before it forks, and every monitor has it for nothing.
 */

#include <jansson.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct seccomp_filter {
	const struct sock_filter *code; /* belongs to the cache; NULL = no filter */
	unsigned short length;
	unsigned int flags; /* SECCOMP_FILTER_FLAG_* */
};

/* The default profile: conditions by the capabilities in `bounding`, syscall by syscall as Docker 28 decides it. */
int seccomp_compile_default(uint64_t bounding, struct seccomp_filter *ret, struct error *err);

/* The same profile as linux.seccomp, for other runtimes: a new object. */
json_t *seccomp_default_profile(uint64_t bounding);

/* linux.seccomp of the OCI runtime specification 1.2. With SCMP_ACT_NOTIFY the flags say so: see seccomp_filter_notifies(). */
int seccomp_compile_oci(const json_t *profile, struct seccomp_filter *ret, struct error *err);

/* Does it ask a listener about some system calls? */
bool seccomp_filter_notifies(const struct seccomp_filter *filter);

/* In the child. Retries without flags on a kernel that knows none. The fd of the listener (O_CLOEXEC) if the filter notifies, else 0; or -errno. */
int seccomp_filter_load(const struct seccomp_filter *filter);
