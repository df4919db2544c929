#pragma once
/*
 * `berth-native spawner --run-dir DIR`: berthd's only way to new processes (schemas/runtime/spawner.ts). It is small and single-threaded, so a fork
 * costs a fraction of one out of Node; it forks monitors and layer workers without exec, and lives as long as its stdin is open.
 */

int spawner_main(int argc, char **argv);
