#include "oci/hooks.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/process.h"
#include "base/sys.h"

#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>

static char **texts(const json_t *array, const char *first) {
	size_t count = json_array_size(array);
	char **list = calloc(count + 2, sizeof *list);
	for (size_t i = 0; list && i < count; i++)
		list[i] = (char *)(uintptr_t)json_string_value(json_array_get(array, i));
	if (list && !count && first)
		list[0] = (char *)(uintptr_t)first;
	return list;
}

/* Waits for the end; a hook that takes longer than its timeout is killed. Returns the wait status, or -errno. */
static int wait_for(pid_t pid, json_int_t timeout_s) {
	_cleanup_close_ int pidfd = sys_pidfd_open(pid, 0);
	struct pollfd poller = {.fd = pidfd, .events = POLLIN};
	int status = 0, ready = 1;
	if (timeout_s > 0 && timeout_s < INT_MAX / 1000)
		ready = poll(&poller, 1, (int)timeout_s * 1000);
	if (ready == 0)
		(void)kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return ready == 0 ? -ETIMEDOUT : status;
}

/* `folder` is where it runs; a hook without an `env` has the runtime's, as with runc and crun. */
static int run_hook(const json_t *hook, const char *kind, const char *folder, const char *state, struct error *err) {
	const char *path = json_string_value(json_object_get(hook, "path"));
	const json_t *environment = json_object_get(hook, "env");
	if (!path || path[0] != '/')
		return error_set(err, EINVAL, "hook", "%s: a hook needs an absolute path", kind);
	_cleanup_free_ char **argv = texts(json_object_get(hook, "args"), path), **envp = texts(environment, NULL);
	_cleanup_close_ int input = (int)syscall(SYS_memfd_create, "state", 1U);
	if (!argv || !envp || input < 0 || write_all(input, state, strlen(state)) < 0 || lseek(input, 0, SEEK_SET) < 0)
		return error_errno(err, "hook", "cannot prepare the hook %s", path);
	pid_t pid = sys_fork();
	if (pid == 0) {
		process_reset_signals();
		(void)dup3(input, 0, 0);
		(void)sys_close_range(3, ~0U, 0);
		if (folder)
			(void)!chdir(folder);
		(void)execve(path, argv, environment ? envp : environ);
		_exit(127);
	}
	int status = pid < 0 ? -errno : wait_for(pid, json_integer_value(json_object_get(hook, "timeout")));
	if (status < 0)
		return error_set(err, -status, "hook", "%s hook %s: %s", kind, path, strerror(-status));
	if (status)
		return error_set(err, ECANCELED, "hook", "%s hook %s failed with %d", kind, path, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}

int hooks_run(const struct store *store, const char *kind, const char *status, const char *folder, struct error *err) {
	const json_t *hooks = json_object_get(json_object_get(store->state, "hooks"), kind);
	if (!json_array_size(hooks))
		return 0;
	json_t *report = store_report(store, status);
	_cleanup_free_ char *state = json_dumps(report, JSON_COMPACT);
	json_decref(report);
	int failed = state ? 0 : error_set(err, ENOMEM, "hook", "out of memory");
	for (size_t i = 0; failed >= 0 && i < json_array_size(hooks); i++)
		failed = run_hook(json_array_get(hooks, i), kind, folder, state, err);
	return failed;
}

int hooks_run_unlocked(const struct store *store, const char *kind, const char *status, struct error *err) {
	struct error gone;
	if (!hooks_exist(store, kind))
		return 0;
	store_unlock(store);
	int failed = hooks_run(store, kind, status, json_string_value(json_object_get(store->state, "bundle")), err);
	int locked = store_lock(store, failed < 0 ? &gone : err);
	return failed < 0 ? failed : locked;
}

bool hooks_exist(const struct store *store, const char *kind) {
	return json_array_size(json_object_get(json_object_get(store->state, "hooks"), kind)) > 0;
}
