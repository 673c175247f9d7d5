/* programs/replacement.c - what a replacement card inherits, in order. Devices, bookings and claims
 * belong to the person and need no step; a service that keeps something by card adds its call here.
 */
#include "programs/replacement.h"

const struct replacement_step REPLACEMENT[] = {
    { .name = NULL },
};
const size_t REPLACEMENT_N = 0;
