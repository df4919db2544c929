#pragma once
/* Writes trees as tar, names sorted: the same tree gives the same bytes. A tar that ends without its two blocks of zeros was cut off by an error. */

#include "base/error.h"

/*
 * Writes `name` in the folder `parent`, with everything in it if it is a folder, to `connection`; entries are called `shown` and what is below.
 * With an empty `shown`: only what is in the folder, without itself.
 */
int pack_named(int connection, int parent, const char *name, const char *shown, struct error *err);
