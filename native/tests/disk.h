#pragma once
/* A block device of the test's own: a loop device over a file in memory. */

#include <stdbool.h>
#include <stddef.h>

struct disk {
	int fd;
	int file;
	unsigned major, minor;
	int number; /* /dev/loopN */
};

/* Whether this kernel has loop devices that we may use. */
bool disk_is_possible(void);

bool disk_open(struct disk *disk, size_t bytes);
/* Puts a scheduler of block I/O in charge of it. */
bool disk_set_scheduler(const struct disk *disk, const char *name);
void disk_close(struct disk *disk);
