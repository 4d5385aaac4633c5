//! The tables, as diesel sees them.
//!
//! Owns the names and types of columns; `migrations/` owns how they came to be. Types that PostgreSQL and
//! SQLite store differently are the three of `columns`.
//! **Invariant:** one schema for both dialects; the suite compares it with what the migrations make.

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::store::columns::Ts;

    workspaces (id) {
        id -> Text,
        name -> Nullable<Text>,
        first_seen_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, SmallInt, Text};
    use crate::store::columns::{Ts, Uid};

    inbound_events (id) {
        id -> Uid,
        workspace_id -> Text,
        source -> SmallInt,
        event_id -> Text,
        kind -> Text,
        event_time -> Nullable<Ts>,
        received_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Bool, Integer, Nullable, SmallInt, Text};
    use crate::store::columns::{Ts, Uid};

    scan_jobs (id) {
        id -> Uid,
        inbound_event_id -> Nullable<Uid>,
        workspace_id -> Text,
        class -> SmallInt,
        origin -> SmallInt,
        state -> SmallInt,
        wire_version -> SmallInt,
        payload -> Nullable<Binary>,
        detector_set -> Text,
        attempt -> Integer,
        due_at -> Ts,
        created_at -> Ts,
        completed_at -> Nullable<Ts>,
        traceparent -> Nullable<Text>,
        tracestate -> Nullable<Text>,
        channel_id -> Nullable<Text>,
        channel_type -> Nullable<Text>,
        user_id -> Nullable<Text>,
        bot_id -> Nullable<Text>,
        external -> Bool,
        message_ts -> Nullable<Text>,
        thread_ts -> Nullable<Text>,
        label -> Nullable<Text>,
        team_id -> Nullable<Text>,
        author_team_id -> Nullable<Text>,
        file_id -> Nullable<Text>,
        file_ids -> Nullable<Text>,
        said_at -> Nullable<Ts>,
        dedupe_key -> Nullable<Text>,
        submitted_by -> Nullable<Uid>,
        caught -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    scan_results (job_id) {
        job_id -> Uid,
        node_id -> Nullable<Uid>,
        detector_set -> Text,
        outcome -> SmallInt,
        failure_reason -> Nullable<Text>,
        coverage -> Nullable<JsonDoc>,
        finding_count -> Integer,
        highest_likelihood -> Nullable<SmallInt>,
        highest_severity -> Nullable<SmallInt>,
        scan_us -> BigInt,
        scanned_bytes -> BigInt,
        committed_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    findings (id) {
        id -> Uid,
        job_id -> Uid,
        info_type -> Text,
        detector -> Text,
        likelihood -> SmallInt,
        severity -> SmallInt,
        start_byte -> BigInt,
        end_byte -> BigInt,
        preview -> Text,
        fingerprint -> Text,
        location -> JsonDoc,
        explanation -> JsonDoc,
        suppressed_by -> Nullable<Uid>,
        created_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{SmallInt, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    violations (id) {
        id -> Uid,
        job_id -> Uid,
        policy_id -> Uid,
        policy_name -> Text,
        mode -> SmallInt,
        severity -> SmallInt,
        finding_ids -> JsonDoc,
        actions -> JsonDoc,
        created_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text};
    use crate::store::columns::{Ts, TsWords, Uid};

    alerts (id) {
        id -> Uid,
        status -> SmallInt,
        severity -> SmallInt,
        source -> Text,
        title -> Text,
        description -> Nullable<Text>,
        info_type -> Nullable<Text>,
        fingerprint -> Nullable<Text>,
        policy_id -> Nullable<Uid>,
        workspace_id -> Nullable<Text>,
        channel_id -> Nullable<Text>,
        user_id -> Nullable<Text>,
        job_id -> Nullable<Uid>,
        event_id -> Nullable<Uid>,
        occurrences -> BigInt,
        first_seen_at -> Ts,
        last_seen_at -> Ts,
        assignee -> Nullable<Uid>,
        due_at -> Nullable<Ts>,
        resolution -> Nullable<Text>,
        closed_at -> Nullable<Ts>,
        reopened -> Integer,
        version -> Integer,
        words -> TsWords,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::columns::Uid;

    alert_keys (key) {
        key -> Text,
        alert_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, SmallInt, Text};
    use crate::store::columns::{Ts, Uid};

    alert_occurrences (id) {
        id -> Uid,
        alert_id -> Uid,
        job_id -> Nullable<Uid>,
        event_id -> Nullable<Uid>,
        workspace_id -> Nullable<Text>,
        channel_id -> Nullable<Text>,
        user_id -> Nullable<Text>,
        message_ts -> Nullable<Text>,
        severity -> SmallInt,
        seen_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    alert_activity (id) {
        id -> Uid,
        alert_id -> Uid,
        at -> Ts,
        user_id -> Nullable<Uid>,
        kind -> Text,
        text -> Nullable<Text>,
        data -> JsonDoc,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    suppressions (id) {
        id -> Uid,
        kind -> SmallInt,
        matches -> JsonDoc,
        reason -> Text,
        owner -> Uid,
        alert_id -> Nullable<Uid>,
        created_by -> Nullable<Uid>,
        created_at -> Ts,
        expires_at -> Nullable<Ts>,
        ended_at -> Nullable<Ts>,
        hits -> BigInt,
        last_hit_at -> Nullable<Ts>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::Binary;
    use crate::store::columns::{Ts, Uid};

    originals (job_id) {
        job_id -> Uid,
        sealed -> Binary,
        created_at -> Ts,
        expires_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::columns::{Ts, Uid};

    reveals (id) {
        id -> Uid,
        alert_id -> Uid,
        job_id -> Uid,
        user_id -> Uid,
        reason -> Text,
        at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Integer, Nullable, SmallInt, Text};
    use crate::store::columns::{Ts, Uid};

    action_outbox (id) {
        id -> Uid,
        action_key -> Text,
        kind -> Text,
        target -> Nullable<Uid>,
        job_id -> Nullable<Uid>,
        alert_id -> Nullable<Uid>,
        workspace_id -> Text,
        lane -> Nullable<Text>,
        payload -> Nullable<Binary>,
        state -> SmallInt,
        due_at -> Ts,
        attempts -> Integer,
        last_error_code -> Nullable<Text>,
        created_at -> Ts,
        settled_at -> Nullable<Ts>,
        first_tried_at -> Nullable<Ts>,
        last_tried_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    detectors (id) {
        id -> Text,
        spec -> JsonDoc,
        enabled -> Bool,
        version -> Integer,
        updated_at -> Ts,
        updated_by -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, SmallInt, Text};
    use crate::store::columns::{JsonDoc, Ts, TsWords, Uid};

    policies (id) {
        id -> Uid,
        name -> Text,
        mode -> SmallInt,
        priority -> Integer,
        spec -> JsonDoc,
        version -> Integer,
        created_at -> Ts,
        updated_at -> Ts,
        updated_by -> Nullable<Uid>,
        words -> TsWords,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    people_groups (id) {
        id -> Uid,
        name -> Text,
        members -> JsonDoc,
        version -> Integer,
        updated_at -> Ts,
        updated_by -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
    use crate::store::columns::{Ts, TsWords, Uid};

    users (id) {
        id -> Uid,
        email -> Text,
        password_hash -> Text,
        role -> Text,
        disabled -> Bool,
        created_at -> Ts,
        last_login_at -> Nullable<Ts>,
        sessions_since -> Ts,
        spared_session -> Nullable<Uid>,
        version -> Integer,
        erased_at -> Nullable<Ts>,
        words -> TsWords,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Integer, Nullable};
    use crate::store::columns::Ts;

    login_failures (email_hash) {
        email_hash -> Binary,
        failures -> Integer,
        last_failed_at -> Ts,
        locked_until -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::store::columns::{Ts, Uid};

    password_resets (id) {
        id -> Uid,
        token_hash -> Binary,
        user_id -> Uid,
        created_at -> Ts,
        expires_at -> Ts,
        used_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::store::columns::{Ts, Uid};

    refresh_tokens (id) {
        id -> Uid,
        token_hash -> Binary,
        family -> Uid,
        user_id -> Uid,
        created_at -> Ts,
        expires_at -> Ts,
        used_at -> Nullable<Ts>,
        revoked_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    api_tokens (id) {
        id -> Uid,
        token_hash -> Binary,
        name -> Text,
        scopes -> JsonDoc,
        role -> Nullable<Text>,
        created_by -> Nullable<Uid>,
        created_at -> Ts,
        expires_at -> Nullable<Ts>,
        last_used_at -> Nullable<Ts>,
        revoked_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    nodes (id) {
        id -> Uid,
        name -> Text,
        version -> Text,
        started_at -> Ts,
        last_seen_at -> Ts,
        detector_set -> Nullable<Text>,
        concurrency -> Integer,
        counters -> JsonDoc,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::columns::Ts;

    leases (name) {
        name -> Text,
        holder -> Text,
        acquired_at -> Ts,
        until_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::columns::Ts;

    settings (key) {
        key -> Text,
        value -> Text,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::store::columns::{Ts, Uid};

    blobs (id) {
        id -> Uid,
        bytes -> BigInt,
        purpose -> Text,
        created_at -> Ts,
        deleted_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::store::columns::{Ts, TsWords, Uid};

    audit_events (seq) {
        seq -> BigInt,
        id -> Uid,
        at -> Ts,
        event_type -> Text,
        user_id -> Nullable<Text>,
        subject -> Nullable<Text>,
        recorded_by -> Nullable<Text>,
        variant_data -> Text,
        hash -> Binary,
        words -> TsWords,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, SmallInt};
    use crate::store::columns::Ts;

    audit_head (id) {
        id -> SmallInt,
        seq -> BigInt,
        hash -> Binary,
        at -> Ts,
        pruned -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Text};
    use crate::store::columns::Ts;

    audit_checkpoints (seq) {
        seq -> BigInt,
        hash -> Binary,
        at -> Ts,
        key_id -> Text,
        signature -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, SmallInt, Text};
    use crate::store::columns::{JsonDoc, Ts, TsWords, Uid};

    security_events (id) {
        id -> Uid,
        source -> Text,
        event_type -> Text,
        severity -> SmallInt,
        description -> Text,
        data -> JsonDoc,
        alert_id -> Nullable<Uid>,
        submitted_by -> Nullable<Uid>,
        created_at -> Ts,
        words -> TsWords,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    idempotency_keys (caller, route, key) {
        caller -> Uid,
        route -> Text,
        key -> Text,
        request_hash -> Binary,
        answer -> JsonDoc,
        created_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Integer, Nullable, SmallInt, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    webhooks (id) {
        id -> Uid,
        name -> Text,
        url -> Binary,
        secret -> Binary,
        min_severity -> SmallInt,
        event_types -> JsonDoc,
        state -> SmallInt,
        failures -> Integer,
        failing_since -> Nullable<Ts>,
        disabled_reason -> Nullable<Text>,
        created_at -> Ts,
        updated_at -> Ts,
        updated_by -> Nullable<Uid>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, SmallInt, Text};

    daily_counts (day, what, key, slot) {
        day -> Text,
        what -> Text,
        key -> Text,
        slot -> SmallInt,
        n -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Integer, Nullable, SmallInt, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    installations (id) {
        id -> Uid,
        tenant -> Text,
        team_id -> Nullable<Text>,
        enterprise_id -> Nullable<Text>,
        name -> Nullable<Text>,
        app_id -> Nullable<Text>,
        bot_id -> Nullable<Text>,
        bot_user_id -> Nullable<Text>,
        admin_user_id -> Nullable<Text>,
        review_channel_id -> Nullable<Text>,
        bot_token -> Nullable<Binary>,
        admin_token -> Nullable<Binary>,
        bot_refresh -> Nullable<Binary>,
        admin_refresh -> Nullable<Binary>,
        bot_expires_at -> Nullable<Ts>,
        admin_expires_at -> Nullable<Ts>,
        source -> SmallInt,
        state -> SmallInt,
        state_reason -> Nullable<Text>,
        capabilities -> JsonDoc,
        probed_at -> Nullable<Ts>,
        created_at -> Ts,
        updated_at -> Ts,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};
    use crate::store::columns::{JsonDoc, Ts, Uid};

    held_messages (id) {
        id -> Uid,
        workspace_id -> Text,
        channel_id -> Text,
        message_ts -> Text,
        thread_ts -> Nullable<Text>,
        team_id -> Nullable<Text>,
        user_id -> Nullable<Text>,
        job_id -> Uid,
        alert_id -> Nullable<Uid>,
        policy_id -> Nullable<Uid>,
        state -> SmallInt,
        strategy -> Nullable<SmallInt>,
        tried -> JsonDoc,
        files -> JsonDoc,
        said_at -> Nullable<Ts>,
        held_at -> Nullable<Ts>,
        exposed_ms -> Nullable<BigInt>,
        notice_ts -> Nullable<Text>,
        author_channel_id -> Nullable<Text>,
        author_ts -> Nullable<Text>,
        released_at -> Nullable<Ts>,
        released_by -> Nullable<Uid>,
        created_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::columns::{Ts, Uid};

    alert_cards (alert_id) {
        alert_id -> Uid,
        workspace_id -> Text,
        channel_id -> Text,
        message_ts -> Text,
        posted_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::columns::Ts;

    slack_holds (workspace_id, method) {
        workspace_id -> Text,
        method -> Text,
        until_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::Binary;
    use crate::store::columns::Ts;

    oauth_states (state_hash) {
        state_hash -> Binary,
        expires_at -> Ts,
    }
}

diesel::joinable!(scan_results -> scan_jobs (job_id));
diesel::joinable!(findings -> scan_results (job_id));
diesel::joinable!(violations -> scan_results (job_id));
diesel::joinable!(refresh_tokens -> users (user_id));

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, SmallInt, Text};
    use crate::store::columns::{Ts, Uid};

    backfills (id) {
        id -> Uid,
        workspace_id -> Text,
        reason -> SmallInt,
        mode -> SmallInt,
        again -> Bool,
        state -> SmallInt,
        from_at -> Ts,
        until_at -> Ts,
        look_back_to -> Ts,
        channels -> Nullable<Text>,
        error_code -> Nullable<Text>,
        requested_by -> Nullable<Uid>,
        due_at -> Ts,
        created_at -> Ts,
        began_at -> Nullable<Ts>,
        ended_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, SmallInt, Text};
    use crate::store::columns::Uid;

    backfill_parts (backfill_id, channel_id, thread_ts) {
        backfill_id -> Uid,
        channel_id -> Text,
        thread_ts -> Text,
        kind -> Nullable<Text>,
        external -> Bool,
        state -> SmallInt,
        code -> Nullable<Text>,
        position -> Nullable<Text>,
        covered -> SmallInt,
        messages -> BigInt,
        jobs -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    workspaces,
    inbound_events,
    scan_jobs,
    scan_results,
    findings,
    violations,
    alerts,
    alert_keys,
    alert_occurrences,
    alert_activity,
    suppressions,
    originals,
    reveals,
    action_outbox,
    detectors,
    policies,
    people_groups,
    users,
    login_failures,
    password_resets,
    refresh_tokens,
    api_tokens,
    nodes,
    leases,
    settings,
    blobs,
    audit_events,
    audit_head,
    audit_checkpoints,
    security_events,
    idempotency_keys,
    webhooks,
    daily_counts,
    installations,
    held_messages,
    alert_cards,
    slack_holds,
    oauth_states,
    backfills,
    backfill_parts,
);
