//! Configuration from real files, as a binary reads it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use shared::config::{
    ByteSize, ConfigErrors, QueueBackend, QueueConfig, SecretsConfig, StorageConfig,
    TelemetryConfig, load, reference,
};
use shared::secret::{ExposeSecret as _, SecretString};
use shared::telemetry::OtlpProtocol;

shared::config_section! {
    /// A section of the binary's own.
    pub struct OwnConfig in "own" {
        /// Whom to ask.
        name: String,
        /// How much is read at most.
        limit: ByteSize = "100 MB",
        /// Who may.
        hosts: Vec<String> = "a.example,b.example",
        /// Of which nobody may know.
        token: Option<SecretString>,
        /// Whether at all.
        enabled: bool = "true",
    }
}

shared::configuration! {
    /// All sections.
    pub struct Config {
        /// Its own.
        own: OwnConfig,
        /// The queue.
        queue: QueueConfig,
        /// The keys.
        secrets: SecretsConfig,
        /// Telemetry.
        telemetry: TelemetryConfig,
        /// Blobs.
        storage: StorageConfig,
    }
    foreign = ["http"];
}

fn file(folder: &tempfile::TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("weir.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn read(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, text);
    load(Some(&path), pairs(env))
}

fn pairs(env: &[(&str, &str)]) -> Vec<(String, String)> {
    env.iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn problems(text: &str, env: &[(&str, &str)]) -> String {
    read(text, env).unwrap_err().to_string()
}

const NAME: (&str, &str) = ("WEIR_OWN__NAME", "n");

#[test]
fn defaults_give_way_to_the_file_and_the_file_to_the_environment() {
    let text = "[own]\nname = \"file\"\nlimit = \"1 KiB\"\n[queue]\nmessage_lease = \"7s\"\n";
    let config = read(
        text,
        &[("WEIR_OWN__NAME", "env"), ("WEIR_OWN__HOSTS", "c.example")],
    )
    .unwrap();
    assert_eq!(config.own.name, "env");
    assert_eq!(config.own.limit, ByteSize(1_024));
    assert_eq!(config.own.hosts, ["c.example"]);
    assert!(config.own.enabled);
    assert_eq!(config.queue.backend, QueueBackend::Embedded);
    assert_eq!(config.queue.message_lease, Duration::from_secs(7));
    assert_eq!(config.queue.key_prefix, "weir:");
    assert_eq!(config.storage.url, "file://weir-data/blobs");
}

#[test]
fn all_problems_are_told_at_once_with_both_names() {
    let text =
        "[own]\nlimits = 5\n[queue]\nbackend = \"kafka\"\nfile_window = \"many\"\n[telemetri]\n";
    let env = [
        ("WEIR_TELEMETRY__SAMPLE_RATIO", "2"),
        ("WEIR_QUEUE__BACKENT", "redis"),
        ("WEIR_OWN_NAME", "n"),
    ];
    let told = problems(text, &env);
    for part in [
        "own.limits in the file: unknown key; did you mean limit?",
        "[telemetri] in the file: unknown section; did you mean telemetry?",
        "WEIR_QUEUE__BACKENT: unknown variable; did you mean WEIR_QUEUE__BACKEND?",
        "WEIR_OWN_NAME: unknown variable; did you mean WEIR_OWN__NAME?",
        "WEIR_OWN__NAME (own.name in the file): must be given; expected a text",
        "WEIR_QUEUE__BACKEND (queue.backend in the file): not usable; expected one of embedded redis sqs",
        "WEIR_QUEUE__FILE_WINDOW (queue.file_window in the file): not usable; expected a whole number",
        "WEIR_TELEMETRY__SAMPLE_RATIO (telemetry.sample_ratio in the file): not usable; expected a number from 0 to 1",
    ] {
        assert!(told.contains(part), "{part}\nis not in\n{told}");
    }
    assert_eq!(told.lines().count(), 9, "{told}");
}

#[test]
fn a_secret_can_stand_in_a_file_of_its_own_named_in_either_layer() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("token");
    std::fs::write(&secret, "s3cret\n").unwrap();
    let path = secret.to_str().unwrap();
    let by_env = read("", &[NAME, ("WEIR_OWN__TOKEN_FILE", path)]).unwrap();
    let by_file = read(&format!("[own]\ntoken_file = '{path}'\n"), &[NAME]).unwrap();
    for config in [by_env, by_file] {
        assert_eq!(config.own.token.unwrap().expose_secret(), "s3cret");
    }
}

#[test]
fn a_secret_given_twice_or_in_a_missing_file_is_a_problem() {
    let twice = problems(
        "",
        &[
            NAME,
            ("WEIR_OWN__TOKEN", "a"),
            ("WEIR_OWN__TOKEN_FILE", "/b"),
        ],
    );
    assert!(
        twice.contains("also given by WEIR_OWN__TOKEN_FILE"),
        "{twice}"
    );
    let missing = problems("", &[NAME, ("WEIR_OWN__TOKEN_FILE", "/nowhere/at/all")]);
    assert!(missing.contains("cannot be read"), "{missing}");
    let both = [
        NAME,
        ("WEIR_SECRETS__KEYRING_FILE", "ring"),
        ("WEIR_SECRETS__MASTER_KEY", "x"),
    ];
    assert!(problems("", &both).contains("keep one of the two"));
}

#[test]
fn keys_that_are_no_secrets_have_no_file_twin() {
    let told = problems("", &[NAME, ("WEIR_OWN__LIMIT_FILE", "/x")]);
    assert!(
        told.contains("WEIR_OWN__LIMIT_FILE: unknown variable"),
        "{told}"
    );
}

#[test]
fn neither_errors_nor_debug_show_what_was_given() {
    let canary = "canary-4111";
    let syntax = problems(
        &format!("[own]\nname = \"a\"\ntoken = {canary} oops\n"),
        &[],
    );
    assert!(syntax.contains("line 3 is not well-formed"), "{syntax}");
    assert!(!syntax.contains(canary), "{syntax}");
    let wrong = problems(
        "",
        &[
            NAME,
            ("WEIR_OWN__LIMIT", canary),
            ("WEIR_QUEUE__BACKEND", canary),
        ],
    );
    assert!(!wrong.contains(canary), "{wrong}");
    let config = read("", &[NAME, ("WEIR_OWN__TOKEN", canary)]).unwrap();
    assert!(!format!("{config:?}").contains(canary));
}

#[test]
fn a_backend_needs_its_addresses() {
    let redis = problems("[queue]\nbackend = \"redis\"\n", &[NAME]);
    assert!(redis.contains("WEIR_QUEUE__REDIS_URL"), "{redis}");
    let sqs = problems(
        "",
        &[
            NAME,
            ("WEIR_QUEUE__BACKEND", "sqs"),
            ("WEIR_QUEUE__FILE_LEASE", "0s"),
        ],
    );
    for key in ["JOBS_URL", "FILES_URL", "RESULTS_URL"] {
        assert!(sqs.contains(&format!("WEIR_QUEUE__SQS_{key}")), "{sqs}");
    }
    assert!(sqs.contains("WEIR_QUEUE__FILE_LEASE"), "{sqs}");
}

#[test]
fn the_standard_variables_of_opentelemetry_count_unless_ours_are_set() {
    let standard = [
        NAME,
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
    ];
    let options = read("", &standard)
        .unwrap()
        .telemetry
        .options("weir", "1", "i".to_owned());
    let otlp = options.otlp.unwrap();
    assert_eq!(otlp.endpoint.as_str(), "http://otel:4318/");
    assert_eq!(otlp.protocol, OtlpProtocol::HttpProtobuf);
    let ours = "[telemetry]\notlp_endpoint = \"http://ours:4317\"\n";
    let endpoint = read(ours, &standard)
        .unwrap()
        .telemetry
        .otlp_endpoint
        .unwrap();
    assert_eq!(endpoint.as_str(), "http://ours:4317/");
}

#[test]
fn empty_variables_and_those_of_others_are_passed_over() {
    let env = [
        NAME,
        ("WEIR_QUEUE__REDIS_URL", ""),
        ("WEIR_HTTP__BIND", "x"),
        ("WEIR_TEST_REDIS_URL", "y"),
    ];
    let config = read("[http]\nbind = 1\n", &env).unwrap();
    assert!(config.queue.redis_url.is_none());
}

#[test]
fn a_file_that_is_not_there_is_a_problem() {
    let error = load::<Config>(Some(Path::new("/nowhere/weir.toml")), pairs(&[NAME])).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("/nowhere/weir.toml: cannot be read"),
        "{error}"
    );
}

#[test]
fn the_reference_loads_and_says_nothing_but_the_defaults() {
    let text = reference::<Config>();
    let from_reference = read(&text, &[NAME]).unwrap();
    let from_nothing = load::<Config>(None, pairs(&[NAME])).unwrap();
    assert_eq!(format!("{from_reference:?}"), format!("{from_nothing:?}"));
}

#[test]
fn the_reference_documents_every_key() {
    let own = reference::<Config>();
    let (own, _) = own.split_once("\n# The queue").unwrap();
    insta::assert_snapshot!(own, @r#"
    # A section of the binary's own.
    [own]

    # Whom to ask.
    # Expects a text.
    # Environment: WEIR_OWN__NAME
    # Must be given.
    # name =

    # How much is read at most.
    # Expects a number of bytes such as 64 KiB or 100 MB.
    # Environment: WEIR_OWN__LIMIT
    limit = "100 MB"

    # Who may.
    # Expects a list, separated by commas in the environment, an array in the file.
    # Environment: WEIR_OWN__HOSTS
    hosts = ["a.example", "b.example"]

    # Of which nobody may know.
    # Expects a text that is not empty.
    # Environment: WEIR_OWN__TOKEN, or the path of a file that holds it: WEIR_OWN__TOKEN_FILE
    # Not set by default.
    # token =

    # Whether at all.
    # Expects true or false.
    # Environment: WEIR_OWN__ENABLED
    enabled = true
    "#);
}
