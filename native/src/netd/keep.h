#pragma once
/*
 * What netd was asked for, on disk in `<run-dir>/netd/` (a tmpfs: it lives exactly as long as the kernel's state): one JSON file per network and per
 * container. A netd that starts finds everything here, so that names and ports are served again before berthd has even noticed.
 */

#include "netd/config.h"

int keep_network(int directory, const struct network *network, struct error *err);
int keep_container(int directory, const struct container *container, struct error *err);
void forget_network(int directory, const struct network *network);
void forget_container(int directory, const struct container *container);

/* The host ports in use, the names of the outer interfaces and the indexes of the inner ones, which no request has. */
json_t *container_extras(const struct container *container);

/* Calls back with every file's content, networks first. A file that cannot be read is removed: its thing will be asked for again. */
int keep_load(int directory, int (*on_network)(void *context, json_t *config, struct error *err),
		  int (*on_container)(void *context, json_t *config, const json_t *extras, struct error *err), void *context, struct error *err);
