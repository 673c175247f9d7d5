/* tests/api/forms.h - pages and their forms over HTTP, as a browser without scripts uses them: get
 * a page, take the token of one of its forms, post the form. */
#pragma once
#include "tests/api/world.h"

/* Pages are not in the API's description: their answers are not kept. */
static inline int form_ask(struct api_world *w, const char *line, const char *headers,
                           const char *body)
{
    FILE *answers = w->client.answers;
    int status;

    w->client.answers = NULL;
    status = client_ask(&w->client, line, headers, body);
    w->client.answers = answers;
    return status;
}

static inline int form_get(struct api_world *w, const struct asker *who, const char *line)
{
    return form_ask(w, line, text_of("%sAccept-Language: zh-CN\r\n", who->header), "");
}

/* The token of the form that posts to `path`, on the page got last. */
static inline bool form_take(struct api_world *w, const char *path, char token[60])
{
    const char *page = raw_find(raw_body(&w->client.a), text_of("action=\"%s\"", path));
    struct str value, rest;

    token[0] = 0;
    if (!page) return false;
    rest = (struct str){ page, (size_t)(w->client.a.bytes + w->client.a.n - page) };
    page = raw_find(rest, "name=\"_token\" value=\"");
    if (!page) return false;
    value = str_cut((struct str){ page + 21, 59 }, '"', &rest);
    snprintf(token, 60, "%.*s", (int)value.n, value.p);
    return value.n > 0;
}

static inline int form_post(struct api_world *w, const struct asker *who, const char *path,
                            const char *token, const char *fields)
{
    const char *headers =
        text_of("%sAccept-Language: zh-CN\r\nContent-Type: application/x-www-form-urlencoded\r\n",
                who->header);
    const char *body = token[0] ? text_of("_token=%s%s%s", token, fields[0] ? "&" : "", fields)
                                : text_of("%s%s", "none=1&", fields);

    return form_ask(w, text_of("POST %s", path), headers, body);
}

/* Where the last answer leads to. */
static inline const char *form_location(struct api_world *w)
{
    struct str to = client_between(&w->client, "Location: ", '\r');

    return text_of("%.*s", (int)to.n, to.n ? to.p : "");
}

/* An address with "%s" for an id. */
static inline const char *form_path(const char *pattern, const char *id)
{
    const char *at = strstr(pattern, "%s");

    return at ? text_of("%.*s%s%s", (int)(at - pattern), pattern, id, at + 2)
              : text_of("%s", pattern);
}
