/* notice/put.h - what sending shares with putting; this folder only. */
#pragma once
#include "notice/notice.h"

/* The message that has a notice sent: topic NOTICE_TOPIC_SEND, its id. */
RESULT send_message_put(struct txn *tx, int64_t person_id, int64_t notice_id);
