/* journal/line.h - what the files of this folder share about lines. */
#pragma once
#include "journal/journal_store.h"

enum { JOURNAL_FEED_VERSION = 1 };

/* A row as a record; its texts borrow the row's content. A content that does not parse, or is of
 * another line, is FAULT_STORE_CORRUPT. */
RESULT record_of(const struct line_row *row, struct journal_record *out);
