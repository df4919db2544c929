/* OciProcess: who runs, what, with which rights. */
#include "runtime/spec-parse.h"

#include "runtime/capabilities.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* (uid_t)-1 means "leave as it is" to the kernel, so it is never an id (crun and runc both ran `--user -1` as root). */
#define ID_MAX 4294967294LL

static const struct {
	const char *name;
	int resource;
} rlimits[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
};

static int parse_user(const json_t *json, const char *where, struct spec_user *ret, struct error *err) {
	struct object_reader r;
	int64_t uid, gid, umask = 0022;
	const json_t *groups = NULL;
	int failed;
	if ((failed = object_open(&r, json, where, err)) < 0 || (failed = take_integer(&r, "uid", 0, ID_MAX, &uid, err)) < 0 ||
		(failed = take_integer(&r, "gid", 0, ID_MAX, &gid, err)) < 0 ||
		(failed = take_optional_integer(&r, "umask", 0, 0777, &umask, err)) < 0 ||
		(failed = take_optional_array(&r, "additionalGids", &groups, err)) < 0 || (failed = object_close(&r, err)) < 0)
		return failed;
	size_t count = json_array_size(groups);
	gid_t *list;
	if ((failed = spec_allocate(count, sizeof *list, &list, err)) < 0)
		return failed;
	for (size_t i = 0; i < count; i++) {
		int64_t group;
		if ((failed = element_integer(groups, i, where, 0, ID_MAX, &group, err)) < 0) {
			free(list);
			return failed;
		}
		list[i] = (gid_t)group;
	}
	*ret = (struct spec_user){.uid = (uid_t)uid, .gid = (gid_t)gid, .umask = (mode_t)umask, .groups = list, .group_count = count};
	return 0;
}

static int parse_capability_set(struct object_reader *r, const char *name, uint64_t *ret, struct error *err) {
	const json_t *array;
	int present = take_optional_array(r, name, &array, err);
	if (present <= 0)
		return present;
	uint64_t set = 0;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *text;
		int failed = element_string(array, i, name, &text, err);
		if (failed < 0)
			return failed;
		int number = capability_number(text);
		if (number < 0)
			return error_set(err, EINVAL, "spec", "%s.%s[%zu]: unknown capability \"%.64s\"", r->where, name, i, text);
		set |= 1ULL << number;
	}
	*ret = set;
	return 0;
}

static int parse_capabilities(const json_t *json, const char *where, struct spec_capabilities *ret, struct error *err) {
	struct object_reader r;
	int failed;
	if ((failed = object_open(&r, json, where, err)) < 0 || (failed = parse_capability_set(&r, "bounding", &ret->bounding, err)) < 0 ||
		(failed = parse_capability_set(&r, "effective", &ret->effective, err)) < 0 ||
		(failed = parse_capability_set(&r, "inheritable", &ret->inheritable, err)) < 0 ||
		(failed = parse_capability_set(&r, "permitted", &ret->permitted, err)) < 0 ||
		(failed = parse_capability_set(&r, "ambient", &ret->ambient, err)) < 0)
		return failed;
	return object_close(&r, err);
}

static int parse_rlimit(const json_t *json, const char *where, struct spec_rlimit *ret, struct error *err) {
	struct object_reader r;
	int64_t soft, hard;
	int failed;
	if ((failed = object_open(&r, json, where, err)) < 0 || (failed = take_string(&r, "type", &ret->name, err)) < 0 ||
		(failed = take_integer(&r, "soft", -1, INT64_MAX, &soft, err)) < 0 ||
		(failed = take_integer(&r, "hard", -1, INT64_MAX, &hard, err)) < 0 || (failed = object_close(&r, err)) < 0)
		return failed;
	ret->value.rlim_cur = soft < 0 ? RLIM64_INFINITY : (uint64_t)soft;
	ret->value.rlim_max = hard < 0 ? RLIM64_INFINITY : (uint64_t)hard;
	if (ret->value.rlim_cur > ret->value.rlim_max)
		return error_set(err, EINVAL, "spec", "%s: soft limit %lld is above the hard limit %lld", where, (long long)soft, (long long)hard);
	for (size_t i = 0; i < sizeof rlimits / sizeof rlimits[0]; i++) {
		if (strcmp(rlimits[i].name, ret->name) == 0) {
			ret->resource = rlimits[i].resource;
			return 0;
		}
	}
	return error_set(err, EINVAL, "spec", "%s.type: unknown resource limit \"%.64s\"", where, ret->name);
}

static int parse_rlimits(const json_t *array, const char *where, struct spec_process *ret, struct error *err) {
	size_t count = json_array_size(array);
	int failed = spec_allocate(count, sizeof *ret->rlimits, &ret->rlimits, err);
	if (failed < 0)
		return failed;
	ret->rlimit_count = count;
	for (size_t i = 0; i < count; i++) {
		char place[WHERE_SIZE];
		(void)snprintf(place, sizeof place, "%s.rlimits[%zu]", where, i);
		if ((failed = parse_rlimit(json_array_get(array, i), place, &ret->rlimits[i], err)) < 0)
			return failed;
		for (size_t k = 0; k < i; k++)
			if (ret->rlimits[k].resource == ret->rlimits[i].resource)
				return error_set(err, EINVAL, "spec", "%s: %s is given twice", place, ret->rlimits[i].name);
	}
	return 0;
}

static int parse_console(const json_t *json, const char *where, struct spec_process *ret, struct error *err) {
	struct object_reader r;
	int64_t height, width;
	int failed;
	if ((failed = object_open(&r, json, where, err)) < 0 || (failed = take_integer(&r, "height", 0, UINT16_MAX, &height, err)) < 0 ||
		(failed = take_integer(&r, "width", 0, UINT16_MAX, &width, err)) < 0 || (failed = object_close(&r, err)) < 0)
		return failed;
	ret->console_height = (uint16_t)height;
	ret->console_width = (uint16_t)width;
	return 0;
}

static int parse_members(struct object_reader *r, const char *where, struct spec_process *p, struct error *err) {
	const json_t *user, *console = NULL, *capabilities = NULL, *limits = NULL;
	int64_t adjustment = 0;
	char place[WHERE_SIZE];
	int x;
	if ((x = take_optional_bool(r, "terminal", &p->terminal, err)) < 0 || (x = take_optional_object(r, "consoleSize", &console, err)) < 0 ||
		(x = take_object(r, "user", &user, err)) < 0 || (x = take_string(r, "cwd", &p->cwd, err)) < 0 ||
		(x = take_optional_strings(r, "args", &p->args, err)) < 0 || (x = take_optional_strings(r, "env", &p->env, err)) < 0 ||
		(x = take_optional_object(r, "capabilities", &capabilities, err)) < 0 ||
		(x = take_optional_array(r, "rlimits", &limits, err)) < 0 ||
		(x = take_optional_bool(r, "noNewPrivileges", &p->no_new_privileges, err)) < 0 ||
		(x = take_optional_string(r, "apparmorProfile", &p->apparmor, err)) < 0 ||
		(x = take_optional_string(r, "selinuxLabel", &p->selinux, err)) < 0 || (x = spec_schedule_parse(r, where, &p->schedule, err)) < 0)
		return x;
	if ((x = take_optional_integer(r, "oomScoreAdj", -1000, 1000, &adjustment, err)) < 0)
		return x;
	p->has_oom_score_adj = x > 0;
	p->oom_score_adj = (int)adjustment;
	if ((x = object_close(r, err)) < 0)
		return x;
	(void)snprintf(place, sizeof place, "%s.user", where);
	if ((x = parse_user(user, place, &p->user, err)) < 0)
		return x;
	(void)snprintf(place, sizeof place, "%s.consoleSize", where);
	if (console && (x = parse_console(console, place, p, err)) < 0)
		return x;
	(void)snprintf(place, sizeof place, "%s.capabilities", where);
	if (capabilities && (x = parse_capabilities(capabilities, place, &p->capabilities, err)) < 0)
		return x;
	return limits ? parse_rlimits(limits, where, p, err) : 0;
}

int spec_process_parse(const json_t *json, const char *where, struct spec_process *ret, struct error *err) {
	struct object_reader r;
	struct spec_process p = {0};
	int failed = object_open(&r, json, where, err);
	if (failed >= 0)
		failed = parse_members(&r, where, &p, err);
	if (failed >= 0 && (p.args.count == 0 || p.args.items[0][0] == '\0'))
		failed = error_set(err, EINVAL, "spec", "%s.args: a program is expected", where);
	if (failed >= 0 && p.cwd[0] != '/')
		failed = error_set(err, EINVAL, "spec", "%s.cwd: an absolute path is expected, not \"%.128s\"", where, p.cwd);
	if (failed >= 0 && !p.env.items) {
		json_t *none = json_array();
		failed = strings_copy(none, where, &p.env, err);
		json_decref(none);
	}
	if (failed < 0) {
		err->stage = "spec";
		spec_process_free(&p);
		return failed;
	}
	*ret = p;
	return 0;
}

void spec_process_free(struct spec_process *process) {
	strings_free(&process->args);
	strings_free(&process->env);
	free(process->user.groups);
	free(process->rlimits);
	*process = (struct spec_process){0};
}
