/* Limits, counters and the life of a cgroup, on whichever version this kernel has. Needs root. */
#include "base/cleanup.h"
#include "runtime-fixture.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>

static struct rig rig;
static char out[4096];
static struct error err;
static bool is_v2;

/* A file of the running container's group, as text without the newline. */
static const char *setting(const char *v1_hierarchy, const char *v1_file, const char *v2_file) {
	static char text[256];
	char path[256];
	if (is_v2)
		(void)snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", rig.cgroup, v2_file);
	else
		(void)snprintf(path, sizeof path, "/sys/fs/cgroup/%s%s/%s", v1_hierarchy, rig.cgroup, v1_file);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	text[length > 0 ? length : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

#define CHECK_SETTING(hierarchy, v1, v2, expected_v1, expected_v2) \
	do { \
		const char *_value = setting(hierarchy, v1, v2); \
		CHECK_TEXT(_value, strlen(_value), is_v2 ? (expected_v2) : (expected_v1)); \
	} while (0)

static int sleeper(json_t *resources) {
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "sleep"));
	rig_set(config, "spec.linux.resources", resources);
	return rig_start(&rig, config, NULL, &err);
}

static int64_t now_ms(void) {
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A counter of the container's cpu usage. */
static int64_t cpu_counter(const char *name) {
	json_t *usage;
	if (container_usage(&rig.container, &usage, &err) < 0)
		return -1;
	int64_t number = json_integer_value(json_object_get(json_object_get(usage, "cpu"), name));
	json_decref(usage);
	return number;
}

static bool has_controller(const char *name) {
	json_t *names = cgroup_host_controllers(rig.host.cgroups), *item;
	size_t index;
	bool found = false;
	json_array_foreach(names, index, item) found |= strcmp(json_string_value(item), name) == 0;
	json_decref(names);
	return found;
}

static void end(void) {
	(void)kill(rig.container.pid, SIGKILL);
	(void)rig_wait(&rig);
}

TEST(limits_are_written) {
	CHECK_INT(sleeper(json_pack("{s:{s:i,s:i}, s:{s:i,s:i,s:i}, s:{s:i}}", "memory", "limit", 64 << 20, "swap", 64 << 20, "cpu", "shares", 512, "quota",
					50000, "period", 100000, "pids", "limit", 17)),
		  0);
	CHECK_SETTING("memory", "memory.limit_in_bytes", "memory.max", "67108864", "67108864");
	CHECK_SETTING("cpu", "cpu.shares", "cpu.weight", "512", "59");
	CHECK_SETTING("cpu", "cpu.cfs_quota_us", "cpu.max", "50000", "50000 100000");
	CHECK_SETTING("pids", "pids.max", "pids.max", "17", "17");
	/* and changed, in both directions */
	struct cgroup_resources more;
	struct warnings warnings = {0};
	json_t *json = json_pack("{s:{s:i,s:i}, s:{s:i}}", "memory", "limit", 128 << 20, "swap", 128 << 20, "cpu", "quota", -1);
	CHECK_INT(spec_resources_parse(json, "resources", &more, &err), 0);
	CHECK_INT(cgroup_update(rig.container.cgroup, &more, &warnings, &err), 0);
	CHECK_SETTING("memory", "memory.limit_in_bytes", "memory.max", "134217728", "134217728");
	CHECK_SETTING("cpu", "cpu.cfs_quota_us", "cpu.max", "-1", "max 100000");
	CHECK_INT(cgroup_memory_limit(rig.container.cgroup), 128 << 20);
	json_decref(json);
	json = json_pack("{s:{s:i,s:i}}", "memory", "limit", 32 << 20, "swap", 32 << 20);
	CHECK_INT(spec_resources_parse(json, "resources", &more, &err), 0);
	CHECK_INT(cgroup_update(rig.container.cgroup, &more, &warnings, &err), 0);
	CHECK_SETTING("memory", "memory.limit_in_bytes", "memory.max", "33554432", "33554432");
	json_decref(json);
	warnings_free(&warnings);
	end();
}

TEST(usage_is_counted) {
	CHECK_INT(sleeper(json_object()), 0);
	json_t *usage;
	CHECK_INT(container_usage(&rig.container, &usage, &err), 0);
	CHECK(json_integer_value(json_object_get(json_object_get(usage, "cpu"), "totalNs")) > 0);
	CHECK(json_integer_value(json_object_get(json_object_get(usage, "memory"), "usage")) > 0);
	CHECK_INT(json_integer_value(json_object_get(json_object_get(usage, "pids"), "current")), 1);
	CHECK(json_object_size(json_object_get(json_object_get(usage, "memory"), "stat")) > 10);
	CHECK(json_is_object(json_object_get(usage, "network")));
	json_decref(usage);
	end();
}

TEST(frozen_ones_are_killed) {
	CHECK_INT(sleeper(json_object()), 0);
	CHECK_INT(cgroup_freeze(rig.container.cgroup, true, &err), 0);
	CHECK_INT(cgroup_freeze(rig.container.cgroup, false, &err), 0);
	CHECK_INT(cgroup_freeze(rig.container.cgroup, true, &err), 0);
	CHECK_INT(cgroup_kill(rig.container.cgroup, 5000, &err), 0);
	CHECK_INT(rig_wait(&rig), 137);
}

/* An OOM kill of a child is seen while the main process lives: counter, event and peak. */
TEST(oom_kills_are_counted) {
	CHECK_INT(sleeper(json_pack("{s:{s:i,s:i}}", "memory", "limit", 24 << 20, "swap", 24 << 20)), 0);
	int fd = -1;
	uint32_t events = 0;
	CHECK_INT(cgroup_oom_watch(rig.container.cgroup, &fd, &events, &err), 0);
	json_t *eater = json_pack("{s:[sss], s:s, s:{s:i, s:i}, s:i}", "args", "/bin/probe", "eat", "100", "cwd", "/", "user", "uid", 0, "gid", 0,
				  "oomScoreAdj", 500);
	CHECK_INT(rig_exec(&rig, eater, out, sizeof out, &err), 137);
	struct pollfd poller = {.fd = fd, .events = events == EPOLLPRI ? POLLPRI : POLLIN};
	CHECK_INT(poll(&poller, 1, 5000), 1);
	cgroup_oom_acknowledge(rig.container.cgroup);
	CHECK_INT(cgroup_oom_kills(rig.container.cgroup), 1);
	/* squeezed up to the limit, and never a page above it */
	CHECK(cgroup_memory_peak(rig.container.cgroup) > 20 << 20);
	CHECK(cgroup_memory_peak(rig.container.cgroup) <= 24 << 20);
	CHECK_INT(waitid(P_PIDFD, (id_t)rig.container.pidfd, &(siginfo_t){0}, WEXITED | WNOHANG), 0);
	end();
}

/* Where the kernel kills the whole group, nobody outside it dies with it, not even one who execs into it all the while. */
TEST(kill_all_takes_only_the_group) {
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "sleep"));
	rig_set(config, "spec.linux.resources", json_pack("{s:{s:i,s:i}}", "memory", "limit", 24 << 20, "swap", 24 << 20));
	rig_set(config, "onOom", json_string("killAll"));
	CHECK_INT(rig_start(&rig, config, NULL, &err), 0);
	json_t *eater = json_pack("{s:[sss], s:s, s:{s:i, s:i}}", "args", "/bin/probe", "eat", "100", "cwd", "/", "user", "uid", 0, "gid", 0);
	(void)rig_exec(&rig, eater, out, sizeof out, &err);
	if (!is_v2) /* the monitor's part there */
		CHECK_INT(cgroup_kill(rig.container.cgroup, 5000, &err), 0);
	CHECK_INT(rig_wait(&rig), 137);
}

/* Too much work is given less time, in every period, and lives on. */
TEST(cpu_is_squeezed_and_never_kills) {
	enum { QUOTA_PERCENT = 20, WANTED_MS = 200, SLACK_MS = 60 };
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "spin"));
	rig_set(config, "spec.linux.resources", json_pack("{s:{s:i,s:i}}", "cpu", "quota", QUOTA_PERCENT * 1000, "period", 100000));
	int64_t begin = now_ms();
	CHECK_INT(rig_start(&rig, config, NULL, &err), 0);
	int64_t used_before = cpu_counter("totalNs") / 1000000, used = 0, elapsed = 0;
	while (used < WANTED_MS && elapsed < 20000) {
		(void)poll(NULL, 0, 10);
		used = cpu_counter("totalNs") / 1000000 - used_before;
		elapsed = now_ms() - begin;
	}
	printf("# %d ms of cpu in %d ms\n", (int)used, (int)elapsed);
	CHECK(used >= WANTED_MS);
	CHECK(used <= elapsed * QUOTA_PERCENT / 100 + SLACK_MS);
	CHECK(cpu_counter("throttledPeriods") > 0);
	CHECK_INT(waitid(P_PIDFD, (id_t)rig.container.pidfd, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT), 0);
	CHECK_INT(kill(rig.container.pid, 0), 0);
	end();
}

/* Asked for while it runs: on v1 the group has no place in the cpuset hierarchy until then. */
TEST(processors_of_a_running_container_change) {
	CHECK_INT(sleeper(json_object()), 0);
	CHECK_INT(rig_update(&rig, json_pack("{s:{s:s}}", "cpu", "cpus", "0"), &err), 0);
	char path[64], text[8192];
	(void)snprintf(path, sizeof path, "/proc/%d/status", rig.container.pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, text, sizeof text - 1);
	text[length > 0 ? length : 0] = '\0';
	CHECK(strstr(text, "Cpus_allowed_list:\t0\n") != NULL);
	CHECK_INT(rig_update(&rig, json_pack("{s:{s:s}}", "cpu", "cpus", "0"), &err), 0);
	/* one that joins later has them too */
	json_t *later = json_pack("{s:[sss], s:s, s:{s:i, s:i}}", "args", "/bin/probe", "cat", "/proc/self/status", "cwd", "/", "user", "uid", 0, "gid", 0);
	CHECK_INT(rig_exec(&rig, later, out, sizeof out, &err), 0);
	CHECK(strstr(out, "Cpus_allowed_list:\t0\n") != NULL);
	end();
}

TEST(the_number_of_processes_changes_both_ways) {
	CHECK_INT(sleeper(json_pack("{s:{s:i}}", "pids", "limit", 9)), 0);
	CHECK_SETTING("pids", "pids.max", "pids.max", "9", "9");
	CHECK_INT(rig_update(&rig, json_pack("{s:{s:i}}", "pids", "limit", -1), &err), 0);
	CHECK_SETTING("pids", "pids.max", "pids.max", "max", "max");
	end();
}

TEST(a_group_in_use_is_refused) {
	CHECK_INT(sleeper(json_object()), 0);
	struct container other = CONTAINER_INIT, first = rig.container;
	rig.container = other;
	CHECK_INT(sleeper(json_object()), -EEXIST);
	CHECK(strstr(err.message, "has processes") != NULL);
	rig.container = first;
	end();
}

int main(void) {
	if (geteuid() != 0 || !rig_open(&rig)) {
		SKIP(cgroup, "needs root");
		return tap_done();
	}
	is_v2 = cgroup_host_is_v2(rig.host.cgroups);
	printf("# cgroup %s\n", is_v2 ? "v2" : "v1");
	RUN(limits_are_written);
	RUN(usage_is_counted);
	RUN(frozen_ones_are_killed);
	RUN(oom_kills_are_counted);
	RUN(kill_all_takes_only_the_group);
	RUN(cpu_is_squeezed_and_never_kills);
	RUN_IF(has_controller("cpuset"), processors_of_a_running_container_change, "not in this kernel");
	RUN(the_number_of_processes_changes_both_ways);
	RUN(a_group_in_use_is_refused);
	tap_current_failed = !rig_close(&rig);
	tap_report("nothing_is_left", NULL);
	return tap_done();
}
