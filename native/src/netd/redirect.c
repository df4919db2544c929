#include "netd/redirect.h"

#include "netd/nft.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const struct nft_table table = {NFPROTO_IPV4, "berth-dns"};
static const uint8_t server[4] = {127, 0, 0, 11};

struct exchange {
	uint8_t protocol;
	uint32_t checksum;        /* offset in the transport header */
	uint32_t address_offset;  /* in the IP header: 12 source, 16 destination */
	uint32_t port_offset;     /* in the transport header: 0 source, 2 destination */
	uint16_t from;
	uint16_t to;
};

static void add_exchange(struct netlink_batch *batch, const struct exchange *exchange) {
	uint16_t from = htons(exchange->from);
	uint16_t to = htons(exchange->to);
	size_t rule = nft_open_rule(batch, &table, "output");
	nft_payload(batch, NFT_PAYLOAD_NETWORK_HEADER, exchange->address_offset, 4, NFT_A);
	nft_compare(batch, NFT_A, NFT_CMP_EQ, server, sizeof server);
	nft_meta(batch, NFT_META_L4PROTO, NFT_A);
	nft_compare(batch, NFT_A, NFT_CMP_EQ, &exchange->protocol, 1);
	nft_payload(batch, NFT_PAYLOAD_TRANSPORT_HEADER, exchange->port_offset, 2, NFT_A);
	nft_compare(batch, NFT_A, NFT_CMP_EQ, &from, sizeof from);
	nft_immediate(batch, NFT_A, &to, sizeof to);
	nft_payload_set(batch, exchange->port_offset, 2, exchange->checksum, NFT_A);
	nft_close_rule(batch, rule);
}

int redirect_install(int fd, uint16_t udp_port, uint16_t tcp_port, bool replaces, struct error *err) {
	_cleanup_batch_ struct netlink_batch batch = {0};
	nft_begin(&batch);
	nft_add_table(&batch, &table);
	if (replaces) {
		nft_delete_table(&batch, &table);
		nft_add_table(&batch, &table);
	}
	nft_add_chain(&batch, &table, &(struct nft_chain){.name = "output", .type = "filter", .hook = NF_INET_LOCAL_OUT, .priority = -150});
	add_exchange(&batch, &(struct exchange){IPPROTO_UDP, 6, 16, 2, 53, udp_port});
	add_exchange(&batch, &(struct exchange){IPPROTO_TCP, 16, 16, 2, 53, tcp_port});
	add_exchange(&batch, &(struct exchange){IPPROTO_UDP, 6, 12, 0, udp_port, 53});
	add_exchange(&batch, &(struct exchange){IPPROTO_TCP, 16, 12, 0, tcp_port, 53});
	return nft_commit(fd, &batch, err);
}
