/* history.h - random records and random ledgers, the same ones for the same seed. */
#pragma once

#include "ledger/chain.h"

enum { HISTORY_SEATS = 6 };

struct history {
    uint64_t dice;
    int64_t now_us;
    uint32_t intervals;
    struct record open[HISTORY_SEATS]; /* kind 0: the seat is in no interval */
};

struct history history_of(uint64_t seed);
/* 0 to below - 1. */
uint64_t history_draw(struct history *, uint64_t below);
/* Any record that can be written, fields of any length up to the longest. */
struct record history_any(struct history *);
/* The next record of a ledger whose intervals are in order. */
struct record history_next(struct history *);
/* The next row, of history_next. */
struct ledger_row history_row(struct history *, struct chain *);
/* Whether two records say the same. */
bool history_same(const struct record *, const struct record *);
