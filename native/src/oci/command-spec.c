/* spec: a config.json to begin with. */
#include "oci/oci.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Three capabilities, the usual mounts, every namespace but the user's, Docker's masks: what runc and crun write. */
static const char text[] =
	"{'ociVersion': '1.2.0',"
	"'process': {'terminal': true, 'user': {'uid': 0, 'gid': 0}, 'args': ['sh'],"
	"'env': ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'], 'cwd': '/',"
	"'capabilities': {'bounding': ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'],"
	"'effective': ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'],"
	"'permitted': ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE']},"
	"'rlimits': [{'type': 'RLIMIT_NOFILE', 'hard': 1024, 'soft': 1024}], 'noNewPrivileges': true},"
	"'root': {'path': 'rootfs', 'readonly': true},"
	"'hostname': 'berth',"
	"'mounts': [{'destination': '/proc', 'type': 'proc', 'source': 'proc'},"
	"{'destination': '/dev', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['nosuid', 'strictatime', 'mode=755', 'size=65536k']},"
	"{'destination': '/dev/pts', 'type': 'devpts', 'source': 'devpts',"
	"'options': ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']},"
	"{'destination': '/dev/shm', 'type': 'tmpfs', 'source': 'shm', 'options': ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k']},"
	"{'destination': '/dev/mqueue', 'type': 'mqueue', 'source': 'mqueue', 'options': ['nosuid', 'noexec', 'nodev']},"
	"{'destination': '/sys', 'type': 'sysfs', 'source': 'sysfs', 'options': ['nosuid', 'noexec', 'nodev', 'ro']},"
	"{'destination': '/sys/fs/cgroup', 'type': 'cgroup', 'source': 'cgroup', 'options': ['nosuid', 'noexec', 'nodev', 'relatime', 'ro']}],"
	"'linux': {'resources': {'devices': [{'allow': false, 'access': 'rwm'}]},"
	"'namespaces': [{'type': 'pid'}, {'type': 'network'}, {'type': 'ipc'}, {'type': 'uts'}, {'type': 'mount'}, {'type': 'cgroup'}],"
	"'maskedPaths': ['/proc/acpi', '/proc/asound', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list', '/proc/timer_stats',"
	"'/proc/sched_debug', '/sys/firmware', '/proc/scsi'],"
	"'readonlyPaths': ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']}}";

static json_t *build(void) {
	char copy[sizeof text];
	for (size_t i = 0; i < sizeof text; i++)
		copy[i] = text[i] == '\'' ? '"' : text[i];
	return json_loads(copy, 0, NULL);
}

static bool is_type(const json_t *object, const char *type) {
	const char *found = json_string_value(json_object_get(object, "type"));
	return found && strcmp(found, type) == 0;
}

/* A user namespace that maps the caller alone: no network and no cgroup of its own, /sys bound from the host, no group that is not mapped. */
static void make_rootless(json_t *config) {
	json_t *system = json_object_get(config, "linux"), *spaces = json_object_get(system, "namespaces"), *mounts = json_object_get(config, "mounts");
	for (size_t i = json_array_size(spaces); i-- > 0;)
		if (is_type(json_array_get(spaces, i), "network"))
			(void)json_array_remove(spaces, i);
	(void)json_array_append_new(spaces, json_pack("{s:s}", "type", "user"));
	(void)json_object_set_new(system, "uidMappings", json_pack("[{s:i, s:I, s:i}]", "containerID", 0, "hostID", (json_int_t)geteuid(), "size", 1));
	(void)json_object_set_new(system, "gidMappings", json_pack("[{s:i, s:I, s:i}]", "containerID", 0, "hostID", (json_int_t)getegid(), "size", 1));
	(void)json_object_del(system, "resources");
	for (size_t i = json_array_size(mounts); i-- > 0;) {
		json_t *mount = json_array_get(mounts, i), *options = json_object_get(mount, "options");
		if (is_type(mount, "cgroup"))
			(void)json_array_remove(mounts, i);
		else if (is_type(mount, "devpts"))
			(void)json_array_remove(options, json_array_size(options) - 1); /* gid=5 */
		else if (is_type(mount, "sysfs"))
			(void)json_array_set_new(mounts, i, json_pack("{s:s, s:s, s:s, s:[s, s, s, s, s]}", "destination", "/sys", "type", "none", "source", "/sys",
														  "options", "rbind", "nosuid", "noexec", "nodev", "ro"));
	}
}

int command_spec(const struct oci *oci, char **argv, struct error *err) {
	const char *bundle = ".", *ignored;
	bool is_rootless = false;
	const struct option options[] = {{.name = "bundle", .letter = 'b', .text = &bundle},
									 {.name = "rootless", .flag = &is_rootless},
									 {.name = "config", .letter = 'f', .text = &ignored},
									 {.name = NULL}};
	(void)oci;
	if (!options_parse_anywhere(options, argv, err))
		return -EINVAL;
	json_t *config = build();
	if (is_rootless)
		make_rootless(config);
	_cleanup_free_ char *document = json_dumps(config, JSON_INDENT(4));
	json_decref(config);
	_cleanup_close_ int folder = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int file = folder < 0 ? -1 : openat(folder, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (file < 0 && errno == EEXIST)
		return error_set(err, EEXIST, "spec", "config.json is there already: remove it first");
	if (file < 0 || !document || write_all(file, document, strlen(document)) < 0)
		return error_errno(err, "spec", "cannot write %s/config.json", bundle);
	return 0;
}
