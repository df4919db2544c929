#pragma once
/* A new file system by fsopen, fsconfig and fsmount, with the kernel's own words in errors. */

#include "base/error.h"

#include <stdint.h>

/* An fs context; `what` names it in errors. */
int mount_context_open(const char *type, int *ret_fs, struct error *err);

/* One option: "size=64m", or a flag. */
int mount_context_option(int fs, const char *option, struct error *err);
int mount_context_string(int fs, const char *key, const char *value, struct error *err);

/* Creates the superblock and a detached mount of it with MOUNT_ATTR_*. */
int mount_context_finish(int fs, const char *what, uint64_t attributes, int *ret_mount, struct error *err);

/* Fills *err from errno and the context's message log. */
int mount_context_failed(int fs, struct error *err, const char *what);
