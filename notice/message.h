/* notice/message.h - how a notice is written into a row and into messages; this folder only. */
#pragma once
#include "notice/kinds.h"

enum {
    PARAMETERS_BYTES_MAX = 1 + NOTICE_PARAMETERS_MAX * (2 + 32 + NOTICE_VALUE_MAX),
    NOTICE_MESSAGE_MAX = PARAMETERS_BYTES_MAX + 2 * NOTICE_SEALED_MAX + 64
};

void parameters_write(struct writer *w, const struct notice_parameter *parameters, size_t n);
/* Names come out of the kind's own table, values borrow the bytes. MESSAGE_BAD when they are not
 * the kind's. */
RESULT parameters_parse(struct bytes bytes, const struct kind *kind,
                        struct notice_parameter out[NOTICE_PARAMETERS_MAX], size_t *n);

/* A whole notice on its way to its holder's root. */
void notice_message_write(struct writer *w, const struct notice *notice);
RESULT notice_message_parse(struct bytes payload, struct notice *out,
                            struct notice_parameter parameters[NOTICE_PARAMETERS_MAX]);
