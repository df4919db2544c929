#include "client.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

bool client_wait(int fd, short events) {
	struct pollfd wanted = {.fd = fd, .events = events};
	return poll(&wanted, 1, DEADLINE_MS) == 1;
}

bool client_start_spawner(struct client *ret, const char *run_dir) {
	int to[2], from[2];
	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		return false;
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(to[0], 0);
		(void)dup2(from[1], 1);
		const char *binary = getenv("BERTH_NATIVE");
		(void)execl(binary ? binary : "../dist/berth-native", "berth-native", "spawner", "--run-dir", run_dir, "--instance", "berth-test", NULL);
		_exit(127);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	*ret = (struct client){.in = from[0], .out = to[1], .pid = pid, .events = json_array(), .next_id = 1};
	return pid > 0;
}

int client_connect(const char *bundle) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int printed = snprintf(address.sun_path, sizeof address.sun_path, "%s/monitor.sock", bundle);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || printed >= (int)sizeof address.sun_path || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	return TAKE_FD(fd);
}

bool client_control(struct client *ret, const char *bundle, json_t **ret_state) {
	int fd = client_connect(bundle);
	if (fd < 0)
		return false;
	*ret = (struct client){.in = fd, .out = fd, .events = json_array(), .next_id = 1};
	json_t *state = client_ok(ret, "control", NULL);
	if (ret_state)
		*ret_state = state;
	else
		json_decref(state);
	return state != NULL;
}

static bool send_frame(int fd, json_t *message) {
	char *text = json_dumps(message, JSON_COMPACT);
	struct buffer out = {0};
	bool is_sent = text && frame_push(&out, text, strlen(text)) == 0 && write_all(fd, buffer_data(&out), buffer_length(&out)) == 0;
	buffer_free(&out);
	free(text);
	return is_sent;
}

/* The next message, whatever it is. */
static json_t *receive(struct client *client) {
	for (;;) {
		const char *text;
		size_t length;
		if (frame_next(&client->reader, &text, &length) > 0)
			return json_loadb(text, length, 0, NULL);
		if (client->in < 0 || !client_wait(client->in, POLLIN) || frame_fill(&client->reader, client->in) <= 0)
			return NULL;
	}
}

json_t *client_request(struct client *client, const char *op, json_t *members) {
	json_t *request = members ? members : json_object();
	int id = client->next_id++;
	(void)json_object_set_new(request, "op", json_string(op));
	(void)json_object_set_new(request, "id", json_integer(id));
	bool is_sent = client->out >= 0 && send_frame(client->out, request);
	json_decref(request);
	json_t *message = NULL;
	while (is_sent && (message = receive(client)) != NULL) {
		json_t *answered = json_object_get(message, "id");
		if (answered && json_integer_value(answered) == id)
			return message;
		(void)json_array_append_new(client->events, message);
	}
	return NULL;
}

json_t *client_ok(struct client *client, const char *op, json_t *members) {
	json_t *answer = client_request(client, op, members);
	json_t *ok = json_incref(json_object_get(answer, "ok"));
	if (!ok) {
		char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
		printf("# %s: %s\n", op, text ? text : "no answer");
		free(text);
	}
	json_decref(answer);
	return ok;
}

json_t *client_event(struct client *client, const char *name) {
	for (;;) {
		json_t *message = json_incref(json_array_get(client->events, 0));
		if (message)
			(void)json_array_remove(client->events, 0);
		else
			message = receive(client);
		if (!message)
			return NULL;
		const char *event = json_string_value(json_object_get(message, "event"));
		if (event && strcmp(event, name) == 0)
			return message;
		json_decref(message);
	}
}

bool client_sees_end(struct client *client) {
	json_t *message = receive(client);
	bool is_end = !message && client->in >= 0 && client_wait(client->in, POLLIN);
	json_decref(message);
	return is_end;
}

void client_close(struct client *client) {
	if (client->in != client->out)
		close_fd(&client->in);
	client->in = -1;
	close_fd(&client->out);
	frame_reader_free(&client->reader);
	json_decref(client->events);
	client->events = NULL;
	if (client->pid > 0)
		(void)waitpid(client->pid, NULL, 0);
	client->pid = 0;
}

int client_attach(const char *bundle, const char *exec_id, bool has_stdin) {
	_cleanup_close_ int fd = client_connect(bundle);
	if (fd < 0)
		return -1;
	json_t *hello = json_pack("{s:i, s:s, s:b, s:b, s:b}", "id", 1, "op", "attach", "stdin", has_stdin, "stdout", 1, "stderr", 1);
	if (exec_id)
		(void)json_object_set_new(hello, "execId", json_string(exec_id));
	bool is_sent = send_frame(fd, hello);
	json_decref(hello);
	uint32_t length;
	char answer[512];
	if (!is_sent || !client_wait(fd, POLLIN) || read_exactly(fd, &length, 4) < 0 || (length = ntohl(length)) >= sizeof answer ||
		read_exactly(fd, answer, length) < 0)
		return -1;
	answer[length] = '\0';
	if (!strstr(answer, "\"ok\"")) {
		printf("# attach: %s\n", answer);
		return -1;
	}
	return TAKE_FD(fd);
}

bool client_read_streams(int fd, struct buffer *ret_out, struct buffer *ret_err) {
	*ret_out = *ret_err = (struct buffer){0};
	for (;;) {
		unsigned char header[8];
		char data[65536];
		if (!client_wait(fd, POLLIN))
			return false;
		int r = read_exactly(fd, header, sizeof header);
		if (r == -ENODATA || r == -ECONNRESET)
			break;
		uint32_t length = (uint32_t)header[4] << 24 | (uint32_t)header[5] << 16 | (uint32_t)header[6] << 8 | header[7];
		if (r < 0 || (header[0] != 1 && header[0] != 2) || length > sizeof data || read_exactly(fd, data, length) < 0)
			return false;
		(void)buffer_append(header[0] == 1 ? ret_out : ret_err, data, length);
	}
	(void)buffer_append(ret_out, "", 1);
	(void)buffer_append(ret_err, "", 1);
	return true;
}
