/* base/base.h - what every file of the house may use without asking: results, borrowed bytes,
 * arenas, money, time, ids. Further ideas of base (config, log, cli, csv, text) have headers of
 * their own. */
#pragma once
#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/arena.h"
#include "base/money.h"
#include "base/instant.h"
#include "base/id.h"
