//! The files that hang on a message.
//!
//! Owns what an event says of them. Leaves fetching them to whoever scans.
//! **Invariant:** a file that Slack does not keep itself has no address here: no token of ours is sent elsewhere.

use serde_json::Value;

use super::envelope;

/// Files of one message that are looked at; Slack's own limit is lower.
pub const MAX_FILES: usize = 100;

/// A file, as far as an event names it.
#[derive(Clone, PartialEq, Eq)]
pub struct FileMention {
    /// Slack's id.
    pub id: String,
    /// Where it stands in the event: the part of its gap.
    pub pointer: String,
    /// Where it is fetched; none if that has to be asked for.
    pub url: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// The media type, as Slack sees it.
    pub media_type: Option<String>,
    /// Its length in bytes.
    pub bytes: Option<u64>,
}

/// Which file, and not what it is called or where it is.
impl std::fmt::Debug for FileMention {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileMention({}, {})", self.id, self.pointer)
    }
}

/// The ids of a message's files.
pub(super) fn ids(message: &Value) -> Vec<String> {
    let ids = of(message).filter_map(|(_, file)| envelope::id(file.get("id")));
    ids.take(MAX_FILES).map(str::to_owned).collect()
}

/// The files of the message at `at` that Slack keeps and that are still there.
pub(super) fn mentioned(message: &Value, at: &str) -> Vec<FileMention> {
    let there = of(message).filter(|(_, file)| is_kept(file));
    let mention = |(index, file): (usize, &Value)| {
        let text = |key: &str| {
            file.get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        Some(FileMention {
            id: envelope::id(file.get("id"))?.to_owned(),
            pointer: format!("{at}/files/{index}"),
            url: text("url_private_download")
                .or_else(|| text("url_private"))
                .map(str::to_owned),
            name: text("name").map(str::to_owned),
            media_type: text("mimetype").map(str::to_owned),
            bytes: file.get("size").and_then(Value::as_u64),
        })
    };
    there.filter_map(mention).take(MAX_FILES).collect()
}

fn of(message: &Value) -> impl Iterator<Item = (usize, &Value)> {
    let files = message.get("files").and_then(Value::as_array);
    files.into_iter().flatten().enumerate()
}

fn is_kept(file: &Value) -> bool {
    let external = file.get("is_external") == Some(&Value::Bool(true));
    let gone = matches!(
        file.get("mode").and_then(Value::as_str),
        Some("tombstone" | "hidden_by_limit" | "external")
    );
    !external && !gone
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_download_comes_before_the_page() {
        let message = json!({"files": [{"id": "F1", "url_private": "a", "url_private_download": "b", "size": 7}]});
        let [file] = &mentioned(&message, "/event")[..] else {
            panic!("one file");
        };
        assert_eq!((file.url.as_deref(), file.bytes), (Some("b"), Some(7)));
        assert_eq!(file.pointer, "/event/files/0");
    }

    #[test]
    fn what_others_keep_and_what_is_gone_is_not_fetched() {
        let message = json!({"files": [
            {"id": "F1", "is_external": true, "url_private": "https://elsewhere.test/x"},
            {"id": "F2", "mode": "tombstone"}, {"id": "F3", "mode": "external"}, {"id": "F4"}, "F5", null, {"id": 6},
        ]});
        let ids_of =
            |files: &[FileMention]| files.iter().map(|file| file.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids_of(&mentioned(&message, "")), ["F4"]);
        assert_eq!(ids(&message), ["F1", "F2", "F3", "F4"]);
    }

    #[test]
    fn a_thousand_files_are_cut_short() {
        let files: Vec<Value> = (0..1_000).map(|n| json!({"id": format!("F{n}")})).collect();
        let message = json!({ "files": files });
        assert_eq!(mentioned(&message, "").len(), MAX_FILES);
        assert_eq!(ids(&message).len(), MAX_FILES);
    }
}
