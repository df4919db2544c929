#include "netd/dns-batch.h"

#include "netd/dns-message.h"

#include <string.h>
#include <sys/socket.h>

/* Not on the stack: every byte of a stack buffer is cleared on each call, which would cost more than the answers. */
static uint8_t queries[DNS_BATCH_MAX][DNS_BATCH_QUERY_MAX];
static uint8_t answers[DNS_BATCH_MAX][DNS_UDP_MAX];
static struct mmsghdr incoming[DNS_BATCH_MAX], outgoing[DNS_BATCH_MAX];
static struct iovec in_parts[DNS_BATCH_MAX], out_parts[DNS_BATCH_MAX];
static struct sockaddr_in senders[DNS_BATCH_MAX], receivers[DNS_BATCH_MAX];
static unsigned answer_count;
static bool is_open;

size_t dns_batch_receive(int fd, struct dns_datagram ret_datagrams[static DNS_BATCH_MAX]) {
	for (unsigned i = 0; i < DNS_BATCH_MAX; i++) {
		in_parts[i] = (struct iovec){queries[i], sizeof queries[i]};
		incoming[i].msg_hdr = (struct msghdr){.msg_name = &senders[i], .msg_namelen = sizeof senders[i], .msg_iov = &in_parts[i], .msg_iovlen = 1};
	}
	int count = recvmmsg(fd, incoming, DNS_BATCH_MAX, MSG_DONTWAIT, NULL);
	if (count <= 0)
		return 0;
	for (int i = 0; i < count; i++) {
		bool is_cut = incoming[i].msg_hdr.msg_flags & MSG_TRUNC;
		ret_datagrams[i] = (struct dns_datagram){queries[i], is_cut ? 0 : incoming[i].msg_len, senders[i]};
	}
	answer_count = 0;
	is_open = true;
	return (size_t)count;
}

bool dns_batch_is_open(void) { return is_open; }

void dns_batch_add(const struct sockaddr_in *to, const uint8_t *message, size_t length) {
	if (answer_count == DNS_BATCH_MAX || length > sizeof answers[0])
		return;
	unsigned i = answer_count++;
	memcpy(answers[i], message, length);
	receivers[i] = *to;
	out_parts[i] = (struct iovec){answers[i], length};
	outgoing[i].msg_hdr = (struct msghdr){.msg_name = &receivers[i], .msg_namelen = sizeof receivers[i], .msg_iov = &out_parts[i], .msg_iovlen = 1};
}

void dns_batch_send(int fd) {
	unsigned sent = 0;
	while (sent < answer_count) {
		int count = sendmmsg(fd, outgoing + sent, answer_count - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		/* One that cannot be sent (its client is gone, the buffer is full) is passed over. */
		sent += count > 0 ? (unsigned)count : 1;
	}
	answer_count = 0;
	is_open = false;
}
