/* load_command.h - 'kinroom load': its options, from words. */
#pragma once

#include "base/bytes.h"
#include "load/load.h"

/* Words after the command's own; the exit code. */
int load_command(int count, char **words);
/* The options alone, for another program with a signalling of its own. False: a problem was said on stderr. */
bool load_command_read(int count, char **words, struct load_config *);
/* The options in words; NUL-terminated, through the writer. */
void load_command_help(struct writer *);
