#include "netd/dns-message.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_MAX = 63, WIRE_NAME_MAX = 255, OPT_SIZE = 11, FLAG_RESPONSE = 0x80, FLAG_OPCODE = 0x78, FLAG_TRUNCATED = 0x02, FLAG_DESIRED = 0x01 };

struct cursor {
	const uint8_t *data;
	size_t length;
	size_t at;
};

static uint16_t read16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static void write16(uint8_t *at, unsigned value) {
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void write32(uint8_t *at, uint32_t value) {
	write16(at, value >> 16);
	write16(at + 2, value & 0xffff);
}

static bool is_plain_byte(uint8_t byte) { return isalnum(byte) || byte == '-' || byte == '_'; }

/* The name of a question: uncompressed, since nothing stands before it. */
static bool take_question_name(struct cursor *cursor, struct dns_query *query) {
	size_t used = 0;
	size_t wire = 1;
	query->is_plain = true;
	for (;;) {
		if (cursor->at >= cursor->length)
			return false;
		size_t label = cursor->data[cursor->at++];
		if (label == 0)
			break;
		wire += label + 1;
		if (label > LABEL_MAX || wire > WIRE_NAME_MAX || cursor->length - cursor->at < label)
			return false;
		if (used > 0)
			query->name[used++] = '.';
		for (size_t i = 0; i < label; i++) {
			uint8_t byte = cursor->data[cursor->at + i];
			query->is_plain = query->is_plain && is_plain_byte(byte);
			query->name[used++] = byte ? (char)tolower(byte) : '?';
		}
		cursor->at += label;
	}
	query->name[used] = '\0';
	return true;
}

/* Skips a name of a record. A pointer ends it and must point backwards; where to does not matter here. */
static bool skip_name(struct cursor *cursor) {
	size_t wire = 0;
	for (;;) {
		if (cursor->at >= cursor->length)
			return false;
		size_t start = cursor->at;
		size_t label = cursor->data[cursor->at++];
		if (label == 0)
			return true;
		if ((label & 0xc0) == 0xc0) {
			if (cursor->at >= cursor->length)
				return false;
			size_t target = (label & 0x3f) << 8 | cursor->data[cursor->at++];
			return target >= DNS_HEADER_SIZE && target < start;
		}
		wire += label + 1;
		if (label > LABEL_MAX || wire >= WIRE_NAME_MAX || cursor->length - cursor->at < label)
			return false;
		cursor->at += label;
	}
}

static bool take_record(struct cursor *cursor, bool is_additional, struct dns_query *query) {
	size_t start = cursor->at;
	if (!skip_name(cursor) || cursor->length - cursor->at < 10)
		return false;
	bool is_root = cursor->at == start + 1;
	const uint8_t *fixed = cursor->data + cursor->at;
	size_t data_length = read16(fixed + 8);
	cursor->at += 10;
	if (cursor->length - cursor->at < data_length)
		return false;
	cursor->at += data_length;
	if (read16(fixed) != DNS_OPT)
		return true;
	if (!is_additional || !is_root || query->has_edns)
		return false;
	query->has_edns = true;
	uint16_t size = read16(fixed + 2);
	query->udp_size = size < DNS_UDP_SIZE ? DNS_UDP_SIZE : size;
	return true;
}

static enum dns_verdict reject(struct dns_query *query, enum dns_rcode rcode) {
	query->rcode = rcode;
	return DNS_REJECT;
}

enum dns_verdict dns_parse(const uint8_t *data, size_t length, struct dns_query *ret_query) {
	*ret_query = (struct dns_query){.udp_size = DNS_UDP_SIZE};
	if (length < DNS_HEADER_SIZE || (data[2] & FLAG_RESPONSE))
		return DNS_DROP;
	ret_query->id = read16(data);
	ret_query->opcode_bits = data[2] & FLAG_OPCODE;
	ret_query->recursion_desired = data[2] & FLAG_DESIRED;
	if (ret_query->opcode_bits != 0)
		return reject(ret_query, DNS_NOTIMP);
	struct cursor cursor = {data, length, DNS_HEADER_SIZE};
	unsigned answers = read16(data + 6);
	unsigned authorities = read16(data + 8);
	unsigned additionals = read16(data + 10);
	if (read16(data + 4) != 1 || answers != 0 || (data[2] & FLAG_TRUNCATED) || !take_question_name(&cursor, ret_query) || length - cursor.at < 4)
		return reject(ret_query, DNS_FORMERR);
	ret_query->type = read16(data + cursor.at);
	ret_query->class = read16(data + cursor.at + 2);
	cursor.at += 4;
	size_t question_end = cursor.at;
	for (unsigned i = 0; i < authorities + additionals; i++)
		if (!take_record(&cursor, i >= authorities, ret_query))
			return reject(ret_query, DNS_FORMERR);
	if (cursor.at != length)
		return reject(ret_query, DNS_FORMERR);
	ret_query->question_end = question_end;
	return DNS_PARSED;
}

bool dns_is_answer_to(const uint8_t *answer, size_t answer_length, const uint8_t *query, size_t question_end) {
	if (answer_length < DNS_HEADER_SIZE || !(answer[2] & FLAG_RESPONSE) || (answer[2] & FLAG_OPCODE) || memcmp(answer, query, 2) != 0)
		return false;
	/* A server that could not read the query may answer without its question. */
	if (read16(answer + 4) == 0)
		return answer_length == DNS_HEADER_SIZE;
	return read16(answer + 4) == 1 && answer_length >= question_end &&
		   memcmp(answer + DNS_HEADER_SIZE, query + DNS_HEADER_SIZE, question_end - DNS_HEADER_SIZE) == 0;
}

static int reverse_ipv4(const char *name, uint8_t *ret_address) {
	unsigned part[4];
	int used = 0;
	if (sscanf(name, "%3u.%3u.%3u.%3u%n", &part[3], &part[2], &part[1], &part[0], &used) != 4 || strcmp(name + used, ".in-addr.arpa") != 0)
		return 0;
	for (int i = 0; i < 4; i++) {
		if (part[i] > 255)
			return 0;
		ret_address[i] = (uint8_t)part[i];
	}
	return AF_INET;
}

static int hex_digit(char digit) {
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

int dns_reverse_name(const char *name, uint8_t ret_address[static 16]) {
	memset(ret_address, 0, 16);
	if (strlen(name) != 64 + strlen("ip6.arpa") || strcmp(name + 64, "ip6.arpa") != 0)
		return reverse_ipv4(name, ret_address);
	for (size_t i = 0; i < 32; i++) {
		int digit = hex_digit(name[2 * i]);
		if (digit < 0 || name[2 * i + 1] != '.')
			return 0;
		size_t byte = 15 - i / 2;
		ret_address[byte] = (uint8_t)(ret_address[byte] | digit << (i % 2 ? 4 : 0));
	}
	return AF_INET6;
}

void dns_answer_open(struct dns_answer *answer, uint8_t *data, size_t limit, const struct dns_query *query, const uint8_t *message) {
	size_t room = query->has_edns ? OPT_SIZE : 0;
	*answer = (struct dns_answer){.data = data, .length = DNS_HEADER_SIZE, .limit = limit - room};
	memset(data, 0, DNS_HEADER_SIZE);
	if (query->question_end > DNS_HEADER_SIZE) {
		memcpy(data + DNS_HEADER_SIZE, message + DNS_HEADER_SIZE, query->question_end - DNS_HEADER_SIZE);
		answer->length = query->question_end;
	}
}

/* A record for the name of the question (a pointer to offset 12). NULL when it does not fit. */
static uint8_t *add_record(struct dns_answer *answer, enum dns_type type, uint32_t ttl, size_t data_length) {
	if (answer->limit - answer->length < 12 + data_length) {
		answer->is_truncated = true;
		return NULL;
	}
	uint8_t *at = answer->data + answer->length;
	write16(at, 0xc000 | DNS_HEADER_SIZE);
	write16(at + 2, type);
	write16(at + 4, 1);
	write32(at + 6, ttl);
	write16(at + 10, (unsigned)data_length);
	answer->length += 12 + data_length;
	answer->count++;
	return at + 12;
}

void dns_answer_add_address(struct dns_answer *answer, sa_family_t family, const uint8_t *address, uint32_t ttl) {
	size_t length = family == AF_INET ? 4 : 16;
	uint8_t *data = add_record(answer, family == AF_INET ? DNS_A : DNS_AAAA, ttl, length);
	if (data)
		memcpy(data, address, length);
}

void dns_answer_add_pointer(struct dns_answer *answer, const char *name, uint32_t ttl) {
	uint8_t wire[WIRE_NAME_MAX];
	size_t used = 0;
	while (*name) {
		size_t label = strcspn(name, ".");
		if (label == 0 || label > LABEL_MAX || used + label + 2 > sizeof wire)
			return;
		wire[used++] = (uint8_t)label;
		memcpy(wire + used, name, label);
		used += label;
		name += label;
		if (*name == '.')
			name++;
	}
	wire[used++] = 0;
	uint8_t *data = add_record(answer, DNS_PTR, ttl, used);
	if (data)
		memcpy(data, wire, used);
}

size_t dns_answer_close(struct dns_answer *answer, const struct dns_query *query, enum dns_rcode rcode) {
	uint8_t *data = answer->data;
	write16(data, query->id);
	data[2] = (uint8_t)(FLAG_RESPONSE | query->opcode_bits | (answer->is_truncated ? FLAG_TRUNCATED : 0) | (query->recursion_desired ? FLAG_DESIRED : 0));
	data[3] = (uint8_t)(0x80 | rcode); /* recursion available */
	write16(data + 4, query->question_end > DNS_HEADER_SIZE ? 1 : 0);
	write16(data + 6, answer->count);
	if (query->has_edns) {
		uint8_t *opt = data + answer->length;
		memset(opt, 0, OPT_SIZE);
		write16(opt + 1, DNS_OPT);
		write16(opt + 3, DNS_UDP_MAX);
		answer->length += OPT_SIZE;
		write16(data + 10, 1);
	}
	return answer->length;
}
