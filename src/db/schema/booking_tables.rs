//! The tables of bookings.

diesel::table! {
    booking_rules (id) {
        id -> Binary,
        unit_id -> Binary,
        name -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    booking_rules_version (id) {
        id -> Binary,
        rules_id -> Binary,
        number -> BigInt,
        terms -> Text,
        actor -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    resource (id) {
        id -> Binary,
        place_id -> Binary,
        unit_id -> Binary,
        part_of -> Nullable<Binary>,
        root_id -> Binary,
        kind -> Text,
        name -> Text,
        name_en -> Nullable<Text>,
        capacity -> BigInt,
        opening_hours -> Text,
        slot_minutes -> BigInt,
        interval_minutes -> BigInt,
        buffer_before_minutes -> BigInt,
        buffer_after_minutes -> BigInt,
        rules_id -> Binary,
        rules_version_id -> Binary,
        department_id -> Nullable<Binary>,
        open_to -> Text,
        has_sharing -> Bool,
        status -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    resource_closure (id) {
        id -> Binary,
        resource_id -> Binary,
        from_at -> BigInt,
        to_at -> Nullable<BigInt>,
        hours -> Nullable<Text>,
        reason -> Text,
        actor -> Text,
        created_at -> BigInt,
        lifted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sharing_agreement (id) {
        id -> Binary,
        resource_id -> Binary,
        mode -> Text,
        name -> Text,
        from_day -> BigInt,
        to_day -> BigInt,
        hours -> Text,
        is_public -> Bool,
        actor -> Text,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sharing_party (agreement_id, number) {
        agreement_id -> Binary,
        number -> BigInt,
        unit_id -> Nullable<Binary>,
        name -> Text,
        duties -> Text,
    }
}

diesel::table! {
    withheld_share (id) {
        id -> Binary,
        resource_id -> Binary,
        holder -> Text,
        unit_id -> Nullable<Binary>,
        places -> BigInt,
        hours -> Nullable<Text>,
        reason -> Text,
        release_seconds -> BigInt,
        actor -> Text,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    resource_day (resource_id, day) {
        resource_id -> Binary,
        day -> BigInt,
        cells -> Binary,
    }
}

diesel::table! {
    booking (id) {
        id -> Binary,
        resource_id -> Binary,
        asked_id -> Binary,
        person_id -> Nullable<Binary>,
        start_at -> BigInt,
        end_at -> BigInt,
        party -> BigInt,
        load_from -> BigInt,
        load_to -> BigInt,
        load -> BigInt,
        state -> Text,
        was_held -> Bool,
        until_at -> Nullable<BigInt>,
        rules_id -> Binary,
        rules_version_id -> Binary,
        changes -> BigInt,
        is_late -> Bool,
        is_excess -> Bool,
        reminded_at -> Nullable<BigInt>,
        made_by -> Text,
        agreement_id -> Nullable<Binary>,
        party_id -> Nullable<Binary>,
        share_id -> Nullable<Binary>,
        replaces_id -> Nullable<Binary>,
        objection -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    booking_step (booking_id, number) {
        booking_id -> Binary,
        number -> BigInt,
        at -> BigInt,
        actor -> Text,
        act -> Text,
        state -> Text,
        resource_id -> Binary,
        start_at -> BigInt,
        end_at -> BigInt,
        party -> BigInt,
        is_override -> Bool,
    }
}

diesel::table! {
    booking_reason (booking_id, number) {
        booking_id -> Binary,
        number -> BigInt,
        reason -> Text,
    }
}

diesel::table! {
    booking_try (subject, day) {
        subject -> Binary,
        day -> BigInt,
        count -> BigInt,
    }
}

diesel::table! {
    calendar_feed (id) {
        id -> Binary,
        person_id -> Nullable<Binary>,
        resource_id -> Nullable<Binary>,
        hash -> Binary,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    waiting (id) {
        id -> Binary,
        resource_id -> Binary,
        person_id -> Binary,
        from_at -> BigInt,
        to_at -> BigInt,
        is_day -> Bool,
        party -> BigInt,
        queued_at -> BigInt,
        state -> Text,
        booking_id -> Nullable<Binary>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(booking_rules, booking_rules_version);
diesel::allow_tables_to_appear_in_same_query!(booking, booking_step, booking_reason);
