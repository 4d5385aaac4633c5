//! Slack events to play: messages of a wanted length, some with a leak, some delivered twice.
//!
//! Owns what the events look like, and their numbers. Leaves when they are sent to `mod.rs`.
//! **Invariant:** the same seed makes the same texts, so that two runs play the same.

use crate::slack::signature::{SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER};

/// What to play.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipe {
    /// Bytes of text in a message.
    pub(super) text_bytes: usize,
    /// Share of messages with a card number in them, from 0 to 1.
    pub(super) leaks: f64,
    /// Share of events that are delivered a second time, from 0 to 1.
    pub(super) duplicates: f64,
    /// Workspaces the messages come from.
    pub(super) workspaces: u32,
}

/// Makes events.
pub(super) struct Events {
    recipe: Recipe,
    run: String,
    random: fastrand::Rng,
    made: u64,
    again: Option<Event>,
}

/// One delivery of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Which event of the run; a second delivery has the number of the first.
    pub(super) number: u64,
    /// What is sent.
    pub(super) body: String,
}

const WORDS: &[&str] = &[
    "the", "release", "is", "ready", "for", "review", "please", "look", "at", "build", "4512",
    "and", "tell", "me", "what", "you", "think", "before", "lunch", "today", "we", "ship",
    "v2.31.0", "on", "Monday", "thanks", "a", "lot", "meeting", "moved", "to", "15:30", "see",
    "ticket", "OPS-1182",
];

/// A test number of the card schemes: passes every check, belongs to nobody.
const LEAK: &str = "my card is 4111 1111 1111 1111, exp 12/29";

impl Events {
    /// Events of the run called `run`, which begins every event id.
    pub(super) fn new(recipe: Recipe, run: &str, seed: u64) -> Self {
        Self {
            recipe,
            run: run.to_owned(),
            random: fastrand::Rng::with_seed(seed),
            made: 0,
            again: None,
        }
    }

    /// The number in an event id of the run called `run`.
    pub(super) fn number_of(run: &str, event_id: &str) -> Option<u64> {
        event_id.strip_prefix(run)?.parse().ok()
    }

    /// The next delivery.
    pub(super) fn next_event(&mut self, unix_seconds: i64) -> Event {
        if let Some(event) = self.again.take() {
            return event;
        }
        let body = self.fresh(unix_seconds);
        let event = Event {
            number: self.made,
            body,
        };
        if self.random.f64() < self.recipe.duplicates {
            self.again = Some(event.clone());
        }
        event
    }

    fn fresh(&mut self, unix_seconds: i64) -> String {
        self.made += 1;
        let (run, n) = (self.run.clone(), self.made);
        let workspace = self.random.u32(..self.recipe.workspaces.max(1));
        let (channel, user) = (self.random.u32(..200), self.random.u32(..1_000));
        let text = self.text();
        serde_json::json!({
            "token": "unused", "team_id": format!("TLOAD{workspace}"), "api_app_id": "ALOAD",
            "type": "event_callback", "event_id": format!("{run}{n}"), "event_time": unix_seconds,
            "authorizations": [{ "enterprise_id": null, "team_id": format!("TLOAD{workspace}"),
                "user_id": "ULOADBOT", "is_bot": true, "is_enterprise_install": false }],
            "event": { "type": "message", "channel": format!("CLOAD{channel}"), "channel_type": "channel",
                "user": format!("ULOAD{user}"), "text": text, "ts": format!("{unix_seconds}.{:06}", n % 1_000_000),
                "client_msg_id": format!("{run}-{n}") },
        })
        .to_string()
    }

    /// What somebody says next, and whether it leaks.
    #[cfg(feature = "fake-slack")]
    pub(super) fn said(&mut self) -> (String, bool) {
        let text = self.text();
        let leaks = text.starts_with(LEAK);
        (text, leaks)
    }

    fn text(&mut self) -> String {
        let mut text = String::with_capacity(self.recipe.text_bytes + LEAK.len());
        if self.random.f64() < self.recipe.leaks {
            text.push_str(LEAK);
        }
        while text.len() < self.recipe.text_bytes {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(
                self.random
                    .choice(WORDS.iter())
                    .copied()
                    .unwrap_or_default(),
            );
        }
        text
    }
}

/// The whole HTTP request for a body, signed as Slack signs.
pub(super) fn request(
    host: &str,
    path: &str,
    secret: &SigningSecret,
    unix_seconds: i64,
    body: &str,
) -> Vec<u8> {
    let signature = secret.sign(unix_seconds, body.as_bytes());
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         {TIMESTAMP_HEADER}: {unix_seconds}\r\n{SIGNATURE_HEADER}: {signature}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len(),
    );
    request.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: Recipe = Recipe {
        text_bytes: 240,
        leaks: 0.5,
        duplicates: 0.0,
        workspaces: 3,
    };

    #[test]
    fn the_same_seed_plays_the_same_events() {
        let play = || {
            let mut events = Events::new(RECIPE, "EvRUN", 7);
            (0..20)
                .map(|_| events.next_event(1_700_000_000))
                .collect::<Vec<_>>()
        };
        assert_eq!(play(), play());
    }

    #[test]
    fn about_the_wanted_share_leaks() {
        let mut events = Events::new(RECIPE, "EvRUN", 7);
        let leaks = (0..1_000)
            .filter(|_| events.next_event(0).body.contains("4111 1111"))
            .count();
        assert!((400..600).contains(&leaks), "{leaks}");
    }

    #[test]
    fn a_duplicate_is_the_same_event_to_the_byte() {
        let recipe = Recipe {
            duplicates: 1.0,
            ..RECIPE
        };
        let mut events = Events::new(recipe, "EvRUN", 7);
        assert_eq!(events.next_event(0), events.next_event(0));
    }

    #[test]
    fn an_event_id_tells_its_number() {
        let mut events = Events::new(RECIPE, "EvRUN", 7);
        let body = events.next_event(0).body;
        let value: serde_json::Value = serde_json::from_str(&body).unwrap();
        let id = value["event_id"].as_str().unwrap();
        assert_eq!(Events::number_of("EvRUN", id), Some(1));
        assert_eq!(Events::number_of("EvOTHER", id), None);
    }

    #[test]
    fn a_request_bears_the_signature_of_its_own_body() {
        let secret = SigningSecret::new(&"0123456789abcdef".to_owned().into()).unwrap();
        let request = request("h:1", "/slack/events", &secret, 1_700_000_000, "{}");
        let request = String::from_utf8(request).unwrap();
        let signature = secret.sign(1_700_000_000, b"{}");
        assert!(request.contains(&format!("{SIGNATURE_HEADER}: {signature}\r\n")));
        assert!(request.ends_with("Content-Length: 2\r\n\r\n{}"));
    }
}
