/* api/handlers.h - every handler that api/routes.c names, by the file it stands in. */
#pragma once
#include "api/api.h"

/* api/system.c */
handler get_version, get_openapi, get_errors, get_error, get_health, get_ready, get_metrics;

/* api/sessions.c */
handler post_sign_in_code, post_session, get_session, delete_session;

/* api/persons.c */
handler post_person, post_person_search, get_person, get_person_cards;

/* api/reveals.c, api/notices.c, api/relations.c */
handler post_reveal, get_notices, get_relations, post_relation, delete_relation;

/* api/access_records.c */
handler get_access_records, post_contest;

/* api/cards.c */
handler post_card, get_card, get_card_events, post_activation, post_ecard_consent;
handler post_ecard_withdrawal;
handler post_replacement, post_cancellation, post_lock, post_unlock, post_stop, post_resume;
handler post_pin_reset;

/* api/paper_codes.c */
handler post_paper_code, get_paper_codes, delete_paper_code;

/* api/loss_reports.c */
handler post_loss_report, get_loss_report, delete_loss_report, get_loss_receipt;

/* api/devices.c */
handler post_device, get_devices, delete_device, post_code_bundle, post_short_code;

/* api/check_ins.c, api/checks.c */
handler post_verification, post_check_in, get_verification_keys, get_stop_list, post_check;

/* api/check_ins.c: uploads of gates that were alone */
handler post_check_in_batch;

/* api/terminals.c */
handler post_terminal, get_terminals, get_terminal, post_terminal_activation,
    post_terminal_revocation;
handler post_terminal_enrolment, post_terminal_token, post_heartbeat;

/* api/venues.c */
handler get_venues, get_venue, get_slots, get_occupancy;
handler post_booking, get_bookings, get_booking, post_booking_cancellation;

/* api/staff.c */
handler post_staff, get_staff_list, get_staff, post_staff_role, post_staff_role_withdrawal;
handler post_staff_credentials, post_staff_disablement, post_staff_enablement;
handler post_staff_token, get_staff_tokens, delete_staff_token;

/* api/audit.c, api/audit_verify.c, api/jobs.c, api/worklist.c */
handler get_audit_entries, post_audit_verification, get_audit_verification;
handler get_jobs, get_job, post_job_cancellation, post_job_retry;
handler get_worklist, get_worklist_item, post_worklist_taking, post_worklist_return;
handler post_worklist_transfer, post_worklist_answer, post_worklist_closure;

/* api/catalogue.c */
handler get_regions, get_service_items, get_service_item, get_parameters;

/* api/events.c */
handler get_journal_events, get_journal_lines;

/* api/pages_*.c */
handler get_start, get_as_resident, get_as_clerk, get_as_gate;
handler get_preferences, get_about, get_records_page, get_uses_page;
handler get_sign_in_page, post_sms_code_page, post_sign_in_page, post_sign_out_page;
handler get_staff_sign_in, post_staff_sign_in, post_staff_sign_out;
handler get_home_page, get_style_page;
handler get_code_page, get_own_card_page, get_card_page, get_own_lose_page;
handler get_lose_page, get_lift_page, get_formal_loss_page, get_ecard_on_page, get_ecard_off_page;
handler get_replace_page, get_loss_page, get_change_page;
handler post_lose_page, post_lift_page, post_consent_page, post_withdrawal_page;
handler post_replacement_page;
handler get_venues_page, get_venue_page, get_book_page, post_book_page;
handler get_bookings_page, get_booking_page, post_cancellation_page;
handler get_proofs_page, get_proof_page;
handler get_gates_page, get_gate_page, post_gate_scan, get_desk, post_desk_search, get_desk_person;
handler post_desk_reveal;
handler get_desk_act, post_desk_act, get_desk_issue, post_desk_issue, get_desk_done;
