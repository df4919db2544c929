#pragma once
/* The security labels of a program: AppArmor's profile and SELinux' context. */

#include "runtime/launch.h"

/* A step: the next exec gets them. An error where the kernel knows neither, as with runc: nobody asks for a label to go without. */
int labels_set(struct launch *launch);
