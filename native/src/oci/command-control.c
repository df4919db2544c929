/* state, kill, delete, pause, resume: on a container that another call started. */
#include "oci/control.h"
#include "oci/hooks.h"

#include "base/cleanup.h"
#include "runtime/container.h"

#include <dirent.h>
#include <errno.h>
#include <regex.h>
#include <signal.h>
#include <string.h>

int command_state(const struct oci *oci, char **argv, struct error *err) {
	const struct option none[] = {{.name = NULL}};
	struct store store;
	char **rest = options_parse_anywhere(none, argv, err);
	int failed = rest ? store_peek(oci, rest[0], &store, err) : -EINVAL;
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

int control_enter(const struct oci *oci, const char *id, struct store *store, struct host *host, struct container *container, struct error *err) {
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

void control_leave(struct store *store, struct host *host, struct container *container) {
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
	char **rest = options_parse_anywhere(options, argv, err);
	if (!rest)
		return -EINVAL;
	int number = signal_number(rest[0] && rest[1] ? rest[1] : "TERM");
	if (!number)
		return error_set(err, EINVAL, "usage", "\"%.32s\" is no signal", rest[1]);
	int failed = control_enter(oci, rest[0], &store, &host, &container, err);
	if (failed < 0)
		return failed;
	failed = send_signal(&store, &container, number, is_for_all, err);
	control_leave(&store, &host, &container);
	return failed;
}

static int take_away(const struct oci *oci, struct store *store, struct container *container, struct error *err) {
	int failed = container_release(container, err);
	if (failed < 0)
		return failed;
	struct error ignored; /* the specification: a failing poststop hook is logged, and the deletion goes on */
	if (hooks_run_unlocked(store, "poststop", "stopped", &ignored) < 0)
		output_warning("%s", ignored.message);
	store_remove(oci, store);
	return 0;
}

int control_forget(const struct oci *oci, struct store *store, struct container *container, struct error *err) {
	int failed = store_lock(store, err);
	if (failed < 0)
		return failed == -ECANCELED ? 0 : failed;
	return take_away(oci, store, container, err);
}

static int delete_one(const struct oci *oci, const char *id, bool is_forced, struct error *err) {
	struct store store;
	struct host host;
	struct container container;
	int failed = control_enter(oci, id, &store, &host, &container, err);
	if (failed == -ENODATA && is_forced)
		store_discard(oci, id);
	if (failed < 0)
		return (failed == -ENOENT || failed == -ENODATA) && is_forced ? 0 : failed;
	if (!is_forced && container.pid) {
		failed = error_set(err, EBUSY, "state", "cannot delete container \"%s\": it is %s; kill it first, or use --force", store.id, store_status(&store));
		control_leave(&store, &host, &container);
		return failed;
	}
	failed = take_away(oci, &store, &container, err);
	control_leave(&store, &host, &container);
	return failed;
}

/* All whose whole id the expression matches, as crun has it. */
static int delete_matching(const struct oci *oci, const char *expression, bool is_forced, struct error *err) {
	regex_t regex;
	if (regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB) != 0)
		return error_set(err, EINVAL, "usage", "--regex: \"%.64s\" is no regular expression", expression);
	_cleanup_closedir_ DIR *folder = opendir(oci->root);
	int failed = 0;
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		struct error ignored;
		if (store_check_id(entry->d_name, &ignored) < 0 || regexec(&regex, entry->d_name, 0, NULL, 0) != 0)
			continue;
		int result = delete_one(oci, entry->d_name, is_forced, err);
		failed = result < 0 ? result : failed;
	}
	regfree(&regex);
	return failed;
}

int command_delete(const struct oci *oci, char **argv, struct error *err) {
	bool is_forced = false, is_regex = false;
	const struct option options[] = {
		{.name = "force", .letter = 'f', .flag = &is_forced}, {.name = "regex", .letter = 'r', .flag = &is_regex}, {.name = NULL}};
	char **rest = options_parse_anywhere(options, argv, err);
	if (!rest)
		return -EINVAL;
	return is_regex && rest[0] ? delete_matching(oci, rest[0], is_forced, err) : delete_one(oci, rest[0], is_forced, err);
}

static int set_paused(const struct oci *oci, char **argv, bool is_paused, struct error *err) {
	const struct option none[] = {{.name = NULL}};
	struct store store;
	struct host host;
	struct container container;
	char **rest = options_parse_anywhere(none, argv, err);
	if (!rest)
		return -EINVAL;
	int failed = control_enter(oci, rest[0], &store, &host, &container, err);
	if (failed < 0)
		return failed;
	if (strcmp(store_status(&store), is_paused ? "running" : "paused") != 0)
		failed = error_set(err, EINVAL, "state", "container \"%s\" is %s", store.id, store_status(&store));
	else if ((failed = cgroup_freeze(container.cgroup, is_paused, err)) >= 0) {
		(void)json_object_set_new(store.state, "paused", json_boolean(is_paused));
		failed = store_save(&store, err);
	}
	control_leave(&store, &host, &container);
	return failed;
}

int command_pause(const struct oci *oci, char **argv, struct error *err) { return set_paused(oci, argv, true, err); }
int command_resume(const struct oci *oci, char **argv, struct error *err) { return set_paused(oci, argv, false, err); }
