/* registry/card_issue.h - making a card's first row; shared by issuing, replacing and loading. */
#pragma once
#include "registry/card_turn.h"
#include "registry/credential.h"
#include "registry/number.h"

struct issue_ready { /* numbers claimed, row sealed */
    struct card_no no;
    struct card_ident ident;
    struct claimed no_claim, ident_claim;
    struct card_row row;
};
/* Check, claim both numbers for a new card of the person, seal the row. What was claimed is freed
 * again by issue_undo when the transaction refuses.
 * refuses NUMBER_*, REGISTRY_REGION_FORM, REGISTRY_GENERATION, REGISTRY_CREDENTIAL_TAKEN */
RESULT issue_prepare(const struct registry *rg, const struct card_issue_ask *ask,
                     struct issue_ready *out);
RESULT issue_settle(const struct registry *rg, const struct issue_ready *ready, struct instant at);
void issue_undo(const struct registry *rg, const struct issue_ready *ready, struct instant at);
/* A row from its parts; nothing sealed yet. */
void issue_row(const struct registry *rg, const struct card_issue_ask *ask, int64_t card_id,
               const struct card_no *no, const struct card_ident *ident, struct card_row *out);
void issue_items(const struct card_row *row, const struct card_no *no,
                 const struct card_ident *ident, uint8_t *no_out, uint8_t *ident_out,
                 struct field_item items[2]);
/* A random card number, not yet known to be free. */
struct card_no card_no_draw(const struct registry *rg);
