#include "runtime-fixture.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/json.h"
#include "base/sys.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static int fds_before, mounts_before;

static int count_fds(void) {
	int count = 0;
	DIR *directory = opendir("/proc/self/fd");
	while (directory && readdir(directory))
		count++;
	(void)closedir(directory);
	return count;
}

static int count_mounts(void) {
	_cleanup_free_ char *text = NULL;
	size_t length;
	int count = 0;
	if (read_file_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 22, &text, &length) < 0)
		return -1;
	for (size_t i = 0; i < length; i++)
		count += text[i] == '\n';
	return count;
}

static bool fill_folder(const struct rig *rig) {
	static const char *const folders[] = {"lower", "lower/bin", "lower/etc", "lower/tmp", "upper", "work", "outside"};
	char command[512];
	if (sys_mount("rig", rig->folder, "tmpfs", 0, NULL) < 0)
		return false;
	for (size_t i = 0; i < ELEMENTS(folders); i++) {
		char path[128];
		(void)snprintf(path, sizeof path, "%s/%s", rig->folder, folders[i]);
		if (mkdir(path, 0755) < 0)
			return false;
	}
	const char *build = getenv("BERTH_TEST_BUILD");
	(void)snprintf(command, sizeof command, "cp %s/probe %s/lower/bin/probe", build ? build : ".", rig->folder);
	return system(command) == 0;
}

bool rig_open(struct rig *rig) {
	struct error err;
	*rig = (struct rig){.null = open("/dev/null", O_RDWR | O_CLOEXEC), .folder = "/tmp/berth-rig-XXXXXX", .container = CONTAINER_INIT};
	/* Mounts of a namespace that is only ours can be counted while others use the machine. */
	if (sys_unshare(CLONE_NEWNS) < 0 || sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	if (!mkdtemp(rig->folder) || host_open(&rig->host, &err) < 0 || host_probe(&rig->host, &err) < 0 || !fill_folder(rig))
		return false;
	(void)snprintf(rig->cgroup, sizeof rig->cgroup, "/berth-rig-%d/box", getpid());
	mounts_before = count_mounts();
	fds_before = count_fds();
	return true;
}

/* Parents are left for the next container by design: only a test's own is removed. */
static bool remove_cgroups(const struct rig *rig) {
	char command[256], name[64];
	(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(rig->cgroup + 1, "/"), rig->cgroup + 1);
	(void)snprintf(command, sizeof command,
			   "for d in /sys/fs/cgroup/%s /sys/fs/cgroup/*/%s; do test ! -d $d || rmdir $d || exit 1; done 2>/dev/null", name, name);
	return system(command) == 0;
}

bool rig_close(struct rig *rig) {
	struct error err;
	(void)container_release(&rig->container, &err);
	int mounts = count_mounts();
	bool is_clean = mounts <= mounts_before; /* others may remove a mount point, and the kernel our mount of it */
	if (!is_clean)
		printf("# %d mounts, %d before\n", mounts, mounts_before);
	int fds = count_fds();
	if (fds != fds_before)
		printf("# %d fds instead of %d\n", fds, fds_before);
	is_clean &= fds == fds_before;
	is_clean &= waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
	if (!remove_cgroups(rig)) {
		printf("# a cgroup is left\n");
		is_clean = false;
	}
	is_clean &= umount2(rig->folder, 0) == 0 && rmdir(rig->folder) == 0;
	host_close(&rig->host);
	(void)close(rig->null);
	return is_clean;
}

/* Docker's default container, with %s for folder (4 times) and cgroup. */
static const char template[] =
	"{\"spec\": {\"ociVersion\": \"1.2.0\", \"hostname\": \"rig\", \"process\": {\"user\": {\"uid\": 0, \"gid\": 0}, \"args\": [],"
	" \"env\": [\"PATH=/usr/bin:/bin\"], \"cwd\": \"/\", \"oomScoreAdj\": 0, \"capabilities\": {\"bounding\": [@CAPS], \"effective\": [@CAPS],"
	" \"permitted\": [@CAPS]}}, \"root\": {\"path\": \"/rootfs\"}, \"mounts\": ["
	"{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\", \"options\": [\"nosuid\", \"noexec\", \"nodev\"]},"
	"{\"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\", \"options\": [\"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\"]},"
	"{\"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\", \"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\", \"gid=5\"]},"
	"{\"destination\": \"/sys\", \"type\": \"sysfs\", \"source\": \"sysfs\", \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]},"
	"{\"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\", \"source\": \"cgroup\", \"options\": [\"ro\", \"nosuid\", \"noexec\", \"nodev\"]},"
	"{\"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\", \"options\": [\"nosuid\", \"noexec\", \"nodev\"]},"
	"{\"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\", \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=64m\"]}],"
	" \"annotations\": {\"berth.seccomp\": \"default\"}, \"linux\": {\"namespaces\": [{\"type\": \"mount\"}, {\"type\": \"pid\"}, {\"type\": \"uts\"},"
	" {\"type\": \"ipc\"}, {\"type\": \"network\"}, {\"type\": \"cgroup\"}], \"cgroupsPath\": \"@CGROUP\", \"resources\": {\"devices\": ["
	"{\"allow\": false}, {\"allow\": true, \"type\": \"c\", \"access\": \"m\"}, {\"allow\": true, \"type\": \"b\", \"access\": \"m\"},"
	"{\"allow\": true, \"type\": \"c\", \"major\": 1, \"minor\": 3}, {\"allow\": true, \"type\": \"c\", \"major\": 1, \"minor\": 5},"
	"{\"allow\": true, \"type\": \"c\", \"major\": 1, \"minor\": 7}, {\"allow\": true, \"type\": \"c\", \"major\": 1, \"minor\": 8},"
	"{\"allow\": true, \"type\": \"c\", \"major\": 1, \"minor\": 9}, {\"allow\": true, \"type\": \"c\", \"major\": 5, \"minor\": 0},"
	"{\"allow\": true, \"type\": \"c\", \"major\": 5, \"minor\": 1}, {\"allow\": true, \"type\": \"c\", \"major\": 5, \"minor\": 2},"
	"{\"allow\": true, \"type\": \"c\", \"major\": 136}]},"
	" \"maskedPaths\": [\"/proc/acpi\", \"/proc/asound\", \"/proc/interrupts\", \"/proc/kcore\", \"/proc/keys\", \"/proc/latency_stats\","
	" \"/proc/sched_debug\", \"/proc/scsi\", \"/proc/timer_list\", \"/proc/timer_stats\", \"/sys/devices/virtual/powercap\", \"/sys/firmware\"],"
	" \"readonlyPaths\": [\"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\", \"/proc/sysrq-trigger\"]}},"
	" \"rootfs\": {\"kind\": \"overlay\", \"lower\": [\"@FOLDER/lower\"], \"upper\": \"@FOLDER/upper\", \"work\": \"@FOLDER/work\"},"
	" \"stdio\": {\"stdin\": false, \"stdinOnce\": false}, \"log\": {\"kind\": \"none\"}, \"files\": [], \"onOom\": \"report\", \"init\": false,"
	" \"isDurable\": false}";

static const char capabilities[] = "\"CAP_CHOWN\", \"CAP_DAC_OVERRIDE\", \"CAP_FSETID\", \"CAP_FOWNER\", \"CAP_MKNOD\", \"CAP_NET_RAW\", \"CAP_SETGID\","
				   "\"CAP_SETUID\", \"CAP_SETFCAP\", \"CAP_SETPCAP\", \"CAP_NET_BIND_SERVICE\", \"CAP_SYS_CHROOT\", \"CAP_KILL\","
				   "\"CAP_AUDIT_WRITE\"";

json_t *rig_config(const struct rig *rig, const char *const *argv) {
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	for (const char *c = template; *c; c++) {
		const struct {
			const char *name, *value;
		} holes[] = {{"@CAPS", capabilities}, {"@FOLDER", rig->folder}, {"@CGROUP", rig->cgroup}};
		size_t hole = 0;
		while (hole < ELEMENTS(holes) && strncmp(c, holes[hole].name, strlen(holes[hole].name)) != 0)
			hole++;
		if (hole < ELEMENTS(holes)) {
			(void)fputs(holes[hole].value, stream);
			c += strlen(holes[hole].name) - 1;
		} else {
			(void)fputc(*c, stream);
		}
	}
	(void)fclose(stream);
	json_t *config;
	struct error err;
	if (json_parse(text, size, &config, &err) < 0) {
		printf("# template: %s\n", err.message);
		abort();
	}
	json_t *args = json_array();
	for (; *argv; argv++)
		(void)json_array_append_new(args, json_string(*argv));
	rig_set(config, "spec.process.args", args);
	return config;
}

/* The object that holds the last part of a dotted path, and that part. */
static json_t *holder(json_t *config, const char *path, const char **ret_name) {
	for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
		char name[64];
		(void)snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
		json_t *next = json_object_get(config, name);
		if (!next) {
			next = json_object();
			(void)json_object_set_new(config, name, next);
		}
		config = next;
	}
	*ret_name = path;
	return config;
}

void rig_set(json_t *config, const char *path, json_t *value) {
	const char *name;
	json_t *object = holder(config, path, &name);
	(void)json_object_set_new(object, name, value);
}

void rig_append(json_t *config, const char *path, json_t *value) {
	const char *name;
	json_t *object = holder(config, path, &name), *array = json_object_get(object, name);
	if (!array) {
		array = json_array();
		(void)json_object_set_new(object, name, array);
	}
	(void)json_array_append_new(array, value);
}

int rig_start(struct rig *rig, json_t *json, int *ret_output, struct error *err) {
	struct start_config config;
	int failed = start_config_parse(json, &config, err), output[2] = {-1, -1};
	json_decref(json);
	if (failed < 0)
		return failed;
	(void)!pipe2(output, O_CLOEXEC);
	struct container_stdio stdio = {.in = rig->null, .out = output[1], .err = output[1]};
	failed = container_start(&rig->host, &config, &stdio, &rig->container, err);
	start_config_free(&config);
	close_fd(&output[1]);
	if (failed >= 0 && ret_output)
		*ret_output = TAKE_FD(output[0]);
	close_fd(&output[0]);
	return failed;
}

static int reap(int pidfd) {
	siginfo_t info = {0};
	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		return -errno;
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

int rig_update(struct rig *rig, json_t *resources, struct error *err) {
	struct cgroup_resources parsed;
	struct warnings warnings = {0};
	int failed = spec_resources_parse(resources, "resources", &parsed, err);
	if (failed >= 0) {
		failed = cgroup_update(rig->container.cgroup, &parsed, &warnings, err);
		spec_resources_free(&parsed);
	}
	warnings_free(&warnings);
	json_decref(resources);
	return failed;
}

int rig_wait(struct rig *rig) {
	struct error err;
	int code = reap(rig->container.pidfd);
	(void)container_release(&rig->container, &err);
	return code;
}

static void read_output(int fd, char *output, size_t size) {
	size_t length = 0;
	ssize_t got;
	while (length + 1 < size && (got = read(fd, output + length, size - 1 - length)) > 0)
		length += (size_t)got;
	output[length] = '\0';
	(void)close(fd);
}

int rig_run(struct rig *rig, json_t *config, char *output, size_t size, struct error *err) {
	int fd;
	int failed = rig_start(rig, config, &fd, err);
	if (failed < 0)
		return failed;
	read_output(fd, output, size);
	return rig_wait(rig);
}

int rig_exec(struct rig *rig, json_t *json, char *output, size_t size, struct error *err) {
	struct spec_process process;
	struct container_process started;
	int pipes[2];
	int failed = spec_process_parse(json, "process", &process, err);
	if (failed < 0) {
		json_decref(json);
		return failed;
	}
	(void)!pipe2(pipes, O_CLOEXEC);
	struct container_stdio stdio = {.in = rig->null, .out = pipes[1], .err = pipes[1]};
	failed = container_exec(&rig->host, &rig->container, &process, &stdio, &started, err);
	(void)close(pipes[1]);
	spec_process_free(&process);
	json_decref(json);
	if (failed < 0) {
		(void)close(pipes[0]);
		return failed;
	}
	read_output(pipes[0], output, size);
	int code = reap(started.pidfd);
	close_fd(&started.pidfd);
	close_fd(&started.terminal);
	return code;
}

const char *rig_value(const char *report, const char *key) {
	static char value[512];
	size_t length = strlen(key);
	value[0] = '\0';
	for (const char *line = report; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == '=')
			(void)snprintf(value, sizeof value, "%.*s", (int)strcspn(line + length + 1, "\n"), line + length + 1);
	}
	return value;
}
