/*
 * PID 1 of a container with `init: true`: reaps every process that is handed to it, passes signals on to the main process, and ends with that one's
 * exit code. Executed from a sealed memfd with one argument, the main process's pid, which is a child already (the runtime made it); or, in a container
 * of another runtime, as `init -- PROGRAM ARGS...`, and makes it itself. No libc: the whole program is two pages, so that it costs a container next to
 * nothing.
 */

typedef unsigned long word;

#if defined(__x86_64__)
enum { SYS_KILL = 62, SYS_WAIT4 = 61, SYS_EXIT = 231, SYS_SIGTIMEDWAIT = 128, SYS_SIGPROCMASK = 14 };
enum { SYS_CLONE = 56, SYS_EXECVE = 59, SYS_SETPGID = 109, SYS_GETPID = 39, SYS_IOCTL = 16 };

static word call(word number, word a, word b, word c, word d) {
	register word r10 __asm__("r10") = d;
	word result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return result;
}

__asm__(".globl _start\n_start: xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call begin\n hlt");
#elif defined(__aarch64__)
enum { SYS_KILL = 129, SYS_WAIT4 = 260, SYS_EXIT = 94, SYS_SIGTIMEDWAIT = 137, SYS_SIGPROCMASK = 135 };
enum { SYS_CLONE = 220, SYS_EXECVE = 221, SYS_SETPGID = 154, SYS_GETPID = 172, SYS_IOCTL = 29 };

static word call(word number, word a, word b, word c, word d) {
	register word x8 __asm__("x8") = number;
	register word x0 __asm__("x0") = a;
	register word x1 __asm__("x1") = b;
	register word x2 __asm__("x2") = c;
	register word x3 __asm__("x3") = d;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}

__asm__(".globl _start\n_start: mov x0, sp\n bl begin\n brk 0");
#endif

enum { PATH_SIZE = 4096, SET_FOREGROUND = 0x5410, NOT_FOUND = -2, DENIED = -13, EXIT_NOT_FOUND = 127, EXIT_NO_PROGRAM = 126 };
enum { BLOCK = 0, SET_MASK = 2, NO_HANG = 1, SIGNAL_CHILD = 17, SIGNAL_SEGV = 11, SIGNAL_BUS = 7, SIGNAL_ILL = 4, SIGNAL_FPE = 8, SIGNAL_TRAP = 5 };

static int parse(const char *text) {
	int number = 0;
	while (*text >= '0' && *text <= '9')
		number = number * 10 + (*text++ - '0');
	return number;
}

/* Reaps what has ended; ends when the main process has. */
static void reap(int main_pid) {
	for (;;) {
		int status = 0;
		int pid = (int)call(SYS_WAIT4, (word)-1, (word)&status, NO_HANG, 0);
		if (pid <= 0)
			return;
		if (pid != main_pid)
			continue;
		int signal = status & 127;
		(void)call(SYS_EXIT, (word)(signal ? 128 + signal : status >> 8 & 255), 0, 0, 0);
	}
}

/* The value of PATH, or Docker's where there is none. */
static const char *search_path(char **environment) {
	for (; *environment; environment++)
		if ((*environment)[0] == 'P' && (*environment)[1] == 'A' && (*environment)[2] == 'T' && (*environment)[3] == 'H' && (*environment)[4] == '=')
			return *environment + 5;
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

static int has_slash(const char *text) {
	for (; *text; text++)
		if (*text == '/')
			return 1;
	return 0;
}

/* As execvp: only what is not there lets the search go on, and what may not be executed is remembered. Returns -errno. */
static int execute(char **argv, char **environment) {
	if (has_slash(argv[0]))
		return (int)call(SYS_EXECVE, (word)argv[0], (word)argv, (word)environment, 0);
	int failed = NOT_FOUND;
	for (const char *at = search_path(environment);; at++) {
		char candidate[PATH_SIZE];
		int length = 0;
		for (; *at && *at != ':' && length < PATH_SIZE - 1; at++)
			candidate[length++] = *at;
		candidate[length++] = '/';
		for (const char *name = argv[0]; *name && length < PATH_SIZE - 1; name++)
			candidate[length++] = *name;
		candidate[length] = 0;
		int result = (int)call(SYS_EXECVE, (word)candidate, (word)argv, (word)environment, 0);
		if (result == DENIED)
			failed = DENIED;
		if (*at != ':')
			return failed;
	}
}

/* A process group of its own, in front on the terminal if there is one: Ctrl-C is for the program, and not for both. */
static int launch(char **argv, char **environment) {
	int pid = (int)call(SYS_CLONE, SIGNAL_CHILD, 0, 0, 0);
	if (pid != 0)
		return pid;
	word none = 0;
	int own = (int)call(SYS_GETPID, 0, 0, 0, 0);
	(void)call(SYS_SETPGID, 0, 0, 0, 0);
	(void)call(SYS_IOCTL, 0, SET_FOREGROUND, (word)&own, 0);
	(void)call(SYS_SIGPROCMASK, SET_MASK, (word)&none, 0, 8);
	(void)call(SYS_EXIT, execute(argv, environment) == NOT_FOUND ? EXIT_NOT_FOUND : EXIT_NO_PROGRAM, 0, 0, 0);
	for (;;)
		;
}

__attribute__((noreturn, used)) void begin(word *stack);

void begin(word *stack) {
	char **argv = (char **)(stack + 1), **environment = argv + stack[0] + 1;
	word all = ~(1ul << (SIGNAL_SEGV - 1) | 1ul << (SIGNAL_BUS - 1) | 1ul << (SIGNAL_ILL - 1) | 1ul << (SIGNAL_FPE - 1) | 1ul << (SIGNAL_TRAP - 1));
	(void)call(SYS_SIGPROCMASK, BLOCK, (word)&all, 0, 8);
	int main_pid = 0;
	if (stack[0] > 2 && argv[1][0] == '-')
		main_pid = launch(argv + 2, environment);
	else if (stack[0] > 1)
		main_pid = parse(argv[1]);
	for (;;) {
		reap(main_pid);
		int signal = (int)call(SYS_SIGTIMEDWAIT, (word)&all, 0, 0, 8);
		if (signal > 0 && signal != SIGNAL_CHILD)
			(void)call(SYS_KILL, (word)main_pid, (word)signal, 0, 0);
	}
}
