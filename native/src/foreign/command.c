#include "foreign/command.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/json.h"
#include "base/process.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { COMMAND_TIMEOUT_MS = 60 * 1000, WORDS_MAX = 48, LOG_MAX = 256 * 1024 };

static const char stage[] = "runtime", log_name[] = "runtime.log", state_name[] = "runtime";

struct paths {
	char *log, *state;
};

static void free_paths(struct paths *paths) {
	free(paths->log);
	free(paths->state);
}

/* The runtime's own words, its global options (the same for runc, crun, youki and ours), the command. */
static int make_argv(const struct foreign_command *command, const struct paths *paths, const char *argv[static WORDS_MAX], struct error *err) {
	const json_t *arguments = json_object_get(command->foreign->runtime, "arguments"), *argument;
	const char *const globals[] = {"--root", paths->state, "--log", paths->log, "--log-format", "json"};
	size_t index, count = 0;
	argv[count++] = json_string_value(json_object_get(command->foreign->runtime, "path"));
	json_array_foreach(arguments, index, argument) if (count < WORDS_MAX) argv[count++] = json_string_value(argument);
	for (size_t i = 0; i < ELEMENTS(globals) && count < WORDS_MAX; i++)
		argv[count++] = globals[i];
	for (size_t i = 0; command->words[i] && count < WORDS_MAX; i++)
		argv[count++] = command->words[i];
	if (count >= WORDS_MAX)
		return error_set(err, E2BIG, stage, "the runtime has too many arguments");
	argv[count] = NULL;
	return 0;
}

/* What goes wrong before the runtime runs is told through `report`, which an exec closes. */
static _Noreturn void be_runtime(const struct foreign_command *command, const char *const *argv, pid_t parent, int report) {
	static const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	struct error err = {0};
	const struct container_stdio *stdio = &command->stdio;
	int failed = 0;
	process_reset_signals();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(127);
	if (fchdir(command->foreign->bundle) < 0)
		failed = error_errno(&err, stage, "cannot enter the bundle");
	if (failed >= 0 && command->prepare)
		failed = command->prepare(command->owner, &err);
	/* From the last to the first: 0 stands for /dev/null until it is replaced itself. */
	if (failed >= 0 && (dup2(stdio->err, 2) < 0 || dup2(stdio->out, 1) < 0 || dup2(stdio->in, 0) < 0))
		failed = error_errno(&err, stage, "cannot set up the streams");
	if (failed >= 0) {
		(void)execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
		failed = error_errno(&err, stage, "cannot execute the runtime %.150s", argv[0]);
	}
	(void)!write(report, &err, sizeof err);
	_exit(127);
}

/* Reaps it; a runtime that does not end is killed. */
static int await(pid_t pid, const char *what, int *ret_status, struct error *err) {
	_cleanup_close_ int pidfd = sys_pidfd_open(pid, 0);
	struct pollfd poller = {.fd = pidfd, .events = POLLIN};
	bool is_late = pidfd >= 0 && poll(&poller, 1, COMMAND_TIMEOUT_MS) == 0;
	if (is_late)
		(void)kill(pid, SIGKILL);
	pid_t reaped;
	do
		reaped = waitpid(pid, ret_status, 0);
	while (reaped < 0 && errno == EINTR);
	if (is_late)
		return error_set(err, ETIMEDOUT, stage, "%s: the runtime did not end within %d s", what, COMMAND_TIMEOUT_MS / 1000);
	return reaped < 0 ? error_errno(err, stage, "waitpid") : 0;
}

static bool contains(const char *text, const char *part) { return strcasestr(text, part) != NULL; }

/* Which failures of a create or exec are the program's own: dockerd's rule (daemon/errors.go), by the words of the runtime. */
static int program_errnum(const char *message, const char *program) {
	if (contains(message, program) && (contains(message, "not found") || contains(message, "no such file or directory")))
		return ENOENT;
	if (contains(message, "permission denied") || contains(message, "not executable")) /* runc and ours, crun */
		return EACCES;
	if (contains(message, "is a directory"))
		return EISDIR;
	return contains(message, "exec format error") ? ENOEXEC : 0;
}

/* runc says twice what it was doing, which engines say once more: from the failure itself on. */
static const char *after_introduction(const char *message) {
	const char *failure = strstr(message, "exec: \"");
	return failure ? failure : message;
}

int foreign_read_log(const char *log, const char *what, const char *program, struct warnings *warnings, struct error *err) {
	int failed = 0;
	json_error_t at;
	for (const char *rest = log; *rest; rest += at.position) {
		_cleanup_json_ json_t *entry = json_loadb(rest, strlen(rest), JSON_DISABLE_EOF_CHECK, &at);
		if (!entry) /* the rest of something else */
			at.position = (int)(strcspn(rest, "\n") + (rest[strcspn(rest, "\n")] == '\n'));
		const char *level = json_string_value(json_object_get(entry, "level"));
		const char *message = json_string_value(json_object_get(entry, "msg"));
		if (!level || !message)
			continue;
		if (warnings && strncmp(level, "warn", 4) == 0)
			warnings_add(warnings, "%.200s", message);
		if (strcmp(level, "error") != 0 && strcmp(level, "fatal") != 0)
			continue;
		int errnum = program ? program_errnum(message, program) : 0;
		failed = errnum ? error_set(err, errnum, "exec", "%.240s", after_introduction(message)) : error_set(err, 0, stage, "%s: %.230s", what, message);
	}
	return failed;
}

static int conclude(const struct foreign_command *command, int status, struct error *err) {
	_cleanup_free_ char *log = NULL;
	bool is_done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	struct error logged;
	int failed = 0;
	if (read_file_at(command->foreign->bundle, log_name, LOG_MAX, &log, NULL) >= 0)
		failed = foreign_read_log(log, command->words[0], command->program, is_done ? command->warnings : NULL, &logged);
	(void)sys_unlinkat(command->foreign->bundle, log_name, 0);
	if (is_done)
		return 0;
	if (failed < 0) {
		*err = logged;
		return failed;
	}
	if (WIFSIGNALED(status))
		return error_set(err, 0, stage, "%s: the runtime was killed by signal %d", command->words[0], WTERMSIG(status));
	return error_set(err, 0, stage, "%s: the runtime ended with %d and did not say why", command->words[0], WEXITSTATUS(status));
}

static int run(const struct foreign_command *command, const char *const *argv, struct error *err) {
	int report[2], status = 0;
	struct error early;
	if (pipe2(report, O_CLOEXEC) < 0)
		return error_errno(err, stage, "pipe2");
	pid_t parent = getpid(), pid = sys_fork();
	if (pid == 0)
		be_runtime(command, argv, parent, report[1]);
	int failed = pid < 0 ? error_errno(err, stage, "fork") : 0;
	close_fd(&report[1]);
	bool is_early = pid > 0 && read_exactly(report[0], &early, sizeof early) == 0;
	close_fd(&report[0]);
	if (failed < 0 || (failed = await(pid, command->words[0], &status, err)) < 0)
		return failed;
	if (!is_early)
		return conclude(command, status, err);
	*err = early;
	return early.errnum ? -early.errnum : -EINVAL;
}

int foreign_run(const struct foreign_command *command, struct error *err) {
	const char *argv[WORDS_MAX];
	_cleanup_(free_paths) struct paths paths = {NULL, NULL};
	if (asprintf(&paths.log, "%s/%s", command->foreign->bundle_path, log_name) < 0 ||
		asprintf(&paths.state, "%s/%s", command->foreign->bundle_path, state_name) < 0)
		return error_set(err, ENOMEM, stage, "out of memory");
	int failed = make_argv(command, &paths, argv, err);
	return failed < 0 ? failed : run(command, argv, err);
}
