//! The coordinator's configuration.
//!
//! Owns the sections only the coordinator has, one a file, and their sum. The layers, and the sections both
//! binaries share, are in `shared::config`.

mod alerts;
mod audit;
mod auth;
mod database;
mod http;
mod limits;
mod mail;
mod origin;
mod pipeline;
mod privacy;
mod retention;
mod slack;
mod webhooks;

pub use alerts::AlertsConfig;
pub use audit::AuditConfig;
pub use auth::AuthConfig;
pub use database::DatabaseConfig;
pub use http::HttpConfig;
pub use limits::LimitsConfig;
pub use mail::{Digest, MailConfig};
pub use origin::WebOrigin;
pub use pipeline::PipelineConfig;
pub use privacy::PrivacyConfig;
pub use retention::RetentionConfig;
pub use slack::SlackConfig;
pub use webhooks::WebhooksConfig;

use std::path::PathBuf;

use shared::config::{ConfigErrors, QueueConfig, SecretsConfig, StorageConfig, TelemetryConfig};

shared::configuration! {
    /// Everything that can be set.
    pub struct CoordinatorConfig {
        /// Where it listens.
        http: HttpConfig,
        /// Where the truth is.
        database: DatabaseConfig,
        /// What carries jobs.
        queue: QueueConfig,
        /// The way of a job.
        pipeline: PipelineConfig,
        /// Where sealed files wait.
        storage: StorageConfig,
        /// How long what is kept.
        privacy: PrivacyConfig,
        /// The keys.
        secrets: SecretsConfig,
        /// What people work on.
        alerts: AlertsConfig,
        /// The Slack app.
        slack: SlackConfig,
        /// Who may sign in.
        auth: AuthConfig,
        /// How long records are kept.
        retention: RetentionConfig,
        /// The trail of deeds.
        audit: AuditConfig,
        /// How often somebody may call.
        limits: LimitsConfig,
        /// How people are told.
        mail: MailConfig,
        /// How other systems are told.
        webhooks: WebhooksConfig,
        /// What it reports about itself.
        telemetry: TelemetryConfig,
    }
    foreign = ["node"];
}

/// The configuration of this process: the named file, or `weir.toml` if it is there, then the environment.
///
/// # Errors
/// Everything that is wrong with it, at once; permanent.
pub fn load(file: Option<PathBuf>) -> Result<CoordinatorConfig, ConfigErrors> {
    let file = shared::config::file_or_default(file);
    shared::config::load(file.as_deref(), shared::config::process_env())
}

/// Every key with its meaning and default, as TOML: what `deploy/config/coordinator.toml` holds.
pub fn reference() -> String {
    shared::config::reference::<CoordinatorConfig>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_file_says_what_the_code_does() {
        let written = include_str!("../../../deploy/config/coordinator.toml");
        let hint = "regenerate deploy/config by `make config`";
        assert_eq!(written, reference(), "{hint}");
    }

    #[test]
    fn the_reference_is_a_configuration_that_loads() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("weir.toml");
        std::fs::write(&file, reference()).unwrap();
        let env = vec![
            ("WEIR_NODE__KEY".to_owned(), "key".to_owned()),
            ("WEIR_QUEUE__BACKEND".to_owned(), "redis".to_owned()),
            (
                "WEIR_QUEUE__REDIS_URL".to_owned(),
                "redis://127.0.0.1/".to_owned(),
            ),
        ];
        let loaded = shared::config::load::<CoordinatorConfig>(Some(&file), env);
        assert!(loaded.is_ok(), "{loaded:?}");
    }
}
