//! `[auth]`: who may sign in.

use shared::secret::SecretString;

shared::config_section! {
    /// Who may sign in: the first admin, made when there is no user yet, and who adds themselves.
    pub struct AuthConfig in "auth" {
        /// The first admin's address.
        admin_email: String = "admin@localhost",
        /// The first admin's password, at least 12 characters. Without it one is made and printed once.
        admin_password: Option<SecretString>,
        /// Whether anybody may make themselves an account, as analyst. Otherwise admins make them.
        allow_registration: bool = "false",
    }
}
