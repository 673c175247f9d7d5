/* programs/audit_search.h - `ykt audit search`: what staff did and looked at, through the running
 * server. */
#pragma once
#include "programs/client.h"

enum { AUDIT_SEARCH_COLUMNS_N = 13 };
extern const struct cli_column AUDIT_SEARCH_COLUMNS[AUDIT_SEARCH_COLUMNS_N];
extern const char *const AUDIT_KINDS[];
enum cli_exit audit_search(struct cli *cli);
