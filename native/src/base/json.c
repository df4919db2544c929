#include "base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char stage[] = "protocol";

int json_parse(const char *text, size_t length, json_t **ret_value, struct error *err) {
	json_error_t failure;
	json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, &failure);
	if (!value)
		return error_set(err, EINVAL, stage, "invalid JSON at byte %d: %s", failure.position, failure.text);
	*ret_value = value;
	return 0;
}

int object_open(struct object_reader *reader, const json_t *value, const char *where, struct error *err) {
	if (!json_is_object(value))
		return error_set(err, EINVAL, stage, "%s: an object is expected", where);
	reader->object = value;
	reader->where = where;
	reader->taken_count = 0;
	return 0;
}

int object_close(const struct object_reader *reader, struct error *err) {
	if (json_object_size(reader->object) == reader->taken_count)
		return 0;
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)reader->object, name, value) {
		bool is_taken = false;
		for (size_t i = 0; i < reader->taken_count && !is_taken; i++)
			is_taken = strcmp(reader->taken[i], name) == 0;
		if (!is_taken)
			return error_set(err, EINVAL, stage, "%s: unknown member \"%.64s\"", reader->where, name);
	}
	return 0;
}

static int wrong_type(const struct object_reader *reader, const char *name, const char *expected, struct error *err) {
	return error_set(err, EINVAL, stage, "%s.%s: %s is expected", reader->where, name, expected);
}

/* 1 and the member, 0 when absent, < 0 when it is absent though required. */
static int take(struct object_reader *reader, const char *name, bool is_required, const json_t **ret_value, struct error *err) {
	const json_t *value = json_object_get(reader->object, name);
	if (!value)
		return is_required ? error_set(err, EINVAL, stage, "%s.%s: missing", reader->where, name) : 0;
	if (reader->taken_count == OBJECT_MEMBERS_MAX)
		return error_set(err, E2BIG, stage, "%s: too many members", reader->where);
	reader->taken[reader->taken_count++] = name;
	*ret_value = value;
	return 1;
}

static int take_text(struct object_reader *reader, const char *name, bool is_required, const char **ret_text, struct error *err) {
	const json_t *value;
	int present = take(reader, name, is_required, &value, err);
	if (present <= 0)
		return present;
	if (!json_is_string(value))
		return wrong_type(reader, name, "a string", err);
	if (strlen(json_string_value(value)) != json_string_length(value))
		return wrong_type(reader, name, "a string without NUL", err);
	*ret_text = json_string_value(value);
	return 1;
}

static int take_number(struct object_reader *reader, const char *name, bool is_required, int64_t min, int64_t max, int64_t *ret_number,
					   struct error *err) {
	const json_t *value;
	int present = take(reader, name, is_required, &value, err);
	if (present <= 0)
		return present;
	if (!json_is_integer(value))
		return wrong_type(reader, name, "an integer", err);
	int64_t number = json_integer_value(value);
	if (number < min || number > max)
		return error_set(err, ERANGE, stage, "%s.%s: %" PRId64 " is not within %" PRId64 "..%" PRId64, reader->where, name, number, min, max);
	*ret_number = number;
	return 1;
}

static int take_flag(struct object_reader *reader, const char *name, bool is_required, bool *ret_flag, struct error *err) {
	const json_t *value;
	int present = take(reader, name, is_required, &value, err);
	if (present <= 0)
		return present;
	if (!json_is_boolean(value))
		return wrong_type(reader, name, "a boolean", err);
	*ret_flag = json_is_true(value);
	return 1;
}

static int take_container(struct object_reader *reader, const char *name, bool is_required, json_type type, const json_t **ret_value,
						  struct error *err) {
	const json_t *value;
	int present = take(reader, name, is_required, &value, err);
	if (present <= 0)
		return present;
	if (json_typeof(value) != type)
		return wrong_type(reader, name, type == JSON_ARRAY ? "an array" : "an object", err);
	*ret_value = value;
	return 1;
}

static int without_presence(int result) { return result < 0 ? result : 0; }

int take_string(struct object_reader *reader, const char *name, const char **ret_text, struct error *err) {
	return without_presence(take_text(reader, name, true, ret_text, err));
}

int take_optional_string(struct object_reader *reader, const char *name, const char **ret_text, struct error *err) {
	return take_text(reader, name, false, ret_text, err);
}

int take_integer(struct object_reader *reader, const char *name, int64_t min, int64_t max, int64_t *ret_number, struct error *err) {
	return without_presence(take_number(reader, name, true, min, max, ret_number, err));
}

int take_optional_integer(struct object_reader *reader, const char *name, int64_t min, int64_t max, int64_t *ret_number, struct error *err) {
	return take_number(reader, name, false, min, max, ret_number, err);
}

int take_bool(struct object_reader *reader, const char *name, bool *ret_flag, struct error *err) {
	return without_presence(take_flag(reader, name, true, ret_flag, err));
}

int take_optional_bool(struct object_reader *reader, const char *name, bool *ret_flag, struct error *err) {
	return take_flag(reader, name, false, ret_flag, err);
}

int take_object(struct object_reader *reader, const char *name, const json_t **ret_value, struct error *err) {
	return without_presence(take_container(reader, name, true, JSON_OBJECT, ret_value, err));
}

int take_optional_object(struct object_reader *reader, const char *name, const json_t **ret_value, struct error *err) {
	return take_container(reader, name, false, JSON_OBJECT, ret_value, err);
}

int take_array(struct object_reader *reader, const char *name, const json_t **ret_value, struct error *err) {
	return without_presence(take_container(reader, name, true, JSON_ARRAY, ret_value, err));
}

int take_optional_array(struct object_reader *reader, const char *name, const json_t **ret_value, struct error *err) {
	return take_container(reader, name, false, JSON_ARRAY, ret_value, err);
}

int element_string(const json_t *array, size_t index, const char *where, const char **ret_text, struct error *err) {
	const json_t *value = json_array_get(array, index);
	if (!json_is_string(value))
		return error_set(err, EINVAL, stage, "%s[%zu]: a string is expected", where, index);
	if (strlen(json_string_value(value)) != json_string_length(value))
		return error_set(err, EINVAL, stage, "%s[%zu]: a string without NUL is expected", where, index);
	*ret_text = json_string_value(value);
	return 0;
}

int element_integer(const json_t *array, size_t index, const char *where, int64_t min, int64_t max, int64_t *ret_number, struct error *err) {
	const json_t *value = json_array_get(array, index);
	if (!json_is_integer(value))
		return error_set(err, EINVAL, stage, "%s[%zu]: an integer is expected", where, index);
	int64_t number = json_integer_value(value);
	if (number < min || number > max)
		return error_set(err, ERANGE, stage, "%s[%zu]: %" PRId64 " is not within %" PRId64 "..%" PRId64, where, index, number, min, max);
	*ret_number = number;
	return 0;
}

json_t *error_to_json(const struct error *err) {
	json_t *message = json_string(err->message);
	if (!message) {
		char ascii[ERROR_MESSAGE_SIZE];
		size_t i = 0;
		for (; err->message[i] != '\0' && i < sizeof ascii - 1; i++)
			ascii[i] = (unsigned char)err->message[i] < 0x80 ? err->message[i] : '?';
		ascii[i] = '\0';
		message = json_string(ascii);
	}
	return json_pack("{s:s, s:i, s:o}", "stage", err->stage, "errno", err->errnum, "message", message);
}
