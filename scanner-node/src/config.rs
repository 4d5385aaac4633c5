//! A scanner node's configuration.
//!
//! Owns `[node]`. The layers, and the sections both binaries share, are in `shared::config`.

use std::net::SocketAddr;
use std::time::Duration;

use shared::config::{ByteSize, QueueBackend, QueueConfig, Source, TelemetryConfig};
use shared::secret::SecretString;
use url::Url;

use crate::fetch::HostList;

shared::config_section! {
    /// This node.
    pub struct NodeConfig in "node" {
        /// The coordinator, or what stands in front of several.
        coordinator_url: Url = "http://127.0.0.1:8080",
        /// What `weir keys export-node` printed.
        key: SecretString,
        /// Its name in lists and logs; the host's name if nothing is given.
        [env "HOSTNAME"]
        name: String = "scanner",
        /// Batches of messages and files scanned at once; 0 stands for what fits the machine.
        concurrency: u32 = "0",
        /// Where it answers /healthz, /readyz and /metrics.
        bind: SocketAddr = "127.0.0.1:9464",
        /// The longest file it examines.
        max_file: ByteSize = "256 MiB",
        /// Hosts that files are fetched from, and that are trusted with Slack's token, if not Slack's own; only for tests.
        file_hosts: Option<HostList>,
        /// How long fetching one file may take.
        fetch_within: Duration = "5m",
        /// How long jobs in work may take to end after SIGTERM.
        drain_deadline: Duration = "20s",
    }
}

shared::configuration! {
    /// Everything that can be set.
    pub struct ScannerConfig {
        /// This node.
        node: NodeConfig,
        /// What carries jobs.
        queue: QueueConfig,
        /// What it reports about itself.
        telemetry: TelemetryConfig,
    }
    foreign = ["http", "database", "pipeline", "storage", "secrets", "slack", "auth", "mail"];
    check = check;
}

fn check(config: &ScannerConfig, source: &mut Source) {
    if config.queue.backend == QueueBackend::Embedded {
        source.refuse(
            "queue",
            "backend",
            "must be redis or sqs: the embedded queue is inside a coordinator",
        );
    }
}

/// Every key with its meaning and default, as TOML: what `deploy/config/scanner-node.toml` holds.
pub fn reference() -> String {
    shared::config::reference::<ScannerConfig>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_file_says_what_the_code_does() {
        let written = include_str!("../../deploy/config/scanner-node.toml");
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
        let loaded = shared::config::load::<ScannerConfig>(Some(&file), env);
        assert!(loaded.is_ok(), "{loaded:?}");
    }
}
