/* The default seccomp profile, asked about every system call by an interpreter of its instructions. Needs no root. */
#include "base/cleanup.h"
#include "docker-verdicts.h"
#include "runtime/seccomp-internal.h"
#include "tap.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define DEFAULT_CAPABILITIES 0xa80425fbULL
enum { NUMBERS = 600, ALLOW = SECCOMP_RET_ALLOW };
#define DENY(number) (SECCOMP_RET_ERRNO | (number))

static uint32_t run(const struct sock_filter *code, size_t length, const struct seccomp_data *data) {
	uint32_t a = 0;
	for (size_t at = 0; at < length; at++) {
		const struct sock_filter *i = &code[at];
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + i->k, sizeof a);
			break;
		case BPF_JMP | BPF_JA:
			at += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			at += a > i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			return 0xbad;
		}
	}
	return 0xbad;
}

static uint32_t verdict(const struct seccomp_filter *filter, int number, uint64_t argument) {
	struct seccomp_data data = {.nr = number, .arch = AUDIT_ARCH_X86_64, .args = {argument}};
	return run(filter->code, filter->length, &data);
}

/* The same rules without libseccomp's binary tree. */
static struct sock_filter *compile_plainly(uint64_t bounding, size_t *ret_length) {
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int file = memfd_create("plain", MFD_CLOEXEC);
	struct sock_filter *code = malloc(65536 + SECCOMP_PROLOGUE_MAX * sizeof *code);
	struct seccomp_newer newer = {0};
	if (seccomp_add_default_rules(context, bounding, &newer) < 0 || seccomp_export_bpf(context, file) < 0)
		return NULL;
	size_t before = seccomp_newer_prologue(&newer, code);
	ssize_t size = pread(file, code + before, 65536, 0);
	*ret_length = before + (size_t)size / sizeof *code;
	(void)close(file);
	seccomp_release(context);
	return code;
}

TEST(the_tree_decides_like_the_list) {
	static const uint32_t architectures[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64};
	static const uint64_t arguments[] = {0, 1, 2, 8, 38, 39, 40, 41, 0x20000, 0x20008, 0xffffffff, CLONE_NEWUSER, CLONE_NEWNS | SIGCHLD, CLONE_VM};
	static const uint64_t sets[] = {DEFAULT_CAPABILITIES, 0, ~0ULL};
	for (size_t s = 0; s < ELEMENTS(sets); s++) {
		struct seccomp_filter filter;
		struct error err;
		size_t length;
		CHECK_INT(seccomp_compile_default(sets[s], &filter, &err), 0);
		_cleanup_free_ struct sock_filter *plain = compile_plainly(sets[s], &length);
		CHECK(plain != NULL);
		int differences = 0;
		for (size_t a = 0; a < ELEMENTS(architectures); a++)
			for (int number = -1; number < NUMBERS; number++)
				for (size_t x = 0; x < 2 * ELEMENTS(arguments); x++) {
					bool is_x32 = x >= ELEMENTS(arguments);
					struct seccomp_data data = {.nr = is_x32 ? number | 0x40000000 : number, .arch = architectures[a],
									.args = {arguments[x % ELEMENTS(arguments)]}};
					differences += run(plain, length, &data) != run(filter.code, filter.length, &data);
				}
		CHECK_INT(differences, 0);
	}
}

static bool is_known_to_the_library(int number) {
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
	bool is_known = name != NULL;
	free(name);
	return is_known;
}

/* As linux.seccomp, for other runtimes. Calls that their library does not know are their affair. */
TEST(written_out_it_decides_the_same) {
	static const uint64_t arguments[] = {0, 8, 38, 39, 40, 41, 0x20000, 0x40000, CLONE_NEWUSER, CLONE_VM}, sets[] = {DEFAULT_CAPABILITIES, 0, ~0ULL};
	for (size_t s = 0; s < ELEMENTS(sets); s++) {
		struct seccomp_filter filter, written;
		struct error err;
		json_t *profile = seccomp_default_profile(sets[s]);
		CHECK_INT(seccomp_compile_default(sets[s], &filter, &err), 0);
		CHECK_INT(seccomp_compile_oci(profile, &written, &err), 0);
		int differences = 0;
		for (int number = 0; number < NUMBERS; number++)
			for (size_t x = 0; is_known_to_the_library(number) && x < ELEMENTS(arguments); x++)
				differences += verdict(&filter, number, arguments[x]) != verdict(&written, number, arguments[x]);
		CHECK_INT(differences, 0);
		json_decref(profile);
	}
}

TEST(docker_s_verdicts) {
	struct seccomp_filter filter;
	struct error err;
	CHECK_INT(seccomp_compile_default(DEFAULT_CAPABILITIES, &filter, &err), 0);
	static const int denied[] = {SYS_bpf,	 SYS_mount,	  SYS_unshare,	       SYS_setns,	SYS_io_uring_setup, SYS_userfaultfd, SYS_keyctl,
					 SYS_add_key, SYS_perf_event_open, SYS_kexec_load, SYS_pivot_root, SYS_init_module,	  SYS_reboot,	 SYS_open_by_handle_at,
					 SYS_mount_setattr, SYS_fsopen, SYS_swapon, SYS_acct, SYS_settimeofday};
	for (size_t i = 0; i < ELEMENTS(denied); i++)
		CHECK_INT(verdict(&filter, denied[i], 0), DENY(EPERM));
	static const int allowed[] = {SYS_read, SYS_execve, SYS_openat2, SYS_chroot, SYS_ptrace, SYS_close_range, SYS_rseq, SYS_landlock_create_ruleset};
	for (size_t i = 0; i < ELEMENTS(allowed); i++)
		CHECK_INT(verdict(&filter, allowed[i], 0), ALLOW);
	CHECK_INT(verdict(&filter, SYS_clone3, 0), DENY(ENOSYS));
	CHECK_INT(verdict(&filter, SYS_clone, CLONE_VM | CLONE_THREAD), ALLOW);
	CHECK_INT(verdict(&filter, SYS_clone, CLONE_NEWUSER), DENY(EPERM));
	CHECK_INT(verdict(&filter, SYS_socket, AF_INET), ALLOW);
	CHECK_INT(verdict(&filter, SYS_socket, AF_XDP), ALLOW);
	CHECK_INT(verdict(&filter, SYS_socket, AF_ALG), DENY(EPERM));
	CHECK_INT(verdict(&filter, SYS_socket, AF_VSOCK), DENY(EPERM));
	CHECK_INT(verdict(&filter, SYS_personality, 0x20000), ALLOW);
	CHECK_INT(verdict(&filter, SYS_personality, 0x40000), DENY(EPERM));
	CHECK_INT(seccomp_compile_default(DEFAULT_CAPABILITIES | 1ULL << CAP_SYS_ADMIN, &filter, &err), 0);
	CHECK_INT(verdict(&filter, SYS_mount, 0), ALLOW);
	CHECK_INT(verdict(&filter, SYS_clone3, 0), ALLOW);
	CHECK_INT(verdict(&filter, SYS_clone, CLONE_NEWUSER), ALLOW);
}

static int differences(const struct seccomp_filter *filter, uint32_t architecture, const char *expected) {
	int count = 0;
	for (int number = 0; expected[number]; number++) {
		struct seccomp_data data = {.nr = number, .arch = architecture};
		uint32_t found = run(filter->code, filter->length, &data);
		char letter = '?';
		if (found == ALLOW)
			letter = 'a';
		else if (found == DENY(EPERM))
			letter = 'e';
		else if (found == DENY(ENOSYS))
			letter = 'n';
		if (letter != expected[number])
			printf("# %x: call %d is %c, docker's %c\n", architecture, number, letter, expected[number]);
		count += letter != expected[number];
	}
	return count;
}

/* Number by number, those that the library has no name for too. */
TEST(each_verdict_is_docker_s) {
	struct seccomp_filter filter;
	struct error err;
	CHECK_INT(seccomp_compile_default(DEFAULT_CAPABILITIES, &filter, &err), 0);
	CHECK_INT(differences(&filter, AUDIT_ARCH_X86_64, x86_64), 0);
	CHECK_INT(differences(&filter, AUDIT_ARCH_I386, i386), 0);
	CHECK_INT(verdict(&filter, -1, 0), DENY(ENOSYS));
	CHECK_INT(verdict(&filter, 0x40000000 | 547, 0), ALLOW); /* x32's pwritev2 */
	CHECK_INT(verdict(&filter, 0x40000000 | 548, 0), DENY(ENOSYS));
	/* for administrators only */
	CHECK_INT(verdict(&filter, 459, 0), DENY(EPERM));
	CHECK_INT(seccomp_compile_default(DEFAULT_CAPABILITIES | 1ULL << CAP_SYS_ADMIN, &filter, &err), 0);
	CHECK_INT(verdict(&filter, 459, 0), ALLOW);
}

TEST(profiles_of_the_user) {
	struct seccomp_filter filter;
	struct error err;
	json_t *profile = json_loads("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"uname\", \"no_such_call\"], \"action\":"
					 "\"SCMP_ACT_ERRNO\", \"errnoRet\": 5}, {\"names\": [\"personality\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\":"
					 "[{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}, {\"index\": 0, \"value\": 2, \"op\": \"SCMP_CMP_EQ\"}]}]}",
					 0, NULL);
	CHECK_INT(seccomp_compile_oci(profile, &filter, &err), 0);
	CHECK_INT(verdict(&filter, SYS_uname, 0), DENY(5));
	CHECK_INT(verdict(&filter, SYS_read, 0), ALLOW);
	CHECK_INT(verdict(&filter, SYS_personality, 2), DENY(EPERM));
	CHECK_INT(verdict(&filter, SYS_personality, 3), ALLOW);
	const struct sock_filter *code = filter.code;
	CHECK_INT(seccomp_compile_oci(profile, &filter, &err), 0);
	CHECK(filter.code == code); /* kept */
	(void)json_object_set_new(profile, "defaultAction", json_string("SCMP_ACT_NONSENSE"));
	CHECK_INT(seccomp_compile_oci(profile, &filter, &err), -EINVAL);
	CHECK(strstr(err.message, "SCMP_ACT_NONSENSE") != NULL);
	json_decref(profile);
}

int main(void) {
	RUN(the_tree_decides_like_the_list);
	RUN(written_out_it_decides_the_same);
	RUN(docker_s_verdicts);
	RUN(each_verdict_is_docker_s);
	RUN(profiles_of_the_user);
	return tap_done();
}
