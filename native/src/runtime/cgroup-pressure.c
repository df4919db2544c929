/* Pressure stall information: how long tasks of the group waited for a resource. Files of v2 groups, on hybrid hosts too; none without CONFIG_PSI. */
#include "runtime/cgroup-internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "some avg10=0.12 avg60=0.05 avg300=0.01 total=4711": percent of the last seconds, and microseconds in all. */
static json_t *parse_line(const char *text, const char *kind) {
	const char *line = strstr(text, kind);
	double averages[3];
	uint64_t total;
	if (!line || sscanf(line + strlen(kind), " avg10=%lf avg60=%lf avg300=%lf total=%" SCNu64, &averages[0], &averages[1], &averages[2], &total) != 4)
		return NULL;
	return json_pack("{s:f, s:f, s:f, s:I}", "avg10", averages[0], "avg60", averages[1], "avg300", averages[2], "total", (json_int_t)total);
}

void cgroup_usage_pressure(struct cgroup *cgroup, json_t *ret_object) {
	static const char *const resources[] = {"cpu", "memory", "io"};
	if (!cgroup->core_is_v2)
		return;
	json_t *pressure = json_object();
	for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
		char file[24], text[256];
		(void)snprintf(file, sizeof file, "%s.pressure", resources[i]);
		if (cgroup_read_text(cgroup->core, file, text, sizeof text) < 0) /* EOPNOTSUPP: switched off, by the kernel's command line or cgroup.pressure */
			continue;
		json_t *some = parse_line(text, "some"), *full = parse_line(text, "full");
		json_t *both = json_object();
		if (some)
			(void)json_object_set_new(both, "some", some);
		if (full)
			(void)json_object_set_new(both, "full", full);
		(void)json_object_set_new(pressure, resources[i], both);
	}
	if (json_object_size(pressure))
		(void)json_object_set(ret_object, "pressure", pressure);
	json_decref(pressure);
}
