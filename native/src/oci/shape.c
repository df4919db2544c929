#include "oci/shape.h"

#include <string.h>

static const struct shape id_mapping[] = {{"containerID", NULL}, {"hostID", NULL}, {"size", NULL}, {NULL, NULL}};

static const struct shape user[] = {{"uid", NULL}, {"gid", NULL}, {"umask", NULL}, {"additionalGids", NULL}, {NULL, NULL}};
static const struct shape size[] = {{"height", NULL}, {"width", NULL}, {NULL, NULL}};
static const struct shape capabilities[] = {{"bounding", NULL}, {"effective", NULL}, {"inheritable", NULL}, {"permitted", NULL},
											{"ambient", NULL},  {NULL, NULL}};
static const struct shape rlimits[] = {{"type", NULL}, {"soft", NULL}, {"hard", NULL}, {NULL, NULL}};
static const struct shape scheduler[] = {{"policy", NULL},  {"nice", NULL},     {"priority", NULL}, {"flags", NULL},
										 {"runtime", NULL}, {"deadline", NULL}, {"period", NULL},   {NULL, NULL}};
static const struct shape io_priority[] = {{"class", NULL}, {"priority", NULL}, {NULL, NULL}};
static const struct shape affinity[] = {{"initial", NULL}, {"final", NULL}, {NULL, NULL}};

const struct shape shape_process[] = {
	{"terminal", NULL},        {"consoleSize", size},      {"user", user},         {"args", NULL},
	{"env", NULL},             {"cwd", NULL},              {"capabilities", capabilities}, {"rlimits", rlimits},
	{"noNewPrivileges", NULL}, {"apparmorProfile", NULL},  {"selinuxLabel", NULL}, {"oomScoreAdj", NULL},
	{"scheduler", scheduler},  {"ioPriority", io_priority}, {"execCPUAffinity", affinity}, {NULL, NULL},
};

static const struct shape device_rules[] = {{"allow", NULL}, {"type", NULL}, {"major", NULL}, {"minor", NULL}, {"access", NULL}, {NULL, NULL}};
static const struct shape memory[] = {{"limit", NULL},      {"reservation", NULL},      {"swap", NULL}, {"swappiness", NULL},
									  {"disableOOMKiller", NULL}, {NULL, NULL}};
static const struct shape cpu[] = {{"shares", NULL},          {"quota", NULL}, {"burst", NULL}, {"period", NULL}, {"realtimeRuntime", NULL},
								   {"realtimePeriod", NULL}, {"cpus", NULL},  {"mems", NULL},  {"idle", NULL},   {NULL, NULL}};
static const struct shape pids[] = {{"limit", NULL}, {NULL, NULL}};
static const struct shape weights[] = {{"major", NULL}, {"minor", NULL}, {"weight", NULL}, {"leafWeight", NULL}, {NULL, NULL}};
static const struct shape rates[] = {{"major", NULL}, {"minor", NULL}, {"rate", NULL}, {NULL, NULL}};
static const struct shape block_io[] = {{"weight", NULL},
										{"leafWeight", NULL},
										{"weightDevice", weights},
										{"throttleReadBpsDevice", rates},
										{"throttleWriteBpsDevice", rates},
										{"throttleReadIOPSDevice", rates},
										{"throttleWriteIOPSDevice", rates},
										{NULL, NULL}};
static const struct shape huge_pages[] = {{"pageSize", NULL}, {"limit", NULL}, {NULL, NULL}};
static const struct shape priorities[] = {{"name", NULL}, {"priority", NULL}, {NULL, NULL}};
static const struct shape network[] = {{"classID", NULL}, {"priorities", priorities}, {NULL, NULL}};

const struct shape shape_resources[] = {
	{"devices", device_rules}, {"memory", memory},   {"cpu", cpu},  {"pids", pids}, {"blockIO", block_io}, {"hugepageLimits", huge_pages},
	{"network", network},      {"unified", NULL},    {"rdma", NULL}, {NULL, NULL},
};

static const struct shape namespaces[] = {{"type", NULL}, {"path", NULL}, {NULL, NULL}};
static const struct shape devices[] = {{"type", NULL},     {"path", NULL}, {"major", NULL}, {"minor", NULL},
									   {"fileMode", NULL}, {"uid", NULL},  {"gid", NULL},   {NULL, NULL}};
static const struct shape personality[] = {{"domain", NULL}, {"flags", NULL}, {NULL, NULL}};
static const struct shape system_members[] = {
	{"namespaces", namespaces}, {"uidMappings", id_mapping}, {"gidMappings", id_mapping},  {"timeOffsets", NULL},   {"devices", devices},
	{"cgroupsPath", NULL},      {"resources", shape_resources}, {"rootfsPropagation", NULL}, {"sysctl", NULL},      {"maskedPaths", NULL},
	{"readonlyPaths", NULL},    {"mountLabel", NULL},        {"seccomp", NULL},            {"intelRdt", NULL},      {"personality", personality},
	{NULL, NULL},
};

static const struct shape root[] = {{"path", NULL}, {"readonly", NULL}, {NULL, NULL}};
static const struct shape mounts[] = {{"destination", NULL}, {"type", NULL},           {"source", NULL}, {"options", NULL},
									  {"uidMappings", id_mapping}, {"gidMappings", id_mapping}, {NULL, NULL}};
static const struct shape hook[] = {{"path", NULL}, {"args", NULL}, {"env", NULL}, {"timeout", NULL}, {NULL, NULL}};
static const struct shape hooks[] = {{"prestart", hook},  {"createRuntime", hook}, {"createContainer", hook}, {"startContainer", hook},
									 {"poststart", hook}, {"poststop", hook},      {NULL, NULL}};

const struct shape shape_config[] = {
	{"ociVersion", NULL}, {"hostname", NULL}, {"domainname", NULL},      {"process", shape_process}, {"root", root},
	{"mounts", mounts},   {"hooks", hooks},   {"annotations", NULL},     {"linux", system_members},  {NULL, NULL},
};

static const struct shape *find(const struct shape *members, const char *name) {
	for (; members->name; members++)
		if (strcmp(members->name, name) == 0)
			return members;
	return NULL;
}

void shape_prune(json_t *value, const struct shape *members) {
	const char *name;
	json_t *member;
	void *next;
	size_t index;
	json_object_foreach_safe(value, next, name, member) {
		const struct shape *known = members ? find(members, name) : NULL;
		if (json_is_null(member) || (members && !known))
			(void)json_object_del(value, name);
		else
			shape_prune(member, known ? known->members : NULL);
	}
	json_array_foreach(value, index, member) shape_prune(member, members);
}
