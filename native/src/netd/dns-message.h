#pragma once
/*
 * DNS messages (RFC 1035, EDNS of RFC 6891): a strict parser of queries and a builder of answers. Pure: bytes in, values out; made to be fuzzed.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DNS_HEADER_SIZE = 12,
	DNS_NAME_SIZE = 256, /* text of the longest name, with NUL */
	DNS_UDP_SIZE = 512,  /* what every client takes */
	DNS_UDP_MAX = 4096,  /* most that is sent by UDP whatever the client says */
	DNS_MESSAGE_MAX = 65535,
};

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28, DNS_OPT = 41, DNS_ANY = 255 };
enum dns_rcode { DNS_NOERROR = 0, DNS_FORMERR = 1, DNS_SERVFAIL = 2, DNS_NXDOMAIN = 3, DNS_NOTIMP = 4, DNS_REFUSED = 5 };

enum dns_verdict {
	DNS_PARSED,   /* a query with one question */
	DNS_DROP,     /* not even a header of a query: nothing can be answered */
	DNS_REJECT,   /* answer with query->rcode */
};

struct dns_query {
	uint16_t id;
	uint8_t opcode_bits; /* the opcode in its place in the flags' first byte */
	bool recursion_desired;
	enum dns_rcode rcode; /* for DNS_REJECT */
	char name[DNS_NAME_SIZE]; /* lower case, labels joined by dots, no dot at the end; "" is the root */
	bool is_plain;            /* no label has bytes other than letters, digits, - and _ : such a name may be one of ours */
	uint16_t type;
	uint16_t class;
	size_t question_end; /* offset behind the question */
	bool has_edns;
	uint16_t udp_size; /* what the client takes by UDP */
};

/* The whole message is checked: names, counts, records up to the end, nothing behind it. Never reads outside data[0..length). */
enum dns_verdict dns_parse(const uint8_t *data, size_t length, struct dns_query *ret_query);

/* Does `answer` answer `query` (both whole messages): same id, a response, the same question byte for byte? */
bool dns_is_answer_to(const uint8_t *answer, size_t answer_length, const uint8_t *query, size_t question_end);

/* The address that an in-addr.arpa or ip6.arpa name stands for: family, or 0 when it is none. */
int dns_reverse_name(const char *name, uint8_t ret_address[static 16]);

/* An answer being built. `limit`: its greatest length; a record that does not fit sets the truncation flag and is left out. */
struct dns_answer {
	uint8_t *data;
	size_t length;
	size_t limit;
	uint16_t count;
	bool is_truncated;
};

/* Starts with the question of `query` (its bytes are in `message`); no question when the query was rejected before it was read. */
void dns_answer_open(struct dns_answer *answer, uint8_t *data, size_t limit, const struct dns_query *query, const uint8_t *message);
void dns_answer_add_address(struct dns_answer *answer, sa_family_t family, const uint8_t *address, uint32_t ttl);
/* `name`: dotted text. */
void dns_answer_add_pointer(struct dns_answer *answer, const char *name, uint32_t ttl);
/* Fills the header (and an OPT record when the client sent one); yields the length. */
size_t dns_answer_close(struct dns_answer *answer, const struct dns_query *query, enum dns_rcode rcode);
