#include "oci/config.h"
#include "oci/oci.h"
#include "oci/shape.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/json.h"
#include "runtime/capabilities.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_MAX = 4 << 20 };

static bool is_given(const json_t *object, const char *name) {
	const json_t *value = json_object_get(object, name);
	return value && !json_is_null(value) && (!json_is_array(value) || json_array_size(value)) && (!json_is_object(value) || json_object_size(value));
}

static int refuse(const json_t *object, const char *where, const char *const *names, struct error *err) {
	for (; *names; names++)
		if (is_given(object, *names))
			return error_set(err, ENOSYS, "spec", "%s.%s is not supported", where, *names);
	return 0;
}

/* Unknown ones are told and left out, as newer versions of the specification ask for: a kernel that lacks one could not grant it either. */
static void drop_unknown_capabilities(const json_t *process) {
	const char *set, *text;
	json_t *names;
	json_object_foreach(json_object_get(process, "capabilities"), set, names) {
		for (size_t i = json_array_size(names); i-- > 0;) {
			text = json_string_value(json_array_get(names, i));
			if (!text || capability_number(text) >= 0)
				continue;
			output_warning("process.capabilities.%s: unknown capability \"%.64s\" is left out", set, text);
			(void)json_array_remove(names, i);
		}
	}
}

int config_process(json_t *process, struct error *err) {
	shape_prune(process, shape_process);
	if (!json_is_object(process))
		return error_set(err, EINVAL, "spec", "process: an object is expected");
	drop_unknown_capabilities(process);
	return 0;
}

/* Paths relative to the bundle become absolute, as the specification says. */
static json_t *absolute(const char *bundle, const char *path) {
	return path[0] == '/' ? json_string(path) : json_sprintf("%s/%s", bundle, path);
}

static void convert_mounts(json_t *mounts, const char *bundle) {
	size_t index;
	json_t *mount;
	json_array_foreach(mounts, index, mount) {
		json_t *option;
		const char *type = json_string_value(json_object_get(mount, "type")), *source = json_string_value(json_object_get(mount, "source"));
		bool is_bind = type && strcmp(type, "bind") == 0;
		size_t at;
		json_array_foreach(json_object_get(mount, "options"), at, option) {
			const char *text = json_string_value(option);
			is_bind |= text && (strcmp(text, "bind") == 0 || strcmp(text, "rbind") == 0);
		}
		if (is_bind && source)
			(void)json_object_set_new(mount, "source", absolute(bundle, source));
	}
}

/*
 * As runc: no device but those that the bundle allows (also where it says nothing of devices, which crun takes for all of them), and those that every
 * container may use. Any node may be made.
 */
static void complete_devices(json_t *system) {
	static const int nodes[][2] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 2}, {136, -1}};
	json_t *resources = json_object_get(system, "resources");
	if (!json_is_object(resources) && json_object_set_new(system, "resources", resources = json_object()) < 0)
		return;
	json_t *rules = json_object_get(resources, "devices");
	if (!json_is_array(rules) && json_object_set_new(resources, "devices", rules = json_array()) < 0)
		return;
	(void)json_array_insert_new(rules, 0, json_pack("{s:b, s:s}", "allow", 0, "access", "rwm"));
	(void)json_array_append_new(rules, json_pack("{s:b, s:s, s:s}", "allow", 1, "type", "c", "access", "m"));
	(void)json_array_append_new(rules, json_pack("{s:b, s:s, s:s}", "allow", 1, "type", "b", "access", "m"));
	for (size_t i = 0; i < ELEMENTS(nodes); i++)
		(void)json_array_append_new(rules, json_pack("{s:b, s:s, s:i, s:i, s:s}", "allow", 1, "type", "c", "major", nodes[i][0], "minor", nodes[i][1],
													 "access", "rwm"));
}

static void trim_devices(json_t *devices) {
	size_t index;
	json_t *device;
	json_array_foreach(devices, index, device) {
		const char *path = json_string_value(json_object_get(device, "path"));
		size_t length = path ? strlen(path) : 0;
		while (length > 1 && path[length - 1] == '/')
			length--;
		if (path)
			(void)json_object_set_new(device, "path", json_stringn(path, length));
	}
}

static int convert_linux(json_t *system, const char *id, struct error *err) {
	static const char *const missing[] = {"intelRdt", "mountLabel", NULL};
	const char *path = json_string_value(json_object_get(system, "cgroupsPath"));
	int failed = refuse(system, "linux", missing, err);
	if (failed < 0)
		return failed;
	trim_devices(json_object_get(system, "devices"));
	complete_devices(system);
	if (!path || !path[0])
		(void)json_object_set_new(system, "cgroupsPath", json_sprintf("/%s", id));
	else if (path[0] != '/')
		(void)json_object_set_new(system, "cgroupsPath", json_sprintf("/%s", path));
	return 0;
}

/* What the specification lets a bundle leave out and the library wants. */
static void fill_absent(json_t *config) {
	json_t *process = json_object_get(config, "process");
	if (!json_object_get(config, "linux"))
		(void)json_object_set_new(config, "linux", json_object());
	if (!json_object_get(config, "mounts"))
		(void)json_object_set_new(config, "mounts", json_array());
	if (json_is_object(process) && !json_object_get(process, "user"))
		(void)json_object_set_new(process, "user", json_pack("{s:i, s:i}", "uid", 0, "gid", 0));
	if (json_is_object(process) && !json_object_get(process, "env"))
		(void)json_object_set_new(process, "env", json_array());
}

/* Takes `config` apart: what the runtime does itself (hooks, annotations) is kept beside what the library takes. */
static int convert(json_t *config, const char *bundle, const char *id, json_t **ret, struct error *err) {
	const char *path = json_string_value(json_object_get(json_object_get(config, "root"), "path"));
	int failed;
	if (!path)
		return error_set(err, EINVAL, "spec", "root.path: a string is expected");
	if ((failed = config_process(json_object_get(config, "process"), err)) < 0 ||
		(failed = convert_linux(json_object_get(config, "linux"), id, err)) < 0)
		return failed;
	convert_mounts(json_object_get(config, "mounts"), bundle);
	json_t *folder = absolute(bundle, path), *hooks = json_object_get(config, "hooks"), *annotations = json_object_get(config, "annotations");
	(void)json_object_set(json_object_get(config, "root"), "path", folder);
	json_t *result = json_pack("{s:s}", "bundle", bundle);
	(void)json_object_set_new(result, "hooks", hooks ? json_incref(hooks) : json_object());
	(void)json_object_set_new(result, "annotations", annotations ? json_incref(annotations) : json_object());
	(void)json_object_del(config, "hooks");
	(void)json_object_del(config, "annotations");
	json_t *start = json_pack("{s:O, s:{s:s, s:o}, s:{s:b, s:b}, s:{s:s}, s:[], s:s, s:b, s:b}", "spec", config, "rootfs", "kind", "directory", "path",
							  folder, "stdio", "stdin", 1, "stdinOnce", 0, "log", "kind", "none", "files", "onOom", "report", "init", 0, "isDurable", 1);
	if (!result || !start)
		return error_set(err, ENOMEM, "spec", "out of memory");
	(void)json_object_set_new(result, "start", start);
	*ret = result;
	return 0;
}

int config_read(int folder, const char *path, json_t **ret, struct error *err) {
	_cleanup_free_ char *text = NULL;
	size_t length;
	bool is_input = strcmp(path, "-") == 0;
	_cleanup_close_ int fd = is_input ? fcntl(0, F_DUPFD_CLOEXEC, 3) : openat(folder, path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	int failed = fd < 0 ? -errno : read_whole(fd, CONFIG_MAX, &text, &length);
	if (failed < 0)
		return error_set(err, -failed, "spec", "cannot read %s: %s", is_input ? "the standard input" : path, strerror(-failed));
	return json_parse(text, length, ret, err);
}

/* The path of an open folder, as the kernel knows it: one call, where realpath() asks for every part of it. */
static int resolve(int folder, char *ret_path, size_t size) {
	char link[32];
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
	ssize_t length = readlink(link, ret_path, size);
	if (length < 0 || (size_t)length >= size)
		return length < 0 ? -errno : -ENAMETOOLONG;
	ret_path[length] = '\0';
	return 0;
}

int config_load(const char *bundle, const char *file, const char *id, json_t **ret, struct error *err) {
	char resolved[PATH_MAX];
	_cleanup_json_ json_t *config = NULL;
	_cleanup_close_ int folder = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return error_errno(err, "spec", "cannot find the bundle %s", bundle);
	int failed = resolve(folder, resolved, sizeof resolved);
	if (failed < 0)
		return error_set(err, -failed, "spec", "cannot tell where the bundle %s is: %s", bundle, strerror(-failed));
	failed = config_read(folder, file, &config, err);
	if (failed < 0)
		return failed;
	shape_prune(config, shape_config);
	fill_absent(config);
	return convert(config, resolved, id, ret, err);
}

void config_warn(const struct warnings *warnings) {
	for (const char *at = warnings->lines, *end; at && (end = strchr(at, '\n')); at = end + 1)
		output_warning("%.*s", (int)(end - at), at);
}
