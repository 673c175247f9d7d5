/* api/refusals.h - the texts of refusals, by tier; each file's switches have no default, so that
 * the compiler asks for a new refusal's line. */
#pragma once
#include "api/api.h"

/* False when the code is none of theirs. */
bool refusal_ground(int code,
                    struct refusal *out); /* base, crypto, store, catalogue, journal ... */
bool refusal_people(int code, struct refusal *out);   /* registry, claims */
bool refusal_services(int code, struct refusal *out); /* identity, venues, what terminals speak */

/* Where the role whose page this is signs in. */
struct str sign_in_address(const struct app *app, const struct request *rq);

/* A title says it all, or a detail says what to do. */
#define SAY(status_, code_, en_, zh_)                                                              \
    *out = (struct refusal){ .status = (status_),                                                  \
                             .code = (code_),                                                      \
                             .title_en = (en_),                                                    \
                             .title_zh = (zh_),                                                    \
                             .detail_en = (en_),                                                   \
                             .detail_zh = (zh_) };                                                 \
    return true
#define TELL(status_, code_, en_, zh_, more_en_, more_zh_)                                         \
    *out = (struct refusal){ .status = (status_),                                                  \
                             .code = (code_),                                                      \
                             .title_en = (en_),                                                    \
                             .title_zh = (zh_),                                                    \
                             .detail_en = (more_en_),                                              \
                             .detail_zh = (more_zh_) };                                            \
    return true
