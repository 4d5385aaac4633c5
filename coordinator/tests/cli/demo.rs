//! `weir demo`, where it cannot begin.

use std::net::TcpListener;

use crate::support::Weir;

#[test]
fn a_port_that_is_taken_is_told_with_the_option_that_gives_another() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = (taken.local_addr().unwrap().to_string(), taken);
    let free = "127.0.0.1:0";
    for (option, args) in [
        ("--bind", ["demo", "--slack-bind", free, "--bind", &taken.0]),
        (
            "--slack-bind",
            ["demo", "--bind", free, "--slack-bind", &taken.0],
        ),
    ] {
        let weir = Weir::new();
        let folder = weir.folder().display().to_string();
        let weir = weir.variable("TMPDIR", &folder);
        let run = weir.run(&args);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.err);
        let told = format!(
            "error: {} cannot be listened on: give another with {option}\n",
            taken.0
        );
        assert!(run.err.starts_with(&told), "{}", run.err);
        assert!(run.err.contains("in use"), "{}", run.err);
        assert!(weir.folder().read_dir().unwrap().next().is_none());
    }
}
