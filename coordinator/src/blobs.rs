//! Sealed blobs on disk: uploaded files, between the request and their scan.
//!
//! Owns the folder behind `file://` and the life of a blob in it: written sealed under a temporary name,
//! synced, renamed, read by nodes, deleted after the result. Content is never held in memory as a whole
//! and never in clear on disk.
//!
//! **Invariant:** a blob that a job names is on disk, whole, before the job is.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use scanner_node::source::{BlobSource, SourceError};
use shared::ids::BlobId;
use shared::seal::{OpenReader, SealError, SealWriter, Sealer, blob_associated_data};

/// A folder of sealed blobs.
#[derive(Clone)]
pub struct Blobs {
    folder: PathBuf,
    sealer: Sealer,
}

/// A blob could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The disk.
    #[error("blob storage: {0}")]
    Io(#[from] io::Error),
    /// The seal.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Blobs {
    /// Opens the folder, making it if need be, readable by this user only.
    ///
    /// # Errors
    /// Permanent until the folder can be written.
    pub fn open(folder: &Path, sealer: Sealer) -> Result<Self, BlobError> {
        fs::create_dir_all(folder)?;
        only_for_us(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            sealer,
        })
    }

    /// Begins a blob. Dropping the writer unfinished removes what was written.
    ///
    /// # Errors
    /// Transient: the disk.
    pub fn create(&self) -> Result<BlobWriter, BlobError> {
        let id = BlobId::fresh();
        let unfinished = self.folder.join(format!("{id}.part"));
        let file = File::options()
            .write(true)
            .create_new(true)
            .open(&unfinished)?;
        let sealed = SealWriter::new(&self.sealer, &blob_associated_data(id), file)?;
        Ok(BlobWriter {
            id,
            unfinished,
            finished: self.path(id),
            folder: self.folder.clone(),
            sealed: Some(sealed),
            bytes: 0,
        })
    }

    /// The sealed bytes of a blob.
    ///
    /// # Errors
    /// Not found if it was deleted; otherwise transient.
    pub fn read(&self, id: BlobId) -> io::Result<File> {
        File::open(self.path(id))
    }

    /// Deletes a blob; one that is gone already is fine.
    ///
    /// # Errors
    /// Transient: the disk.
    pub fn delete(&self, id: BlobId) -> io::Result<()> {
        match fs::remove_file(self.path(id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// What a blob says, as it is read.
    ///
    /// # Errors
    /// Not found if it was deleted; otherwise transient.
    pub fn unsealed(&self, id: BlobId) -> io::Result<OpenReader<File>> {
        let sealed = self.read(id)?;
        Ok(OpenReader::new(
            &self.sealer,
            &blob_associated_data(id),
            sealed,
        ))
    }

    fn path(&self, id: BlobId) -> PathBuf {
        self.folder.join(format!("{id}.sealed"))
    }
}

/// A blob that is in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its id.
    pub id: BlobId,
    /// Its length before sealing.
    pub bytes: u64,
}

/// A blob being written.
pub struct BlobWriter {
    id: BlobId,
    unfinished: PathBuf,
    finished: PathBuf,
    folder: PathBuf,
    sealed: Option<SealWriter<File>>,
    bytes: u64,
}

/// For whoever writes to anything.
impl Write for BlobWriter {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        self.write_chunk(chunk).map_err(io::Error::other)?;
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl BlobWriter {
    /// The blob it will be.
    pub const fn id(&self) -> BlobId {
        self.id
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// Transient: the disk.
    pub fn write_chunk(&mut self, chunk: &[u8]) -> Result<(), BlobError> {
        if let Some(sealed) = &mut self.sealed {
            sealed.write_all(chunk)?;
            self.bytes += chunk.len() as u64;
        }
        Ok(())
    }

    /// Puts the blob in place, on disk for good.
    ///
    /// # Errors
    /// Transient: the disk. Nothing is left behind then.
    pub fn finish(mut self) -> Result<Written, BlobError> {
        if let Some(sealed) = self.sealed.take() {
            sealed.finish()?.sync_all()?;
        }
        fs::rename(&self.unfinished, &self.finished)?;
        // The name, too, must survive a power cut.
        File::open(&self.folder)?.sync_all()?;
        Ok(Written {
            id: self.id,
            bytes: self.bytes,
        })
    }
}

/// Removes what was never finished; after `finish` there is nothing under that name.
impl Drop for BlobWriter {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.unfinished)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "unfinished blob not removed");
        }
    }
}

#[cfg(unix)]
fn only_for_us(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn only_for_us(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// For scanners in this process.
#[async_trait]
impl BlobSource for Blobs {
    async fn fetch(&self, blob: BlobId) -> Result<File, SourceError> {
        self.read(blob).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SourceError::Missing,
            _ => SourceError::Unavailable(Box::new(error)),
        })
    }
}
