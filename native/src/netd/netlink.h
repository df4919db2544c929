#pragma once
/*
 * Netlink without a library: messages are built into one batch, sent by one sendmsg, and every answer is collected.
 *
 *     struct netlink_batch batch = {0};
 *     batch_message(&batch, "add address", RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
 *     batch_put(&batch, IFA_LOCAL, &address, 4);
 *     r = netlink_transact(fd, &batch, NULL, NULL, err);      // 0, or the first failure: stage = "netlink", message names the label
 *     batch_free(&batch);
 *
 * Building never fails: running out of memory is remembered and reported by netlink_transact.
 */

#include "base/error.h"

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch_message {
	const char *label; /* static string, for errors */
	int tolerated;     /* errno that is no failure, e.g. EEXIST */
};

struct netlink_batch {
	char *data;
	size_t length;
	size_t capacity;
	size_t message; /* offset of the message being built */
	unsigned count;
	unsigned acked;   /* number of the message whose ack ends the answers; 0: the last one */
	bool is_overfull; /* memory ran out */
	struct batch_message *messages;
	unsigned message_capacity;
};

void batch_free(struct netlink_batch *batch);
#define _cleanup_batch_ __attribute__((cleanup(batch_free)))

/* Starts a message: NLM_F_REQUEST is added to `flags`; `header` follows the netlink header (struct ifinfomsg, nfgenmsg, ...). */
void batch_message(struct netlink_batch *batch, const char *label, uint16_t type, uint16_t flags, const void *header, size_t length);
/* An errno of the message just started that counts as success. */
void batch_tolerate(struct netlink_batch *batch, int errnum);
/* Asks for the ack of the message just started: the answers end there (nfnetlink does not answer the end of its batches). */
void batch_acknowledge(struct netlink_batch *batch);

void batch_put(struct netlink_batch *batch, uint16_t type, const void *data, size_t length);
void batch_put_u8(struct netlink_batch *batch, uint16_t type, uint8_t value);
void batch_put_u16(struct netlink_batch *batch, uint16_t type, uint16_t value);
void batch_put_u32(struct netlink_batch *batch, uint16_t type, uint32_t value);
/* Network byte order, as nf_tables wants its numbers. */
void batch_put_be32(struct netlink_batch *batch, uint16_t type, uint32_t value);
/* With the NUL. */
void batch_put_text(struct netlink_batch *batch, uint16_t type, const char *text);

/* A nested attribute: everything put until batch_close(batch, <what batch_open returned>) is inside. */
size_t batch_open(struct netlink_batch *batch, uint16_t type);
void batch_close(struct netlink_batch *batch, size_t nest);
/* Bytes without an attribute header, padded (the ifinfomsg inside VETH_INFO_PEER). */
void batch_put_raw(struct netlink_batch *batch, const void *data, size_t length);

/* A socket of NETLINK_ROUTE or NETLINK_NETFILTER in the caller's network namespace; it stays there when the caller moves. -1 with *err filled. */
int netlink_open(int protocol, struct error *err);

typedef void (*netlink_handler)(void *context, const struct nlmsghdr *message);

/*
 * Sends the batch and takes every answer; the last message is made to be acknowledged. `on_message` sees what is neither ack nor error.
 * 0, or the first failure that is not tolerated.
 */
int netlink_transact(int fd, struct netlink_batch *batch, netlink_handler on_message, void *context, struct error *err);

/* Sends one dump request (batch of one message with NLM_F_DUMP) and hands over every entry. */
int netlink_dump(int fd, struct netlink_batch *batch, netlink_handler on_message, void *context, struct error *err);

/* The attribute `type` in a message's tail, or NULL. `header` is the length of what follows the netlink header. */
const struct nlattr *netlink_attribute(const struct nlmsghdr *message, size_t header, uint16_t type);
/* The same inside a nested attribute. */
const struct nlattr *nested_attribute(const struct nlattr *nest, uint16_t type);
static inline const void *attribute_data(const struct nlattr *attribute) { return (const char *)attribute + NLA_HDRLEN; }
static inline size_t attribute_length(const struct nlattr *attribute) { return (size_t)attribute->nla_len - NLA_HDRLEN; }
