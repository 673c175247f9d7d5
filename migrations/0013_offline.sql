-- what gates decided alone: each line's end, and codes shown at gates without a network. docs/protocols/terminal.md
ALTER TABLE terminal_upload ADD COLUMN ends blob;        -- four bytes a line: 0, or the number it was contested or refused with
CREATE TABLE code_offline (                              -- codes that gates let in alone, as their uploads tell
    person_id   id64 NOT NULL,                           -- root
    device_id   id64 NOT NULL,
    step        int64 NOT NULL CHECK (step > 0),         -- 30 s since 2020
    used_at     int64 NOT NULL,                          -- microseconds, UTC: by the gate's corrected clock
    place_id    id64 NOT NULL,
    terminal_id id64 NOT NULL,
    PRIMARY KEY (person_id, device_id, step)
) strict;
