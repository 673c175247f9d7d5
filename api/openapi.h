/* api/openapi.h - the merged description of the API; made by tools/openapi from docs/openapi/. */
#pragma once
#include <stddef.h>
#include <stdint.h>

extern const uint8_t OPENAPI[], OPENAPI_GZIP[];
extern const size_t OPENAPI_N, OPENAPI_GZIP_N;
extern const char OPENAPI_ETAG[];
