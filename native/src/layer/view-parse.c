#include "layer/view.h"

#include "base/json.h"

#include <errno.h>

static int parse_running(struct object_reader *reader, struct view *view, struct error *err) {
	int64_t pid;
	int result = take_integer(reader, "pid", 1, INT32_MAX, &pid, err);
	if (result >= 0)
		result = take_string(reader, "cgroup", &view->cgroup, err);
	if (result < 0)
		return result;
	view->is_running = true;
	view->pid = (pid_t)pid;
	return 0;
}

static int parse_mount(const json_t *value, struct view_mount *mount, struct error *err) {
	struct object_reader reader;
	int result = object_open(&reader, value, "view.mounts[]", err);
	if (result >= 0)
		result = take_string(&reader, "source", &mount->source, err);
	if (result >= 0)
		result = take_string(&reader, "target", &mount->target, err);
	if (result >= 0)
		result = take_bool(&reader, "isReadOnly", &mount->is_read_only, err);
	return result < 0 ? result : object_close(&reader, err);
}

static int parse_lower(const json_t *lower, struct view *view, struct error *err) {
	view->lower_count = json_array_size(lower);
	if (view->lower_count == 0 || view->lower_count > VIEW_LOWER_MAX)
		return error_set(err, EINVAL, "json", "view.lower: 1 to %d folders are expected", VIEW_LOWER_MAX);
	for (size_t i = 0; i < view->lower_count; i++) {
		int result = element_string(lower, i, "view.lower", &view->lower[i], err);
		if (result < 0)
			return result;
	}
	return 0;
}

static int parse_layers(struct object_reader *reader, struct view *view, struct error *err) {
	const json_t *lower;
	const json_t *mounts;
	int result = take_array(reader, "lower", &lower, err);
	if (result >= 0)
		result = parse_lower(lower, view, err);
	if (result >= 0)
		result = take_string(reader, "upper", &view->upper, err);
	if (result >= 0)
		result = take_string(reader, "work", &view->work, err);
	if (result >= 0)
		result = take_bool(reader, "isReadOnly", &view->is_read_only, err);
	if (result >= 0)
		result = take_array(reader, "mounts", &mounts, err);
	if (result < 0)
		return result;
	view->mount_count = json_array_size(mounts);
	if (view->mount_count > VIEW_MOUNTS_MAX)
		return error_set(err, EINVAL, "json", "view.mounts: at most %d are expected", VIEW_MOUNTS_MAX);
	for (size_t i = 0; result >= 0 && i < view->mount_count; i++)
		result = parse_mount(json_array_get(mounts, i), &view->mounts[i], err);
	return result;
}

int view_parse(const json_t *value, struct view *ret_view, struct error *err) {
	struct object_reader reader;
	const json_t *running = NULL;
	const json_t *layers = NULL;
	*ret_view = (struct view){0};
	int result = object_open(&reader, value, "view", err);
	if (result >= 0)
		result = take_bool(&reader, "hasMounts", &ret_view->has_mounts, err);
	if (result >= 0)
		result = take_optional_object(&reader, "running", &running, err);
	if (result >= 0)
		result = take_optional_object(&reader, "layers", &layers, err);
	if (result >= 0)
		result = object_close(&reader, err);
	if (result < 0)
		return result;
	if (!running == !layers)
		return error_set(err, EINVAL, "json", "view: either running or layers is expected");
	result = object_open(&reader, running ? running : layers, running ? "view.running" : "view.layers", err);
	if (result >= 0)
		result = running ? parse_running(&reader, ret_view, err) : parse_layers(&reader, ret_view, err);
	return result < 0 ? result : object_close(&reader, err);
}
