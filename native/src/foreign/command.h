#pragma once
/* One command of another OCI runtime: executed in the bundle's folder with its state there, and waited for. */

#include "foreign/foreign.h"

struct foreign_command {
	const struct foreign *foreign;
	const char *const *words;     /* the command and its own options, NULL-terminated */
	const char *program;          /* what the container was to run; NULL: no failure is about a program */
	struct container_stdio stdio; /* 0: /dev/null */
	int (*prepare)(void *owner, struct error *err); /* in the child, whose working folder is the bundle, before the runtime is executed; or NULL */
	void *owner;
	struct warnings *warnings; /* what the runtime warns of; or NULL */
};

int foreign_run(const struct foreign_command *command, struct error *err);

/* Exposed for tests: the last failure in a log of JSON objects (over several lines with crun) as *err (< 0), warnings added; `what` is the command. Pure. */
int foreign_read_log(const char *log, const char *what, const char *program, struct warnings *warnings, struct error *err);
