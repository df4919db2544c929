#pragma once
/*
 * The state of one container on disk: <root>/<id>/, locked from store_open() to store_close().
 *
 * state.json: what config_load() made, with id, pid, startTime (field 22 of /proc/PID/stat), created, paused.
 */

#include <jansson.h>
#include <sys/types.h>

#include "oci/oci.h"
#include "runtime/spec.h"

struct store {
    char id[256];
    int folder; /* locked */
    json_t *state;
    struct start_config config;
};

#define STORE_INIT {.folder = -1}

/* EEXIST when there is such a container; EINVAL for an id that is no name. Takes the reference to `state`. */
int store_create(const struct oci *oci, const char *id, json_t *state, struct store *ret, struct error *err);
/* ENOENT when there is none. */
int store_open(const struct oci *oci, const char *id, struct store *ret, struct error *err);
int store_save(const struct store *store, struct error *err);
/* Removes the folder; store_close() is still needed. */
void store_remove(const struct oci *oci, const struct store *store);
void store_close(struct store *store);

int store_check_id(const char *id, struct error *err);
/* "creating", "created", "running", "paused" or "stopped" */
const char *store_status(const struct store *store);
/* The init, if it lives and is the one that was started; 0 otherwise. */
pid_t store_pid(const struct store *store);
void store_set_pid(struct store *store, pid_t pid);
/* The state as the specification has it, as a new object. */
json_t *store_report(const struct store *store, const char *status);
