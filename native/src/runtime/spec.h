#pragma once
/*
 * The JSON of `start` and `exec` (schemas/runtime/monitor.ts, oci.ts) as C values.
 *
 * Everything is checked here, before any side effect: unknown fields, types, ranges, names. `err.stage` is "spec" and the message begins with the
 * path of the value, e.g. `spec.mounts[3].options[1]: unknown option "nosuidd"`.
 *
 * Parsed values borrow strings from the JSON, of which they hold one reference; one free call releases both.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/userns.h"
#include "runtime/cgroup.h"

struct strings {
	const char **items; /* NULL-terminated, so that it can be an argv */
	size_t count;
};

struct spec_user {
	uid_t uid;
	gid_t gid;
	mode_t umask; /* 0022 unless given */
	gid_t *groups;
	size_t group_count;
};

/* Bit sets by capability number, intersected with what exists; names that this kernel lacks become warnings. */
struct spec_capabilities {
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

struct spec_rlimit {
	int resource;
	const char *name; /* RLIMIT_NOFILE */
	struct rlimit64 value;
};

/* process.scheduler, ioPriority, execCPUAffinity and linux.personality: what the kernel takes, not given unless the flag says so. */
struct spec_schedule {
	bool has_policy, has_io, has_personality;
	uint32_t policy, priority;
	uint64_t flags, runtime, deadline, period;
	int32_t nice;
	int io; /* class and priority as ioprio_set() takes them */
	unsigned personality; /* of the container: an exec has it too */
	const char *initial_cpus, *final_cpus; /* of an exec: "0-3,7" */
};

struct spec_process {
	bool terminal;
	uint16_t console_height, console_width; /* 0 = not given */
	struct spec_user user;
	struct strings args, env;
	const char *cwd;
	struct spec_capabilities capabilities; /* all empty when absent, as the specification says */
	struct spec_rlimit *rlimits;
	size_t rlimit_count;
	bool no_new_privileges;
	bool has_oom_score_adj;
	int oom_score_adj;
	const char *apparmor, *selinux; /* NULL when absent */
	struct spec_schedule schedule;
};

enum mount_kind { MOUNT_FILESYSTEM, MOUNT_BIND, MOUNT_CGROUP };

struct spec_mount {
	enum mount_kind kind;
	const char *destination; /* absolute */
	const char *type; /* file system, for MOUNT_FILESYSTEM */
	const char *source;
	bool is_recursive; /* rbind */
	uint64_t attr_set, attr_clear; /* MOUNT_ATTR_* of the mount itself */
	uint64_t rec_attr_set, rec_attr_clear; /* of the whole tree: rro, rnosuid ... */
	uint64_t propagation; /* MS_PRIVATE, MS_SLAVE, MS_SHARED or MS_UNBINDABLE; 0 = private */
	bool propagation_recursive;
	bool copies_up; /* tmpcopyup */
	bool is_idmapped, is_idmapped_recursively; /* idmap, ridmap, or id_maps given */
	struct id_maps id_maps; /* empty: the maps of the container's own user namespace */
	struct strings data; /* options for the file system: size=64m, mode=1777 */
};

struct spec_device {
	char type; /* c, b, p */
	const char *path;
	uint32_t major, minor;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

struct spec_sysctl {
	const char *name; /* with '/' for '.' : net/ipv4/ip_forward */
	const char *value;
};

/* linux.timeOffsets of a new time namespace: lines of /proc/PID/timens_offsets. Empty without. */
enum { TIME_OFFSETS_MAX = 160 };

struct spec_join {
	int flag; /* CLONE_NEW* */
	const char *path;
	bool is_owner; /* user: `path` is another namespace, whose owner is meant */
};

enum seccomp_choice { SECCOMP_NONE, SECCOMP_PROFILE_DEFAULT, SECCOMP_PROFILE_OCI };

struct spec {
	struct spec_process process;
	const char *hostname, *domainname;
	const char *root_path;
	bool root_readonly;
	struct spec_mount *mounts;
	size_t mount_count;
	struct spec_device *devices;
	size_t device_count;
	struct spec_sysctl *sysctls;
	size_t sysctl_count;
	struct strings masked, readonly;
	int namespaces_new; /* CLONE_NEW* flags */
	struct spec_join joins[8];
	size_t join_count;
	struct id_maps id_maps; /* of a new user namespace */
	char time_offsets[TIME_OFFSETS_MAX];
	const char *cgroup_path;
	struct cgroup_resources resources;
	unsigned long rootfs_propagation; /* MS_* | MS_REC, or 0 */
	/*
	 * linux.seccomp decides (absent = none), unless annotations["berth.seccomp"] is "default": then the profile that Docker uses when it is told
	 * nothing, with its conditions evaluated for process.capabilities.bounding. "unconfined" = none, whatever linux.seccomp says.
	 */
	enum seccomp_choice seccomp;
	const json_t *seccomp_profile; /* borrowed, for SECCOMP_PROFILE_OCI */
};

/* A CLONE_NEW* flag among new and joined namespaces. */
bool spec_has_namespace(const struct spec *spec, int flag);

enum rootfs_kind { ROOTFS_DIRECTORY, ROOTFS_OVERLAY };

struct rootfs_config {
	enum rootfs_kind kind;
	const char *path;     /* directory */
	struct strings lower; /* top-most first */
	const char *upper, *work; /* folders of one folder when is_idmapped */
	bool is_idmapped; /* ids in the layers are those that the container sees */
	json_t *json; /* borrowed */
};

struct injected_file {
	const char *path;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	void *content; /* owned */
	size_t size;
};

struct log_config {
	const char *path; /* NULL: no log */
	uint64_t max_bytes;
	unsigned max_files;
};

struct start_config {
	struct spec spec;
	struct rootfs_config rootfs;
	bool stdin_open, stdin_once;
	struct log_config log;
	struct injected_file *files;
	size_t file_count;
	bool kills_all_on_oom;
	bool init;
	bool is_durable;
	const json_t *runtime; /* {path, arguments} of another OCI runtime; NULL: ours. Borrowed */
	json_t *json; /* the reference that all strings above live in */
};

/* Parses the fields of StartConfig out of `json`; the envelope's `op` and `id` are allowed and ignored. Takes its own reference. */
int start_config_parse(json_t *json, struct start_config *ret, struct error *err);
void start_config_free(struct start_config *config);

/* Parses an OciProcess, as in `exec`. The strings live in `json`, which the caller keeps until spec_process_free(). */
int spec_process_parse(const json_t *json, const char *where, struct spec_process *ret, struct error *err);
void spec_process_free(struct spec_process *process);

/* Parses OciResources, as in `update`. */
int spec_resources_parse(const json_t *json, const char *where, struct cgroup_resources *ret, struct error *err);
/* Nothing limited: every field absent. */
void spec_resources_init(struct cgroup_resources *ret);
void spec_resources_free(struct cgroup_resources *resources);

/* What a configuration may name, as new arrays of strings. */
json_t *spec_namespaces_known(void);
json_t *spec_mount_options_known(void);
