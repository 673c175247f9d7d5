/* api/act_words.h - journal lines in words. tests/api/act_words_test.c fails when a module writes
 * an act that has none. */
#pragma once
#include "api/api.h"
#include "journal/journal.h"

/* "Reported lost"; an act without words is told as some act, never by its code. */
struct str act_words(struct str act, bool english);
bool act_has_words(struct str act);
/* What a look showed and why: "name, phone; for: deciding a case". Empty for other lines. */
struct str look_words(const struct journal_line *line, bool english, struct arena *arena);
/* Who did it, without persons' names: the holder, a helper, a clerk of an office or region, a gate
 * by its name. Reads staff and terminals from the store; text in the arena. */
RESULT actor_words(struct app *app, const struct journal_line *line, bool english,
                   struct arena *arena, struct str *out);
/* Where; empty when the line has no place. */
struct str place_words(struct app *app, int64_t place_id, bool english);
