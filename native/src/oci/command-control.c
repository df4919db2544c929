/* state, kill, delete, pause, resume, list, ps: on a container that another call started. */
#include "oci/hooks.h"

#include "base/cleanup.h"
#include "runtime/container.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

int command_state(const struct oci *oci, char **argv, struct error *err) {
    struct store store;
    int failed = store_open(oci, argv[0], &store, err);
    if (failed < 0)
        return failed;
    json_t *report = store_report(&store, store_status(&store));
    output_json(report);
    json_decref(report);
    store_close(&store);
    return 0;
}

/* "9", "KILL", "SIGKILL"; 0 when it is none. */
static int signal_number(const char *text) {
    char *end;
    long number = strtol(text, &end, 10);
    if (!*end && end != text)
        return number > 0 && number <= 64 ? (int)number : 0;
    const char *name = strncmp(text, "SIG", 3) == 0 ? text + 3 : text;
    for (int i = 1; i < NSIG; i++)
        if (sigabbrev_np(i) && strcmp(sigabbrev_np(i), name) == 0)
            return i;
    return 0;
}

/* Opens store and container; the caller closes both with leave(). */
static int enter(const struct oci *oci, const char *id, struct store *store, struct host *host, struct container *container, struct error *err) {
    int failed = store_open(oci, id, store, err);
    if (failed < 0)
        return failed;
    if ((failed = host_open_groups(host, err)) >= 0) {
        if ((failed = container_adopt(host, &store->config, store_pid(store), container, err)) >= 0)
            return 0;
        host_close(host);
    }
    store_close(store);
    return failed;
}

static void leave(struct store *store, struct host *host, struct container *container) {
    close_fd(&container->pidfd);
    close_fd(&container->devpts);
    cgroup_free(container->cgroup);
    host_close(host);
    store_close(store);
}

static int send_signal(const struct store *store, struct container *container, int number, bool is_for_all, struct error *err) {
    if (is_for_all)
        return cgroup_signal(container->cgroup, number, err);
    if (!container->pid)
        return error_set(err, ESRCH, "state", "container \"%s\" is not running", store->id);
    return kill(container->pid, number) < 0 ? error_errno(err, "signal", "cannot send signal %d", number) : 0;
}

int command_kill(const struct oci *oci, char **argv, struct error *err) {
    bool is_for_all = false;
    const struct option options[] = {{.name = "all", .letter = 'a', .flag = &is_for_all}, {.name = NULL}};
    struct store store;
    struct host host;
    struct container container;
    char **rest = options_parse(options, argv, err);
    if (!rest)
        return -EINVAL;
    int number = signal_number(rest[0] && rest[1] ? rest[1] : "TERM");
    if (!number)
        return error_set(err, EINVAL, "usage", "\"%.32s\" is no signal", rest[1]);
    int failed = enter(oci, rest[0], &store, &host, &container, err);
    if (failed < 0)
        return failed;
    failed = send_signal(&store, &container, number, is_for_all, err);
    leave(&store, &host, &container);
    return failed;
}

int command_delete(const struct oci *oci, char **argv, struct error *err) {
    bool is_forced = false;
    const struct option options[] = {{.name = "force", .letter = 'f', .flag = &is_forced}, {.name = NULL}};
    struct store store;
    struct host host;
    struct container container;
    char **rest = options_parse(options, argv, err);
    if (!rest)
        return -EINVAL;
    int failed = enter(oci, rest[0], &store, &host, &container, err);
    if (failed < 0)
        return failed == -ENOENT && is_forced ? 0 : failed;
    if (!is_forced && container.pid) {
        failed = error_set(err, EBUSY, "state", "cannot delete container \"%s\": it is %s; kill it first, or use --force", store.id, store_status(&store));
        leave(&store, &host, &container);
        return failed;
    }
    failed = container_release(&container, err);
    if (failed >= 0) {
        struct error ignored; /* the specification: a failing poststop hook is logged, and the deletion goes on */
        if (hooks_run(&store, "poststop", "stopped", &ignored) < 0)
            output_failure(NULL, false, &ignored);
        store_remove(oci, &store);
    }
    leave(&store, &host, &container);
    return failed;
}

static int set_paused(const struct oci *oci, char **argv, bool is_paused, struct error *err) {
    struct store store;
    struct host host;
    struct container container;
    int failed = enter(oci, argv[0], &store, &host, &container, err);
    if (failed < 0)
        return failed;
    if (strcmp(store_status(&store), is_paused ? "running" : "paused") != 0)
        failed = error_set(err, EINVAL, "state", "container \"%s\" is %s", store.id, store_status(&store));
    else if ((failed = cgroup_freeze(container.cgroup, is_paused, err)) >= 0) {
        (void)json_object_set_new(store.state, "paused", json_boolean(is_paused));
        failed = store_save(&store, err);
    }
    leave(&store, &host, &container);
    return failed;
}

int command_pause(const struct oci *oci, char **argv, struct error *err) { return set_paused(oci, argv, true, err); }
int command_resume(const struct oci *oci, char **argv, struct error *err) { return set_paused(oci, argv, false, err); }

int command_ps(const struct oci *oci, char **argv, struct error *err) {
    const char *format = "table";
    const struct option options[] = {{.name = "format", .letter = 'f', .text = &format}, {.name = NULL}};
    struct store store;
    struct host host;
    struct container container;
    _cleanup_free_ pid_t *pids = NULL;
    size_t count = 0;
    char **rest = options_parse(options, argv, err);
    if (!rest)
        return -EINVAL;
    int failed = enter(oci, rest[0], &store, &host, &container, err);
    if (failed < 0)
        return failed;
    json_t *list = json_array();
    if ((failed = cgroup_processes(container.cgroup, &pids, &count, err)) >= 0 && strcmp(format, "json") != 0)
        output_line("PID");
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, json_integer(pids[i]));
        if (strcmp(format, "json") != 0)
            output_line("%d", (int)pids[i]);
    }
    if (failed >= 0 && strcmp(format, "json") == 0)
        output_json(list);
    json_decref(list);
    leave(&store, &host, &container);
    return failed;
}

int command_list(const struct oci *oci, char **argv, struct error *err) {
    const char *format = "table";
    bool is_quiet = false;
    const struct option options[] = {{.name = "format", .letter = 'f', .text = &format}, {.name = "quiet", .letter = 'q', .flag = &is_quiet}, {.name = NULL}};
    if (!options_parse(options, argv, err))
        return -EINVAL;
    bool is_json = strcmp(format, "json") == 0;
    json_t *all = json_array();
    _cleanup_closedir_ DIR *folder = opendir(oci->root);
    if (!is_quiet && !is_json)
        output_line("%-24s %-8s %-10s %s", "ID", "PID", "STATUS", "BUNDLE");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct store store;
        struct error ignored;
        if (entry->d_name[0] == '.' || store_open(oci, entry->d_name, &store, &ignored) < 0)
            continue;
        json_t *report = store_report(&store, store_status(&store));
        (void)json_array_append(all, report);
        if (is_quiet)
            output_line("%s", store.id);
        else if (!is_json)
            output_line("%-24s %-8d %-10s %s", store.id, (int)json_integer_value(json_object_get(report, "pid")), store_status(&store),
                        json_string_value(json_object_get(report, "bundle")));
        json_decref(report);
        store_close(&store);
    }
    if (is_json && !is_quiet)
        output_json(all);
    json_decref(all);
    return 0;
}
