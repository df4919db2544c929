#pragma once
/*
 * A connection that has joined a session's streams (MonitorHello `attach`): out go multiplexed frames, or raw bytes with a terminal; in comes raw stdin.
 * Nothing waits for a slow reader of the main process: when 1 MiB is waiting for it, it is dropped. A reader of an exec holds the exec back from 64 KiB on.
 */

#include "monitor/session.h"

struct attach {
	struct session *session;
	struct attach *next;
	struct loop_source socket;
	struct buffer out;
	bool wants_input, wants_out, wants_err;
	bool has_input_ended;
	bool is_closing; /* close when `out` is empty */
	bool is_dead;	 /* closed, freed by the session's next review */
};

struct attach_options {
	bool wants_input, wants_out, wants_err;
};

/*
 * Takes over the non-blocking socket; `greeting` is sent first. `early` is input that came with the hello; like all input of a process that does not
 * run yet it waits in the session.
 */
int attach_open(struct session *session, int socket, const struct attach_options *options, const struct buffer *greeting, const char *early,
		size_t early_length, struct error *err);

/* Output of the process. */
void attach_send(struct attach *attach, unsigned char stream, const char *data, size_t length);

/* True when this reader is too slow for an exec to go on. */
bool attach_is_slow(const struct attach *attach);

/* Closes it as soon as everything is sent. */
void attach_finish(struct attach *attach);

/* Watches for what it can do now. To be called when the session begins or takes input again. */
void attach_settle(struct attach *attach);

/* Frees a dead one. */
void attach_free(struct attach *attach);
void attach_kill(struct attach *attach);
