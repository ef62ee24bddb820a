//! The tables of channels.

diesel::table! {
    channel (id) {
        id -> Binary,
        kind -> Text,
        body -> Binary,
        created_at -> BigInt,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    message (id) {
        id -> Binary,
        channel_id -> Binary,
        number -> BigInt,
        ordinal -> BigInt,
        author -> Binary,
        client_id -> Text,
        at -> BigInt,
        text -> Nullable<Text>,
        reply_to -> Nullable<BigInt>,
        recalled_at -> Nullable<BigInt>,
        digest -> Binary,
    }
}

diesel::table! {
    channel_reading (person_id, channel_id) {
        person_id -> Binary,
        channel_id -> Binary,
        read_to -> BigInt,
    }
}

diesel::joinable!(message -> channel (channel_id));
diesel::joinable!(channel_reading -> channel (channel_id));
diesel::allow_tables_to_appear_in_same_query!(channel, message, channel_reading);
