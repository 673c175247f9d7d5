/* programs/user_first.h - an account made on the store itself, while no server runs: how the first
 * administrator of a node comes to be, and how one who lost the second factor comes back. */
#pragma once
#include "base/cli.h"
#include "registry/staff.h"

struct user_first_ask {
    struct str user, name, org; /* org: code in the catalogue; empty: none */
    enum role role;
    int32_t region_code;
    bool there; /* the account is there: only new secrets for `user` */
};
struct user_first_made {
    struct str id, password, totp_secret; /* in the command's arena; told once */
};
/* Settings are those of --config and --set. Tells what was not done: CLI_CONFLICT while a server
 * has the keys. */
enum cli_exit user_first(struct cli *cli, const struct user_first_ask *ask,
                         struct user_first_made *out);
