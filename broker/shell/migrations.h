/* migrations.h - the numbered SQL files of shell/migrations, as the build found them: migrations[0] is 0001_*.sql.
 *
 * A file that was released is never edited: a change is a new file. */
#pragma once

#include <stddef.h>

extern const char *const migrations[];
extern const size_t migration_count;
