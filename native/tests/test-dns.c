/* DNS messages: queries are parsed strictly, answers are built as clients read them, and no bytes make either read or write outside. */
#include "netd/dns-message.h"
#include "tap.h"

#include <stdlib.h>

/* "web.shop" A IN, id 0x1234, recursion desired. */
static const uint8_t plain[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03Web\x04shop\x00\x00\x01\x00\x01";
enum { PLAIN_LENGTH = sizeof plain - 1 };

/* The same with an OPT record that allows 1232 bytes. */
static size_t with_edns(uint8_t *message) {
	static const uint8_t opt[] = "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";
	memcpy(message, plain, PLAIN_LENGTH);
	memcpy(message + PLAIN_LENGTH, opt, sizeof opt - 1);
	message[11] = 1;
	return PLAIN_LENGTH + sizeof opt - 1;
}

TEST(a_question_is_read) {
	struct dns_query query;
	CHECK_INT(dns_parse(plain, PLAIN_LENGTH, &query), DNS_PARSED);
	CHECK_TEXT(query.name, strlen(query.name), "web.shop");
	CHECK(query.is_plain && query.recursion_desired && !query.has_edns);
	CHECK_INT(query.id, 0x1234);
	CHECK_INT(query.type, DNS_A);
	CHECK_INT(query.question_end, PLAIN_LENGTH);
	CHECK_INT(query.udp_size, DNS_UDP_SIZE);
}

TEST(edns_tells_the_size) {
	uint8_t message[64];
	struct dns_query query;
	size_t length = with_edns(message);
	CHECK_INT(dns_parse(message, length, &query), DNS_PARSED);
	CHECK(query.has_edns);
	CHECK_INT(query.udp_size, 1232);
	CHECK_INT(query.question_end, PLAIN_LENGTH);
}

TEST(every_cut_is_refused) {
	uint8_t message[64];
	size_t length = with_edns(message);
	for (size_t cut = 0; cut < length; cut++) {
		/* An allocation of exactly that size, so that the sanitizer sees a read behind it. */
		uint8_t *copy = malloc(cut ? cut : 1);
		struct dns_query query;
		CHECK(copy);
		memcpy(copy, message, cut);
		enum dns_verdict verdict = dns_parse(copy, cut, &query);
		free(copy);
		CHECK(verdict == (cut < DNS_HEADER_SIZE ? DNS_DROP : DNS_REJECT));
	}
}

static enum dns_verdict parse_changed(size_t at, uint8_t value, struct dns_query *query) {
	uint8_t message[PLAIN_LENGTH];
	memcpy(message, plain, PLAIN_LENGTH);
	message[at] = value;
	return dns_parse(message, PLAIN_LENGTH, query);
}

TEST(malformed_queries_get_the_right_answer) {
	struct dns_query query;
	CHECK_INT(parse_changed(2, 0x81, &query), DNS_DROP); /* a response */
	CHECK_INT(parse_changed(2, 0x29, &query), DNS_REJECT); /* opcode 5 */
	CHECK_INT(query.rcode, DNS_NOTIMP);
	CHECK_INT(parse_changed(5, 2, &query), DNS_REJECT); /* two questions */
	CHECK_INT(query.rcode, DNS_FORMERR);
	CHECK_INT(parse_changed(12, 0xc0, &query), DNS_REJECT); /* a pointer in the question */
	CHECK_INT(parse_changed(12, 0x40, &query), DNS_REJECT); /* a label of 64 bytes */
	CHECK_INT(parse_changed(11, 1, &query), DNS_REJECT); /* a record that is not there */
	CHECK_INT(parse_changed(14, '.', &query), DNS_PARSED); /* a dot inside a label: nobody's name here */
	CHECK(!query.is_plain);
}

TEST(bytes_behind_the_message_are_refused) {
	uint8_t message[PLAIN_LENGTH + 1] = {0};
	struct dns_query query;
	memcpy(message, plain, PLAIN_LENGTH);
	CHECK_INT(dns_parse(message, sizeof message, &query), DNS_REJECT);
}

TEST(a_name_of_255_bytes_is_the_longest) {
	uint8_t message[DNS_HEADER_SIZE + 300] = {0};
	struct dns_query query;
	message[5] = 1;
	for (size_t last = 61; last <= 62; last++) {
		size_t at = DNS_HEADER_SIZE;
		for (int i = 0; i < 4; i++) {
			size_t label = i == 3 ? last : 63;
			message[at] = (uint8_t)label;
			memset(message + at + 1, 'a', label);
			at += label + 1;
		}
		memcpy(message + at, "\0\0\1\0\1", 5);
		CHECK_INT(dns_parse(message, at + 5, &query), last == 61 ? DNS_PARSED : DNS_REJECT);
	}
}

TEST(an_answer_has_question_records_and_flags) {
	static const uint8_t address[4] = {10, 0, 0, 2};
	uint8_t data[512];
	struct dns_query query;
	struct dns_answer answer;
	(void)dns_parse(plain, PLAIN_LENGTH, &query);
	dns_answer_open(&answer, data, sizeof data, &query, plain);
	dns_answer_add_address(&answer, AF_INET, address, 5);
	size_t length = dns_answer_close(&answer, &query, DNS_NOERROR);
	CHECK_INT(length, PLAIN_LENGTH + 16);
	CHECK(memcmp(data, "\x12\x34\x81\x80\0\1\0\1\0\0\0\0", 12) == 0);
	CHECK(memcmp(data + 12, plain + 12, PLAIN_LENGTH - 12) == 0);
	CHECK(memcmp(data + PLAIN_LENGTH, "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x0a\0\0\2", 16) == 0);
	CHECK(dns_is_answer_to(data, length, plain, PLAIN_LENGTH));
	data[0] ^= 1;
	CHECK(!dns_is_answer_to(data, length, plain, PLAIN_LENGTH));
}

TEST(records_that_do_not_fit_set_the_truncation_flag) {
	static const uint8_t address[4] = {10, 0, 0, 2};
	uint8_t *data = malloc(DNS_UDP_SIZE);
	struct dns_query query;
	struct dns_answer answer;
	CHECK(data);
	(void)dns_parse(plain, PLAIN_LENGTH, &query);
	dns_answer_open(&answer, data, DNS_UDP_SIZE, &query, plain);
	for (int i = 0; i < 100; i++)
		dns_answer_add_address(&answer, AF_INET, address, 5);
	size_t length = dns_answer_close(&answer, &query, DNS_NOERROR);
	bool is_cut = (data[2] & 2) && length <= DNS_UDP_SIZE && answer.count == (DNS_UDP_SIZE - PLAIN_LENGTH) / 16;
	free(data);
	CHECK(is_cut);
}

TEST(reverse_names_are_read) {
	uint8_t address[16];
	CHECK_INT(dns_reverse_name("2.0.201.10.in-addr.arpa", address), AF_INET);
	CHECK(memcmp(address, "\x0a\xc9\0\2", 4) == 0);
	CHECK_INT(dns_reverse_name("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", address), AF_INET6);
	CHECK(memcmp(address, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16) == 0);
	static const char *const wrong[] = {"in-addr.arpa", "256.0.0.1.in-addr.arpa", "1.2.3.in-addr.arpa", "1.2.3.4.in-addr.arpa.x", "x.ip6.arpa", ""};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		CHECK_INT(dns_reverse_name(wrong[i], address), 0);
}

/* Random changes of a valid query: whatever comes out must be answerable within its bounds. Run with the sanitizers (make asan-test). */
TEST(mutated_queries_do_no_harm) {
	uint32_t seed = 12345;
	for (int round = 0; round < 200000; round++) {
		uint8_t message[64];
		size_t length = with_edns(message);
		for (int i = 0; i < 3; i++) {
			seed = seed * 1664525 + 1013904223;
			message[(seed >> 8) % length] = (uint8_t)(seed >> 24);
		}
		seed = seed * 1664525 + 1013904223;
		length -= (seed >> 8) % 8 ? 0 : (seed >> 16) % length;
		uint8_t *copy = malloc(length), data[DNS_UDP_SIZE];
		struct dns_query query;
		struct dns_answer answer;
		CHECK(copy);
		memcpy(copy, message, length);
		enum dns_verdict verdict = dns_parse(copy, length, &query);
		bool is_sound = verdict != DNS_PARSED || (query.question_end <= length && strlen(query.name) < DNS_NAME_SIZE);
		if (verdict != DNS_DROP) {
			dns_answer_open(&answer, data, sizeof data, &query, copy);
			is_sound = is_sound && dns_answer_close(&answer, &query, DNS_SERVFAIL) <= sizeof data;
		}
		free(copy);
		CHECK(is_sound);
	}
}

int main(void) {
	RUN(a_question_is_read);
	RUN(edns_tells_the_size);
	RUN(every_cut_is_refused);
	RUN(malformed_queries_get_the_right_answer);
	RUN(bytes_behind_the_message_are_refused);
	RUN(a_name_of_255_bytes_is_the_longest);
	RUN(an_answer_has_question_records_and_flags);
	RUN(records_that_do_not_fit_set_the_truncation_flag);
	RUN(reverse_names_are_read);
	RUN(mutated_queries_do_no_harm);
	return tap_done();
}
