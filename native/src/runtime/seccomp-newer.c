/*
 * System calls that are newer than the library (Debian 12's knows those of Linux 5.17): their verdicts stand before its program.
 *
 * A number above the newest that the profile speaks of fails with ENOSYS and not with EPERM, as with runc: C libraries try new calls and fall back to old
 * ones only when told that there is no such call. (runc libcontainer/seccomp/patchbpf)
 */
#include "runtime/seccomp-internal.h"

#include "base/cleanup.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

/* Since 424 a call has the same number on every architecture; this profile was written when 466 was the newest. */
enum { NEWEST = 466, X32_BIT = 0x40000000, X32_NEWEST = X32_BIT | 547, ARM_PRIVATE = 0xf0000 };

static const struct {
	const char *name;
	uint32_t number;
} newer[] = {
	{"set_mempolicy_home_node", 450},
	{"cachestat", 451},
	{"fchmodat2", 452},
	{"map_shadow_stack", 453},
	{"futex_wake", 454},
	{"futex_wait", 455},
	{"futex_requeue", 456},
	{"statmount", 457},
	{"listmount", 458},
	{"lsm_get_self_attr", 459},
	{"lsm_set_self_attr", 460},
	{"lsm_list_modules", 461},
	{"mseal", 462},
	{"setxattrat", 463},
	{"getxattrat", 464},
	{"listxattrat", 465},
	{"removexattrat", NEWEST},
#if defined(__x86_64__)
	{"uretprobe", 335}, /* on i386 that number is rt_tgsigqueueinfo: see emit_architecture() */
#endif
};

_Static_assert(ELEMENTS(newer) <= SECCOMP_NEWER_MAX, "all fit");

void seccomp_newer_allow(struct seccomp_newer *allowed, const char *name) {
	for (size_t i = 0; i < ELEMENTS(newer) && allowed->count < SECCOMP_NEWER_MAX; i++)
		if (strcmp(newer[i].name, name) == 0)
			allowed->numbers[allowed->count++] = newer[i].number;
}

struct prologue {
	struct sock_filter *code;
	size_t length;
};

static void emit(struct prologue *p, unsigned code, unsigned if_true, unsigned if_false, uint32_t k) {
	p->code[p->length++] = (struct sock_filter){.code = (unsigned short)code, .jt = (unsigned char)if_true, .jf = (unsigned char)if_false, .k = k};
}

static void emit_number(struct prologue *p, uint32_t number) {
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number);
	emit(p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
}

/* For one architecture; `bit` marks its numbers (x32), `end` is the first number that is not its own, 0 if there is none. */
static void emit_architecture(struct prologue *p, const struct seccomp_newer *allowed, uint32_t architecture, uint32_t bit, uint32_t newest, uint32_t end) {
	size_t skip = p->length;
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, architecture);
	emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
	size_t not_its_own = p->length;
	if (end)
		emit(p, BPF_JMP | BPF_JGE | BPF_K, 0, 0, end);
	size_t below_its_own = p->length;
	if (bit)
		emit(p, BPF_JMP | BPF_JGE | BPF_K, 0, 0, bit);
	emit(p, BPF_JMP | BPF_JGT | BPF_K, 0, 1, newest);
	emit(p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);
	for (size_t i = 0; i < allowed->count; i++)
		if (allowed->numbers[i] >= newer[0].number || architecture != AUDIT_ARCH_I386)
			emit_number(p, allowed->numbers[i] | bit);
	emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
	/* The last instruction reads the architecture again, for the next one's test. */
	if (end)
		p->code[not_its_own].jt = (unsigned char)(p->length - 2 - not_its_own);
	if (bit)
		p->code[below_its_own].jf = (unsigned char)(p->length - 2 - below_its_own);
	p->code[skip].jf = (unsigned char)(p->length - skip - 1);
}

size_t seccomp_newer_prologue(const struct seccomp_newer *allowed, struct sock_filter ret[static SECCOMP_PROLOGUE_MAX]) {
	struct prologue p = {.code = ret};
	emit(&p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
#if defined(__x86_64__)
	emit_architecture(&p, allowed, AUDIT_ARCH_X86_64, 0, NEWEST, X32_BIT);
	emit_architecture(&p, allowed, AUDIT_ARCH_X86_64, X32_BIT, X32_NEWEST, 0);
	emit_architecture(&p, allowed, AUDIT_ARCH_I386, 0, NEWEST, 0);
#elif defined(__aarch64__)
	emit_architecture(&p, allowed, AUDIT_ARCH_AARCH64, 0, NEWEST, 0);
	emit_architecture(&p, allowed, AUDIT_ARCH_ARM, 0, NEWEST, ARM_PRIVATE);
#endif
	return p.length;
}
