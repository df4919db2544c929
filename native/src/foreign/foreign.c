#include "foreign/foreign.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/json.h"
#include "base/sys.h"
#include "foreign/bundle.h"
#include "foreign/command.h"
#include "foreign/console.h"
#include "foreign/layout.h"
#include "runtime/inject.h"
#include "runtime/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char stage[] = "runtime", pid_file[] = "runtime.pid", process_file[] = "process.json", resources_file[] = "resources.json";
enum { NUMBER_SIZE = 16 };

/* A command about the container as it is, without streams. */
static int command(struct foreign *foreign, const char *const *words, struct warnings *warnings, struct error *err) {
	return foreign_run(&(struct foreign_command){.foreign = foreign, .words = words, .warnings = warnings}, err);
}

static int remember(struct foreign *foreign, const struct start_config *config, struct error *err) {
	char link[32], path[PATH_MAX];
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", foreign->bundle);
	ssize_t length = readlink(link, path, sizeof path - 1);
	if (length < 0)
		return error_errno(err, stage, "cannot name the bundle");
	path[length] = '\0';
	const char *slash = strrchr(config->spec.cgroup_path, '/');
	json_decref(foreign->runtime);
	free(foreign->bundle_path);
	free(foreign->id);
	foreign->runtime = json_deep_copy(config->runtime);
	foreign->bundle_path = strdup(path);
	foreign->id = strdup(slash ? slash + 1 : config->spec.cgroup_path);
	return foreign->runtime && foreign->bundle_path && foreign->id ? 0 : error_set(err, ENOMEM, stage, "out of memory");
}

/* What only the runtime's `create` is to see. */
struct view {
	const struct start_config *config;
	int root; /* detached mount */
};

/* In the child: the working folder, the bundle, goes along into the new mount namespace. */
static int show_root_and_files(void *owner, struct error *err) {
	const struct view *view = owner;
	_cleanup_close_ int files = -1;
	if (sys_unshare(CLONE_NEWNS) < 0 || sys_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return error_errno(err, stage, "cannot make a mount namespace");
	if (sys_move_mount(view->root, "", AT_FDCWD, LAYOUT_ROOT, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(err, stage, "cannot attach the root file system");
	return view->config->file_count ? inject_store(view->config, LAYOUT_FILES, &files, err) : 0;
}

/* The init lies in the bundle as a file: a mount of it is what the container gets. The offset of host->init is that of all monitors. */
static int write_init(int bundle, const struct host *host, struct error *err) {
	struct stat status;
	if (fstat(host->init, &status) < 0)
		return error_errno(err, "init", "cannot read the init");
	_cleanup_free_ char *program = malloc((size_t)status.st_size);
	if (!program || pread(host->init, program, (size_t)status.st_size, 0) != status.st_size)
		return error_set(err, EIO, "init", "cannot read the init");
	int failed = replace_file_at(bundle, LAYOUT_INIT, program, (size_t)status.st_size, 0555);
	return failed < 0 ? error_set(err, -failed, "init", "cannot write the init: %s", strerror(-failed)) : 0;
}

static int write_bundle(struct foreign *foreign, const struct host *host, const struct start_config *config, struct error *err) {
	_cleanup_json_ json_t *document = NULL;
	int failed = bundle_config(config, host, foreign->bundle_path, &document, err);
	if (failed < 0 || (failed = bundle_write(foreign->bundle, "config.json", document, err)) < 0)
		return failed;
	if ((sys_mkdirat(foreign->bundle, LAYOUT_ROOT, 0755) < 0 && errno != EEXIST) || (sys_mkdirat(foreign->bundle, LAYOUT_FILES, 0700) < 0 && errno != EEXIST))
		return error_errno(err, stage, "cannot make the bundle's folders");
	return config->init ? write_init(foreign->bundle, host, err) : 0;
}

static int take_pid(int bundle, pid_t *ret, struct error *err) {
	_cleanup_free_ char *text = NULL;
	int failed = read_file_at(bundle, pid_file, NUMBER_SIZE, &text, NULL);
	long pid = failed < 0 ? 0 : strtol(text, NULL, 10);
	(void)sys_unlinkat(bundle, pid_file, 0);
	if (pid <= 0)
		return error_set(err, 0, stage, "the runtime has written no pid");
	*ret = (pid_t)pid;
	return 0;
}

/* `create` up to the program, and a terminal if there is to be one. */
static int create(struct foreign *foreign, const struct host *host, const struct start_config *config, const struct container_stdio *stdio,
				  struct warnings *warnings, pid_t *ret_pid, int *ret_terminal, struct error *err) {
	bool has_terminal = config->spec.process.terminal;
	_cleanup_close_ int root = -1;
	int listener = -1;
	const struct launch launch = {.host = host, .config = config, .err = err, .userns = -1};
	const char *words[] = {"create", "--bundle", foreign->bundle_path, "--pid-file", pid_file, foreign->id, NULL, NULL, NULL};
	if (has_terminal) {
		words[5] = "--console-socket";
		words[6] = CONSOLE_SOCKET;
		words[7] = foreign->id;
	}
	int failed = rootfs_open(&launch, &config->rootfs, config->is_durable, &root, err);
	if (failed >= 0 && has_terminal)
		failed = console_socket_open(foreign->bundle, &listener, err);
	if (failed < 0)
		return failed;
	struct view view = {.config = config, .root = root};
	failed = foreign_run(&(struct foreign_command){.foreign = foreign,
												   .words = words,
												   .program = config->spec.process.args.items[0],
												   .stdio = *stdio,
												   .prepare = show_root_and_files,
												   .owner = &view,
												   .warnings = warnings},
						 err);
	if (failed >= 0)
		failed = take_pid(foreign->bundle, ret_pid, err);
	if (failed >= 0 && has_terminal)
		failed = console_socket_take(foreign->bundle, &listener, ret_terminal, err);
	console_socket_close(foreign->bundle, &listener);
	return failed;
}

static int forget(struct foreign *foreign, struct error *err) {
	return command(foreign, (const char *const[]){"delete", "--force", foreign->id, NULL}, NULL, err);
}

/* From here on everything about it is asked of the kernel. */
static int take_over(const struct host *host, const struct start_config *config, pid_t pid, struct container *container, struct error *err) {
	struct container made;
	int failed = container_adopt(host, config, pid, &made, err);
	if (failed < 0)
		return failed;
	made.oom_kills_before = cgroup_oom_kills(made.cgroup);
	made.warnings = container->warnings;
	made.trace = container->trace;
	*container = made;
	return 0;
}

static int create_and_start(struct foreign *foreign, const struct host *host, const struct start_config *config, const struct container_stdio *stdio,
							struct container *container, struct error *err) {
	pid_t pid = 0;
	_cleanup_close_ int terminal = -1;
	int failed = create(foreign, host, config, stdio, &container->warnings, &pid, &terminal, err);
	if (failed < 0)
		return failed;
	trace_mark(&container->trace, "create");
	if ((failed = take_over(host, config, pid, container, err)) < 0)
		return failed;
	container->terminal = TAKE_FD(terminal);
	trace_mark(&container->trace, "take over");
	failed = foreign_run(&(struct foreign_command){.foreign = foreign,
												   .words = (const char *const[]){"start", foreign->id, NULL},
												   .program = config->spec.process.args.items[0],
												   .warnings = &container->warnings},
						 err);
	trace_mark(&container->trace, "running");
	return failed;
}

int foreign_start(struct foreign *foreign, const struct host *host, const struct start_config *config, const struct container_stdio *stdio,
				  struct container *container, struct error *err) {
	struct error ignored;
	warnings_free(&container->warnings);
	trace_begin(&container->trace);
	int failed = remember(foreign, config, err);
	if (failed < 0 || (failed = write_bundle(foreign, host, config, err)) < 0)
		return failed;
	trace_mark(&container->trace, "bundle");
	if ((failed = create_and_start(foreign, host, config, stdio, container, err)) < 0)
		(void)foreign_exited(foreign, container, &ignored);
	return failed;
}

int foreign_exec(struct foreign *foreign, const json_t *process, const struct container_stdio *stdio, struct container *container,
				 struct container_process *ret, struct error *err) {
	bool has_terminal = json_is_true(json_object_get(process, "terminal"));
	struct container_process started = {.pidfd = -1, .terminal = -1};
	int listener = -1;
	const char *words[] = {"exec", "--detach", "--process", process_file, "--pid-file", pid_file, foreign->id, NULL, NULL, NULL};
	if (has_terminal) {
		words[6] = "--console-socket";
		words[7] = CONSOLE_SOCKET;
		words[8] = foreign->id;
	}
	int failed = bundle_write(foreign->bundle, process_file, process, err);
	if (failed >= 0 && has_terminal)
		failed = console_socket_open(foreign->bundle, &listener, err);
	if (failed < 0)
		return failed;
	warnings_free(&container->warnings);
	failed = foreign_run(&(struct foreign_command){.foreign = foreign,
												   .words = words,
												   .program = json_string_value(json_array_get(json_object_get(process, "args"), 0)),
												   .stdio = *stdio,
												   .warnings = &container->warnings},
						 err);
	(void)sys_unlinkat(foreign->bundle, process_file, 0);
	if (failed >= 0)
		failed = take_pid(foreign->bundle, &started.pid, err);
	if (failed >= 0 && has_terminal)
		failed = console_socket_take(foreign->bundle, &listener, &started.terminal, err);
	console_socket_close(foreign->bundle, &listener);
	if (failed < 0 && started.pid > 0) /* it runs, and nobody could talk to it; it is our child */
		(void)kill(started.pid, SIGKILL);
	if (failed >= 0)
		*ret = started;
	return failed;
}

/* The runtime refuses to signal what has ended; for us it is running until it is reaped. */
static bool has_ended(const struct container *container) {
	siginfo_t info = {0};
	return waitid(P_PIDFD, (id_t)container->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

int foreign_signal(struct foreign *foreign, struct container *container, int signal, bool is_for_all, struct error *err) {
	char number[NUMBER_SIZE];
	(void)snprintf(number, sizeof number, "%d", signal);
	if (is_for_all)
		return cgroup_signal(container->cgroup, signal, err);
	int failed = signal == 0 ? 0 : command(foreign, (const char *const[]){"kill", foreign->id, number, NULL}, NULL, err);
	if (failed < 0 && has_ended(container))
		return 0;
	/* A runtime that is broken, or that is gone, must not keep a container alive. */
	if (failed < 0 && signal == SIGKILL)
		return sys_pidfd_send_signal(container->pidfd, SIGKILL) < 0 ? error_errno(err, "signal", "signal %d", signal) : 0;
	return failed;
}

int foreign_freeze(struct foreign *foreign, bool is_frozen, struct error *err) {
	return command(foreign, (const char *const[]){is_frozen ? "pause" : "resume", foreign->id, NULL}, NULL, err);
}

int foreign_update(struct foreign *foreign, const json_t *resources, struct warnings *warnings, struct error *err) {
	int failed = bundle_write(foreign->bundle, resources_file, resources, err);
	if (failed >= 0)
		failed = command(foreign, (const char *const[]){"update", "--resources", resources_file, foreign->id, NULL}, warnings, err);
	(void)sys_unlinkat(foreign->bundle, resources_file, 0);
	return failed;
}

int foreign_exited(struct foreign *foreign, struct container *container, struct error *err) {
	struct error ignored;
	int killed = container_exited(container, err);
	int forgotten = forget(foreign, killed < 0 ? &ignored : err);
	/* Nothing of it is there any more when the runtime has done its work. */
	int removed = cgroup_remove(TAKE_PTR(container->cgroup), killed < 0 || forgotten < 0 ? &ignored : err);
	return killed < 0 ? killed : forgotten < 0 ? forgotten : removed;
}

/* The bundle is berthd's, which counts on knowing what is in it. */
static void remove_files(struct foreign *foreign) {
	static const char *const files[] = {"config.json", LAYOUT_INIT}, *const folders[] = {LAYOUT_ROOT, LAYOUT_FILES, "runtime"};
	for (size_t i = 0; i < ELEMENTS(files); i++)
		(void)sys_unlinkat(foreign->bundle, files[i], 0);
	for (size_t i = 0; i < ELEMENTS(folders); i++)
		(void)sys_unlinkat(foreign->bundle, folders[i], AT_REMOVEDIR);
}

int foreign_release(struct foreign *foreign, struct container *container, struct error *err) {
	struct error ignored;
	int failed = container->pid ? foreign_exited(foreign, container, err) : 0;
	int released = container_release(container, failed < 0 ? &ignored : err);
	remove_files(foreign);
	json_decref(foreign->runtime);
	free(foreign->bundle_path);
	free(foreign->id);
	*foreign = (struct foreign){.bundle = foreign->bundle};
	return failed < 0 ? failed : released;
}
