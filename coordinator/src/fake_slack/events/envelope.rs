//! Envelopes: what stands around an event, and who it is told to.
//!
//! **Invariant:** an envelope names one installation only; the others are asked for with its `event_context`.

use serde_json::{Value, json};

use crate::fake_slack::model::{Conversation, Install, OutgoingKind, UserEvents, World};

/// How many events can be asked for who else saw them.
const CONTEXTS: usize = 10_000;

/// Who might be told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Audience<'a> {
    /// Whoever is in a conversation and has a scope.
    Conversation(&'a str, &'a str),
    /// Whoever is installed in a workspace and has a scope.
    Workspace(&'a str, &'a str),
    /// Whoever sees a file.
    File(&'a str),
    /// This one.
    Install(&'a Install),
}

impl World {
    /// Tells an event to whoever of the audience sees it; to nobody, if none does.
    pub(super) fn tell(&mut self, event: &Value, audience: Audience<'_>) {
        let authorizations = self.authorizations(audience);
        let Some(first) = authorizations.first().cloned() else {
            return;
        };
        let team = self.source(event, audience);
        let event_context = format!("4-{}", self.secret(40));
        let shared = matches!(audience, Audience::Conversation(id, _) if self.is_shared(id));
        let context_team = first.get("team_id").filter(|team| !team.is_null()).cloned();
        let organisation = first.get("enterprise_id").cloned().unwrap_or_default();
        let mut envelope = json!({
            "token": "verification", "api_app_id": self.app.id, "type": "event_callback",
            "event": event, "event_id": self.next_id("Ev"), "event_time": self.now().timestamp(),
            "authorizations": [first], "is_ext_shared_channel": shared,
            "event_context": event_context,
            "context_team_id": context_team.or_else(|| team.clone().map(Value::from)),
            "context_enterprise_id": organisation,
        });
        if let Some(envelope) = envelope.as_object_mut() {
            if let Some(team) = team {
                envelope.insert("team_id".to_owned(), json!(team));
            }
            if !organisation.is_null() {
                envelope.insert("enterprise_id".to_owned(), organisation);
            }
        }
        if self.contexts.len() >= CONTEXTS {
            self.contexts.clear();
        }
        self.contexts.insert(event_context, authorizations);
        self.send(OutgoingKind::Event, envelope);
    }

    /// Where an event comes from: in shared conversations, the author's workspace. Events about a whole
    /// organisation come from none.
    fn source(&self, event: &Value, audience: Audience<'_>) -> Option<String> {
        let author = event.get("team").and_then(Value::as_str);
        match audience {
            Audience::Conversation(id, _) => {
                let home = self.conversations.get(id).map(|c| c.team.clone());
                author
                    .filter(|team| !team.is_empty())
                    .map(str::to_owned)
                    .or(home)
            }
            Audience::Workspace(team, _) => Some(team.to_owned()),
            Audience::File(id) => self.files.get(id).map(|file| file.team.clone()),
            Audience::Install(install) => install.team().map(str::to_owned),
        }
    }

    /// Every installation of the audience that sees it.
    fn authorizations(&self, audience: Audience<'_>) -> Vec<Value> {
        let mut found = Vec::new();
        for install in &self.app.installs {
            match audience {
                Audience::Conversation(id, scope) => {
                    if let Some(conversation) = self.conversations.get(id) {
                        self.witnesses(install, conversation, scope, &mut found);
                    }
                }
                Audience::Workspace(team, scope) => {
                    if install.covers(team) && install.scopes.contains(scope) {
                        found.push(self.bot_of(install));
                    }
                }
                Audience::File(id) => self.witnesses_of_file(install, id, &mut found),
                Audience::Install(told) => {
                    if told.reach == install.reach {
                        found.push(self.bot_of(install));
                    }
                }
            }
        }
        found
    }

    /// Adds the bot of an installation and, if the app wants that, its people, as far as they are in a
    /// conversation.
    fn witnesses(
        &self,
        install: &Install,
        conversation: &Conversation,
        scope: &str,
        found: &mut Vec<Value>,
    ) {
        let mut teams = conversation.shared_with.iter().chain([&conversation.team]);
        if !teams.any(|team| install.covers(team)) {
            return;
        }
        if conversation.members.contains(&install.bot_user) && install.scopes.contains(scope) {
            found.push(self.bot_of(install));
        }
        if self.app.user_events == UserEvents::Told {
            let people = install.people.intersection(&conversation.members);
            for user in people.filter(|user| self.user_may(user, scope)) {
                found.push(self.authorization(install, user));
            }
        }
    }

    fn witnesses_of_file(&self, install: &Install, id: &str, found: &mut Vec<Value>) {
        let Some(file) = self.files.get(id) else {
            return;
        };
        let own = file.user == install.bot_user;
        // A file that is shared nowhere yet is told of, so that it is seen before it is shared.
        let fresh = file.shares.is_empty() && install.covers(&file.team);
        if (own || fresh) && install.scopes.contains("files:read") {
            found.push(self.bot_of(install));
            return;
        }
        for share in &file.shares {
            if let Some(conversation) = self.conversations.get(&share.channel) {
                self.witnesses(install, conversation, "files:read", found);
            }
        }
        found.dedup();
    }

    fn user_may(&self, user: &str, scope: &str) -> bool {
        let mut tokens = self.tokens.values();
        tokens.any(|t| t.user.as_deref() == Some(user) && !t.revoked && t.may(scope))
    }

    fn bot_of(&self, install: &Install) -> Value {
        self.authorization(install, &install.bot_user)
    }

    fn authorization(&self, install: &Install, user: &str) -> Value {
        use crate::fake_slack::model::Reach;
        let (organisation, team) = match &install.reach {
            Reach::Workspace(team) => (self.organisation_of(team), Some(team)),
            Reach::Organisation { id, .. } => (Some(id.as_str()), None),
        };
        json!({
            "enterprise_id": organisation, "team_id": team, "user_id": user,
            "is_bot": user == install.bot_user, "is_enterprise_install": install.is_org_wide(),
        })
    }
}
