#pragma once
/*
 * Strict reading of JSON objects on top of jansson: every member is taken by name with its type and range, and what nobody took is refused.
 *
 *     struct object_reader r;
 *     if ((x = object_open(&r, value, "process", err)) < 0) return x;
 *     if ((x = take_string(&r, "cwd", &cwd, err)) < 0) return x;
 *     if ((x = take_optional_integer(&r, "oomScoreAdj", -1000, 1000, &adj, err)) < 0) return x;
 *     return object_close(&r, err);
 *
 * take_x: 0 on success, a missing member is an error. take_optional_x: 1 present, 0 absent (the output keeps its value); JSON null counts as wrong type.
 * Strings and sub-values are borrowed from the document. Errors have stage "protocol" and name the member, e.g. "process.cwd: a string is expected".
 */

#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OBJECT_MEMBERS_MAX = 48 };

struct object_reader {
	const json_t *object;
	const char *where; /* name used in errors */
	const char *taken[OBJECT_MEMBERS_MAX];
	size_t taken_count;
};

static inline void json_release(json_t **value) {
	json_decref(*value);
	*value = NULL;
}
#define _cleanup_json_ __attribute__((cleanup(json_release)))

/* Parses one document: UTF-8, no duplicate members, nothing after it. The caller owns *ret_value. */
int json_parse(const char *text, size_t length, json_t **ret_value, struct error *err);

int object_open(struct object_reader *reader, const json_t *value, const char *where, struct error *err);
/* Refuses members that nobody took. */
int object_close(const struct object_reader *reader, struct error *err);

int take_string(struct object_reader *reader, const char *name, const char **ret_text, struct error *err);
int take_optional_string(struct object_reader *reader, const char *name, const char **ret_text, struct error *err);
int take_integer(struct object_reader *reader, const char *name, int64_t min, int64_t max, int64_t *ret_number, struct error *err);
int take_optional_integer(struct object_reader *reader, const char *name, int64_t min, int64_t max, int64_t *ret_number, struct error *err);
int take_bool(struct object_reader *reader, const char *name, bool *ret_flag, struct error *err);
int take_optional_bool(struct object_reader *reader, const char *name, bool *ret_flag, struct error *err);
int take_object(struct object_reader *reader, const char *name, const json_t **ret_value, struct error *err);
int take_optional_object(struct object_reader *reader, const char *name, const json_t **ret_value, struct error *err);
int take_array(struct object_reader *reader, const char *name, const json_t **ret_value, struct error *err);
int take_optional_array(struct object_reader *reader, const char *name, const json_t **ret_value, struct error *err);

/* Elements of arrays, by index; `where` names the array in errors. Strings with NUL inside are refused everywhere. */
int element_string(const json_t *array, size_t index, const char *where, const char **ret_text, struct error *err);
int element_integer(const json_t *array, size_t index, const char *where, int64_t min, int64_t max, int64_t *ret_number, struct error *err);

/* {stage, errno, message} as a new object (NativeFailure of schemas/runtime/frame.ts); bytes that are not UTF-8 become '?'. */
json_t *error_to_json(const struct error *err);
