#include <errno.h>
#include "fixture.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

bool fixture_open(struct fixture *fixture) {
	*fixture = (struct fixture){.run_dir = "/tmp/berth-test-XXXXXX"};
	return mkdtemp(fixture->run_dir) && client_start_spawner(&fixture->spawner, fixture->run_dir);
}

static bool release_left(const struct fixture *fixture) {
	bool is_clean = true;
	for (size_t i = 0; i < ELEMENTS(fixture->open); i++) {
		struct client control;
		if (fixture->open[i].monitor == 0)
			continue;
		is_clean = false;
		if (!client_control(&control, fixture->open[i].bundle, NULL)) {
			(void)kill(fixture->open[i].monitor, SIGKILL);
			continue;
		}
		json_decref(client_ok(&control, "release", NULL));
		(void)client_sees_end(&control);
		client_close(&control);
	}
	return is_clean;
}

/* Empty now, in every hierarchy. Another test of the same name may be at work: then it stays. */
static void remove_parent_cgroups(void) {
	glob_t found;
	if (glob("/sys/fs/cgroup/berth-test", 0, NULL, &found) != 0 && glob("/sys/fs/cgroup/*/berth-test", 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		(void)rmdir(found.gl_pathv[i]);
	globfree(&found);
}

bool fixture_close(struct fixture *fixture) {
	bool is_clean = release_left(fixture);
	client_close(&fixture->spawner);
	remove_parent_cgroups();
	/* A program that has closed its sockets may still be on its way out, with its copy of the mount. */
	bool is_mounted = umount2(fixture->run_dir, 0) < 0;
	for (int tries = 0; is_mounted && errno == EBUSY && tries < 300; tries++) {
		(void)usleep(10 * 1000);
		is_mounted = umount2(fixture->run_dir, 0) < 0;
	}
	if (is_mounted) {
		is_clean = false;
		(void)umount2(fixture->run_dir, MNT_DETACH);
	}
	return rmdir(fixture->run_dir) == 0 && is_clean;
}

bool box_open(struct fixture *fixture, struct box *box) {
	*box = (struct box){0};
	(void)snprintf(box->id, sizeof box->id, "c%d-%d", getpid(), fixture->next_container++);
	(void)snprintf(box->bundle, sizeof box->bundle, "%s/containers/%s", fixture->run_dir, box->id);
	(void)snprintf(box->log, sizeof box->log, "%s/log", box->bundle);
	(void)snprintf(box->cgroup, sizeof box->cgroup, "/berth-test/%s", box->id);
	json_t *ok = client_ok(&fixture->spawner, "monitor", json_pack("{s:s, s:s}", "containerId", box->id, "bundle", box->bundle));
	box->monitor = (pid_t)json_integer_value(json_object_get(ok, "pid"));
	json_decref(ok);
	size_t slot = (size_t)fixture->next_container % ELEMENTS(fixture->open);
	fixture->open[slot].monitor = box->monitor;
	memcpy(fixture->open[slot].bundle, box->bundle, sizeof box->bundle);
	return box->monitor > 0 && client_control(&box->control, box->bundle, NULL);
}

json_t *box_process(const char *script, bool terminal) {
	return json_pack("{s:[sss], s:[s], s:s, s:{s:i, s:i}, s:b}", "args", "/bin/sh", "-c", script, "env",
			 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "cwd", "/", "user", "uid", 0, "gid", 0, "terminal",
			 terminal);
}

static json_t *mounts(void) {
	return json_pack("[{s:s,s:s,s:s}, {s:s,s:s,s:s,s:[ss]}, {s:s,s:s,s:s,s:[ssss]}, {s:s,s:s,s:s,s:[ss]}]", "destination", "/proc", "type",
			 "proc", "source", "proc", "destination", "/dev", "type", "tmpfs", "source", "tmpfs", "options", "nosuid", "mode=755",
			 "destination", "/dev/pts", "type", "devpts", "source", "devpts", "options", "nosuid", "noexec", "newinstance",
			 "ptmxmode=0666", "destination", "/tmp", "type", "tmpfs", "source", "tmpfs", "options", "nosuid", "mode=1777");
}

static json_t *spec(const struct box *box, const struct box_options *options) {
	char root[160];
	(void)snprintf(root, sizeof root, "%s/rootfs", box->bundle);
	json_t *process = box_process(options->script ? options->script : "true", options->terminal);
	if (options->program)
		(void)json_object_set_new(process, "args", json_pack("[s]", options->program));
	json_t *resources = json_object();
	if (options->memory_limit > 0)
		(void)json_object_set_new(resources, "memory", json_pack("{s:I, s:I}", "limit", (json_int_t)options->memory_limit, "swap",
									 (json_int_t)options->memory_limit));
	return json_pack("{s:s, s:s, s:o, s:{s:s}, s:o, s:{s:[{s:s},{s:s},{s:s},{s:s},{s:s}], s:s, s:o}}", "ociVersion", "1.2.0", "hostname",
			 "box", "process", process, "root", "path", root, "mounts", mounts(), "linux", "namespaces", "type", "pid", "type",
			 "mount", "type", "ipc", "type", "uts", "type", "network", "cgroupsPath", box->cgroup, "resources", resources);
}

json_t *box_config(const struct box *box, const struct box_options *options) {
	char upper[160], work[160];
	(void)snprintf(upper, sizeof upper, "%s/upper", box->bundle);
	(void)snprintf(work, sizeof work, "%s/work", box->bundle);
	(void)mkdir(upper, 0755);
	(void)mkdir(work, 0755);
	return json_pack("{s:o, s:{s:s, s:[s], s:s, s:s}, s:{s:b, s:b}, s:{s:s, s:s, s:i, s:i}, s:[], s:s, s:b, s:b}", "spec",
			 spec(box, options), "rootfs", "kind", "overlay", "lower", "/", "upper", upper, "work", work, "stdio", "stdin",
			 options->has_stdin, "stdinOnce", options->stdin_once, "log", "kind", "json-file", "path", box->log, "maxBytes", 0,
			 "maxFiles", 1, "files", "onOom", options->kills_all_on_oom ? "killAll" : "report", "init", 0, "isDurable", 0);
}

pid_t box_start(struct box *box, const struct box_options *options) {
	json_t *ok = client_ok(&box->control, "start", box_config(box, options));
	pid_t pid = (pid_t)json_integer_value(json_object_get(ok, "pid"));
	json_decref(ok);
	return pid;
}

bool box_release(struct fixture *fixture, struct box *box) {
	json_t *ok = client_ok(&box->control, "release", NULL);
	bool is_released = ok && client_sees_end(&box->control);
	json_decref(ok);
	client_close(&box->control);
	json_t *event;
	do {
		event = client_event(&fixture->spawner, "workerExit");
		if (event && json_integer_value(json_object_get(event, "pid")) == box->monitor)
			break;
		json_decref(event);
	} while (event);
	is_released &= event && json_integer_value(json_object_get(event, "code")) == 0;
	json_decref(event);
	for (size_t i = 0; is_released && i < ELEMENTS(fixture->open); i++)
		if (fixture->open[i].monitor == box->monitor)
			fixture->open[i].monitor = 0;
	return is_released;
}
