-- Rules of booking: a set has a name and a current version; a version is never changed, since
-- bookings keep the one that they were made under.
CREATE TABLE booking_rules (
    id BLOB NOT NULL PRIMARY KEY,
    unit_id BLOB NOT NULL REFERENCES unit (id),
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX booking_rules_unit_id ON booking_rules (unit_id);
CREATE TRIGGER booking_rules_kept_from_delete BEFORE DELETE ON booking_rules BEGIN
    SELECT RAISE(ABORT, 'booking_rules is only closed, never removed');
END;

CREATE TABLE booking_rules_version (
    id BLOB NOT NULL PRIMARY KEY,
    rules_id BLOB NOT NULL REFERENCES booking_rules (id),
    number BIGINT NOT NULL,
    terms TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    UNIQUE (rules_id, number)
);
CREATE TRIGGER booking_rules_version_kept_from_update BEFORE UPDATE ON booking_rules_version BEGIN
    SELECT RAISE(ABORT, 'booking_rules_version is append-only');
END;
CREATE TRIGGER booking_rules_version_kept_from_delete BEFORE DELETE ON booking_rules_version BEGIN
    SELECT RAISE(ABORT, 'booking_rules_version is append-only');
END;

-- Something bookable at a place; one may be part of another, and all of a tree have its root.
-- open_to is a JSON array of the units whose residents may book; empty for everybody.
-- has_sharing says whether to look for agreements and withheld shares.
CREATE TABLE resource (
    id BLOB NOT NULL PRIMARY KEY,
    place_id BLOB NOT NULL REFERENCES place (id),
    unit_id BLOB NOT NULL REFERENCES unit (id),
    part_of BLOB REFERENCES resource (id),
    root_id BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('shared', 'exclusive', 'pool')),
    name TEXT NOT NULL,
    name_en TEXT,
    capacity BIGINT NOT NULL CHECK (capacity >= 1 AND capacity <= 10000),
    opening_hours TEXT NOT NULL,
    slot_minutes BIGINT NOT NULL CHECK (slot_minutes >= 5 AND slot_minutes % 5 = 0),
    interval_minutes BIGINT NOT NULL CHECK (interval_minutes >= 5 AND interval_minutes % 5 = 0),
    buffer_before_minutes BIGINT NOT NULL CHECK (buffer_before_minutes >= 0 AND buffer_before_minutes % 5 = 0),
    buffer_after_minutes BIGINT NOT NULL CHECK (buffer_after_minutes >= 0 AND buffer_after_minutes % 5 = 0),
    rules_id BLOB NOT NULL REFERENCES booking_rules (id),
    rules_version_id BLOB NOT NULL REFERENCES booking_rules_version (id),
    department_id BLOB REFERENCES department (id),
    open_to TEXT NOT NULL,
    has_sharing BOOLEAN NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX resource_root_id ON resource (root_id);
CREATE INDEX resource_place_id ON resource (place_id);
CREATE INDEX resource_rules_id ON resource (rules_id);
CREATE INDEX resource_unit_id ON resource (unit_id);
CREATE TRIGGER resource_kept_from_delete BEFORE DELETE ON resource BEGIN
    SELECT RAISE(ABORT, 'resource is only closed, never removed');
END;

-- Times in which a resource is not offered: once, or again and again by hours.
CREATE TABLE resource_closure (
    id BLOB NOT NULL PRIMARY KEY,
    resource_id BLOB NOT NULL REFERENCES resource (id),
    from_at BIGINT NOT NULL,
    to_at BIGINT,
    hours TEXT,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    lifted_at BIGINT,
    CHECK (to_at > from_at),
    CHECK (to_at IS NOT NULL OR hours IS NOT NULL)
);
CREATE INDEX resource_closure_resource_id ON resource_closure (resource_id);
CREATE TRIGGER resource_closure_kept_from_delete BEFORE DELETE ON resource_closure BEGIN
    SELECT RAISE(ABORT, 'resource_closure is only closed, never removed');
END;

-- An agreement by which a resource, and what is part of it, is shared with others: in hours of its
-- own, from a day to a day. Rows are ended, never changed otherwise.
CREATE TABLE sharing_agreement (
    id BLOB NOT NULL PRIMARY KEY,
    resource_id BLOB NOT NULL REFERENCES resource (id),
    mode TEXT NOT NULL CHECK (mode IN ('co_owned', 'shared', 'co_built', 'by_agreement')),
    name TEXT NOT NULL,
    from_day BIGINT NOT NULL,
    to_day BIGINT NOT NULL,
    hours TEXT NOT NULL,
    is_public BOOLEAN NOT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    CHECK (to_day >= from_day)
);
CREATE INDEX sharing_agreement_resource_id ON sharing_agreement (resource_id);
CREATE TRIGGER sharing_agreement_kept_from_delete BEFORE DELETE ON sharing_agreement BEGIN
    SELECT RAISE(ABORT, 'sharing_agreement is only closed, never removed');
END;

-- Who shares by it, and what each is bound to do.
CREATE TABLE sharing_party (
    agreement_id BLOB NOT NULL REFERENCES sharing_agreement (id),
    number BIGINT NOT NULL,
    unit_id BLOB REFERENCES unit (id),
    name TEXT NOT NULL,
    duties TEXT NOT NULL,
    PRIMARY KEY (agreement_id, number)
);
CREATE INDEX sharing_party_unit_id ON sharing_party (unit_id);
CREATE TRIGGER sharing_party_kept_from_update BEFORE UPDATE ON sharing_party BEGIN
    SELECT RAISE(ABORT, 'sharing_party is append-only');
END;
CREATE TRIGGER sharing_party_kept_from_delete BEFORE DELETE ON sharing_party BEGIN
    SELECT RAISE(ABORT, 'sharing_party is append-only');
END;

-- Places of a resource that are kept for some, until so long before a slot begins.
CREATE TABLE withheld_share (
    id BLOB NOT NULL PRIMARY KEY,
    resource_id BLOB NOT NULL REFERENCES resource (id),
    holder TEXT NOT NULL CHECK (holder IN ('unit', 'elders', 'desk')),
    unit_id BLOB REFERENCES unit (id),
    places BIGINT NOT NULL CHECK (places >= 1),
    hours TEXT,
    reason TEXT NOT NULL,
    release_seconds BIGINT NOT NULL CHECK (release_seconds >= 0),
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    CHECK ((holder = 'unit') = (unit_id IS NOT NULL))
);
CREATE INDEX withheld_share_resource_id ON withheld_share (resource_id);
CREATE TRIGGER withheld_share_kept_from_delete BEFORE DELETE ON withheld_share BEGIN
    SELECT RAISE(ABORT, 'withheld_share is only closed, never removed');
END;

-- How many people each five minutes of a UTC day hold, two bytes each: what the bookings
-- of the resource itself add up to, buffers included.
CREATE TABLE resource_day (
    resource_id BLOB NOT NULL REFERENCES resource (id),
    day BIGINT NOT NULL,
    cells BLOB NOT NULL,
    PRIMARY KEY (resource_id, day)
);

-- A person's hold on a stretch of a resource's calendar. Rows of such are many, so what is
-- never removed is not looked up again by a foreign key. It takes `load` places from
-- load_from to load_to; none where load is 0.
CREATE TABLE booking (
    id BLOB NOT NULL PRIMARY KEY,
    resource_id BLOB NOT NULL,
    asked_id BLOB NOT NULL,
    person_id BLOB,
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    party BIGINT NOT NULL CHECK (party >= 1),
    load_from BIGINT NOT NULL,
    load_to BIGINT NOT NULL,
    load BIGINT NOT NULL CHECK (load >= 0),
    state TEXT NOT NULL CHECK (state IN ('held', 'offered', 'pending', 'confirmed', 'checked_in', 'completed', 'declined', 'cancelled', 'no_show', 'expired')),
    was_held BOOLEAN NOT NULL,
    until_at BIGINT,
    rules_id BLOB NOT NULL,
    rules_version_id BLOB NOT NULL,
    changes BIGINT NOT NULL,
    is_late BOOLEAN NOT NULL,
    is_excess BOOLEAN NOT NULL,
    reminded_at BIGINT,
    made_by TEXT NOT NULL,
    agreement_id BLOB,
    party_id BLOB,
    share_id BLOB,
    replaces_id BLOB,
    objection TEXT CHECK (objection IN ('open', 'rejected')),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (end_at > start_at),
    CHECK (load_to >= load_from)
);
CREATE INDEX booking_person_id ON booking (person_id, start_at);
CREATE INDEX booking_resource_id ON booking (resource_id, start_at);
-- What is settled has no such time.
CREATE INDEX booking_until_at ON booking (resource_id, until_at) WHERE until_at IS NOT NULL;
CREATE INDEX booking_party_id ON booking (party_id, start_at) WHERE party_id IS NOT NULL;
CREATE INDEX booking_share_id ON booking (share_id, start_at) WHERE share_id IS NOT NULL;
CREATE INDEX booking_replaces_id ON booking (replaces_id) WHERE replaces_id IS NOT NULL;
CREATE INDEX booking_objection ON booking (start_at) WHERE objection = 'open';
CREATE TRIGGER booking_kept_from_delete BEFORE DELETE ON booking BEGIN
    SELECT RAISE(ABORT, 'booking is only closed, never removed');
END;

-- What became of a booking, step by step.
CREATE TABLE booking_step (
    booking_id BLOB NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    state TEXT NOT NULL,
    resource_id BLOB NOT NULL,
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    party BIGINT NOT NULL,
    is_override BOOLEAN NOT NULL,
    PRIMARY KEY (booking_id, number)
);
CREATE TRIGGER booking_step_kept_from_update BEFORE UPDATE ON booking_step BEGIN
    SELECT RAISE(ABORT, 'booking_step is append-only');
END;
CREATE TRIGGER booking_step_kept_from_delete BEFORE DELETE ON booking_step BEGIN
    SELECT RAISE(ABORT, 'booking_step is append-only');
END;

-- Why, in somebody's words: apart from the step so that it can be blanked.
CREATE TABLE booking_reason (
    booking_id BLOB NOT NULL,
    number BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (booking_id, number),
    FOREIGN KEY (booking_id, number) REFERENCES booking_step (booking_id, number)
);

-- Wrong codes at a door or a desk, by day: for a booking, or for one of the staff at a resource.
CREATE TABLE booking_try (
    subject BLOB NOT NULL,
    day BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (subject, day)
);

-- Private addresses of calendars, found by the hash of their secret: of a person or of a resource.
CREATE TABLE calendar_feed (
    id BLOB NOT NULL PRIMARY KEY,
    person_id BLOB REFERENCES person (id),
    resource_id BLOB REFERENCES resource (id),
    hash BLOB NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    CHECK ((person_id IS NULL) <> (resource_id IS NULL))
);
CREATE INDEX calendar_feed_person_id ON calendar_feed (person_id);
CREATE INDEX calendar_feed_resource_id ON calendar_feed (resource_id);

-- Who waits for a place: in one slot, or in any slot of a day. Rows are closed, never removed.
CREATE TABLE waiting (
    id BLOB NOT NULL PRIMARY KEY,
    resource_id BLOB NOT NULL REFERENCES resource (id),
    person_id BLOB NOT NULL REFERENCES person (id),
    from_at BIGINT NOT NULL,
    to_at BIGINT NOT NULL,
    is_day BOOLEAN NOT NULL,
    party BIGINT NOT NULL CHECK (party >= 1),
    queued_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'offered', 'taken', 'left')),
    booking_id BLOB,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (to_at > from_at),
    CHECK ((state = 'offered' OR state = 'taken') = (booking_id IS NOT NULL))
);
CREATE INDEX waiting_resource_id ON waiting (resource_id, state, from_at);
CREATE INDEX waiting_person_id ON waiting (person_id);
CREATE INDEX waiting_booking_id ON waiting (booking_id) WHERE booking_id IS NOT NULL;
CREATE TRIGGER waiting_kept_from_delete BEFORE DELETE ON waiting BEGIN
    SELECT RAISE(ABORT, 'waiting is only closed, never removed');
END;
