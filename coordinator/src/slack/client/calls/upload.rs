//! Sending files up.
//!
//! Owns the three steps: asking where to, sending the bytes, sharing all files in one message. Bytes are
//! streamed and never held as a whole.
//! **Invariant:** nobody sees a file before all of them are there.

use std::fmt;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use reqwest::Body;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt};
use url::Url;

use crate::slack::client::Session;
use crate::slack::client::answer::Answer;
use crate::slack::client::error::SlackError;
use crate::slack::client::form::Form;
use crate::slack::client::method::Method;
use crate::slack::client::read::text;

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// A file to send up.
pub struct Upload {
    /// What it is called.
    pub name: String,
    /// Its length. Of a longer content the rest is left; a shorter one fails.
    pub bytes: u64,
    /// What it holds.
    pub content: Box<dyn AsyncRead + Send + Unpin>,
}

/// Files that go into one message.
#[derive(Debug)]
pub struct Uploads {
    /// Where.
    pub channel: String,
    /// In which thread, if in one.
    pub thread_ts: Option<String>,
    /// What is said with them.
    pub comment: Option<String>,
    /// The files, in order.
    pub files: Vec<Upload>,
}

impl Session<'_> {
    /// Sends files up and shares them, and gives their ids. The message appears a little later.
    ///
    /// # Errors
    /// [`SlackError`]. Where it failed before the last step, nobody sees anything.
    pub async fn upload(&self, uploads: Uploads) -> Result<Vec<String>, SlackError> {
        let mut sent = Vec::new();
        for file in uploads.files {
            sent.push(self.send_one(file).await?);
        }
        let form = Form::new()
            .json("files", &sent)
            .text("channel_id", uploads.channel)
            .maybe("thread_ts", uploads.thread_ts)
            .maybe("initial_comment", uploads.comment);
        self.call(Method::FilesCompleteUploadExternal, form).await?;
        Ok(sent.iter().filter_map(|file| text(file, "id")).collect())
    }

    async fn send_one(&self, file: Upload) -> Result<Value, SlackError> {
        let form = Form::new()
            .text("filename", &file.name)
            .text("length", file.bytes.to_string());
        let answer = self.call(Method::FilesGetUploadUrlExternal, form).await?;
        let id = text(&answer.root, "file_id");
        let url = text(&answer.root, "upload_url").and_then(|url| url.parse::<Url>().ok());
        let (id, url) = id.zip(url).ok_or_else(Answer::lacking)?;
        let content = Body::wrap_stream(chunks(file.content.take(file.bytes)));
        let transport = &self.client.transport;
        transport.send_up(url, file.bytes, content).await?;
        Ok(json!({"id": id, "title": file.name}))
    }
}

fn chunks(
    content: impl AsyncRead + Send + Unpin,
) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
    stream::try_unfold(content, async |mut content| {
        let mut chunk = bytes::BytesMut::with_capacity(CHUNK);
        let read = content.read_buf(&mut chunk).await?;
        Ok((read > 0).then(|| (chunk.freeze(), content)))
    })
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Upload");
        shown.field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
