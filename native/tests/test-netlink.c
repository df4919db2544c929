/* Netlink messages as the kernel reads them: lengths, alignment, nesting; and address texts. */
#include "netd/address.h"
#include "netd/netlink.h"
#include "tap.h"

#include <errno.h>
#include <linux/rtnetlink.h>

static const struct nlmsghdr *first(const struct netlink_batch *batch) { return (const struct nlmsghdr *)batch->data; }

TEST(a_message_is_header_payload_and_padded_attributes) {
	struct netlink_batch batch = {0};
	struct rtgenmsg header = {.rtgen_family = AF_INET};
	batch_message(&batch, "test", 77, NLM_F_CREATE, &header, sizeof header);
	batch_put_text(&batch, 3, "eth0");
	batch_put_u32(&batch, 4, 0x01020304);
	const struct nlmsghdr *message = first(&batch);
	CHECK_INT(message->nlmsg_type, 77);
	CHECK_INT(message->nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE);
	CHECK_INT(message->nlmsg_seq, 1);
	CHECK_INT(message->nlmsg_len, 16 + 4 + 12 + 8);
	CHECK_INT(batch.length, message->nlmsg_len);
	const struct nlattr *name = netlink_attribute(message, sizeof header, 3);
	CHECK(name && attribute_length(name) == 5 && memcmp(attribute_data(name), "eth0", 5) == 0);
	CHECK(netlink_attribute(message, sizeof header, 4));
	CHECK(!netlink_attribute(message, sizeof header, 5));
	batch_free(&batch);
}

TEST(nests_have_the_length_of_what_is_in_them) {
	struct netlink_batch batch = {0};
	struct rtgenmsg header = {0};
	batch_message(&batch, "test", 1, 0, &header, sizeof header);
	size_t outer = batch_open(&batch, 1);
	size_t inner = batch_open(&batch, 2);
	batch_put_u8(&batch, 9, 7);
	batch_close(&batch, inner);
	batch_put_be32(&batch, 10, 1);
	batch_close(&batch, outer);
	const struct nlattr *nest = netlink_attribute(first(&batch), sizeof header, 1);
	CHECK(nest && nest->nla_type == (NLA_F_NESTED | 1));
	CHECK_INT(nest->nla_len, 4 + (4 + 8) + 8);
	const struct nlattr *below = nested_attribute(nest, 2);
	CHECK(below && nested_attribute(below, 9));
	const struct nlattr *number = nested_attribute(nest, 10);
	CHECK(number && memcmp(attribute_data(number), "\0\0\0\1", 4) == 0);
	batch_free(&batch);
}

TEST(batches_grow_and_number_their_messages) {
	struct netlink_batch batch = {0};
	struct rtgenmsg header = {0};
	for (int i = 0; i < 5000; i++)
		batch_message(&batch, "test", 1, 0, &header, sizeof header);
	CHECK_INT(batch.count, 5000);
	CHECK_INT(batch.length, 5000 * 20);
	CHECK_INT(((const struct nlmsghdr *)(batch.data + 4999 * 20))->nlmsg_seq, 5000);
	batch_free(&batch);
}

TEST(attributes_of_a_cut_message_are_not_read_beyond_it) {
	struct netlink_batch batch = {0};
	struct rtgenmsg header = {0};
	batch_message(&batch, "test", 1, 0, &header, sizeof header);
	batch_put_text(&batch, 3, "a longer text");
	struct nlmsghdr *message = (struct nlmsghdr *)batch.data;
	for (uint32_t length = message->nlmsg_len - 4; length >= 16; length -= 4) {
		message->nlmsg_len = length;
		CHECK(!netlink_attribute(message, sizeof header, 3));
	}
	batch_free(&batch);
}

TEST(the_kernel_names_what_it_refuses) {
	struct error err;
	int fd = netlink_open(NETLINK_ROUTE, &err);
	CHECK(fd >= 0);
	struct netlink_batch batch = {0};
	struct ifaddrmsg header = {.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 999999};
	uint8_t address[4] = {10, 0, 0, 1};
	batch_message(&batch, "add address", RTM_NEWADDR, NLM_F_CREATE, &header, sizeof header);
	batch_put(&batch, IFA_LOCAL, address, sizeof address);
	int r = netlink_transact(fd, &batch, NULL, NULL, &err);
	batch_free(&batch);
	(void)close(fd);
	CHECK(r < 0 && strstr(err.message, "add address"));
	CHECK(r == -ENODEV || r == -EPERM);
}

TEST(addresses_are_parsed_strictly) {
	struct address address;
	struct error err;
	char text[ADDRESS_TEXT_SIZE];
	CHECK_INT(address_parse("10.201.0.1/24", true, &address, &err), 0);
	CHECK_INT(address.prefix, 24);
	address_format(&address, text);
	CHECK_TEXT(text, strlen(text), "10.201.0.1");
	CHECK_INT(address_parse("fd00::1/64", true, &address, &err), 0);
	CHECK_INT(address.family, AF_INET6);
	static const char *const wrong[] = {"10.0.0.1/33", "10.0.0.1", "10.0.0/8", "::/129", "x/8", "10.0.0.1/", "10.0.0.1/8x", "10.0.0.1/-1"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		CHECK(address_parse(wrong[i], true, &address, &err) < 0);
	uint8_t mac[6];
	CHECK_INT(mac_parse("02:42:0a:c9:00:FF", mac, &err), 0);
	CHECK_INT(mac[5], 0xff);
	CHECK(mac_parse("02:42:0a:c9:00", mac, &err) < 0 && mac_parse("02-42-0a-c9-00-02", mac, &err) < 0);
}

int main(void) {
	RUN(a_message_is_header_payload_and_padded_attributes);
	RUN(nests_have_the_length_of_what_is_in_them);
	RUN(batches_grow_and_number_their_messages);
	RUN(attributes_of_a_cut_message_are_not_read_beyond_it);
	RUN(the_kernel_names_what_it_refuses);
	RUN(addresses_are_parsed_strictly);
	return tap_done();
}
