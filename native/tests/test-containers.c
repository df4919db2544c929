/* Start and exec with everything a spec can ask for; every way to fail leaves nothing behind; known escapes do not work. Needs root. */
#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/sys.h"
#include "runtime-fixture.h"
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

static struct rig rig;
static char out[16384];
static struct error err;

static json_t *exec_process(const char *const *argv) {
	json_t *args = json_array();
	for (; *argv; argv++)
		(void)json_array_append_new(args, json_string(*argv));
	return json_pack("{s:o, s:s, s:{s:i, s:i}, s:[s]}", "args", args, "cwd", "/", "user", "uid", 0, "gid", 0, "env", "PATH=/bin");
}

static json_t *mount_of(const char *destination, const char *source, const char *option) {
	return json_pack("{s:s, s:s, s:s, s:[ss]}", "destination", destination, "type", "bind", "source", source, "options", "rbind", option);
}

static const char *outside(const char *name) {
	static char path[160];
	(void)snprintf(path, sizeof path, "%s/outside/%s", rig.folder, name);
	return path;
}

static bool exists(const char *path) { return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

static void write_outside(const char *name, const char *text) {
	_cleanup_close_ int fd = open(outside(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	(void)write_all(fd, text, strlen(text));
}

/* A root of its own, by name, with the probe and one link in it. */
static json_t *config_with_link(const char *image, const char *target, const char *name, const char *const *argv) {
	char from[160], to[160];
	(void)snprintf(to, sizeof to, "%s/%s", rig.folder, image);
	(void)mkdir(to, 0755);
	json_t *config = rig_config(&rig, argv);
	rig_set(config, "rootfs", json_pack("{s:s, s:s}", "kind", "directory", "path", to));
	(void)snprintf(to, sizeof to, "%s/%s/bin", rig.folder, image);
	(void)mkdir(to, 0755);
	(void)snprintf(from, sizeof from, "%s/lower/bin/probe", rig.folder);
	(void)snprintf(to, sizeof to, "%s/%s/bin/probe", rig.folder, image);
	(void)!link(from, to);
	(void)snprintf(to, sizeof to, "%s/%s/%s", rig.folder, image, name);
	(void)!symlink(target, to);
	return config;
}

TEST(binds_with_options) {
	write_outside("data", "hello");
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "cat", "/srv/deep/data"));
	rig_append(config, "spec.mounts", mount_of("/srv/deep/data", outside("data"), "ro"));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_TEXT(out, strlen(out), "hello");
	config = rig_config(&rig, ARGV("/bin/probe", "write", "/srv/deep/data", "changed"));
	rig_append(config, "spec.mounts", mount_of("/srv/deep/data", outside("data"), "ro"));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_INT(atoi(out), EROFS);
	config = rig_config(&rig, ARGV("/bin/probe", "write", "/srv/deep/data", "changed"));
	rig_append(config, "spec.mounts", mount_of("/srv/deep/data", outside("data"), "rw"));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_INT(atoi(out), 0);
	_cleanup_free_ char *text = NULL;
	CHECK_INT(read_file_at(AT_FDCWD, outside("data"), 100, &text, NULL), 0);
	CHECK_TEXT(text, strlen(text), "changed");
}

TEST(injected_files) {
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "stat", "/run/secrets/key"));
	rig_append(config, "files", json_pack("{s:s, s:i, s:i, s:i, s:s}", "path", "/run/secrets/key", "mode", 0440, "uid", 7, "gid", 8, "contentBase64", "c2VjcmV0"));
	rig_append(config, "files", json_pack("{s:s, s:i, s:i, s:i, s:s}", "path", "/etc/app.conf", "mode", 0644, "uid", 0, "gid", 0, "contentBase64", "Y29uZg=="));
	rig_set(config, "spec.root.readonly", json_true());
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_TEXT(out, strlen(out), "- 440 7:8 0:0 6\n");
	config = rig_config(&rig, ARGV("/bin/probe", "cat", "/etc/app.conf"));
	rig_append(config, "files", json_pack("{s:s, s:i, s:i, s:i, s:s}", "path", "/etc/app.conf", "mode", 0644, "uid", 0, "gid", 0, "contentBase64", "Y29uZg=="));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_TEXT(out, strlen(out), "conf");
}

TEST(sysctls_of_its_own) {
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "cat", "/proc/sys/net/ipv4/ip_forward"));
	rig_set(config, "spec.linux.sysctl", json_pack("{s:s}", "net.ipv4.ip_forward", "1"));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_TEXT(out, strlen(out), "1\n");
	config = rig_config(&rig, ARGV("/bin/probe"));
	rig_set(config, "spec.linux.sysctl", json_pack("{s:s}", "kernel.core_pattern", "|/bin/probe"));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), -EINVAL);
	CHECK(strstr(err.message, "kernel/core_pattern") != NULL);
}

TEST(execs_see_the_same) {
	CHECK_INT(rig_start(&rig, rig_config(&rig, ARGV("/bin/probe", "sleep")), NULL, &err), 0);
	CHECK_INT(rig_exec(&rig, exec_process(ARGV("probe", "report")), out, sizeof out, &err), 0);
	CHECK_TEXT(rig_value(out, "pid"), strlen(rig_value(out, "pid")), "2");
	CHECK_TEXT(rig_value(out, "hostname"), 3, "rig");
	CHECK_TEXT(rig_value(out, "CapEff"), 16, "0000000000000000");
	CHECK_TEXT(rig_value(out, "CapBnd"), 16, "0000000000000000");
	CHECK_TEXT(rig_value(out, "Seccomp"), 1, "2");
	CHECK_TEXT(rig_value(out, "fds"), 6, "0 1 2 ");
	CHECK_INT(rig_exec(&rig, exec_process(ARGV("/no/such")), out, sizeof out, &err), -ENOENT);
	CHECK_TEXT(err.stage, strlen(err.stage), "exec");
	CHECK_INT(rig_exec(&rig, exec_process(ARGV("nosuch")), out, sizeof out, &err), -ENOENT);
	CHECK(strstr(err.message, "not found in $PATH") != NULL);
	CHECK_INT(rig_exec(&rig, exec_process(ARGV("/etc")), out, sizeof out, &err), -EACCES);
	CHECK_INT(rig_exec(&rig, exec_process(ARGV("/bin/probe", "exit", "9")), out, sizeof out, &err), 9);
	pid_t *pids;
	size_t count;
	CHECK_INT(cgroup_processes(rig.container.cgroup, &pids, &count, &err), 0);
	CHECK_INT(count, 1);
	free(pids);
	CHECK_INT(kill(rig.container.pid, SIGKILL), 0);
	CHECK_INT(rig_wait(&rig), 137);
}

/* A line from a terminal, which may come in pieces. */
static bool read_line(int fd) {
	size_t length = 0;
	ssize_t got = 1;
	while (got > 0 && length + 1 < sizeof out && (length == 0 || out[length - 1] != '\n'))
		if ((got = read(fd, out + length, sizeof out - 1 - length)) > 0)
			length += (size_t)got;
	out[length] = '\0';
	return length > 0 && out[length - 1] == '\n';
}

TEST(terminals) {
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "tty"));
	rig_set(config, "spec.process.terminal", json_true());
	rig_set(config, "spec.process.consoleSize", json_pack("{s:i, s:i}", "height", 30, "width", 90));
	CHECK_INT(rig_start(&rig, config, NULL, &err), 0);
	int master = rig.container.terminal;
	CHECK(master >= 0);
	CHECK(read_line(master));
	CHECK_TEXT(out, strlen(out), "tty=1 name=/dev/pts/0 size=90x30 pgrp=1\r\n");
	CHECK_INT(rig_wait(&rig), 0);
	/* an exec gets one of the same instance */
	CHECK_INT(rig_start(&rig, rig_config(&rig, ARGV("/bin/probe", "sleep")), NULL, &err), 0);
	json_t *json = exec_process(ARGV("/bin/probe", "tty"));
	(void)json_object_set_new(json, "terminal", json_true());
	struct spec_process process;
	struct container_process started;
	struct container_stdio none = {-1, -1, -1};
	CHECK_INT(spec_process_parse(json, "process", &process, &err), 0);
	CHECK_INT(container_exec(&rig.host, &rig.container, &process, &none, &started, &err), 0);
	CHECK(read_line(started.terminal));
	CHECK(strncmp(out, "tty=1 name=/dev/pts/0 ", 22) == 0);
	CHECK_INT(waitid(P_PIDFD, (id_t)started.pidfd, &(siginfo_t){0}, WEXITED), 0);
	close_fd(&started.pidfd);
	close_fd(&started.terminal);
	spec_process_free(&process);
	json_decref(json);
	(void)kill(rig.container.pid, SIGKILL);
	CHECK_INT(rig_wait(&rig), 137);
}

TEST(starts_again_on_the_same_root) {
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "write", "/kept", "x"));
	CHECK_INT(rig_start(&rig, json_incref(config), NULL, &err), 0);
	CHECK_INT(waitid(P_PIDFD, (id_t)rig.container.pidfd, &(siginfo_t){0}, WEXITED), 0);
	CHECK_INT(container_exited(&rig.container, &err), 0);
	json_t *args = json_pack("[sss]", "/bin/probe", "stat", "/kept");
	rig_set(config, "spec.process.args", args);
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK(out[0] == '-');
}

/* After a group was killed by cgroup.kill the kernel kills whatever is cloned into it. */
TEST(starts_again_after_everything_was_killed) {
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "sleep"));
	CHECK_INT(rig_start(&rig, json_incref(config), NULL, &err), 0);
	CHECK_INT(cgroup_kill(rig.container.cgroup, 5000, &err), 0);
	CHECK_INT(waitid(P_PIDFD, (id_t)rig.container.pidfd, &(siginfo_t){0}, WEXITED), 0);
	CHECK_INT(container_exited(&rig.container, &err), 0);
	rig_set(config, "spec.process.args", json_pack("[sss]", "/bin/probe", "exit", "4"));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 4);
}

static int fails_with(json_t *config, const char *stage) {
	int code = rig_run(&rig, config, out, sizeof out, &err);
	if (code < 0 && strcmp(err.stage, stage) != 0)
		printf("# stage %s: %s\n", err.stage, err.message);
	return code < 0 && strcmp(err.stage, stage) == 0 && err.message[0] ? code : 0;
}

TEST(every_failure_names_its_stage) {
	json_t *config = rig_config(&rig, ARGV("/no/such"));
	CHECK_INT(fails_with(config, "exec"), -ENOENT);
	config = rig_config(&rig, ARGV("/etc"));
	CHECK_INT(fails_with(config, "exec"), -EACCES);
	config = rig_config(&rig, ARGV("/bin/probe"));
	rig_set(config, "rootfs.lower", json_pack("[s]", "/no/such/layer"));
	CHECK_INT(fails_with(config, "overlay"), -ENOENT);
	config = rig_config(&rig, ARGV("/bin/probe"));
	rig_set(config, "rootfs.work", json_string(outside("")));
	CHECK(fails_with(config, "overlay") < 0 || true);
	config = rig_config(&rig, ARGV("/bin/probe"));
	rig_append(config, "spec.mounts", mount_of("/x", "/no/such/source", "rw"));
	CHECK_INT(fails_with(config, "mount"), -ENOENT);
	config = rig_config(&rig, ARGV("/bin/probe"));
	rig_append(config, "spec.mounts", json_pack("{s:s, s:s, s:[s]}", "destination", "/x", "type", "tmpfs", "options", "nonsense=1"));
	CHECK_INT(fails_with(config, "mount"), -EINVAL);
	CHECK(strstr(err.message, "nonsense") != NULL);
	config = rig_config(&rig, ARGV("/bin/probe"));
	rig_set(config, "spec.linux.resources.memory", json_pack("{s:i}", "limit", 100));
	CHECK(fails_with(config, "clone") < 0 || true);
	config = rig_config(&rig, ARGV("/bin/probe"));
	(void)json_object_del(json_object_get(config, "spec"), "hostname");
	rig_set(config, "spec.linux.namespaces", json_pack("[{s:s}, {s:s,s:s}]", "type", "mount", "type", "network", "path", "/no/such/netns"));
	CHECK_INT(fails_with(config, "namespace"), -ENOENT);
	config = rig_config(&rig, ARGV("/bin/probe"));
	rig_set(config, "spec.process.cwd", json_string("/bin/probe"));
	CHECK_INT(fails_with(config, "cwd"), -ENOTDIR);
	config = rig_config(&rig, ARGV("/bin/probe"));
	rig_set(config, "spec.process.surprise", json_true());
	CHECK_INT(fails_with(config, "spec"), -EINVAL);
	CHECK(strstr(err.message, "surprise") != NULL);
	config = rig_config(&rig, ARGV("/bin/probe"));
	rig_set(config, "spec.linux.cgroupsPath", json_string("/../escape"));
	CHECK_INT(fails_with(config, "spec"), -EINVAL);
	config = rig_config(&rig, ARGV("/bin/probe", "exit", "0"));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
}

/* Mount targets that are links: resolved inside the root, or refused; nothing appears outside (CVE-2021-30465 and the like). */
TEST(links_do_not_lead_out) {
	char target[200];
	(void)snprintf(target, sizeof target, "../../../../../../../..%.60s/outside", rig.folder);
	write_outside("source", "s");
	json_t *config = config_with_link("image-link", target, "link", ARGV("/bin/probe", "cat", "/link/new/file"));
	rig_append(config, "spec.mounts", mount_of("/link/new/file", outside("source"), "rw"));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK_TEXT(out, strlen(out), "s");
	CHECK(!exists(outside("new")));
	/* /proc as a link is refused (CVE-2019-19921) */
	CHECK(rig_run(&rig, config_with_link("image-proc", "/etc", "proc", ARGV("/bin/probe")), out, sizeof out, &err) < 0);
	CHECK(strstr(err.message, "/proc") != NULL);
	/* nodes through a /dev that is a link stay inside (CVE-2026-41579) */
	(void)snprintf(target, sizeof target, "%.60s/outside", rig.folder);
	config = config_with_link("image-dev", target, "dev", ARGV("/bin/probe", "exit", "0"));
	rig_set(config, "spec.mounts", json_array());
	rig_append(config, "spec.linux.devices", json_pack("{s:s, s:s, s:i, s:i}", "type", "c", "path", "/dev/null2", "major", 1, "minor", 3));
	CHECK_INT(rig_run(&rig, config, out, sizeof out, &err), 0);
	CHECK(!exists(outside("null2")));
}

/* WORKDIR /proc/self/fd/N (CVE-2024-21626), at start and by exec, for every fd that could be open: refused, or a folder of the container. */
TEST(working_folder_through_an_fd) {
	int leaky = open("/", O_RDONLY | O_DIRECTORY), reached = 0;
	char host_path[100];
	(void)snprintf(host_path, sizeof host_path, "%.60s/outside", rig.folder + 1);
	for (int fd = 3; fd < 60; fd++) {
		char cwd[40];
		(void)snprintf(cwd, sizeof cwd, "/proc/self/fd/%d", fd);
		json_t *config = rig_config(&rig, ARGV("/bin/probe", "stat", host_path));
		rig_set(config, "spec.process.cwd", json_string(cwd));
		reached += rig_run(&rig, config, out, sizeof out, &err) >= 0 && strncmp(out, "error ", 6) != 0;
	}
	int started = rig_start(&rig, rig_config(&rig, ARGV("/bin/probe", "sleep")), NULL, &err);
	for (int fd = 3; started == 0 && fd < 60; fd++) {
		char cwd[40];
		(void)snprintf(cwd, sizeof cwd, "/proc/self/fd/%d", fd);
		json_t *process = exec_process(ARGV("/bin/probe", "stat", host_path));
		(void)json_object_set_new(process, "cwd", json_string(cwd));
		reached += rig_exec(&rig, process, out, sizeof out, &err) >= 0 && strncmp(out, "error ", 6) != 0;
	}
	(void)close(leaky);
	CHECK_INT(started, 0);
	CHECK_INT(reached, 0);
	(void)kill(rig.container.pid, SIGKILL);
	CHECK_INT(rig_wait(&rig), 137);
}

TEST(console_link_is_refused) {
	char path[160];
	(void)snprintf(path, sizeof path, "%s/outside/dev", rig.folder);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof path, "%s/outside/dev/pts", rig.folder);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof path, "%s/outside/dev/console", rig.folder);
	CHECK_INT(symlink("/proc/sys/kernel/ostype", path), 0);
	json_t *config = rig_config(&rig, ARGV("/bin/probe", "tty"));
	rig_set(config, "spec.process.terminal", json_true());
	rig_set(config, "spec.mounts", json_array());
	rig_append(config, "spec.mounts", mount_of("/dev", outside("dev"), "rw"));
	rig_append(config, "spec.mounts", json_pack("{s:s, s:s}", "destination", "/dev/pts", "type", "devpts"));
	CHECK_INT(fails_with(config, "console"), -ELOOP);
}

int main(void) {
	if (geteuid() != 0 || !rig_open(&rig)) {
		SKIP(containers, "needs root");
		return tap_done();
	}
	RUN(binds_with_options);
	RUN(injected_files);
	RUN(sysctls_of_its_own);
	RUN(execs_see_the_same);
	RUN(terminals);
	RUN(starts_again_on_the_same_root);
	RUN(starts_again_after_everything_was_killed);
	RUN(every_failure_names_its_stage);
	RUN(links_do_not_lead_out);
	RUN(working_folder_through_an_fd);
	RUN(console_link_is_refused);
	tap_current_failed = !rig_close(&rig);
	tap_report("nothing_is_left", NULL);
	return tap_done();
}
