#include "oci/store.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/json.h"
#include "base/sys.h"

#include <limits.h>
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
	char text[4096], path[48], status;
	unsigned long long time = 0;
	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (read_record_at(AT_FDCWD, path, text, sizeof text) < 0)
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

const char *store_status(const struct store *store) { return store_status_of(store, store_pid(store)); }

const char *store_status_of(const struct store *store, pid_t pid) {
	if (!pid)
		return "stopped";
	if (json_is_true(json_object_get(store->state, "creating")))
		return "creating";
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

static int no_such(const char *id, int errnum, struct error *err) {
	return error_set(err, errnum, "state", "container \"%s\" does not exist", id);
}

static int open_folder_at(int root, const char *id, struct store *store, struct error *err) {
	store->folder = sys_openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (store->folder < 0 && errno == ENOENT)
		return no_such(id, ENOENT, err);
	if (store->folder < 0)
		return error_errno(err, "state", "cannot open the state of container \"%s\"", id);
	(void)strcpy(store->id, id);
	return 0;
}

static int open_folder(const struct oci *oci, const char *id, struct store *store, struct error *err) {
	_cleanup_close_ int root = open(oci->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return errno == ENOENT ? no_such(id, ENOENT, err) : error_errno(err, "state", "cannot open %s", oci->root);
	return open_folder_at(root, id, store, err);
}

static int lock_folder(const struct store *store, int missing, struct error *err) {
	struct stat status;
	int failed;
	do
		failed = flock(store->folder, LOCK_EX);
	while (failed < 0 && errno == EINTR);
	if (failed < 0 || fstat(store->folder, &status) < 0)
		return error_errno(err, "state", "cannot lock the state of container \"%s\"", store->id);
	if (status.st_nlink == 0) /* deleted by whom we waited for */
		return no_such(store->id, missing, err);
	return 0;
}

void store_unlock(const struct store *store) { (void)flock(store->folder, LOCK_UN); }
int store_lock(const struct store *store, struct error *err) { return lock_folder(store, ECANCELED, err); }

static void empty(int folder) {
	(void)sys_unlinkat(folder, "exec.fifo", 0);
	(void)sys_unlinkat(folder, "state.json", 0);
}

/* The folder of all states, with its parents. */
static int open_root(const char *path, struct error *err) {
	char part[PATH_MAX];
	if (strlen(path) >= sizeof part)
		return error_set(err, ENAMETOOLONG, "state", "--root: the path is too long");
	bool lacks_parents = mkdir(path, 0700) < 0 && errno == ENOENT;
	for (const char *at = path + strspn(path, "/"); lacks_parents && *at; at += strspn(at, "/")) {
		at += strcspn(at, "/");
		(void)snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
		(void)mkdir(part, *at ? 0755 : 0700);
	}
	int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? error_errno(err, "state", "cannot open %s", path) : root;
}

/* Made under another name first: whoever sees a container's folder finds its state there. */
int store_create(const struct oci *oci, const char *id, json_t *state, struct store *ret, struct error *err) {
	struct store store = STORE_INIT;
	char now[CLOCK_TEXT_SIZE], temporary[32];
	int failed = store_check_id(id, err);
	if (failed < 0)
		return failed;
	_cleanup_close_ int root = open_root(oci->root, err);
	if (root < 0)
		return root;
	clock_now_text(now);
	(void)json_object_set_new(state, "created", json_string(now));
	(void)json_object_set_new(state, "creating", json_true());
	if ((failed = start_config_parse(json_object_get(state, "start"), &store.config, err)) < 0)
		return failed;
	store.state = json_incref(state);
	(void)snprintf(temporary, sizeof temporary, ",new-%d", (int)getpid()); /* no id */
	if (sys_mkdirat(root, temporary, 0700) < 0)
		failed = error_errno(err, "state", "cannot make the state of %s", id);
	else if ((failed = open_folder_at(root, temporary, &store, err)) >= 0) {
		(void)snprintf(store.id, sizeof store.id, "%s", id);
		if ((failed = lock_folder(&store, ENOENT, err)) >= 0 && (failed = store_save(&store, err)) >= 0 &&
			renameat2(root, temporary, root, id, RENAME_NOREPLACE) < 0)
			failed = errno == EEXIST ? error_set(err, EEXIST, "state", "container with id exists already: %s", id)
									 : error_errno(err, "state", "cannot make the state of %s", id);
	}
	if (failed < 0) {
		if (store.folder >= 0)
			empty(store.folder);
		(void)sys_unlinkat(root, temporary, AT_REMOVEDIR);
		store_close(&store);
		return failed;
	}
	json_decref(state);
	*ret = store;
	return 0;
}

static int read_state(struct store *store, struct error *err) {
	_cleanup_free_ char *text = NULL;
	size_t length;
	int failed = read_file_at(store->folder, "state.json", STATE_MAX, &text, &length);
	if (failed < 0)
		return error_set(err, failed == -ENOENT ? ENODATA : -failed, "state", "container \"%s\" was never made in full: delete it with --force", store->id);
	return json_parse(text, length, &store->state, err);
}

int store_peek(const struct oci *oci, const char *id, struct store *ret, struct error *err) {
	struct store store = STORE_INIT;
	int failed = store_check_id(id, err);
	if (failed >= 0)
		failed = open_folder(oci, id, &store, err);
	if (failed < 0 || (failed = read_state(&store, err)) < 0) {
		store_close(&store);
		return failed;
	}
	*ret = store;
	return 0;
}

int store_open(const struct oci *oci, const char *id, struct store *ret, struct error *err) {
	struct store store = STORE_INIT;
	int failed = store_check_id(id, err);
	if (failed >= 0)
		failed = open_folder(oci, id, &store, err);
	if (failed < 0 || (failed = lock_folder(&store, ENOENT, err)) < 0 || (failed = read_state(&store, err)) < 0 ||
		(failed = start_config_parse(json_object_get(store.state, "start"), &store.config, err)) < 0) {
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
	empty(store->folder);
	(void)sys_unlinkat(root, store->id, AT_REMOVEDIR);
}

void store_discard(const struct oci *oci, const char *id) {
	struct store store = STORE_INIT;
	struct error ignored;
	if (open_folder(oci, id, &store, &ignored) >= 0)
		store_remove(oci, &store);
	close_fd(&store.folder);
}

void store_close(struct store *store) {
	if (store->folder >= 0)
		store_unlock(store); /* also for a child that still has the fd */
	close_fd(&store->folder);
	if (store->config.json)
		start_config_free(&store->config);
	json_decref(store->state);
	store->state = NULL;
}
