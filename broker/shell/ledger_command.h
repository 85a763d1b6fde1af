/* ledger_command.h - 'kinroom ledger verify' and 'kinroom ledger export': reads a store, beside a running server too.
 */
#pragma once

/* Words after the command's own; exit codes. */
int ledger_command_verify(int count, char **words); /* 1: the first bad row and why are on stdout */
int ledger_command_export(int count, char **words);
