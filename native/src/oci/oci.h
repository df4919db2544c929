#pragma once
/* What the commands share. A command gets argv after its name and returns the exit code; or < 0 with *err filled, which oci.c reports and turns into 1. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct oci {
	const char *root; /* folder of all states */
};

int command_create(const struct oci *oci, char **argv, struct error *err);
int command_start(const struct oci *oci, char **argv, struct error *err);
int command_run(const struct oci *oci, char **argv, struct error *err);
int command_exec(const struct oci *oci, char **argv, struct error *err);
int command_state(const struct oci *oci, char **argv, struct error *err);
int command_kill(const struct oci *oci, char **argv, struct error *err);
int command_delete(const struct oci *oci, char **argv, struct error *err);
int command_pause(const struct oci *oci, char **argv, struct error *err);
int command_resume(const struct oci *oci, char **argv, struct error *err);
int command_list(const struct oci *oci, char **argv, struct error *err);
int command_update(const struct oci *oci, char **argv, struct error *err);
int command_events(const struct oci *oci, char **argv, struct error *err);
int command_features(const struct oci *oci, char **argv, struct error *err);
int command_spec(const struct oci *oci, char **argv, struct error *err);
int command_ps(const struct oci *oci, char **argv, struct error *err);

/* One option; ended by a NULL name. `flag` is set, or `text` takes the value, or `list` (a JSON array of strings) grows by it. */
struct option {
	const char *name;
	char letter; /* 0 without */
	bool *flag;
	const char **text;
	json_t *list;
};

/*
 * `--name value`, `--name=value`, `-n value`, `-nvalue`, up to the first argument that is none or `--`. Returns the rest. NULL with *err filled.
 * options_parse_anywhere() also takes options that come after arguments, for commands whose arguments are no command line of somebody else.
 */
char **options_parse(const struct option *options, char **argv, struct error *err);
char **options_parse_anywhere(const struct option *options, char **argv, struct error *err);
/* "3" for --preserve-fds; 0 for NULL. */
int options_count(const char *text, unsigned *ret, struct error *err);

/* Where failures and warnings go: a file (NULL: stderr alone), as lines of text or of JSON, which is what engines read. */
void output_configure(const char *log, bool is_json);
void output_json(const json_t *value);
void output_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void output_failure(const struct error *err);
void output_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
