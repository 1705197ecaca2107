//! Writes a whole file or none.
//!
//! Law: at a regular path stands either the old content or all of the new: it is written beside and
//! renamed, so that a full disk or a signal leaves nothing half-written. What is there and is no
//! regular file (a pipe, a device) is written straight through and never replaced.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::NamedTempFile;

use crate::error::{Error, Result, in_words};
use crate::live::shard::{Facts, Filed, Kept};
use crate::live::spool::Spooled;
use crate::measure::result::{FORMAT, RunResult};

/// Writes a run's result file; what is kept of a part of a run for a merge stands at its end.
///
/// # Errors
/// The file cannot be written, or the disk is full.
pub fn write_result(path: &Path, result: &RunResult, kept: Option<&Kept>) -> Result<()> {
    let whole = Whole {
        result,
        shard: kept.map(|kept| &kept.facts),
        journal: kept.map(|kept| &kept.journal),
    };
    write_json(path, &whole)
}

/// Writes a result file, of a run or of a study: JSON, pretty, keys in a stable order.
///
/// # Errors
/// The file cannot be written, or the disk is full.
pub fn write_json(path: &Path, whole: &impl Serialize) -> Result<()> {
    write(path, |out| {
        serde_json::to_writer_pretty(&mut *out, whole)?;
        out.write_all(b"\n")
    })
}

/// What stands in a result file.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    result: &'a RunResult,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<&'a Facts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<&'a Spooled>,
}

/// Reads a result file, as far as a merge needs it.
///
/// # Errors
/// Refused: it cannot be read, or is no result file.
pub fn read_part(path: &Path) -> Result<Filed> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Error::refused(format!("cannot read {shown}: {}", in_words(&error))))?;
    let filed = serde_json::from_str(&text).ok();
    filed
        .filter(|filed: &Filed| filed.format == FORMAT)
        .ok_or_else(|| {
            Error::refused(format!("{shown} is no result file of a live run"))
                .with_remedy("name what `busyhour load --shard I/N --out FILE` wrote")
        })
}

/// Writes what `fill` gives to the file at `path`.
///
/// # Errors
/// The file cannot be written, or the disk is full.
pub fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let filled = |mut out: Output| {
        fill(&mut out)?;
        out.finish()
    };
    let written = Output::open(path).and_then(filled);
    written.map_err(|source| Error::unwritable(path, &source))
}

/// A file that is being written; given up when dropped before it is finished.
#[derive(Debug)]
pub struct Output {
    out: BufWriter<Place>,
}

/// Where an output goes until it is finished.
#[derive(Debug)]
enum Place {
    /// Beside the path that it is renamed to.
    Beside(NamedTempFile, PathBuf),
    /// To where it belongs.
    There(File),
}

impl Output {
    /// Begins to write the file at `path`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn open(path: &Path) -> io::Result<Output> {
        let place = match Target::of(path) {
            Target::Special => Place::There(File::options().write(true).open(path)?),
            Target::Regular(path) if path.is_dir() => {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            Target::Regular(path) => Place::Beside(temporary(&path)?, path),
        };
        Ok(Output {
            out: BufWriter::new(place),
        })
    }

    /// Puts the whole in its place.
    ///
    /// # Errors
    /// It cannot be written, or the disk is full.
    pub fn finish(self) -> io::Result<()> {
        let place = self.out.into_inner();
        let Place::Beside(file, path) = place.map_err(io::IntoInnerError::into_error)? else {
            return Ok(());
        };
        file.as_file().sync_all()?;
        file.persist(path).map_err(|failed| failed.error)?;
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Place::Beside(file, _) => file.write(bytes),
            Place::There(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Place::Beside(file, _) => file.flush(),
            Place::There(file) => file.flush(),
        }
    }
}

/// Finds out early whether `path` can be written, before a long run; changes nothing there. What is
/// no regular file is left alone: the reader of a pipe would take the opening for all of it.
///
/// # Errors
/// The file cannot be written.
pub fn probe(path: &Path) -> Result<()> {
    let probed = match Target::of(path) {
        Target::Special => Ok(()),
        Target::Regular(path) if path.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Target::Regular(path) => temporary(&path).map(drop),
    };
    probed.map_err(|source| {
        let folder = folder_of(path);
        let error = Error::unwritable(path, &source);
        if folder.is_dir() {
            error
        } else {
            error.with_remedy(format!("make the folder {} first", folder.display()))
        }
    })
}

/// Whether two paths lead to one regular file, there already or not; a device holds nothing that
/// could be overwritten.
pub fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(a), Ok(b)) => a.is_file() && (a.dev(), a.ino()) == (b.dev(), b.ino()),
        (Err(_), Err(_)) => {
            let folders = [one, other].map(|path| fs::canonicalize(folder_of(path)).ok());
            one.file_name() == other.file_name() && folders[0] == folders[1]
        }
        _ => false,
    }
}

/// What stands at a path.
enum Target {
    /// Nothing or a regular file; links followed, so that a rename does not replace the link.
    Regular(PathBuf),
    /// A device, a pipe, a socket.
    Special,
}

impl Target {
    fn of(path: &Path) -> Target {
        match fs::metadata(path) {
            Ok(there) if !there.is_file() && !there.is_dir() => Target::Special,
            Ok(_) => Target::Regular(fs::canonicalize(path).unwrap_or_else(|_| path.into())),
            Err(_) => Target::Regular(path.into()),
        }
    }
}

/// The folder in which a file of this path is.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A file of its own beside `path`, gone when dropped.
fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    // A folder that is missing is told in the system's words.
    fs::metadata(folder_of(path))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mode = fs::metadata(path).map_or(0o666, |there| there.permissions().mode());
    tempfile::Builder::new()
        .prefix(&format!(".{name}."))
        .suffix(".part")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder_of(path))
        .map_err(|error| io::Error::from(error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries.map(name).collect();
        names.sort();
        names.iter().map(|n| n.to_string_lossy().into()).collect()
    }

    #[test]
    fn replaces_a_file_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.json");
        write(&path, |out| out.write_all(b"old and longer")).unwrap();
        write(&path, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["run.json"]);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o400, 0o400);
    }

    #[test]
    fn a_full_disk_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.json");
        write(&path, |out| out.write_all(b"old")).unwrap();
        let full = |out: &mut dyn Write| {
            out.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        };
        let error = write(&path, full).unwrap_err();
        assert_eq!(error.exit(), Exit::Failed);
        assert!(error.message(false).contains("no storage space"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["run.json"]);
    }

    #[test]
    fn a_device_is_written_through_and_stays() {
        let full = Path::new("/dev/full");
        let error = write(full, |out| out.write_all(b"x")).unwrap_err();
        assert_eq!(error.exit(), Exit::Failed);
        assert!(error.message(false).contains("no space left"), "{error}");
        write(Path::new("/dev/null"), |out| out.write_all(b"x")).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&link, |out| out.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn probing_tells_early_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        probe(&folder.path().join("run.json")).unwrap();
        assert!(names(folder.path()).is_empty());
        let error = probe(&folder.path().join("none/run.json")).unwrap_err();
        assert!(error.message(false).contains("make the folder"), "{error}");
        assert!(
            error.message(false).contains("no such file or directory"),
            "{error}"
        );
        assert_eq!(probe(folder.path()).unwrap_err().exit(), Exit::Failed);
    }
}
