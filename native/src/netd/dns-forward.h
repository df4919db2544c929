#pragma once
/*
 * A query on its way to an upstream server and back, from the host's network namespace. Each has a socket of its own: a random source port and id, and
 * the kernel refuses answers of anybody else.
 */

#include "netd/dns-server.h"

/* Most queries of one container that may be under way at a time; more are answered SERVFAIL. */
enum { FORWARDS_MAX = 256 };

/* Always leads to one answer, unless the client's stream or the server ends first. */
void dns_forward_start(struct dns_server *server, const struct dns_client *client, const struct dns_query *query, const uint8_t *message, size_t length);
/* Gives up on those of a stream (NULL: all of the server) without an answer. */
void dns_forward_cancel(struct dns_server *server, const struct dns_stream *stream);
