/* create, start and run. */
#include "oci/hooks.h"
#include "oci/config.h"
#include "oci/wait.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/container.h"
#include "runtime/launch.h"

#include <string.h>

struct request {
    const char *bundle, *pid_file, *console_socket, *preserve;
    bool detach;
    struct store store;
};

static int at_namespaces(void *owner, pid_t pid, struct error *err) {
    struct store *store = owner;
    store_set_pid(store, pid);
    int failed = hooks_run(store, "prestart", "creating", err);
    return failed < 0 ? failed : hooks_run(store, "createRuntime", "creating", err);
}

static int before_program(void *owner, struct error *err) { return hooks_run(owner, "startContainer", "created", err); }

static int open_fifo(int folder, int *ret, struct error *err) {
    if (mkfifoat(folder, "exec.fifo", 0600) < 0 || (*ret = openat(folder, "exec.fifo", O_RDWR | O_NOFOLLOW | O_CLOEXEC)) < 0)
        return error_errno(err, "state", "cannot make exec.fifo");
    return 0;
}

/* After the launch: what the caller is told. A failure here takes the container down again. */
static int announce(struct request *request, struct container *container, struct error *err) {
    struct store *store = &request->store;
    store_set_pid(store, container->pid);
    int failed = container->terminal >= 0 ? wait_send_terminal(request->console_socket, container->terminal, err) : 0;
    if (failed < 0 || (failed = store_save(store, err)) < 0)
        return failed;
    return wait_write_pid(request->pid_file, container->pid, err);
}

static int launch_container(struct request *request, struct container *container, struct error *err) {
    struct store *store = &request->store;
    struct host host;
    _cleanup_close_ int fifo = -1;
    unsigned preserved;
    int failed = options_count(request->preserve, &preserved, err);
    if (failed < 0 || (failed = wait_check_terminal(store->config.spec.process.terminal, request->console_socket, err)) < 0 ||
        (failed = open_fifo(store->folder, &fifo, err)) < 0 || (failed = host_open(&host, err)) < 0)
        return failed;
    const struct launch_hold hold = {.fifo = fifo, .owner = store, .at_namespaces = at_namespaces, .before_program = before_program};
    const struct container_stdio stdio = {.in = 0, .out = 1, .err = 2};
    container->hold = &hold;
    container->preserved_fds = preserved;
    failed = container_start(&host, &store->config, &stdio, container, err);
    container->hold = NULL;
    if (failed >= 0 && (failed = announce(request, container, err)) < 0) {
        struct error ignored;
        (void)container_release(container, &ignored);
    }
    host_close(&host);
    return failed;
}

static int create(const struct oci *oci, char **argv, struct request *request, struct container *container, struct error *err) {
    const struct option options[] = {
        {.name = "bundle", .letter = 'b', .text = &request->bundle},   {.name = "pid-file", .text = &request->pid_file},
        {.name = "console-socket", .text = &request->console_socket},  {.name = "preserve-fds", .text = &request->preserve},
        {.name = "detach", .letter = 'd', .flag = &request->detach},   {.name = NULL},
    };
    json_t *state;
    char **rest = options_parse(options, argv, err);
    if (!rest)
        return -EINVAL;
    int failed = store_check_id(rest[0], err);
    if (failed < 0 || (failed = config_load(request->bundle ? request->bundle : ".", rest[0], &state, err)) < 0)
        return failed;
    if ((failed = store_create(oci, rest[0], state, &request->store, err)) < 0) {
        json_decref(state);
        return failed;
    }
    if ((failed = launch_container(request, container, err)) < 0)
        store_remove(oci, &request->store);
    return failed;
}

int command_create(const struct oci *oci, char **argv, struct error *err) {
    struct request request = {.store = STORE_INIT};
    struct container container = CONTAINER_INIT;
    int failed = create(oci, argv, &request, &container, err);
    store_close(&request.store);
    return failed;
}

static int start(struct store *store, struct error *err) {
    if (strcmp(store_status(store), "created") != 0)
        return error_set(err, EINVAL, "state", "cannot start a container in the %s state", store_status(store));
    _cleanup_close_ int fifo = openat(store->folder, "exec.fifo", O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fifo < 0 || write(fifo, "s", 1) != 1)
        return error_errno(err, "start", "the container's process does not wait any more");
    (void)sys_unlinkat(store->folder, "exec.fifo", 0);
    return hooks_run(store, "poststart", "running", err);
}

int command_start(const struct oci *oci, char **argv, struct error *err) {
    struct store store;
    int failed = store_open(oci, argv[0], &store, err);
    if (failed < 0)
        return failed;
    failed = start(&store, err);
    store_close(&store);
    return failed;
}

int command_run(const struct oci *oci, char **argv, struct error *err) {
    struct request request = {.store = STORE_INIT};
    struct container container = CONTAINER_INIT;
    wait_prepare();
    int code = create(oci, argv, &request, &container, err);
    if (code >= 0)
        code = start(&request.store, err);
    if (code < 0 && container.pid > 0) {
        struct error ignored;
        (void)container_release(&container, &ignored);
        store_remove(oci, &request.store);
    }
    if (code >= 0 && !request.detach) {
        char id[sizeof request.store.id];
        (void)strcpy(id, request.store.id);
        store_close(&request.store); /* others may work on it meanwhile */
        code = wait_forward(container.pid);
        char *arguments[] = {(char[]){"--force"}, id, NULL};
        int failed = command_delete(oci, arguments, err);
        return failed < 0 ? failed : code;
    }
    store_close(&request.store);
    return code;
}
