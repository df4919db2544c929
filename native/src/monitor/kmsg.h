#pragma once
/* Who was killed for memory, from the kernel's log. Best effort: /dev/kmsg may be unreadable, and the kernel limits how often it prints. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct oom_victim {
	pid_t pid; /* host pid */
	char name[16];
	uint64_t rss_bytes;
};

/* Follows the records of one kill; zero-initialise before the first record. */
struct kmsg_scan {
	const char *cgroup_path; /* records of other groups are passed over */
	uint64_t last_sequence;	 /* records up to here were seen */
	uint64_t since_us;	 /* records older than this are not ours (monotonic) */
	struct oom_victim victim;
	bool is_found;
};

/* One record as /dev/kmsg gives it: "level,sequence,microseconds,flags;text\n...". NUL-terminated. */
void kmsg_take_record(struct kmsg_scan *scan, const char *record);

/* Reads the whole log. True when a victim newer than scan->last_sequence was found; scan->victim is the latest. */
bool kmsg_find_victim(struct kmsg_scan *scan);
