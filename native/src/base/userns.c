#include "base/userns.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/sys.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static const char stage[] = "userns";

/* The kernel takes a map in one write of less than a page. */
enum { MAP_SIZE = 4096, STACK_SIZE = 16384 };

uint32_t id_map_outside(const struct id_map *map, uint32_t inside) {
	for (size_t i = 0; i < map->count; i++)
		if (inside - map->ranges[i].inside < map->ranges[i].count)
			return map->ranges[i].outside + (inside - map->ranges[i].inside);
	return (uint32_t)-1;
}

/* Holds the namespaces until they are open elsewhere. */
static int hold(void *argument) {
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	while (!argument)
		(void)pause();
	return 0;
}

static int write_map(pid_t pid, const char *name, const struct id_map *map, struct error *err) {
	char path[48], text[MAP_SIZE];
	size_t length = 0;
	for (size_t i = 0; i < map->count; i++) {
		const struct id_range *range = &map->ranges[i];
		int added = snprintf(text + length, sizeof text - length, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", range->inside, range->outside, range->count);
		if (added < 0 || length + (size_t)added >= sizeof text)
			return error_set(err, E2BIG, stage, "the map of ids has too many ranges (%zu)", map->count);
		length += (size_t)added;
	}
	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	int failed = write_file_at(AT_FDCWD, path, text);
	if (failed == -EINVAL)
		return error_set(err, EINVAL, stage, "the kernel refuses the map of ids \"%.*s\": its ranges overlap or are empty", (int)strcspn(text, "\n"), text);
	return failed < 0 ? error_set(err, -failed, stage, "cannot write %s", name) : 0;
}

static int open_namespace(pid_t pid, const char *name, int *ret, struct error *err) {
	char path[48];
	(void)snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)pid, name);
	*ret = open(path, O_RDONLY | O_CLOEXEC);
	return *ret < 0 ? error_errno(err, stage, "cannot open the new %s namespace", name) : 0;
}

int userns_create(const struct id_maps *maps, int also, int *ret_user, int *ret_also, struct error *err) {
	_cleanup_free_ char *stack = malloc(STACK_SIZE);
	_cleanup_close_ int user = -1, other = -1;
	if (!stack)
		return error_set(err, ENOMEM, stage, "out of memory");
	pid_t pid = clone(hold, stack + STACK_SIZE, CLONE_NEWUSER | also | CLONE_VM | SIGCHLD, NULL);
	if (pid < 0)
		return error_errno(err, stage, errno == ENOSPC ? "user namespaces are limited on this host (user.max_user_namespaces)" : "cannot make a user namespace");
	int failed = write_map(pid, "uid_map", &maps->uid, err);
	if (failed >= 0)
		failed = write_map(pid, "gid_map", &maps->gid, err);
	if (failed >= 0)
		failed = open_namespace(pid, "user", &user, err);
	if (failed >= 0 && also)
		failed = open_namespace(pid, "net", &other, err);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	if (failed < 0)
		return failed;
	*ret_user = TAKE_FD(user);
	if (also)
		*ret_also = TAKE_FD(other);
	return 0;
}

int userns_of(int namespace, int *ret_user, struct error *err) {
	int fd = ioctl(namespace, NS_GET_USERNS);
	if (fd < 0)
		return error_errno(err, stage, "cannot open the user namespace that owns another one");
	*ret_user = fd;
	return 0;
}

static int read_map(pid_t pid, const char *name, struct id_map *ret, struct error *err) {
	char path[48];
	_cleanup_free_ char *text = NULL;
	size_t length;
	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	int failed = read_file_at(AT_FDCWD, path, (size_t)ID_RANGES_MAX * 40, &text, &length);
	if (failed < 0)
		return error_set(err, -failed, stage, "cannot read %s", path);
	struct id_map map = {.ranges = calloc(ID_RANGES_MAX, sizeof *map.ranges)};
	if (!map.ranges)
		return error_set(err, ENOMEM, stage, "out of memory");
	for (const char *line = text; *line && map.count < ID_RANGES_MAX; line += strcspn(line, "\n"), line += *line == '\n') {
		struct id_range *range = &map.ranges[map.count];
		if (sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32, &range->inside, &range->outside, &range->count) == 3)
			map.count++;
	}
	*ret = map;
	return 0;
}

int userns_read_maps(pid_t pid, struct id_maps *ret, struct error *err) {
	struct id_maps maps = {0};
	int failed = read_map(pid, "uid_map", &maps.uid, err);
	if (failed >= 0)
		failed = read_map(pid, "gid_map", &maps.gid, err);
	if (failed < 0) {
		id_maps_free(&maps);
		return failed;
	}
	*ret = maps;
	return 0;
}

/* The bare system calls: the library's would tell other threads, and the memory may have another owner. */
void userns_become_root(void) {
	(void)syscall(SYS_setgroups, 0, NULL);
	(void)syscall(SYS_setresgid, 0, 0, 0);
	(void)syscall(SYS_setresuid, 0, 0, 0);
}

void id_maps_free(struct id_maps *maps) {
	free(maps->uid.ranges);
	free(maps->gid.ranges);
	*maps = (struct id_maps){0};
}
