/* api/handlers.h - every handler that api/routes.c names, by the file it stands in. */
#pragma once
#include "api/api.h"

/* api/system.c */
handler get_version, get_openapi, get_errors, get_error, get_health, get_ready, get_metrics;
