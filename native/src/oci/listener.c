#include "oci/listener.h"
#include "oci/send-fd.h"

#include "base/cleanup.h"
#include "base/json.h"

#include <string.h>

static const json_t *profile(const struct store *store) {
	const json_t *spec = json_object_get(json_object_get(store->state, "start"), "spec");
	return json_object_get(json_object_get(spec, "linux"), "seccomp");
}

int listener_send(const struct store *store, const char *status, pid_t pid, int fd, struct error *err) {
	const char *path = json_string_value(json_object_get(profile(store), "listenerPath"));
	const char *metadata = json_string_value(json_object_get(profile(store), "listenerMetadata"));
	_cleanup_json_ json_t *state = json_pack("{s:s, s:[s], s:i, s:s, s:o}", "ociVersion", "1.2.0", "fds", "seccompFd", "pid", (int)pid, "metadata",
											 metadata ? metadata : "", "state", store_report(store, status));
	_cleanup_free_ char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
	if (!path || !text)
		return error_set(err, ENOMEM, "seccomp", "out of memory");
	return send_fd(path, "seccomp", text, strlen(text), fd, err);
}
