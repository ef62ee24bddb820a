-- Conversations of the grid. A channel is a stream of the same id; what people say in it stands
-- here, so that it can be recalled and forgotten while the numbers stay.
CREATE TABLE channel (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    -- The unit or estate whose channel it is.
    body BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    closed_at BIGINT
);
-- Those that exist by themselves: one of a kind for a body.
CREATE UNIQUE INDEX channel_standing ON channel (kind, body)
    WHERE kind IN ('grid_secretaries', 'building_heads', 'residents');

CREATE TABLE message (
    -- That of its entry.
    id BLOB NOT NULL PRIMARY KEY,
    channel_id BLOB NOT NULL REFERENCES channel (id),
    number BIGINT NOT NULL,
    -- How many messages the channel had with this one, from 1: so that what is unread is a
    -- difference, and need not be counted.
    ordinal BIGINT NOT NULL,
    author BLOB NOT NULL,
    -- The name that the author's device gave it.
    client_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- Null where it was recalled or forgotten.
    text TEXT,
    reply_to BIGINT,
    recalled_at BIGINT,
    -- Of what was said, so that the same name for something else is seen.
    digest BLOB NOT NULL,
    UNIQUE (channel_id, number),
    UNIQUE (channel_id, author, client_id)
);
CREATE INDEX message_author ON message (author, channel_id, number);
CREATE INDEX message_recalled ON message (channel_id, number) WHERE recalled_at IS NOT NULL;
CREATE INDEX message_at ON message (at);

-- How far somebody has read a channel.
CREATE TABLE channel_reading (
    person_id BLOB NOT NULL,
    channel_id BLOB NOT NULL REFERENCES channel (id),
    read_to BIGINT NOT NULL,
    PRIMARY KEY (person_id, channel_id)
);
