#include "monitor/exit-record.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/json.h"

#include <string.h>

json_t *exit_record_to_json(const struct exit_record *record) {
	return json_pack("{s:i, s:i, s:i, s:s, s:s, s:I, s:I}", "pid", record->pid, "code", record->code, "signal", record->signal,
			 "startedAt", record->started_at, "finishedAt", record->finished_at, "oomKills", (json_int_t)record->oom_kills,
			 "memoryPeak", (json_int_t)record->memory_peak);
}

int exit_record_save(int bundle, const struct exit_record *record, struct error *err) {
	_cleanup_json_ json_t *value = exit_record_to_json(record);
	_cleanup_free_ char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	if (!text)
		return error_set(err, ENOMEM, "exit", "out of memory");
	int r = replace_file_durably_at(bundle, "exit.json", text, strlen(text), 0600);
	return r < 0 ? error_set(err, -r, "exit", "cannot write exit.json: %s", strerror(-r)) : 0;
}
