#include "oci/config.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_MAX = 4 << 20 };

/* Members `names` (NULL-ended) of an object that are there and not null, as a new object. */
static json_t *pick(const json_t *from, const char *const *names) {
    json_t *result = json_object();
    for (; *names; names++) {
        json_t *value = json_object_get(from, *names);
        if (value && !json_is_null(value))
            (void)json_object_set(result, *names, value);
    }
    return result;
}

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

/* Nulls stand for absent members, at any depth. */
static void drop_nulls(json_t *value) {
    const char *name;
    json_t *member;
    void *next;
    size_t index;
    json_object_foreach_safe(value, next, name, member) {
        if (json_is_null(member))
            (void)json_object_del(value, name);
        else
            drop_nulls(member);
    }
    json_array_foreach(value, index, member) drop_nulls(member);
}

int config_process(const json_t *process, json_t **ret, struct error *err) {
    static const char *const known[] = {"terminal",        "consoleSize",     "user",         "args", "env", "cwd", "capabilities", "rlimits",
                                        "noNewPrivileges", "apparmorProfile", "selinuxLabel", "oomScoreAdj", NULL};
    static const char *const user[] = {"uid", "gid", "umask", "additionalGids", NULL};
    static const char *const missing[] = {"scheduler", "ioPriority", "execCPUAffinity", NULL};
    int failed = refuse(process, "process", missing, err);
    if (failed < 0)
        return failed;
    json_t *result = pick(process, known);
    (void)json_object_set_new(result, "user", pick(json_object_get(process, "user"), user));
    *ret = result;
    return 0;
}

/* Paths relative to the bundle become absolute, as the specification says. */
static json_t *absolute(const char *bundle, const char *path) {
    return path[0] == '/' ? json_string(path) : json_sprintf("%s/%s", bundle, path);
}

static int convert_mounts(const json_t *mounts, const char *bundle, json_t **ret, struct error *err) {
    static const char *const known[] = {"destination", "type", "source", "options", NULL};
    static const char *const missing[] = {"uidMappings", "gidMappings", NULL};
    _cleanup_json_ json_t *list = json_array();
    size_t index;
    json_t *mount;
    json_array_foreach(mounts, index, mount) {
        char where[32];
        (void)snprintf(where, sizeof where, "mounts[%zu]", index);
        int failed = refuse(mount, where, missing, err);
        if (failed < 0)
            return failed;
        json_t *picked = pick(mount, known), *option;
        const char *type = json_string_value(json_object_get(picked, "type")), *source = json_string_value(json_object_get(picked, "source"));
        bool is_bind = type && strcmp(type, "bind") == 0;
        size_t at;
        json_array_foreach(json_object_get(picked, "options"), at, option) {
            const char *text = json_string_value(option);
            is_bind |= text && (strcmp(text, "bind") == 0 || strcmp(text, "rbind") == 0);
        }
        if (is_bind && source)
            (void)json_object_set_new(picked, "source", absolute(bundle, source));
        (void)json_array_append_new(list, picked);
    }
    *ret = TAKE_PTR(list);
    return 0;
}

/* What every container may use, as runc: any node may be made; these may be opened. */
static void allow_default_devices(json_t *resources) {
    static const int nodes[][2] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 2}, {136, -1}};
    json_t *rules = json_object_get(resources, "devices");
    if (!json_array_size(rules))
        return;
    (void)json_array_append_new(rules, json_pack("{s:b, s:s, s:s}", "allow", 1, "type", "c", "access", "m"));
    (void)json_array_append_new(rules, json_pack("{s:b, s:s, s:s}", "allow", 1, "type", "b", "access", "m"));
    for (size_t i = 0; i < ELEMENTS(nodes); i++)
        (void)json_array_append_new(rules, json_pack("{s:b, s:s, s:i, s:i, s:s}", "allow", 1, "type", "c", "major", nodes[i][0], "minor", nodes[i][1],
                                                     "access", "rwm"));
}

static int convert_linux(const json_t *from, const char *id, json_t **ret, struct error *err) {
    static const char *const known[] = {"namespaces", "devices", "cgroupsPath", "resources", "rootfsPropagation", "sysctl", "maskedPaths",
                                        "readonlyPaths", "mountLabel", "seccomp", NULL};
    static const char *const missing[] = {"uidMappings", "gidMappings", "timeOffsets", "intelRdt", "personality", NULL};
    static const char *const gone[] = {"kernel", "kernelTCP", "useHierarchy", "checkBeforeUpdate"};
    int failed = refuse(from, "linux", missing, err);
    if (failed < 0)
        return failed;
    json_t *result = pick(from, known), *resources = json_object_get(result, "resources");
    json_t *memory = json_object_get(resources, "memory");
    const char *path = json_string_value(json_object_get(result, "cgroupsPath"));
    for (size_t i = 0; memory && i < ELEMENTS(gone); i++)
        (void)json_object_del(memory, gone[i]);
    allow_default_devices(resources);
    if (!path || !path[0])
        (void)json_object_set_new(result, "cgroupsPath", json_sprintf("/%s", id));
    else if (path[0] != '/')
        (void)json_object_set_new(result, "cgroupsPath", json_sprintf("/%s", path));
    *ret = result;
    return 0;
}

static int convert(const json_t *config, const char *bundle, const char *id, json_t **ret, struct error *err) {
    static const char *const top[] = {"ociVersion", "hostname", "domainname", NULL};
    static const char *const missing_hooks[] = {"createContainer", NULL};
    const json_t *root = json_object_get(config, "root");
    const char *path = json_string_value(json_object_get(root, "path"));
    _cleanup_json_ json_t *process = NULL, *mounts = NULL, *system = NULL;
    int failed;
    if (!path)
        return error_set(err, EINVAL, "spec", "root.path: a string is expected");
    if (!json_is_object(json_object_get(config, "process")))
        return error_set(err, EINVAL, "spec", "process: an object is expected");
    if ((failed = config_process(json_object_get(config, "process"), &process, err)) < 0 ||
        (failed = convert_mounts(json_object_get(config, "mounts"), bundle, &mounts, err)) < 0 ||
        (failed = refuse(json_object_get(config, "hooks"), "hooks", missing_hooks, err)) < 0 ||
        (failed = convert_linux(json_object_get(config, "linux"), id, &system, err)) < 0)
        return failed;
    _cleanup_json_ json_t *spec = pick(config, top), *folder = absolute(bundle, path);
    json_t *hooks = json_object_get(config, "hooks"), *annotations = json_object_get(config, "annotations");
    (void)json_object_set(spec, "process", process);
    (void)json_object_set(spec, "mounts", mounts);
    (void)json_object_set(spec, "linux", system);
    (void)json_object_set_new(spec, "root", json_pack("{s:O, s:b}", "path", folder, "readonly", json_is_true(json_object_get(root, "readonly"))));
    json_t *start = json_pack("{s:O, s:{s:s, s:O}, s:{s:b, s:b}, s:{s:s}, s:[], s:s, s:b, s:b}", "spec", spec, "rootfs", "kind", "directory", "path", folder,
                              "stdio", "stdin", 1, "stdinOnce", 0, "log", "kind", "none", "files", "onOom", "report", "init", 0, "isDurable", 1);
    json_t *result = json_pack("{s:o, s:s}", "start", start, "bundle", bundle);
    if (!result)
        return error_set(err, ENOMEM, "spec", "out of memory");
    (void)json_object_set_new(result, "hooks", hooks ? json_incref(hooks) : json_object());
    (void)json_object_set_new(result, "annotations", annotations ? json_incref(annotations) : json_object());
    *ret = result;
    return 0;
}

int config_load(const char *bundle, const char *id, json_t **ret, struct error *err) {
    char resolved[PATH_MAX], path[PATH_MAX + 16];
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_t *config = NULL;
    size_t length;
    if (!realpath(bundle, resolved))
        return error_errno(err, "spec", "cannot find the bundle %s", bundle);
    (void)snprintf(path, sizeof path, "%s/config.json", resolved);
    int failed = read_file_at(AT_FDCWD, path, CONFIG_MAX, &text, &length);
    if (failed < 0)
        return error_set(err, -failed, "spec", "cannot read %s: %s", path, strerror(-failed));
    if ((failed = json_parse(text, length, &config, err)) < 0)
        return failed;
    drop_nulls(config);
    return convert(config, resolved, id, ret, err);
}
