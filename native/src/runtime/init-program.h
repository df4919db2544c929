#pragma once
/* The program of init/init.c, carried inside this binary. */

#include "base/error.h"

/* A sealed, executable memfd with the program: nobody can write to it, neither through /proc/1/exe inside a container (CVE-2019-5736). */
int init_program_open(int *ret_fd, struct error *err);
