/* OciSpec and StartConfig, see spec.h. */
#include "runtime/spec-parse.h"

#include "base/sys.h"

#include <errno.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *type;
	int flag;
} namespaces[] = {
	{"pid", CLONE_NEWPID}, {"network", CLONE_NEWNET}, {"mount", CLONE_NEWNS},       {"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS}, {"user", CLONE_NEWUSER},   {"cgroup", CLONE_NEWCGROUP},
	{"time", CLONE_NEWTIME},
};

json_t *spec_namespaces_known(void) {
	json_t *array = json_array();
	for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++)
		(void)json_array_append_new(array, json_string(namespaces[i].type));
	return array;
}

static int parse_namespace(const json_t *json, const char *where, struct spec *ret, int *seen, struct error *err) {
	struct object_reader r;
	const char *type, *path = NULL, *owned = NULL;
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_string(&r, "type", &type, err)) < 0 ||
		(x = take_optional_string(&r, "path", &path, err)) < 0 || (x = take_optional_string(&r, "ownerOf", &owned, err)) < 0 ||
		(x = object_close(&r, err)) < 0)
		return x;
	int flag = 0;
	for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++)
		if (strcmp(namespaces[i].type, type) == 0)
			flag = namespaces[i].flag;
	if (!flag || (owned && flag != CLONE_NEWUSER))
		return error_set(err, EINVAL, "spec", "%s.type: namespace \"%.32s\" is not supported", where, type);
	if (*seen & flag)
		return error_set(err, EINVAL, "spec", "%s: the %s namespace is given twice", where, type);
	*seen |= flag;
	if (owned)
		path = owned;
	if (!path || !path[0]) {
		ret->namespaces_new |= flag;
		return 0;
	}
	if ((x = check_absolute(path, where, err)) < 0)
		return x;
	ret->joins[ret->join_count++] = (struct spec_join){.flag = flag, .path = path, .is_owner = owned != NULL};
	return 0;
}

static int parse_namespaces(const json_t *array, struct spec *ret, struct error *err) {
	int seen = 0;
	for (size_t i = 0; i < json_array_size(array); i++) {
		char where[WHERE_SIZE];
		(void)snprintf(where, sizeof where, "spec.linux.namespaces[%zu]", i);
		int failed = parse_namespace(json_array_get(array, i), where, ret, &seen, err);
		if (failed < 0)
			return failed;
	}
	if (!(seen & CLONE_NEWNS))
		return error_set(err, EINVAL, "spec", "spec.linux.namespaces: a mount namespace is needed");
	return 0;
}

static int parse_device(const json_t *json, const char *where, struct spec_device *ret, struct error *err) {
	struct object_reader r;
	const char *type;
	int64_t major = 0, minor = 0, mode = 0666, uid = 0, gid = 0;
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_string(&r, "type", &type, err)) < 0 ||
		(x = take_string(&r, "path", &ret->path, err)) < 0 || (x = take_optional_integer(&r, "major", 0, 4095, &major, err)) < 0 ||
		(x = take_optional_integer(&r, "minor", 0, 1048575, &minor, err)) < 0 ||
		(x = take_optional_integer(&r, "fileMode", 0, 0177777, &mode, err)) < 0 ||
		(x = take_optional_integer(&r, "uid", 0, 4294967294LL, &uid, err)) < 0 ||
		(x = take_optional_integer(&r, "gid", 0, 4294967294LL, &gid, err)) < 0 || (x = object_close(&r, err)) < 0)
		return x;
	if (strlen(type) != 1 || !strchr("cubp", type[0]))
		return error_set(err, EINVAL, "spec", "%s.type: \"c\", \"b\", \"u\" or \"p\" is expected, not \"%.16s\"", where, type);
	ret->type = type[0] == 'u' ? 'c' : type[0];
	ret->major = (uint32_t)major;
	ret->minor = (uint32_t)minor;
	ret->mode = (mode_t)mode & 07777;
	ret->uid = (uid_t)uid;
	ret->gid = (gid_t)gid;
	return check_absolute(ret->path, where, err);
}

static int parse_devices(const json_t *array, struct spec *ret, struct error *err) {
	size_t count = json_array_size(array);
	int failed = spec_allocate(count, sizeof *ret->devices, &ret->devices, err);
	if (failed < 0)
		return failed;
	ret->device_count = count;
	for (size_t i = 0; i < count; i++) {
		char where[WHERE_SIZE];
		(void)snprintf(where, sizeof where, "spec.linux.devices[%zu]", i);
		if ((failed = parse_device(json_array_get(array, i), where, &ret->devices[i], err)) < 0)
			return failed;
	}
	return 0;
}

/* Only what a namespace of the container's own holds may be set: anything else would change the host. */
static int check_sysctl(const char *name, const struct spec *spec, struct error *err) {
	static const char *const ipc[] = {"kernel/msgmax", "kernel/msgmnb", "kernel/msgmni",          "kernel/sem",
									  "kernel/shmall", "kernel/shmmax", "kernel/shmmni", "kernel/shm_rmid_forced"};
	int needed = 0;
	if (strncmp(name, "net/", 4) == 0)
		needed = CLONE_NEWNET;
	else if (strncmp(name, "fs/mqueue/", 10) == 0)
		needed = CLONE_NEWIPC;
	else if (strcmp(name, "kernel/hostname") == 0)
		return error_set(err, EINVAL, "spec", "spec.linux.sysctl: \"kernel.hostname\" is what spec.hostname is for");
	else if (strcmp(name, "kernel/domainname") == 0)
		needed = CLONE_NEWUTS;
	for (size_t i = 0; i < sizeof ipc / sizeof ipc[0]; i++)
		if (strcmp(name, ipc[i]) == 0)
			needed = CLONE_NEWIPC;
	if (!needed)
		return error_set(err, EINVAL, "spec", "spec.linux.sysctl: \"%.128s\" belongs to no namespace of a container", name);
	if (spec_has_namespace(spec, needed))
		return 0;
	return error_set(err, EINVAL, "spec", "spec.linux.sysctl: \"%.128s\" would change the host: the container has no such namespace of its own", name);
}

static int parse_sysctls(const json_t *object, struct spec *ret, struct error *err) {
	int failed = spec_allocate(json_object_size(object), sizeof *ret->sysctls, &ret->sysctls, err);
	if (failed < 0)
		return failed;
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)object, name, value) {
		if (!json_is_string(value))
			return error_set(err, EINVAL, "spec", "spec.linux.sysctl: \"%.64s\": a string is expected", name);
		char *path = strdup(name);
		if (!path)
			return error_set(err, ENOMEM, "spec", "out of memory");
		ret->sysctls[ret->sysctl_count++] = (struct spec_sysctl){.name = path, .value = json_string_value(value)};
		/* With slashes in it the name is a path already: net/ipv4/conf/eth0.100/forwarding */
		if (!strchr(path, '/'))
			for (char *c = path; *c; c++)
				if (*c == '.')
					*c = '/';
		if (strstr(path, "..") || path[0] == '/')
			return error_set(err, EINVAL, "spec", "spec.linux.sysctl: \"%.64s\" is not a setting's name", name);
		if ((failed = check_sysctl(path, ret, err)) < 0)
			return failed;
	}
	return 0;
}

static int parse_propagation(const char *text, struct spec *ret, struct error *err) {
	static const struct {
		const char *name;
		unsigned long flags;
	} choices[] = {{"private", MS_PRIVATE},  {"rprivate", MS_PRIVATE | MS_REC}, {"slave", MS_SLAVE},
				   {"rslave", MS_SLAVE | MS_REC}, {"shared", MS_SHARED},        {"rshared", MS_SHARED | MS_REC},
				   {"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC}};
	for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
		if (strcmp(choices[i].name, text) == 0) {
			ret->rootfs_propagation = choices[i].flags;
			return 0;
		}
	}
	return error_set(err, EINVAL, "spec", "spec.linux.rootfsPropagation: unknown value \"%.32s\"", text);
}

static int parse_linux(const json_t *json, struct spec *ret, struct error *err) {
	struct object_reader r;
	const json_t *spaces, *devices = NULL, *resources = NULL, *sysctls = NULL, *seccomp = NULL, *uids = NULL, *gids = NULL, *personality = NULL, *offsets = NULL;
	const char *propagation = NULL, *label = NULL;
	int x;
	if ((x = object_open(&r, json, "spec.linux", err)) < 0 || (x = take_array(&r, "namespaces", &spaces, err)) < 0 ||
		(x = take_optional_array(&r, "uidMappings", &uids, err)) < 0 || (x = take_optional_array(&r, "gidMappings", &gids, err)) < 0 ||
		(x = take_optional_array(&r, "devices", &devices, err)) < 0 || (x = take_string(&r, "cgroupsPath", &ret->cgroup_path, err)) < 0 ||
		(x = take_optional_object(&r, "resources", &resources, err)) < 0 ||
		(x = take_optional_string(&r, "rootfsPropagation", &propagation, err)) < 0 ||
		(x = take_optional_object(&r, "sysctl", &sysctls, err)) < 0 ||
		(x = take_optional_strings(&r, "maskedPaths", &ret->masked, err)) < 0 ||
		(x = take_optional_strings(&r, "readonlyPaths", &ret->readonly, err)) < 0 ||
		(x = take_optional_object(&r, "personality", &personality, err)) < 0 || (x = take_optional_object(&r, "timeOffsets", &offsets, err)) < 0 ||
		(x = take_optional_string(&r, "mountLabel", &label, err)) < 0 || (x = take_optional_object(&r, "seccomp", &seccomp, err)) < 0 ||
		(x = object_close(&r, err)) < 0)
		return x;
	if ((x = id_maps_parse(uids, gids, "spec.linux", &ret->id_maps, err)) < 0)
		return x;
	if ((x = check_absolute(ret->cgroup_path, "spec.linux.cgroupsPath", err)) < 0)
		return x;
	if (ret->cgroup_path[strspn(ret->cgroup_path, "/")] == '\0')
		return error_set(err, EINVAL, "spec", "spec.linux.cgroupsPath: the root cgroup cannot be a container's");
	if ((x = parse_namespaces(spaces, ret, err)) < 0 || (devices && (x = parse_devices(devices, ret, err)) < 0) ||
		(resources && (x = spec_resources_parse(resources, "spec.linux.resources", &ret->resources, err)) < 0) ||
		(sysctls && (x = parse_sysctls(sysctls, ret, err)) < 0) || (propagation && (x = parse_propagation(propagation, ret, err)) < 0))
		return x;
	if ((personality && (x = spec_personality_parse(personality, &ret->process.schedule, err)) < 0) ||
		(offsets && (x = spec_time_offsets_parse(offsets, ret->time_offsets, err)) < 0))
		return x;
	if (ret->time_offsets[0] && !(ret->namespaces_new & CLONE_NEWTIME))
		return error_set(err, EINVAL, "spec", "spec.linux.timeOffsets: needs a new time namespace");
	ret->seccomp = seccomp ? SECCOMP_PROFILE_OCI : SECCOMP_NONE;
	ret->seccomp_profile = seccomp;
	return 0;
}

static int parse_annotations(const json_t *object, struct spec *ret, struct error *err) {
	const json_t *choice = json_object_get(object, "berth.seccomp");
	if (!choice)
		return 0;
	const char *text = json_is_string(choice) ? json_string_value(choice) : "";
	if (strcmp(text, "default") == 0)
		ret->seccomp = SECCOMP_PROFILE_DEFAULT;
	else if (strcmp(text, "unconfined") == 0)
		ret->seccomp = SECCOMP_NONE;
	else
		return error_set(err, EINVAL, "spec", "spec.annotations[\"berth.seccomp\"]: \"default\" or \"unconfined\" is expected, not \"%.32s\"", text);
	return 0;
}

static int parse_spec(const json_t *json, struct spec *ret, struct error *err) {
	struct object_reader r, root;
	const char *version;
	const json_t *process, *root_json, *mounts, *annotations = NULL, *system;
	int x;
	if ((x = object_open(&r, json, "spec", err)) < 0 || (x = take_string(&r, "ociVersion", &version, err)) < 0 ||
		(x = take_optional_string(&r, "hostname", &ret->hostname, err)) < 0 ||
		(x = take_optional_string(&r, "domainname", &ret->domainname, err)) < 0 || (x = take_object(&r, "process", &process, err)) < 0 ||
		(x = take_object(&r, "root", &root_json, err)) < 0 || (x = take_array(&r, "mounts", &mounts, err)) < 0 ||
		(x = take_optional_object(&r, "annotations", &annotations, err)) < 0 || (x = take_object(&r, "linux", &system, err)) < 0 ||
		(x = object_close(&r, err)) < 0)
		return x;
	if ((x = object_open(&root, root_json, "spec.root", err)) < 0 || (x = take_string(&root, "path", &ret->root_path, err)) < 0 ||
		(x = take_optional_bool(&root, "readonly", &ret->root_readonly, err)) < 0 || (x = object_close(&root, err)) < 0)
		return x;
	if ((x = spec_process_parse(process, "spec.process", &ret->process, err)) < 0 || (x = spec_mounts_parse(mounts, ret, err)) < 0 ||
		(x = parse_linux(system, ret, err)) < 0 || (x = spec_check_userns(ret, err)) < 0 || (annotations && (x = parse_annotations(annotations, ret, err)) < 0))
		return x;
	if ((ret->hostname || ret->domainname) && !spec_has_namespace(ret, CLONE_NEWUTS))
		return error_set(err, EINVAL, "spec", "spec.hostname: needs a uts namespace of the container");
	return 0;
}

static int parse_rootfs(const json_t *json, struct rootfs_config *ret, struct error *err) {
	struct object_reader r;
	const char *kind;
	int x;
	ret->json = (json_t *)json;
	if ((x = object_open(&r, json, "rootfs", err)) < 0 || (x = take_string(&r, "kind", &kind, err)) < 0)
		return x;
	if (strcmp(kind, "directory") == 0) {
		ret->kind = ROOTFS_DIRECTORY;
		if ((x = take_string(&r, "path", &ret->path, err)) < 0 || (x = object_close(&r, err)) < 0)
			return x;
		return check_absolute(ret->path, "rootfs.path", err);
	}
	if (strcmp(kind, "overlay") != 0)
		return error_set(err, EINVAL, "spec", "rootfs.kind: \"overlay\" or \"directory\" is expected, not \"%.32s\"", kind);
	ret->kind = ROOTFS_OVERLAY;
	if ((x = take_optional_bool(&r, "isIdmapped", &ret->is_idmapped, err)) < 0 || (x = take_optional_strings(&r, "lower", &ret->lower, err)) < 0 || (x = take_string(&r, "upper", &ret->upper, err)) < 0 ||
		(x = take_string(&r, "work", &ret->work, err)) < 0 || (x = object_close(&r, err)) < 0)
		return x;
	if (ret->lower.count == 0)
		return error_set(err, EINVAL, "spec", "rootfs.lower: at least one layer is expected");
	for (size_t i = 0; i < ret->lower.count; i++)
		if ((x = check_absolute(ret->lower.items[i], "rootfs.lower", err)) < 0)
			return x;
	if ((x = check_absolute(ret->upper, "rootfs.upper", err)) < 0)
		return x;
	return check_absolute(ret->work, "rootfs.work", err);
}

static int parse_log(const json_t *json, struct log_config *ret, struct error *err) {
	struct object_reader r;
	const char *kind;
	int64_t max_bytes, max_files;
	int x;
	if ((x = object_open(&r, json, "log", err)) < 0 || (x = take_string(&r, "kind", &kind, err)) < 0)
		return x;
	if (strcmp(kind, "none") == 0)
		return object_close(&r, err);
	if (strcmp(kind, "json-file") != 0)
		return error_set(err, EINVAL, "spec", "log.kind: \"none\" or \"json-file\" is expected, not \"%.32s\"", kind);
	if ((x = take_string(&r, "path", &ret->path, err)) < 0 || (x = take_integer(&r, "maxBytes", 0, INT64_MAX, &max_bytes, err)) < 0 ||
		(x = take_integer(&r, "maxFiles", 0, 10000, &max_files, err)) < 0 || (x = object_close(&r, err)) < 0)
		return x;
	ret->max_bytes = (uint64_t)max_bytes;
	ret->max_files = (unsigned)max_files;
	return check_absolute(ret->path, "log.path", err);
}

static int decode_content(const char *text, const char *where, struct injected_file *ret, struct error *err) {
	size_t length = strlen(text);
	size_t size = BASE64_DECODE_LENGTH(length);
	struct base64_decode_ctx decoder;
	int failed = spec_allocate(size + 1, 1, &ret->content, err);
	if (failed < 0)
		return failed;
	base64_decode_init(&decoder);
	if (!base64_decode_update(&decoder, &size, ret->content, length, text) || !base64_decode_final(&decoder))
		return error_set(err, EINVAL, "spec", "%s.contentBase64: not base64", where);
	ret->size = size;
	return 0;
}

static int parse_file(const json_t *json, const char *where, struct injected_file *ret, struct error *err) {
	struct object_reader r;
	const char *content;
	int64_t mode, uid, gid;
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_string(&r, "path", &ret->path, err)) < 0 ||
		(x = take_integer(&r, "mode", 0, 07777, &mode, err)) < 0 || (x = take_integer(&r, "uid", 0, 4294967294LL, &uid, err)) < 0 ||
		(x = take_integer(&r, "gid", 0, 4294967294LL, &gid, err)) < 0 || (x = take_string(&r, "contentBase64", &content, err)) < 0 ||
		(x = object_close(&r, err)) < 0)
		return x;
	ret->mode = (mode_t)mode;
	ret->uid = (uid_t)uid;
	ret->gid = (gid_t)gid;
	if ((x = check_absolute(ret->path, where, err)) < 0)
		return x;
	return decode_content(content, where, ret, err);
}

static int parse_files(const json_t *array, struct start_config *ret, struct error *err) {
	size_t count = json_array_size(array);
	int failed = spec_allocate(count, sizeof *ret->files, &ret->files, err);
	if (failed < 0)
		return failed;
	ret->file_count = count;
	for (size_t i = 0; i < count; i++) {
		char where[WHERE_SIZE];
		(void)snprintf(where, sizeof where, "files[%zu]", i);
		if ((failed = parse_file(json_array_get(array, i), where, &ret->files[i], err)) < 0)
			return failed;
	}
	return 0;
}

/* Another OCI runtime, which has to be where only root puts things: by an absolute path. */
static int parse_runtime(const json_t *json, const struct spec *spec, struct error *err) {
	struct object_reader r;
	const json_t *arguments;
	const char *path, *argument;
	int x;
	if ((x = object_open(&r, json, "runtime", err)) < 0 || (x = take_string(&r, "path", &path, err)) < 0 ||
		(x = take_array(&r, "arguments", &arguments, err)) < 0 || (x = object_close(&r, err)) < 0 || (x = check_absolute(path, "runtime.path", err)) < 0)
		return x;
	for (size_t i = 0; i < json_array_size(arguments); i++)
		if ((x = element_string(arguments, i, "runtime.arguments", &argument, err)) < 0)
			return x;
	return spec_has_namespace(spec, CLONE_NEWUSER) ? error_set(err, ENOSYS, "spec", "runtime: user namespaces are made by our own runtime only") : 0;
}

static int parse_config(const json_t *json, struct start_config *ret, struct error *err) {
	struct object_reader r, s;
	const json_t *spec, *rootfs, *stdio, *log, *files;
	const char *on_oom, *op = NULL;
	int64_t id = 0;
	int x;
	if ((x = object_open(&r, json, "start", err)) < 0 || (x = take_optional_string(&r, "op", &op, err)) < 0 ||
		(x = take_optional_integer(&r, "id", INT64_MIN, INT64_MAX, &id, err)) < 0 || (x = take_object(&r, "spec", &spec, err)) < 0 ||
		(x = take_object(&r, "rootfs", &rootfs, err)) < 0 || (x = take_object(&r, "stdio", &stdio, err)) < 0 ||
		(x = take_object(&r, "log", &log, err)) < 0 || (x = take_array(&r, "files", &files, err)) < 0 ||
		(x = take_string(&r, "onOom", &on_oom, err)) < 0 || (x = take_bool(&r, "init", &ret->init, err)) < 0 ||
		(x = take_bool(&r, "isDurable", &ret->is_durable, err)) < 0 || (x = take_optional_object(&r, "runtime", &ret->runtime, err)) < 0 ||
		(x = object_close(&r, err)) < 0)
		return x;
	if ((x = object_open(&s, stdio, "stdio", err)) < 0 || (x = take_bool(&s, "stdin", &ret->stdin_open, err)) < 0 ||
		(x = take_bool(&s, "stdinOnce", &ret->stdin_once, err)) < 0 || (x = object_close(&s, err)) < 0)
		return x;
	ret->kills_all_on_oom = strcmp(on_oom, "killAll") == 0;
	if (!ret->kills_all_on_oom && strcmp(on_oom, "report") != 0)
		return error_set(err, EINVAL, "spec", "onOom: \"killAll\" or \"report\" is expected, not \"%.32s\"", on_oom);
	if ((x = parse_spec(spec, &ret->spec, err)) < 0 || (x = parse_rootfs(rootfs, &ret->rootfs, err)) < 0 ||
		(x = parse_log(log, &ret->log, err)) < 0)
		return x;
	if (ret->init && !(ret->spec.namespaces_new & CLONE_NEWPID))
		return error_set(err, EINVAL, "spec", "init: needs a new pid namespace");
	if (ret->runtime && (x = parse_runtime(ret->runtime, &ret->spec, err)) < 0)
		return x;
	return parse_files(files, ret, err);
}

int start_config_parse(json_t *json, struct start_config *ret, struct error *err) {
	struct start_config config = {.json = json_incref(json)};
	spec_resources_init(&config.spec.resources);
	int failed = parse_config(json, &config, err);
	if (failed < 0) {
		err->stage = "spec";
		start_config_free(&config);
		return failed;
	}
	*ret = config;
	return 0;
}

void start_config_free(struct start_config *config) {
	struct spec *spec = &config->spec;
	for (size_t i = 0; i < spec->mount_count; i++) {
		strings_free(&spec->mounts[i].data);
		id_maps_free(&spec->mounts[i].id_maps);
	}
	id_maps_free(&spec->id_maps);
	for (size_t i = 0; i < spec->sysctl_count; i++)
		free((void *)spec->sysctls[i].name);
	for (size_t i = 0; i < config->file_count; i++)
		free(config->files[i].content);
	free(spec->mounts);
	free(spec->devices);
	free(spec->sysctls);
	strings_free(&spec->masked);
	strings_free(&spec->readonly);
	spec_process_free(&spec->process);
	spec_resources_free(&spec->resources);
	strings_free(&config->rootfs.lower);
	free(config->files);
	json_decref(config->json);
	*config = (struct start_config){0};
}
