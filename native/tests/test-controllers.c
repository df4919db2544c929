/* Each controller by what it does to a process, on whichever version of cgroups this kernel has: the table of test/lane is made of these results. */
#include "base/cleanup.h"
#include "base/fdio.h"
#include "disk.h"
#include "runtime-fixture.h"
#include "runtime/cgroup-internal.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct rig rig;
static char out[4096];
static struct error err;
static bool is_v2;

static bool has_controller(const char *name) {
	json_t *names = cgroup_host_controllers(rig.host.cgroups), *item;
	size_t index;
	bool found = false;
	json_array_foreach(names, index, item) found |= strcmp(json_string_value(item), name) == 0;
	json_decref(names);
	return found;
}

static json_t *config_of(const char *const *argv, json_t *resources) {
	json_t *config = rig_config(&rig, argv), *linux_part = json_object_get(json_object_get(config, "spec"), "linux");
	if (json_object_get(resources, "devices"))
		(void)json_object_set_new(linux_part, "resources", resources);
	else {
		(void)json_object_update(json_object_get(linux_part, "resources"), resources);
		json_decref(resources);
	}
	return config;
}

static int start(const char *const *argv, json_t *resources) { return rig_start(&rig, config_of(argv, resources), NULL, &err); }

static int run(const char *const *argv, json_t *resources) { return rig_run(&rig, config_of(argv, resources), out, sizeof out, &err); }

static int run_inside(const char *const *argv) {
	json_t *args = json_array();
	for (; *argv; argv++)
		(void)json_array_append_new(args, json_string(*argv));
	json_t *process = json_pack("{s:o, s:s, s:{s:i, s:i}}", "args", args, "cwd", "/", "user", "uid", 0, "gid", 0);
	return rig_exec(&rig, process, out, sizeof out, &err);
}

static void end(void) {
	(void)kill(rig.container.pid, SIGKILL);
	(void)rig_wait(&rig);
}

/* A number out of a part of the container's usage. */
static long long counter(const char *part, const char *name) {
	json_t *usage;
	if (container_usage(&rig.container, &usage, &err) < 0)
		return -1;
	long long number = json_integer_value(json_object_get(json_object_get(usage, part), name));
	json_decref(usage);
	return number;
}

/* The content of a file of the running container's group. */
static const char *setting(const char *v1_hierarchy, const char *v1_file, const char *v2_file) {
	static char text[256];
	char path[300];
	if (is_v2 || !v1_file)
		(void)snprintf(path, sizeof path, "/sys/fs/cgroup%s%s/%s", is_v2 ? "" : "/unified", rig.cgroup, v2_file);
	else
		(void)snprintf(path, sizeof path, "/sys/fs/cgroup/%s%s/%s", v1_hierarchy, rig.cgroup, v1_file);
	text[0] = '\0';
	(void)cgroup_read_text(AT_FDCWD, path, text, sizeof text);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

#define CHECK_SETTING(hierarchy, v1, v2, expected_v1, expected_v2) \
	do { \
		const char *_value = setting(hierarchy, v1, v2); \
		CHECK_TEXT(_value, strlen(_value), is_v2 ? (expected_v2) : (expected_v1)); \
	} while (0)

TEST(memory_limit_kills_and_is_never_exceeded) {
	CHECK_INT(run(ARGV("/bin/probe", "eat", "64"), json_pack("{s:{s:i,s:i}}", "memory", "limit", 16 << 20, "swap", 16 << 20)), 137);
	CHECK_INT(run(ARGV("/bin/probe", "eat", "8"), json_pack("{s:{s:i,s:i}}", "memory", "limit", 16 << 20, "swap", 16 << 20)), 0);
}

TEST(memory_reservation_and_swap_are_set) {
	CHECK_INT(start(ARGV("/bin/probe", "sleep"), json_pack("{s:{s:i,s:i,s:i}}", "memory", "limit", 32 << 20, "swap", 48 << 20, "reservation", 8 << 20)), 0);
	CHECK_SETTING("memory", "memory.soft_limit_in_bytes", "memory.low", "8388608", "8388608");
	CHECK_SETTING("memory", "memory.memsw.limit_in_bytes", "memory.swap.max", "50331648", "16777216");
	CHECK_INT(rig_update(&rig, json_pack("{s:{s:i}}", "memory", "reservation", 4 << 20), &err), 0);
	CHECK_SETTING("memory", "memory.soft_limit_in_bytes", "memory.low", "4194304", "4194304");
	end();
}

/* v1 alone has it: a process over the limit waits instead of dying, and goes on once it may. */
TEST(without_an_oom_killer_a_process_waits) {
	CHECK_INT(start(ARGV("/bin/probe", "eat", "64"), json_pack("{s:{s:i,s:i,s:b}}", "memory", "limit", 16 << 20, "swap", 16 << 20, "disableOOMKiller", 1)), 0);
	char path[300], text[256] = "";
	(void)snprintf(path, sizeof path, "/sys/fs/cgroup/memory%s/memory.oom_control", rig.cgroup);
	for (int waited = 0; waited < 5000 && !strstr(text, "under_oom 1"); waited += 10) {
		(void)cgroup_read_text(AT_FDCWD, path, text, sizeof text);
		(void)poll(NULL, 0, 10);
	}
	CHECK(strstr(text, "under_oom 1") != NULL);
	CHECK_INT(waitid(P_PIDFD, (id_t)rig.container.pidfd, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT), 0);
	CHECK_INT(cgroup_oom_kills(rig.container.cgroup), 0);
	CHECK_INT(rig_update(&rig, json_pack("{s:{s:i,s:i}}", "memory", "limit", 128 << 20, "swap", 128 << 20), &err), 0);
	CHECK_INT(rig_wait(&rig), 0);
}

TEST(processes_are_counted_and_refused) {
	CHECK_INT(run(ARGV("/bin/probe", "forks", "20"), json_pack("{s:{s:i}}", "pids", "limit", 8)), 0);
	CHECK_INT(atoi(out), 7);
	CHECK_INT(run(ARGV("/bin/probe", "forks", "20"), json_object()), 0);
	CHECK_INT(atoi(out), 20);
}

TEST(cpu_weight_quota_burst_and_idle_are_set) {
	CHECK_INT(start(ARGV("/bin/probe", "sleep"),
			json_pack("{s:{s:i,s:i,s:i,s:i}}", "cpu", "shares", 512, "quota", 50000, "period", 100000, "burst", 20000)),
		  0);
	CHECK_SETTING("cpu", "cpu.shares", "cpu.weight", "512", "59");
	CHECK_SETTING("cpu", "cpu.cfs_quota_us", "cpu.max", "50000", "50000 100000");
	CHECK_SETTING("cpu", "cpu.cfs_burst_us", "cpu.max.burst", "20000", "20000");
	CHECK_INT(rig_update(&rig, json_pack("{s:{s:i, s:i}}", "cpu", "quota", 30000, "burst", 0), &err), 0);
	CHECK_SETTING("cpu", "cpu.cfs_quota_us", "cpu.max", "30000", "30000 100000");
	CHECK_SETTING("cpu", "cpu.cfs_burst_us", "cpu.max.burst", "0", "0");
	CHECK_INT(rig_update(&rig, json_pack("{s:{s:i}}", "cpu", "idle", 1), &err), 0);
	CHECK_SETTING("cpu", "cpu.idle", "cpu.idle", "1", "1");
	end();
}

TEST(realtime_is_given_from_the_parents_share) {
	CHECK_INT(start(ARGV("/bin/probe", "sleep"), json_pack("{s:{s:i,s:i}}", "cpu", "realtimePeriod", 1000000, "realtimeRuntime", 20000)), 0);
	CHECK_SETTING("cpu", "cpu.rt_runtime_us", "", "20000", "");
	CHECK_INT(rig_update(&rig, json_pack("{s:{s:i}}", "cpu", "realtimeRuntime", 30000), &err), 0);
	CHECK_SETTING("cpu", "cpu.rt_runtime_us", "", "30000", "");
	CHECK_INT(rig_update(&rig, json_pack("{s:{s:i}}", "cpu", "realtimeRuntime", 0), &err), 0);
	end();
}

TEST(a_frozen_container_uses_no_cpu) {
	CHECK_INT(start(ARGV("/bin/probe", "spin"), json_object()), 0);
	long long before = counter("cpu", "totalNs");
	for (int waited = 0; waited < 5000 && counter("cpu", "totalNs") - before < 20 * 1000000; waited += 10)
		(void)poll(NULL, 0, 10);
	CHECK(counter("cpu", "totalNs") - before >= 20 * 1000000);
	CHECK_INT(cgroup_freeze(rig.container.cgroup, true, &err), 0);
	before = counter("cpu", "totalNs");
	(void)poll(NULL, 0, 200);
	CHECK_INT(counter("cpu", "totalNs"), before);
	CHECK_INT(cgroup_freeze(rig.container.cgroup, false, &err), 0);
	for (int waited = 0; waited < 5000 && counter("cpu", "totalNs") == before; waited += 10)
		(void)poll(NULL, 0, 10);
	CHECK(counter("cpu", "totalNs") > before);
	end();
}

TEST(device_rules_change_while_it_runs) {
	json_t *all = json_pack("{s:[{s:b}]}", "devices", "allow", 1);
	CHECK_INT(start(ARGV("/bin/probe", "sleep"), all), 0);
	CHECK_INT(run_inside(ARGV("/bin/probe", "write", "/dev/null", "x")), 0);
	CHECK_TEXT(out, strlen(out), "0\n");
	CHECK_INT(rig_update(&rig, json_pack("{s:[{s:b}, {s:b, s:s, s:i, s:i, s:s}]}", "devices", "allow", 0, "allow", 1, "type", "c", "major", 1, "minor", 5,
				   "access", "rw"), &err),
		  0);
	CHECK_INT(run_inside(ARGV("/bin/probe", "write", "/dev/null", "x")), 0);
	CHECK_TEXT(out, strlen(out), "1\n");
	CHECK_INT(run_inside(ARGV("/bin/probe", "write", "/dev/zero", "x")), 0);
	CHECK_TEXT(out, strlen(out), "0\n");
	end();
}

static json_t *disk_config(const struct disk *disk, json_t *io) {
	json_t *resources = json_pack("{s:[{s:b}]}", "devices", "allow", 1);
	if (io)
		(void)json_object_set_new(resources, "blockIO", io);
	json_t *config = config_of(ARGV("/bin/probe", "write-disk", "/dev/disk", "4"), resources);
	rig_append(config, "spec.linux.devices", json_pack("{s:s, s:s, s:i, s:i, s:i}", "type", "b", "path", "/dev/disk", "major", disk->major, "minor",
							   disk->minor, "fileMode", 0600));
	return config;
}

/* 4 MiB at 8 MiB a second take half a second; without a limit next to nothing. */
TEST(block_io_is_slowed_to_its_rate) {
	struct disk disk;
	CHECK(disk_open(&disk, 16 << 20));
	json_t *limit = json_pack("{s:[{s:i, s:i, s:i}]}", "throttleWriteBpsDevice", "major", disk.major, "minor", disk.minor, "rate", 8 << 20);
	int free_code = rig_run(&rig, disk_config(&disk, NULL), out, sizeof out, &err), free_ms = atoi(out);
	int code = rig_run(&rig, disk_config(&disk, limit), out, sizeof out, &err), slow_ms = atoi(out);
	disk_close(&disk);
	printf("# %d ms without a limit, %d ms with one\n", free_ms, slow_ms);
	CHECK_INT(free_code, 0);
	CHECK_INT(code, 0);
	CHECK(free_ms >= 0 && slow_ms >= 400);
	CHECK(slow_ms > free_ms);
}

TEST(block_io_weights_reach_the_scheduler) {
	struct disk disk;
	CHECK(disk_open(&disk, 1 << 20));
	bool has_scheduler = disk_set_scheduler(&disk, "bfq");
	int code = start(ARGV("/bin/probe", "sleep"), json_pack("{s:{s:i}}", "blockIO", "weight", 300));
	char weight[256];
	(void)snprintf(weight, sizeof weight, "%s", setting("blkio", "blkio.bfq.weight", "io.bfq.weight"));
	disk_close(&disk);
	CHECK(has_scheduler);
	CHECK_INT(code, 0);
	CHECK(strstr(weight, "300") != NULL);
	end();
}

/* Pages that are promised count too: a program is refused, not killed at the first touch. */
TEST(huge_pages_are_limited) {
	static const char pool[] = "/proc/sys/vm/nr_hugepages";
	char before[32] = "0";
	(void)cgroup_read_text(AT_FDCWD, pool, before, sizeof before);
	CHECK_INT(write_file_at(AT_FDCWD, pool, "6"), 0);
	int free_code = run(ARGV("/bin/probe", "huge", "3"), json_object()), free_result = atoi(out);
	int code = run(ARGV("/bin/probe", "huge", "3"), json_pack("{s:[{s:s, s:i}]}", "hugepageLimits", "pageSize", "2MB", "limit", 2 << 20)), result = atoi(out);
	(void)write_file_at(AT_FDCWD, pool, before);
	CHECK_INT(free_code, 0);
	CHECK_INT(free_result, 0);
	CHECK_INT(code, 0);
	CHECK_INT(result, ENOMEM);
	CHECK_INT(run(ARGV("/bin/probe", "exit", "0"), json_pack("{s:[{s:s, s:i}]}", "hugepageLimits", "pageSize", "3MB", "limit", 0)), -ENOENT);
	CHECK_INT(run(ARGV("/bin/probe", "exit", "0"), json_pack("{s:[{s:s, s:i}]}", "hugepageLimits", "pageSize", "../2MB", "limit", 0)), -EINVAL);
}

TEST(files_of_v2_are_set_by_name) {
	CHECK_INT(start(ARGV("/bin/probe", "sleep"), json_pack("{s:{s:s}}", "unified", "memory.high", "33554432")), 0);
	CHECK_SETTING("", NULL, "memory.high", "", "33554432");
	end();
}

/* A scheduler that knows weights, and groups that it looks at: kernels have the one without the other. */
static bool has_weights(void) {
	char group[96], file[160];
	struct disk disk;
	(void)snprintf(group, sizeof group, "/sys/fs/cgroup/%sberth-weights-%d", is_v2 ? "" : "blkio/", getpid());
	if (!disk_open(&disk, 1 << 20))
		return false;
	bool has = disk_set_scheduler(&disk, "bfq") && mkdir(group, 0755) == 0;
	(void)snprintf(file, sizeof file, "%s/%s", group, is_v2 ? "io.bfq.weight" : "blkio.bfq.weight");
	has = has && faccessat(AT_FDCWD, file, F_OK, 0) == 0;
	(void)rmdir(group);
	disk_close(&disk);
	return has;
}

int main(void) {
	if (geteuid() != 0 || !rig_open(&rig)) {
		SKIP(controllers, "needs root");
		return tap_done();
	}
	is_v2 = cgroup_host_is_v2(rig.host.cgroups);
	printf("# cgroup %s\n", is_v2 ? "v2" : "v1");
	static const char missing[] = "not in this kernel";
	RUN_IF(has_controller("memory"), memory_limit_kills_and_is_never_exceeded, missing);
	RUN_IF(has_controller("memory"), memory_reservation_and_swap_are_set, missing);
	RUN_IF(!is_v2 && has_controller("memory"), without_an_oom_killer_a_process_waits, "v2 has no such thing");
	RUN_IF(has_controller("pids"), processes_are_counted_and_refused, missing);
	RUN_IF(has_controller("cpu"), cpu_weight_quota_burst_and_idle_are_set, missing);
	RUN_IF(!is_v2 && faccessat(AT_FDCWD, "/sys/fs/cgroup/cpu/cpu.rt_runtime_us", F_OK, 0) == 0, realtime_is_given_from_the_parents_share,
		   is_v2 ? "v2 has no such thing" : missing);
	RUN(a_frozen_container_uses_no_cpu);
	RUN(device_rules_change_while_it_runs);
	RUN_IF(disk_is_possible(), block_io_is_slowed_to_its_rate, "no loop devices");
	RUN_IF(has_weights(), block_io_weights_reach_the_scheduler, "no scheduler with weights");
	RUN_IF(has_controller("hugetlb"), huge_pages_are_limited, missing);
	RUN_IF(is_v2, files_of_v2_are_set_by_name, "of v2");
	tap_current_failed = !rig_close(&rig);
	tap_report("nothing_is_left", NULL);
	return tap_done();
}
