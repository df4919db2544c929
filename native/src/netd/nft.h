#pragma once
/*
 * nf_tables over nfnetlink: one atomic batch of changes, built from small calls that mirror `nft list ruleset`.
 *
 *     nft_begin(&batch);
 *     nft_add_table(&batch, &table);
 *     nft_add_chain(&batch, &table, &(struct nft_chain){.name = "forward", .type = "filter", .hook = NF_INET_FORWARD});
 *     size_t rule = nft_open_rule(&batch, &table, "forward");
 *         nft_meta(&batch, NFT_META_IIFGROUP, NFT_A);
 *         nft_compare(&batch, NFT_A, NFT_CMP_EQ, &group, 4);
 *         nft_verdict(&batch, NF_DROP, NULL);
 *     nft_close_rule(&batch, rule);
 *     r = nft_commit(fd, &batch, err);          // all or nothing
 *
 * Registers: NFT_A .. NFT_D are four of 16 bytes; concatenations use the 4-byte registers NFT_REG32_00 + n.
 * Source: linux/netfilter/nf_tables.h, nft(8).
 */

#include "netd/netlink.h"

#include <netinet/in.h> /* before the kernel's headers, which then leave out what it has */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

enum { NFT_A = NFT_REG_1, NFT_B = NFT_REG_2, NFT_C = NFT_REG_3, NFT_D = NFT_REG_4 };

/* Type numbers by which nft(8) prints keys; a concatenation is NFT_TYPE_CONCAT of them. */
enum nft_type {
	NFT_TYPE_IPV4 = 7,
	NFT_TYPE_IPV6 = 8,
	NFT_TYPE_PROTOCOL = 12,
	NFT_TYPE_PORT = 13,
	NFT_TYPE_INTERFACE = 41,
};
#define NFT_TYPE_CONCAT2(a, b) ((uint32_t)(a) << 6 | (uint32_t)(b))
#define NFT_TYPE_CONCAT3(a, b, c) (NFT_TYPE_CONCAT2(a, b) << 6 | (uint32_t)(c))

struct nft_table {
	uint8_t family; /* NFPROTO_INET, NFPROTO_IPV4 */
	const char *name;
};

struct nft_chain {
	const char *name;
	const char *type; /* NULL: no base chain */
	uint32_t hook;
	int32_t priority;
};

struct nft_set {
	const char *name;
	uint32_t key_type;
	uint32_t key_length;
	uint32_t data_type; /* 0: a set, otherwise a map */
	uint32_t data_length;
};

struct nft_element {
	const void *key;
	uint32_t key_length;
	const void *data; /* NULL in sets */
	uint32_t data_length;
};

/* An empty batch commits nothing. All or nothing: on failure the kernel is as before. */
void nft_begin(struct netlink_batch *batch);
int nft_commit(int fd, struct netlink_batch *batch, struct error *err);

void nft_add_table(struct netlink_batch *batch, const struct nft_table *table);
void nft_delete_table(struct netlink_batch *batch, const struct nft_table *table);
void nft_add_chain(struct netlink_batch *batch, const struct nft_table *table, const struct nft_chain *chain);
/* Removes all rules, all elements. */
void nft_flush_chain(struct netlink_batch *batch, const struct nft_table *table, const char *chain);
void nft_flush_set(struct netlink_batch *batch, const struct nft_table *table, const char *set);
void nft_add_set(struct netlink_batch *batch, const struct nft_table *table, const struct nft_set *set);
/* Deleting what is not there fails the batch. */
void nft_add_element(struct netlink_batch *batch, const struct nft_table *table, const char *set, const struct nft_element *element);
void nft_delete_element(struct netlink_batch *batch, const struct nft_table *table, const char *set, const struct nft_element *element);

size_t nft_open_rule(struct netlink_batch *batch, const struct nft_table *table, const char *chain);
/* The same at the head of the chain, with a comment (nft and iptables show it). */
size_t nft_open_first_rule(struct netlink_batch *batch, const struct nft_table *table, const char *chain, const char *comment);
void nft_delete_rule(struct netlink_batch *batch, const struct nft_table *table, const char *chain, uint64_t handle);
void nft_close_rule(struct netlink_batch *batch, size_t rule);

/* Expressions of the open rule. */
void nft_meta(struct netlink_batch *batch, enum nft_meta_keys key, uint32_t into);
void nft_ct(struct netlink_batch *batch, enum nft_ct_keys key, uint32_t into);
/* Type of the destination address (RTN_LOCAL, ...). */
void nft_fib_type(struct netlink_batch *batch, uint32_t into);
void nft_payload(struct netlink_batch *batch, enum nft_payload_bases base, uint32_t offset, uint32_t length, uint32_t into);
/* Writes a register into the transport header and mends the checksum at `checksum`. */
void nft_payload_set(struct netlink_batch *batch, uint32_t offset, uint32_t length, uint32_t checksum, uint32_t from);
void nft_mask(struct netlink_batch *batch, uint32_t reg, uint32_t mask);
void nft_compare(struct netlink_batch *batch, uint32_t reg, enum nft_cmp_ops op, const void *data, size_t length);
void nft_immediate(struct netlink_batch *batch, uint32_t into, const void *data, size_t length);
/* The key starts at `key`; the rule ends here when it is not in. `into` 0 for sets. */
void nft_lookup(struct netlink_batch *batch, const char *set, uint32_t key, uint32_t into, bool is_inverted);
void nft_counter(struct netlink_batch *batch);
/* NF_ACCEPT, NF_DROP, NFT_JUMP, NFT_RETURN; `chain` for jumps. */
void nft_verdict(struct netlink_batch *batch, int verdict, const char *chain);
/* Destination translation to the address and port in two registers. */
void nft_dnat(struct netlink_batch *batch, uint8_t family, uint32_t address, uint32_t port);
void nft_masquerade(struct netlink_batch *batch);

/* Requests for netlink_dump, one per batch, without nft_begin: all chains of all tables; the rules of one chain. */
/* Fails with ENOENT when there is no such table; for netlink_transact, without nft_begin. */
void nft_get_table(struct netlink_batch *batch, const struct nft_table *table);
void nft_dump_chains(struct netlink_batch *batch);
void nft_dump_rules(struct netlink_batch *batch, const struct nft_table *table, const char *chain);
