//! Installing the app, and ending that.
//!
//! Owns tokens: making, renewing and revoking them. **Invariant:** a refresh token works once.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::fake_slack::model::{Install, Reach, Token, TokenKind, User, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

/// How long a token that is rotated works.
pub(in crate::fake_slack) const EXPIRES_IN: TimeDelta = TimeDelta::seconds(43_200);

/// An installation to be.
#[derive(Clone, Debug, Default)]
pub struct InstallPlan {
    /// The workspace; none for an organisation.
    pub team: Option<String>,
    /// The organisation, with the workspaces it is approved for.
    pub organisation: Option<(String, Vec<String>)>,
    /// What the bot may do.
    pub scopes: BTreeSet<String>,
    /// Who installs.
    pub user: Option<String>,
    /// What is done in their name.
    pub user_scopes: BTreeSet<String>,
}

/// What an installation gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// `xoxb-…`
    pub bot: String,
    /// `xoxp-…`, if anything is done in a person's name.
    pub user: Option<String>,
    /// The bot's user.
    pub bot_user: String,
    /// `B…`
    pub bot_id: String,
    /// What buys the next bot token, if tokens end.
    pub bot_refresh: Option<String>,
    /// What buys the next user token, if tokens end.
    pub user_refresh: Option<String>,
}

impl InstallPlan {
    /// For one workspace.
    pub fn on_workspace(team: &str, scopes: &[&str]) -> Self {
        Self {
            team: Some(team.to_owned()),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            ..Self::default()
        }
    }

    /// For an organisation, and there for some workspaces.
    pub fn on_organisation(organisation: &str, teams: &[&str], scopes: &[&str]) -> Self {
        let teams = teams.iter().map(ToString::to_string).collect();
        Self {
            organisation: Some((organisation.to_owned(), teams)),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            ..Self::default()
        }
    }

    /// The same, by somebody in whose name the app may act.
    #[must_use]
    pub fn by(mut self, user: &str, scopes: &[&str]) -> Self {
        self.user = Some(user.to_owned());
        self.user_scopes = scopes.iter().map(ToString::to_string).collect();
        self
    }

    fn reach(&self) -> Reach {
        match (&self.team, &self.organisation) {
            (None, Some((id, granted))) => Reach::Organisation {
                id: id.clone(),
                granted: granted.iter().cloned().collect(),
            },
            (team, _) => Reach::Workspace(team.clone().unwrap_or_default()),
        }
    }
}

impl World {
    /// Installs the app; once more where it is already, gives new tokens and widens what it may do.
    pub(in crate::fake_slack) fn install(&mut self, plan: &InstallPlan) -> Tokens {
        let (bot_user, bot_id) = self.installed(plan);
        let bot = self.issue(TokenKind::Bot, Some(&bot_user), plan);
        let mut tokens = Tokens {
            bot: bot.secret,
            bot_refresh: bot.refresh,
            bot_user,
            bot_id,
            ..Tokens::default()
        };
        if let (Some(user), false) = (&plan.user, plan.user_scopes.is_empty()) {
            let issued = self.issue(TokenKind::User, Some(user), plan);
            tokens.user = Some(issued.secret);
            tokens.user_refresh = issued.refresh;
        }
        tokens
    }

    fn installed(&mut self, plan: &InstallPlan) -> (String, String) {
        let reach = plan.reach();
        let consents = !plan.user_scopes.is_empty();
        let people: BTreeSet<String> = plan.user.iter().filter(|_| consents).cloned().collect();
        let mut known = self.app.installs.iter_mut();
        if let Some(install) = known.find(|install| same_place(&install.reach, &reach)) {
            install.reach = reach;
            install.scopes.extend(plan.scopes.iter().cloned());
            install.people.extend(people);
            return (install.bot_user.clone(), install.bot_id.clone());
        }
        let team = match &reach {
            Reach::Workspace(team) => team.clone(),
            Reach::Organisation { granted, .. } => granted.first().cloned().unwrap_or_default(),
        };
        let number = self.app.installs.len() + 1;
        let (bot_user, bot_id) = (format!("U0WEIR{number}"), format!("B0WEIR{number}"));
        let name = self.app.name.to_lowercase();
        let user = User::bot(&bot_user, &team, &name, &bot_id, &self.app.id);
        self.users.insert(bot_user.clone(), user);
        self.app.installs.push(Install {
            reach,
            bot_id: bot_id.clone(),
            bot_user: bot_user.clone(),
            scopes: plan.scopes.clone(),
            people,
        });
        (bot_user, bot_id)
    }

    /// Makes a token for somebody, as a plan says.
    pub(in crate::fake_slack) fn issue(
        &mut self,
        kind: TokenKind,
        user: Option<&str>,
        plan: &InstallPlan,
    ) -> Token {
        let organisation = match &plan.team {
            Some(team) => self.organisation_of(team).map(str::to_owned),
            None => plan.organisation.as_ref().map(|(id, _)| id.clone()),
        };
        let scopes = if kind == TokenKind::User {
            &plan.user_scopes
        } else {
            &plan.scopes
        };
        let life = self.app.token_life.filter(|_| kind != TokenKind::App);
        let mut token = Token {
            secret: String::new(),
            kind,
            app: self.app.id.clone(),
            user: user.map(str::to_owned),
            team: plan.team.clone(),
            organisation,
            scopes: scopes.clone(),
            revoked: false,
            expires_at: life.map(|life| self.now() + life),
            refresh: None,
        };
        self.name_token(&mut token);
        self.tokens.insert(token.secret.clone(), token.clone());
        token
    }

    /// Buys a new token with a refresh token, which is spent by that; so is the old token.
    ///
    /// # Errors
    /// `invalid_refresh_token`.
    pub(in crate::fake_slack) fn refresh(&mut self, refresh: &str) -> Outcome<Token> {
        let ends = self.now() + self.app.token_life.unwrap_or(EXPIRES_IN);
        let mut known = self.tokens.values_mut();
        let old = known
            .find(|token| token.refresh.as_deref() == Some(refresh) && !token.revoked)
            .ok_or_else(|| Refusal::of("invalid_refresh_token"))?;
        old.refresh = None;
        let mut token = old.clone();
        token.expires_at = Some(ends);
        self.name_token(&mut token);
        self.tokens.insert(token.secret.clone(), token.clone());
        Ok(token)
    }

    /// Changes a token that never ends for one that does.
    ///
    /// # Errors
    /// `invalid_auth`.
    pub(in crate::fake_slack) fn start_rotation(&mut self, secret: &str) -> Outcome<Token> {
        let ends = self.now() + self.app.token_life.unwrap_or(EXPIRES_IN);
        let old = self.tokens.get_mut(secret);
        let old = old.ok_or_else(|| Refusal::of("invalid_auth"))?;
        let mut token = old.clone();
        old.revoked = true;
        token.expires_at = Some(ends);
        self.name_token(&mut token);
        self.tokens.insert(token.secret.clone(), token.clone());
        Ok(token)
    }

    fn name_token(&mut self, token: &mut Token) {
        let prefix = match token.kind {
            TokenKind::Bot => "xoxb",
            TokenKind::User => "xoxp",
            TokenKind::App => "xapp",
        };
        let secret = self.secret(24);
        token.secret = if token.expires_at.is_some() {
            token.refresh = Some(format!("xoxe-1-{}", self.secret(24)));
            format!("xoxe.{prefix}-1-{secret}")
        } else {
            format!("{prefix}-{secret}")
        };
    }

    /// Ends tokens of these people and bots, and tells of it.
    pub(in crate::fake_slack) fn revoke(&mut self, users: &[&str]) {
        let (mut people, mut bots) = (BTreeSet::new(), BTreeSet::new());
        for token in self.tokens.values_mut() {
            let Some(user) = token
                .user
                .clone()
                .filter(|user| users.contains(&user.as_str()))
            else {
                continue;
            };
            token.revoked = true;
            match token.kind {
                TokenKind::Bot => bots.insert(user),
                _ => people.insert(user),
            };
        }
        let event = json!({ "type": "tokens_revoked", "tokens": { "oauth": people, "bot": bots } });
        let touched = |install: &Install| {
            users.contains(&install.bot_user.as_str())
                || users.iter().any(|user| install.people.contains(*user))
        };
        self.tell_installs(&event, touched);
        for install in &mut self.app.installs {
            install
                .people
                .retain(|user| !users.contains(&user.as_str()));
        }
    }

    /// Takes the app out of a workspace or an organisation: ends its tokens and tells of it.
    pub(in crate::fake_slack) fn uninstall(&mut self, place: &str) {
        let here = |install: &Install| match &install.reach {
            Reach::Workspace(id) | Reach::Organisation { id, .. } => id == place,
        };
        let gone: Vec<Install> = self
            .app
            .installs
            .iter()
            .filter(|i| here(i))
            .cloned()
            .collect();
        for install in &gone {
            let people = install.people.iter().map(String::as_str);
            let users: Vec<&str> = people.chain([install.bot_user.as_str()]).collect();
            self.revoke(&users);
        }
        self.tell_installs(&json!({ "type": "app_uninstalled" }), here);
        self.app.installs.retain(|install| !here(install));
    }

    /// Approves an org-wide installation for more workspaces, or takes that back, and tells of it.
    pub(in crate::fake_slack) fn set_access(&mut self, organisation: &str, change: &Access<'_>) {
        let here = |install: &Install| matches!(&install.reach, Reach::Organisation { id, .. } if id == organisation);
        for install in self.app.installs.iter_mut().filter(|install| here(install)) {
            if let Reach::Organisation { granted, .. } = &mut install.reach {
                match change {
                    Access::Granted(team) => granted.insert((*team).to_owned()),
                    Access::Revoked(team) => granted.remove(*team),
                };
            }
        }
        let event: Value = match change {
            Access::Granted(team) => json!({ "type": "team_access_granted", "team_ids": [team] }),
            Access::Revoked(team) => json!({ "type": "team_access_revoked", "team_ids": [team] }),
        };
        self.tell_installs(&event, here);
    }
}

/// A change of the workspaces that an org-wide installation is approved for.
#[derive(Clone, Copy, Debug)]
pub(in crate::fake_slack) enum Access<'a> {
    /// This one more.
    Granted(&'a str),
    /// This one no more.
    Revoked(&'a str),
}

fn same_place(one: &Reach, other: &Reach) -> bool {
    match (one, other) {
        (Reach::Workspace(one), Reach::Workspace(other)) => one == other,
        (Reach::Organisation { id: one, .. }, Reach::Organisation { id: other, .. }) => {
            one == other
        }
        _ => false,
    }
}
