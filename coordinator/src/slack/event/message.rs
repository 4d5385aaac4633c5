//! Which part of an event is to be scanned, if any.
//!
//! Owns the forms a message takes. Leaves the envelope to `envelope`, finding strings to `text`.
//! **Invariant:** a deleted message is never turned into text again, whatever else its event says; and an
//! edit is passed over only if no scanned string of it differs from before.

use serde_json::{Map, Value};
use shared::content::{Gap, GapReason};

use super::kind;
use super::{Content, Disposition, MessageRef, OwnIds, SkipReason, envelope, files};
use crate::slack::text::{Document, Texts, collect};

/// Repeats of other messages: the state before an edit, and the parent of a thread. They were scanned when
/// they were written, and a finding in them must not be laid at this message's door.
const OTHER_MESSAGES: [&str; 2] = ["previous_message", "root"];
/// An event of a type not known here is like a message if it has one of these.
const CONTENT_KEYS: [&str; 10] = [
    "text",
    "blocks",
    "attachments",
    "files",
    "file",
    "message",
    "metadata",
    "comment",
    "content",
    "title",
];

/// An event, and who we are.
pub(super) struct View<'a> {
    pub(super) own: &'a OwnIds,
    pub(super) document: &'a Document,
}

impl View<'_> {
    /// The event's kind and what to do with it.
    pub(super) fn judge(&self) -> (&'static str, Disposition) {
        let root = &self.document.root;
        let Some((event, fields)) = root
            .get("event")
            .and_then(|event| event.as_object().map(|fields| (event, fields)))
        else {
            return (kind::UNREADABLE, self.scan(root, "", root));
        };
        if word(fields, "subtype") == "message_deleted" {
            return (kind::MESSAGE, Disposition::Skip(SkipReason::Deleted));
        }
        match word(fields, "type") {
            "" => (kind::UNREADABLE, self.message(event, fields)),
            "message" | "app_mention" => (kind::MESSAGE, self.message(event, fields)),
            file if kind::is_file(file) => (kind::FILE, self.file(event)),
            known if kind::is_lifecycle(known) => {
                (kind::LIFECYCLE, Disposition::Skip(SkipReason::Lifecycle))
            }
            _ if self.may_hold_content(fields) => (kind::UNKNOWN, self.message(event, fields)),
            family if kind::is_of_lifecycle_family(family) => {
                (kind::LIFECYCLE, Disposition::Skip(SkipReason::Lifecycle))
            }
            _ => (kind::UNKNOWN, Disposition::Skip(SkipReason::UnknownType)),
        }
    }

    /// What was cut away may be the content.
    fn may_hold_content(&self, fields: &Map<String, Value>) -> bool {
        self.document.cut || CONTENT_KEYS.iter().any(|key| fields.contains_key(*key))
    }

    fn message(&self, event: &Value, fields: &Map<String, Value>) -> Disposition {
        if let Some(reason) = self.reason_to_skip(fields) {
            return Disposition::Skip(reason);
        }
        match (word(fields, "subtype"), fields.get("message")) {
            ("message_changed", Some(Value::Object(inner))) => self.changed(event, inner),
            _ => self.scan(event, "/event", event),
        }
    }

    fn changed(&self, event: &Value, inner: &Map<String, Value>) -> Disposition {
        if let Some(reason) = self.reason_to_skip(inner) {
            return Disposition::Skip(reason);
        }
        let now = event.get("message").unwrap_or(&Value::Null);
        if let Some(before @ Value::Object(_)) = event.get("previous_message")
            && self.says_the_same(now, before)
        {
            return Disposition::Skip(SkipReason::Unchanged);
        }
        self.scan(now, "/event/message", event)
    }

    /// These events carry little more than ids: the file is known, its content is not.
    fn file(&self, event: &Value) -> Disposition {
        let mut disposition = self.scan(event, "/event", event);
        if let Disposition::Scan(content) = &mut disposition {
            content.gaps.push(Gap {
                reason: GapReason::NotFetched,
                part: Some("/event/file".to_owned()),
            });
        }
        disposition
    }

    fn reason_to_skip(&self, message: &Map<String, Value>) -> Option<SkipReason> {
        let subtype = word(message, "subtype");
        if kind::is_tombstone(subtype) {
            Some(SkipReason::Tombstone)
        } else if kind::is_system(subtype) {
            Some(SkipReason::System)
        } else if self.is_own(message) {
            Some(SkipReason::OwnPost)
        } else {
            None
        }
    }

    /// Other bots' posts are scanned; ours would come back for ever.
    fn is_own(&self, message: &Map<String, Value>) -> bool {
        let profile = message.get("bot_profile");
        let app = envelope::id(message.get("app_id"))
            .or_else(|| envelope::id(profile.and_then(|profile| profile.get("app_id"))));
        is_ours(
            envelope::id(message.get("bot_id")),
            self.own.bot_id.as_deref(),
        ) || is_ours(
            envelope::id(message.get("user")),
            self.own.bot_user_id.as_deref(),
        ) || is_ours(app, self.own.app_id.as_deref())
    }

    fn says_the_same(&self, now: &Value, before: &Value) -> bool {
        let (now_says, before_said) = (
            collect(now, "", &OTHER_MESSAGES),
            collect(before, "", &OTHER_MESSAGES),
        );
        let whole = Gap::whole(GapReason::TooComplex);
        // What was cut away may be what differs.
        !self.document.cut
            && !now_says.gaps.contains(&whole)
            && now.get("files") == before.get("files")
            && now_says == before_said
    }

    fn scan(&self, part: &Value, at: &str, event: &Value) -> Disposition {
        let Texts { units, mut gaps } = collect(part, at, &OTHER_MESSAGES);
        let missing = self.document.gaps().into_iter();
        let new: Vec<Gap> = missing.filter(|gap| !gaps.contains(gap)).collect();
        gaps.extend(new);
        Disposition::Scan(Box::new(Content {
            subject: subject(part, event, &self.document.root),
            units,
            gaps,
            files: files::mentioned(part, at),
        }))
    }
}

fn is_ours(theirs: Option<&str>, ours: Option<&str>) -> bool {
    theirs.is_some() && theirs == ours
}

fn word<'v>(message: &'v Map<String, Value>, key: &str) -> &'v str {
    message.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The key of an edited message is the inner `ts`; the outer one is the edit's own.
fn subject(message: &Value, event: &Value, root: &Value) -> MessageRef {
    let owned = |value: Option<&Value>| envelope::id(value).map(str::to_owned);
    let either = |holder: &Value, one: &str, other: &str| {
        owned(holder.get(one)).or_else(|| owned(holder.get(other)))
    };
    MessageRef {
        channel: either(event, "channel", "channel_id"),
        user: either(message, "user", "user_id"),
        bot: owned(message.get("bot_id")),
        external: root.get("is_ext_shared_channel") == Some(&Value::Bool(true)),
        ts: owned(message.get("ts")),
        thread_ts: owned(message.get("thread_ts")),
        channel_type: owned(event.get("channel_type")),
        team: either(root, "context_team_id", "team_id"),
        author_team: either(message, "user_team", "team"),
        files: files::ids(message),
        said_at: envelope::moment(event.get("event_ts"))
            .or_else(|| envelope::moment(message.get("ts"))),
    }
}
