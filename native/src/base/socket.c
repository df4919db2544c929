#include "base/socket.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char stage[] = "socket";
enum { BACKLOG = 128 };

/* Somebody listens at the address. */
static int is_alive(const struct sockaddr_un *address) {
	_cleanup_close_ int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return 0;
	return connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN;
}

static int listen_here(const char *name, struct error *err) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	if (length >= sizeof address.sun_path)
		return error_set(err, ENAMETOOLONG, stage, "the socket's name is too long: %.100s", name);
	memcpy(address.sun_path, name, length + 1);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, stage, "socket");
	mode_t before = umask(0177);
	int bound = bind(fd, (struct sockaddr *)&address, sizeof address);
	if (bound < 0 && errno == EADDRINUSE && !is_alive(&address)) {
		(void)unlink(name);
		bound = bind(fd, (struct sockaddr *)&address, sizeof address);
	}
	int bind_error = errno;
	(void)umask(before);
	if (bound < 0)
		return error_set(err, bind_error, stage, "cannot bind %s: %s", name, strerror(bind_error));
	if (listen(fd, BACKLOG) < 0)
		return error_errno(err, stage, "listen on %s", name);
	return TAKE_FD(fd);
}

int socket_listen_at(int dirfd, const char *name, struct error *err) {
	if (fchdir(dirfd) < 0)
		return error_errno(err, stage, "cannot enter the folder of %s", name);
	int fd = listen_here(name, err);
	if (chdir("/") < 0 && fd >= 0) {
		(void)close(fd);
		return error_errno(err, stage, "cannot leave the folder of %s", name);
	}
	return fd;
}
