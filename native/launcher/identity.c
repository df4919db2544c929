#include "identity.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct hash {
	uint64_t value;
};

static void add(struct hash *hash, const void *data, size_t length) {
	const unsigned char *bytes = data;
	for (size_t i = 0; i < length; i++)
		hash->value = (hash->value ^ bytes[i]) * 1099511628211u;
}

static void add_text(struct hash *hash, const char *text) { add(hash, text, strlen(text) + 1); }

static bool add_file(struct hash *hash, const char *path) {
	struct stat info;
	if (stat(path, &info) < 0)
		return false;
	add(hash, &info.st_dev, sizeof info.st_dev);
	add(hash, &info.st_ino, sizeof info.st_ino);
	add(hash, &info.st_mtim, sizeof info.st_mtim);
	return true;
}

static bool add_link(struct hash *hash, const char *path) {
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof target);
	if (length < 0)
		return false;
	add(hash, target, (size_t)length);
	return true;
}

static bool add_rights(struct hash *hash) {
	gid_t groups[256];
	int count = getgroups(256, groups);
	if (count < 0 || getuid() != geteuid() || getgid() != getegid())
		return false;
	gid_t group = getgid();
	mode_t mask = umask(077);
	(void)umask(mask);
	add(hash, groups, (size_t)count * sizeof groups[0]);
	add(hash, &group, sizeof group);
	add(hash, &mask, sizeof mask);
	return true;
}

static bool add_view(struct hash *hash) {
	static const char *const links[] = {"/proc/self/root", "/proc/self/ns/mnt", "/proc/self/ns/net", "/proc/self/ns/pid",
						"/proc/self/ns/user", "/proc/self/ns/uts", "/proc/self/ns/ipc"};
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
		if (!add_link(hash, links[i]))
			return false;
	const char *zone = getenv("TZ");
	add_text(hash, zone ? zone : "");
	return add_file(hash, "/");
}

/* A folder that is ours alone: whoever can write there could answer in the standby's place. */
static bool make_folder(char *ret_folder, size_t size) {
	uid_t user = getuid();
	struct stat info;
	(void)snprintf(ret_folder, size, "/run/user/%u", user);
	bool has_own = stat(ret_folder, &info) == 0 && info.st_uid == user;
	if (has_own)
		(void)snprintf(ret_folder, size, "/run/user/%u/berth-standby", user);
	else
		(void)snprintf(ret_folder, size, user == 0 ? "/run/berth-standby" : "/tmp/berth-standby-%u", user);
	if (mkdir(ret_folder, 0700) < 0 && errno != EEXIST)
		return false;
	return lstat(ret_folder, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == user && (info.st_mode & 077) == 0;
}

bool standby_find(const char *dist, struct standby_place *ret_place) {
	struct hash hash = {14695981039346656037u};
	char path[PATH_MAX], folder[64];
	(void)snprintf(path, sizeof path, "%s/cli/standby.js", dist);
	add_text(&hash, dist);
	if (!add_file(&hash, path) || !add_rights(&hash) || !add_view(&hash) || !make_folder(folder, sizeof folder))
		return false;
	(void)snprintf(ret_place->socket, sizeof ret_place->socket, "%s/%016llx.sock", folder, (unsigned long long)hash.value);
	(void)snprintf(ret_place->lock, sizeof ret_place->lock, "%s/%016llx.lock", folder, (unsigned long long)hash.value);
	return true;
}
