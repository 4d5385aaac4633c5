//! People at the app's buttons, commands and modals.
//!
//! Owns the payloads that clicks and commands make, and what response addresses and triggers allow.
//! **Invariant:** what a click tells is what stands in the message, never what the clicker says.

use serde_json::{Value, json};

use crate::fake_slack::model::{Install, Message, OutgoingKind, Ticket, Trigger, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

/// A payload, and which address it goes to.
#[derive(Clone, Debug)]
pub(in crate::fake_slack) struct Visit {
    pub(in crate::fake_slack) kind: OutgoingKind,
    pub(in crate::fake_slack) payload: Value,
}

impl World {
    /// What a click on an element of a message makes. Finds ephemeral messages, too.
    ///
    /// # Errors
    /// `channel_not_found`, `message_not_found`, `action_not_found`, `app_not_installed`.
    pub(in crate::fake_slack) fn click(
        &mut self,
        user: &str,
        place: (&str, &str),
        action_id: &str,
        state: Option<Value>,
    ) -> Outcome<Visit> {
        let (channel, ts) = place;
        let (message, ephemeral) = self.clickable(channel, ts, user)?;
        let mut action = action_in(&message, action_id)?;
        choose(&mut action, state.as_ref());
        let team = self.conversation(channel)?.team.clone();
        let moment = self.next_ts();
        if let Some(action) = action.as_object_mut() {
            action.insert("action_ts".to_owned(), json!(moment));
        }
        let name = self.conversation(channel)?.name.clone();
        let shown = self.show_message(channel, &message);
        let mut payload = self.visit(user, &team)?;
        let container = json!({
            "type": "message", "message_ts": ts, "channel_id": channel,
            "is_ephemeral": ephemeral, "thread_ts": message.thread_ts,
        });
        let values = state.unwrap_or_else(|| json!({}));
        let response = self.response_url(channel, Some(ts), user);
        for (key, value) in [
            ("type", json!("block_actions")),
            ("container", container),
            ("channel", json!({ "id": channel, "name": name })),
            ("message", shown),
            ("state", json!({ "values": values })),
            ("response_url", json!(response)),
            ("actions", json!([action])),
        ] {
            payload.insert(key.to_owned(), value);
        }
        Ok(Visit {
            kind: OutgoingKind::Interactive,
            payload: Value::Object(payload),
        })
    }

    fn clickable(&self, channel: &str, ts: &str, user: &str) -> Outcome<(Message, bool)> {
        let conversation = self.conversation(channel)?;
        let mut whispered = conversation.ephemerals.iter();
        if let Some(found) = whispered.find(|e| e.message.ts == ts && e.user == user) {
            return Ok((found.message.clone(), true));
        }
        Ok((self.message(channel, ts)?.clone(), false))
    }

    /// What a slash command makes.
    ///
    /// # Errors
    /// `channel_not_found`, `app_not_installed`.
    pub(in crate::fake_slack) fn slash(
        &mut self,
        user: &str,
        channel: &str,
        (command, text): (&str, &str),
    ) -> Outcome<Visit> {
        let conversation = self.conversation(channel)?;
        let (team, name) = (conversation.team.clone(), conversation.name.clone());
        let install = self.install_for(&team)?.clone();
        let workspace = self.workspaces.get(&team);
        let domain = workspace.map(|workspace| workspace.domain.clone());
        let user_name = self.users.get(user).map(|user| user.name.clone());
        let mut payload = json!({
            "token": "verification", "team_id": team, "team_domain": domain,
            "channel_id": channel, "channel_name": name,
            "user_id": user, "user_name": user_name, "command": command, "text": text,
            "api_app_id": self.app.id, "is_enterprise_install": install.is_org_wide().to_string(),
            "response_url": self.response_url(channel, None, user),
            "trigger_id": self.trigger(user),
        });
        let organisation = self.organisation_of(&team).map(str::to_owned);
        if let (Some(organisation), Some(payload)) = (organisation, payload.as_object_mut()) {
            payload.insert("enterprise_id".to_owned(), json!(organisation));
        }
        Ok(Visit {
            kind: OutgoingKind::SlashCommand,
            payload,
        })
    }

    /// What sending a modal makes.
    ///
    /// # Errors
    /// `view_not_found`, `app_not_installed`.
    pub(in crate::fake_slack) fn submit(&mut self, view_id: &str, state: &Value) -> Outcome<Visit> {
        let mut opened = self.views.iter();
        let found = opened.find(|view| view.id == view_id);
        let opened = found.ok_or_else(|| Refusal::of("view_not_found"))?.clone();
        let team = self.users.get(&opened.user).map(|user| user.team.clone());
        let mut payload = self.visit(&opened.user, &team.unwrap_or_default())?;
        let mut view = opened.view;
        if let Some(view) = view.as_object_mut() {
            view.insert("state".to_owned(), json!({ "values": state }));
        }
        payload.insert("type".to_owned(), json!("view_submission"));
        payload.insert("view".to_owned(), view);
        payload.insert("response_urls".to_owned(), json!([]));
        Ok(Visit {
            kind: OutgoingKind::Interactive,
            payload: Value::Object(payload),
        })
    }

    /// What all interactive payloads have.
    fn visit(&mut self, user: &str, team: &str) -> Outcome<serde_json::Map<String, Value>> {
        let org_wide = self.install_for(team)?.is_org_wide();
        let trigger = self.trigger(user);
        let known = self.users.get(user);
        let user_name = known.map(|user| user.name.clone());
        let user_team = known.map(|user| user.team.clone());
        let organisation = self.organisation_of(team);
        let organisation = organisation.and_then(|id| self.organisations.get(id));
        let domain = self
            .workspaces
            .get(team)
            .map(|workspace| workspace.domain.clone());
        let payload = json!({
            "user": { "id": user, "username": user_name, "name": user_name, "team_id": user_team },
            "api_app_id": self.app.id, "token": "verification",
            "trigger_id": trigger,
            "team": if org_wide { Value::Null } else { json!({ "id": team, "domain": domain }) },
            "enterprise": organisation.map(|o| json!({ "id": o.id, "name": o.name })),
            "is_enterprise_install": org_wide,
        });
        match payload {
            Value::Object(payload) => Ok(payload),
            _ => Err(Refusal::of("internal_error")),
        }
    }

    fn install_for(&self, team: &str) -> Outcome<&Install> {
        let mut installs = self.app.installs.iter();
        let found = installs.find(|install| install.covers(team));
        found.ok_or_else(|| Refusal::of("app_not_installed"))
    }

    fn trigger(&mut self, user: &str) -> String {
        let id = format!("{}.{}", self.next_id("TR"), self.secret(16));
        let made_at = self.now();
        let user = user.to_owned();
        self.triggers.insert(id.clone(), Trigger { user, made_at });
        id
    }

    fn response_url(&mut self, channel: &str, ts: Option<&str>, user: &str) -> String {
        let id = self.secret(20);
        let ticket = Ticket {
            channel: channel.to_owned(),
            ts: ts.map(str::to_owned),
            user: user.to_owned(),
            made_at: self.now(),
            uses: 0,
        };
        self.response_urls.insert(id.clone(), ticket);
        format!("{}/response/{id}", self.origin)
    }
}

/// The element with this `action_id`, with what a click on it tells.
fn action_in(message: &Message, action_id: &str) -> Outcome<Value> {
    for block in &message.blocks {
        let elements = block.get("elements").and_then(Value::as_array);
        let accessory = block.get("accessory");
        let mut candidates = elements.into_iter().flatten().chain(accessory);
        let found =
            candidates.find(|e| e.get("action_id").and_then(Value::as_str) == Some(action_id));
        let Some(element) = found.and_then(Value::as_object) else {
            continue;
        };
        let mut action = serde_json::Map::new();
        for key in ["type", "action_id", "text", "value", "style", "url"] {
            if let Some(value) = element.get(key) {
                action.insert(key.to_owned(), value.clone());
            }
        }
        let block_id = block.get("block_id").cloned().unwrap_or_default();
        action.insert("block_id".to_owned(), block_id);
        return Ok(Value::Object(action));
    }
    Err(Refusal::of("action_not_found"))
}

/// A menu tells what was chosen in it.
fn choose(action: &mut Value, state: Option<&Value>) {
    let name = |key: &str| action.get(key).and_then(Value::as_str).unwrap_or_default();
    let chosen = state.and_then(|state| state.get(name("block_id"))?.get(name("action_id")));
    let chosen = chosen
        .and_then(|input| input.get("selected_option"))
        .cloned();
    if let (Some(chosen), Some(action)) = (chosen, action.as_object_mut()) {
        action.insert("selected_option".to_owned(), chosen);
    }
}
