#pragma once
/*
 * What dockerd 28.5.2 (runc 1.3.6) on Linux 6.18 answers to each system call of a container with its default capabilities when the first argument is 0:
 * a = allowed, e = EPERM, n = ENOSYS. Read from the filter of a running container (PTRACE_SECCOMP_GET_FILTER), evaluated for the numbers 0 to 479.
 */
static const char x86_64[] =
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaeaeaaeaaaaaaaaaaaaaeaeeaaaaaaeeeeeeeeeeeeeeeeeeeeeeeaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaeaaaaaaaaaaaaaaeaaaaaaaaeeeeaaaaaaeaeeeaaaaaeaaaaaaaaaaaaaaaeaaaaaaeaaaaaaaaaaaaaaaaaaea"
	"eaaaeaaaeaaaeeaaaaaaeeaeaaaaaaaaaaaaeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
	"eeeeeeeeeeeeeeeeeeeeeeeeaeeeeeeeeeanaaeaeaeeaaaaaaeaaaaaaaaeeeaaaaannnnnnnnnnnnn";
static const char i386[] =
	"aaaaaaaaaaaaaaaaaeeaaeeaaeaaeaaeeaeeaaaaaaaaeaaaeaaeeeaaeaeeaaeaaaaeeeaaeeeaaaaeaaaaeaeeeeaaaaaaaaea"
	"aeaeaaaaaeeeeeaeaaaaaeaaaaaeeeeeaaeeaeaaaaaaaaaaaeaaaaaaaaaaaaaaaaeeaeaaaaaaaaaaaaaaaaaaeeaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaeaaaaeeaaaaaaaaaaaaaaaaaaaaaaaaaaaeaeaaaaaaaaaaeaaaaaaaaeeeeaaaaaaeaeeeeaaaaaeaaaaa"
	"aaaaaaaaaaeaaaaaaeaaaaaaaaaaaaaaaaaaeaeaaaeaaaeaaeeaaaaaaeaaaaaaaaaaaaaaaaeaaaaaaaaaaaaeeeeeeaaaaaaa"
	"aaaaeaaaaaaaaaaeaaaaaaaaaeeeeeeeeeanaaeaeaeeaaaaaaeaaaaaaaaeeeaaaaannnnnnnnnnnnn";
