#include "runtime/launch.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/capabilities.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A child that ends inside a step leaves the sanitizer's marks of its frames at addresses that the next stack may get. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define FORGET_FRAMES(memory, size) __asan_unpoison_memory_region(memory, size)
#else
#define FORGET_FRAMES(memory, size) ((void)0)
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
/* The deepest step has five buffers of PATH_MAX. */
enum { STACK_SIZE = 64 * 1024, RESULTS_SIZE = 8192 };

/* PATH of a process that has none; Docker's. */
static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/*
 * clone3 with CLONE_VM needs a stack of its own, and the C library has no wrapper: the child begins in `run` on the new stack. Returns to the parent
 * with the pid, or -errno.
 */
static pid_t clone_on_stack(struct clone_args *args, void (*run)(void *), void *argument) {
#if defined(__x86_64__)
	register long number __asm__("rax") = SYS_clone3;
	register struct clone_args *first __asm__("rdi") = args;
	register long size __asm__("rsi") = sizeof *args;
	register void (*function)(void *) __asm__("r12") = run;
	register void *parameter __asm__("r13") = argument;
	__asm__ volatile("syscall\n\t"
					 "test %%rax, %%rax\n\t"
					 "jnz 1f\n\t"
					 "xor %%ebp, %%ebp\n\t"
					 "mov %%r13, %%rdi\n\t"
					 "call *%%r12\n\t"
					 "hlt\n"
					 "1:"
					 : "+r"(number)
					 : "r"(first), "r"(size), "r"(function), "r"(parameter)
					 : "rcx", "r11", "memory");
	return (pid_t)number;
#elif defined(__aarch64__)
	register long number __asm__("x8") = SYS_clone3;
	register long first __asm__("x0") = (long)args;
	register long size __asm__("x1") = sizeof *args;
	register void (*function)(void *) __asm__("x19") = run;
	register void *parameter __asm__("x20") = argument;
	__asm__ volatile("svc 0\n\t"
					 "cbnz x0, 1f\n\t"
					 "mov x29, xzr\n\t"
					 "mov x0, x20\n\t"
					 "blr x19\n\t"
					 "brk 0\n"
					 "1:"
					 : "+r"(first)
					 : "r"(number), "r"(size), "r"(function), "r"(parameter)
					 : "memory");
	return (pid_t)first;
#else
#error "clone3 on a stack of its own is written for x86-64 and arm64"
#endif
}

static const char *environment_value(const struct strings *env, const char *name) {
	size_t length = strlen(name);
	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->items[i], name, length) == 0 && env->items[i][length] == '=')
			return env->items[i] + length + 1;
	return NULL;
}

/* Tries every folder of PATH, as execvp does, but without its shell for files that are no program. Returns -errno. */
static int execute_by_path(const char *program, char *const *argv, char *const *envp, const char *search) {
	int failed = -ENOENT;
	for (const char *at = search;; at++) {
		char candidate[PATH_MAX];
		size_t length = strcspn(at, ":");
		int written = snprintf(candidate, sizeof candidate, "%.*s%s%s", (int)length, at, length ? "/" : "./", program);
		if (written > 0 && (size_t)written < sizeof candidate) {
			(void)execve(candidate, argv, envp);
			if (errno == EACCES)
				failed = -EACCES;
			else if (errno != ENOENT && errno != ENOTDIR && errno != ENODEV && errno != ESTALE)
				return -errno;
		}
		at += length;
		if (!*at)
			return failed;
	}
}

/* In Go's words and small letters: engines look for them to tell 126 from 127. */
static int program_error(struct launch *launch, int errnum) {
	const char *why = errnum == EACCES ? "permission denied" : errnum == ENOENT ? "no such file or directory" : strerror(errnum);
	return error_set(launch->err, errnum, "exec", "exec: \"%.160s\": %s", launch->process->args.items[0], why);
}

/* Only what surely cannot be run is told: a filter may forbid the question itself. 0, or the errno of an attempt. */
static int refuses(const char *path) {
	struct stat status;
	if (faccessat(AT_FDCWD, path, X_OK, 0) < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR ? errno : 0;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? EACCES : 0;
}

int launch_find_program(struct launch *launch) {
	const char *program = launch->process->args.items[0], *search = environment_value(&launch->process->env, "PATH");
	int failed = ENOENT;
	if (strchr(program, '/'))
		return refuses(program) ? program_error(launch, refuses(program)) : 0;
	for (const char *at = search ? search : default_path;; at++) {
		char candidate[PATH_MAX];
		size_t length = strcspn(at, ":");
		int written = snprintf(candidate, sizeof candidate, "%.*s%s%s", (int)length, at, length ? "/" : "./", program);
		int refused = written > 0 && (size_t)written < sizeof candidate ? refuses(candidate) : ENOENT;
		if (!refused)
			return 0;
		if (refused == EACCES)
			failed = EACCES;
		at += length;
		if (!*at)
			break;
	}
	if (failed == EACCES)
		return program_error(launch, EACCES);
	return error_set(launch->err, ENOENT, "exec", "exec: \"%.160s\": executable file not found in $PATH", program);
}

static int execute(struct launch *launch) {
	const struct spec_process *process = launch->process;
	const char *program = process->args.items[0];
	char *const *argv = (char *const *)(uintptr_t)process->args.items, *const *envp = (char *const *)(uintptr_t)process->env.items;
	const char *search = environment_value(&process->env, "PATH");
	sigset_t none;
	(void)sigemptyset(&none);
	launch->results->has_reached_exec = true;
	trace_mark(launch->trace, "exec");
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	int failed;
	if (strchr(program, '/')) {
		(void)execve(program, argv, envp);
		failed = -errno;
	} else {
		failed = execute_by_path(program, argv, envp, search ? search : default_path);
	}
	if (failed == -ENOENT && !strchr(program, '/'))
		return error_set(launch->err, ENOENT, "exec", "exec: \"%.160s\": executable file not found in $PATH", program);
	return program_error(launch, -failed);
}

static void run_child(void *argument) {
	struct launch *launch = argument;
	for (const struct launch_step *step = launch->steps; step->name; step++) {
		if (step->run(launch) < 0) {
			launch->results->is_failed = true;
			_exit(127);
		}
		trace_mark(launch->trace, step->name);
	}
	(void)execute(launch);
	launch->results->is_failed = true;
	_exit(127);
}

/* Stdio sources of 0 to 2 would be overwritten while they are still needed: in the child they are moved up first, unless each is where it shall be. */
static int lift(int fd) { return fd >= 0 && fd < 3 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : fd; }

int launch_lift_stdio(struct launch *launch) {
	if (launch->terminal_peer < 0 && launch->stdio[0] == 0 && launch->stdio[1] == 1 && launch->stdio[2] == 2)
		return 0;
	for (int i = 0; i < 3; i++)
		if ((launch->stdio[i] = lift(launch->stdio[i])) < 0 && launch->terminal_peer < 0)
			return error_errno(launch->err, "process", "cannot set up fd %d", i);
	launch->terminal_peer = lift(launch->terminal_peer);
	return 0;
}

static pid_t spawn(struct launch *launch, uint64_t flags, char *stack, int *ret_pidfd) {
	int cgroup = launch->cgroup ? cgroup_clone_fd(launch->cgroup) : -1;
	struct clone_args args = {
		.flags = flags | (launch_is_accompanied(launch) ? 0 : CLONE_VFORK) | CLONE_PIDFD | CLONE_CLEAR_SIGHAND | (launch->has_own_memory ? 0 : CLONE_VM) |
				 (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = STACK_SIZE,
		.cgroup = (uint64_t)(cgroup >= 0 ? cgroup : 0),
	};
	pid_t pid = clone_on_stack(&args, run_child, launch);
	if (pid == -EBUSY || pid == -EOPNOTSUPP) { /* the container made child groups: a process can no longer be put into the group by clone */
		args.flags &= ~(uint64_t)CLONE_INTO_CGROUP;
		pid = clone_on_stack(&args, run_child, launch);
	}
	return pid;
}

/* For children: this process itself stays where it is. *ret_elsewhere tells whether they now begin in another pid namespace. */
static int enter_pid_namespace(struct launch *launch, bool *ret_elsewhere) {
	*ret_elsewhere = launch->container_pidfd >= 0 && (launch->container_namespaces & CLONE_NEWPID);
	if (*ret_elsewhere && sys_setns(launch->container_pidfd, CLONE_NEWPID) < 0)
		return error_errno(launch->err, "namespace", "cannot enter the container's pid namespace");
	if (!launch->config || launch->userns >= 0)
		return 0;
	const struct spec *spec = &launch->config->spec;
	for (size_t i = 0; i < spec->join_count; i++) {
		if (spec->joins[i].flag != CLONE_NEWPID)
			continue;
		if (sys_setns(launch->joins[i], CLONE_NEWPID) < 0)
			return error_errno(launch->err, "namespace", "cannot enter the pid namespace %s", spec->joins[i].path);
		*ret_elsewhere = true;
	}
	return 0;
}

static int spawn_in(struct launch *launch, uint64_t flags, char *stack, pid_t *ret_pid, int *ret_pidfd) {
	bool is_elsewhere;
	int failed = enter_pid_namespace(launch, &is_elsewhere);
	if (failed < 0)
		return failed;
	pid_t pid = spawn(launch, flags, stack, ret_pidfd);
	if (is_elsewhere)
		(void)sys_setns(launch->host->pid_ns, CLONE_NEWPID);
	if (pid < 0)
		return error_set(launch->err, -pid, "clone", "cannot clone: %s", strerror(-pid));
	*ret_pid = pid;
	return 0;
}

/* With init the program is a child of PID 1, made by the same means; PID 1 becomes the init once that child runs. */
int launch_split_init(struct launch *launch) {
	const struct launch_step *all = launch->steps;
	int pidfd = -1;
	launch->steps = launch_after_init_steps;
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)launch->second_stack,
		.stack_size = STACK_SIZE,
	};
	pid_t pid = clone_on_stack(&args, run_child, launch);
	launch->steps = all;
	if (pid < 0)
		return error_set(launch->err, -pid, "init", "cannot clone: %s", strerror(-pid));
	if (launch->results->is_failed)
		_exit(127);
	char number[16];
	(void)snprintf(number, sizeof number, "%d", (int)pid);
	char name[] = "init", *argv[] = {name, number, NULL}, *envp[] = {NULL};
	(void)sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	(void)syscall(SYS_execveat, launch->host->init, "", argv, envp, AT_EMPTY_PATH);
	return error_errno(launch->err, "init", "cannot execute the init");
}

/*
 * The namespaces of the container belong to its user namespace only if whoever makes them is inside: this process has entered it, and its child, made
 * with CLONE_PARENT, gets them. The pid is known in memory before the child runs; this process has nothing more to do.
 */
int launch_split_user(struct launch *launch) {
	launch->steps = launch_inside_steps;
	launch->is_inside = true;
	struct clone_args args = {
		.flags = (uint64_t)(unsigned)launch->inside_flags | CLONE_PARENT | CLONE_PARENT_SETTID | (launch_is_accompanied(launch) ? 0 : CLONE_VFORK) |
				 (launch->has_own_memory ? 0 : CLONE_VM),
		.parent_tid = (uint64_t)(uintptr_t)&launch->results->inside,
		.stack = (uint64_t)(uintptr_t)launch->inside_stack,
		.stack_size = STACK_SIZE,
	};
	pid_t pid = clone_on_stack(&args, run_child, launch);
	if (pid < 0)
		return error_set(launch->err, -pid, "clone", "cannot clone into the user namespace: %s", strerror(-pid));
	_exit(0);
}

uint64_t launch_bounding(const struct host *host, bool is_inside) {
	return is_inside ? (2ULL << capabilities_last(host->bounding)) - 1 : host->bounding;
}

void launch_warn(struct launch *launch, const char *format, ...) {
	char *text = launch->results->warnings;
	size_t length = strlen(text), size = sizeof launch->results->warnings;
	va_list args;
	va_start(args, format);
	int written = vsnprintf(text + length, size - length, format, args);
	va_end(args);
	if (written < 0 || length + (size_t)written + 2 > size)
		text[length] = '\0'; /* no half lines */
	else
		(void)strcpy(text + length + written, "\n");
}

static void take_warnings(struct warnings *warnings, const char *lines) {
	for (const char *end; (end = strchr(lines, '\n')); lines = end + 1)
		warnings_add(warnings, "%.*s", (int)(end - lines), lines);
}

/* After the clone: reaps a child that did not get to its program, and says why. */
static int conclude(const struct launch_results *results, pid_t pid, int *pidfd, struct error *err) {
	if (!results->is_failed && results->has_reached_exec)
		return 0;
	siginfo_t info = {0};
	(void)waitid(P_PID, (id_t)pid, &info, WEXITED | __WALL);
	close_fd(pidfd);
	if (!results->is_failed && info.si_code == CLD_EXITED)
		return error_set(err, ECHILD, "clone", "the container's process ended with %d before its program ran", info.si_status);
	if (!results->is_failed)
		return error_set(err, EINTR, "clone", "the container's process was killed by signal %d before its program ran", info.si_status);
	*err = results->error;
	return err->errnum ? -err->errnum : -EINVAL;
}

/* From the process that entered the user namespace to the one that it made there. */
static int follow_inside(const struct launch_results *results, pid_t *pid, int *pidfd, struct error *err) {
	siginfo_t info = {0};
	(void)waitid(P_PID, (id_t)*pid, &info, WEXITED | __WALL);
	close_fd(pidfd);
	if (!results->inside && results->is_failed) {
		*err = results->error;
		return err->errnum ? -err->errnum : -EINVAL;
	}
	if (!results->inside)
		return error_set(err, ECHILD, "clone", "the container's first process ended (%d) before it entered the user namespace", info.si_status);
	*pid = results->inside;
	*pidfd = sys_pidfd_open(*pid, 0);
	if (*pidfd >= 0)
		return 0;
	int failed = error_errno(err, "clone", "cannot open the container's process");
	(void)kill(*pid, SIGKILL);
	(void)waitpid(*pid, NULL, __WALL);
	return failed;
}

/* All that is shared with the child, in one piece: a second stack for the child of an init, one for a user namespace, its own, its results. */
static int run_shared(struct launch *launch, char *memory, uint64_t flags, pid_t *ret_pid, int *ret_pidfd, struct error *err) {
	pid_t pid = -1;
	int pidfd = -1, sync[2] = {-1, -1};
	sigset_t all, before;
	if (launch_is_accompanied(launch) && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync) < 0)
		return error_errno(err, "clone", "cannot make a socket pair");
	launch->hold_sync = sync[1];
	launch->hold_parent = sync[0];
	launch->results = (struct launch_results *)(void *)(memory + 3 * STACK_SIZE);
	launch->second_stack = memory;
	launch->inside_stack = memory + STACK_SIZE;
	launch->err = &launch->results->error;
	launch->results->trace = *launch->trace;
	struct trace *trace = launch->trace;
	launch->trace = &launch->results->trace;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	int failed = spawn_in(launch, flags, memory + 2 * STACK_SIZE, &pid, &pidfd);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	close_fd(&sync[1]);
	if (failed < 0)
		*err = launch->results->error;
	else if (launch->config && launch->userns >= 0)
		failed = follow_inside(launch->results, &pid, &pidfd, err);
	if (failed < 0)
		close_fd(&pidfd);
	else if (!launch_is_accompanied(launch) || (failed = launch_hold_accompany(launch, sync[0], pid, pidfd, err)) == 0)
		failed = conclude(launch->results, pid, &pidfd, err);
	else
		close_fd(&pidfd);
	close_fd(&sync[0]);
	*trace = launch->results->trace;
	launch->trace = trace;
	launch->err = err;
	take_warnings(launch->warnings, launch->results->warnings);
	if (failed < 0)
		return failed;
	*ret_pid = pid;
	*ret_pidfd = pidfd;
	return 0;
}

/*
 * A page that the child is the first to touch would be charged to its cgroup, and under a limit that is too small the fault is tried for ever.
 * The stack for a user namespace is only needed with one.
 */
static void populate(const struct launch *launch, char *memory, size_t size) {
	size_t unused = (size_t)STACK_SIZE * (launch->config && launch->userns >= 0 ? 1 : 2);
	(void)madvise(memory + unused, size - unused, MADV_POPULATE_WRITE);
}

int launch_run(struct launch *launch, const struct launch_step *steps, int flags, pid_t *ret_pid, int *ret_pidfd) {
	enum { SIZE = 3 * STACK_SIZE + RESULTS_SIZE };
	_Static_assert(sizeof(struct launch_results) <= RESULTS_SIZE, "results fit behind the stacks");
	if (seccomp_filter_notifies(&launch->seccomp) && !(launch->hold && launch->hold->take_listener))
		return error_set(launch->err, ENOSYS, "seccomp", "SCMP_ACT_NOTIFY is for the OCI command line only");
	char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return error_set(launch->err, ENOMEM, "clone", "out of memory");
	/* A child that forks for its hooks must not have one stack with its own child. */
	if (launch_is_accompanied(launch) &&
		mmap(memory, (size_t)(3 * STACK_SIZE), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
		(void)munmap(memory, SIZE);
		return error_set(launch->err, ENOMEM, "clone", "out of memory");
	}
	populate(launch, memory, SIZE);
	FORGET_FRAMES(memory, SIZE);
	launch->steps = steps;
	int failed = run_shared(launch, memory, (uint64_t)(unsigned)flags, ret_pid, ret_pidfd, launch->err);
	(void)munmap(memory, SIZE);
	return failed;
}
