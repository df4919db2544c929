#include "disk.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

bool disk_open(struct disk *disk, size_t bytes) {
	char path[32];
	struct stat status;
	*disk = (struct disk){.fd = -1, .file = memfd_create("disk", MFD_CLOEXEC)};
	_cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	/* Another may take the free one first. */
	for (int attempt = 0; attempt < 10 && control >= 0; attempt++) {
		disk->number = ioctl(control, LOOP_CTL_GET_FREE);
		(void)snprintf(path, sizeof path, "/dev/loop%d", disk->number);
		disk->fd = disk->number < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
		if (disk->fd < 0 || ftruncate(disk->file, (off_t)bytes) < 0)
			break;
		if (ioctl(disk->fd, LOOP_SET_FD, disk->file) == 0 && fstat(disk->fd, &status) == 0) {
			disk->major = major(status.st_rdev);
			disk->minor = minor(status.st_rdev);
			return true;
		}
		close_fd(&disk->fd);
	}
	close_fd(&disk->fd);
	close_fd(&disk->file);
	return false;
}

void disk_close(struct disk *disk) {
	(void)ioctl(disk->fd, LOOP_CLR_FD, 0);
	close_fd(&disk->fd);
	close_fd(&disk->file);
}

bool disk_is_possible(void) {
	struct disk disk;
	bool is_possible = disk_open(&disk, 1 << 20);
	if (is_possible)
		disk_close(&disk);
	return is_possible;
}

bool disk_set_scheduler(const struct disk *disk, const char *name) {
	char path[64];
	(void)snprintf(path, sizeof path, "/sys/block/loop%d/queue/scheduler", disk->number);
	return write_file_at(AT_FDCWD, path, name) == 0;
}
