CREATE TABLE change_head (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    number BIGINT NOT NULL
);
INSERT INTO change_head (one, number) VALUES (1, 0);

CREATE TABLE changes (
    number BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    items TEXT NOT NULL
);

CREATE TABLE idempotency (
    caller TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status BIGINT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (caller, route, key)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at);

CREATE TABLE search_entry (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject TEXT NOT NULL,
    subject_id BYTEA NOT NULL,
    tokens TEXT NOT NULL,
    UNIQUE (subject, subject_id)
);
CREATE INDEX search_entry_tokens ON search_entry USING gin (to_tsvector('simple', tokens));

CREATE TABLE unit (
    id BYTEA NOT NULL PRIMARY KEY,
    parent_id BYTEA REFERENCES unit (id),
    level TEXT NOT NULL CHECK (level IN ('city', 'county', 'street', 'community', 'grid', 'group', 'building')),
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_en TEXT,
    setting TEXT NOT NULL CHECK (setting IN ('urban', 'rural')),
    population BIGINT,
    lat DOUBLE PRECISION,
    lon DOUBLE PRECISION,
    updated_at BIGINT NOT NULL
);
CREATE INDEX unit_parent_id ON unit (parent_id);

CREATE TABLE place (
    id BYTEA NOT NULL PRIMARY KEY,
    source TEXT NOT NULL CHECK (source IN ('operator', 'import', 'osm')),
    reference TEXT NOT NULL,
    unit_id BYTEA REFERENCES unit (id),
    name TEXT NOT NULL,
    name_en TEXT,
    category TEXT NOT NULL,
    kind TEXT NOT NULL,
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    opening_hours TEXT,
    phone TEXT,
    wheelchair TEXT CHECK (wheelchair IN ('yes', 'limited', 'no')),
    status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (source, reference)
);
CREATE INDEX place_unit_id ON place (unit_id);

CREATE TABLE place_door (
    place_id BYTEA NOT NULL REFERENCES place (id),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('main', 'entrance', 'gate')),
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (place_id, number)
);

CREATE TABLE place_stop (
    place_id BYTEA NOT NULL REFERENCES place (id),
    number BIGINT NOT NULL,
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    opening_hours TEXT NOT NULL,
    PRIMARY KEY (place_id, number)
);

CREATE TABLE place_history (
    id BYTEA NOT NULL PRIMARY KEY,
    place_id BYTEA NOT NULL REFERENCES place (id),
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    from_state TEXT,
    to_state TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX place_history_place_id ON place_history (place_id);
CREATE FUNCTION refuse_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER place_history_kept_from_update BEFORE UPDATE ON place_history
    FOR EACH ROW EXECUTE FUNCTION refuse_append_only();
CREATE TRIGGER place_history_kept_from_delete BEFORE DELETE ON place_history
    FOR EACH ROW EXECUTE FUNCTION refuse_append_only();
CREATE TRIGGER place_history_kept_from_truncate BEFORE TRUNCATE ON place_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_append_only();
