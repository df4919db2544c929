/*
 * tcp-load serve PORT: takes connections, reads each to its end, and closes it; prints "ready".
 * tcp-load send ADDRESS PORT MEGABYTES STREAMS: sends so much over so many connections at once; prints MB/s, counted until the server has read all.
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char block[256 * 1024];

static int serve(const char *port) {
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
	int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 64) < 0)
		fail("listen");
	signal(SIGCHLD, SIG_IGN);
	puts("ready");
	fflush(stdout);
	for (;;) {
		int connection = accept(listener, NULL, NULL);
		if (connection < 0)
			fail("accept");
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (read(connection, block, sizeof block) > 0)
				continue;
			_exit(0);
		}
		close(connection);
	}
}

static int send_all(const struct sockaddr_in *server, long long bytes) {
	int connection = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(connection, (const struct sockaddr *)server, sizeof *server) < 0)
		fail("connect");
	while (bytes > 0) {
		size_t wanted = bytes < (long long)sizeof block ? (size_t)bytes : sizeof block;
		ssize_t sent = write(connection, block, wanted);
		if (sent < 0)
			fail("write");
		bytes -= sent;
	}
	shutdown(connection, SHUT_WR);
	return read(connection, block, 1) == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	if (argc != 6 || strcmp(argv[1], "send") != 0)
		return fprintf(stderr, "usage: tcp-load serve PORT | tcp-load send ADDRESS PORT MEGABYTES STREAMS\n"), 2;
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[3]))};
	int streams = atoi(argv[5]), status;
	long long bytes = atoll(argv[4]) * 1000000;
	if (inet_pton(AF_INET, argv[2], &server.sin_addr) != 1)
		return fprintf(stderr, "tcp-load: \"%s\" is no IPv4 address\n", argv[2]), 2;
	double began = now();
	for (int i = 0; i < streams; i++)
		if (fork() == 0)
			_exit(send_all(&server, bytes / streams));
	while (wait(&status) > 0)
		if (status != 0)
			return 1;
	printf("%.0f\n", (double)bytes / 1e6 / (now() - began));
	return 0;
}
