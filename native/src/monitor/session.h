#pragma once
/*
 * One process of the container with its streams: the main process, or an exec. A session reads the process's output and hands it to the log (main only)
 * and to every attached connection, and writes the connections' input to the process.
 *
 * Life: session_init; attaches may join; session_begin once the process runs; session_exited once it was reaped; then, when its output is drained,
 * `on_end` is called once. A main session may begin again after that. The end of output is EOF on every stream; where a process outside the session
 * keeps a stream open (a background child of an exec), it is what had been written 100 ms after the exit. dockerd waits two seconds there.
 */

#include "base/buffer.h"
#include "base/loop.h"
#include "monitor/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct attach;

struct session {
	struct loop *loop;
	struct log_writer *log; /* NULL: not logged */
	bool is_held_back_by_readers; /* an exec: slow readers stop it; otherwise they are dropped */
	void (*on_end)(struct session *session);
	void *owner;
	char *exec_id; /* NULL: the main process */
	struct session *next;

	pid_t pid; /* 0: not begun */
	bool is_terminal;
	bool closes_input; /* the end of a client's input ends the process's input */
	bool has_exited;
	int code;
	int signal;

	struct loop_source in, out, err; /* -1: closed. With a terminal, `in` is a second fd of `out` */
	struct buffer input;		 /* waits for `in` to become writable */
	bool is_input_ending;		 /* close `in` when `input` is empty */
	struct attach *attaches;
	struct loop_timer drain;  /* the bounded wait for EOF after the exit */
	struct loop_timer review; /* frees what ended, looks whether the session has; deferred so that no caller loses what it works on */
};

/* Pipes of a process that is about to start: the child's ends and ours; -1 where there is none. */
struct session_pipes {
	int child[3];
	int ours[3];
};

void session_init(struct session *session, struct loop *loop, void (*on_end)(struct session *session), void *owner);

/* Opens pipes; what is not wanted becomes fd 0 (/dev/null) for the child. */
int session_pipes_open(struct session_pipes *ret, bool has_input, bool has_output, struct error *err);
void session_pipes_close(struct session_pipes *pipes);

/* The process runs. Takes over our ends of `pipes`, or `terminal` when it is not -1; the child's ends are closed. */
int session_begin(struct session *session, pid_t pid, struct session_pipes *pipes, int terminal, struct error *err);

/* The process was reaped. */
void session_exited(struct session *session, int code, int signal);

/* Input of a client; whatever the process cannot take yet is kept, see session_takes_input. */
void session_input(struct session *session, const char *data, size_t length);
void session_end_input(struct session *session);
/* False while earlier input waits: clients are not read then. */
bool session_takes_input(const struct session *session);

int session_resize(struct session *session, unsigned short height, unsigned short width, struct error *err);

/* To be called when an attached connection's state changed. */
void session_review(struct session *session);

/* Closes everything, connections too. */
void session_free(struct session *session);
