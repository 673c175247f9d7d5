/* programs/replacement.h - what a replacement card inherits: the list of module calls that the
 * server hands to the handler. Each service that keeps something by card adds its line, and a test.
 */
#pragma once
#include "api/api.h"

extern const struct replacement_step REPLACEMENT[];
extern const size_t REPLACEMENT_N;
