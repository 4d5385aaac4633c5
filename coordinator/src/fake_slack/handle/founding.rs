//! Founding companies, and connecting the app.

use chrono::TimeDelta;
use shared::secret::SecretString;

use crate::fake_slack::deeds::{Access, InstallPlan, Tokens};
use crate::fake_slack::model::{
    Conversation, Endpoints, Organisation, Token, TokenKind, Transport, User, UserEvents, Workspace,
};
use crate::fake_slack::start::FakeSlack;
use crate::slack::signature::{EmptySecret, SigningSecret};

impl FakeSlack {
    /// Adds an organisation.
    pub fn add_organisation(&self, id: &str, name: &str) {
        let (id, name) = (id.to_owned(), name.to_owned());
        self.change(|world| {
            world
                .organisations
                .insert(id.clone(), Organisation { id, name })
        });
    }

    /// Adds a workspace.
    pub fn add_workspace(&self, workspace: Workspace) {
        self.change(|world| world.workspaces.insert(workspace.id.clone(), workspace));
    }

    /// Adds a person, or the user of a bot.
    pub fn add_user(&self, user: User) {
        self.change(|world| world.users.insert(user.id.clone(), user));
    }

    /// Adds a conversation.
    pub fn add_channel(&self, conversation: Conversation) {
        self.change(|world| world.add_conversation(conversation));
    }

    /// Installs the app.
    pub fn install(&self, plan: &InstallPlan) -> Tokens {
        self.change(|world| world.install(plan))
    }

    /// Takes the app out of a workspace or an organisation.
    pub fn uninstall(&self, place: &str) {
        self.change(|world| world.uninstall(place));
    }

    /// Ends the tokens of these people and bots.
    pub fn revoke(&self, users: &[&str]) {
        self.change(|world| world.revoke(users));
    }

    /// Approves an org-wide installation for a workspace.
    pub fn grant_access(&self, organisation: &str, team: &str) {
        self.change(|world| world.set_access(organisation, &Access::Granted(team)));
    }

    /// Takes that back.
    pub fn revoke_access(&self, organisation: &str, team: &str) {
        self.change(|world| world.set_access(organisation, &Access::Revoked(team)));
    }

    /// A token for anybody, with a secret of one's own choice.
    pub fn add_token(&self, token: Token) {
        self.change(|world| world.tokens.insert(token.secret.clone(), token));
    }

    /// The app's own token, for Socket Mode.
    pub fn app_token(&self) -> String {
        let plan = InstallPlan {
            scopes: ["connections:write", "authorizations:read"]
                .map(str::to_owned)
                .into(),
            ..InstallPlan::default()
        };
        self.change(|world| world.issue(TokenKind::App, None, &plan).secret)
    }

    /// Where the app is called, and what requests are signed with.
    ///
    /// # Errors
    /// [`EmptySecret`] (permanent).
    pub fn connect_to(
        &self,
        events: &str,
        interactivity: &str,
        commands: &str,
        secret: &str,
    ) -> Result<(), EmptySecret> {
        let endpoints = Endpoints {
            events: events.to_owned(),
            interactivity: interactivity.to_owned(),
            commands: commands.to_owned(),
            secret: SigningSecret::new(&SecretString::from(secret))?,
        };
        self.change(|world| world.app.transport = Transport::Http(Box::new(endpoints)));
        Ok(())
    }

    /// Tells the app over web sockets from now on.
    pub fn connect_by_socket(&self) {
        self.change(|world| world.app.transport = Transport::Socket);
    }

    /// Tells the app of what only its people see, too, or no more.
    pub fn set_user_events(&self, events: UserEvents) {
        self.change(|world| world.app.user_events = events);
    }

    /// Lets tokens that are made from now on end after that time.
    pub fn rotate_tokens(&self, life: TimeDelta) {
        self.change(|world| world.app.token_life = Some(life));
    }
}
