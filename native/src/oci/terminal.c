#include "oci/terminal.h"
#include "oci/wait.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

enum { CHUNK = 16384, DRAIN_MS = 200 };

static void follow_size(int terminal) {
	struct winsize size;
	if (ioctl(0, TIOCGWINSZ, &size) == 0 && (size.ws_row || size.ws_col))
		(void)ioctl(terminal, TIOCSWINSZ, &size);
}

static bool make_raw(struct termios *saved) {
	if (tcgetattr(0, saved) < 0)
		return false;
	struct termios raw = *saved;
	cfmakeraw(&raw);
	return tcsetattr(0, TCSANOW, &raw) == 0;
}

/* False at the end of the source: EIO is the end of a terminal whose other side is closed. */
static bool copy(int from, int to) {
	char data[CHUNK];
	ssize_t length = read(from, data, sizeof data);
	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	return length > 0 && write_all(to, data, (size_t)length) >= 0;
}

/* What the program wrote last is still in the terminal. */
static void drain(int terminal) {
	struct pollfd poller = {.fd = terminal, .events = POLLIN};
	while (poll(&poller, 1, DRAIN_MS) > 0 && (poller.revents & POLLIN) && copy(terminal, 1))
		;
}

/* Returns false once the child has ended. */
static bool take_signal(int signals, int terminal, pid_t pid, int *ret_code) {
	struct signalfd_siginfo info;
	if (read(signals, &info, sizeof info) != sizeof info)
		return true;
	if (info.ssi_signo == SIGCHLD)
		return !wait_reap(pid, ret_code);
	if (info.ssi_signo == SIGWINCH)
		follow_size(terminal);
	else
		(void)kill(pid, (int)info.ssi_signo);
	return true;
}

static int serve(int terminal, pid_t pid) {
	sigset_t all;
	int code = 255;
	(void)sigfillset(&all);
	_cleanup_close_ int signals = signalfd(-1, &all, SFD_CLOEXEC);
	struct pollfd pollers[] = {{.fd = signals, .events = POLLIN}, {.fd = terminal, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
	if (signals < 0)
		return wait_forward(pid);
	if (wait_reap(pid, &code)) /* before the signals were listened to */
		return code;
	for (;;) {
		if (poll(pollers, ELEMENTS(pollers), -1) < 0 && errno != EINTR)
			return code;
		if (pollers[1].revents && !copy(terminal, 1))
			pollers[1].fd = -1;
		if (pollers[2].revents && !copy(0, terminal))
			pollers[2].fd = -1;
		if (pollers[0].revents && !take_signal(signals, terminal, pid, &code))
			return code;
	}
}

int terminal_forward(int *terminal, pid_t pid) {
	struct termios saved;
	if (*terminal < 0)
		return wait_forward(pid);
	follow_size(*terminal);
	bool is_raw = make_raw(&saved);
	int code = serve(*terminal, pid);
	drain(*terminal);
	if (is_raw)
		(void)tcsetattr(0, TCSANOW, &saved);
	close_fd(terminal);
	return code;
}
