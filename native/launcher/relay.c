#include "relay.h"

#include "frames.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

enum { EXIT_LOST = 1, EXIT_INTERRUPTED = 130 };

struct relay {
	int socket;
	int signals;
	bool has_begun;
	bool wants_input;
	bool was_interrupted;
	bool is_raw;
	struct termios lines; /* mode of the terminal before it was made raw */
	int exit_code;        /* -1 until it is known */
};

static int write_whole(int fd, const char *data, size_t length) {
	while (length > 0) {
		ssize_t written = write(fd, data, length);
		if (written < 0 && errno == EAGAIN) {
			struct pollfd ready = {.fd = fd, .events = POLLOUT};
			(void)poll(&ready, 1, -1);
		} else if (written < 0 && errno != EINTR) {
			return -errno;
		} else if (written > 0) {
			data += written;
			length -= (size_t)written;
		}
	}
	return 0;
}

static int read_whole(int fd, void *data, size_t length) {
	char *at = data;
	while (length > 0) {
		ssize_t got = read(fd, at, length);
		if (got == 0)
			return -ECONNRESET;
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0) {
			at += got;
			length -= (size_t)got;
		}
	}
	return 0;
}

int frame_send(int socket, enum frame_type type, const void *data, size_t length) {
	uint32_t size = (uint32_t)length;
	char header[FRAME_HEADER] = {(char)type, (char)size, (char)(size >> 8), (char)(size >> 16), (char)(size >> 24)};
	int r = write_whole(socket, header, sizeof header);
	return r < 0 ? r : write_whole(socket, data, length);
}

static void set_raw(struct relay *relay, bool is_raw) {
	if (is_raw == relay->is_raw || (is_raw && tcgetattr(0, &relay->lines) < 0))
		return;
	struct termios keys = relay->lines;
	/* As Node does it: output goes on being translated. */
	keys.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
	keys.c_oflag |= ONLCR;
	keys.c_cflag |= CS8;
	keys.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	(void)tcsetattr(0, TCSADRAIN, is_raw ? &keys : &relay->lines);
	relay->is_raw = is_raw;
}

static void send_size(struct relay *relay) {
	struct winsize size;
	if (ioctl(1, TIOCGWINSZ, &size) < 0 && ioctl(2, TIOCGWINSZ, &size) < 0)
		return;
	uint16_t numbers[2] = {size.ws_row, size.ws_col};
	(void)frame_send(relay->socket, FRAME_SIZE, numbers, sizeof numbers);
}

static void send_input(struct relay *relay) {
	char data[FRAME_PAYLOAD_MAX];
	ssize_t got = read(0, data, sizeof data);
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	relay->wants_input = false;
	(void)frame_send(relay->socket, FRAME_INPUT, data, got > 0 ? (size_t)got : 0);
}

static void on_signal(struct relay *relay) {
	struct signalfd_siginfo info;
	if (read(relay->signals, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGWINCH) {
		send_size(relay);
		return;
	}
	/* The second one ends it at once, whatever the standby does; a progress display that is cut off had hidden the cursor. */
	if (relay->was_interrupted) {
		if (isatty(2))
			(void)write_whole(2, "\033[?25h", 6);
		relay->exit_code = EXIT_INTERRUPTED;
		return;
	}
	relay->was_interrupted = true;
	uint8_t number = (uint8_t)info.ssi_signo;
	(void)frame_send(relay->socket, FRAME_SIGNAL, &number, 1);
}

/* `berth logs | head` ends quietly, as by SIGPIPE. */
static void end_by_pipe(struct relay *relay) {
	sigset_t pipe_only;
	set_raw(relay, false);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&pipe_only);
	(void)sigaddset(&pipe_only, SIGPIPE);
	(void)sigprocmask(SIG_UNBLOCK, &pipe_only, NULL);
	(void)raise(SIGPIPE);
}

static void on_output(struct relay *relay, int fd, const char *data, size_t length) {
	int r = write_whole(fd, data, length);
	if (r == -EPIPE && fd == 1)
		end_by_pipe(relay);
	else if (r < 0 && fd == 1)
		(void)dprintf(2, "berth: standard output: %s\n", strerror(-r));
}

static int on_frame(struct relay *relay) {
	unsigned char header[FRAME_HEADER];
	static char data[FRAME_PAYLOAD_MAX];
	int r = read_whole(relay->socket, header, sizeof header);
	if (r < 0)
		return r;
	size_t length = header[1] | (size_t)header[2] << 8 | (size_t)header[3] << 16 | (size_t)header[4] << 24;
	if (length > sizeof data)
		return -EMSGSIZE;
	if ((r = read_whole(relay->socket, data, length)) < 0)
		return r;
	if (header[0] == FRAME_ACCEPT)
		relay->has_begun = true;
	else if (header[0] == FRAME_OUT || header[0] == FRAME_ERR)
		on_output(relay, header[0] == FRAME_OUT ? 1 : 2, data, length);
	else if (header[0] == FRAME_WANT)
		relay->wants_input = true;
	else if (header[0] == FRAME_RAW && length == 1)
		set_raw(relay, data[0] != 0);
	else if (header[0] == FRAME_EXIT && length == 1)
		relay->exit_code = (unsigned char)data[0];
	return 0;
}

static int send_request(int socket, int argc, char **argv, char **environment) {
	char *data = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&data, &length);
	char *folder = getcwd(NULL, 0);
	if (!out || !folder)
		return -errno;
	(void)fprintf(out, "%s%c%d%d%d%c%d%c", folder, 0, isatty(0), isatty(1), isatty(2), 0, argc - 1, 0);
	for (int i = 1; i < argc; i++)
		(void)fprintf(out, "%s%c", argv[i], 0);
	for (char **variable = environment; *variable; variable++)
		(void)fprintf(out, "%s%c", *variable, 0);
	free(folder);
	int r = fclose(out) == 0 ? frame_send(socket, FRAME_REQUEST, data, length) : -errno;
	free(data);
	return r;
}

static int watch_signals(void) {
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigaddset(&signals, SIGWINCH);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

/* The run goes on in a new process: it must find the signals as we found them. */
static void forget_signals(void) {
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
}

static int serve(struct relay *relay) {
	while (relay->exit_code < 0) {
		struct pollfd ready[] = {
			{.fd = relay->socket, .events = POLLIN},
			{.fd = relay->signals, .events = POLLIN},
			{.fd = relay->wants_input ? 0 : -1, .events = POLLIN},
		};
		if (poll(ready, 3, -1) < 0 && errno != EINTR)
			return -errno;
		int r = ready[0].revents ? on_frame(relay) : 0;
		if (r < 0)
			return r;
		if (ready[1].revents)
			on_signal(relay);
		if (ready[2].revents)
			send_input(relay);
	}
	return 0;
}

int relay_run(int socket, int argc, char **argv, char **environment) {
	struct relay relay = {.socket = socket, .exit_code = -1, .signals = watch_signals()};
	int r = relay.signals < 0 ? -errno : send_request(socket, argc, argv, environment);
	if (r == 0) {
		send_size(&relay);
		r = serve(&relay);
	}
	set_raw(&relay, false);
	if (r == 0)
		return relay.exit_code;
	if (!relay.has_begun) {
		forget_signals();
		return RELAY_NOT_BEGUN;
	}
	(void)dprintf(2, "berth: the standby process that did this ended before its work. What is done stays done; the same command goes on from there\n");
	return EXIT_LOST;
}
