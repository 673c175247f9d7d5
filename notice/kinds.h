/* notice/kinds.h - what kinds of notices there are; this folder only. */
#pragma once
#include "notice/notice.h"

struct kind {
    enum notice_kind kind;
    const char *name; /* lower_snake */
    bool urgent;      /* sent in quiet hours too, and never muted */
    const char *parameters[NOTICE_PARAMETERS_MAX];
    const char *zh, *en; /* {name} stands for a parameter, {code} for a sealed code */
};
const struct kind *kind_find(enum notice_kind kind); /* NULL: unknown */
/* The text with its parameters; {code} stays as it is. */
void put_kind_text(struct writer *w, const struct kind *kind, enum notice_language language,
                   const struct notice_parameter *parameters, size_t n);
/* PARAMETER_BAD unless the parameters are exactly the kind's and short enough. */
RESULT kind_check(const struct kind *kind, const struct notice_parameter *parameters, size_t n);
