/* worklist/reason.h - what the files of this folder share. */
#pragma once
#include "worklist/worklist.h"

/* 1..WORKLIST_REASON_MAX characters of lower_snake. */
bool reason_is_sound(struct str reason);
/* The payload of WORKLIST_TOPIC_ANSWERED. */
void answer_write(struct writer *w, const struct worklist_answer *answer);
