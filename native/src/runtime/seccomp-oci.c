/* linux.seccomp of the OCI runtime specification, config-linux.md. */
#include "runtime/seccomp-internal.h"

#include "base/cleanup.h"
#include "base/json.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

enum { WHERE_SIZE = 64, WAIT_KILLABLE = 1 << 5 /* 5.19 */ };

static int parse_action(const char *text, int64_t errno_value, uint32_t *ret) {
	if (strcmp(text, "SCMP_ACT_ALLOW") == 0)
		*ret = SCMP_ACT_ALLOW;
	else if (strcmp(text, "SCMP_ACT_ERRNO") == 0)
		*ret = SCMP_ACT_ERRNO((unsigned)errno_value);
	else if (strcmp(text, "SCMP_ACT_KILL") == 0 || strcmp(text, "SCMP_ACT_KILL_THREAD") == 0)
		*ret = SCMP_ACT_KILL_THREAD;
	else if (strcmp(text, "SCMP_ACT_KILL_PROCESS") == 0)
		*ret = SCMP_ACT_KILL_PROCESS;
	else if (strcmp(text, "SCMP_ACT_TRAP") == 0)
		*ret = SCMP_ACT_TRAP;
	else if (strcmp(text, "SCMP_ACT_TRACE") == 0)
		*ret = SCMP_ACT_TRACE((unsigned)errno_value);
	else if (strcmp(text, "SCMP_ACT_LOG") == 0)
		*ret = SCMP_ACT_LOG;
	else if (strcmp(text, "SCMP_ACT_NOTIFY") == 0)
		*ret = SCMP_ACT_NOTIFY;
	else
		return -EINVAL;
	return 0;
}

static const struct {
	const char *name;
	enum scmp_compare op;
} comparisons[] = {
	{"SCMP_CMP_NE", SCMP_CMP_NE}, {"SCMP_CMP_LT", SCMP_CMP_LT}, {"SCMP_CMP_LE", SCMP_CMP_LE},         {"SCMP_CMP_EQ", SCMP_CMP_EQ},
	{"SCMP_CMP_GE", SCMP_CMP_GE}, {"SCMP_CMP_GT", SCMP_CMP_GT}, {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

static int parse_argument(const json_t *json, const char *where, struct scmp_arg_cmp *ret, struct error *err) {
	struct object_reader r;
	int64_t index, value, second = 0;
	const char *op;
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_integer(&r, "index", 0, 5, &index, err)) < 0 ||
		(x = take_integer(&r, "value", INT64_MIN, INT64_MAX, &value, err)) < 0 ||
		(x = take_optional_integer(&r, "valueTwo", INT64_MIN, INT64_MAX, &second, err)) < 0 || (x = take_string(&r, "op", &op, err)) < 0 ||
		(x = object_close(&r, err)) < 0)
		return x;
	for (size_t i = 0; i < ELEMENTS(comparisons); i++) {
		if (strcmp(comparisons[i].name, op) == 0) {
			*ret = (struct scmp_arg_cmp){.arg = (unsigned)index, .op = comparisons[i].op, .datum_a = (uint64_t)value, .datum_b = (uint64_t)second};
			return 0;
		}
	}
	return error_set(err, EINVAL, "seccomp", "%s.op: unknown comparison \"%.32s\"", where, op);
}

/* Two conditions on one argument are alternatives, and then rules of their own, as runc reads the specification. */
static int add_rule(scmp_filter_ctx context, uint32_t action, int number, const struct scmp_arg_cmp *args, unsigned count) {
	bool repeats = false;
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < i; k++)
			repeats |= args[i].arg == args[k].arg;
	if (!repeats)
		return seccomp_rule_add_array(context, action, number, count, args);
	for (unsigned i = 0; i < count; i++) {
		int failed = seccomp_rule_add_array(context, action, number, 1, &args[i]);
		if (failed < 0)
			return failed;
	}
	return 0;
}

static int parse_rule(scmp_filter_ctx context, uint32_t default_action, const json_t *json, const char *where, bool *notifies, struct error *err) {
	struct object_reader r;
	const json_t *names, *list = NULL;
	const char *action;
	int64_t errno_value = EPERM;
	struct scmp_arg_cmp args[6];
	uint32_t verdict;
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_array(&r, "names", &names, err)) < 0 ||
		(x = take_string(&r, "action", &action, err)) < 0 || (x = take_optional_integer(&r, "errnoRet", 0, 4095, &errno_value, err)) < 0 ||
		(x = take_optional_array(&r, "args", &list, err)) < 0 || (x = object_close(&r, err)) < 0)
		return x;
	if (parse_action(action, errno_value, &verdict) < 0)
		return error_set(err, EINVAL, "seccomp", "%s.action: unknown or unsupported action \"%.40s\"", where, action);
	if (json_array_size(list) > ELEMENTS(args))
		return error_set(err, EINVAL, "seccomp", "%s.args: more than six conditions", where);
	for (size_t i = 0; i < json_array_size(list); i++)
		if ((x = parse_argument(json_array_get(list, i), where, &args[i], err)) < 0)
			return x;
	if (verdict == default_action)
		return 0; /* says nothing new, and libseccomp refuses it */
	*notifies |= verdict == SCMP_ACT_NOTIFY;
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name;
		if ((x = element_string(names, i, where, &name, err)) < 0)
			return x;
		int number = seccomp_syscall_resolve_name(name);
		if (number == __NR_SCMP_ERROR)
			continue; /* a profile may know more than this library */
		if (verdict == SCMP_ACT_NOTIFY && strcmp(name, "write") == 0) /* by which the listener comes to whoever answers: it would wait for ever */
			return error_set(err, EINVAL, "seccomp", "%s: SCMP_ACT_NOTIFY cannot be used for write", where);
		x = add_rule(context, verdict, number, args, (unsigned)json_array_size(list));
		if (x < 0 && x != -EEXIST)
			return error_set(err, -x, "seccomp", "%s: cannot add a rule for %.40s: %s", where, name, strerror(-x));
	}
	return 0;
}

static int add_architectures(scmp_filter_ctx context, const json_t *list, struct error *err) {
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text;
		char name[32];
		int x = element_string(list, i, "spec.linux.seccomp.architectures", &text, err);
		if (x < 0)
			return x;
		if (strncmp(text, "SCMP_ARCH_", 10) != 0)
			return error_set(err, EINVAL, "seccomp", "spec.linux.seccomp.architectures[%zu]: unknown architecture \"%.32s\"", i, text);
		size_t length = 0;
		for (const char *c = text + 10; *c && length + 1 < sizeof name; c++)
			name[length++] = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
		name[length] = '\0';
		uint32_t token = seccomp_arch_resolve_name(name);
		if (!token)
			return error_set(err, EINVAL, "seccomp", "spec.linux.seccomp.architectures[%zu]: unknown architecture \"%.32s\"", i, text);
		x = seccomp_arch_add(context, token);
		if (x < 0 && x != -EEXIST)
			return error_set(err, -x, "seccomp", "cannot add architecture %s: %s", name, strerror(-x));
	}
	return 0;
}

static int parse_flags(const json_t *list, unsigned *flags, struct error *err) {
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text;
		int x = element_string(list, i, "spec.linux.seccomp.flags", &text, err);
		if (x < 0)
			return x;
		if (strcmp(text, "SECCOMP_FILTER_FLAG_LOG") == 0)
			*flags |= SECCOMP_FILTER_FLAG_LOG;
		else if (strcmp(text, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") == 0)
			*flags |= WAIT_KILLABLE;
		else if (strcmp(text, "SECCOMP_FILTER_FLAG_SPEC_ALLOW") != 0 && strcmp(text, "SECCOMP_FILTER_FLAG_TSYNC") != 0)
			return error_set(err, EINVAL, "seccomp", "spec.linux.seccomp.flags[%zu]: unknown flag \"%.48s\"", i, text);
	}
	return 0;
}

int seccomp_build_oci(const json_t *profile, scmp_filter_ctx *ret, unsigned *flags, struct error *err) {
	struct object_reader r;
	const char *action;
	int64_t errno_value = EPERM;
	const char *listener = NULL, *metadata = NULL;
	const json_t *architectures = NULL, *flag_list = NULL, *rules = NULL;
	uint32_t verdict;
	bool notifies = false;
	int x;
	if ((x = object_open(&r, profile, "spec.linux.seccomp", err)) < 0 || (x = take_string(&r, "defaultAction", &action, err)) < 0 ||
		(x = take_optional_integer(&r, "defaultErrnoRet", 0, 4095, &errno_value, err)) < 0 ||
		(x = take_optional_array(&r, "architectures", &architectures, err)) < 0 || (x = take_optional_array(&r, "flags", &flag_list, err)) < 0 ||
		(x = take_optional_array(&r, "syscalls", &rules, err)) < 0 || (x = take_optional_string(&r, "listenerPath", &listener, err)) < 0 ||
		(x = take_optional_string(&r, "listenerMetadata", &metadata, err)) < 0 || (x = object_close(&r, err)) < 0)
		return x;
	if (metadata && !listener)
		return error_set(err, EINVAL, "seccomp", "spec.linux.seccomp.listenerMetadata: needs a listenerPath");
	if (parse_action(action, errno_value, &verdict) < 0 || verdict == SCMP_ACT_NOTIFY)
		return error_set(err, EINVAL, "seccomp", "spec.linux.seccomp.defaultAction: unknown action \"%.40s\"", action);
	scmp_filter_ctx context = seccomp_init(verdict);
	if (!context)
		return error_set(err, ENOMEM, "seccomp", "out of memory");
	*ret = context;
	if ((x = add_architectures(context, architectures, err)) < 0 || (x = parse_flags(flag_list, flags, err)) < 0)
		return x;
	for (size_t i = 0; i < json_array_size(rules); i++) {
		char where[WHERE_SIZE];
		(void)snprintf(where, sizeof where, "spec.linux.seccomp.syscalls[%zu]", i);
		if ((x = parse_rule(context, verdict, json_array_get(rules, i), where, &notifies, err)) < 0)
			return x;
	}
	if (notifies && !listener)
		return error_set(err, EINVAL, "seccomp", "spec.linux.seccomp: SCMP_ACT_NOTIFY needs a listenerPath");
	if (notifies)
		*flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	else
		*flags &= ~(unsigned)WAIT_KILLABLE; /* the kernel refuses it alone */
	return 0;
}
