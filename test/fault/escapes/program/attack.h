#pragma once
/*
 * Ways out of a container, each a function that tries one and returns 0 when it is open, or the errno that shut it. Nothing is changed on a host where
 * one is open: files are only opened, calls are given arguments that the kernel refuses once it has let the caller through.
 */

#include <stddef.h>

struct attack {
	const char *name;
	int (*run)(const char *argument); /* argument: what follows "name:" on the command line, or "" */
};

/* Each ends with an entry without a name. */
extern const struct attack call_attacks[], file_attacks[], process_attacks[];

/* 0 for a result that is not an error, errno for -1. */
int outcome(long result);
/* For calls with arguments that cannot work: 0 when the kernel got as far as to look at them. */
int passed_gate(long result);
