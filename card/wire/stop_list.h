/* card/wire/stop_list.h - the sealed stop list (停用名单) that gates and terminals hold: which
 * cards of ours must be refused without asking the centre. Exact, not probable: a holder is never
 * stopped by a hash. Layout and look-up only; who signs and who believes is identity/'s. Byte for
 * byte in docs/protocols/stop-list.md.
 *
 * A card is its dense index 0..universe-1. A full list holds the sorted indexes of stopped cards as
 * Elias-Fano: floor(log2(universe/n)) low bits an entry beside a bit string of the high parts,
 * about 8.5 bits an entry at one lost card in sixty. A second small set (ranks in the first) are
 * the cards whose holder lets the e-card go on in temporary loss; a third are revoked paper codes.
 * A delta holds what changed after an earlier position. Both name the sealed feed's position, the
 * store's incarnation, when they were made and how old they may become. */
#pragma once
#include "base/base.h"
#include "card/wire/code.h"

enum stop_list_refusal {
    STOP_LIST_UNREADABLE = 6051,     /* no stop list, or its lengths don't add up */
    STOP_LIST_FORMAT_UNKNOWN = 6052, /* of a format newer than this program */
    STOP_LIST_DAMAGED = 6053,        /* sets not sorted, out of range or of another count */
    STOP_LIST_INCARNATION = 6054,    /* a delta from another incarnation: fetch a full list */
    STOP_LIST_GAP = 6055,            /* a delta that does not begin where the list stands */
};

enum { STOP_LIST_HEAD_BYTES = 96, STOP_LIST_BODY_AT = 160 };
#define STOP_LIST_DOMAIN "YKT stop list 1\n"

struct stop_list_head {
    bool delta;
    enum code_suite suite;
    bool test;
    uint16_t kid;
    uint32_t max_age_sec;  /* past made_at: what a reader then does is its item's rule */
    int64_t incarnation;   /* of the store */
    int64_t from_position; /* 0 in a full list: what a delta is applied to */
    int64_t position;      /* every card change up to it is in */
    struct instant made_at;
    uint32_t universe; /* cards known: indexes from here on are newer than the list */
    uint32_t cards_n;  /* stopped cards; in a delta: changed cards */
    uint32_t ecard_n;  /* of them: the e-card goes on by consent */
    uint32_t
        papers_n; /* revoked paper codes that would still be good; in a delta too, all of them */
    uint8_t body_digest[32]; /* SM3 or SHA-256 of the body, by suite */
};

/* ---- reading */

struct stop_list_file { /* parts of a file, borrowed from it */
    struct stop_list_head head;
    struct bytes signed_part; /* the first 96 bytes: signed after STOP_LIST_DOMAIN */
    struct bytes signature;   /* 64 bytes */
    struct bytes body;
};
/* Take a file apart; checks lengths against the counts. The caller then checks digest and
 * signature. */
RESULT stop_list_parse(struct bytes file, struct stop_list_file *out);

struct sorted_set { /* Elias-Fano over [0, universe): exact membership and rank */
    const uint8_t *low, *high;
    uint32_t *samples; /* place in `high` behind every 128th zero */
    uint64_t universe, high_bits;
    uint32_t n;
    int low_bits;
};
struct stop_list {
    struct stop_list_head head;
    struct sorted_set cards, ecard, papers;
};
/* Make a full list ready for looking up: sets are checked entry by entry (STOP_LIST_DAMAGED), so a
 * look-up can't leave its bounds. The body is borrowed and must outlive the list; samples are taken
 * from the arena (stop_list_memory says how much at most). */
RESULT stop_list_open(const struct stop_list_file *file, struct arena *arena,
                      struct stop_list *out);
size_t stop_list_memory(const struct stop_list_head *head);
/* A new list with a delta applied, in memory of the arena (stop_list_apply_memory at most); the old
 * one stays usable. Refuses STOP_LIST_INCARNATION, _GAP, _DAMAGED. A delta older
 * than the list is OK and changes nothing; the same one again too. */
RESULT stop_list_apply(const struct stop_list *list, const struct stop_list_file *delta,
                       struct arena *arena, struct stop_list *out);
size_t stop_list_apply_memory(const struct stop_list *list, const struct stop_list_head *delta);

enum stop_answer {
    STOP_CLEAR,     /* not on the list */
    STOP_CARD_ONLY, /* the card is stopped, the e-card goes on by the holder's consent */
    STOP_STOPPED,   /* refuse, code and card */
    STOP_UNKNOWN,   /* index not below the universe: newer than the list. A code whose bundle began
                       after the list was made is vouched for by the issuer; anything else asks the
                       centre or is refused */
};
enum stop_answer stop_list_find(const struct stop_list *list, uint32_t card_index);
bool stop_list_paper_revoked(const struct stop_list *list, uint32_t serial);
bool stop_list_stale(const struct stop_list *list, struct instant at);

/* ---- making */

struct stop_entry {
    uint32_t card_index;
    enum stop_answer answer; /* STOP_STOPPED, STOP_CARD_ONLY; in a delta also STOP_CLEAR */
};
struct stop_list_content {
    const struct stop_entry *cards; /* sorted by card_index, no two alike */
    const uint32_t *papers;         /* sorted serials, no two alike */
};
/* Bytes of the whole file for these counts (head.universe, cards_n, ecard_n, papers_n). */
size_t stop_list_bytes(const struct stop_list_head *head);
/* Write head and body; the 32 digest and 64 signature bytes are put in by the two calls below. */
void stop_list_write(const struct stop_list_head *head, const struct stop_list_content *content,
                     struct writer *w);
void stop_list_put_digest(uint8_t *file, const uint8_t digest[32]);
void stop_list_put_signature(uint8_t *file, const uint8_t signature[64]);
