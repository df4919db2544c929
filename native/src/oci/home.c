#include "oci/home.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSWD_MAX = 1 << 20 };

/* The sixth field of the first line "name:password:uid:gid:gecos:home:shell" with this uid; NULL when there is none. Changes the text. */
static const char *find_home(char *text, json_int_t uid) {
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *fields[7] = {NULL}, *end;
		for (size_t i = 0; i < ELEMENTS(fields) && line; i++)
			fields[i] = strsep(&line, ":");
		if (fields[5] && fields[2][0] && strtoll(fields[2], &end, 10) == uid && !*end)
			return fields[5];
	}
	return NULL;
}

/* The file is looked up inside the root, and is nothing but a file: a fifo would be waited for. */
static void add(json_t *process, int root) {
	json_t *env = json_object_get(process, "env"), *entry;
	size_t index, length;
	_cleanup_free_ char *text = NULL;
	struct stat status;
	json_array_foreach(env, index, entry) if (json_is_string(entry) && strncmp(json_string_value(entry), "HOME=", 5) == 0) return;
	_cleanup_close_ int file =
		sys_openat2(root, "etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	if (file < 0 || fstat(file, &status) < 0 || !S_ISREG(status.st_mode) || read_whole(file, PASSWD_MAX, &text, &length) < 0)
		text = NULL;
	const char *home = text ? find_home(text, json_integer_value(json_object_get(json_object_get(process, "user"), "uid"))) : NULL;
	(void)json_array_append_new(env, json_sprintf("HOME=%s", home && *home ? home : "/"));
}

void home_add(json_t *process, const char *root) {
	_cleanup_close_ int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0)
		add(process, folder);
}

void home_add_running(json_t *process, pid_t pid) {
	char path[48];
	(void)snprintf(path, sizeof path, "/proc/%d/root", (int)pid);
	home_add(process, path);
}
