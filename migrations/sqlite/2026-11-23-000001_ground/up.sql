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
    number INTEGER NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    tokens TEXT NOT NULL,
    UNIQUE (subject, subject_id)
);
CREATE VIRTUAL TABLE search_fts USING fts5 (
    tokens, content = 'search_entry', content_rowid = 'number', tokenize = 'unicode61 remove_diacritics 0'
);
INSERT INTO search_fts (search_fts, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER search_entry_inserted AFTER INSERT ON search_entry BEGIN
    INSERT INTO search_fts (rowid, tokens) VALUES (new.number, new.tokens);
END;
CREATE TRIGGER search_entry_deleted AFTER DELETE ON search_entry BEGIN
    INSERT INTO search_fts (search_fts, rowid, tokens) VALUES ('delete', old.number, old.tokens);
END;
CREATE TRIGGER search_entry_updated AFTER UPDATE ON search_entry BEGIN
    INSERT INTO search_fts (search_fts, rowid, tokens) VALUES ('delete', old.number, old.tokens);
    INSERT INTO search_fts (rowid, tokens) VALUES (new.number, new.tokens);
END;

CREATE TABLE unit (
    id BLOB NOT NULL PRIMARY KEY,
    parent_id BLOB REFERENCES unit (id),
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
    id BLOB NOT NULL PRIMARY KEY,
    source TEXT NOT NULL CHECK (source IN ('operator', 'import', 'osm')),
    reference TEXT NOT NULL,
    unit_id BLOB REFERENCES unit (id),
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
    place_id BLOB NOT NULL REFERENCES place (id),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('main', 'entrance', 'gate')),
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (place_id, number)
);

CREATE TABLE place_stop (
    place_id BLOB NOT NULL REFERENCES place (id),
    number BIGINT NOT NULL,
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    opening_hours TEXT NOT NULL,
    PRIMARY KEY (place_id, number)
);

CREATE TABLE place_history (
    id BLOB NOT NULL PRIMARY KEY,
    place_id BLOB NOT NULL REFERENCES place (id),
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    from_state TEXT,
    to_state TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX place_history_place_id ON place_history (place_id);
CREATE TRIGGER place_history_kept_from_update BEFORE UPDATE ON place_history BEGIN
    SELECT RAISE(ABORT, 'place_history is append-only');
END;
CREATE TRIGGER place_history_kept_from_delete BEFORE DELETE ON place_history BEGIN
    SELECT RAISE(ABORT, 'place_history is append-only');
END;
