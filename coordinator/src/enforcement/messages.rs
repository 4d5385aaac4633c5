//! What Weir says in Slack.
//!
//! Owns the words of notices, of what authors are told, and of cards for reviewers. Leaves Block Kit and its limits to
//! `slack::blocks`, sending to the others.
//! **Invariant:** of what was found only masks are shown, and those to author and reviewers only; buttons carry an
//! alert's id and nothing else.

use shared::finding::Severity;
use shared::ids::AlertId;
use url::Url;

use super::subject::Subject;
use crate::domain::alert::{AlertStatus, Resolution};
use crate::domain::block::Strategy;
use crate::slack::blocks::{Block, Button, Card, Confirm, Input, Mrkdwn, Plain};
use crate::slack::client::NewMessage;
use crate::store::alerts::Alert;
use crate::store::held::{HeldMessage, HeldState};
use crate::store::slack_actions::WHY;

/// Gives the messages of an alert back.
pub(super) const RELEASE: &str = "weir_release";
/// Leaves them away.
pub(super) const KEEP: &str = "weir_keep";
/// Says that it never was a leak.
pub(super) const FALSE_POSITIVE: &str = "weir_false_positive";
/// The author will mend it.
pub(super) const WILL_FIX: &str = "weir_will_fix";
/// The author wants it back.
pub(super) const REQUEST_RELEASE: &str = "weir_request_release";
/// The author says that it is no leak.
pub(super) const REPORT: &str = "weir_report";
/// Opens the alert in a browser.
const OPEN: &str = "weir_open";

/// Where what is said goes.
pub(super) struct To<'a> {
    pub(super) channel: &'a str,
    pub(super) thread: Option<&'a str>,
}

/// A message of ours.
pub(super) fn message(card: &Card, to: &To<'_>) -> NewMessage {
    NewMessage {
        channel: to.channel.to_owned(),
        thread_ts: to.thread.map(str::to_owned),
        text: card.text().to_owned(),
        blocks: card.blocks(),
        metadata: None,
    }
}

/// What stands where a message was taken away.
pub(super) fn notice(subject: &Subject) -> Card {
    let text = by(subject, "A message from ").then(&Mrkdwn::own(
        " was removed by data-loss prevention because it matched ",
    ));
    let text = text.then(&policy(subject)).then(&Mrkdwn::own("."));
    Card::new(&text)
        .with(Block::section(&text))
        .with(Block::context(&[Mrkdwn::own(
            "Its author was told why. Please do not post it again.",
        )]))
}

/// The same, once the message was given back.
pub(super) fn notice_of_release(subject: &Subject) -> Card {
    let text = by(subject, "A message from ").then(&Mrkdwn::own(
        " was held back here by data-loss prevention, and released after a review.",
    ));
    Card::new(&text).with(Block::context(std::slice::from_ref(&text)))
}

fn by(subject: &Subject, words: &'static str) -> Mrkdwn {
    let who = match (&subject.job.place.user_id, &subject.job.place.bot_id) {
        (Some(user), _) => Mrkdwn::user(user),
        (None, Some(_)) => Mrkdwn::own("an app"),
        (None, None) => Mrkdwn::own("somebody"),
    };
    Mrkdwn::own(words).then(&who)
}

fn policy(subject: &Subject) -> Mrkdwn {
    let name = subject.policy.as_deref().unwrap_or("a policy");
    Mrkdwn::said(name).bold()
}

/// What its author is told of a message.
pub(super) fn to_author(
    subject: &Subject,
    held: Option<&HeldMessage>,
    noted: Option<&Mrkdwn>,
) -> Card {
    let place = &subject.job.place;
    let channel = place.channel_id.as_deref().unwrap_or_default();
    let (lead, advice) = of_author(held);
    let text = Mrkdwn::own("Your message in ")
        .then(&Mrkdwn::channel(channel))
        .then(&Mrkdwn::own(lead));
    let card = Card::new(&text)
        .with(Block::section(&text))
        .with(Block::section(&found(subject)))
        .with(Block::section(&Mrkdwn::own(advice)));
    if let Some(noted) = noted {
        return card.with(Block::context(std::slice::from_ref(noted)));
    }
    match (subject.alert, held.map(|held| held.state)) {
        (_, Some(HeldState::Released)) | (None, _) => card,
        (Some(alert), state) => asking(card, alert, state == Some(HeldState::Held)),
    }
}

const fn of_author(held: Option<&HeldMessage>) -> (&'static str, &'static str) {
    match held {
        Some(HeldMessage {
            state: HeldState::Held,
            strategy: Some(Strategy::DiscoveryTombstone),
            ..
        }) => (
            " was hidden by data-loss prevention.",
            "*What to do:* write it again without these values, or ask for its release if it may be read.",
        ),
        Some(HeldMessage {
            state: HeldState::Held,
            ..
        }) => (
            " was removed by data-loss prevention. A sealed copy is kept for review.",
            "*What to do:* write it again without these values, or ask for its release if it may be read.",
        ),
        Some(HeldMessage {
            state: HeldState::Released,
            ..
        }) => (
            " was reviewed and released.",
            "There is nothing more to do.",
        ),
        Some(HeldMessage {
            state: HeldState::Gone,
            ..
        }) => (
            " held something that should not be shared, and is gone already.",
            "*What to do:* nothing more, unless others may have read it: then tell your security team.",
        ),
        _ => (
            " holds something that should not be shared.",
            "*What to do:* please delete it, or edit it so that these values are gone. Weir could not do that for you.",
        ),
    }
}

fn found(subject: &Subject) -> Mrkdwn {
    let mut text = Mrkdwn::own("*What was found:*");
    for (kind, mask) in &subject.found {
        text = text
            .then(&Mrkdwn::own("\n• "))
            .then(&Mrkdwn::said(&in_words(kind)))
            .then(&Mrkdwn::own(" "))
            .then(&Mrkdwn::code(mask));
    }
    text.then(&Mrkdwn::own("\n*Why:* it met the policy "))
        .then(&policy(subject))
        .then(&Mrkdwn::own("."))
}

/// `CREDIT_CARD_NUMBER` as people say it.
fn in_words(kind: &str) -> String {
    kind.to_lowercase().replace('_', " ")
}

/// With the author's buttons, and a field for why.
fn asking(card: Card, alert: AlertId, is_held: bool) -> Card {
    let value = alert.to_string();
    let button = |id, text| Button::new(id, &Plain::said(text)).value(&value);
    let mut buttons = vec![button(WILL_FIX, "I'll fix it").primary()];
    if is_held {
        buttons.push(button(REQUEST_RELEASE, "Request release"));
    }
    buttons.push(button(REPORT, "Report false positive"));
    let why = Input::new(WHY, &Plain::said("Why it may be read (for the reviewers)"))
        .multiline()
        .optional();
    card.with(Block::input(WHY, why))
        .with(Block::actions("weir_author", buttons))
}

/// What reviewers see of an alert.
pub(super) struct Review<'a> {
    pub(super) alert: &'a Alert,
    pub(super) subject: &'a Subject,
    pub(super) held: &'a [HeldMessage],
    /// What was done last, by whom.
    pub(super) news: Vec<Mrkdwn>,
    pub(super) public_url: Option<&'a Url>,
}

/// The card that tells reviewers.
pub(super) fn card(review: &Review<'_>) -> Card {
    let (alert, subject) = (review.alert, review.subject);
    let place = &subject.job.place;
    let severity = severity_in_words(alert.severity);
    let kind = subject
        .found
        .first()
        .map_or("leak", |(kind, _)| kind.as_str());
    let title = Mrkdwn::own(severity)
        .then(&Mrkdwn::own(" alert: "))
        .then(&Mrkdwn::said(&in_words(kind)));
    let author = match (&place.user_id, &place.bot_id) {
        (Some(user), _) => Mrkdwn::user(user),
        (None, _) => Mrkdwn::own("an app"),
    };
    let channel = place.channel_id.as_deref().unwrap_or_default();
    let header = Plain::said(&format!("{severity}: {}", in_words(kind)));
    let fields = [
        field("*Policy*\n", &policy(subject)),
        field("*Severity*\n", &Mrkdwn::own(severity)),
        field("*Channel*\n", &Mrkdwn::channel(channel)),
        field("*Author*\n", &author),
    ];
    Card::new(&title)
        .with(Block::header(&header))
        .with(Block::fields(&fields))
        .with(Block::section(&masks(subject)))
        .with(Block::section(&standing(review)))
        .with(Block::context(&review.news))
        .with(Block::actions("weir_review", buttons(review)))
}

fn field(name: &'static str, value: &Mrkdwn) -> Mrkdwn {
    Mrkdwn::own(name).then(value)
}

fn masks(subject: &Subject) -> Mrkdwn {
    let mut text = Mrkdwn::own("*Found*");
    for (kind, mask) in &subject.found {
        text = text
            .then(&Mrkdwn::own("\n"))
            .then(&Mrkdwn::code(mask))
            .then(&Mrkdwn::own("  "))
            .then(&Mrkdwn::said(&in_words(kind)));
    }
    text
}

/// How it stands with the messages.
fn standing(review: &Review<'_>) -> Mrkdwn {
    let mut text = Mrkdwn::own("*Messages*");
    if review.held.is_empty() {
        return text.then(&Mrkdwn::own("\nNo policy blocks them."));
    }
    for held in review.held.iter().rev().take(5) {
        text = text.then(&Mrkdwn::own("\n• ")).then(&of_held(held));
    }
    let more = review.held.len().saturating_sub(5);
    if more > 0 {
        text = text.then(&Mrkdwn::said(&format!("\n… and {more} more")));
    }
    text
}

fn of_held(held: &HeldMessage) -> Mrkdwn {
    let exposed = held.exposed_ms.map(|ms| {
        let tenths = ms.div_ceil(100);
        Mrkdwn::said(&format!(
            " It could be read for {}.{} s.",
            tenths / 10,
            tenths % 10
        ))
    });
    let what = match (held.state, held.strategy) {
        (HeldState::Held, Some(Strategy::DiscoveryTombstone)) => "Hidden until reviewed.",
        (HeldState::Held, _) => "Removed; a sealed copy is kept.",
        (HeldState::Blocking, _) => "Being removed.",
        (HeldState::Released, _) => "Released.",
        (HeldState::Gone, _) => "Gone: its author removed or mended it.",
        (HeldState::Braked, _) => {
            "Left standing: this policy blocked too much in this channel, and only alerts there."
        }
        (HeldState::Standing, _) => "Still there: Slack does not let Weir remove it.",
    };
    let mut text = Mrkdwn::own(what);
    if let Some(exposed) = exposed {
        text = text.then(&exposed);
    }
    if held.state == HeldState::Standing {
        for tried in &held.tried.0 {
            let why = format!(" ({}: {})", tried.strategy.as_str(), tried.code);
            text = text.then(&Mrkdwn::said(&why));
        }
    }
    text
}

fn buttons(review: &Review<'_>) -> Vec<Button> {
    let id = review.alert.id.to_string();
    let button = |action, text| Button::new(action, &Plain::said(text)).value(&id);
    let mut buttons = Vec::new();
    if !review.alert.status.is_closed() {
        if review.held.iter().any(|held| held.state == HeldState::Held) {
            let confirm = Confirm {
                title: Plain::said("Release this message?"),
                text: Plain::said("Everybody in its channel will be able to read it."),
                yes: Plain::said("Release"),
                no: Plain::said("Cancel"),
            };
            buttons.push(button(RELEASE, "Release").primary().confirm(&confirm));
            buttons.push(button(KEEP, "Keep blocked").danger());
        } else {
            buttons.push(button(KEEP, "Resolve"));
        }
        buttons.push(button(FALSE_POSITIVE, "False positive"));
    }
    if let Some(url) = review
        .public_url
        .and_then(|base| alert_url(base, review.alert.id))
    {
        buttons.push(Button::new(OPEN, &Plain::said("Open")).url(&url));
    }
    buttons
}

fn alert_url(base: &Url, alert: AlertId) -> Option<Url> {
    base.join(&format!("alerts/{alert}")).ok()
}

/// How an alert ended, in a line.
pub(super) fn ended(alert: &Alert, by: Option<&str>) -> Option<Mrkdwn> {
    let word = match alert.status {
        AlertStatus::Open | AlertStatus::Acknowledged => return None,
        AlertStatus::Resolved => "Resolved",
        AlertStatus::Dismissed => "Dismissed",
    };
    let how = alert.resolution.as_deref().map(Resolution::kind_of);
    let mut text = Mrkdwn::own(word);
    if let Some(how) = how {
        text = text.then(&Mrkdwn::said(&format!(": {}", in_words(how))));
    }
    if let Some(by) = by {
        text = text.then(&Mrkdwn::own(", by ")).then(&Mrkdwn::said(by));
    }
    Some(text)
}

/// A message that is posted again.
pub(super) fn reposted(subject: &Subject, text: &str) -> Card {
    let place = &subject.job.place;
    let lead = by(subject, "Originally posted by ");
    let lead = match place.said_at {
        Some(at) => lead
            .then(&Mrkdwn::own(", "))
            .then(&Mrkdwn::date(at, &at.format("%F %R UTC").to_string())),
        None => lead,
    };
    let lead = lead.then(&Mrkdwn::own(". Released after a review."));
    let said = Mrkdwn::reposted(text);
    Card::new(&said)
        .with(Block::context(std::slice::from_ref(&lead)))
        .with(Block::section(&said))
}

const fn severity_in_words(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "Info",
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}
