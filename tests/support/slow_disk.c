/* slow_disk.c - a disk that takes its time: each write of SQLite's, and each sync, waits first.
 *
 * Preloaded into the broker under test. Where a commit takes a tenth of a millisecond, no kill ever falls into one;
 * with KINROOM_SLOW_DISK_US set, many do. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static useconds_t wait_us;

__attribute__((constructor)) static void slow_disk_read(void)
{
    const char *text = getenv("KINROOM_SLOW_DISK_US");
    wait_us = text ? (useconds_t)strtoul(text, NULL, 10) : 0;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at)
{
    usleep(wait_us);
    return REAL(pwrite64)(fd, data, length, at);
}

int fdatasync(int fd)
{
    usleep(wait_us);
    return REAL(fdatasync)(fd);
}
