/*
 * Device rules. The last rule that speaks of an access decides, as with v1's files; without any rule everything is allowed.
 * v2 has no such controller but a hook for an eBPF program, which is generated here: rules are tried from the last to the first.
 */
#include "runtime/cgroup-internal.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void number_text(int64_t number, char ret_text[24]) {
	if (number < 0)
		(void)snprintf(ret_text, 24, "*");
	else
		(void)snprintf(ret_text, 24, "%lld", (long long)number);
}

int cgroup_devices_v1(int folder, const struct cgroup_device_rule *rules, size_t count, struct error *err) {
	_cleanup_close_ int fd = -1;
	for (size_t i = 0; i < count; i++) {
		/* One rule a write, but rules of one kind in a row by one opening. */
		const char *file = rules[i].allow ? "devices.allow" : "devices.deny";
		if (i == 0 || rules[i].allow != rules[i - 1].allow) {
			close_fd(&fd);
			if ((fd = sys_openat(folder, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0)) < 0)
				return error_errno(err, "cgroup", "%s", file);
		}
		const struct cgroup_device_rule *rule = &rules[i];
		char line[80], major[24], minor[24];
		number_text(rule->major, major);
		number_text(rule->minor, minor);
		(void)snprintf(line, sizeof line, "%c %s:%s %s%s%s", rule->type, major, minor, rule->read ? "r" : "", rule->write ? "w" : "",
					   rule->mknod ? "m" : "");
		if (write(fd, line, strlen(line)) < 0)
			return error_errno(err, "cgroup", "%s = %s", file, line);
	}
	return 0;
}

enum { INSTRUCTIONS_PER_RULE = 8, PROLOGUE = 6, EPILOGUE = 2 };

#define INSN(c, d, s, o, i) instruction(c, d, s, (int)(o), (int)(i))

static struct bpf_insn instruction(unsigned code, unsigned destination, unsigned source, int offset, int immediate) {
	struct bpf_insn insn = {.code = (unsigned char)code, .off = (short)offset, .imm = immediate};
	insn.dst_reg = destination & 15;
	insn.src_reg = source & 15;
	return insn;
}

struct program {
	struct bpf_insn *code;
	size_t length;
};

static void emit(struct program *program, struct bpf_insn insn) { program->code[program->length++] = insn; }

/* r2 type, r3 accesses not yet decided, r4 major, r5 minor. */
static void emit_prologue(struct program *p) {
	emit(p, INSN(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, 0, 0));
	emit(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0));
	emit(p, INSN(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff));
	emit(p, INSN(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16));
	emit(p, INSN(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_4, BPF_REG_1, 4, 0));
	emit(p, INSN(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_5, BPF_REG_1, 8, 0));
}

static void emit_return(struct program *p, int value) {
	emit(p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value));
	emit(p, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

static void emit_rule(struct program *p, const struct cgroup_device_rule *rule) {
	int access = (rule->read ? BPF_DEVCG_ACC_READ : 0) | (rule->write ? BPF_DEVCG_ACC_WRITE : 0) | (rule->mknod ? BPF_DEVCG_ACC_MKNOD : 0);
	if (!access)
		return;
	size_t jumps[3] = {0}, jump_count = 0;
	const struct {
		bool is_asked;
		int reg;
		int64_t value;
	} tests[] = {
		{rule->type != 'a', BPF_REG_2, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR},
		{rule->type != 'a' && rule->major >= 0, BPF_REG_4, rule->major},
		{rule->type != 'a' && rule->minor >= 0, BPF_REG_5, rule->minor},
	};
	for (size_t i = 0; i < ELEMENTS(tests); i++) {
		if (!tests[i].is_asked)
			continue;
		jumps[jump_count++] = p->length;
		emit(p, INSN(BPF_JMP | BPF_JNE | BPF_K, tests[i].reg, 0, 0, tests[i].value));
	}
	if (rule->allow) {
		emit(p, INSN(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_3, 0, 0, ~access & 7));
		emit(p, INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_3, 0, 2, 0));
	} else {
		emit(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0));
		emit(p, INSN(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_1, 0, 0, access));
		emit(p, INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 2, 0));
	}
	emit_return(p, rule->allow ? 1 : 0);
	for (size_t i = 0; i < jump_count; i++)
		p->code[jumps[i]].off = (short)(p->length - jumps[i] - 1);
}

static int load(const struct program *program, int *ret_fd, struct error *err) {
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uint64_t)(uintptr_t)program->code,
		.insn_cnt = (uint32_t)program->length,
		.license = (uint64_t)(uintptr_t) "Apache-2.0",
	};
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
	if (fd < 0)
		return error_errno(err, "cgroup", "cannot load the program that checks devices");
	*ret_fd = fd;
	return 0;
}

static int attach(struct cgroup *cgroup, int program, struct error *err) {
	union bpf_attr attributes = {
		.target_fd = (uint32_t)cgroup->core,
		.attach_bpf_fd = (uint32_t)program,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};
	if (cgroup->device_program >= 0) {
		attributes.attach_flags |= BPF_F_REPLACE;
		attributes.replace_bpf_fd = (uint32_t)cgroup->device_program;
	}
	if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof attributes) < 0)
		return error_errno(err, "cgroup", "cannot attach the program that checks devices");
	return 0;
}

int cgroup_devices_v2(struct cgroup *cgroup, const struct cgroup_device_rule *rules, size_t count, struct error *err) {
	_cleanup_free_ struct bpf_insn *code = calloc(PROLOGUE + count * INSTRUCTIONS_PER_RULE + EPILOGUE, sizeof *code);
	if (!code)
		return error_set(err, ENOMEM, "cgroup", "out of memory");
	struct program program = {.code = code};
	emit_prologue(&program);
	for (size_t i = count; i-- > 0;)
		emit_rule(&program, &rules[i]);
	emit_return(&program, 1);
	_cleanup_close_ int fd = -1;
	int failed = load(&program, &fd, err);
	if (failed < 0 || (failed = attach(cgroup, fd, err)) < 0)
		return failed;
	close_fd(&cgroup->device_program);
	cgroup->device_program = TAKE_FD(fd);
	return 0;
}
