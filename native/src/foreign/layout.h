#pragma once
/* Names in a bundle for another runtime, and of the init inside the container. */

#define LAYOUT_ROOT "rootfs"
#define LAYOUT_FILES "files"
#define LAYOUT_INIT "init"
#define LAYOUT_INIT_INSIDE "/sbin/docker-init"
