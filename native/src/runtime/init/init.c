/*
 * PID 1 of a container with `init: true`: reaps every process that is handed to it, passes signals on to the main process, and ends with that one's
 * exit code. Executed from a sealed memfd with one argument, the main process's pid, which is a child already (the runtime made it). No libc: the
 * whole program is two pages, so that it costs a container next to nothing.
 */

typedef unsigned long word;

#if defined(__x86_64__)
enum { SYS_KILL = 62, SYS_WAIT4 = 61, SYS_EXIT = 231, SYS_SIGTIMEDWAIT = 128, SYS_SIGPROCMASK = 14 };

static word call(word number, word a, word b, word c, word d) {
    register word r10 __asm__("r10") = d;
    word result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

__asm__(".globl _start\n_start: xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call begin\n hlt");
#elif defined(__aarch64__)
enum { SYS_KILL = 129, SYS_WAIT4 = 260, SYS_EXIT = 94, SYS_SIGTIMEDWAIT = 137, SYS_SIGPROCMASK = 135 };

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

enum { BLOCK = 0, NO_HANG = 1, SIGNAL_CHILD = 17, SIGNAL_SEGV = 11, SIGNAL_BUS = 7, SIGNAL_ILL = 4, SIGNAL_FPE = 8, SIGNAL_TRAP = 5 };

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

__attribute__((noreturn, used)) void begin(word *stack);

void begin(word *stack) {
    int main_pid = stack[0] > 1 ? parse(((char **)stack)[2]) : 0;
    word all = ~(1ul << (SIGNAL_SEGV - 1) | 1ul << (SIGNAL_BUS - 1) | 1ul << (SIGNAL_ILL - 1) | 1ul << (SIGNAL_FPE - 1) | 1ul << (SIGNAL_TRAP - 1));
    (void)call(SYS_SIGPROCMASK, BLOCK, (word)&all, 0, 8);
    for (;;) {
        reap(main_pid);
        int signal = (int)call(SYS_SIGTIMEDWAIT, (word)&all, 0, 0, 8);
        if (signal > 0 && signal != SIGNAL_CHILD)
            (void)call(SYS_KILL, (word)main_pid, (word)signal, 0, 0);
    }
}
