#pragma once
/*
 * The state of one container on disk: <root>/<id>/, locked from store_open() to store_close(), but for what store_peek() gives and while hooks run.
 *
 * state.json: what config_load() made, with id, pid, startTime (field 22 of /proc/PID/stat), created, paused, and `creating` until `create` has done
 * its part. It is replaced as a whole, so it may be read without the lock.
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
/* ENOENT when there is none; ENODATA when its state was never written. */
int store_open(const struct oci *oci, const char *id, struct store *ret, struct error *err);
/* The same without waiting for whoever works on the container, and without `config`: for looking only. */
int store_peek(const struct oci *oci, const char *id, struct store *ret, struct error *err);
int store_save(const struct store *store, struct error *err);
/* While hooks run others may look at the container, even delete it: store_lock() then fails with ECANCELED. */
void store_unlock(const struct store *store);
int store_lock(const struct store *store, struct error *err);
/* Removes the folder; store_close() is still needed. */
void store_remove(const struct oci *oci, const struct store *store);
/* The same for one that store_open() refuses with ENODATA. */
void store_discard(const struct oci *oci, const char *id);
void store_close(struct store *store);

int store_check_id(const char *id, struct error *err);
/* "creating", "created", "running", "paused" or "stopped" */
const char *store_status(const struct store *store);
/* The same with what store_pid() said. */
const char *store_status_of(const struct store *store, pid_t pid);
/* The init, if it lives and is the one that was started; 0 otherwise. */
pid_t store_pid(const struct store *store);
void store_set_pid(struct store *store, pid_t pid);
/* The state as the specification has it, as a new object. */
json_t *store_report(const struct store *store, const char *status);
