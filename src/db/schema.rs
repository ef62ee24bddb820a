//! The tables, as both dialects have them (a test compares the two).
//! Columns use Text, BigInt, Bool, Double and Binary only.

mod booking_tables;
mod chat_tables;

pub use booking_tables::*;
pub use chat_tables::*;

diesel::table! {
    change_head (one) {
        one -> BigInt,
        number -> BigInt,
    }
}

diesel::table! {
    changes (number) {
        number -> BigInt,
        at -> BigInt,
        items -> Text,
    }
}

diesel::table! {
    idempotency (caller, route, key) {
        caller -> Text,
        route -> Text,
        key -> Text,
        request_hash -> Text,
        status -> BigInt,
        headers -> Text,
        body -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    search_entry (number) {
        number -> BigInt,
        subject -> Text,
        subject_id -> Binary,
        tokens -> Text,
    }
}

diesel::table! {
    unit (id) {
        id -> Binary,
        parent_id -> Nullable<Binary>,
        level -> Text,
        code -> Text,
        name -> Text,
        name_en -> Nullable<Text>,
        setting -> Text,
        population -> Nullable<BigInt>,
        lat -> Nullable<Double>,
        lon -> Nullable<Double>,
        updated_at -> BigInt,
        version -> BigInt,
        merged_into -> Nullable<Binary>,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    unit_door (unit_id, number) {
        unit_id -> Binary,
        number -> BigInt,
        kind -> Text,
        lat -> Double,
        lon -> Double,
        name -> Nullable<Text>,
    }
}

diesel::table! {
    place (id) {
        id -> Binary,
        source -> Text,
        reference -> Text,
        unit_id -> Nullable<Binary>,
        name -> Text,
        name_en -> Nullable<Text>,
        category -> Text,
        kind -> Text,
        lat -> Double,
        lon -> Double,
        opening_hours -> Nullable<Text>,
        phone -> Nullable<Text>,
        wheelchair -> Nullable<Text>,
        status -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    place_door (place_id, number) {
        place_id -> Binary,
        number -> BigInt,
        kind -> Text,
        lat -> Double,
        lon -> Double,
        name -> Nullable<Text>,
    }
}

diesel::table! {
    place_stop (place_id, number) {
        place_id -> Binary,
        number -> BigInt,
        lat -> Double,
        lon -> Double,
        opening_hours -> Text,
    }
}

diesel::table! {
    place_history (id) {
        id -> Binary,
        place_id -> Binary,
        at -> BigInt,
        actor -> Text,
        from_state -> Nullable<Text>,
        to_state -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    person (id) {
        id -> Binary,
        name -> Nullable<Binary>,
        phone -> Nullable<Binary>,
        phone_hash -> Nullable<Binary>,
        wechat -> Nullable<Binary>,
        wechat_hash -> Nullable<Binary>,
        language -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        version -> BigInt,
        erased_at -> Nullable<BigInt>,
        birth_year -> Nullable<Binary>,
        card -> Nullable<Binary>,
        card_hash -> Nullable<Binary>,
    }
}

diesel::table! {
    person_key (person_id) {
        person_id -> Binary,
        master -> Text,
        bytes -> Binary,
    }
}

diesel::table! {
    session (id) {
        id -> Binary,
        person_id -> Binary,
        method -> Text,
        device -> Nullable<Binary>,
        refresh_number -> BigInt,
        created_at -> BigInt,
        used_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_token (hash) {
        hash -> Binary,
        session_id -> Binary,
        number -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sign_in_code (phone_hash) {
        phone_hash -> Binary,
        code_hash -> Binary,
        sent_at -> BigInt,
        expires_at -> BigInt,
        tries -> BigInt,
    }
}

diesel::table! {
    tally (what, subject, day) {
        what -> Text,
        subject -> Binary,
        day -> Text,
        count -> BigInt,
    }
}

diesel::table! {
    stream (id) {
        id -> Binary,
        kind -> Text,
        owner -> Binary,
        number -> BigInt,
        entry_id -> Binary,
        floor -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    entry (stream_id, number) {
        stream_id -> Binary,
        number -> BigInt,
        id -> Binary,
        at -> BigInt,
        kind -> Text,
        payload -> Text,
    }
}

diesel::table! {
    inbox (person_id) {
        person_id -> Binary,
        read_to -> BigInt,
        quiet_from -> BigInt,
        quiet_to -> BigInt,
    }
}

diesel::table! {
    job (id) {
        id -> Binary,
        kind -> Text,
        key -> Nullable<Text>,
        payload -> Text,
        due_at -> BigInt,
        attempts -> BigInt,
        lease -> Nullable<Binary>,
        leased_until -> Nullable<BigInt>,
        dead_at -> Nullable<BigInt>,
        failure -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    key_mark (name) {
        name -> Text,
        mark -> Binary,
    }
}

diesel::table! {
    membership (id) {
        id -> Binary,
        person_id -> Binary,
        role -> Text,
        body_kind -> Text,
        body_id -> Binary,
        from_day -> BigInt,
        to_day -> Nullable<BigInt>,
        deputy -> Bool,
        state -> Text,
        granted_by -> Nullable<Text>,
        ended_by -> Nullable<Text>,
        reason -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        version -> BigInt,
        title -> Nullable<Text>,
    }
}

diesel::table! {
    audit_entry (id) {
        id -> Binary,
        at -> BigInt,
        actor -> Text,
        act -> Text,
        person_id -> Nullable<Binary>,
        role -> Nullable<Text>,
        body_kind -> Nullable<Text>,
        body_id -> Nullable<Binary>,
        unit_id -> Nullable<Binary>,
    }
}

diesel::table! {
    audit_reason (audit_id) {
        audit_id -> Binary,
        reason -> Text,
    }
}

diesel::table! {
    department (id) {
        id -> Binary,
        unit_id -> Binary,
        name -> Text,
        name_en -> Nullable<Text>,
        created_at -> BigInt,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    duty (id) {
        id -> Binary,
        department_id -> Binary,
        item -> Text,
        legal_basis -> Text,
        deadline -> BigInt,
        deadline_in -> Text,
        contact -> Text,
        published_at -> BigInt,
        withdrawn_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    estate (id) {
        id -> Binary,
        unit_id -> Binary,
        name -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        closed_at -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    estate_building (building_id) {
        building_id -> Binary,
        estate_id -> Binary,
    }
}

diesel::table! {
    organisation (id) {
        id -> Binary,
        unit_id -> Binary,
        estate_id -> Nullable<Binary>,
        kind -> Text,
        name -> Text,
        name_en -> Nullable<Text>,
        created_at -> BigInt,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    unit_history (id) {
        id -> Binary,
        unit_id -> Binary,
        until -> BigInt,
        actor -> Text,
        version -> BigInt,
        parent_id -> Nullable<Binary>,
        level -> Text,
        code -> Text,
        name -> Text,
        name_en -> Nullable<Text>,
    }
}

diesel::table! {
    household (id) {
        id -> Binary,
        unit_id -> Binary,
        invitation -> Nullable<Binary>,
        invitation_until -> Nullable<BigInt>,
        created_at -> BigInt,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    household_member (id) {
        id -> Binary,
        household_id -> Binary,
        person_id -> Binary,
        is_head -> Bool,
        joined_at -> BigInt,
        since -> BigInt,
        until -> Nullable<BigInt>,
    }
}

diesel::table! {
    delegation (id) {
        id -> Binary,
        principal_id -> Nullable<Binary>,
        agent_id -> Binary,
        scopes -> Text,
        until_day -> BigInt,
        way -> Text,
        asked_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        proposed_by -> Nullable<Binary>,
        countersigned_by -> Nullable<Binary>,
        unit_id -> Nullable<Binary>,
    }
}

diesel::table! {
    deputed_act (id) {
        id -> Binary,
        principal_id -> Binary,
        agent_id -> Binary,
        by_kind -> Text,
        by_id -> Binary,
        what -> Text,
        subject_id -> Binary,
        at -> BigInt,
        undo_until -> BigInt,
        undone_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    desk_session (id) {
        id -> Binary,
        staff_id -> Binary,
        unit_id -> Binary,
        person_id -> Binary,
        begun_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    export (id) {
        id -> Binary,
        person_id -> Binary,
        asked_at -> BigInt,
        ready_at -> Nullable<BigInt>,
        file_id -> Nullable<Binary>,
        fetched_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    file (id) {
        id -> Binary,
        person_id -> Binary,
        kind -> Text,
        media -> Text,
        name -> Nullable<Binary>,
        bytes -> BigInt,
        width -> Nullable<BigInt>,
        height -> Nullable<BigInt>,
        duration_ms -> Nullable<BigInt>,
        created_at -> BigInt,
        arriving -> Bool,
    }
}

diesel::table! {
    file_reference (file_id, kind, owner) {
        file_id -> Binary,
        kind -> Text,
        owner -> Binary,
    }
}

diesel::table! {
    reveal (id) {
        id -> Binary,
        unit_id -> Binary,
        asked_by -> Binary,
        reason -> Text,
        asked_at -> BigInt,
        decided_by -> Nullable<Binary>,
        decided_at -> Nullable<BigInt>,
        state -> Text,
    }
}

diesel::table! {
    reveal_member (reveal_id, number) {
        reveal_id -> Binary,
        number -> BigInt,
        membership_id -> Binary,
    }
}

diesel::table! {
    consent (id) {
        id -> Binary,
        person_id -> Binary,
        matter -> Text,
        version -> BigInt,
        given_at -> BigInt,
        withdrawn_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    erasure (id) {
        id -> Binary,
        person_id -> Binary,
        asked_at -> BigInt,
        due_at -> BigInt,
        withdrawn_at -> Nullable<BigInt>,
        done_at -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(file, file_reference);
diesel::joinable!(household_member -> household (household_id));
diesel::joinable!(estate_building -> estate (estate_id));
diesel::joinable!(duty -> department (department_id));
diesel::joinable!(person_key -> person (person_id));
diesel::allow_tables_to_appear_in_same_query!(person, person_key, session, refresh_token);
diesel::allow_tables_to_appear_in_same_query!(place, place_door, place_stop, search_entry, unit, unit_door,);
diesel::allow_tables_to_appear_in_same_query!(audit_entry, audit_reason);
diesel::allow_tables_to_appear_in_same_query!(department, duty);
diesel::allow_tables_to_appear_in_same_query!(estate, estate_building);
diesel::allow_tables_to_appear_in_same_query!(household, household_member);
