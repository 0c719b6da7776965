//! The master key, and the envelopes around long-term secrets.
//!
//! The store contains secrets that outlive a session (access keys, the keyring) only as
//! [`Envelope`]s, sealed under a master key that is never in the store: a copy of the data alone
//! opens nothing. An envelope is bound to the key of its record, so an attacker who can write the
//! data cannot move a secret to another access key.
//!
//! There may be several master keys: the first seals, all open. To rotate, add a new one in front
//! and reseal every envelope that is not [current](MasterKey::is_current).

use std::{
    io::{self, Read},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bowline_aws::credentials::SecretAccessKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    crypto::seal::{
        self, KeyId, KeyMaterial, OpenError, Purpose, SealError, SealKey, random_key_material,
    },
    private_files::write_private,
    trusted_files::{self, Access, PermissionChecks, TrustError},
};

/// Most keys: more than a rotation needs.
const MAX_KEYS: usize = 16;
/// Most bytes of a key file.
const MAX_FILE_BYTES: u64 = 4096;
/// Most characters of an envelope.
const MAX_ENVELOPE_CHARS: usize = 4096;

/// The master key of a server, and the keys before it.
#[derive(Debug)]
pub struct MasterKey {
    first: SealKey,
    others: Vec<SealKey>,
}

/// Why master keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be used.
    #[error("using the master key file `{path}`")]
    File {
        /// The file.
        path: String,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// Other users can read or replace the file.
    #[error("the master key is not safe")]
    Permissions(#[from] TrustError),
    /// The text contains no keys.
    #[error("the master key is not 32 bytes in base64 on each line")]
    Malformed,
    /// No randomness.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// A secret under a master key: base64url text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Envelope(String);

impl MasterKey {
    /// One random key, for a store in memory.
    ///
    /// # Errors
    /// [`SealError`] without randomness.
    pub fn generate() -> Result<Self, SealError> {
        Ok(Self {
            first: SealKey::with_derived_id(&random_key_material()?)?,
            others: Vec::new(),
        })
    }

    /// Keys as 32 bytes in standard base64, one a line, the one that seals first.
    ///
    /// # Errors
    /// [`MasterKeyError::Malformed`] if the text is anything else.
    pub fn from_text(text: &str) -> Result<Self, MasterKeyError> {
        let mut keys = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut material: KeyMaterial = Zeroizing::new([0; 32]);
            let bytes = Zeroizing::new(STANDARD.decode(line).unwrap_or_default());
            if bytes.len() != material.len() || keys.len() >= MAX_KEYS {
                return Err(MasterKeyError::Malformed);
            }
            material.copy_from_slice(&bytes);
            keys.push(SealKey::with_derived_id(&material)?);
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(MasterKeyError::Malformed)?;
        Ok(Self {
            first,
            others: keys.collect(),
        })
    }

    /// The keys in a file.
    ///
    /// # Errors
    /// [`MasterKeyError`] if it cannot be read, is not safe or contains no keys.
    pub fn read(path: &Path, checks: PermissionChecks) -> Result<Self, MasterKeyError> {
        let file = |source| MasterKeyError::File {
            path: path.display().to_string(),
            source,
        };
        let mut text = Zeroizing::new(String::new());
        let opened =
            trusted_files::open(path, Access::Secret, checks).map_err(|error| match error {
                TrustError::File(source) => file(source),
                open @ (TrustError::Open { .. } | TrustError::Replaceable { .. }) => open.into(),
            })?;
        opened
            .take(MAX_FILE_BYTES)
            .read_to_string(&mut text)
            .map_err(file)?;
        Self::from_text(&text)
    }

    /// Creates a file with one random key, readable by its owner alone. An existing file is never
    /// changed.
    ///
    /// # Errors
    /// [`MasterKeyError`] if the file exists, or cannot be written to the disk.
    pub fn create(path: &Path) -> Result<Self, MasterKeyError> {
        let material = random_key_material()?;
        let text = Zeroizing::new(format!(
            "{}\n",
            Zeroizing::new(STANDARD.encode(*material)).as_str()
        ));
        write_private(path, text.as_bytes()).map_err(|source| MasterKeyError::File {
            path: path.display().to_string(),
            source,
        })?;
        Self::from_text(&text)
    }

    /// The key that seals.
    pub fn current(&self) -> KeyId {
        self.first.id()
    }

    /// Seals a secret for the record with this store key.
    ///
    /// # Errors
    /// [`SealError`] without randomness.
    pub fn seal(
        &self,
        record_key: impl AsRef<str>,
        secret: &SecretAccessKey,
    ) -> Result<Envelope, SealError> {
        self.seal_for(
            Purpose::Envelope,
            record_key.as_ref(),
            secret.expose().as_bytes(),
        )
    }

    /// Opens a secret of the record with this store key.
    ///
    /// # Errors
    /// [`OpenError`]: another master key, another record, or changed.
    pub fn open(
        &self,
        record_key: impl AsRef<str>,
        envelope: &Envelope,
    ) -> Result<SecretAccessKey, OpenError> {
        let bytes = self.open_for(Purpose::Envelope, record_key.as_ref(), envelope)?;
        let text = str::from_utf8(&bytes).map_err(|_| OpenError::Malformed)?;
        SecretAccessKey::new(text).map_err(|_| OpenError::Malformed)
    }

    pub(crate) fn seal_for(
        &self,
        purpose: Purpose,
        context: &str,
        secret: &[u8],
    ) -> Result<Envelope, SealError> {
        let sealed = self.first.seal(purpose, context.as_bytes(), secret)?;
        Ok(Envelope(seal::to_text(&sealed)))
    }

    pub(crate) fn open_for(
        &self,
        purpose: Purpose,
        context: &str,
        envelope: &Envelope,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let sealed = seal::from_text(&envelope.0, MAX_ENVELOPE_CHARS)?;
        let id = seal::key_id(&sealed)?;
        std::iter::once(&self.first)
            .chain(&self.others)
            .find(|key| key.id() == id)
            .ok_or(OpenError::UnknownKey(id))?
            .open(purpose, context.as_bytes(), &sealed)
    }

    /// Seals a piece of a backup for its position.
    ///
    /// # Errors
    /// [`SealError`] without randomness.
    pub(crate) fn seal_backup(&self, context: &[u8], piece: &[u8]) -> Result<Vec<u8>, SealError> {
        self.first.seal(Purpose::Backup, context, piece)
    }

    /// Opens a piece of a backup at its position.
    ///
    /// # Errors
    /// [`OpenError`]: another master key, another position, or changed.
    pub(crate) fn open_backup(
        &self,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let id = seal::key_id(sealed)?;
        std::iter::once(&self.first)
            .chain(&self.others)
            .find(|key| key.id() == id)
            .ok_or(OpenError::UnknownKey(id))?
            .open(Purpose::Backup, context, sealed)
    }

    /// Whether an envelope is sealed under the first key. One that is not should be resealed.
    pub fn is_current(&self, envelope: &Envelope) -> bool {
        seal::from_text(&envelope.0, MAX_ENVELOPE_CHARS)
            .and_then(|sealed| seal::key_id(&sealed))
            .is_ok_and(|id| id == self.first.id())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn secret() -> SecretAccessKey {
        SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").unwrap()
    }

    #[test]
    fn an_envelope_opens_only_for_its_own_record() {
        let keys = MasterKey::generate().unwrap();
        let (mine, other) = ("access-key/AKIA1", "access-key/AKIA2");
        let envelope = keys.seal(mine, &secret()).unwrap();
        assert_eq!(keys.open(mine, &envelope).unwrap(), secret());
        assert_eq!(
            keys.open(other, &envelope).unwrap_err(),
            OpenError::NotAuthentic
        );
    }

    #[test]
    fn a_rotated_master_key_still_opens() {
        let line = |byte: u8| STANDARD.encode([byte; 32]);
        let old = MasterKey::from_text(&line(1)).unwrap();
        let record = "access-key/AKIA1";
        let envelope = old.seal(record, &secret()).unwrap();
        assert!(old.is_current(&envelope));

        let both = MasterKey::from_text(&format!("{}\n{}\n", line(2), line(1))).unwrap();
        assert_eq!(both.open(record, &envelope).unwrap(), secret());
        assert!(!both.is_current(&envelope));

        let new = MasterKey::from_text(&line(2)).unwrap();
        assert!(matches!(
            new.open(record, &envelope),
            Err(OpenError::UnknownKey(_))
        ));
    }

    #[test]
    fn a_key_file_is_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let made = MasterKey::create(&path).unwrap();
        let permissions = fs::metadata(&path).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600);
        assert_eq!(
            MasterKey::read(&path, PermissionChecks::On)
                .unwrap()
                .current(),
            made.current()
        );
        assert!(MasterKey::create(&path).is_err());
    }

    #[test]
    fn a_text_that_is_no_key_is_refused() {
        for text in ["", "\n", "AAAA", "not base64", &STANDARD.encode([0; 33])] {
            assert!(
                matches!(MasterKey::from_text(text), Err(MasterKeyError::Malformed)),
                "{text}"
            );
        }
    }
}
