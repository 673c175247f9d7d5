/* web/pages.h - the view struct and the function of every page (web/pages/NAME.html becomes
 * web_NAME). See web/web.h for how a handler uses them. tools/template checks each template against
 * these structs: an unknown field, a wrong type, an enumerator without words in web/strings/ stops
 * the build.
 *
 * In views: `*_n` counts the array beside it; an empty `struct str` means "there is none" and its
 * part of the page is left out; an instant of 0 means "not known". Where a page posts, the route
 * and its fields stand in the comment. All posts carry the form token besides and answer 303 to a
 * page, or the same page with frame.problems. `id` texts are public ids ("crd_…"). */
#pragma once
#include "web/web.h"

/* Routes without a page of their own: GET /preferences?lang=zh|en&elder=0|1&back=/path sets the
 * cookies `lang` and `elder` (a year, SameSite=Lax) and answers 303 to back when web_path_is_ours,
 * else to /. GET /card and GET /cards/current/lose stand for the live card of who is signed in.
 * POST /sign-out, POST /desk/sign-out, POST /gate/sign-out {} end a session; the answer of the
 * first should carry Clear-Site-Data: "cache", "storage". */

/* ---------- words for states: domain.md 3.1 ---------- */

enum web_social { /* 社保功能 */
                  WEB_SOCIAL_APPLIED,
                  WEB_SOCIAL_IN_PRODUCTION,
                  WEB_SOCIAL_WAITING,
                  WEB_SOCIAL_SEALED,
                  WEB_SOCIAL_NORMAL,
                  WEB_SOCIAL_TEMPORARY_LOSS,
                  WEB_SOCIAL_FORMAL_LOSS,
                  WEB_SOCIAL_LOCKED,
                  WEB_SOCIAL_STOPPED,
                  WEB_SOCIAL_EXPIRED,
                  WEB_SOCIAL_REPLACED,
                  WEB_SOCIAL_CANCELLED,
};
enum web_bank { /* 金融账户 */
                WEB_BANK_NOT_ACTIVATED,
                WEB_BANK_NORMAL,
                WEB_BANK_LOSS,
                WEB_BANK_FROZEN,
                WEB_BANK_DORMANT,
                WEB_BANK_CLOSED,
};
enum web_purse { /* 交通钱包 */
                 WEB_PURSE_NOT_ENABLED,
                 WEB_PURSE_ENABLED,
                 WEB_PURSE_BLACKLISTED,
                 WEB_PURSE_CLOSED,
};
enum web_ecard { /* 电子社保卡 */
                 WEB_ECARD_NONE,
                 WEB_ECARD_OFF_NOT_YET, /* with a card that is not enabled, … */
                 WEB_ECARD_OFF_LOCKED,
                 WEB_ECARD_OFF_STOPPED,
                 WEB_ECARD_ON,
                 WEB_ECARD_OFF_WITH_CARD, /* stopped together with the lost card; the holder may
                                         switch it on */
                 WEB_ECARD_ON_BY_CONSENT, /* on again although the card is lost, by the holder's
                                         recorded consent */
                 WEB_ECARD_ENDED,         /* card cancelled */
};

/* One card as every page shows it. */
struct web_card_line {
    struct str id;      /* crd_… */
    struct str card_no; /* masked: last four */
    enum web_social social;
    enum web_bank bank;
    enum web_purse purse;
    enum web_ecard ecard;
    struct str bank_name;
    struct instant since;   /* of the present social state */
    struct instant lapses;  /* a temporary loss ends by itself then; 0 without */
    struct str replaced_by; /* masked number of the newer card */
    bool may_lose, may_lift, may_lose_formally, may_replace, may_consent,
        may_withdraw; /* acts open to this reader now */
    bool may_activate, may_lock, may_unlock, may_stop, may_resume, may_cancel; /* staff's */
};

/* ---------- signing in ---------- */

enum web_signin_way { WEB_SIGNIN_SMS, WEB_SIGNIN_CODE, WEB_SIGNIN_PASSWORD };
/* GET /sign-in?way=sms|password|both&next=…
 * POST /sign-in/sms-codes {number, next, both?}  → the page with way = WEB_SIGNIN_CODE; whether the
 * number is known is not told. POST /sign-in {number, code, next}, {number, password, next}, or all
 * of them: known by both, for acts that ask for it   POST /sign-out {} */
struct web_signin_view {
    enum web_signin_way way;
    bool both;             /* message and password together */
    struct str user;       /* what was typed: person number or card number */
    struct str next;       /* path to go on to */
    int64_t wait_seconds;  /* until another code may be asked for; 0 now */
    struct str sms_outbox; /* demo: address of the simulated messages; else empty */
};
void web_signin(struct writer *w, const struct web_frame *frame,
                const struct web_signin_view *view);

/* GET /desk/sign-in   POST /desk/sign-in {user, password, totp, next}
 * GET /gate/sign-in   POST /gate/sign-in, the same fields */
struct web_staff_signin_view {
    struct str user;
    struct str next;
    struct str action; /* where it posts: /desk/sign-in or /gate/sign-in */
};
void web_staff_signin(struct writer *w, const struct web_frame *frame,
                      const struct web_staff_signin_view *view);

/* ---------- resident ---------- */

struct web_home_booking {
    struct str id, venue;
    struct instant opens;
    int64_t places;
};
struct web_home_message {
    struct instant at;
    struct str text;
};
/* GET /home */
struct web_home_view {
    struct str name; /* masked */
    const struct web_card_line *cards;
    size_t cards_n;
    const struct web_home_booking *bookings; /* the next ones, at most 3 */
    size_t bookings_n;
    const struct web_home_message *messages; /* the latest, at most 3 */
    size_t messages_n;
};
void web_home(struct writer *w, const struct web_frame *frame, const struct web_home_view *view);

enum web_purpose { /* 用途; card/wire/code.h's, as far as the page offers them */
                   WEB_PURPOSE_ENTRY,
                   WEB_PURPOSE_LIBRARY,
                   WEB_PURPOSE_MEDICAL,
                   WEB_PURPOSE_RIDE,
};
enum web_code_block { /* why there is no code */
                      WEB_CODE_OK,
                      WEB_CODE_NO_CARD,
                      WEB_CODE_CARD_LOST,
                      WEB_CODE_CARD_LOST_CONSENT, /* lost, but the holder may switch the e-card on
                                                   */
                      WEB_CODE_CARD_LOST_FORMALLY,
                      WEB_CODE_CARD_NOT_YET, /* ordered, or handed out and not enabled */
                      WEB_CODE_CARD_LOCKED,
                      WEB_CODE_CARD_STOPPED,
                      WEB_CODE_CARD_ENDED,
                      WEB_CODE_UNAVAILABLE, /* cannot be made just now */
};
/* GET /code?purpose=entry|library|medical|ride    server-made code, valid once, with a refresh link
 * With scripts the phone makes codes itself; its calls stand in web/README.md. */
struct web_code_view {
    enum web_code_block block;
    enum web_purpose purpose;
    struct str name;      /* masked */
    struct str holder_id; /* psn_…: the phone keeps its device by it */
    struct str card_id;   /* crd_… */
    struct instant lost_at;
    struct web_qr qr;      /* server-made */
    struct str code;       /* what the symbol holds: the server-made short code, worth one use */
    struct str short_code; /* typed code, digits in groups */
    struct instant made_at, expires_at;
    bool device_allowed; /* the page may enrol this browser as a device and make codes itself */
};
void web_code(struct writer *w, const struct web_frame *frame, const struct web_code_view *view);

/* GET /card and GET /cards/{card} */
struct web_card_view {
    struct web_card_line card;
    struct str name;
    const struct web_card_line *older; /* earlier cards of the same person */
    size_t older_n;
};
void web_card(struct writer *w, const struct web_frame *frame, const struct web_card_view *view);

/* What a resident confirms before it is done: one page, one button. Three taps to a loss: my card →
 * report → confirm.
 *   GET /cards/{card}/lose           POST /cards/{card}/loss-reports {kind=temporary, reason}
 *   GET /cards/{card}/lift           POST /cards/{card}/loss-lifts {}
 *   GET /cards/{card}/lose-formally  no form: a formal report needs papers, at a window
 *   GET /cards/{card}/ecard-on       POST /cards/{card}/ecard-consents {consent=on}
 *   GET /cards/{card}/ecard-off      POST /cards/{card}/ecard-withdrawals {}
 *   GET /cards/{card}/replace        POST /cards/{card}/replacements {}
 * A card that cannot take the act now is shown instead (web_card), with a notice that says why. */
enum web_card_act {
    WEB_CARD_ACT_LOSE,
    WEB_CARD_ACT_LIFT,
    WEB_CARD_ACT_FORMAL,
    WEB_CARD_ACT_CONSENT,
    WEB_CARD_ACT_WITHDRAW,
    WEB_CARD_ACT_REPLACE
};
/* What the reader lacks before the act may be done. */
enum web_need {
    WEB_NEED_NOTHING,
    WEB_NEED_BOTH,   /* signed in by message and password together */
    WEB_NEED_WINDOW, /* papers, seen at a window */
};
struct web_card_act_view {
    enum web_card_act act;
    enum web_need need;
    struct web_card_line card;
    struct str action;  /* where the form posts */
    struct str here;    /* this page, to come back to after signing in */
    int64_t lapse_days; /* of a temporary loss */
    struct money fee;   /* of a replacement; 0 is free */
};
void web_card_act(struct writer *w, const struct web_frame *frame,
                  const struct web_card_act_view *view);

/* After an act on a card: number, what happened, what comes next, print. A booking's page is its
 * own (web_booking). */
enum web_done_what {
    WEB_DONE_LOSE,
    WEB_DONE_LIFT,
    WEB_DONE_FORMAL,
    WEB_DONE_CONSENT,
    WEB_DONE_WITHDRAW,
    WEB_DONE_REPLACE,
};
struct web_done_gate { /* a gate that has the new list: the receipt of a loss */
    struct str name;
    struct instant obeyed_at; /* 0: not yet */
    int64_t after_msec;       /* from the report */
};
/* GET /cards/{card}/loss-reports/{loss}   GET /cards/{card}/changes/{change}: the other acts */
struct web_done_view {
    enum web_done_what what;
    struct str number; /* public id of the act */
    struct instant at;
    struct instant until;        /* lapse of a temporary loss; 0 without */
    struct str card_id, card_no; /* masked number */
    struct str new_card_no;      /* of a replacement, masked */
    struct money fee;            /* of a replacement, paid when it is collected; 0: none */
    struct str code;             /* verification code of the receipt */
    struct str proof;            /* GET /proofs/{code}: the printed receipt */
    const struct web_done_gate *gates;
    size_t gates_n;
    bool gates_wait; /* one of them has not obeyed yet: ask again */
};
void web_done(struct writer *w, const struct web_frame *frame, const struct web_done_view *view);

enum web_use_kind {
    WEB_USE_VERIFY,
    WEB_USE_ADMIT,
    WEB_USE_BOOK,
    WEB_USE_READ,
    WEB_USE_OWN, /* the holder's own act, online */
    WEB_USE_STAFF,
    WEB_USE_OTHER, /* of a helper, a partner or the system */
};
enum web_use_verdict { WEB_USE_ALLOWED, WEB_USE_REFUSED };
struct web_use_line {
    struct instant at;
    enum web_use_kind kind;
    enum web_use_verdict verdict;
    struct str item, place,
        actor;         /* in words: the holder, a clerk of an office, a gate by its name */
    struct str reason; /* of a refusal, in words */
    bool simulated;    /* provenance: simulator or test holder */
};
/* GET /uses?cursor=… who used my card 谁用过我的卡 */
struct web_uses_view {
    const struct web_use_line *lines;
    size_t lines_n;
    struct str older; /* address of the next page, or empty */
};
void web_uses(struct writer *w, const struct web_frame *frame, const struct web_uses_view *view);

/* ---------- venues ---------- */

struct web_venue_line {
    struct str id, name, city, kind; /* kind in words: 博物馆, 景区 … */
    int64_t free_places;             /* today */
    bool booking;                    /* can be booked here */
    bool closed;                     /* nothing to book today: closed, or over */
    struct instant next_day;         /* nothing more today: the next with places; 0: none known */
};
struct web_option {
    struct str value, label;
    bool chosen;
};
/* GET /venues?q=…&city=340100&from=…: for anybody */
struct web_venues_view {
    struct str q;
    const struct web_option *cities; /* the sixteen, by the catalogue */
    size_t cities_n;
    const struct web_venue_line *venues;
    size_t venues_n;
    struct str more; /* address of the next page */
};
void web_venues(struct writer *w, const struct web_frame *frame,
                const struct web_venues_view *view);

struct web_slot_line {
    struct str id;
    struct instant opens, closes;
    int64_t quota, free_places;
    bool bookable;
};
/* GET /venues/{venue}?day=2021-08-20&slot=slt_…&places=1..5: for anybody. Its form asks
 * GET /venues/{venue}/bookings?slot=slt_…&places=1..5 (web_book). */
struct web_venue_view {
    struct str id, name, city, address, kind;
    struct date day;
    struct str before, after; /* addresses of the day before and after, or empty */
    const struct web_slot_line *slots;
    size_t slots_n;
    bool bookable;          /* some slot of the day is */
    struct str next;        /* address of the next day with a bookable slot, when this has none */
    struct instant next_at; /* when that one opens */
    struct str chosen;      /* id of the slot already picked, or empty */
    struct str places;      /* already typed */
};
void web_venue(struct writer *w, const struct web_frame *frame, const struct web_venue_view *view);

/* GET /venues/{venue}/bookings?slot=…&places=…: check the answers before they are sent.
 * POST /venues/{venue}/bookings {slot, places=1..5} → 303 /bookings/{booking}; a slot taken
 * meanwhile is the venue's page again, with the nearest free ones. */
struct web_book_view {
    struct str id, name, city, address;
    struct str slot;
    struct instant opens, closes;
    int64_t places;
    struct str holder; /* masked name of who books */
    struct str back;   /* address of the venue's page with this choice */
};
void web_book(struct writer *w, const struct web_frame *frame, const struct web_book_view *view);

enum web_booking_state {
    WEB_BOOKING_BOOKED,
    WEB_BOOKING_ADMITTED,
    WEB_BOOKING_CANCELLED,
    WEB_BOOKING_NO_SHOW
};
struct web_booking_line {
    struct str id, venue_id, venue;
    struct instant opens, closes;
    int64_t places;
    enum web_booking_state state;
};
/* GET /bookings?before=bkg_… newest first */
struct web_bookings_view {
    const struct web_booking_line *bookings;
    size_t bookings_n;
    struct str older; /* address of the next page, or empty */
};
void web_bookings(struct writer *w, const struct web_frame *frame,
                  const struct web_bookings_view *view);

/* GET /bookings/{booking}: number, state, what comes next, print; where booking and cancelling lead
 * to. POST /bookings/{booking}/cancellations {} → 303 to it */
struct web_booking_view {
    struct web_booking_line booking;
    struct instant made_at, ended_at; /* ended_at: 0 while booked */
    struct str city, address;
    bool may_cancel;
    struct str code, proof; /* as of web_done_view */
};
void web_booking(struct writer *w, const struct web_frame *frame,
                 const struct web_booking_view *view);

/* ---------- gate ---------- */

enum web_gate_verdict {
    WEB_GATE_READY, /* waiting for a code */
    WEB_GATE_PASS,
    WEB_GATE_REFUSED,
    WEB_GATE_STAFF, /* pass only after staff looked: name and photo check */
};
/* GET /gate?after=…: staff choose the gate they stand at, among those in service where they may
 * admit */
struct web_gate_line {
    struct str id, name, place;
    struct instant seen_at; /* last heard from; 0 never */
};
struct web_gates_view {
    const struct web_gate_line *gates;
    size_t gates_n;
    struct str more; /* address of the next page, or empty */
};
void web_gates(struct writer *w, const struct web_frame *frame, const struct web_gates_view *view);

/* GET /gate/{gate}   POST /gate/{gate}/scans {code}: the same page with the verdict (scripts off)
 */
struct web_gate_view {
    struct str id, place;
    enum web_gate_verdict verdict;
    struct str reason;       /* in words, of a refusal */
    struct str read;         /* what was read: kind and last digits */
    struct str holder;       /* masked name */
    int64_t places;          /* admitted people */
    struct instant first_at; /* of a repeat: when it was first used */
    struct str first_place;
    bool online;
    int64_t list_age_seconds;  /* of the stop list; -1 none */
    int64_t queue;             /* admissions not yet handed in */
    int64_t clock_offset_msec; /* of this gate against the centre */
    struct str staff;          /* who stands here: their user name; empty at a gate by itself */
};
void web_gate(struct writer *w, const struct web_frame *frame, const struct web_gate_view *view);

/* ---------- counter ---------- */

struct web_desk_hit {
    struct str id, name, person_no; /* masked */
    struct str region;
    bool has_card;
    enum web_social social; /* of the live card */
};
struct web_desk_event { /* what happened to the card, newest first */
    struct instant at;
    struct str what, by;
};
/* Why staff look at a person, as the person reads it. */
enum web_look_why { WEB_LOOK_COUNTER, WEB_LOOK_PHONE, WEB_LOOK_CASE, WEB_LOOK_SUPERVISION };
/* GET /desk: search box
 * POST /desk/searches {q}: a person's or a card's number, never in an address
 * GET /desk/persons/{person}
 * POST /desk/persons/{person}/reveals {fields, purpose}: the same page with those in clear */
struct web_desk_view {
    bool searched;
    struct str q_masked; /* what was searched, masked */
    const struct web_desk_hit *hits;
    size_t hits_n;
    struct str person_id;                             /* one person is open, or empty */
    struct str name, person_no, phone, region, birth; /* masked, or opened */
    enum web_look_why why;                            /* what was recorded of this look */
    bool may_reveal, opened;
    const struct web_card_line *cards;
    size_t cards_n;
    bool may_issue; /* no card lives, and this clerk may issue one here */
    const struct web_desk_event *events;
    size_t events_n;
    bool reader_ok, printer_ok, network_ok;
};
void web_desk(struct writer *w, const struct web_frame *frame, const struct web_desk_view *view);

/* What staff do at a counter, one page and one button each. Without a card: ISSUE.
 * GET /desk/persons/{person}/issue           POST /desk/persons/{person}/cards {generation=2|3,
 * ready=now|later}
 * GET /desk/cards/{card}/activate            POST …/activations {function=both|social|bank}
 * GET …/lose, …/lose-formally                POST …/loss-reports {kind, reason}
 * GET …/lift                                 POST …/loss-lifts {}
 * GET …/replace                              POST …/replacements {reason, ready=now|later}
 * GET …/lock, unlock, stop, resume           POST …/locks, unlocks, stops, resumes {}
 * GET …/cancel                               POST …/cancellations {reason}
 * Each POST answers 303 to GET /desk/cards/{card}/acts/{act}. */
enum web_desk_what {
    WEB_DESK_ISSUE,
    WEB_DESK_ACTIVATE,
    WEB_DESK_LOSE,
    WEB_DESK_FORMAL,
    WEB_DESK_LIFT,
    WEB_DESK_REPLACE,
    WEB_DESK_LOCK,
    WEB_DESK_UNLOCK,
    WEB_DESK_STOP,
    WEB_DESK_RESUME,
    WEB_DESK_CANCEL,
};
enum web_desk_question { /* above radio buttons */
                         WEB_ASK_REASON,
                         WEB_ASK_READY,
                         WEB_ASK_FUNCTION,
                         WEB_ASK_GENERATION,
};
enum web_desk_choice { /* beside one */
                       WEB_CHOICE_LOST,
                       WEB_CHOICE_STOLEN,
                       WEB_CHOICE_OTHER,
                       WEB_CHOICE_DAMAGED,
                       WEB_CHOICE_WRONG_DATA,
                       WEB_CHOICE_EXPIRED,
                       WEB_CHOICE_UPGRADE,
                       WEB_CHOICE_BANK,
                       WEB_CHOICE_DEATH,
                       WEB_CHOICE_EMIGRATION,
                       WEB_CHOICE_INSURANCE_ENDED,
                       WEB_CHOICE_SECOND_CARD,
                       WEB_CHOICE_NOT_COLLECTED,
                       WEB_CHOICE_OWN_WISH,
                       WEB_CHOICE_NOW,
                       WEB_CHOICE_LATER,
                       WEB_CHOICE_BOTH,
                       WEB_CHOICE_SOCIAL_ONLY,
                       WEB_CHOICE_BANK_ONLY,
                       WEB_CHOICE_THIRD,
                       WEB_CHOICE_SECOND,
};
struct web_desk_option {
    enum web_desk_choice choice;
    struct str value;
    bool chosen;
};
struct web_desk_group {
    enum web_desk_question question;
    struct str name; /* the field's */
    const struct web_desk_option *options;
    size_t options_n;
};
struct web_desk_act_view {
    enum web_desk_what what;
    bool has_card; /* all but ISSUE */
    struct web_card_line card;
    struct str person_id, name, person_no; /* masked */
    struct str action;                     /* where the form posts; empty: it can't be done now */
    const struct web_desk_group *groups;
    size_t groups_n;
    int64_t lapse_days;  /* of a temporary loss */
    struct str since_by; /* who brought the card into its state; shown when it can't be done */
};
void web_desk_act(struct writer *w, const struct web_frame *frame,
                  const struct web_desk_act_view *view);

/* GET /desk/cards/{card}/acts/{act}: number, what happened, next step, slip to print */
struct web_desk_done_view {
    enum web_desk_what what;
    struct str number;        /* public id: of the loss report, the new card, else of the act */
    struct instant at, until; /* until: lapse of a temporary loss; 0 without */
    struct str by;            /* office and clerk */
    struct str person_id, name, person_no; /* masked */
    struct web_card_line card;             /* as it is now; of a replacement the new one */
    struct str old_card_no;                /* masked, of a replacement */
};
void web_desk_done(struct writer *w, const struct web_frame *frame,
                   const struct web_desk_done_view *view);

/* ---------- record line ---------- */

struct web_record_line {
    struct instant at;
    struct str id; /* event id: the stream resumes after it */
    struct str text, place, actor;
    enum web_use_verdict verdict;
    bool simulated;
};
/* GET /records: the newest 30 journal lines, masked; scripts read on from `stream` by EventSource
 */
struct web_records_view {
    const struct web_record_line *lines;
    size_t lines_n;
    struct str stream; /* /v1/journal-lines/events */
    bool sealed;       /* all lines shown lie in signed blocks */
};
void web_records(struct writer *w, const struct web_frame *frame,
                 const struct web_records_view *view);

/* ---------- proofs, errors, the rest ---------- */

enum web_proof_state { WEB_PROOF_ASK, WEB_PROOF_GENUINE, WEB_PROOF_UNKNOWN };
struct web_proof_row {
    struct str what, value;
};
/* GET /proofs?code=…: asks for a verification code, 303 to GET /proofs/{code}: answers genuine or
 * not, and prints. For anybody, signed in or not: names nobody. */
struct web_proof_view {
    enum web_proof_state state;
    struct str title, number, code;
    struct instant at;
    const struct web_proof_row *rows;
    size_t rows_n;
    struct instant shown_at;
    struct web_qr qr; /* leads to this page */
};
void web_proof(struct writer *w, const struct web_frame *frame, const struct web_proof_view *view);

/* Any answer that is not a page of its own. text says what happened, what is saved and what to do.
 */
struct web_error_view {
    int64_t status;
    struct str title, text;
    struct str code;  /* stable, as in the API: card_already_lost */
    struct str again; /* address to try again, or empty */
};
void web_error(struct writer *w, const struct web_frame *frame, const struct web_error_view *view);

/* GET /about: rules, privacy, accessibility, help */
struct web_about_view {
    bool style; /* /_style is there to look at */
};
void web_about(struct writer *w, const struct web_frame *frame, const struct web_about_view *view);

/* GET / in the demo: phone, gate and counter side by side, the record line below. Roles change by a
 * click (demo only). */
struct web_demo_view {
    struct str resident,
        resident_url; /* masked name; /demo/as/resident?next=/code : signs in and goes on */
    struct str gate_name, gate_url;           /* /demo/as/gate?next=/gate/… */
    struct str next_gate_name, next_gate_url; /* of another place, for the new card; or empty */
    struct str clerk, desk_url;               /* /demo/as/clerk?next=/desk/persons/… */
    struct str records_url;                   /* /records?panel=1 */
    struct str card_id;                       /* of the resident, crd_… */
    int64_t people, cards, venues; /* how large this province is: alive, living, listed */
};
void web_demo(struct writer *w, const struct web_frame *frame, const struct web_demo_view *view);

/* GET /_style: every component in every state; of test systems, linked from /about there. */
struct web_style_view {
    struct web_qr qr;
    struct web_card_line card, lost;
};
void web_style(struct writer *w, const struct web_frame *frame, const struct web_style_view *view);
