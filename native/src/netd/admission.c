#include "netd/admission.h"

#include "base/cleanup.h"
#include "netd/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHAINS_MAX = 16, RULES_MAX = 2048, COMMENT_SIZE = 128, NAME_SIZE = 128, USERDATA_COMMENT = 0 };

struct foreign_chain {
	uint8_t family;
	char table[NAME_SIZE];
	char chain[NAME_SIZE];
};

struct chain_list {
	const char *own_table;
	unsigned count;
	struct foreign_chain chains[CHAINS_MAX];
};

struct rule {
	uint64_t handle;
	char comment[COMMENT_SIZE];
};

struct rule_list {
	unsigned count;
	struct rule rules[RULES_MAX];
};

static uint32_t be32_of(const struct nlattr *attribute) {
	uint32_t value = 0;
	if (attribute && attribute_length(attribute) >= sizeof value)
		memcpy(&value, attribute_data(attribute), sizeof value);
	return ntohl(value);
}

static bool copy_text(const struct nlattr *attribute, char *text, size_t size) {
	if (!attribute || attribute_length(attribute) == 0 || attribute_length(attribute) > size)
		return false;
	memcpy(text, attribute_data(attribute), attribute_length(attribute));
	return text[attribute_length(attribute) - 1] == '\0';
}

static void on_chain(void *context, const struct nlmsghdr *message) {
	struct chain_list *list = context;
	const struct nfgenmsg *header = NLMSG_DATA(message);
	const size_t size = sizeof *header;
	const struct nlattr *hook = netlink_attribute(message, size, NFTA_CHAIN_HOOK);
	const struct nlattr *policy = netlink_attribute(message, size, NFTA_CHAIN_POLICY);
	struct foreign_chain chain = {.family = header->nfgen_family};
	bool is_ip = chain.family == NFPROTO_IPV4 || chain.family == NFPROTO_IPV6 || chain.family == NFPROTO_INET;
	if (!hook || !policy || !is_ip || be32_of(policy) != NF_DROP || list->count == CHAINS_MAX ||
		be32_of(nested_attribute(hook, NFTA_HOOK_HOOKNUM)) != NF_INET_FORWARD ||
		!copy_text(netlink_attribute(message, size, NFTA_CHAIN_TABLE), chain.table, sizeof chain.table) ||
		!copy_text(netlink_attribute(message, size, NFTA_CHAIN_NAME), chain.chain, sizeof chain.chain) || strcmp(chain.table, list->own_table) == 0)
		return;
	list->chains[list->count++] = chain;
}

static int find_chains(const struct ruleset *ruleset, struct chain_list *ret_list, struct error *err) {
	_cleanup_batch_ struct netlink_batch batch = {0};
	*ret_list = (struct chain_list){.own_table = ruleset->table};
	nft_dump_chains(&batch);
	return netlink_dump(ruleset->fd, &batch, on_chain, ret_list, err);
}

/* Our comment in a rule's user data: type, length, text with NUL. */
static void on_rule(void *context, const struct nlmsghdr *message) {
	struct rule_list *list = context;
	const struct nlattr *data = netlink_attribute(message, sizeof(struct nfgenmsg), NFTA_RULE_USERDATA);
	const struct nlattr *handle = netlink_attribute(message, sizeof(struct nfgenmsg), NFTA_RULE_HANDLE);
	if (!data || !handle || attribute_length(handle) != 8 || list->count == RULES_MAX)
		return;
	const uint8_t *bytes = attribute_data(data);
	size_t length = attribute_length(data);
	if (length < 3 || bytes[0] != USERDATA_COMMENT || bytes[1] + 2U > length || bytes[1] > COMMENT_SIZE || bytes[bytes[1] + 1] != '\0')
		return;
	struct rule *rule = &list->rules[list->count++];
	memcpy(rule->comment, bytes + 2, bytes[1]);
	uint64_t big;
	memcpy(&big, attribute_data(handle), sizeof big);
	rule->handle = __builtin_bswap64(big);
}

static int find_rules(const struct ruleset *ruleset, const struct foreign_chain *chain, struct rule_list *ret_list, struct error *err) {
	_cleanup_batch_ struct netlink_batch batch = {0};
	struct nft_table table = {chain->family, chain->table};
	ret_list->count = 0;
	nft_dump_rules(&batch, &table, chain->chain);
	return netlink_dump(ruleset->fd, &batch, on_rule, ret_list, err);
}

static void format_comment(const struct ruleset *ruleset, const char *bridge, char ret_comment[static COMMENT_SIZE]) {
	(void)snprintf(ret_comment, COMMENT_SIZE, "%s:%s", ruleset->table, bridge);
}

static void add_rule(struct netlink_batch *batch, const struct foreign_chain *chain, enum nft_meta_keys side, const char *bridge, const char *comment) {
	struct nft_table table = {chain->family, chain->table};
	size_t rule = nft_open_first_rule(batch, &table, chain->chain, comment);
	nft_meta(batch, side, NFT_A);
	nft_compare(batch, NFT_A, NFT_CMP_EQ, bridge, strlen(bridge) + 1);
	nft_counter(batch);
	nft_verdict(batch, NF_ACCEPT, NULL);
	nft_close_rule(batch, rule);
}

static bool has_comment(const struct rule_list *list, const char *comment) {
	for (unsigned i = 0; i < list->count; i++)
		if (strcmp(list->rules[i].comment, comment) == 0)
			return true;
	return false;
}

int admission_add(const struct ruleset *ruleset, const struct network *networks, struct error *err) {
	struct chain_list chains;
	if (!ruleset_is_available(ruleset) || !networks)
		return 0;
	int r = find_chains(ruleset, &chains, err);
	if (r < 0 || chains.count == 0)
		return r;
	_cleanup_batch_ struct netlink_batch batch = {0};
	_cleanup_free_ struct rule_list *rules = malloc(sizeof *rules);
	if (!rules)
		return error_set(err, ENOMEM, "rules", "no memory for a list of rules");
	nft_begin(&batch);
	for (unsigned i = 0; i < chains.count; i++) {
		if ((r = find_rules(ruleset, &chains.chains[i], rules, err)) < 0)
			return r;
		for (const struct network *network = networks; network; network = network->next) {
			char comment[COMMENT_SIZE];
			if (network->driver != DRIVER_BRIDGE)
				continue; /* its packets are not forwarded by this host */
			format_comment(ruleset, network->bridge, comment);
			if (has_comment(rules, comment))
				continue;
			add_rule(&batch, &chains.chains[i], NFT_META_OIFNAME, network->bridge, comment);
			add_rule(&batch, &chains.chains[i], NFT_META_IIFNAME, network->bridge, comment);
		}
	}
	return nft_commit(ruleset->fd, &batch, err);
}

int admission_remove(const struct ruleset *ruleset, const char *bridge, struct error *err) {
	struct chain_list chains;
	if (!ruleset_is_available(ruleset))
		return 0;
	int r = find_chains(ruleset, &chains, err);
	if (r < 0 || chains.count == 0)
		return r;
	char wanted[COMMENT_SIZE];
	format_comment(ruleset, bridge ? bridge : "", wanted);
	_cleanup_batch_ struct netlink_batch batch = {0};
	_cleanup_free_ struct rule_list *rules = malloc(sizeof *rules);
	if (!rules)
		return error_set(err, ENOMEM, "rules", "no memory for a list of rules");
	nft_begin(&batch);
	for (unsigned i = 0; i < chains.count; i++) {
		struct nft_table table = {chains.chains[i].family, chains.chains[i].table};
		if ((r = find_rules(ruleset, &chains.chains[i], rules, err)) < 0)
			return r;
		for (unsigned j = 0; j < rules->count; j++) {
			const char *comment = rules->rules[j].comment;
			if (bridge ? strcmp(comment, wanted) == 0 : strncmp(comment, wanted, strlen(wanted)) == 0)
				nft_delete_rule(&batch, &table, chains.chains[i].chain, rules->rules[j].handle);
		}
	}
	return nft_commit(ruleset->fd, &batch, err);
}
