//! The coordinator's configuration.
//!
//! Owns the sections only the coordinator has, one a file, and their sum. The layers, and the sections both
//! binaries share, are in `shared::config`.

mod auth;
mod database;
mod http;
mod slack;

pub use auth::AuthConfig;
pub use database::DatabaseConfig;
pub use http::HttpConfig;
pub use slack::SlackConfig;

use shared::config::{QueueConfig, SecretsConfig, StorageConfig, TelemetryConfig};

shared::configuration! {
    /// Everything that can be set.
    pub struct CoordinatorConfig {
        /// Where it listens.
        http: HttpConfig,
        /// Where the truth is.
        database: DatabaseConfig,
        /// What carries jobs.
        queue: QueueConfig,
        /// Where sealed files wait.
        storage: StorageConfig,
        /// The keys.
        secrets: SecretsConfig,
        /// The Slack app.
        slack: SlackConfig,
        /// Who may sign in.
        auth: AuthConfig,
        /// What it reports about itself.
        telemetry: TelemetryConfig,
    }
    foreign = ["node"];
}
