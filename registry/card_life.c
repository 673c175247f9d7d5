/* registry/card_life.c - the three life cycles of a card as tables, their names, and the bytes that
 * feeds and notes carry. Pure. Source of states and events: spec/domain.md 3.1 to 3.10. */
#include "registry/card.h"

/* Where a move leads when the table says so rather than a state. */
enum { TO_BEFORE = -1 };

struct move {
    int from, event, to;
};

/* clang-format off */
static const struct move SOCIAL_MOVES[] = {
    { SOCIAL_APPLIED,        SOCIAL_PRODUCE,     SOCIAL_IN_PRODUCTION },  /* 制卡 */
    { SOCIAL_APPLIED,        SOCIAL_CANCEL,      SOCIAL_CANCELLED },
    { SOCIAL_IN_PRODUCTION,  SOCIAL_ARRIVE,      SOCIAL_WAITING },
    { SOCIAL_IN_PRODUCTION,  SOCIAL_CANCEL,      SOCIAL_CANCELLED },
    { SOCIAL_WAITING,        SOCIAL_HAND_OVER,   SOCIAL_SEALED },         /* 领卡 */
    { SOCIAL_WAITING,        SOCIAL_CANCEL,      SOCIAL_CANCELLED },      /* never collected */
    { SOCIAL_SEALED,         SOCIAL_ENABLE,      SOCIAL_NORMAL },         /* 启用 */
    { SOCIAL_SEALED,         SOCIAL_LOSE,        SOCIAL_TEMPORARY_LOSS },
    { SOCIAL_SEALED,         SOCIAL_LOSE_FORMAL, SOCIAL_FORMAL_LOSS },
    { SOCIAL_SEALED,         SOCIAL_STOP,        SOCIAL_STOPPED },
    { SOCIAL_SEALED,         SOCIAL_REPLACE,     SOCIAL_REPLACED },
    { SOCIAL_SEALED,         SOCIAL_CANCEL,      SOCIAL_CANCELLED },
    { SOCIAL_NORMAL,         SOCIAL_LOSE,        SOCIAL_TEMPORARY_LOSS }, /* 临时挂失 */
    { SOCIAL_NORMAL,         SOCIAL_LOSE_FORMAL, SOCIAL_FORMAL_LOSS },    /* 正式挂失 */
    { SOCIAL_NORMAL,         SOCIAL_LOCK,        SOCIAL_LOCKED },         /* PIN */
    { SOCIAL_NORMAL,         SOCIAL_STOP,        SOCIAL_STOPPED },
    { SOCIAL_NORMAL,         SOCIAL_EXPIRE,      SOCIAL_EXPIRED },
    { SOCIAL_NORMAL,         SOCIAL_REPLACE,     SOCIAL_REPLACED },       /* 补换 */
    { SOCIAL_NORMAL,         SOCIAL_CANCEL,      SOCIAL_CANCELLED },      /* 注销 */
    { SOCIAL_TEMPORARY_LOSS, SOCIAL_LOSE_FORMAL, SOCIAL_FORMAL_LOSS },
    { SOCIAL_TEMPORARY_LOSS, SOCIAL_LIFT,        TO_BEFORE },             /* 解挂 */
    { SOCIAL_TEMPORARY_LOSS, SOCIAL_LAPSE,       TO_BEFORE },
    { SOCIAL_TEMPORARY_LOSS, SOCIAL_REPLACE,     SOCIAL_REPLACED },
    { SOCIAL_TEMPORARY_LOSS, SOCIAL_CANCEL,      SOCIAL_CANCELLED },
    { SOCIAL_FORMAL_LOSS,    SOCIAL_LIFT,        TO_BEFORE },             /* where loss.formal.revocable */
    { SOCIAL_FORMAL_LOSS,    SOCIAL_REPLACE,     SOCIAL_REPLACED },
    { SOCIAL_FORMAL_LOSS,    SOCIAL_CANCEL,      SOCIAL_CANCELLED },
    { SOCIAL_LOCKED,         SOCIAL_UNLOCK,      SOCIAL_NORMAL },
    { SOCIAL_LOCKED,         SOCIAL_LOSE,        SOCIAL_TEMPORARY_LOSS },
    { SOCIAL_LOCKED,         SOCIAL_LOSE_FORMAL, SOCIAL_FORMAL_LOSS },
    { SOCIAL_LOCKED,         SOCIAL_STOP,        SOCIAL_STOPPED },
    { SOCIAL_LOCKED,         SOCIAL_REPLACE,     SOCIAL_REPLACED },
    { SOCIAL_LOCKED,         SOCIAL_CANCEL,      SOCIAL_CANCELLED },
    { SOCIAL_STOPPED,        SOCIAL_RESUME,      TO_BEFORE },
    { SOCIAL_STOPPED,        SOCIAL_LOSE,        SOCIAL_TEMPORARY_LOSS },
    { SOCIAL_STOPPED,        SOCIAL_LOSE_FORMAL, SOCIAL_FORMAL_LOSS },
    { SOCIAL_STOPPED,        SOCIAL_CANCEL,      SOCIAL_CANCELLED },
    { SOCIAL_EXPIRED,        SOCIAL_LOSE,        SOCIAL_TEMPORARY_LOSS },
    { SOCIAL_EXPIRED,        SOCIAL_LOSE_FORMAL, SOCIAL_FORMAL_LOSS },
    { SOCIAL_EXPIRED,        SOCIAL_STOP,        SOCIAL_STOPPED },
    { SOCIAL_EXPIRED,        SOCIAL_REPLACE,     SOCIAL_REPLACED },
    { SOCIAL_EXPIRED,        SOCIAL_CANCEL,      SOCIAL_CANCELLED },
};
static const struct move BANK_MOVES[] = {
    { BANK_NOT_ACTIVATED, BANK_ACTIVATE, BANK_NORMAL },  /* 激活 */
    { BANK_NOT_ACTIVATED, BANK_CLOSE,    BANK_CLOSED },
    { BANK_NORMAL,        BANK_LOSE,     BANK_LOSS },
    { BANK_NORMAL,        BANK_FREEZE,   BANK_FROZEN },
    { BANK_NORMAL,        BANK_SLEEP,    BANK_DORMANT },
    { BANK_NORMAL,        BANK_CLOSE,    BANK_CLOSED },
    { BANK_LOSS,          BANK_LIFT,     TO_BEFORE },
    { BANK_LOSS,          BANK_CLOSE,    BANK_CLOSED },
    { BANK_FROZEN,        BANK_UNFREEZE, BANK_NORMAL },
    { BANK_FROZEN,        BANK_LOSE,     BANK_LOSS },
    { BANK_FROZEN,        BANK_CLOSE,    BANK_CLOSED },
    { BANK_DORMANT,       BANK_WAKE,     BANK_NORMAL },
    { BANK_DORMANT,       BANK_LOSE,     BANK_LOSS },
    { BANK_DORMANT,       BANK_FREEZE,   BANK_FROZEN },
    { BANK_DORMANT,       BANK_CLOSE,    BANK_CLOSED },
};
static const struct move PURSE_MOVES[] = {
    { PURSE_NOT_ENABLED, PURSE_ENABLE,    PURSE_ENABLED },
    { PURSE_NOT_ENABLED, PURSE_CLOSE,     PURSE_CLOSED },
    { PURSE_ENABLED,     PURSE_BLACKLIST, PURSE_BLACKLISTED },
    { PURSE_ENABLED,     PURSE_CLOSE,     PURSE_CLOSED },
    { PURSE_BLACKLISTED, PURSE_UNLIST,    PURSE_ENABLED },
    { PURSE_BLACKLISTED, PURSE_CLOSE,     PURSE_CLOSED },
};
/* clang-format on */

/* The state the table gives, `before` where it says so; 0 when there is no such move. */
static int moved(const struct move *moves, size_t n, int from, int event, int before)
{
    for (size_t i = 0; i < n; i++)
        if (moves[i].from == from && moves[i].event == event)
            return moves[i].to == TO_BEFORE ? before : moves[i].to;
    return 0;
}

RESULT social_move(enum social_state from, enum social_event event, enum social_state before,
                   enum social_state *to)
{
    int next;

    REQUIRE(from != SOCIAL_REPLACED, REGISTRY_CARD_REPLACED);
    REQUIRE(from != SOCIAL_CANCELLED, REGISTRY_CARD_CANCELLED);
    next = moved(SOCIAL_MOVES, LEN(SOCIAL_MOVES), (int)from, (int)event, (int)before);
    REQUIRE(next != 0, REGISTRY_MOVE_REFUSED);
    *to = (enum social_state)next;
    return OK;
}

RESULT bank_move(enum bank_state from, enum bank_event event, enum bank_state before,
                 enum bank_state *to)
{
    int next = moved(BANK_MOVES, LEN(BANK_MOVES), (int)from, (int)event, (int)before);

    REQUIRE(next != 0, REGISTRY_MOVE_REFUSED);
    *to = (enum bank_state)next;
    return OK;
}

RESULT purse_move(enum purse_state from, enum purse_event event, enum purse_state *to)
{
    int next = moved(PURSE_MOVES, LEN(PURSE_MOVES), (int)from, (int)event, 0);

    REQUIRE(next != 0, REGISTRY_MOVE_REFUSED);
    *to = (enum purse_state)next;
    return OK;
}

static bool lost(enum social_state s)
{
    return s == SOCIAL_TEMPORARY_LOSS || s == SOCIAL_FORMAL_LOSS;
}

/* What was enabled works on in loss by consent and after expiry (domain.md 3.10); a stopped or
 * locked social function takes the e-card with it. */
bool ecard_usable(const struct card *card)
{
    if (card->ecard != ECARD_ON) return false;
    if (social_usable(card->social)) return true;
    return lost(card->social) && card->ecard_consent && social_usable(card->social_before);
}

static const char *name_of(const char *const *names, size_t n, int state)
{
    return state >= 0 && (size_t)state < n && names[state] != NULL ? names[state] : "unknown";
}

const char *social_state_name(enum social_state s)
{
    static const char *const NAMES[SOCIAL_STATES] = {
        [SOCIAL_APPLIED] = "applied",         [SOCIAL_IN_PRODUCTION] = "in_production",
        [SOCIAL_WAITING] = "waiting",         [SOCIAL_SEALED] = "sealed",
        [SOCIAL_NORMAL] = "normal",           [SOCIAL_TEMPORARY_LOSS] = "temporary_loss",
        [SOCIAL_FORMAL_LOSS] = "formal_loss", [SOCIAL_LOCKED] = "locked",
        [SOCIAL_STOPPED] = "stopped",         [SOCIAL_EXPIRED] = "expired",
        [SOCIAL_REPLACED] = "replaced",       [SOCIAL_CANCELLED] = "cancelled",
    };
    return name_of(NAMES, LEN(NAMES), (int)s);
}

const char *bank_state_name(enum bank_state s)
{
    static const char *const NAMES[BANK_STATES] = {
        [BANK_NOT_ACTIVATED] = "not_activated",
        [BANK_NORMAL] = "normal",
        [BANK_LOSS] = "loss",
        [BANK_FROZEN] = "frozen",
        [BANK_DORMANT] = "dormant",
        [BANK_CLOSED] = "closed",
    };
    return name_of(NAMES, LEN(NAMES), (int)s);
}

const char *purse_state_name(enum purse_state s)
{
    static const char *const NAMES[PURSE_STATES] = {
        [PURSE_NOT_ENABLED] = "not_enabled",
        [PURSE_ENABLED] = "enabled",
        [PURSE_BLACKLISTED] = "blacklisted",
        [PURSE_CLOSED] = "closed",
    };
    return name_of(NAMES, LEN(NAMES), (int)s);
}

const char *ecard_state_name(enum ecard_state s)
{
    static const char *const NAMES[] = {
        [ECARD_NONE] = "none",
        [ECARD_ON] = "on",
        [ECARD_SUSPENDED] = "suspended",
        [ECARD_ENDED] = "ended",
    };
    return name_of(NAMES, LEN(NAMES), (int)s);
}

/* ---- bytes */

enum { CARD_STATE_VERSION = 1, FLAG_CONSENT = 1, FLAG_ECARD = 2, FLAG_SOCIAL = 4 };

void card_state_of(const struct card *card, struct instant at, struct card_state *out)
{
    *out = (struct card_state){
        .card_id = card->id,
        .person_id = card->person_id,
        .epoch = card->epoch,
        .region_code = card->region_code,
        .generation = (uint8_t)card->generation,
        .social = (uint8_t)card->social,
        .bank = (uint8_t)card->bank,
        .purse = (uint8_t)card->purse,
        .ecard = (uint8_t)card->ecard,
        .ecard_consent = card->ecard_consent,
        .ecard_usable = ecard_usable(card),
        .social_usable = social_usable(card->social),
        .provenance = (uint8_t)card->provenance,
        .at = at,
    };
    memcpy(out->no_hash, card->no_hash, 32);
    memcpy(out->ident_hash, card->ident_hash, 32);
    memcpy(out->alias_hash, card->alias_hash, 32);
}

void card_state_write(const struct card_state *s, uint8_t out[CARD_STATE_BYTES])
{
    struct writer w = writer_over(out, CARD_STATE_BYTES);

    put_u8(&w, NOTE_CARD);
    put_u8(&w, CARD_STATE_VERSION);
    put_be64(&w, (uint64_t)s->card_id);
    put_be64(&w, (uint64_t)s->person_id);
    put_be64(&w, (uint64_t)s->epoch);
    put_be64(&w, (uint64_t)s->at.usec);
    put_be32(&w, (uint32_t)s->region_code);
    put_u8(&w, s->generation);
    put_u8(&w, s->social);
    put_u8(&w, s->bank);
    put_u8(&w, s->purse);
    put_u8(&w, s->ecard);
    put_u8(&w,
           (uint8_t)((s->ecard_consent ? FLAG_CONSENT : 0) | (s->ecard_usable ? FLAG_ECARD : 0) |
                     (s->social_usable ? FLAG_SOCIAL : 0)));
    put_u8(&w, s->provenance);
    put_bytes(&w, bytes_of(s->no_hash, 32));
    put_bytes(&w, bytes_of(s->ident_hash, 32));
    put_bytes(&w, bytes_of(s->alias_hash, 32));
    assert(!w.over);
    assert(w.n == CARD_STATE_BYTES);
}

bool card_state_parse(struct bytes bytes, struct card_state *out)
{
    struct cursor c = cursor_over(bytes);
    struct card_state s = { 0 };
    uint8_t flags;

    if (take_u8(&c) != NOTE_CARD || take_u8(&c) != CARD_STATE_VERSION) return false;
    s.card_id = (int64_t)take_be64(&c);
    s.person_id = (int64_t)take_be64(&c);
    s.epoch = (int64_t)take_be64(&c);
    s.at.usec = (int64_t)take_be64(&c);
    s.region_code = (int32_t)take_be32(&c);
    s.generation = take_u8(&c);
    s.social = take_u8(&c);
    s.bank = take_u8(&c);
    s.purse = take_u8(&c);
    s.ecard = take_u8(&c);
    flags = take_u8(&c);
    s.ecard_consent = (flags & FLAG_CONSENT) != 0;
    s.ecard_usable = (flags & FLAG_ECARD) != 0;
    s.social_usable = (flags & FLAG_SOCIAL) != 0;
    s.provenance = take_u8(&c);
    if (cursor_left(&c) != 96) return false;
    memcpy(s.no_hash, take_bytes(&c, 32).p, 32);
    memcpy(s.ident_hash, take_bytes(&c, 32).p, 32);
    memcpy(s.alias_hash, take_bytes(&c, 32).p, 32);
    *out = s;
    return true;
}
