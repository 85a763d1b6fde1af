#include "auth/plan.h"

#include <stdlib.h>
#include <string.h>

/* One element longer: plans are made once and seldom grow, so there is no room to spare. */
static enum status add(void **list, size_t *count, size_t max, const void *element, size_t size)
{
    if (*count == max)
        return ERR_FULL;
    void *longer = realloc(*list, (*count + 1) * size);
    if (!longer)
        return ERR_NO_MEMORY;
    memcpy((uint8_t *)longer + *count * size, element, size);
    *list = longer;
    ++*count;
    return OK;
}

enum status plan_add_person(struct plan *plan, const struct plan_person *person)
{
    void *people = plan->people;
    enum status status = add(&people, &plan->people_count, PLAN_PEOPLE_MAX, person, sizeof *person);
    plan->people = people;
    return status;
}

enum status plan_add_grant(struct plan *plan, const struct grant *grant)
{
    void *grants = plan->grants;
    enum status status = add(&grants, &plan->grant_count, PLAN_GRANTS_MAX, grant, sizeof *grant);
    plan->grants = grants;
    return status;
}

static size_t people_size(const struct plan *plan)
{
    return plan->people_count * sizeof *plan->people;
}

static size_t grants_size(const struct plan *plan)
{
    return plan->grant_count * sizeof *plan->grants;
}

/* NULL when there is nothing to copy, too. */
static void *copy_of(const void *from, size_t size)
{
    void *copy = size > 0 ? malloc(size) : NULL;
    return copy ? memcpy(copy, from, size) : NULL;
}

/* The plan's own fields from one, its lists from anywhere. */
static enum status assemble(struct plan *plan, const struct plan *from, const void *people, const void *grants)
{
    struct plan copy = *from;
    copy.people = copy_of(people, people_size(from));
    copy.grants = copy_of(grants, grants_size(from));
    if ((copy.people_count > 0 && !copy.people) || (copy.grant_count > 0 && !copy.grants)) {
        plan_deinit(&copy);
        return ERR_NO_MEMORY;
    }
    *plan = copy;
    return OK;
}

enum status plan_copy(struct plan *plan, const struct plan *from)
{
    return assemble(plan, from, from->people, from->grants);
}

void plan_deinit(struct plan *plan)
{
    free(plan->people);
    free(plan->grants);
    *plan = (struct plan){ 0 };
}

static void put(uint8_t **at, const void *from, size_t size)
{
    if (size > 0)
        memcpy(*at, from, size);
    *at += size;
}

struct bytes plan_pack(const struct plan *plan)
{
    size_t len = sizeof *plan + people_size(plan) + grants_size(plan);
    uint8_t *bytes = malloc(len), *at = bytes;
    if (!bytes)
        return (struct bytes){ 0 };
    put(&at, plan, sizeof *plan);
    put(&at, plan->people, people_size(plan));
    put(&at, plan->grants, grants_size(plan));
    return (struct bytes){ bytes, len };
}

enum status plan_unpack(struct bytes bytes, struct plan *plan)
{
    struct plan head;
    if (bytes.len < sizeof head)
        return ERR_MALFORMED;
    memcpy(&head, bytes.at, sizeof head);
    if (head.people_count > PLAN_PEOPLE_MAX || head.grant_count > PLAN_GRANTS_MAX ||
        bytes.len != sizeof head + people_size(&head) + grants_size(&head))
        return ERR_MALFORMED;
    const uint8_t *people = bytes.at + sizeof head;
    return assemble(plan, &head, people, people + people_size(&head));
}
