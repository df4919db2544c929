#include "netd/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

static uint16_t message_type(uint16_t type) { return (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type); }

static void open_message(struct netlink_batch *batch, const char *label, uint16_t type, uint16_t flags, uint8_t family) {
	struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0};
	batch_message(batch, label, message_type(type), flags, &header, sizeof header);
}

static void mark_batch(struct netlink_batch *batch, const char *label, uint16_t type) {
	struct nfgenmsg header = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
	batch_message(batch, label, type, 0, &header, sizeof header);
}

void nft_begin(struct netlink_batch *batch) { mark_batch(batch, "packet rules", NFNL_MSG_BATCH_BEGIN); }

int nft_commit(int fd, struct netlink_batch *batch, struct error *err) {
	if (batch->count < 2)
		return 0;
	batch_acknowledge(batch);
	mark_batch(batch, "end of packet rules", NFNL_MSG_BATCH_END);
	return netlink_transact(fd, batch, NULL, NULL, err);
}

void nft_add_table(struct netlink_batch *batch, const struct nft_table *table) {
	open_message(batch, "add table", NFT_MSG_NEWTABLE, NLM_F_CREATE, table->family);
	batch_put_text(batch, NFTA_TABLE_NAME, table->name);
}

void nft_delete_table(struct netlink_batch *batch, const struct nft_table *table) {
	open_message(batch, "delete table", NFT_MSG_DELTABLE, 0, table->family);
	batch_put_text(batch, NFTA_TABLE_NAME, table->name);
}

void nft_add_chain(struct netlink_batch *batch, const struct nft_table *table, const struct nft_chain *chain) {
	open_message(batch, "add chain", NFT_MSG_NEWCHAIN, NLM_F_CREATE, table->family);
	batch_put_text(batch, NFTA_CHAIN_TABLE, table->name);
	batch_put_text(batch, NFTA_CHAIN_NAME, chain->name);
	if (!chain->type)
		return;
	size_t hook = batch_open(batch, NFTA_CHAIN_HOOK);
	batch_put_be32(batch, NFTA_HOOK_HOOKNUM, chain->hook);
	batch_put_be32(batch, NFTA_HOOK_PRIORITY, (uint32_t)chain->priority);
	batch_close(batch, hook);
	batch_put_be32(batch, NFTA_CHAIN_POLICY, NF_ACCEPT);
	batch_put_text(batch, NFTA_CHAIN_TYPE, chain->type);
}

void nft_flush_chain(struct netlink_batch *batch, const struct nft_table *table, const char *chain) {
	open_message(batch, chain, NFT_MSG_DELRULE, 0, table->family);
	batch_put_text(batch, NFTA_RULE_TABLE, table->name);
	batch_put_text(batch, NFTA_RULE_CHAIN, chain);
}

void nft_flush_set(struct netlink_batch *batch, const struct nft_table *table, const char *set) {
	open_message(batch, set, NFT_MSG_DELSETELEM, 0, table->family);
	batch_put_text(batch, NFTA_SET_ELEM_LIST_TABLE, table->name);
	batch_put_text(batch, NFTA_SET_ELEM_LIST_SET, set);
}

void nft_add_set(struct netlink_batch *batch, const struct nft_table *table, const struct nft_set *set) {
	open_message(batch, "add set", NFT_MSG_NEWSET, NLM_F_CREATE, table->family);
	batch_put_text(batch, NFTA_SET_TABLE, table->name);
	batch_put_text(batch, NFTA_SET_NAME, set->name);
	batch_put_be32(batch, NFTA_SET_FLAGS, set->data_type ? NFT_SET_MAP : 0);
	batch_put_be32(batch, NFTA_SET_KEY_TYPE, set->key_type);
	batch_put_be32(batch, NFTA_SET_KEY_LEN, set->key_length);
	if (set->data_type) {
		batch_put_be32(batch, NFTA_SET_DATA_TYPE, set->data_type);
		batch_put_be32(batch, NFTA_SET_DATA_LEN, set->data_length);
	}
	/* What nft(8) would write itself: names of interfaces are in host order, or it prints them empty. Type 0, length 4, BYTEORDER_HOST_ENDIAN. */
	static const uint8_t host_order[] = {0, 4, 1, 0, 0, 0};
	if (set->key_type == NFT_TYPE_INTERFACE)
		batch_put(batch, NFTA_SET_USERDATA, host_order, sizeof host_order);
	/* Every set of a transaction needs an id of its own. */
	batch_put_be32(batch, NFTA_SET_ID, batch->count);
}

static void put_value(struct netlink_batch *batch, uint16_t type, const void *data, size_t length) {
	size_t nest = batch_open(batch, type);
	batch_put(batch, NFTA_DATA_VALUE, data, length);
	batch_close(batch, nest);
}

static void put_element(struct netlink_batch *batch, const struct nft_table *table, const char *set, const struct nft_element *element) {
	batch_put_text(batch, NFTA_SET_ELEM_LIST_TABLE, table->name);
	batch_put_text(batch, NFTA_SET_ELEM_LIST_SET, set);
	size_t list = batch_open(batch, NFTA_SET_ELEM_LIST_ELEMENTS);
	size_t one = batch_open(batch, NFTA_LIST_ELEM);
	put_value(batch, NFTA_SET_ELEM_KEY, element->key, element->key_length);
	if (element->data)
		put_value(batch, NFTA_SET_ELEM_DATA, element->data, element->data_length);
	batch_close(batch, one);
	batch_close(batch, list);
}

void nft_add_element(struct netlink_batch *batch, const struct nft_table *table, const char *set, const struct nft_element *element) {
	open_message(batch, set, NFT_MSG_NEWSETELEM, NLM_F_CREATE, table->family);
	put_element(batch, table, set, element);
}

void nft_delete_element(struct netlink_batch *batch, const struct nft_table *table, const char *set, const struct nft_element *element) {
	open_message(batch, set, NFT_MSG_DELSETELEM, 0, table->family);
	put_element(batch, table, set, element);
}

size_t nft_open_rule(struct netlink_batch *batch, const struct nft_table *table, const char *chain) {
	open_message(batch, chain, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, table->family);
	batch_put_text(batch, NFTA_RULE_TABLE, table->name);
	batch_put_text(batch, NFTA_RULE_CHAIN, chain);
	return batch_open(batch, NFTA_RULE_EXPRESSIONS);
}

/* User data is a list of type, length (both one byte), value; 0 is a comment with its NUL. */
size_t nft_open_first_rule(struct netlink_batch *batch, const struct nft_table *table, const char *chain, const char *comment) {
	uint8_t data[2 + 128] = {0};
	size_t length = strlen(comment) + 1;
	if (length > sizeof data - 2)
		length = sizeof data - 2;
	data[1] = (uint8_t)length;
	memcpy(data + 2, comment, length);
	open_message(batch, chain, NFT_MSG_NEWRULE, NLM_F_CREATE, table->family);
	batch_put_text(batch, NFTA_RULE_TABLE, table->name);
	batch_put_text(batch, NFTA_RULE_CHAIN, chain);
	batch_put(batch, NFTA_RULE_USERDATA, data, 2 + length);
	return batch_open(batch, NFTA_RULE_EXPRESSIONS);
}

void nft_delete_rule(struct netlink_batch *batch, const struct nft_table *table, const char *chain, uint64_t handle) {
	uint64_t big = __builtin_bswap64(handle);
	open_message(batch, chain, NFT_MSG_DELRULE, 0, table->family);
	batch_put_text(batch, NFTA_RULE_TABLE, table->name);
	batch_put_text(batch, NFTA_RULE_CHAIN, chain);
	batch_put(batch, NFTA_RULE_HANDLE, &big, sizeof big);
}

void nft_close_rule(struct netlink_batch *batch, size_t rule) { batch_close(batch, rule); }

struct nests {
	size_t element;
	size_t data;
};

static struct nests open_expression(struct netlink_batch *batch, const char *name) {
	struct nests nests;
	nests.element = batch_open(batch, NFTA_LIST_ELEM);
	batch_put_text(batch, NFTA_EXPR_NAME, name);
	nests.data = batch_open(batch, NFTA_EXPR_DATA);
	return nests;
}

static void close_expression(struct netlink_batch *batch, struct nests nests) {
	batch_close(batch, nests.data);
	batch_close(batch, nests.element);
}

void nft_meta(struct netlink_batch *batch, enum nft_meta_keys key, uint32_t into) {
	struct nests nests = open_expression(batch, "meta");
	batch_put_be32(batch, NFTA_META_DREG, into);
	batch_put_be32(batch, NFTA_META_KEY, key);
	close_expression(batch, nests);
}

void nft_ct(struct netlink_batch *batch, enum nft_ct_keys key, uint32_t into) {
	struct nests nests = open_expression(batch, "ct");
	batch_put_be32(batch, NFTA_CT_DREG, into);
	batch_put_be32(batch, NFTA_CT_KEY, key);
	close_expression(batch, nests);
}

void nft_fib_type(struct netlink_batch *batch, uint32_t into) {
	struct nests nests = open_expression(batch, "fib");
	batch_put_be32(batch, NFTA_FIB_DREG, into);
	batch_put_be32(batch, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	batch_put_be32(batch, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	close_expression(batch, nests);
}

void nft_payload(struct netlink_batch *batch, enum nft_payload_bases base, uint32_t offset, uint32_t length, uint32_t into) {
	struct nests nests = open_expression(batch, "payload");
	batch_put_be32(batch, NFTA_PAYLOAD_DREG, into);
	batch_put_be32(batch, NFTA_PAYLOAD_BASE, base);
	batch_put_be32(batch, NFTA_PAYLOAD_OFFSET, offset);
	batch_put_be32(batch, NFTA_PAYLOAD_LEN, length);
	close_expression(batch, nests);
}

void nft_payload_set(struct netlink_batch *batch, uint32_t offset, uint32_t length, uint32_t checksum, uint32_t from) {
	struct nests nests = open_expression(batch, "payload");
	batch_put_be32(batch, NFTA_PAYLOAD_SREG, from);
	batch_put_be32(batch, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
	batch_put_be32(batch, NFTA_PAYLOAD_OFFSET, offset);
	batch_put_be32(batch, NFTA_PAYLOAD_LEN, length);
	batch_put_be32(batch, NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
	batch_put_be32(batch, NFTA_PAYLOAD_CSUM_OFFSET, checksum);
	close_expression(batch, nests);
}

void nft_mask(struct netlink_batch *batch, uint32_t reg, uint32_t mask) {
	uint32_t zero = 0;
	struct nests nests = open_expression(batch, "bitwise");
	batch_put_be32(batch, NFTA_BITWISE_SREG, reg);
	batch_put_be32(batch, NFTA_BITWISE_DREG, reg);
	batch_put_be32(batch, NFTA_BITWISE_LEN, sizeof mask);
	put_value(batch, NFTA_BITWISE_MASK, &mask, sizeof mask);
	put_value(batch, NFTA_BITWISE_XOR, &zero, sizeof zero);
	close_expression(batch, nests);
}

void nft_compare(struct netlink_batch *batch, uint32_t reg, enum nft_cmp_ops op, const void *data, size_t length) {
	struct nests nests = open_expression(batch, "cmp");
	batch_put_be32(batch, NFTA_CMP_SREG, reg);
	batch_put_be32(batch, NFTA_CMP_OP, op);
	put_value(batch, NFTA_CMP_DATA, data, length);
	close_expression(batch, nests);
}

void nft_immediate(struct netlink_batch *batch, uint32_t into, const void *data, size_t length) {
	struct nests nests = open_expression(batch, "immediate");
	batch_put_be32(batch, NFTA_IMMEDIATE_DREG, into);
	put_value(batch, NFTA_IMMEDIATE_DATA, data, length);
	close_expression(batch, nests);
}

void nft_lookup(struct netlink_batch *batch, const char *set, uint32_t key, uint32_t into, bool is_inverted) {
	struct nests nests = open_expression(batch, "lookup");
	batch_put_text(batch, NFTA_LOOKUP_SET, set);
	batch_put_be32(batch, NFTA_LOOKUP_SREG, key);
	if (into)
		batch_put_be32(batch, NFTA_LOOKUP_DREG, into);
	if (is_inverted)
		batch_put_be32(batch, NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
	close_expression(batch, nests);
}

void nft_verdict(struct netlink_batch *batch, int verdict, const char *chain) {
	struct nests nests = open_expression(batch, "immediate");
	batch_put_be32(batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	size_t data = batch_open(batch, NFTA_IMMEDIATE_DATA);
	size_t nest = batch_open(batch, NFTA_DATA_VERDICT);
	batch_put_be32(batch, NFTA_VERDICT_CODE, (uint32_t)verdict);
	if (chain)
		batch_put_text(batch, NFTA_VERDICT_CHAIN, chain);
	batch_close(batch, nest);
	batch_close(batch, data);
	close_expression(batch, nests);
}

void nft_dnat(struct netlink_batch *batch, uint8_t family, uint32_t address, uint32_t port) {
	struct nests nests = open_expression(batch, "nat");
	batch_put_be32(batch, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	batch_put_be32(batch, NFTA_NAT_FAMILY, family);
	batch_put_be32(batch, NFTA_NAT_REG_ADDR_MIN, address);
	batch_put_be32(batch, NFTA_NAT_REG_PROTO_MIN, port);
	close_expression(batch, nests);
}

void nft_masquerade(struct netlink_batch *batch) { close_expression(batch, open_expression(batch, "masq")); }

void nft_counter(struct netlink_batch *batch) { close_expression(batch, open_expression(batch, "counter")); }

void nft_get_table(struct netlink_batch *batch, const struct nft_table *table) {
	open_message(batch, "table", NFT_MSG_GETTABLE, 0, table->family);
	batch_put_text(batch, NFTA_TABLE_NAME, table->name);
}

void nft_dump_chains(struct netlink_batch *batch) { open_message(batch, "list chains", NFT_MSG_GETCHAIN, NLM_F_DUMP, NFPROTO_UNSPEC); }

void nft_dump_rules(struct netlink_batch *batch, const struct nft_table *table, const char *chain) {
	open_message(batch, "list rules", NFT_MSG_GETRULE, NLM_F_DUMP, table->family);
	batch_put_text(batch, NFTA_RULE_TABLE, table->name);
	batch_put_text(batch, NFTA_RULE_CHAIN, chain);
}
