/* catalogue/import.h - the parts of an import, in the order they run; this folder only. Each reads
 * its files into in->cat and tells problems; later parts look up what earlier ones found. */
#pragma once
#include "catalogue/sheet.h"

void import_regions(struct import *in);     /* regions, counties_cn, regions_historic_anhui */
void import_agencies(struct import *in);    /* agencies; their offices are made from `levels` */
void import_items(struct import *in);       /* catalogue, items_made, item_rules */
void import_city_states(struct import *in); /* city_state */
void import_openings(struct import *in);    /* openings */
void import_parameters(struct import *in);  /* parameters, anhui_parameters, holidays */
void import_places(struct import *in);     /* place_kinds, venues, venue_slots; points, operators */
void import_references(struct import *in); /* lists kept as they are */
