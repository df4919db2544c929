#include "oci/config.h"
#include "oci/store.h"
#include "oci/wait.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/json.h"
#include "runtime/container.h"

#include <fcntl.h>
#include <string.h>

struct request {
    const char *process, *pid_file, *console_socket, *user, *cwd, *preserve;
    json_t *env;
    bool has_terminal, detach;
    char **args;
};

/* Digits alone, up to 4294967294: (uid_t)-1 would mean "as it is", which is root. */
static int parse_id(const char *text, size_t length, json_int_t *ret, struct error *err) {
    json_int_t number = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || i >= 10)
            length = 0;
        number = number * 10 + (text[i] - '0');
    }
    if (!length || number > 4294967294LL)
        return error_set(err, EINVAL, "usage", "--user: numbers from 0 to 4294967294 are expected (uid or uid:gid), not \"%.64s\"", text);
    *ret = number;
    return 0;
}

static int set_user(json_t *process, const char *text, struct error *err) {
    size_t length = strcspn(text, ":");
    json_int_t uid, gid = 0;
    int failed = parse_id(text, length, &uid, err);
    if (failed < 0 || (text[length] && (failed = parse_id(text + length + 1, strlen(text + length + 1), &gid, err)) < 0))
        return failed;
    json_t *user = json_copy(json_object_get(process, "user"));
    (void)json_object_set_new(user, "uid", json_integer(uid));
    if (text[length])
        (void)json_object_set_new(user, "gid", json_integer(gid));
    return json_object_set_new(process, "user", user);
}

static int from_file(const char *path, json_t **ret, struct error *err) {
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_t *process = NULL;
    size_t length;
    int failed = read_file_at(AT_FDCWD, path, 1 << 20, &text, &length);
    if (failed < 0)
        return error_set(err, -failed, "spec", "cannot read %s: %s", path, strerror(-failed));
    if ((failed = json_parse(text, length, &process, err)) < 0)
        return failed;
    return config_process(process, ret, err);
}

/* The container's own process with what the options change. */
static int from_options(const struct request *request, const struct store *store, json_t **ret, struct error *err) {
    const json_t *start = json_object_get(store->state, "start");
    if (!request->args[0])
        return error_set(err, EINVAL, "usage", "a program is expected after the container's id");
    json_t *process = json_deep_copy(json_object_get(json_object_get(start, "spec"), "process")), *args = json_array();
    for (char **at = request->args; *at; at++)
        (void)json_array_append_new(args, json_string(*at));
    (void)json_object_set_new(process, "args", args);
    (void)json_object_set_new(process, "terminal", json_boolean(request->has_terminal));
    if (request->cwd)
        (void)json_object_set_new(process, "cwd", json_string(request->cwd));
    if (!json_object_get(process, "env"))
        (void)json_object_set_new(process, "env", json_array());
    (void)json_array_extend(json_object_get(process, "env"), request->env);
    int failed = request->user ? set_user(process, request->user, err) : 0;
    if (failed < 0) {
        json_decref(process);
        return failed;
    }
    *ret = process;
    return 0;
}

/* Starts it and tells the caller; *ret_pid is a child of ours. */
static int execute(const struct request *request, const struct store *store, const struct spec_process *process, pid_t *ret_pid, struct error *err) {
    struct host host;
    struct container container;
    struct container_process started = {.pidfd = -1, .terminal = -1};
    const struct container_stdio stdio = {.in = 0, .out = 1, .err = 2};
    unsigned preserved;
    int failed = options_count(request->preserve, &preserved, err);
    if (failed < 0 || (failed = wait_check_terminal(process->terminal, request->console_socket, err)) < 0 || (failed = host_open(&host, err)) < 0)
        return failed;
    if ((failed = container_adopt(&host, &store->config, store_pid(store), &container, err)) >= 0) {
        container.preserved_fds = preserved;
        failed = container_exec(&host, &container, process, &stdio, &started, err);
        close_fd(&container.pidfd);
        close_fd(&container.devpts);
        cgroup_free(container.cgroup);
    }
    host_close(&host);
    if (failed >= 0 && started.terminal >= 0)
        failed = wait_send_terminal(request->console_socket, started.terminal, err);
    close_fd(&started.terminal);
    close_fd(&started.pidfd);
    *ret_pid = started.pid;
    return failed < 0 ? failed : wait_write_pid(request->pid_file, started.pid, err);
}

static int run(const struct oci *oci, const char *id, const struct request *request, struct error *err) {
    struct store store;
    struct spec_process process = {0};
    _cleanup_json_ json_t *json = NULL;
    pid_t pid = 0;
    int failed = store_open(oci, id, &store, err);
    if (failed < 0)
        return failed;
    const char *status = store_status(&store);
    if (strcmp(status, "running") != 0 && strcmp(status, "created") != 0)
        failed = error_set(err, EINVAL, "state", "cannot exec in a container that is %s", status);
    else
        failed = request->process ? from_file(request->process, &json, err) : from_options(request, &store, &json, err);
    if (failed >= 0 && (failed = spec_process_parse(json, "process", &process, err)) >= 0) {
        failed = execute(request, &store, &process, &pid, err);
        spec_process_free(&process);
    }
    store_close(&store);
    return failed < 0 || request->detach ? failed : wait_forward(pid);
}

int command_exec(const struct oci *oci, char **argv, struct error *err) {
    struct request request = {.env = json_array()};
    const struct option options[] = {
        {.name = "process", .letter = 'p', .text = &request.process}, {.name = "pid-file", .text = &request.pid_file},
        {.name = "console-socket", .text = &request.console_socket},  {.name = "user", .letter = 'u', .text = &request.user},
        {.name = "cwd", .text = &request.cwd},                        {.name = "env", .letter = 'e', .list = request.env},
        {.name = "tty", .letter = 't', .flag = &request.has_terminal}, {.name = "detach", .letter = 'd', .flag = &request.detach},
        {.name = "preserve-fds", .text = &request.preserve},          {.name = NULL},
    };
    char **rest = options_parse(options, argv, err);
    int code = rest ? store_check_id(rest[0], err) : -1;
    if (code >= 0) {
        request.args = rest + 1;
        wait_prepare();
        code = run(oci, rest[0], &request, err);
    }
    json_decref(request.env);
    return code;
}
