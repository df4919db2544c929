/* list and ps: tables and JSON with runc's columns and names. */
#include "oci/control.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_one_of(const pid_t *pids, size_t count, pid_t pid) {
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* The words of `line` up to the column `index` are skipped. -1 when there is no number. */
static long number_at(const char *line, size_t index) {
	for (size_t i = 0; i <= index; i++) {
		line += strspn(line, " ");
		if (i == index)
			break;
		line += strcspn(line, " ");
	}
	char *end;
	long number = strtol(line, &end, 10);
	return end == line ? -1 : number;
}

static long column_of(const char *header, const char *name) {
	long index = 0;
	for (header += strspn(header, " "); *header && *header != '\n'; index++) {
		size_t length = strcspn(header, " \n");
		if (length == strlen(name) && memcmp(header, name, length) == 0)
			return index;
		header += length;
		header += strspn(header, " ");
	}
	return -1;
}

/* What the host's ps says of these processes; false where there is no ps, or none that shows pids. */
static bool print_by_ps(char **words, const pid_t *pids, size_t count) {
	char *standard[] = {(char[]){"ps"}, (char[]){"-ef"}, NULL}, *all[32] = {standard[0]};
	size_t word = 1;
	for (; words[word - 1] && word < ELEMENTS(all) - 1; word++)
		all[word] = words[word - 1];
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	posix_spawn_file_actions_t actions;
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	pid_t child;
	int failed = posix_spawnp(&child, "ps", &actions, NULL, word > 1 ? all : standard, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(ends[1]);
	_cleanup_fclose_ FILE *stream = fdopen(ends[0], "r");
	char line[4096];
	long column = -1;
	for (bool is_header = true; !failed && stream && fgets(line, sizeof line, stream); is_header = false) {
		if (is_header)
			column = column_of(line, "PID");
		if (column >= 0 && (is_header || is_one_of(pids, count, (pid_t)number_at(line, (size_t)column))))
			(void)fputs(line, stdout);
	}
	if (!failed)
		(void)waitpid(child, NULL, 0);
	return column >= 0;
}

static void print_processes(const char *format, char **words, const pid_t *pids, size_t count) {
	if (strcmp(format, "json") == 0) {
		json_t *list = json_array();
		for (size_t i = 0; i < count; i++)
			(void)json_array_append_new(list, json_integer(pids[i]));
		output_json(list);
		json_decref(list);
	} else if (!print_by_ps(words, pids, count)) {
		output_line("PID");
		for (size_t i = 0; i < count; i++)
			output_line("%d", (int)pids[i]);
	}
}

static int check_format(const char *format, struct error *err) {
	return strcmp(format, "json") == 0 || strcmp(format, "table") == 0
			   ? 0
			   : error_set(err, EINVAL, "usage", "--format: \"table\" or \"json\" is expected, not \"%.32s\"", format);
}

int command_ps(const struct oci *oci, char **argv, struct error *err) {
	const char *format = "table";
	const struct option options[] = {{.name = "format", .letter = 'f', .text = &format}, {.name = NULL}};
	struct store store;
	struct host host;
	struct container container;
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;
	char **rest = options_parse(options, argv, err);
	if (!rest)
		return -EINVAL;
	int failed = check_format(format, err);
	if (failed < 0 || (failed = control_enter(oci, rest[0], &store, &host, &container, err)) < 0)
		return failed;
	if ((failed = cgroup_processes(container.cgroup, &pids, &count, err)) >= 0)
		print_processes(format, rest + 1, pids, count);
	control_leave(&store, &host, &container);
	return failed;
}

static const char *owner_of(const struct store *store) {
	struct stat status;
	static char text[24];
	if (fstat(store->folder, &status) < 0)
		return "";
	if (status.st_uid == 0)
		return "root"; /* no name service: this program is static */
	(void)snprintf(text, sizeof text, "#%u", status.st_uid);
	return text;
}

static void print_row(const json_t *report, int width) {
	output_line("%-*s %-10lld %-11s %-40s %-31s %s", width, json_string_value(json_object_get(report, "id")),
				(long long)json_integer_value(json_object_get(report, "pid")), json_string_value(json_object_get(report, "status")),
				json_string_value(json_object_get(report, "bundle")), json_string_value(json_object_get(report, "created")),
				json_string_value(json_object_get(report, "owner")));
}

static void print_table(const json_t *all) {
	size_t index, width = 12;
	json_t *report;
	json_array_foreach(all, index, report) {
		size_t length = json_string_length(json_object_get(report, "id"));
		width = length > width ? length : width;
	}
	output_line("%-*s %-10s %-11s %-40s %-31s %s", (int)width, "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER");
	json_array_foreach(all, index, report) print_row(report, (int)width);
}

int command_list(const struct oci *oci, char **argv, struct error *err) {
	const char *format = "table";
	bool is_quiet = false;
	const struct option options[] = {{.name = "format", .letter = 'f', .text = &format}, {.name = "quiet", .letter = 'q', .flag = &is_quiet}, {.name = NULL}};
	if (!options_parse_anywhere(options, argv, err) || check_format(format, err) < 0)
		return -EINVAL;
	json_t *all = json_array();
	_cleanup_closedir_ DIR *folder = opendir(oci->root);
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		struct store store;
		struct error ignored;
		if (store_check_id(entry->d_name, &ignored) < 0 || store_peek(oci, entry->d_name, &store, &ignored) < 0)
			continue;
		json_t *report = store_report(&store, store_status(&store));
		(void)json_object_set_new(report, "owner", json_string(owner_of(&store)));
		(void)json_array_append_new(all, report);
		if (is_quiet)
			output_line("%s", store.id);
		store_close(&store);
	}
	if (!is_quiet && strcmp(format, "json") == 0)
		output_json(all);
	else if (!is_quiet)
		print_table(all);
	json_decref(all);
	return 0;
}
