/* load.c - `kinroom load` for the servers that are compared: kinroom_bench_load SIGNALLING OPTIONS, which are those of
 * kinroom load. Servers other than Kinroom take no --keys, which has to be given all the same. */
#include <stdio.h>
#include <string.h>

#include "bench/signallings.h"
#include "load/load_command.h"

enum { EXIT_USAGE = 2 };

int main(int argc, char **argv)
{
    static const struct signalling_ops *const all[] = { &signalling_kinroom, &signalling_janus, &signalling_floor };
    struct load_config config;
    for (size_t i = 0; argc > 1 && i < sizeof all / sizeof *all; i++)
        if (strcmp(argv[1], all[i]->name) == 0)
            return load_command_read(argc - 2, argv + 2, &config) ? load_run(config, all[i]) : EXIT_USAGE;
    fprintf(stderr, "kinroom_bench_load kinroom|janus|floor OPTIONS\n");
    return EXIT_USAGE;
}
