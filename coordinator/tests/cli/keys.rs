//! `weir keys`.

use shared::seal::{KeyRing, NodeKey, NodeVerifier};
use shared::secret::ExposeSecret as _;

use crate::support::Weir;

#[test]
fn a_ring_is_made_once_and_never_overwritten() {
    let weir = Weir::new();
    let args = ["keys", "generate", "--keyring", "k.json"];
    let made = weir.run(&args);
    assert_eq!((made.code, made.err.as_str()), (0, ""));
    let before = std::fs::read(weir.path("k.json")).unwrap();
    let again = weir.run(&args);
    assert_eq!((again.code, again.out.as_str()), (2, ""));
    assert_eq!(
        again.err,
        "error: cannot make the key ring k.json\n  \
         because: the key ring file exists already and is not overwritten\n"
    );
    assert_eq!(std::fs::read(weir.path("k.json")).unwrap(), before);
}

#[test]
fn rotation_adds_a_key_and_says_what_to_do_next() {
    let weir = Weir::new().file("weir.toml", "[secrets]\nkeyring_file = \"k.json\"\n");
    assert_eq!(weir.run(&["keys", "generate"]).code, 0);
    let run = weir.run(&["keys", "rotate"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert!(run.out.starts_with("k2 now seals") && run.out.contains("weir keys export-node"));
    let ring = KeyRing::load(&weir.path("k.json")).unwrap();
    assert_eq!((ring.active().as_str(), ring.ids().count()), ("k2", 2));
}

#[test]
fn an_exported_key_is_one_line_that_the_ring_knows_again() {
    let weir = Weir::new().variable("WEIR_SECRETS__KEYRING_FILE", "k.json");
    assert_eq!(weir.run(&["keys", "generate"]).code, 0);
    let run = weir.run(&["keys", "export-node"]);
    assert_eq!(
        (run.code, run.err.as_str(), run.out.lines().count()),
        (0, "", 1)
    );
    let key: NodeKey = run.out.parse().unwrap();
    let ring = KeyRing::load(&weir.path("k.json")).unwrap();
    let verifier = NodeVerifier::new(&ring).unwrap();
    assert!(verifier.verify(key.credential().expose_secret()));
}

#[test]
fn a_single_master_key_can_be_exported_but_is_no_ring() {
    let master = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let weir = Weir::new().variable("WEIR_SECRETS__MASTER_KEY", master);
    let exported = weir.run(&["keys", "export-node"]).without(master);
    assert!(exported.out.parse::<NodeKey>().is_ok());
    for command in ["generate", "rotate"] {
        let run = weir.run(&["keys", command]).without(master);
        assert_eq!(run.code, 2);
        assert!(run.err.contains("--keyring FILE"));
    }
}

#[test]
fn without_a_name_the_ring_of_the_first_start_is_meant() {
    let weir = Weir::new();
    let missing = weir.run(&["keys", "export-node"]);
    assert_eq!(missing.code, 2);
    assert!(
        missing.err.contains("weir-data/keyring.json"),
        "{}",
        missing.err
    );
    assert_eq!(weir.run(&["keys", "generate"]).code, 0);
    assert_eq!(weir.run(&["keys", "export-node"]).code, 0);
}

#[test]
fn a_file_that_is_no_ring_is_refused_without_being_quoted() {
    let weir = Weir::new().file("k.json", r#"{"active": "canary-in-the-file"}"#);
    for command in ["rotate", "export-node"] {
        let run = weir.run(&["keys", command, "--keyring", "k.json"]);
        let run = run.without("canary-in-the-file");
        assert_eq!(run.code, 2);
        assert!(run.err.contains("k.json") && run.err.contains("not a key ring"));
    }
}

#[test]
fn a_configuration_that_is_named_must_be_there() {
    let run = Weir::new().run(&["keys", "generate", "--config", "missing.toml"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("missing.toml"));
}
