#include "monitor/kmsg.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

/* The value behind `key` up to a comma or the line's end. */
static bool copy_field(const char *text, const char *key, char *ret, size_t size) {
	const char *at = strstr(text, key);
	if (!at)
		return false;
	at += strlen(key);
	size_t length = strcspn(at, ",\n");
	if (length >= size)
		length = size - 1;
	memcpy(ret, at, length);
	ret[length] = '\0';
	return true;
}

/* "task_memcg=/berth/<id>[/...]": the kernel prints the path from the hierarchy's root, which may be above ours. */
static bool is_ours(const char *text, const char *cgroup_path) {
	char group[512];
	if (!copy_field(text, "task_memcg=", group, sizeof group))
		return false;
	const char *at = strstr(group, cgroup_path);
	if (!at)
		return false;
	char next = at[strlen(cgroup_path)];
	return next == '\0' || next == '/';
}

/* oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/berth/x,task_memcg=/berth/x,task=stress,pid=4711,uid=0 */
static void take_summary(struct kmsg_scan *scan, const char *text) {
	char pid[16];
	if (!is_ours(text, scan->cgroup_path) || !copy_field(text, ",pid=", pid, sizeof pid))
		return;
	scan->victim = (struct oom_victim){.pid = (pid_t)strtol(pid, NULL, 10)};
	(void)copy_field(text, ",task=", scan->victim.name, sizeof scan->victim.name);
	scan->is_found = true;
}

/* Memory cgroup out of memory: Killed process 4711 (stress) total-vm:1kB, anon-rss:2kB, file-rss:3kB, shmem-rss:4kB, UID:0 ... */
static void take_kill(struct kmsg_scan *scan, const char *text) {
	const char *killed = strstr(text, "Killed process ");
	if (!scan->is_found || !killed || strtol(killed + strlen("Killed process "), NULL, 10) != scan->victim.pid)
		return;
	static const char *const keys[] = {"anon-rss:", "file-rss:", "shmem-rss:"};
	uint64_t kilobytes = 0;
	for (size_t i = 0; i < ELEMENTS(keys); i++) {
		const char *at = strstr(killed, keys[i]);
		if (at)
			kilobytes += strtoull(at + strlen(keys[i]), NULL, 10);
	}
	scan->victim.rss_bytes = kilobytes * 1024;
}

void kmsg_take_record(struct kmsg_scan *scan, const char *record) {
	uint64_t sequence, microseconds;
	const char *text = strchr(record, ';');
	if (!text || sscanf(record, "%*u,%" SCNu64 ",%" SCNu64, &sequence, &microseconds) != 2)
		return;
	if (sequence <= scan->last_sequence || microseconds < scan->since_us)
		return;
	scan->last_sequence = sequence;
	text++;
	if (strncmp(text, "oom-kill:", 9) == 0)
		take_summary(scan, text);
	else if (strstr(text, "Killed process "))
		take_kill(scan, text);
}

bool kmsg_find_victim(struct kmsg_scan *scan) {
	_cleanup_close_ int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	scan->is_found = false;
	char record[2048];
	for (;;) {
		ssize_t length = read(fd, record, sizeof record - 1);
		if (length < 0 && (errno == EPIPE || errno == EINTR || errno == EINVAL))
			continue; /* records were overwritten meanwhile, or one is longer than any of ours */
		if (length <= 0)
			return scan->is_found;
		record[length] = '\0';
		kmsg_take_record(scan, record);
	}
}
