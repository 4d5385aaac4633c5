//! Log lines, and what is said of a panic.
//!
//! Owns the two formats and their field names. What is logged is for the code that logs.
//! **Invariant:** a JSON line has `timestamp`, `level`, `target` and `message`; other fields stand beside
//! them, those of the innermost span under `span`.

use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::TelemetryError;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

pub(super) type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

pub(super) fn layer(
    filter: &str,
    format: LogFormat,
    writer: BoxMakeWriter,
) -> Result<BoxedLayer, TelemetryError> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .or(Err(TelemetryError::LogFilter))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    Ok(match format {
        LogFormat::Text => lines.compact().with_ansi(false).with_filter(filter).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_filter(filter)
            .boxed(),
    })
}

/// Logs where a thread panicked. The message is left out: it may quote what was worked on.
pub(super) fn hook_panics() {
    std::panic::set_hook(Box::new(|info| {
        let (file, line) = info
            .location()
            .map_or(("unknown", 0), |at| (at.file(), at.line()));
        let thread = std::thread::current();
        tracing::error!(
            file,
            line,
            thread = thread.name().unwrap_or("unnamed"),
            "panicked"
        );
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt as _;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, log: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = layer("info", format, BoxMakeWriter::new(move || writer.clone())).unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_json_line_has_stable_fields() {
        let line = logged(LogFormat::Json, || {
            let _span = tracing::info_span!("process", job_id = "j1").entered();
            tracing::info!(rows = 3, "committed");
        });
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(line["timestamp"].is_string());
        assert_eq!(line["level"], "INFO");
        assert!(line["target"].is_string());
        assert_eq!(line["message"], "committed");
        assert_eq!(line["rows"], 3);
        assert_eq!(line["span"]["name"], "process");
        assert_eq!(line["span"]["job_id"], "j1");
    }

    #[test]
    fn the_filter_holds_lines_back() {
        assert_eq!(logged(LogFormat::Text, || tracing::debug!("quiet")), "");
    }

    #[test]
    fn a_filter_that_is_none_is_refused() {
        let writer = BoxMakeWriter::new(io::sink);
        assert!(matches!(
            layer("a=b=c", LogFormat::Text, writer),
            Err(TelemetryError::LogFilter)
        ));
    }

    #[test]
    fn a_panic_is_logged_by_place_and_not_by_message() {
        let line = logged(LogFormat::Json, || {
            let before = std::panic::take_hook();
            hook_panics();
            let result = std::panic::catch_unwind(|| panic!("canary-4111"));
            std::panic::set_hook(before);
            assert!(result.is_err());
        });
        assert!(line.contains("logs.rs"), "{line}");
        assert!(!line.contains("canary"), "{line}");
    }
}
