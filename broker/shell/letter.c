#include "shell/letter.h"

#include <stdlib.h>
#include <string.h>

struct note *note_create(struct bytes text)
{
    struct note *note = malloc(sizeof *note + NOTE_HEADROOM + text.len);
    if (!note)
        return NULL;
    note->next = NULL;
    note->len = text.len;
    if (text.len > 0)
        memcpy(note_text(note), text.at, text.len);
    return note;
}

void note_destroy(struct note *note)
{
    if (note)
        bytes_wipe(note_text(note), note->len);
    free(note);
}

struct bytes letter_text(const struct letter *letter)
{
    return letter->note ? (struct bytes){ note_text(letter->note), letter->note->len } : (struct bytes){ 0 };
}

void letter_wipe(struct letter *letter)
{
    note_destroy(letter->note);
    *letter = (struct letter){ 0 };
}
