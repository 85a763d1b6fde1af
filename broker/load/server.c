#include "load/server.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_LEN = 320, LINE_LEN = 256 };

/* schedstat: nanoseconds that it ran, finer than the ticks in stat, and that it waited to run. */
static bool read_thread(unsigned pid, const char *id, usec_t *cpu_us, usec_t *waited_us)
{
    char path[PATH_LEN];
    unsigned long long ran_ns, waited_ns;
    snprintf(path, sizeof path, "/proc/%u/task/%s/schedstat", pid, id);
    FILE *file = fopen(path, "r");
    bool read = file && fscanf(file, "%llu %llu", &ran_ns, &waited_ns) == 2;
    if (file)
        fclose(file);
    if (read) {
        *cpu_us = ran_ns / 1000;
        *waited_us = waited_ns / 1000;
    }
    return read;
}

static uint64_t read_pss_kb(unsigned pid)
{
    char path[PATH_LEN], line[LINE_LEN];
    unsigned long long kb = 0;
    snprintf(path, sizeof path, "/proc/%u/smaps_rollup", pid);
    FILE *file = fopen(path, "r");
    while (file && kb == 0 && fgets(line, sizeof line, file))
        if (sscanf(line, "Pss: %llu", &kb) != 1)
            kb = 0;
    if (file)
        fclose(file);
    return kb;
}

static uint64_t read_rss_kb(unsigned pid)
{
    char path[PATH_LEN];
    unsigned long long pages = 0;
    snprintf(path, sizeof path, "/proc/%u/statm", pid);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%*u %llu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

enum status server_read(unsigned pid, struct server_reading *read)
{
    char path[PATH_LEN];
    struct server_reading r = { 0 };
    snprintf(path, sizeof path, "/proc/%u/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return ERR_UNKNOWN;
    for (struct dirent *task; r.thread_count < SERVER_THREADS_MAX && (task = readdir(tasks)) != NULL;) {
        int id = atoi(task->d_name);
        if (id > 0 &&
            read_thread(pid, task->d_name, &r.threads[r.thread_count].cpu_us, &r.threads[r.thread_count].waited_us))
            r.threads[r.thread_count++].id = id;
    }
    closedir(tasks);
    uint64_t pss_kb = read_pss_kb(pid);
    r.memory_kb = pss_kb ? pss_kb : read_rss_kb(pid);
    *read = r;
    return r.thread_count > 0 ? OK : ERR_UNKNOWN;
}

struct server_use server_between(const struct server_reading *before, const struct server_reading *after)
{
    struct server_use use = { 0 };
    for (size_t i = 0; i < after->thread_count; i++) {
        usec_t ran_us = after->threads[i].cpu_us, waited_us = after->threads[i].waited_us;
        for (size_t k = 0; k < before->thread_count; k++)
            if (before->threads[k].id == after->threads[i].id) {
                ran_us -= before->threads[k].cpu_us;
                waited_us -= before->threads[k].waited_us;
            }
        use.cpu_us += ran_us;
        use.waited_us += waited_us;
        use.busiest_us = ran_us > use.busiest_us ? ran_us : use.busiest_us;
    }
    return use;
}
