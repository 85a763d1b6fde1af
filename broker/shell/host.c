#include "shell/host.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct now host_now(void)
{
    struct timespec mono, wall;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME, &wall);
    return (struct now){
        .mono_us = (usec_t)mono.tv_sec * USEC_PER_SEC + (usec_t)mono.tv_nsec / 1000,
        .unix_us = (int64_t)wall.tv_sec * (int64_t)USEC_PER_SEC + wall.tv_nsec / 1000,
    };
}

usec_t host_thread_cpu_us(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (usec_t)used.tv_sec * USEC_PER_SEC + (usec_t)used.tv_nsec / 1000;
}

unsigned host_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static void fill(void *context, uint8_t *at, size_t len)
{
    (void)context;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort();
        at += got;
        len -= (size_t)got;
    }
}

struct entropy host_entropy(void)
{
    return (struct entropy){ .fill = fill };
}

static void write_line(void *context, enum log_level level, const char *text)
{
    (void)context;
    struct timespec wall;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &wall);
    gmtime_r(&wall.tv_sec, &utc);
    char line[640];
    size_t len = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &utc);
    int more = snprintf(line + len, sizeof line - len, ".%03ldZ %s %.520s\n", wall.tv_nsec / 1000000,
                        log_level_name(level), text);
    /* A log that cannot be written has nowhere to say so. */
    if (more > 0 && write(STDERR_FILENO, line, len + (size_t)more) < 0)
        return;
}

struct log host_log(enum log_level least)
{
    return (struct log){ .write = write_line, .least = least };
}

static enum status status_of_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return ERR_UNKNOWN;
    case EACCES:
    case EPERM:
        return ERR_FORBIDDEN;
    default:
        return ERR_SYSTEM;
    }
}

enum status host_file_read(const char *path, size_t max, struct bytes *file)
{
    enum status status = ERR_SYSTEM;
    uint8_t *at = NULL;
    size_t len = 0;
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return status_of_errno();
    if (fstat(fd, &about) < 0 || !S_ISREG(about.st_mode))
        goto out;
    status = ERR_FULL;
    if ((uint64_t)about.st_size > max)
        goto out;
    size_t size = (size_t)about.st_size;
    status = ERR_NO_MEMORY;
    if (!(at = malloc(size + 1)))
        goto out;
    status = ERR_SYSTEM;
    while (len < size) {
        ssize_t got = read(fd, at + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            goto out;
        len += (size_t)got;
    }
    at[len] = 0;
    *file = (struct bytes){ at, len };
    at = NULL;
    status = OK;
out:
    if (at)
        bytes_wipe(at, len);
    free(at);
    close(fd);
    return status;
}

bool host_file_is_public(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && about.st_mode & S_IROTH;
}

void host_file_free(struct bytes *file)
{
    if (file->at) {
        bytes_wipe((uint8_t *)file->at, file->len);
        free((uint8_t *)file->at);
    }
    *file = (struct bytes){ 0 };
}
