/* api/routes.c - every route on one line: method, path, who and how, what it takes, handler. */
#include "api/handlers.h"

#define GET METHOD_GET
#define POST METHOD_POST
#define DELETE METHOD_DELETE
#define NOW ROUTE_IMMEDIATE
#define PUBLIC API_PUBLIC

/* clang-format off */
const struct route ROUTES[] = {
    /* method, path, flags, scope, handler, query, body_max */
    { GET, "/v1/version",              PUBLIC | NOW, NULL, get_version, NULL, 0 },
    { GET, "/v1/openapi.json",         PUBLIC | NOW, NULL, get_openapi, NULL, 0 },
    { GET, "/docs/errors",             PUBLIC,       NULL, get_errors,  NULL, 0 },
    { GET, "/docs/errors/{code}",      PUBLIC,       NULL, get_error,   NULL, 0 },

    { POST, "/v1/sign-in-codes", PUBLIC | API_GUESS, NULL, post_sign_in_code, NULL, 0 },

    { POST, "/v1/sessions", PUBLIC | API_GUESS, NULL, post_session, NULL, 0 },
    { GET, "/v1/sessions/current", 0, NULL, get_session, NULL, 0 },
    { DELETE, "/v1/sessions/current", 0, NULL, delete_session, NULL, 0 },

    { POST, "/v1/persons", API_ONCE, "person.add", post_person, NULL, 0 },
    { POST, "/v1/persons/searches", API_PURPOSE, "person.find", post_person_search, NULL, 0 },
    { GET, "/v1/persons/{person}", API_PURPOSE, "self.view card.view", get_person, NULL, 0 },
    { POST, "/v1/persons/{person}/reveals", API_PURPOSE, "person.reveal", post_reveal, NULL, 0 },
    { GET, "/v1/persons/{person}/notices", API_PURPOSE, "self.view card.view", get_notices, PAGE_QUERY, 0 },
    { GET, "/v1/persons/{person}/relations", API_PURPOSE, "self.view card.view", get_relations, PAGE_QUERY " as", 0 },
    { POST, "/v1/persons/{person}/relations", API_ONCE, "self.lose person.correct", post_relation, NULL, 0 },
    { DELETE, "/v1/persons/{person}/relations/{relation}", 0, "self.lose person.correct", delete_relation, NULL, 0 },
    { GET, "/v1/persons/{person}/cards", API_PURPOSE, "self.view card.view", get_person_cards, NULL, 0 },
    { GET, "/v1/persons/{person}/access-records", API_PURPOSE, "self.view journal.view", get_access_records, PAGE_QUERY, 0 },

    { POST, "/v1/access-records/{line}/contests", API_ONCE, "self.view", post_contest, NULL, 0 },

    { POST, "/v1/cards", API_ONCE, "card.issue", post_card, NULL, 0 },
    { GET, "/v1/cards/{card}", API_PURPOSE, "self.view card.view", get_card, NULL, 0 },
    { GET, "/v1/cards/{card}/events", API_PURPOSE, "self.view card.view", get_card_events, NULL, 0 },
    { POST, "/v1/cards/{card}/activations", API_ONCE, "card.activate", post_activation, NULL, 0 },
    { POST, "/v1/cards/{card}/ecard-consents", API_ONCE, "self.lose", post_ecard_consent, NULL, 0 },
    { POST, "/v1/cards/{card}/ecard-withdrawals", API_ONCE, "self.lose", post_ecard_withdrawal, NULL, 0 },
    { POST, "/v1/cards/{card}/replacements", API_ONCE, "card.replace", post_replacement, NULL, 0 },
    { POST, "/v1/cards/{card}/cancellations", API_ONCE, "card.cancel", post_cancellation, NULL, 0 },
    { POST, "/v1/cards/{card}/locks", API_ONCE, "card.unlock", post_lock, NULL, 0 },
    { POST, "/v1/cards/{card}/unlocks", API_ONCE, "card.unlock", post_unlock, NULL, 0 },
    { POST, "/v1/cards/{card}/stops", API_ONCE, "card.stop", post_stop, NULL, 0 },
    { POST, "/v1/cards/{card}/resumes", API_ONCE, "card.stop", post_resume, NULL, 0 },
    { POST, "/v1/cards/{card}/pin-resets", API_ONCE, "card.unlock", post_pin_reset, NULL, 0 },
    { POST, "/v1/cards/{card}/paper-codes", API_ONCE, "self.device card.issue", post_paper_code, NULL, 0 },
    { GET, "/v1/cards/{card}/paper-codes", API_PURPOSE, "self.device card.issue", get_paper_codes, NULL, 0 },
    { DELETE, "/v1/cards/{card}/paper-codes/{serial}", 0, "self.device card.issue", delete_paper_code, NULL, 0 },
    { POST, "/v1/cards/{card}/loss-reports", API_ONCE, "self.lose card.lose.temporary card.lose.formal", post_loss_report, NULL, 0 },
    { GET, "/v1/cards/{card}/loss-reports/{loss}", API_PURPOSE, "self.view card.view", get_loss_report, NULL, 0 },
    { DELETE, "/v1/cards/{card}/loss-reports/{loss}", 0, "self.lose card.unlose", delete_loss_report, NULL, 0 },
    { GET, "/v1/cards/{card}/loss-reports/{loss}/receipt", API_PURPOSE, "self.view card.view", get_loss_receipt, PAGE_QUERY, 0 },

    { POST, "/v1/devices", API_ONCE, "self.device", post_device, NULL, 0 },
    { GET, "/v1/devices", 0, "self.device", get_devices, NULL, 0 },
    { DELETE, "/v1/devices/{device}", 0, "self.device", delete_device, NULL, 0 },
    { POST, "/v1/devices/{device}/code-bundles", 0, "self.device", post_code_bundle, NULL, 0 },

    { POST, "/v1/short-codes", 0, "self.device", post_short_code, NULL, 0 },

    { POST, "/v1/verifications", API_GRADE_B, "verify", post_verification, NULL, 0 },

    { POST, "/v1/check-ins", API_GRADE_B, "admit", post_check_in, NULL, 0 },

    { POST, "/v1/check-in-batches", API_GRADE_B, "admit", post_check_in_batch, NULL, 0 },

    { POST, "/v1/checks", API_GRADE_B | NOW, "verify", post_check, NULL, 0 },

    { GET, "/v1/verification-keys", PUBLIC, NULL, get_verification_keys, NULL, 0 },

    { GET, "/v1/stop-lists/cards", API_GRADE_B, "verify", get_stop_list, "incarnation from", 0 },

    { POST, "/v1/terminals", API_ONCE, "terminal.enrol", post_terminal, NULL, 0 },
    { GET, "/v1/terminals", 0, "terminal.enrol", get_terminals, "limit cursor venue state", 0 },
    { GET, "/v1/terminals/{terminal}", 0, "admit terminal.enrol", get_terminal, NULL, 0 },
    { POST, "/v1/terminals/{terminal}/activations", 0, "terminal.enrol", post_terminal_activation, NULL, 0 },
    { POST, "/v1/terminals/{terminal}/revocations", 0, "terminal.enrol", post_terminal_revocation, NULL, 0 },

    { POST, "/v1/terminal-enrolments", PUBLIC, NULL, post_terminal_enrolment, NULL, 0 },

    { POST, "/v1/terminals/{terminal}/tokens", PUBLIC | API_GUESS, NULL, post_terminal_token, NULL, 0 },
    { POST, "/v1/terminals/{terminal}/heartbeats", API_GRADE_B, "admit", post_heartbeat, NULL, 0 },

    { GET, "/v1/venues", PUBLIC, NULL, get_venues, PAGE_QUERY " city kind", 0 },
    { GET, "/v1/venues/{venue}", PUBLIC, NULL, get_venue, NULL, 0 },
    { GET, "/v1/venues/{venue}/slots", PUBLIC, NULL, get_slots, "day", 0 },
    { GET, "/v1/venues/{venue}/occupancy", PUBLIC, NULL, get_occupancy, NULL, 0 },
    { POST, "/v1/venues/{venue}/slots/{slot}/bookings", API_ONCE, "self.book", post_booking, NULL, 0 },

    { GET, "/v1/bookings", 0, "self.book", get_bookings, PAGE_QUERY, 0 },

    { GET, "/v1/venues/{venue}/bookings/{booking}", API_PURPOSE, "self.book booking.view", get_booking, NULL, 0 },
    { POST, "/v1/venues/{venue}/bookings/{booking}/cancellations", 0, "self.book", post_booking_cancellation, NULL, 0 },

    { POST, "/v1/staff", API_ONCE, "staff.manage", post_staff, NULL, 0 },
    { GET, "/v1/staff", 0, "staff.manage", get_staff_list, "limit cursor role region_code", 0 },
    { GET, "/v1/staff/{staff}", 0, "staff.manage", get_staff, NULL, 0 },
    { POST, "/v1/staff/{staff}/roles", 0, "staff.manage", post_staff_role, NULL, 0 },
    { POST, "/v1/staff/{staff}/role-withdrawals", 0, "staff.manage", post_staff_role_withdrawal, NULL, 0 },
    { POST, "/v1/staff/{staff}/credentials", API_ONCE, "staff.manage", post_staff_credentials, NULL, 0 },
    { POST, "/v1/staff/{staff}/disablements", 0, "staff.manage", post_staff_disablement, NULL, 0 },
    { POST, "/v1/staff/{staff}/enablements", 0, "staff.manage", post_staff_enablement, NULL, 0 },
    { POST, "/v1/staff/{staff}/tokens", API_ONCE, NULL, post_staff_token, NULL, 0 },
    { GET, "/v1/staff/{staff}/tokens", 0, NULL, get_staff_tokens, "limit cursor", 0 },
    { DELETE, "/v1/staff/{staff}/tokens/{token}", 0, NULL, delete_staff_token, NULL, 0 },

    { GET, "/v1/audit-entries", API_PURPOSE, "journal.view", get_audit_entries, "limit cursor actor region_code kind from to", 0 },

    { POST, "/v1/audit-verifications", API_ONCE, "audit.verify", post_audit_verification, NULL, 0 },
    { GET, "/v1/audit-verifications/{verification}", 0, "audit.verify", get_audit_verification, NULL, 0 },

    { GET, "/v1/jobs", 0, "job.manage", get_jobs, "limit cursor state kind", 0 },
    { GET, "/v1/jobs/{job}", 0, "job.manage", get_job, NULL, 0 },
    { POST, "/v1/jobs/{job}/cancellations", 0, "job.manage", post_job_cancellation, NULL, 0 },
    { POST, "/v1/jobs/{job}/retries", 0, "job.manage", post_job_retry, NULL, 0 },

    { GET, "/v1/worklist", 0, "worklist", get_worklist, "limit cursor state kind region_code mine overdue", 0 },
    { GET, "/v1/worklist/{item}", 0, "worklist", get_worklist_item, NULL, 0 },
    { POST, "/v1/worklist/{item}/takings", API_ONCE, "worklist", post_worklist_taking, NULL, 0 },
    { POST, "/v1/worklist/{item}/returns", API_ONCE, "worklist", post_worklist_return, NULL, 0 },
    { POST, "/v1/worklist/{item}/transfers", API_ONCE, "worklist", post_worklist_transfer, NULL, 0 },
    { POST, "/v1/worklist/{item}/answers", API_ONCE, "worklist", post_worklist_answer, NULL, 0 },
    { POST, "/v1/worklist/{item}/closures", API_ONCE, "worklist", post_worklist_closure, NULL, 0 },

    { GET, "/v1/regions", PUBLIC, NULL, get_regions, PAGE_QUERY " level parent", 0 },
    { GET, "/v1/service-items", PUBLIC, NULL, get_service_items, PAGE_QUERY " city state domain mechanism", 0 },
    { GET, "/v1/service-items/{item}", PUBLIC, NULL, get_service_item, NULL, 0 },
    { GET, "/v1/parameters", 0, "catalogue.view", get_parameters, "limit cursor key region_code", 0 },

    { GET, "/v1/journal-lines", PUBLIC, NULL, get_journal_lines, "limit cursor", 0 },
    { GET, "/v1/journal-lines/events", PUBLIC | ROUTE_STREAM, NULL, get_journal_events, NULL, 0 },

    /* pages */
    { GET, "/", PUBLIC | API_PAGE, NULL, get_start, NULL, 0 },
    { GET, "/about", PUBLIC | API_PAGE, NULL, get_about, NULL, 0 },
    { GET, "/preferences", PUBLIC | API_PAGE, NULL, get_preferences, "lang elder back", 0 },
    { GET, "/records", PUBLIC | API_PAGE, NULL, get_records_page, NULL, 0 },

    { GET, "/demo/as/resident", PUBLIC | API_PAGE, NULL, get_as_resident, "person next", 0 },
    { GET, "/demo/as/clerk", PUBLIC | API_PAGE, NULL, get_as_clerk, "next", 0 },
    { GET, "/demo/as/gate", PUBLIC | API_PAGE, NULL, get_as_gate, "terminal next", 0 },

    { GET, "/sign-in", PUBLIC | API_PAGE, NULL, get_sign_in_page, "way next", 0 },
    { POST, "/sign-in/sms-codes", PUBLIC | API_PAGE | API_GUESS | ROUTE_FORM, NULL, post_sms_code_page, NULL, 0 },
    { POST, "/sign-in", PUBLIC | API_PAGE | API_GUESS | ROUTE_FORM, NULL, post_sign_in_page, NULL, 0 },
    { POST, "/sign-out", API_PAGE | ROUTE_FORM, NULL, post_sign_out_page, NULL, 0 },

    { GET, "/_style", PUBLIC | API_PAGE, NULL, get_style_page, NULL, 0 },
    { GET, "/proofs", PUBLIC | API_PAGE | API_GUESS, NULL, get_proofs_page, "code", 0 },
    { GET, "/proofs/{code}", PUBLIC | API_PAGE | API_GUESS, NULL, get_proof_page, NULL, 0 },

    { GET, "/home", API_PAGE, "self.view", get_home_page, NULL, 0 },
    { GET, "/code", API_PAGE, "self.device", get_code_page, "purpose", 0 },
    { GET, "/card", API_PAGE, "self.view", get_own_card_page, NULL, 0 },
    { GET, "/cards/current/lose", API_PAGE, "self.lose", get_own_lose_page, NULL, 0 },
    { GET, "/cards/{card}", API_PAGE, "self.view", get_card_page, NULL, 0 },
    { GET, "/cards/{card}/lose", API_PAGE, "self.lose", get_lose_page, NULL, 0 },
    { GET, "/cards/{card}/lift", API_PAGE, "self.lose", get_lift_page, NULL, 0 },
    { GET, "/cards/{card}/lose-formally", API_PAGE, "self.lose", get_formal_loss_page, NULL, 0 },
    { GET, "/cards/{card}/ecard-on", API_PAGE, "self.lose", get_ecard_on_page, NULL, 0 },
    { GET, "/cards/{card}/ecard-off", API_PAGE, "self.lose", get_ecard_off_page, NULL, 0 },
    { GET, "/cards/{card}/replace", API_PAGE, "self.lose", get_replace_page, NULL, 0 },
    { GET, "/cards/{card}/loss-reports/{loss}", API_PAGE, "self.lose", get_loss_page, NULL, 0 },
    { GET, "/cards/{card}/changes/{change}", API_PAGE, "self.lose", get_change_page, NULL, 0 },
    { POST, "/cards/{card}/loss-reports", API_PAGE | ROUTE_FORM, "self.lose", post_lose_page, NULL, 0 },
    { POST, "/cards/{card}/loss-lifts", API_PAGE | ROUTE_FORM, "self.lose", post_lift_page, NULL, 0 },
    { POST, "/cards/{card}/ecard-consents", API_PAGE | ROUTE_FORM, "self.lose", post_consent_page, NULL, 0 },
    { POST, "/cards/{card}/ecard-withdrawals", API_PAGE | ROUTE_FORM, "self.lose", post_withdrawal_page, NULL, 0 },
    { POST, "/cards/{card}/replacements", API_PAGE | ROUTE_FORM, "self.lose", post_replacement_page, NULL, 0 },
    { GET, "/uses", API_PAGE, "self.view", get_uses_page, "before", 0 },

    { GET, "/venues", PUBLIC | API_PAGE, NULL, get_venues_page, "q city from", 0 },
    { GET, "/venues/{venue}", PUBLIC | API_PAGE, NULL, get_venue_page, "day slot places", 0 },
    { GET, "/venues/{venue}/bookings", API_PAGE, "self.book", get_book_page, "slot places", 0 },
    { POST, "/venues/{venue}/bookings", API_PAGE | ROUTE_FORM, "self.book", post_book_page, NULL, 0 },
    { GET, "/bookings", API_PAGE, "self.book", get_bookings_page, "before", 0 },
    { GET, "/bookings/{booking}", API_PAGE, "self.book", get_booking_page, NULL, 0 },
    { POST, "/bookings/{booking}/cancellations", API_PAGE | ROUTE_FORM, "self.book", post_cancellation_page, NULL, 0 },

    { GET, "/gate/sign-in", PUBLIC | API_PAGE, NULL, get_staff_sign_in, "next", 0 },
    { POST, "/gate/sign-in", PUBLIC | API_PAGE | API_GUESS | ROUTE_FORM, NULL, post_staff_sign_in, NULL, 0 },
    { POST, "/gate/sign-out", API_PAGE | ROUTE_FORM, NULL, post_staff_sign_out, NULL, 0 },
    { GET, "/gate", API_PAGE, "admit", get_gates_page, "after", 0 },
    { GET, "/gate/{gate}", API_PAGE, "admit", get_gate_page, NULL, 0 },
    { POST, "/gate/{gate}/scans", API_PAGE | ROUTE_FORM, "admit", post_gate_scan, NULL, 0 },

    { GET, "/desk", API_PAGE, "person.find", get_desk, NULL, 0 },
    { GET, "/desk/sign-in", PUBLIC | API_PAGE, NULL, get_staff_sign_in, "next", 0 },
    { POST, "/desk/sign-in", PUBLIC | API_PAGE | API_GUESS | ROUTE_FORM, NULL, post_staff_sign_in, NULL, 0 },
    { POST, "/desk/sign-out", API_PAGE | ROUTE_FORM, NULL, post_staff_sign_out, NULL, 0 },
    { POST, "/desk/searches", API_PAGE | ROUTE_FORM, "person.find", post_desk_search, NULL, 0 },
    { GET, "/desk/persons/{person}", API_PAGE, "card.view", get_desk_person, NULL, 0 },
    { POST, "/desk/persons/{person}/reveals", API_PAGE | ROUTE_FORM, "person.reveal", post_desk_reveal, NULL, 0 },
    { GET, "/desk/persons/{person}/issue", API_PAGE, "card.issue", get_desk_issue, NULL, 0 },
    { POST, "/desk/persons/{person}/cards", API_PAGE | ROUTE_FORM, "card.issue", post_desk_issue, NULL, 0 },
    { GET, "/desk/cards/{card}/activate", API_PAGE, "card.activate", get_desk_act, NULL, 0 },
    { POST, "/desk/cards/{card}/activations", API_PAGE | ROUTE_FORM, "card.activate", post_desk_act, NULL, 0 },
    { GET, "/desk/cards/{card}/lose", API_PAGE, "card.lose.temporary", get_desk_act, NULL, 0 },
    { POST, "/desk/cards/{card}/loss-reports", API_PAGE | ROUTE_FORM, "card.lose.temporary card.lose.formal", post_desk_act, NULL, 0 },
    { GET, "/desk/cards/{card}/lose-formally", API_PAGE, "card.lose.formal", get_desk_act, NULL, 0 },
    { GET, "/desk/cards/{card}/lift", API_PAGE, "card.unlose", get_desk_act, NULL, 0 },
    { POST, "/desk/cards/{card}/loss-lifts", API_PAGE | ROUTE_FORM, "card.unlose", post_desk_act, NULL, 0 },
    { GET, "/desk/cards/{card}/replace", API_PAGE, "card.replace", get_desk_act, NULL, 0 },
    { POST, "/desk/cards/{card}/replacements", API_PAGE | ROUTE_FORM, "card.replace", post_desk_act, NULL, 0 },
    { GET, "/desk/cards/{card}/lock", API_PAGE, "card.unlock", get_desk_act, NULL, 0 },
    { POST, "/desk/cards/{card}/locks", API_PAGE | ROUTE_FORM, "card.unlock", post_desk_act, NULL, 0 },
    { GET, "/desk/cards/{card}/unlock", API_PAGE, "card.unlock", get_desk_act, NULL, 0 },
    { POST, "/desk/cards/{card}/unlocks", API_PAGE | ROUTE_FORM, "card.unlock", post_desk_act, NULL, 0 },
    { GET, "/desk/cards/{card}/stop", API_PAGE, "card.stop", get_desk_act, NULL, 0 },
    { POST, "/desk/cards/{card}/stops", API_PAGE | ROUTE_FORM, "card.stop", post_desk_act, NULL, 0 },
    { GET, "/desk/cards/{card}/resume", API_PAGE, "card.stop", get_desk_act, NULL, 0 },
    { POST, "/desk/cards/{card}/resumes", API_PAGE | ROUTE_FORM, "card.stop", post_desk_act, NULL, 0 },
    { GET, "/desk/cards/{card}/cancel", API_PAGE, "card.cancel", get_desk_act, NULL, 0 },
    { POST, "/desk/cards/{card}/cancellations", API_PAGE | ROUTE_FORM, "card.cancel", post_desk_act, NULL, 0 },
    { GET, "/desk/cards/{card}/acts/{act}", API_PAGE, "card.view", get_desk_done, NULL, 0 },
};
const size_t ROUTES_N = LEN(ROUTES);

const struct route INTERNAL_ROUTES[] = {
    { GET, "/healthz", NOW, NULL, get_health,  NULL, 0 },
    { GET, "/readyz",  0,   NULL, get_ready,   NULL, 0 },
    { GET, "/metrics", 0,   NULL, get_metrics, NULL, 0 },
};
const size_t INTERNAL_ROUTES_N = LEN(INTERNAL_ROUTES);
/* clang-format on */
