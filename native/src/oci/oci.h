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
int command_ps(const struct oci *oci, char **argv, struct error *err);

/* One option; ended by a NULL name. `flag` is set, or `text` takes the value, or `list` (a JSON array of strings) grows by it. */
struct option {
    const char *name;
    char letter; /* 0 without */
    bool *flag;
    const char **text;
    json_t *list;
};

/* `--name value`, `--name=value`, `-n value`, up to the first argument that is none or `--`. Returns the rest. NULL with *err filled. */
char **options_parse(const struct option *options, char **argv, struct error *err);
/* "3" for --preserve-fds; 0 for NULL. */
int options_count(const char *text, unsigned *ret, struct error *err);

void output_json(const json_t *value);
void output_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void output_failure(const char *log, bool is_json, const struct error *err);
