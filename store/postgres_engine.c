#include "store/inner.h"
const struct engine_calls POSTGRES_CALLS = { 0 };
