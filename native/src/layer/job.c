#include "layer/job.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/frame.h"
#include "base/json.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static const char stage[] = "json";

static const struct {
	const char *name;
	enum job_op op;
} operations[] = {{"unpack", JOB_UNPACK}, {"pack", JOB_PACK}, {"copyUp", JOB_COPY_UP}, {"remove", JOB_REMOVE},
				  {"stat", JOB_STAT},     {"packPath", JOB_PACK_PATH}, {"unpackPath", JOB_UNPACK_PATH}, {"changes", JOB_CHANGES},
				  {"mount", JOB_MOUNT},   {"unmount", JOB_UNMOUNT}};

/* An absolute path: relative ones would depend on where the spawner was started. */
static int take_path(struct object_reader *reader, const char *name, const char **ret_path, struct error *err) {
	int result = take_string(reader, name, ret_path, err);
	if (result < 0)
		return result;
	if ((*ret_path)[0] != '/')
		return error_set(err, EINVAL, stage, "%s.%s: an absolute path is expected", reader->where, name);
	return 0;
}

static int take_whiteouts(struct object_reader *reader, bool *ret_has_whiteouts, struct error *err) {
	const char *text;
	int result = take_string(reader, "whiteouts", &text, err);
	if (result < 0)
		return result;
	*ret_has_whiteouts = strcmp(text, "overlay") == 0;
	if (!*ret_has_whiteouts && strcmp(text, "none") != 0)
		return error_set(err, EINVAL, stage, "%s.whiteouts: \"overlay\" or \"none\" is expected", reader->where);
	return 0;
}

static int take_count(struct object_reader *reader, const char *name, uint64_t *ret_count, struct error *err) {
	int64_t number;
	int result = take_integer(reader, name, 0, INT64_MAX, &number, err);
	if (result >= 0)
		*ret_count = (uint64_t)number;
	return result;
}

static int take_source(struct object_reader *reader, struct job *job, struct error *err) {
	const json_t *value;
	int present = take_optional_object(reader, "source", &value, err);
	if (present <= 0)
		return present;
	struct object_reader source;
	int64_t length = -1;
	int result = object_open(&source, value, "unpack.source", err);
	if (result >= 0)
		result = take_path(&source, "path", &job->source, err);
	if (result >= 0)
		result = take_count(&source, "offset", &job->offset, err);
	if (result >= 0)
		result = take_optional_integer(&source, "length", 0, INT64_MAX, &length, err);
	if (result >= 0)
		result = object_close(&source, err);
	job->length = length < 0 ? UINT64_MAX : (uint64_t)length;
	return result;
}

static int parse_unpack(struct object_reader *reader, struct job *job, struct error *err) {
	int result = take_path(reader, "target", &job->target, err);
	if (result >= 0)
		result = take_source(reader, job, err);
	if (result >= 0)
		result = take_count(reader, "maxBytes", &job->max_bytes, err);
	if (result >= 0)
		result = take_count(reader, "maxEntries", &job->max_entries, err);
	return result < 0 ? result : take_whiteouts(reader, &job->has_whiteouts, err);
}

static int take_list(struct object_reader *reader, const char *name, size_t min, const char **items, size_t max, size_t *ret_count, struct error *err) {
	const json_t *list = NULL;
	int present = min > 0 ? take_array(reader, name, &list, err) : take_optional_array(reader, name, &list, err);
	if (present < 0 || !list)
		return present;
	size_t count = json_array_size(list);
	if (count < min || count > max)
		return error_set(err, EINVAL, stage, "%s.%s: %zu to %zu strings are expected", reader->where, name, min, max);
	for (size_t i = 0; i < count; i++) {
		int result = element_string(list, i, name, &items[i], err);
		if (result < 0)
			return result;
	}
	*ret_count = count;
	return 0;
}

static int parse_pack(struct object_reader *reader, struct job *job, struct error *err) {
	int result = take_path(reader, "source", &job->source, err);
	if (result >= 0)
		result = take_list(reader, "without", 0, job->without, JOB_WITHOUT_MAX, &job->without_count, err);
	return result < 0 ? result : take_whiteouts(reader, &job->has_whiteouts, err);
}

static int parse_copy_up(struct object_reader *reader, struct job *job, struct error *err) {
	int result = take_path(reader, "target", &job->target, err);
	if (result >= 0)
		result = take_string(reader, "subpath", &job->subpath, err);
	return result < 0 ? result : take_list(reader, "lower", 1, job->lower, JOB_LOWER_MAX, &job->lower_count, err);
}

static int parse_changes(struct object_reader *reader, struct job *job, struct error *err) {
	int result = take_path(reader, "target", &job->target, err);
	return result < 0 ? result : take_list(reader, "lower", 1, job->lower, JOB_LOWER_MAX, &job->lower_count, err);
}

static int parse_mount(struct object_reader *reader, struct job *job, struct error *err) {
	int result = take_path(reader, "target", &job->target, err);
	if (result >= 0)
		result = take_string(reader, "type", &job->type, err);
	if (result >= 0)
		result = take_string(reader, "source", &job->source, err);
	return result < 0 ? result : take_list(reader, "options", 0, job->options, JOB_OPTIONS_MAX, &job->option_count, err);
}

static int parse_path(struct object_reader *reader, struct job *job, struct error *err) {
	const json_t *view;
	int result = take_object(reader, "view", &view, err);
	if (result >= 0)
		result = view_parse(view, &job->view, err);
	return result < 0 ? result : take_path(reader, "path", &job->path, err);
}

static int parse_owner(struct object_reader *reader, struct job *job, struct error *err) {
	const json_t *value;
	struct object_reader owner;
	int64_t uid = 0;
	int64_t gid = 0;
	int present = take_optional_object(reader, "owner", &value, err);
	if (present <= 0)
		return present;
	int result = object_open(&owner, value, "unpackPath.owner", err);
	if (result >= 0)
		result = take_integer(&owner, "uid", 0, UINT32_MAX - 1, &uid, err);
	if (result >= 0)
		result = take_integer(&owner, "gid", 0, UINT32_MAX - 1, &gid, err);
	job->has_owner = true;
	job->uid = (uid_t)uid;
	job->gid = (gid_t)gid;
	return result < 0 ? result : object_close(&owner, err);
}

static int parse_stat(struct object_reader *reader, struct job *job, struct error *err) {
	int result = parse_path(reader, job, err);
	return result < 0 ? result : take_bool(reader, "follows", &job->follows, err);
}

static int parse_unpack_path(struct object_reader *reader, struct job *job, struct error *err) {
	int result = parse_path(reader, job, err);
	if (result >= 0)
		result = take_bool(reader, "keepsKinds", &job->keeps_kinds, err);
	if (result >= 0)
		result = parse_owner(reader, job, err);
	if (result >= 0)
		result = take_count(reader, "maxBytes", &job->max_bytes, err);
	return result < 0 ? result : take_count(reader, "maxEntries", &job->max_entries, err);
}

static int parse_members(struct object_reader *reader, struct job *job, struct error *err) {
	switch (job->op) {
	case JOB_UNPACK:
		return parse_unpack(reader, job, err);
	case JOB_PACK:
		return parse_pack(reader, job, err);
	case JOB_COPY_UP:
		return parse_copy_up(reader, job, err);
	case JOB_MOUNT:
		return parse_mount(reader, job, err);
	case JOB_REMOVE:
	case JOB_UNMOUNT:
		return take_path(reader, "target", &job->target, err);
	case JOB_CHANGES:
		return parse_changes(reader, job, err);
	case JOB_STAT:
		return parse_stat(reader, job, err);
	case JOB_PACK_PATH: {
		int result = parse_stat(reader, job, err);
		return result < 0 ? result : take_string(reader, "name", &job->name, err);
	}
	case JOB_UNPACK_PATH:
		return parse_unpack_path(reader, job, err);
	}
	return error_set(err, EINVAL, stage, "unknown op");
}

static int find_operation(const char *name, enum job_op *ret_op, struct error *err) {
	for (size_t i = 0; i < ELEMENTS(operations); i++) {
		if (strcmp(operations[i].name, name) == 0) {
			*ret_op = operations[i].op;
			return 0;
		}
	}
	return error_set(err, EINVAL, stage, "unknown op \"%.32s\"", name);
}

int job_parse(const char *text, size_t length, struct job *ret_job, struct error *err) {
	*ret_job = (struct job){.length = UINT64_MAX};
	struct object_reader reader;
	const char *name;
	int result = json_parse(text, length, &ret_job->document, err);
	if (result >= 0)
		result = object_open(&reader, ret_job->document, "request", err);
	if (result >= 0)
		result = take_integer(&reader, "id", 0, INT64_MAX, &ret_job->id, err);
	if (result >= 0)
		result = take_string(&reader, "op", &name, err);
	if (result >= 0)
		result = find_operation(name, &ret_job->op, err);
	if (result >= 0)
		result = parse_members(&reader, ret_job, err);
	return result < 0 ? result : object_close(&reader, err);
}

void job_free(struct job *job) { json_release(&job->document); }

static int send_document(int connection, json_t *document) {
	_cleanup_free_ char *text = json_dumps(document, JSON_COMPACT);
	if (!text)
		return -EILSEQ;
	size_t length = strlen(text);
	uint32_t header = htonl((uint32_t)length);
	int result = write_all(connection, &header, sizeof header);
	return result < 0 ? result : write_all(connection, text, length);
}

int job_answer(int connection, int64_t id, json_t *ok) {
	_cleanup_json_ json_t *document = json_pack("{s:I, s:O}", "id", (json_int_t)id, "ok", ok);
	return document ? send_document(connection, document) : -ENOMEM;
}

int job_answer_error(int connection, int64_t id, const struct error *failure) {
	_cleanup_json_ json_t *document = json_pack("{s:I, s:{s:s, s:i, s:s}}", "id", (json_int_t)id, "error", "stage", failure->stage, "errno",
												failure->errnum, "message", failure->message);
	if (!document) /* the message was cut inside a character */
		document = json_pack("{s:I, s:{s:s, s:i, s:s}}", "id", (json_int_t)id, "error", "stage", failure->stage, "errno", failure->errnum,
							 "message", "failed, with a message that is not UTF-8");
	return document ? send_document(connection, document) : -ENOMEM;
}
