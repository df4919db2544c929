#pragma once
/*
 * Datagrams by the handful: one system call takes what has arrived, another sends all answers. One batch is in use at a time (netd has one thread).
 * Calling order: dns_batch_receive, then for each of its messages perhaps dns_batch_add, then dns_batch_send.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_BATCH_MAX = 32, DNS_BATCH_QUERY_MAX = 4096 };

struct dns_datagram {
	const uint8_t *data;
	size_t length; /* 0: it was longer than DNS_BATCH_QUERY_MAX, and is to be passed over */
	struct sockaddr_in from;
};

/* What waits at the socket, without waiting: how many there are, 0 when there is none. They are valid until the next call. */
size_t dns_batch_receive(int fd, struct dns_datagram ret_datagrams[static DNS_BATCH_MAX]);

/* Is there a batch between receive and send? */
bool dns_batch_is_open(void);

/* Puts an answer of up to DNS_UDP_MAX bytes into the open batch. */
void dns_batch_add(const struct sockaddr_in *to, const uint8_t *message, size_t length);

/* Sends the answers and closes the batch. What the socket does not take is lost, as a datagram may be: clients ask again. */
void dns_batch_send(int fd);
