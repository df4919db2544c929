/*
 * What seal.h says, before the C library has begun: a program that is about to execute itself once more has no use for a library that looks at the
 * processor, relocates and allocates. That is half of what the second execution costs. Whatever fails here is left to seal_program().
 *
 * Nothing here may be in need of the library: no function of it, no thread-local canary, no address that a relocation would have to fill in.
 */
#include "base/seal.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>

typedef unsigned long word;

enum { STATFS_FLAGS = 10, STATFS_WORDS = 15, READ_ONLY = 1, EMPTY_PATH = 0x1000, HERE = -100 };

bool seal_is_settled;

#if defined(__x86_64__)
static inline long call(word number, word a, word b, word c, word d, word e) {
	register word r10 __asm__("r10") = d;
	register word r8 __asm__("r8") = e;
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	return result;
}

/* rdx is the dynamic linker's, for those builds that have one. */
__asm__(".text\n.globl seal_start\n.type seal_start, @function\nseal_start:\n endbr64\n xor %ebp, %ebp\n mov %rsp, %rdi\n push %rdx\n push %rdx\n"
		" call seal_early\n pop %rdx\n pop %rdx\n jmp _start\n.size seal_start, .-seal_start\n");
#elif defined(__aarch64__)
static inline long call(word number, word a, word b, word c, word d, word e) {
	register word x8 __asm__("x8") = number;
	register word x0 __asm__("x0") = a;
	register word x1 __asm__("x1") = b;
	register word x2 __asm__("x2") = c;
	register word x3 __asm__("x3") = d;
	register word x4 __asm__("x4") = e;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return (long)x0;
}

__asm__(".text\n.globl seal_start\n.type seal_start, %function\nseal_start:\n bti c\n mov x19, x0\n mov x0, sp\n bl seal_early\n mov x0, x19\n b _start\n"
		".size seal_start, .-seal_start\n");
#else
#error "the program's start is written for x86-64 and arm64"
#endif

static bool is_word(const char *text, const char *word_) {
	while (*text && *text == *word_) {
		text++;
		word_++;
	}
	return *text == *word_;
}

static const char *last_part(const char *path) {
	const char *part = path;
	for (; *path; path++)
		if (*path == '/')
			part = path + 1;
	return part;
}

/* The OCI command line is not parsed here: a container that has one of these names costs an execution, and no more. */
static bool enters_containers(char **argv) {
	for (; *argv; argv++)
		if (is_word(*argv, "run") || is_word(*argv, "create") || is_word(*argv, "exec"))
			return true;
	return false;
}

static bool is_needed(char **argv) {
	if (!argv[0])
		return false;
	const char *name = last_part(argv[0]);
	if (is_word(name, "berth-oci") || is_word(name, "berth-runtime"))
		return enters_containers(argv + 1);
	return argv[1] && (is_word(argv[1], "spawner") || (is_word(argv[1], "oci") && enters_containers(argv + 2)));
}

/* A caller that closed some of 0 to 2: the next that we open would be there, and become the container's. */
static long open_above_stdio(void) {
	long fd = call(SYS_openat, (word)HERE, (word) "/proc/self/exe", O_PATH | O_CLOEXEC, 0, 0);
	if (fd < 0 || fd > 2)
		return fd;
	(void)call(SYS_close, (word)fd, 0, 0, 0, 0);
	do
		fd = call(SYS_openat, (word)HERE, (word) "/dev/null", O_RDWR, 0, 0);
	while (fd >= 0 && fd < 2);
	if (fd > 2)
		(void)call(SYS_close, (word)fd, 0, 0, 0, 0);
	return fd < 0 ? fd : call(SYS_openat, (word)HERE, (word) "/proc/self/exe", O_PATH | O_CLOEXEC, 0, 0);
}

/* Returns only where the program is sealed already, or cannot be sealed in this way. */
__attribute__((used, visibility("hidden"))) void seal_early(word *stack);

void seal_early(word *stack) {
	char **argv = (char **)(stack + 1), **environment = argv + stack[0] + 1;
	word system[STATFS_WORDS];
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
	seal_is_settled = !is_needed(argv);
	long program = seal_is_settled ? -1 : open_above_stdio();
	if (program < 0 || call(SYS_fstatfs, (word)program, (word)system, 0, 0, 0) < 0)
		return;
	seal_is_settled = system[STATFS_FLAGS] & READ_ONLY;
	long tree = seal_is_settled ? -1 : call(SYS_open_tree, (word)program, (word) "", EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0);
	if (tree >= 0 && call(SYS_mount_setattr, (word)tree, (word) "", EMPTY_PATH, (word)&attributes, sizeof attributes) >= 0)
		(void)call(SYS_execveat, (word)tree, (word) "", (word)argv, (word)environment, EMPTY_PATH);
	if (tree >= 0)
		(void)call(SYS_close, (word)tree, 0, 0, 0, 0);
	(void)call(SYS_close, (word)program, 0, 0, 0, 0);
}
