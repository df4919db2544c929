/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The layer worker: unpacks, packs or removes one directory tree for berthd, then exits (schemas/runtime/layer.ts).
 *
 * The spawner forks (no exec) and calls layer_worker_run() in the child with the listening socket; the worker accepts one
 * connection, reads one request frame, shuts itself into a private mount namespace whose root is the tree it works on,
 * drops every capability and system call it does not need, and only then reads the first byte of the archive.
 */

/* Serves one job on `listener` (taken over and closed) and returns the process's exit code: 0 when an `ok` was answered. Single-threaded. */
int layer_worker_run(int listener);

/* `berth-native layer --socket PATH`: the same, listening on PATH by itself (tests and people). */
int layer_main(int argc, char **argv);
