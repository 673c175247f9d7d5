/* programs/sms_carrier.h - notices to the SMS gateway: one signed webhook each
 * (docs/protocols/sms.md). */
#pragma once
#include "base/base.h"
#include "notice/notice.h"
#include "programs/courier.h"
#include "registry/registry.h"

struct sms_carrier {
    const struct registry *registry;
    const struct id_codec *ids;
    struct courier *courier;
    struct bytes secret;
    struct clock clock;
};
/* A carrier for notice_send; borrows `sms`. */
struct notice_carrier sms_carrier(struct sms_carrier *sms);
