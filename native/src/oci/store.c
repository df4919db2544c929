#include "oci/store.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/json.h"
#include "base/sys.h"

#include <string.h>
#include <sys/file.h>

enum { STATE_MAX = 8 << 20 };

int store_check_id(const char *id, struct error *err) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-";
    if (!id || !id[0])
        return error_set(err, EINVAL, "usage", "a container id is expected");
    if (strlen(id) > 255 || strspn(id, allowed) != strlen(id) || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
        return error_set(err, EINVAL, "usage", "\"%.64s\" is no container id: letters, digits and _.+- are expected", id);
    return 0;
}

/* Field 22 comes after the name, which is the only one that may hold blanks and parentheses. 0 when there is no such process, or a dead one. */
static json_int_t start_time(pid_t pid) {
    _cleanup_free_ char *text = NULL;
    size_t length;
    char path[48], status;
    unsigned long long time = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_file_at(AT_FDCWD, path, 8192, &text, &length) < 0)
        return 0;
    const char *after = strrchr(text, ')');
    if (!after || sscanf(after + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &status, &time) != 2)
        return 0;
    return status == 'Z' || status == 'X' ? 0 : (json_int_t)time;
}

pid_t store_pid(const struct store *store) {
    pid_t pid = (pid_t)json_integer_value(json_object_get(store->state, "pid"));
    json_int_t time = pid > 0 ? start_time(pid) : 0;
    return time && time == json_integer_value(json_object_get(store->state, "startTime")) ? pid : 0;
}

void store_set_pid(struct store *store, pid_t pid) {
    (void)json_object_set_new(store->state, "pid", json_integer(pid));
    (void)json_object_set_new(store->state, "startTime", json_integer(start_time(pid)));
}

const char *store_status(const struct store *store) {
    if (!store_pid(store))
        return "stopped";
    if (faccessat(store->folder, "exec.fifo", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return "created";
    return json_is_true(json_object_get(store->state, "paused")) ? "paused" : "running";
}

json_t *store_report(const struct store *store, const char *status) {
    const json_t *start = json_object_get(store->state, "start");
    json_t *report = json_pack("{s:s, s:s, s:s, s:O}", "ociVersion", "1.2.0", "id", store->id, "status", status, "bundle",
                               json_object_get(store->state, "bundle"));
    (void)json_object_set_new(report, "pid", json_integer(strcmp(status, "stopped") == 0 ? 0 : json_integer_value(json_object_get(store->state, "pid"))));
    (void)json_object_set(report, "rootfs", json_object_get(json_object_get(start, "rootfs"), "path"));
    (void)json_object_set(report, "created", json_object_get(store->state, "created"));
    (void)json_object_set(report, "annotations", json_object_get(store->state, "annotations"));
    return report;
}

static int lock_folder(int root, const char *id, struct store *store, struct error *err) {
    struct stat status;
    store->folder = sys_openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (store->folder < 0 && errno == ENOENT)
        return error_set(err, ENOENT, "state", "container \"%s\" does not exist", id);
    if (store->folder < 0 || flock(store->folder, LOCK_EX) < 0 || fstat(store->folder, &status) < 0)
        return error_errno(err, "state", "cannot open the state of container \"%s\"", id);
    if (status.st_nlink == 0) /* deleted by whom we waited for */
        return error_set(err, ENOENT, "state", "container \"%s\" does not exist", id);
    (void)strcpy(store->id, id);
    return 0;
}

int store_create(const struct oci *oci, const char *id, json_t *state, struct store *ret, struct error *err) {
    struct store store = STORE_INIT;
    char now[CLOCK_TEXT_SIZE];
    store.state = state;
    int failed = store_check_id(id, err);
    if (failed < 0)
        return failed;
    (void)mkdir(oci->root, 0700);
    _cleanup_close_ int root = open(oci->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_errno(err, "state", "cannot open %s", oci->root);
    if (sys_mkdirat(root, id, 0700) < 0)
        return errno == EEXIST ? error_set(err, EEXIST, "state", "container with id exists already: %s", id)
                               : error_errno(err, "state", "cannot make the state of %s", id);
    clock_now_text(now);
    (void)json_object_set_new(state, "created", json_string(now));
    if ((failed = lock_folder(root, id, &store, err)) < 0 || (failed = start_config_parse(json_object_get(state, "start"), &store.config, err)) < 0) {
        close_fd(&store.folder);
        (void)sys_unlinkat(root, id, AT_REMOVEDIR);
        return failed;
    }
    *ret = store;
    return 0;
}

int store_open(const struct oci *oci, const char *id, struct store *ret, struct error *err) {
    struct store store = STORE_INIT;
    _cleanup_free_ char *text = NULL;
    size_t length;
    int failed = store_check_id(id, err);
    if (failed < 0)
        return failed;
    _cleanup_close_ int root = open(oci->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_set(err, ENOENT, "state", "container \"%s\" does not exist", id);
    if ((failed = lock_folder(root, id, &store, err)) >= 0) {
        failed = read_file_at(store.folder, "state.json", STATE_MAX, &text, &length);
        if (failed < 0)
            failed = error_set(err, -failed, "state", "container \"%s\" was never made in full: delete it with --force", id);
        else if ((failed = json_parse(text, length, &store.state, err)) >= 0)
            failed = start_config_parse(json_object_get(store.state, "start"), &store.config, err);
    }
    if (failed < 0) {
        store_close(&store);
        return failed;
    }
    *ret = store;
    return 0;
}

int store_save(const struct store *store, struct error *err) {
    _cleanup_free_ char *text = json_dumps(store->state, JSON_COMPACT);
    int failed = text ? replace_file_at(store->folder, "state.json", text, strlen(text), 0600) : -ENOMEM;
    return failed < 0 ? error_set(err, -failed, "state", "cannot save the state of %s: %s", store->id, strerror(-failed)) : 0;
}

void store_remove(const struct oci *oci, const struct store *store) {
    _cleanup_close_ int root = open(oci->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)sys_unlinkat(store->folder, "exec.fifo", 0);
    (void)sys_unlinkat(store->folder, "state.json", 0);
    (void)sys_unlinkat(root, store->id, AT_REMOVEDIR);
}

void store_close(struct store *store) {
    close_fd(&store->folder);
    if (store->config.json)
        start_config_free(&store->config);
    json_decref(store->state);
    store->state = NULL;
}
