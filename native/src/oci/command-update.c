/* update: limits of a running container, by runc's flags or a document of resources; what they do not name stays as it is. */
#include "oci/config.h"
#include "oci/control.h"
#include "oci/shape.h"

#include "base/cleanup.h"
#include "base/json.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum value_kind { NUMBER, BYTES, TEXT, GONE };

static const struct flag {
	const char *name, *group, *member;
	enum value_kind kind;
} flags[] = {
	{"blkio-weight", "blockIO", "weight", NUMBER},
	{"cpu-period", "cpu", "period", NUMBER},
	{"cpu-quota", "cpu", "quota", NUMBER},
	{"cpu-burst", "cpu", "burst", NUMBER},
	{"cpu-share", "cpu", "shares", NUMBER},
	{"cpu-shares", "cpu", "shares", NUMBER},
	{"cpu-rt-period", "cpu", "realtimePeriod", NUMBER},
	{"cpu-rt-runtime", "cpu", "realtimeRuntime", NUMBER},
	{"cpuset-cpus", "cpu", "cpus", TEXT},
	{"cpuset-mems", "cpu", "mems", TEXT},
	{"memory", "memory", "limit", BYTES},
	{"memory-reservation", "memory", "reservation", BYTES},
	{"memory-swap", "memory", "swap", BYTES},
	{"pids-limit", "pids", "limit", NUMBER},
	/* The kernel has neither any more; others still pass them. */
	{"kernel-memory", NULL, NULL, GONE},
	{"kernel-memory-tcp", NULL, NULL, GONE},
};

/* "512m", "1GiB", "-1": powers of 1024, as go-units reads sizes of memory. */
static int parse_bytes(const struct flag *flag, const char *text, json_int_t *ret, struct error *err) {
	static const char units[] = "bkmgtp";
	char *end;
	errno = 0;
	double number = strtod(text, &end);
	if (end != text && isalpha((unsigned char)*end)) {
		const char *unit = strchr(units, tolower((unsigned char)*end));
		for (long i = unit ? unit - units : 0; i > 0; i--)
			number *= 1024;
		end += unit ? 1 : 0;
		end += strncasecmp(end, "ib", 2) == 0 ? 2 : strncasecmp(end, "b", 1) == 0 ? 1 : 0;
	}
	if (end == text || *end || errno || number < -1 || number > 9.2e18)
		return error_set(err, EINVAL, "usage", "--%s: a size like 512m or -1 is expected, not \"%.32s\"", flag->name, text);
	*ret = (json_int_t)number;
	return 0;
}

static int parse_number(const struct flag *flag, const char *text, json_int_t *ret, struct error *err) {
	char *end;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (end == text || *end || errno)
		return error_set(err, EINVAL, "usage", "--%s: a number is expected, not \"%.32s\"", flag->name, text);
	*ret = number;
	return 0;
}

static json_t *member_object(json_t *object, const char *name) {
	json_t *member = json_object_get(object, name);
	if (!member)
		(void)json_object_set_new(object, name, member = json_object());
	return member;
}

static int apply_flag(const struct flag *flag, const char *text, json_t *resources, struct error *err) {
	json_int_t number = 0;
	int failed = flag->kind == BYTES ? parse_bytes(flag, text, &number, err) : flag->kind == NUMBER ? parse_number(flag, text, &number, err) : 0;
	if (failed < 0)
		return failed;
	if (flag->kind != GONE)
		(void)json_object_set_new(member_object(resources, flag->group), flag->member, flag->kind == TEXT ? json_string(text) : json_integer(number));
	return 0;
}

/* Rules of devices are not among what can be updated, as with runc. */
static int read_document(const char *path, json_t **ret, struct error *err) {
	int failed = config_read(AT_FDCWD, path, ret, err);
	if (failed < 0)
		return failed;
	if (!json_is_object(*ret))
		return error_set(err, EINVAL, "spec", "%s: an object of resources is expected", path);
	shape_prune(*ret, shape_resources);
	(void)json_object_del(*ret, "devices");
	return 0;
}

/* What the container has from now on: members of groups are replaced one by one. */
static void merge(json_t *into, const json_t *from) {
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)from, name, value) {
		if (json_is_object(value))
			(void)json_object_update(member_object(into, name), value);
		else
			(void)json_object_set(into, name, value);
	}
}

static int update(const struct oci *oci, const char *id, const json_t *resources, struct error *err) {
	struct store store;
	struct host host;
	struct container container;
	struct cgroup_resources parsed;
	struct warnings warnings = {NULL};
	int failed = spec_resources_parse(resources, "resources", &parsed, err);
	if (failed < 0)
		return failed;
	if ((failed = control_enter(oci, id, &store, &host, &container, err)) >= 0) {
		if (!container.pid)
			failed = error_set(err, EINVAL, "state", "container \"%s\" is stopped", store.id);
		else if ((failed = cgroup_update(container.cgroup, &parsed, &warnings, err)) >= 0) {
			merge(member_object(json_object_get(json_object_get(json_object_get(store.state, "start"), "spec"), "linux"), "resources"), resources);
			failed = store_save(&store, err);
		}
		control_leave(&store, &host, &container);
	}
	config_warn(&warnings);
	warnings_free(&warnings);
	spec_resources_free(&parsed);
	return failed;
}

int command_update(const struct oci *oci, char **argv, struct error *err) {
	enum { EXTRA = 4 };
	const char *values[ELEMENTS(flags)] = {NULL}, *document = NULL, *cache = NULL, *bandwidth = NULL;
	struct option options[ELEMENTS(flags) + EXTRA] = {{.name = "resources", .letter = 'r', .text = &document},
													  {.name = "l3-cache-schema", .text = &cache},
													  {.name = "mem-bw-schema", .text = &bandwidth}};
	for (size_t i = 0; i < ELEMENTS(flags); i++)
		options[EXTRA - 1 + i] = (struct option){.name = flags[i].name, .text = &values[i]};
	char **rest = options_parse_anywhere(options, argv, err);
	if (!rest)
		return -EINVAL;
	if (cache || bandwidth)
		return error_set(err, ENOSYS, "usage", "Intel RDT is not supported");
	_cleanup_json_ json_t *resources = NULL;
	int failed = document ? read_document(document, &resources, err) : 0;
	if (!document)
		resources = json_object();
	for (size_t i = 0; failed >= 0 && i < ELEMENTS(flags); i++)
		if (values[i] && values[i][0])
			failed = apply_flag(&flags[i], values[i], resources, err);
	return failed < 0 ? failed : update(oci, rest[0], resources, err);
}
