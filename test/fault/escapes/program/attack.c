/* `attack NAME[:ARGUMENT]...` prints a line "NAME[:ARGUMENT] ERRNO" for each, 0 when that way out is open. Each runs in a process of its own. */
#include "attack.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 10 };

int outcome(long result) { return result < 0 ? errno : 0; }

int passed_gate(long result) { return result < 0 && (errno == EPERM || errno == EACCES || errno == ENOSYS) ? errno : 0; }

static const struct attack *find(const char *word, size_t length) {
	const struct attack *const tables[] = {call_attacks, file_attacks, process_attacks};
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct attack *attack = tables[i]; attack->name; attack++)
			if (strlen(attack->name) == length && strncmp(attack->name, word, length) == 0)
				return attack;
	return NULL;
}

/* A child that is killed for its attempt says so by its signal: 1000 and more. */
static int run_apart(const struct attack *attack, const char *argument) {
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		(void)alarm(PATIENCE_SECONDS);
		_exit(attack->run(argument) & 255);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 999;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int main(int argc, char **argv) {
	if (argc == 2 && strcmp(argv[1], "is-root") == 0) /* what a program with the setuid bit says of itself */
		return geteuid() == 0 ? 0 : EPERM;
	for (int i = 1; i < argc; i++) {
		size_t length = strcspn(argv[i], ":");
		const struct attack *attack = find(argv[i], length);
		if (!attack) {
			(void)fprintf(stderr, "attack: there is no \"%s\"\n", argv[i]);
			return 2;
		}
		(void)printf("%s %d\n", argv[i], run_apart(attack, argv[i][length] ? argv[i] + length + 1 : ""));
		(void)fflush(stdout);
	}
	return 0;
}
