#include "foreign/bundle.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/json.h"
#include "foreign/layout.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

static const char stage[] = "runtime";

static void set_seccomp(const struct start_config *config, const struct host *host, json_t *spec) {
	json_t *linux_part = json_object_get(spec, "linux");
	if (config->spec.seccomp == SECCOMP_PROFILE_DEFAULT)
		(void)json_object_set_new(linux_part, "seccomp", seccomp_default_profile(config->spec.process.capabilities.bounding & host->bounding));
	else if (config->spec.seccomp == SECCOMP_NONE)
		(void)json_object_del(linux_part, "seccomp");
	(void)json_object_del(json_object_get(spec, "annotations"), "berth.seccomp");
}

static void add_bind(json_t *mounts, const char *bundle_path, const char *name, const char *destination) {
	json_t *source = json_sprintf("%s/%s", bundle_path, name);
	(void)json_array_append_new(mounts, json_pack("{s:s, s:s, s:o, s:[s, s, s, s, s]}", "destination", destination, "type", "bind", "source", source,
												  "options", "bind", "ro", "nosuid", "nodev", "rprivate"));
}

/* Like docker's --init: the container's first process is the init, which runs the program. */
static void put_init_first(json_t *spec, const char *bundle_path) {
	json_t *process = json_object_get(spec, "process"), *arguments = json_pack("[s, s]", LAYOUT_INIT_INSIDE, "--");
	(void)json_array_extend(arguments, json_object_get(process, "args"));
	(void)json_object_set_new(process, "args", arguments);
	add_bind(json_object_get(spec, "mounts"), bundle_path, LAYOUT_INIT, LAYOUT_INIT_INSIDE);
}

int bundle_config(const struct start_config *config, const struct host *host, const char *bundle_path, json_t **ret, struct error *err) {
	_cleanup_json_ json_t *spec = json_deep_copy(json_object_get(config->json, "spec"));
	if (!spec)
		return error_set(err, ENOMEM, stage, "out of memory");
	set_seccomp(config, host, spec);
	(void)json_object_set_new(json_object_get(spec, "root"), "path", json_string(LAYOUT_ROOT));
	for (size_t i = 0; i < config->file_count; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, LAYOUT_FILES "/%zu", i);
		add_bind(json_object_get(spec, "mounts"), bundle_path, name, config->files[i].path);
	}
	if (config->init)
		put_init_first(spec, bundle_path);
	*ret = TAKE_PTR(spec);
	return 0;
}

int bundle_write(int bundle, const char *name, const json_t *document, struct error *err) {
	_cleanup_free_ char *text = json_dumps(document, JSON_COMPACT);
	int failed = text ? replace_file_at(bundle, name, text, strlen(text), 0600) : -ENOMEM;
	return failed < 0 ? error_set(err, -failed, stage, "cannot write %s: %s", name, strerror(-failed)) : 0;
}
