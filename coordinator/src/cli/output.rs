//! Talking to people: standard output for results, standard error for complaints.
//!
//! Owns every byte the commands write to either; what they say is for the commands.
//! **Invariant:** control characters of file names and contents never reach a terminal.

use std::fmt::{Display, Write as _};
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use clap::ColorChoice;

/// Writes a result and a line end. A reader that went away is no error: nobody is left to read on.
///
/// # Errors
/// Standard output cannot be written, because its disk is full for example; transient.
pub fn print(result: &impl Display) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match writeln!(out, "{result}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            // What the buffer still holds would be tried once more when it is dropped.
            let (_, _unwritten) = out.into_parts();
            Ok(())
        }
        written => written,
    }
}

/// Writes an error and its causes as one block.
pub fn complain(error: &anyhow::Error) {
    // If standard error cannot be written either, the exit code has to do.
    writeln!(io::stderr().lock(), "{}", block_of(error)).ok();
}

/// Writes a remark beside a result that standard output holds.
pub(super) fn note(remark: &impl Display) {
    // If standard error cannot be written, the result is there all the same.
    writeln!(io::stderr().lock(), "{remark}").ok();
}

/// Whether results are to be in colour.
pub(super) fn in_colour(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Auto => io::stdout().is_terminal(),
        ColorChoice::Always => true,
        ColorChoice::Never => false,
    }
}

/// The text without what would steer a terminal or turn the direction of its line.
pub(super) fn harmless(text: &str) -> String {
    let steers =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.replace(steers, "\u{fffd}")
}

fn block_of(error: &anyhow::Error) -> String {
    let mut said = error.to_string();
    let mut block = format!("error: {}", lines(&said));
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Some errors show their cause within their own text.
        if said.contains(&cause) {
            continue;
        }
        // Writing to a string cannot fail.
        write!(block, "\n  because: {}", lines(&cause)).ok();
        said = cause;
    }
    block
}

fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(harmless).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn an_error_is_one_block_with_its_causes_each_said_once() {
        let cause = io::Error::from(ErrorKind::PermissionDenied);
        let ring = shared::seal::KeyRingError::Io(cause);
        let error = Err::<(), _>(ring)
            .context("cannot rotate k.json")
            .unwrap_err();
        assert_eq!(
            block_of(&error),
            "error: cannot rotate k.json\n  because: the key ring file could not be read or \
             written: permission denied"
        );
    }

    #[test]
    fn control_and_direction_characters_are_replaced() {
        assert_eq!(
            harmless("a\x1b[2Jb\rc\u{202e}d"),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d"
        );
        assert_eq!(harmless("grün 表 .txt"), "grün 表 .txt");
    }
}
