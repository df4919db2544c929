#pragma once
/* Talks to berth-native as berthd does: a spawner as a child process, and connections to monitors. Every wait has a deadline; nothing sleeps. */

#include "base/buffer.h"
#include "base/frame.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

enum { DEADLINE_MS = 15000 };

struct client {
	int in, out; /* the same fd for a socket; -1 when closed */
	pid_t pid;   /* of a spawner */
	struct frame_reader reader;
	json_t *events; /* events that came while an answer was awaited */
	int next_id;
};

/* Starts `$BERTH_NATIVE spawner --run-dir DIR`. */
bool client_start_spawner(struct client *ret, const char *run_dir);

/* Connects to <bundle>/monitor.sock without a hello. */
int client_connect(const char *bundle);

/* Connects and says `control`; *ret_state is MonitorState (may be NULL). */
bool client_control(struct client *ret, const char *bundle, json_t **ret_state);

/* Sends {op, ...members} (takes the reference) and returns the whole answer, or NULL when the deadline passes or the connection ends. */
json_t *client_request(struct client *client, const char *op, json_t *members);

/* The same, returning only `ok`; prints the error otherwise. */
json_t *client_ok(struct client *client, const char *op, json_t *members);

/* The next event of that name; others before it are dropped. */
json_t *client_event(struct client *client, const char *name);

/* True when the other side closed the connection before the deadline. */
bool client_sees_end(struct client *client);
void client_close(struct client *client);

/* Attaches raw streams; returns the fd after the `ok` was read, or -1. */
int client_attach(const char *bundle, const char *exec_id, bool has_stdin);

/* Reads a multiplexed stream to its end; the payloads of each stream are NUL-terminated and freed by the caller. False on deadline or bad framing. */
bool client_read_streams(int fd, struct buffer *ret_out, struct buffer *ret_err);

/* Waits until fd is readable (events = POLLIN) or writable. */
bool client_wait(int fd, short events);
