/* Containers with a user namespace: layers with mapped ids, rights, execs, and that nothing is left. Needs root. */
#include "base/cleanup.h"
#include "base/userns.h"
#include "runtime-fixture.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FIRST = 1000000, COUNT = 65536 };

static struct rig rig;
static char out[16384];
static struct error err;

#define CHECK_VALUE(key, expected) CHECK_TEXT(rig_value(out, key), strlen(rig_value(out, key)), expected)

static json_t *map(void) { return json_pack("[{s:i, s:i, s:i}]", "containerID", 0, "hostID", FIRST, "size", COUNT); }

static json_t *mapped_config(const char *const *argv) {
	json_t *config = rig_config(&rig, argv);
	rig_append(config, "spec.linux.namespaces", json_pack("{s:s}", "type", "user"));
	rig_set(config, "spec.linux.uidMappings", map());
	rig_set(config, "spec.linux.gidMappings", map());
	rig_set(config, "rootfs.isIdmapped", json_true());
	return config;
}

TEST(has_the_capabilities_of_any_container) {
	CHECK_INT(rig_run(&rig, mapped_config(ARGV("/bin/probe", "report")), out, sizeof out, &err), 0);
	CHECK_VALUE("pid", "1");
	CHECK_VALUE("CapEff", "00000000a80425fb");
	CHECK_VALUE("CapBnd", "00000000a80425fb");
	CHECK_VALUE("CapInh", "0000000000000000");
	CHECK_VALUE("Seccomp", "2");
	CHECK_VALUE("oom", "0");
	CHECK_VALUE("cwd", "/");
}

/* Capabilities are asked for that the host's root may lack: inside there are all. */
TEST(bounding_set_is_what_was_asked_for) {
	json_t *config = mapped_config(ARGV("/bin/probe", "report"));
	rig_set(config, "spec.process.capabilities", json_pack("{s:[s], s:[s], s:[s]}", "bounding", "CAP_SYS_RESOURCE", "effective", "CAP_SYS_RESOURCE", "permitted",
								  "CAP_SYS_RESOURCE"));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_VALUE("CapBnd", "0000000001000000");
	CHECK_VALUE("CapEff", "0000000001000000");
}

/* Inside and in the layer on the disk the file belongs to 0, between them to the mapped root. */
TEST(layers_keep_the_ids_of_the_container) {
	struct stat status;
	char path[128];
	json_t *config = mapped_config(ARGV("/bin/probe", "sleep"));
	rig_set(config, "spec.process.cwd", json_string("/made/by/root"));
	CHECK_INT(rig_start(&rig, config, NULL, &err), 0);
	(void)snprintf(path, sizeof path, "/proc/%d/root/made", (int)rig.container.pid);
	CHECK_INT(stat(path, &status), 0);
	CHECK_INT(status.st_uid, FIRST);
	CHECK_INT(status.st_gid, FIRST);
	(void)kill(rig.container.pid, SIGKILL);
	CHECK_INT(rig_wait(&rig), 137);
	(void)snprintf(path, sizeof path, "%s/upper/made/by/root", rig.folder);
	CHECK_INT(stat(path, &status), 0);
	CHECK_INT(status.st_uid, 0);
	CHECK_INT(status.st_gid, 0);
}

TEST(exec_is_inside) {
	CHECK_INT(rig_start(&rig, mapped_config(ARGV("/bin/probe", "sleep")), NULL, &err), 0);
	json_t *process = json_pack("{s:{s:i, s:i}, s:[s, s], s:s, s:i, s:{s:[s]}}", "user", "uid", 0, "gid", 0, "args", "/bin/probe", "report", "cwd", "/",
					"oomScoreAdj", 7, "capabilities", "bounding", "CAP_CHOWN");
	CHECK_INT(rig_exec(&rig, process, out, sizeof out, &err), 0);
	CHECK_VALUE("CapBnd", "0000000000000001");
	CHECK_VALUE("oom", "7");
	process = json_pack("{s:{s:i, s:i}, s:[s, s], s:s}", "user", "uid", COUNT, "gid", 0, "args", "/bin/probe", "report", "cwd", "/");
	CHECK(rig_exec(&rig, process, out, sizeof out, &err) < 0);
	CHECK_INT(err.errnum, EINVAL);
	(void)kill(rig.container.pid, SIGKILL);
	CHECK_INT(rig_wait(&rig), 137);
}

TEST(init_and_a_group_that_is_killed_together) {
	json_t *config = mapped_config(ARGV("/bin/probe", "report"));
	rig_set(config, "init", json_true());
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_VALUE("CapBnd", "00000000a80425fb");
	config = mapped_config(ARGV("/bin/probe", "report"));
	rig_set(config, "onOom", json_string("killAll"));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
}

TEST(failures_are_told) {
	json_t *config = mapped_config(ARGV("/bin/nothing"));
	CHECK(rig_start(&rig, config, NULL, &err) < 0);
	CHECK_INT(err.errnum, ENOENT);
	config = mapped_config(ARGV("/bin/probe", "report"));
	rig_set(config, "spec.linux.uidMappings", json_pack("[{s:i, s:i, s:i}, {s:i, s:i, s:i}]", "containerID", 0, "hostID", FIRST, "size", 10, "containerID", 5,
								 "hostID", FIRST + 10, "size", 10));
	CHECK(rig_start(&rig, config, NULL, &err) < 0);
	CHECK_INT(err.errnum, EINVAL);
	config = rig_config(&rig, ARGV("/bin/probe", "report"));
	rig_set(config, "rootfs.isIdmapped", json_true());
	CHECK(rig_start(&rig, config, NULL, &err) < 0);
}

TEST(ids_outside) {
	struct id_range ranges[] = {{0, 1000, 10}, {10, 5, 1}};
	const struct id_map two = {ranges, 2};
	CHECK_INT(id_map_outside(&two, 0), 1000);
	CHECK_INT(id_map_outside(&two, 9), 1009);
	CHECK_INT(id_map_outside(&two, 10), 5);
	CHECK(id_map_outside(&two, 11) == (uint32_t)-1);
}

int main(void) {
	RUN(ids_outside);
	if (geteuid() != 0 || !rig_open(&rig)) {
		SKIP(userns, "needs root");
		return tap_done();
	}
	RUN(has_the_capabilities_of_any_container);
	RUN(bounding_set_is_what_was_asked_for);
	RUN(layers_keep_the_ids_of_the_container);
	RUN(exec_is_inside);
	RUN(init_and_a_group_that_is_killed_together);
	RUN(failures_are_told);
	tap_current_failed = !rig_close(&rig);
	tap_report("nothing_is_left", NULL);
	return tap_done();
}
