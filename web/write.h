/* web/write.h - what compiled pages write with: words by language, instants and amounts as people
 * read them, the lines of the error summary at their fields. Escaping itself is public, in
 * web/web.h. */
#pragma once
#include "web/web.h"

/* 0 zh, 1 en, 2 zh elder, 3 en elder: the order of put_text's texts. */
int variant_of(const struct web_frame *f);
/* Words of ours, escaped when the server was built. */
void put_text(struct writer *w, const struct web_frame *f, struct str zh, struct str en,
              struct str zh_elder, struct str en_elder);

/* Province time (UTC+8). when: 8月20日 15:32 | 20 Aug, 15:32; another year than the page's is
 * named. full: with year and seconds. day: 8月20日 星期五. */
void put_when(struct writer *w, const struct web_frame *f, struct instant at);
void put_when_full(struct writer *w, const struct web_frame *f, struct instant at);
void put_when_day(struct writer *w, const struct web_frame *f, struct instant at);
void put_day(struct writer *w, const struct web_frame *f, struct date date);
void put_hm(struct writer *w, struct instant at);     /* 15:32 */
void put_hm_end(struct writer *w, struct instant at); /* of an end: midnight is 24:00 */
void put_hms(struct writer *w, struct instant at);    /* 15:32:07 */
void put_msec(struct writer *w, struct instant at);   /* Unix milliseconds, for scripts */
void put_yuan(struct writer *w, struct money amount); /* ¥1234.50 */
void put_count(struct writer *w, size_t n);
void put_grouped(struct writer *w, int64_t n);    /* 60,000 */
void put_bit(struct writer *w, bool yes);         /* 1 or 0 */
void put_seconds(struct writer *w, int64_t msec); /* milliseconds as "1.25" */

bool has_problem(const struct web_frame *f, struct str field);
/* The field's own error, <p class="problem" id="FIELD-problem">, or nothing. */
void put_problem(struct writer *w, const struct web_frame *f, struct str field);
/* aria-describedby (hint, problem) and aria-invalid, inside the input's tag. */
void put_described(struct writer *w, const struct web_frame *f, struct str field, bool hint);
/* A path of an SVG shape: only commands, digits, spaces, signs and dots pass; anything else is
 * dropped. */
void put_svg_path(struct writer *w, struct str path);

/* <form method="post"> to a path of ours with its token; more: further attributes, written by us.
 */
void put_form(struct writer *w, const struct web_frame *f, struct str path, struct str more);
