/* Datagrams by the handful: all come, in order, each answer goes to who asked, one that is too long hurts nobody else. */
#include "netd/dns-batch.h"
#include "netd/dns-message.h"
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

enum { CLIENTS = 3, SENT = DNS_BATCH_MAX + 5, TOO_LONG = 7 };

static int bound(struct sockaddr_in *ret_address) {
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof *ret_address;
	*ret_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (fd < 0 || bind(fd, (struct sockaddr *)ret_address, size) < 0 || getsockname(fd, (struct sockaddr *)ret_address, &size) < 0)
		return -1;
	return fd;
}

static bool ask_all(const int clients[static CLIENTS], const struct sockaddr_in *server) {
	static const uint8_t long_one[DNS_BATCH_QUERY_MAX + 1];
	for (uint8_t i = 0; i < SENT; i++) {
		const void *data = i == TOO_LONG ? (const void *)long_one : &i;
		size_t length = i == TOO_LONG ? sizeof long_one : 1;
		if (sendto(clients[i % CLIENTS], data, length, 0, (const struct sockaddr *)server, sizeof *server) < 0)
			return false;
	}
	return true;
}

/* Answers what waits with its own number; yields how many came, or 0 when one was not what was sent. */
static size_t answer_batch(int server, uint8_t first) {
	struct dns_datagram datagrams[DNS_BATCH_MAX];
	size_t count = dns_batch_receive(server, datagrams);
	for (size_t i = 0; i < count; i++) {
		uint8_t number = (uint8_t)(first + i);
		if (number == TOO_LONG ? datagrams[i].length != 0 : datagrams[i].length != 1 || datagrams[i].data[0] != number)
			return 0;
		if (datagrams[i].length > 0)
			dns_batch_add(&datagrams[i].from, datagrams[i].data, 1);
	}
	dns_batch_send(server);
	return count;
}

TEST(everybody_gets_the_own_answers) {
	struct sockaddr_in address, ignored;
	int server = bound(&address), clients[CLIENTS];
	for (int i = 0; i < CLIENTS; i++)
		CHECK((clients[i] = bound(&ignored)) >= 0);
	CHECK(server >= 0 && ask_all(clients, &address));
	CHECK_INT(answer_batch(server, 0), DNS_BATCH_MAX);
	CHECK(!dns_batch_is_open());
	CHECK_INT(answer_batch(server, DNS_BATCH_MAX), SENT - DNS_BATCH_MAX);
	CHECK_INT(answer_batch(server, 0), 0);
	for (int i = 0; i < SENT; i++) {
		uint8_t got = 0;
		if (i == TOO_LONG)
			continue;
		CHECK_INT(recv(clients[i % CLIENTS], &got, 1, MSG_DONTWAIT), 1);
		CHECK_INT(got, i);
	}
	for (int i = 0; i < CLIENTS; i++)
		CHECK(recv(clients[i], &ignored, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
}

/* An answer that cannot be sent (to port 0) is passed over, and those behind it go. */
TEST(an_answer_that_cannot_be_sent_keeps_nobody) {
	struct sockaddr_in address, client_address, nowhere = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct dns_datagram datagrams[DNS_BATCH_MAX];
	int server = bound(&address), client = bound(&client_address);
	uint8_t answer[DNS_UDP_MAX + 1] = {42}, got = 0;
	CHECK(server >= 0 && client >= 0);
	CHECK_INT(sendto(client, "q", 1, 0, (struct sockaddr *)&address, sizeof address), 1);
	CHECK_INT(dns_batch_receive(server, datagrams), 1);
	dns_batch_add(&nowhere, answer, 1);
	dns_batch_add(&client_address, answer, sizeof answer); /* longer than an answer may be */
	dns_batch_add(&client_address, answer, 1);
	dns_batch_send(server);
	CHECK_INT(recv(client, &got, 1, MSG_DONTWAIT), 1);
	CHECK_INT(got, 42);
	CHECK(recv(client, &got, 1, MSG_DONTWAIT) < 0);
}

int main(void) {
	RUN(everybody_gets_the_own_answers);
	RUN(an_answer_that_cannot_be_sent_keeps_nobody);
	return tap_done();
}
