#pragma once
/*
 * The jobs of a layer worker: one request each (schemas/runtime/layer.ts), one function each.
 *
 * A job opens what it needs of the host, confines itself (confine.h), works, and fills `ret_ok`, the members of the answer, which the caller frees.
 * Afterwards the process is of no use for anything but answering.
 */

#include "base/error.h"
#include "layer/view.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum job_op { JOB_UNPACK, JOB_PACK, JOB_COPY_UP, JOB_REMOVE, JOB_STAT, JOB_PACK_PATH, JOB_UNPACK_PATH, JOB_CHANGES, JOB_MOUNT, JOB_UNMOUNT };

enum { JOB_LOWER_MAX = 512, JOB_WITHOUT_MAX = 300, JOB_OPTIONS_MAX = 64 };

struct job {
	enum job_op op;
	int64_t id;
	json_t *document; /* owns every string below */
	const char *target;
	const char *source; /* unpack: archive file or NULL (the connection); pack: folder */
	uint64_t offset;    /* unpack with a source */
	uint64_t length;    /* likewise; UINT64_MAX: to the end */
	uint64_t max_bytes;
	uint64_t max_entries;
	bool has_whiteouts;
	const char *subpath;
	const char *lower[JOB_LOWER_MAX];
	size_t lower_count;
	const char *without[JOB_WITHOUT_MAX]; /* pack: paths that are left out where they are empty */
	size_t without_count;
	struct view view; /* the jobs on a path of a container */
	const char *path; /* in it, without a slash at the end; NULL for all other jobs */
	bool follows;     /* a link as the path's last component is followed */
	const char *name; /* pack: what the tar calls it */
	bool keeps_kinds; /* unpack: folders and other things do not replace each other */
	const char *type; /* mount: of the file system */
	const char *options[JOB_OPTIONS_MAX];
	size_t option_count;
	bool has_owner;   /* unpack: everything gets this owner */
	uid_t uid;
	gid_t gid;
};

/* Parses a request frame; on failure `ret_job->id` is the request's id if it had one, else 0. The caller calls job_free in any case. */
int job_parse(const char *text, size_t length, struct job *ret_job, struct error *err);
void job_free(struct job *job);

/* `connection` is where the archive comes from when the job names no file. */
int job_unpack(const struct job *job, int connection, json_t **ret_ok, struct error *err);

/* Answers by itself: `ok` first, then the tar. */
int job_pack(const struct job *job, int connection, struct error *err);

/* The archive at `archive` into the tree below `root`, as the job says. */
int unpack_into(int root, int archive, const struct job *job, json_t **ret_ok, struct error *err);

int job_stat(const struct job *job, json_t **ret_ok, struct error *err);
int job_pack_path(const struct job *job, int connection, struct error *err);
int job_unpack_path(const struct job *job, int connection, json_t **ret_ok, struct error *err);

/* Answers by itself: `ok` first, then the records (schemas/runtime/layer.ts). */
int job_changes(const struct job *job, int connection, struct error *err);

int job_copy_up(const struct job *job, json_t **ret_ok, struct error *err);
int job_mount(const struct job *job, json_t **ret_ok, struct error *err);
int job_unmount(const struct job *job, json_t **ret_ok, struct error *err);
int job_remove(const struct job *job, json_t **ret_ok, struct error *err);

/* Writes one answer frame. */
int job_answer(int connection, int64_t id, json_t *ok);
int job_answer_error(int connection, int64_t id, const struct error *failure);
