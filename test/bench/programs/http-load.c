/*
 * http-load SOCKET PATH COUNT: COUNT connections to a UNIX socket at once, one GET on each, all answered before the first is taken for done; prints the
 * seconds that it took. An answer other than 200, or one that is cut off, is an error.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { COUNT_MAX = 10000, HEAD = 15 };

static struct pollfd connections[COUNT_MAX];
static char heads[COUNT_MAX][HEAD + 1];
static size_t lengths[COUNT_MAX];

static int ask(const char *path, const char *request) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) /* waits while the server's queue is full */
		fail("connect");
	if (write(fd, request, strlen(request)) != (ssize_t)strlen(request))
		fail("write");
	return fd;
}

/* False at the end of the answer. */
static int take(int i) {
	char chunk[65536];
	ssize_t got = recv(connections[i].fd, chunk, sizeof chunk, MSG_DONTWAIT);
	if (got < 0 && errno == EAGAIN)
		return 1;
	if (got < 0)
		fail("recv");
	for (ssize_t at = 0; at < got && lengths[i] < HEAD; at++)
		heads[i][lengths[i]++] = chunk[at];
	if (got > 0)
		return 1;
	if (strncmp(heads[i], "HTTP/1.1 200 OK", HEAD) != 0) {
		fprintf(stderr, "http-load: an answer began with \"%s\"\n", heads[i]);
		exit(1);
	}
	close(connections[i].fd);
	connections[i].fd = -1;
	return 0;
}

int main(int argc, char **argv) {
	char request[512];
	int count = argc == 4 ? atoi(argv[3]) : 0;
	if (count < 1 || count > COUNT_MAX)
		return fprintf(stderr, "usage: http-load SOCKET PATH COUNT\n"), 2;
	struct rlimit files = {COUNT_MAX + 100, COUNT_MAX + 100};
	setrlimit(RLIMIT_NOFILE, &files);
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", argv[2]);
	double began = now();
	for (int i = 0; i < count; i++)
		connections[i] = (struct pollfd){.fd = ask(argv[1], request), .events = POLLIN};
	for (int left = count; left > 0;) {
		if (poll(connections, (nfds_t)count, 60000) <= 0)
			return fprintf(stderr, "http-load: %d answers are missing\n", left), 1;
		for (int i = 0; i < count; i++)
			if (connections[i].fd >= 0 && connections[i].revents && !take(i))
				left--;
	}
	printf("%.4f\n", now() - began);
	return 0;
}
