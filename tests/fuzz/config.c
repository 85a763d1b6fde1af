/* config.c - an operator's file. What is refused comes with words, in one line; what is taken can be checked as a
 * whole, and each text ends. */
#include <assert.h>
#include <string.h>

#include "shell/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_problem(enum status status, const struct problem *problem)
{
    assert((status == OK) == !problem->text[0]);
    assert(memchr(problem->text, 0, sizeof problem->text) && !strchr(problem->text, '\n'));
}

static void check_texts(const struct config_texts *texts)
{
    assert(texts->count <= CONFIG_LIST_MAX);
    for (size_t i = 0; i < texts->count; i++)
        assert(memchr(texts->text[i], 0, sizeof texts->text[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    struct problem problem = { "" };
    config_init(&config);
    enum status status = config_read(&config, "k.conf", (struct bytes){ data, size }, &problem);
    check_problem(status, &problem);
    if (status != OK)
        return 0;
    check_texts(&config.origins);
    assert(config.media.count <= CONFIG_LIST_MAX && config.advertise.count <= CONFIG_LIST_MAX);
    assert(config.shards <= CONFIG_SHARDS_MAX && config.udp_port <= UINT16_MAX);
    check_problem(config_check(&config, &problem), &problem);
    return 0;
}
