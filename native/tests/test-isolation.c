/* What a process inside a container sees and may do: the probe's report under Docker's defaults, and attempts that must fail. Needs root. */
#include "base/cleanup.h"
#include "base/fdio.h"
#include "runtime-fixture.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct rig rig;
static char out[16384];
static struct error err;

#define CHECK_VALUE(key, expected) CHECK_TEXT(rig_value(out, key), strlen(rig_value(out, key)), expected)

static int attempt(const char *name) {
	int code = rig_run(&rig, rig_config(&rig, ARGV("/bin/probe", "try", name)), out, sizeof out, &err);
	return code == 0 ? atoi(out) : -1;
}

TEST(default_process) {
	CHECK_INT(rig_run(&rig, rig_config(&rig, ARGV("probe", "report")), out, sizeof out, &err), 0);
	CHECK_VALUE("pid", "1");
	CHECK_VALUE("sid", "1");
	CHECK_VALUE("hostname", "rig");
	CHECK_VALUE("CapEff", "00000000a80425fb");
	CHECK_VALUE("CapBnd", "00000000a80425fb");
	CHECK_VALUE("CapInh", "0000000000000000");
	CHECK_VALUE("CapAmb", "0000000000000000");
	CHECK_VALUE("NoNewPrivs", "0");
	CHECK_VALUE("Seccomp", "2");
	CHECK_VALUE("Umask", "0022");
	CHECK_VALUE("env", "PATH=/usr/bin:/bin|");
	CHECK_VALUE("cwd", "/");
	CHECK_VALUE("oom", "0");
	CHECK_VALUE("pdeathsig", "0");
	CHECK_VALUE("dumpable", "1");
}

/* Whatever the runtime's own process has must not be handed on. */
TEST(nothing_of_the_caller_leaks) {
	gid_t groups[] = {4, 24};
	sigset_t blocked;
	(void)setgroups(2, groups);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL);
	(void)umask(0077);
	(void)setenv("SECRET_OF_THE_CALLER", "1", 1);
	int leaky = open("/", O_RDONLY | O_DIRECTORY); /* not O_CLOEXEC */
	int code = rig_run(&rig, rig_config(&rig, ARGV("/bin/probe", "report")), out, sizeof out, &err);
	(void)close(leaky);
	(void)umask(0022);
	(void)sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	(void)setgroups(0, NULL);
	CHECK_INT(code, 0);
	CHECK_VALUE("Groups", "");
	CHECK_VALUE("SigIgn", "0000000000000000");
	CHECK_VALUE("SigBlk", "0000000000000000");
	CHECK_VALUE("Umask", "0022");
	CHECK_VALUE("env", "PATH=/usr/bin:/bin|");
	CHECK_VALUE("fds", "0 1 2 ");
}

TEST(user_groups_umask_and_cwd) {
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "report"));
	rig_set(config, "spec.process.user", json_pack("{s:i, s:i, s:i, s:[ii]}", "uid", 1000, "gid", 100, "umask", 027, "additionalGids", 5, 6));
	rig_set(config, "spec.process.cwd", json_string("/srv/made/here"));
	rig_set(config, "spec.process.noNewPrivileges", json_true());
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_VALUE("Uid", "1000 1000 1000 1000");
	CHECK_VALUE("Gid", "100 100 100 100");
	CHECK_VALUE("Groups", "5 6 ");
	CHECK_VALUE("Umask", "0027");
	CHECK_VALUE("CapEff", "0000000000000000");
	CHECK_VALUE("NoNewPrivs", "1");
	CHECK_VALUE("Seccomp", "2");
	CHECK_VALUE("cwd", "/srv/made/here");
}

TEST(refuses_ids_that_mean_nobody) {
	static const long long ids[] = {-1, 4294967295LL, 4294967296LL};
	for (size_t i = 0; i < ELEMENTS(ids); i++) {
		json_t *config = rig_config(&rig, ARGV("/bin/probe", "report"));
		rig_set(config, "spec.process.user.uid", json_integer(ids[i]));
		CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), -ERANGE);
	}
}

TEST(limits_are_set_or_warned_about) {
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "report"));
	rig_append(config, "spec.process.rlimits", json_pack("{s:s, s:i, s:i}", "type", "RLIMIT_NOFILE", "soft", 100, "hard", 200));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_VALUE("nofile", "100:200");
}

/* Each with a positive control: the same call from a container that may. */
TEST(forbidden_calls_fail) {
	CHECK_INT(attempt("mount"), EPERM);
	CHECK_INT(attempt("unshare-user"), EPERM);
	CHECK_INT(attempt("clone3"), ENOSYS);
	CHECK_INT(attempt("keyctl"), EPERM);
	CHECK_INT(attempt("bpf"), EPERM);
	CHECK_INT(attempt("io_uring"), EPERM);
	CHECK_INT(attempt("alg-socket"), EPERM);
	CHECK_INT(attempt("sethostname"), EPERM);
	CHECK_INT(attempt("inet-socket"), 0);
	CHECK_INT(attempt("chroot"), 0);
}

TEST(a_privileged_one_may) {
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "try", "mount"));
	rig_set(config, "spec.annotations", json_pack("{s:s}", "berth.seccomp", "unconfined"));
	rig_append(config, "spec.process.capabilities.bounding", json_string("CAP_SYS_ADMIN"));
	rig_append(config, "spec.process.capabilities.effective", json_string("CAP_SYS_ADMIN"));
	rig_append(config, "spec.process.capabilities.permitted", json_string("CAP_SYS_ADMIN"));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_TEXT(out, strlen(out), "0\n");
}

TEST(devices_are_only_the_listed_ones) {
	CHECK_INT(attempt("mknod-null"), 0);
	CHECK_INT(attempt("mknod-disk"), EPERM);
	CHECK_INT(rig_run(&rig, rig_config(&rig, ARGV("/bin/probe", "stat", "/dev/null")), out, sizeof out, &err), 0);
	CHECK(strncmp(out, "c 666 0:0 1:3", 13) == 0);
	CHECK_INT(rig_run(&rig, rig_config(&rig, ARGV("/bin/probe", "stat", "/dev/ptmx")), out, sizeof out, &err), 0);
	CHECK(out[0] == 'l');
}

TEST(kernel_files_are_shut) {
	int sysrq = attempt("write-sysrq");
	CHECK(sysrq == EROFS || sysrq == ENOENT); /* a kernel may have none */
	CHECK_INT(attempt("write-core-pattern"), EROFS);
	CHECK_INT(rig_run(&rig, rig_config(&rig, ARGV("/bin/probe", "stat", "/proc/timer_list")), out, sizeof out, &err), 0);
	CHECK(strncmp(out, "c 666 0:0 1:3", 13) == 0);
	CHECK_INT(rig_run(&rig, rig_config(&rig, ARGV("/bin/probe", "cat", "/proc/interrupts")), out, sizeof out, &err), 0);
	CHECK_INT(strlen(out), 0);
}

TEST(a_readonly_root) {
	CHECK_INT(attempt("write-root"), 0);
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "try", "write-root"));
	rig_set(config, "spec.root.readonly", json_true());
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_INT(atoi(out), EROFS);
}

TEST(only_its_own_mounts) {
	CHECK_INT(rig_run(&rig, rig_config(&rig, ARGV("/bin/probe", "cat", "/proc/self/mountinfo")), out, sizeof out, &err), 0);
	CHECK(strstr(out, " / / ") != NULL);
	CHECK(strstr(out, "/rootfs") == NULL);
	CHECK(strstr(out, "master:") == NULL && strstr(out, "shared:") == NULL);
	size_t lines = 0;
	for (const char *c = out; *c; c++)
		lines += *c == '\n';
	CHECK(lines < 40);
}

/* Own groups are the roots of what it sees, with an init and without. */
TEST(its_cgroups_are_roots) {
	for (int init = 0; init < 2; init++) {
		json_t *config = rig_config(&rig, ARGV("/bin/probe", "cat", "/proc/self/cgroup"));
		rig_set(config, "init", json_boolean(init));
		CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
		CHECK(strstr(out, "berth-rig") == NULL);
		json_t *shared = rig_config(&rig, ARGV("/bin/probe", "cat", "/proc/self/cgroup"));
		rig_set(shared, "init", json_boolean(init));
		(void)json_array_remove(json_object_get(json_object_get(json_object_get(shared, "spec"), "linux"), "namespaces"), 5);
		CHECK_INT(rig_run(&rig, shared, out, sizeof out, &err), 0);
		CHECK(strstr(out, "memory:/berth-rig") != NULL || strstr(out, "0::/berth-rig") != NULL);
		CHECK(strstr(out, "cpu:/berth-rig") != NULL || strstr(out, "0::/berth-rig") != NULL);
	}
}

TEST(an_init_reaps_and_forwards) {
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "orphan"));
	rig_set(config, "init", json_true());
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK(strncmp(out, "zombies=0 pid=2", 15) == 0);
	config = rig_config(&rig, ARGV("/bin/probe", "exit", "42"));
	rig_set(config, "init", json_true());
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 42);
	config = rig_config(&rig, ARGV("/bin/probe", "kill-self"));
	rig_set(config, "init", json_true());
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 137);
	config = rig_config(&rig, ARGV("/bin/probe", "sleep"));
	rig_set(config, "init", json_true());
	CHECK_INT(rig_start(&rig, config, NULL, &err), 0);
	CHECK_INT(kill(rig.container.pid, SIGTERM), 0);
	CHECK_INT(rig_wait(&rig), 143);
	/* and nobody can write to the program it runs from */
	config = rig_config(&rig, ARGV("/bin/probe", "try", "open-init-exe"));
	rig_set(config, "init", json_true());
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK(atoi(out) != 0);
	config = rig_config(&rig, ARGV("/no/such"));
	rig_set(config, "init", json_true());
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), -ENOENT);
	CHECK_TEXT(err.stage, strlen(err.stage), "exec");
}

int main(void) {
	if (geteuid() != 0 || !rig_open(&rig)) {
		SKIP(isolation, "needs root");
		return tap_done();
	}
	RUN(default_process);
	RUN(nothing_of_the_caller_leaks);
	RUN(user_groups_umask_and_cwd);
	RUN(refuses_ids_that_mean_nobody);
	RUN(limits_are_set_or_warned_about);
	RUN(forbidden_calls_fail);
	RUN(a_privileged_one_may);
	RUN(devices_are_only_the_listed_ones);
	RUN(kernel_files_are_shut);
	RUN(a_readonly_root);
	RUN(only_its_own_mounts);
	RUN(its_cgroups_are_roots);
	RUN(an_init_reaps_and_forwards);
	tap_current_failed = !rig_close(&rig);
	tap_report("nothing_is_left", NULL);
	return tap_done();
}
