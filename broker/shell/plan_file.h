/* plan_file.h - the JSON file of what is scheduled, to plans. Strict: no unknown and no duplicate keys, right types and
 * words.
 *
 *   { "sessions": [ {
 *       "id": "s-1", "kind": "individual", "opens_at": 1790000000, "closes_at": 1790003000, "client": "alex",
 *       "people": [ { "participation": "p-1", "person": "alex", "role": "client", "name": "Alex" } ],
 *       "grants": [ { "id": "g-1", "epoch": 1, "client": "alex", "person": "sam", "granted_by": "patient",
 *                     "kinds": ["individual"], "modes": ["full"], "chat": true, "topics": ["aftercare"],
 *                     "purpose": "FAMRQT", "not_before": 1789000000, "expires": 1791000000, "client_absent_ok": false,
 *                     "notice_version": "2026-02", "evidence": "DocumentReference/77", "status": "active" } ] } ] }
 *
 * Times are Unix seconds. Of a grant, "chat" and "client_absent_ok" (false), "topics" (none) and "status" (active) may
 * be left out; a grant that is not complete (consent_missing) is refused. */
#pragma once

#include "auth/plan.h"
#include "shell/config.h"

enum { PLAN_FILE_MAX = 16 << 20 };

struct plan_list {
    struct plan *at;
    size_t count;
};

/* ERR_MALFORMED with words that name the place, ERR_NO_MEMORY. */
enum status plan_file_parse(struct bytes json, struct plan_list *, struct problem *);
void plan_list_deinit(struct plan_list *);
