#include "netd/netlink.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char stage[] = "netlink";

enum { RECEIVE_SIZE = 32768 };

static char *reserve(struct netlink_batch *batch, size_t length) {
	if (batch->is_overfull)
		return NULL;
	size_t padded = NLMSG_ALIGN(length);
	if (batch->length + padded > batch->capacity) {
		size_t capacity = batch->capacity ? batch->capacity * 2 : 2048;
		while (capacity < batch->length + padded)
			capacity *= 2;
		char *larger = realloc(batch->data, capacity);
		if (!larger) {
			batch->is_overfull = true;
			return NULL;
		}
		batch->data = larger;
		batch->capacity = capacity;
	}
	char *room = batch->data + batch->length;
	memset(room, 0, padded);
	batch->length += padded;
	return room;
}

static struct nlmsghdr *current(struct netlink_batch *batch) { return (struct nlmsghdr *)(batch->data + batch->message); }

/* The message's length is kept true after every addition, so that a message needs no end. */
static void settle(struct netlink_batch *batch) {
	if (!batch->is_overfull)
		current(batch)->nlmsg_len = (uint32_t)(batch->length - batch->message);
}

void batch_free(struct netlink_batch *batch) {
	free(batch->data);
	free(batch->messages);
	*batch = (struct netlink_batch){0};
}

static bool has_room_for_message(struct netlink_batch *batch) {
	if (batch->count < batch->message_capacity)
		return true;
	unsigned capacity = batch->message_capacity ? batch->message_capacity * 2 : 16;
	struct batch_message *larger = realloc(batch->messages, capacity * sizeof *larger);
	if (!larger) {
		batch->is_overfull = true;
		return false;
	}
	batch->messages = larger;
	batch->message_capacity = capacity;
	return true;
}

void batch_message(struct netlink_batch *batch, const char *label, uint16_t type, uint16_t flags, const void *header, size_t length) {
	if (!has_room_for_message(batch))
		return;
	size_t start = batch->length;
	struct nlmsghdr *message = (struct nlmsghdr *)reserve(batch, NLMSG_HDRLEN);
	if (!message)
		return;
	batch->message = start;
	message->nlmsg_type = type;
	message->nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST);
	/* The sequence number is the index into `messages`, from 1 on. */
	batch->messages[batch->count].label = label;
	batch->messages[batch->count].tolerated = 0;
	message->nlmsg_seq = ++batch->count;
	batch_put_raw(batch, header, length);
}

void batch_tolerate(struct netlink_batch *batch, int errnum) {
	if (batch->count > 0)
		batch->messages[batch->count - 1].tolerated = errnum;
}

void batch_acknowledge(struct netlink_batch *batch) {
	if (batch->is_overfull || batch->count == 0)
		return;
	current(batch)->nlmsg_flags |= NLM_F_ACK;
	batch->acked = batch->count;
}

void batch_put_raw(struct netlink_batch *batch, const void *data, size_t length) {
	char *room = reserve(batch, length);
	if (room && length > 0)
		memcpy(room, data, length);
	settle(batch);
}

void batch_put(struct netlink_batch *batch, uint16_t type, const void *data, size_t length) {
	struct nlattr *attribute = (struct nlattr *)reserve(batch, NLA_HDRLEN + length);
	if (!attribute)
		return;
	attribute->nla_type = type;
	attribute->nla_len = (uint16_t)(NLA_HDRLEN + length);
	if (length > 0)
		memcpy((char *)attribute + NLA_HDRLEN, data, length);
	settle(batch);
}

void batch_put_u8(struct netlink_batch *batch, uint16_t type, uint8_t value) { batch_put(batch, type, &value, sizeof value); }
void batch_put_u16(struct netlink_batch *batch, uint16_t type, uint16_t value) { batch_put(batch, type, &value, sizeof value); }
void batch_put_u32(struct netlink_batch *batch, uint16_t type, uint32_t value) { batch_put(batch, type, &value, sizeof value); }

void batch_put_be32(struct netlink_batch *batch, uint16_t type, uint32_t value) {
	uint32_t big = htonl(value);
	batch_put(batch, type, &big, sizeof big);
}

void batch_put_text(struct netlink_batch *batch, uint16_t type, const char *text) { batch_put(batch, type, text, strlen(text) + 1); }

size_t batch_open(struct netlink_batch *batch, uint16_t type) {
	size_t nest = batch->length;
	batch_put(batch, (uint16_t)(type | NLA_F_NESTED), NULL, 0);
	return nest;
}

void batch_close(struct netlink_batch *batch, size_t nest) {
	if (!batch->is_overfull)
		((struct nlattr *)(batch->data + nest))->nla_len = (uint16_t)(batch->length - nest);
}

int netlink_open(int protocol, struct error *err) {
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return error_errno(err, stage, "netlink socket of protocol %d", protocol);
	int one = 1;
	int size = 8 << 20;
	/* Better messages, shorter answers, room for them: each may be missing. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one);
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return error_errno(err, stage, "bind of a netlink socket");
	return TAKE_FD(fd);
}

/* The kernel's own words about a failure (NETLINK_EXT_ACK), or NULL. */
static const char *kernel_words(const struct nlmsghdr *message) {
	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	size_t header = sizeof(struct nlmsgerr);
	if (!(message->nlmsg_flags & NLM_F_CAPPED)) {
		const struct nlmsgerr *failure = NLMSG_DATA(message);
		header += NLMSG_ALIGN(failure->msg.nlmsg_len) - sizeof(struct nlmsghdr);
	}
	const struct nlattr *words = netlink_attribute(message, header, NLMSGERR_ATTR_MSG);
	if (!words || attribute_length(words) == 0)
		return NULL;
	const char *text = attribute_data(words);
	return text[attribute_length(words) - 1] == '\0' ? text : NULL;
}

/* Notes a failure in *err unless it is tolerated or not the first one. */
static int note_failure(const struct netlink_batch *batch, const struct nlmsghdr *message, int result, struct error *err) {
	const struct nlmsgerr *failure = NLMSG_DATA(message);
	uint32_t seq = message->nlmsg_seq;
	if (failure->error == 0 || result < 0)
		return result;
	int errnum = -failure->error;
	const char *label = seq >= 1 && seq <= batch->count ? batch->messages[seq - 1].label : "commit";
	if (seq >= 1 && seq <= batch->count && batch->messages[seq - 1].tolerated == errnum)
		return result;
	const char *words = kernel_words(message);
	if (words)
		return error_set(err, errnum, stage, "%s: %s (%s)", label, strerror(errnum), words);
	return error_set(err, errnum, stage, "%s: %s", label, strerror(errnum));
}

static int send_batch(int fd, const struct netlink_batch *batch, struct error *err) {
	if (batch->is_overfull)
		return error_set(err, ENOMEM, stage, "a batch of %u messages is too long", batch->count);
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t sent;
	do
		sent = sendto(fd, batch->data, batch->length, 0, (struct sockaddr *)&kernel, sizeof kernel);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return error_errno(err, stage, "sending %u messages", batch->count);
	return 0;
}

/*
 * Takes answers until the acked message is answered by an ack, an error or the end of its dump. The kernel has put all answers into the socket when
 * sendto returns, so nothing is waited for: an empty socket means that a batch was refused as a whole.
 */
static int collect(int fd, const struct netlink_batch *batch, netlink_handler on_message, void *context, struct error *err) {
	_Alignas(struct nlmsghdr) char buffer[RECEIVE_SIZE];
	int result = 0;
	for (;;) {
		ssize_t got = recv(fd, buffer, sizeof buffer, MSG_TRUNC | MSG_DONTWAIT);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN && result < 0)
			return result;
		if (got < 0)
			return error_errno(err, stage, "receiving an answer");
		if ((size_t)got > sizeof buffer)
			return error_set(err, EMSGSIZE, stage, "an answer of %zd bytes is too long", got);
		unsigned left = (unsigned)got;
		for (struct nlmsghdr *message = (struct nlmsghdr *)buffer; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
			bool is_end = message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE;
			if (message->nlmsg_type == NLMSG_ERROR)
				result = note_failure(batch, message, result, err);
			else if (!is_end && on_message)
				on_message(context, message);
			if (is_end && message->nlmsg_seq == batch->acked)
				return result;
		}
	}
}

int netlink_transact(int fd, struct netlink_batch *batch, netlink_handler on_message, void *context, struct error *err) {
	if (batch->count == 0)
		return batch->is_overfull ? error_set(err, ENOMEM, stage, "no memory for a message") : 0;
	if (batch->acked == 0)
		batch_acknowledge(batch);
	int r = send_batch(fd, batch, err);
	return r < 0 ? r : collect(fd, batch, on_message, context, err);
}

int netlink_dump(int fd, struct netlink_batch *batch, netlink_handler on_message, void *context, struct error *err) {
	batch->acked = batch->count;
	int r = send_batch(fd, batch, err);
	return r < 0 ? r : collect(fd, batch, on_message, context, err);
}

/* The attribute `type` among those in start[0..length). */
static const struct nlattr *find_attribute(const char *start, size_t length, uint16_t type) {
	size_t at = 0;
	while (at + NLA_HDRLEN <= length) {
		const struct nlattr *attribute = (const struct nlattr *)(start + at);
		if (attribute->nla_len < NLA_HDRLEN || at + attribute->nla_len > length)
			return NULL;
		if ((attribute->nla_type & NLA_TYPE_MASK) == type)
			return attribute;
		at += NLA_ALIGN(attribute->nla_len);
	}
	return NULL;
}

const struct nlattr *netlink_attribute(const struct nlmsghdr *message, size_t header, uint16_t type) {
	size_t start = NLMSG_HDRLEN + NLMSG_ALIGN(header);
	return start > message->nlmsg_len ? NULL : find_attribute((const char *)message + start, message->nlmsg_len - start, type);
}

const struct nlattr *nested_attribute(const struct nlattr *nest, uint16_t type) {
	return find_attribute(attribute_data(nest), attribute_length(nest), type);
}
