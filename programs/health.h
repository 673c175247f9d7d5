/* programs/health.h - what /readyz looks at, and the worker's own lines of /metrics. */
#pragma once
#include "api/api.h"

extern const struct health_check HEALTH_CHECKS[];
extern const size_t HEALTH_CHECKS_N;
extern const struct metrics_source METRICS[];
extern const size_t METRICS_N;
