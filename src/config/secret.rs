//! The secret under which customers, cards and request ids are hashed. It stands in a file of its own, apart from the
//! store, so that neither alone tells who is in the log.

use super::catalogue::Settings;
use crate::domain::keys::KeyHasher;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Why there is no secret.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SecretError {
    /// The file cannot be read or made.
    #[error("{path}: the secret for hashing keys cannot be {verb}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What was tried.
        verb: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
    /// The file holds something else.
    #[error("{0}: expected a secret of 32 hexadecimal digits")]
    #[diagnostic(help("put the copy back that was kept of it: with another secret no customer is known again"))]
    Malformed(PathBuf),
    /// The store is there and its secret is not.
    #[error("{secret}: the store {store} is there, but the secret that it was written with is not")]
    #[diagnostic(help("put the copy back that was kept of it, or name it with --secret-file"))]
    Lost {
        /// The secret's file.
        secret: PathBuf,
        /// The store's file.
        store: PathBuf,
    },
    /// The operating system has no random numbers to give.
    #[error("the operating system gives no random numbers: {0}")]
    NoRandomness(getrandom::Error),
}

/// The hasher of a store. A store on disk keeps its secret in a file, which is made with a new store and readable only
/// by its owner; a store in memory gets a new secret each time.
pub fn hasher(settings: &Settings) -> Result<KeyHasher, SecretError> {
    let store = settings.store.strip_prefix("sqlite:").map(Path::new);
    let beside = store.map(|path| {
        let mut name = path.as_os_str().to_owned();
        name.push(".secret");
        PathBuf::from(name)
    });
    let secret = match settings.secret_file.clone().or(beside) {
        Some(path) => in_file(&path, store)?,
        None => random()?,
    };
    Ok(KeyHasher::new(secret))
}

fn in_file(path: &Path, store: Option<&Path>) -> Result<[u8; 16], SecretError> {
    let failed = |verb, error| SecretError::File { path: path.into(), verb, error };
    match std::fs::read_to_string(path) {
        Ok(text) => read(&text).ok_or_else(|| SecretError::Malformed(path.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => match store {
            Some(store) if store.exists() => Err(SecretError::Lost { secret: path.into(), store: store.into() }),
            _ => make(path).map_err(|error| failed("made", error)),
        },
        Err(error) => Err(failed("read", error)),
    }
}

fn read(text: &str) -> Option<[u8; 16]> {
    let mut secret = [0; 16];
    hex::decode_to_slice(text.trim(), &mut secret).ok().map(|()| secret)
}

/// Makes the file whole or not at all: written beside its place, then linked there, where it must not be yet.
fn make(path: &Path) -> std::io::Result<[u8; 16]> {
    let secret = random().map_err(std::io::Error::other)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    writeln!(file, "{}", hex::encode(secret))?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&beside, path);
    std::fs::remove_file(&beside)?;
    match linked {
        Ok(()) => Ok(secret),
        // Another process was faster: its secret is the store's.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(path)?;
            read(&text).ok_or_else(|| std::io::Error::other("another process wrote something else there"))
        }
        Err(error) => Err(error),
    }
}

fn random() -> Result<[u8; 16], SecretError> {
    let mut secret = [0; 16];
    getrandom::fill(&mut secret).map_err(SecretError::NoRandomness)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_never_replaced() {
        let place = tempfile::tempdir().unwrap();
        let (secret, store) = (place.path().join("aval.db.secret"), place.path().join("aval.db"));
        let made = in_file(&secret, Some(&store)).unwrap();
        std::fs::write(&store, "").unwrap();
        assert_eq!(in_file(&secret, Some(&store)).unwrap(), made);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 2, "nothing else is left there");
        std::fs::write(&secret, "short").unwrap();
        assert!(matches!(in_file(&secret, Some(&store)), Err(SecretError::Malformed(_))));
        std::fs::remove_file(&secret).unwrap();
        assert!(matches!(in_file(&secret, Some(&store)), Err(SecretError::Lost { .. })));
    }
}
