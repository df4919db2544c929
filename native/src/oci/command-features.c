/* features: what this runtime can do, as the specification (features.md, 1.2) writes it. */
#include "oci/oci.h"

#include "base/cleanup.h"
#include "runtime/capabilities.h"
#include "runtime/seccomp.h"
#include "runtime/spec.h"

#include <errno.h>
#include <unistd.h>

static json_t *names(const char *const *list, size_t count) {
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array, json_string(list[i]));
	return array;
}

static json_t *capability_names(void) {
	json_t *array = json_array();
	for (unsigned number = 0; capability_name(number); number++)
		(void)json_array_append_new(array, json_string(capability_name(number)));
	return array;
}

static json_t *seccomp_features(void) {
	static const char *const architectures[] = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",     "SCMP_ARCH_MIPS",    "SCMP_ARCH_MIPS64",  "SCMP_ARCH_MIPS64N32",
												"SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64",
												"SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390",    "SCMP_ARCH_S390X",   "SCMP_ARCH_X32",
												"SCMP_ARCH_X86",     "SCMP_ARCH_X86_64"};
	static const char *const actions[] = {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL",  "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
										  "SCMP_ACT_LOG",   "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP"};
	static const char *const operators[] = {"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"};
	static const char *const flags[] = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
	static const char *const known[] = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_LOG",
										"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
	return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "enabled", 1, "actions", names(actions, ELEMENTS(actions)), "operators",
					 names(operators, ELEMENTS(operators)), "archs", names(architectures, ELEMENTS(architectures)), "knownFlags", names(known, ELEMENTS(known)),
					 "supportedFlags", names(flags, ELEMENTS(flags)));
}

int command_features(const struct oci *oci, char **argv, struct error *err) {
	static const char *const hooks[] = {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};
	const struct option none[] = {{.name = NULL}};
	(void)oci;
	if (!options_parse_anywhere(none, argv, err))
		return -EINVAL;
	json_t *system = json_pack("{s:o, s:o, s:{s:b, s:b, s:b, s:b, s:b}, s:o, s:{s:b}, s:{s:b}, s:{s:b}, s:{s:{s:b}}}", "namespaces", spec_namespaces_known(),
							   "capabilities", capability_names(), "cgroup", "v1", 1, "v2", 1, "systemd", 0, "systemdUser", 0, "rdma", 0, "seccomp",
							   seccomp_features(), "apparmor", "enabled", access("/sys/kernel/security/apparmor", F_OK) == 0, "selinux", "enabled",
							   access("/sys/fs/selinux", F_OK) == 0, "intelRdt", "enabled", 0, "mountExtensions", "idmap", "enabled", 1);
	json_t *features = json_pack("{s:s, s:s, s:o, s:o, s:o, s:{s:s}, s:[]}", "ociVersionMin", "1.0.0", "ociVersionMax", "1.2.0", "hooks",
								 names(hooks, ELEMENTS(hooks)), "mountOptions", spec_mount_options_known(), "linux", system, "annotations",
								 "org.berth.version", BERTH_VERSION, "potentiallyUnsafeConfigAnnotations");
	if (!features)
		return error_set(err, ENOMEM, "features", "out of memory");
	output_json(features);
	json_decref(features);
	return 0;
}
