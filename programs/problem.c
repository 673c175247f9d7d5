/* programs/problem.c - the command line tells a refusal in the words that the API has for it. */
#include "api/api.h"
#include "programs/nouns.h"

enum cli_exit exit_of_status(int status)
{
    switch (status) {
    case 400:
    case 415:
    case 422:
        return CLI_USAGE;
    case 401:
    case 403:
        return CLI_NOT_ALLOWED;
    case 404:
        return CLI_NOT_FOUND;
    case 409:
    case 412:
        return CLI_CONFLICT;
    case 429:
    case 503:
        return CLI_TRY_AGAIN;
    case 502:
    case 504:
        return CLI_PARTNER;
    default:
        return CLI_FAILED;
    }
}

bool problem_of(int code, struct cli_problem *out)
{
    struct refusal refusal;

    if (!refusal_known(code, &refusal)) return false;
    *out = (struct cli_problem){ .code = refusal.code,
                                 .exit = exit_of_status(refusal.status),
                                 .zh = refusal.detail_zh,
                                 .en = refusal.detail_en };
    return true;
}
