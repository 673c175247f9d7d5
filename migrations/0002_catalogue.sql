-- Reference data: regions, agencies, service items and where they are open, dated parameters, places
-- and their points of use. All of it has no root: small, read into memory whole, the same on every
-- node. Imports replace what came from files (origin 1) and leave what an act added (origin 2).

CREATE TABLE catalogue_version (
    version int64 NOT NULL,                              -- 1, 2, 3 ...: raised by every import and act
    at      int64 NOT NULL,                              -- microseconds, UTC
    what    text NOT NULL,                               -- import, opening, parameter
    PRIMARY KEY (version)
) strict;                                                -- root: none

CREATE TABLE region (
    code        int64 NOT NULL CHECK (code BETWEEN 100000 AND 999999), -- GB/T 2260
    parent_code int64 NOT NULL,                          -- 0: the nation
    level       int64 NOT NULL CHECK (level BETWEEN 1 AND 3), -- 1 province, 2 city, 3 county
    historic    int64 NOT NULL CHECK (historic IN (0, 1)), -- dissolved, still in identity numbers
    placeholder int64 NOT NULL CHECK (placeholder IN (0, 1)), -- "directly governed counties"
    delta       int64 NOT NULL CHECK (delta IN (0, 1)),  -- the Yangtze delta
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    pinyin      text NOT NULL,
    tunion_city int64 NOT NULL,                          -- GB/T 13497 as on T-Union cards; 0 unknown
    tag         int64 NOT NULL,                          -- enum mark
    PRIMARY KEY (code)
) strict;                                                -- root: none

CREATE TABLE agency (
    code    text NOT NULL,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    tag     int64 NOT NULL,                              -- enum mark
    PRIMARY KEY (code)
) strict;                                                -- root: none

CREATE TABLE organisation (
    id          id64 NOT NULL,                           -- kept by code over imports
    code        text NOT NULL,
    agency_code text NOT NULL,
    region_code int64 NOT NULL,
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    tag         int64 NOT NULL,                          -- enum mark
    PRIMARY KEY (id),
    UNIQUE (code)
) strict;                                                -- root: none

CREATE TABLE service_item (
    code        text NOT NULL,
    domain      text NOT NULL,
    category    text NOT NULL,
    category_zh text NOT NULL,
    category_en text NOT NULL,
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    owner_zh    text NOT NULL,
    owner_en    text NOT NULL,
    agency_code text NOT NULL,
    use_mode    text NOT NULL,
    pay_cycle   text NOT NULL,
    calc_basis  text NOT NULL,
    article_fn  text NOT NULL,                           -- F01 .. F67 of the article
    ways        int64 NOT NULL CHECK (ways BETWEEN 0 AND 7), -- 1 card, 2 e-card, 4 online
    grade       int64 NOT NULL CHECK (grade BETWEEN 1 AND 3), -- A, B, C
    offline     int64 NOT NULL CHECK (offline IN (0, 1)), -- may a terminal judge alone when cut off
    strength    int64 NOT NULL CHECK (strength BETWEEN 1 AND 3), -- door, identity, money
    mechanism   int64 NOT NULL,                          -- enum mechanism
    tag         int64 NOT NULL,                          -- enum mark
    note        text NOT NULL,
    PRIMARY KEY (code)
) strict;                                                -- root: none

-- Where an item stands in a city or a whole province. Of the rows of one item and region the one with
-- the latest valid_from that has begun decides; so an act needs to close nothing.
CREATE TABLE item_opening (
    id          id64 NOT NULL,
    item_code   text NOT NULL,
    region_code int64 NOT NULL,
    state       int64 NOT NULL CHECK (state BETWEEN 1 AND 4), -- planned, building, open, paused
    pilot       int64 NOT NULL CHECK (pilot IN (0, 1)),
    valid_from  int64 NOT NULL,                          -- microseconds, UTC
    valid_to    int64 NOT NULL,                          -- microseconds, UTC; 0: no end
    recorded_at int64 NOT NULL,                          -- microseconds, UTC
    origin      int64 NOT NULL CHECK (origin IN (1, 2)), -- a file, an act
    tag         int64 NOT NULL,                          -- enum mark
    note        text NOT NULL,
    PRIMARY KEY (id)
) strict;                                                -- root: none

CREATE TABLE city_state (
    city_code       int64 NOT NULL,
    plan_published  int64 NOT NULL CHECK (plan_published IN (0, 1)),  -- F02
    gen3_started    int64 NOT NULL CHECK (gen3_started IN (0, 1)),    -- F07
    hospital_pilot  int64 NOT NULL CHECK (hospital_pilot IN (0, 1)),  -- F50
    ecard_hospitals int64 NOT NULL CHECK (ecard_hospitals IN (0, 1)), -- F53
    tag             int64 NOT NULL,                      -- enum mark
    PRIMARY KEY (city_code)
) strict;                                                -- root: none

CREATE TABLE parameter (
    id          id64 NOT NULL,
    key         text NOT NULL,
    region_code int64 NOT NULL,                          -- 0: the nation
    valid_from  int64 NOT NULL,                          -- microseconds, UTC
    valid_to    int64 NOT NULL,                          -- microseconds, UTC; 0: no end
    recorded_at int64 NOT NULL,                          -- microseconds, UTC
    origin      int64 NOT NULL CHECK (origin IN (1, 2)), -- a file, an act
    value       text NOT NULL,
    unit        text NOT NULL,
    tag         int64 NOT NULL,                          -- enum mark
    reason      text NOT NULL,
    PRIMARY KEY (id)
) strict;                                                -- root: none

CREATE TABLE holiday (
    day     int64 NOT NULL,                              -- days since 1970-01-01
    working int64 NOT NULL CHECK (working IN (0, 1)),    -- 1: a weekend day that is worked
    PRIMARY KEY (day)
) strict;                                                -- root: none

CREATE TABLE place (
    id          id64 NOT NULL,                           -- kept by code over imports; root of its slots
    code        text NOT NULL,
    kind        int64 NOT NULL,                          -- enum place_kind
    region_code int64 NOT NULL,                          -- county, or city where the county is unknown
    operator_id id64 NOT NULL,                           -- organisation that runs it; 0: none
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    level       text NOT NULL,
    note        text NOT NULL,
    retired     int64 NOT NULL CHECK (retired IN (0, 1)), -- no longer in the files
    tag         int64 NOT NULL,                          -- enum mark
    PRIMARY KEY (id),
    UNIQUE (code)
) strict;                                                -- root: none

CREATE TABLE place_kind (
    kind         int64 NOT NULL,                         -- enum place_kind
    entry_item   text NOT NULL,
    booking_item text NOT NULL,
    PRIMARY KEY (kind)
) strict;                                                -- root: none

CREATE TABLE slot_rule (
    kind            int64 NOT NULL,                      -- enum place_kind
    level           text NOT NULL,                       -- empty: any
    opens_min       int64 NOT NULL CHECK (opens_min BETWEEN 0 AND 1440), -- minutes after midnight, UTC+8
    closes_min      int64 NOT NULL CHECK (closes_min BETWEEN opens_min AND 1440),
    last_entry_min  int64 NOT NULL CHECK (last_entry_min BETWEEN opens_min AND closes_min),
    slot_min        int64 NOT NULL CHECK (slot_min > 0), -- minutes
    quota           int64 NOT NULL CHECK (quota > 0),    -- places
    held_back       int64 NOT NULL CHECK (held_back BETWEEN 0 AND quota), -- places
    closed_weekdays int64 NOT NULL CHECK (closed_weekdays BETWEEN 0 AND 127), -- bit 0 Monday
    price_fen       int64 NOT NULL CHECK (price_fen >= 0),
    gates           int64 NOT NULL CHECK (gates >= 0),
    counters        int64 NOT NULL CHECK (counters >= 0),
    tag             int64 NOT NULL,                      -- enum mark
    PRIMARY KEY (kind, level)
) strict;                                                -- root: none

CREATE TABLE point_of_use (
    id       id64 NOT NULL,                              -- kept by code over imports
    code     text NOT NULL,
    place_id id64 NOT NULL,
    kind     int64 NOT NULL CHECK (kind IN (1, 2)),      -- gate, counter
    item     text NOT NULL,                              -- what is used there by default
    tag      int64 NOT NULL,                             -- enum mark
    PRIMARY KEY (id),
    UNIQUE (code)
) strict;                                                -- root: none

-- Lists that a later module reads by column name: article_functions, bank_return_codes, ...
CREATE TABLE reference_row (
    list   text NOT NULL,                                -- the file's name without .csv
    n      int64 NOT NULL,                               -- 0: the column names; then in file order
    fields text NOT NULL,                                -- separated by U+001F
    PRIMARY KEY (list, n)
) strict;                                                -- root: none
