/* api/booking_ask.h - what every booking and cancellation says of its venue, from the catalogue. */
#pragma once
#include "api/api.h"
#include "catalogue/catalogue.h"
#include "venues/venues.h"

static inline struct booking_ask booking_ask_at(const struct app *app, const struct request *rq,
                                                const struct place *place, int64_t person_id)
{
    const struct item *item = item_of_booking(catalogue_now(app->shelf), place->kind);

    return (struct booking_ask){ .venue_id = place->id,
                                 .person_id = person_id,
                                 .provenance = app->demo ? PROVENANCE_SIMULATOR : PROVENANCE_REAL,
                                 .at = rq->at,
                                 .place = place->name.zh,
                                 .region_code = place->region,
                                 .item = item ? item->code : (struct str){ 0 } };
}
