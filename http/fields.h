/* http/fields.h - one value by its field, the same for JSON, forms and queries. */
#pragma once
#include "http/json.h"

/* Each returns the problem's code, or NULL with the target written. `text` is valid UTF-8 and lives
 * as long as the body's arena. */
const char *field_int(const struct json_field *field, int64_t value, void *to);
const char *field_text(struct body body, const struct json_field *field, struct str text, void *to);
