/*
 * dns-load NAME QUESTIONS SOCKETS WAITING: asks the resolver at 127.0.0.11 of the network namespace it is run in for the address of NAME, with WAITING
 * questions under way at each of SOCKETS sockets; prints how many answers came a second. Many at a time on both ends, so that the client is not what is
 * measured. Every answer must have one record.
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, SOCKETS_MAX = 64, SIZE = 512, LOST_MAX = 200 };

static uint8_t question[SIZE], questions[BATCH][SIZE], answers[BATCH][SIZE];
static size_t question_length;
static unsigned asked;

static void write_question(const char *name) {
	uint8_t *at = question + 12;
	size_t length = strlen(name);
	question[2] = question[5] = 1; /* recursion desired, one question */
	*at++ = (uint8_t)length;
	memcpy(at, name, length);
	at += length + 1;
	at[1] = at[3] = 1; /* A, IN */
	question_length = (size_t)(at + 4 - question);
}

static void fill(struct mmsghdr *messages, struct iovec *parts, uint8_t (*buffers)[SIZE], size_t length) {
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){buffers[i], length};
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
	}
}

static void ask(int fd, int count) {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	for (int i = 0; i < count; i++, asked++) {
		memcpy(questions[i], question, question_length);
		questions[i][0] = (uint8_t)(asked >> 8);
		questions[i][1] = (uint8_t)asked;
	}
	fill(messages, parts, questions, question_length);
	for (int sent = 0; sent < count;) {
		int r = sendmmsg(fd, messages + sent, (unsigned)(count - sent), 0);
		if (r < 0)
			fail("sendmmsg");
		sent += r;
	}
}

static int take(int fd) {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	fill(messages, parts, answers, SIZE);
	int count = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count; i++)
		if (answers[i][3] & 15 || answers[i][7] != 1) {
			fprintf(stderr, "dns-load: an answer with code %d and %d records\n", answers[i][3] & 15, answers[i][7]);
			exit(1);
		}
	return count < 0 ? 0 : count;
}

int main(int argc, char **argv) {
	if (argc != 5)
		return fprintf(stderr, "usage: dns-load NAME QUESTIONS SOCKETS WAITING\n"), 2;
	unsigned wanted = (unsigned)atoi(argv[2]), got = 0, lost = 0, count = (unsigned)atoi(argv[3]);
	int waiting = atoi(argv[4]) < BATCH ? atoi(argv[4]) : BATCH;
	struct sockaddr_in resolver = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(0x7f00000b)};
	struct pollfd sockets[SOCKETS_MAX];
	write_question(argv[1]);
	for (unsigned i = 0; i < count; i++) {
		sockets[i] = (struct pollfd){.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
		if (sockets[i].fd < 0 || connect(sockets[i].fd, (struct sockaddr *)&resolver, sizeof resolver) < 0)
			fail("connect");
	}
	double began = now();
	for (unsigned i = 0; i < count; i++)
		ask(sockets[i].fd, waiting);
	while (got < wanted) {
		int ready = poll(sockets, count, 500);
		if (ready == 0 && (lost += count) > LOST_MAX)
			return fprintf(stderr, "dns-load: no answers\n"), 1;
		for (unsigned i = 0; i < count; i++) {
			int more = ready == 0 ? 1 : sockets[i].revents ? take(sockets[i].fd) : 0;
			got += ready == 0 ? 0 : (unsigned)more;
			if (more > 0 && got < wanted)
				ask(sockets[i].fd, more);
		}
	}
	printf("%.0f\n", got / (now() - began));
	return 0;
}
