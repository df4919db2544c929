#include "layer/layer.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/error.h"
#include "base/fdio.h"
#include "base/frame.h"
#include "base/sys.h"
#include "layer/job.h"
#include "report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Reads exactly one frame and not a byte more: what follows is the archive. */
static int read_request(int connection, char **ret_text, size_t *ret_length) {
	uint32_t header;
	int result = read_exactly(connection, &header, sizeof header);
	if (result < 0)
		return result;
	size_t length = ntohl(header);
	if (length > FRAME_MAX)
		return -EMSGSIZE;
	_cleanup_free_ char *text = malloc(length + 1);
	if (!text)
		return -ENOMEM;
	result = read_exactly(connection, text, length);
	if (result < 0)
		return result;
	*ret_text = TAKE_PTR(text);
	*ret_length = length;
	return 0;
}

static int run_job(const struct job *job, int connection, json_t **ret_ok, struct error *err) {
	switch (job->op) {
	case JOB_UNPACK:
		return job_unpack(job, connection, ret_ok, err);
	case JOB_PACK:
		return job_pack(job, connection, err);
	case JOB_COPY_UP:
		return job_copy_up(job, ret_ok, err);
	case JOB_REMOVE:
		return job_remove(job, ret_ok, err);
	case JOB_STAT:
		return job_stat(job, ret_ok, err);
	case JOB_PACK_PATH:
		return job_pack_path(job, connection, err);
	case JOB_UNPACK_PATH:
		return job_unpack_path(job, connection, ret_ok, err);
	case JOB_MOUNT:
		return job_mount(job, ret_ok, err);
	case JOB_UNMOUNT:
		return job_unmount(job, ret_ok, err);
	case JOB_CHANGES:
		return job_changes(job, connection, err);
	}
	return error_set(err, EINVAL, "json", "unknown op");
}

/* A connection that is closed with unread bytes in it resets, and the answer may be lost: takes the rest until the other side has read it. */
static void drain(int connection) {
	static char waste[64 * 1024];
	ssize_t got;
	do
		got = read(connection, waste, sizeof waste);
	while (got > 0 || (got < 0 && errno == EINTR));
}

static int serve(int connection) {
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	if (read_request(connection, &text, &length) < 0)
		return 1;
	struct job job;
	struct error failure = {.stage = "layer"};
	_cleanup_json_ json_t *ok = NULL;
	int result = job_parse(text, length, &job, &failure);
	if (result >= 0)
		result = run_job(&job, connection, &ok, &failure);
	int sent = 0;
	if (result < 0)
		sent = job_answer_error(connection, job.id, &failure);
	else if (ok)
		sent = job_answer(connection, job.id, ok);
	job_free(&job);
	(void)shutdown(connection, SHUT_WR);
	if (sent >= 0)
		drain(connection);
	return result < 0 || sent < 0;
}

/* Whoever asked for a worker connects at once; one that died in between must not leave a process behind. */
enum { CONNECT_TIMEOUT_MS = 60 * 1000 };

int layer_worker_run(int listener) {
	_cleanup_close_ int connection = -1;
	struct pollfd waiting = {.fd = listener, .events = POLLIN};
	int ready;
	do
		ready = poll(&waiting, 1, CONNECT_TIMEOUT_MS);
	while (ready < 0 && errno == EINTR);
	if (ready > 0)
		connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close_fd(&listener);
	/* A job that was asked for is done, also when who asked for it is gone: it ends with its connection where it has to. */
	(void)prctl(PR_SET_PDEATHSIG, 0);
	return connection < 0 ? 1 : serve(connection);
}

/* The name appears when the socket listens, not before: it can be waited for. */
static int listen_at(const char *path) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path, sizeof address.sun_path, "%s.new", path);
	if (length < 0 || (size_t)length >= sizeof address.sun_path)
		return -1;
	_cleanup_close_ int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 1) < 0 ||
		rename(address.sun_path, path) < 0)
		return -1;
	return TAKE_FD(listener);
}

int layer_main(int argc, char **argv) {
	if (argc != 3 || strcmp(argv[1], "--socket") != 0) {
		report_usage("layer: --socket PATH is expected");
		return 2;
	}
	(void)umask(0077);
	int listener = listen_at(argv[2]);
	if (listener < 0) {
		report_usage("layer: cannot listen there");
		return 1;
	}
	return layer_worker_run(listener);
}
