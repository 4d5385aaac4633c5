//! Uploading, publishing and deleting files.
//!
//! **Invariant:** deleting a message leaves its files, and deleting a file leaves its messages.

use bytes::Bytes;

use crate::fake_slack::model::{FileMode, FileState, StoredFile, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

/// A file that does not exist yet.
#[derive(Clone, Debug)]
pub(in crate::fake_slack) struct NewFile<'a> {
    pub(in crate::fake_slack) user: &'a str,
    pub(in crate::fake_slack) name: &'a str,
    pub(in crate::fake_slack) bytes: Bytes,
}

impl World {
    /// A file that is kept nowhere yet, with a name of its own.
    pub(in crate::fake_slack) fn fresh_file(&mut self, new: NewFile<'_>) -> StoredFile {
        let team = self.users.get(new.user).map(|user| user.team.clone());
        let mut file = StoredFile::new(new.user, &team.unwrap_or_default(), new.name, new.bytes);
        file.id = self.next_id("F");
        file.created = self.now().timestamp();
        file.updated = file.created;
        file
    }

    /// Keeps a file and tells that it is there. Gives its id.
    pub(in crate::fake_slack) fn keep(&mut self, file: StoredFile) -> String {
        let id = file.id.clone();
        self.files.insert(id.clone(), file);
        self.tell_file(&id, "file_created");
        id
    }

    /// A file that was not deleted.
    ///
    /// # Errors
    /// `file_not_found`, `file_deleted`.
    pub(in crate::fake_slack) fn file(&self, id: &str) -> Outcome<&StoredFile> {
        match self.files.get(id) {
            None => Err(Refusal::of("file_not_found")),
            Some(file) if file.state == FileState::Deleted => Err(Refusal::of("file_deleted")),
            Some(file) => Ok(file),
        }
    }

    /// Deletes a file; its messages stay and say that something was there.
    ///
    /// # Errors
    /// `file_not_found`, `file_deleted`.
    pub(in crate::fake_slack) fn delete_file(&mut self, id: &str) -> Outcome<()> {
        let shares = self.file(id)?.shares.clone();
        let before: Vec<_> = shares
            .iter()
            .filter_map(|share| {
                let shown = self.shown(&share.channel, &share.ts)?;
                Some((share.clone(), shown))
            })
            .collect();
        self.tell_file_deleted(id);
        if let Some(file) = self.files.get_mut(id) {
            file.state = FileState::Deleted;
            file.bytes = Bytes::new();
            file.public_secret = None;
        }
        for (share, before) in before {
            self.tell_changed_from(&share.channel, &share.ts, &before);
        }
        Ok(())
    }

    /// Gives a file a public address. Files of others stay where they are.
    ///
    /// # Errors
    /// `file_not_found`, `file_deleted`, `already_public`, `not_allowed`.
    pub(in crate::fake_slack) fn publish(&mut self, id: &str) -> Outcome<()> {
        let file = self.file(id)?;
        if file.public_secret.is_some() {
            return Err(Refusal::of("already_public"));
        }
        if file.mode == FileMode::External {
            return Err(Refusal::of("not_allowed"));
        }
        let secret = self.secret(10);
        if let Some(file) = self.files.get_mut(id) {
            file.public_secret = Some(secret);
        }
        self.tell_file(id, "file_public");
        Ok(())
    }

    /// Takes the public address away, if there is one.
    ///
    /// # Errors
    /// `file_not_found`, `file_deleted`.
    pub(in crate::fake_slack) fn unpublish(&mut self, id: &str) -> Outcome<()> {
        self.file(id)?;
        if let Some(file) = self.files.get_mut(id) {
            file.public_secret = None;
        }
        self.tell_file(id, "file_change");
        Ok(())
    }

    /// Gives a file new content, as when a canvas or a snippet is edited.
    ///
    /// # Errors
    /// `file_not_found`, `file_deleted`.
    pub(in crate::fake_slack) fn rewrite(&mut self, id: &str, bytes: Bytes) -> Outcome<()> {
        self.file(id)?;
        let now = self.now().timestamp();
        if let Some(file) = self.files.get_mut(id) {
            file.bytes = bytes;
            file.updated = now;
        }
        self.tell_file(id, "file_change");
        Ok(())
    }
}
