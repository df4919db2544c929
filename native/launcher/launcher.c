/* berth: hands the run to a standby, or becomes the command line itself. See README.md. */

#include "identity.h"
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int connect_standby(const char *path) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path)
		return -1;
	(void)strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static void become_standby(const char *loader, const struct standby_place *place) {
	int lock = open(place->lock, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	/* Held for the standby's life: there is one, and its socket file is nobody else's. */
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0)
		return;
	(void)unlink(place->socket);
	int nothing = open("/dev/null", O_RDWR);
	if (nothing < 0 || setsid() < 0 || chdir("/") < 0 || setenv("BERTH_STANDBY_SOCKET", place->socket, 1) < 0)
		return;
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(nothing, fd);
	(void)dup2(lock, 3);
	(void)close_range(4, ~0u, 0);
	(void)execlp("node", "node", loader, (char *)NULL);
}

/* Twice forked, so that nobody has to wait for it. */
static void start_standby(const char *loader, const struct standby_place *place) {
	pid_t child = fork();
	if (child == 0) {
		if (fork() == 0)
			become_standby(loader, place);
		_exit(0);
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

static int become_command_line(char *loader, int argc, char **argv) {
	char **words = calloc((size_t)argc + 3, sizeof *words);
	if (!words)
		return 1;
	words[0] = (char[]){"node"};
	/* Keeps Node's own --env-file away from ours. */
	words[1] = (char[]){"--"};
	words[2] = loader;
	for (int i = 1; i < argc; i++)
		words[i + 2] = argv[i];
	(void)execvp("node", words);
	(void)dprintf(2, "berth: cannot run node: %s. Berth needs Node 20 or newer in PATH\n", strerror(errno));
	return 127;
}

int main(int argc, char **argv) {
	char dist[PATH_MAX], loader[PATH_MAX + 16];
	struct standby_place place;
	ssize_t length = readlink("/proc/self/exe", dist, sizeof dist - 1);
	if (length <= 0) {
		(void)dprintf(2, "berth: /proc/self/exe: %s\n", strerror(errno));
		return 1;
	}
	dist[length] = '\0';
	*strrchr(dist, '/') = '\0';
	(void)snprintf(loader, sizeof loader, "%s/berth.cjs", dist);
	const char *wish = getenv("BERTH_STANDBY");
	if ((wish && strcmp(wish, "0") == 0) || !standby_find(dist, &place))
		return become_command_line(loader, argc, argv);
	int fd = connect_standby(place.socket);
	if (fd >= 0) {
		int code = relay_run(fd, argc, argv, environ);
		if (code != RELAY_NOT_BEGUN)
			return code;
	}
	start_standby(loader, &place);
	return become_command_line(loader, argc, argv);
}
