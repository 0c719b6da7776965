//! `bowline recover`: a way back in for the one who has the data folder and the master key.
//!
//! The server is stopped, so no caller is authorized for the change: the lock of the folder and the
//! master key, which the keyring opens with, are the proof. The audit has the record before the
//! change is made.

use std::{io, path::PathBuf};

use aws_lc_rs::rand::SystemRandom;
use bowline_aws::{ids, xml::iso_seconds};
use bowline_iam::account::AccountId;
use bowline_json::JsonWriter;

use crate::{
    audit::AuditError,
    bootstrap::RootCredentials,
    clock::Clock,
    config::{Config, FirstStart, StoreKind},
    crypto::seal::SealError,
    data_folder::DataFolder,
    identity::{index::UpdateError, store::Transaction},
    private_files::replace_private,
    request::request_id::{NoRandomness, RequestIdGenerator},
    server::{StartError, open_audit, open_state},
};

/// New root credentials.
#[derive(Debug)]
pub struct Recovered {
    /// The account.
    pub account: AccountId,
    /// The id of its new access key.
    pub access_key_id: String,
    /// How many earlier access keys were deleted.
    pub deleted: usize,
    /// The file of the credentials.
    pub credentials: PathBuf,
}

/// Why nothing was recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The data cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no data in a store in memory.
    #[error("the store is in memory, so there is nothing to recover")]
    Memory,
    /// There is no account with this id.
    #[error("there is no account `{0}`")]
    NoSuchAccount(AccountId),
    /// The credentials file is not one of this account.
    #[error("`{0}` is not the credentials file of this account's root")]
    OtherCredentials(PathBuf),
    /// The file cannot be used.
    #[error("using `{path}`")]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// The audit cannot be written.
    #[error("recording the recovery")]
    Audit(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No randomness.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The change was not made.
    #[error("changing the access keys")]
    Update(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Makes a new access key for the root of an account, the management account unless one is named,
/// and deletes the root's earlier ones.
///
/// # Errors
/// [`RecoveryError`].
pub async fn recover_root(
    mut config: Config,
    clock: Clock,
    account: Option<AccountId>,
) -> Result<Recovered, RecoveryError> {
    if config.store == StoreKind::Memory {
        return Err(RecoveryError::Memory);
    }
    config.first_start = FirstStart::Refused;
    config.accounts.clear();
    let folder = DataFolder::open(&config.data).map_err(StartError::from)?;
    let (state, _) = open_state(&mut config, clock, &folder).await?;
    let index = state.current();
    let (id, file) = match account {
        None => {
            let management = index.accounts().find(|account| account.record.management);
            let management = management.map(|account| account.record.id);
            let empty = || StartError::EmptyStore(folder.path().display().to_string());
            (management.ok_or_else(empty)?, folder.credentials())
        }
        Some(id) => {
            let found = index.account(id).ok_or(RecoveryError::NoSuchAccount(id))?;
            let file = if found.record.management {
                folder.credentials()
            } else {
                folder.path().join(format!("credentials.{id}"))
            };
            (id, file)
        }
    };
    check_credentials_file(id, &file)?;

    let root = RootCredentials::draw(id, &SystemRandom::new())?;
    let key = root.access_key(state.master_key(), clock.now())?;
    let audit = open_audit(&config, &folder, clock, &SystemRandom::new())?;
    let failed = |error: AuditError| RecoveryError::Audit(Box::new(error));
    let ids = RequestIdGenerator::new(&SystemRandom::new()).map_err(|NoRandomness| SealError)?;
    let record = |error: Option<&str>| {
        let ids = ids.next();
        let mut line = JsonWriter::object(512, |line| {
            line.text("eventVersion", "1.11");
            line.members("userIdentity", |line| {
                line.text("type", "Unknown");
                line.text("invokedBy", "bowline recover");
            });
            line.text("eventTime", &iso_seconds(clock.now()));
            line.text("eventSource", "bowline");
            line.text("eventName", "RecoverRoot");
            line.null("awsRegion");
            line.text("sourceIPAddress", "bowline recover");
            line.text("userAgent", concat!("bowline/", env!("CARGO_PKG_VERSION")));
            line.text_if("errorCode", error.map(|_| "InternalFailure"));
            line.text_if("errorMessage", error);
            line.members("requestParameters", |line| {
                line.text("accountId", id.as_str());
            });
            line.members("responseElements", |line| {
                line.text("accessKeyId", root.access_key_id.as_str());
            });
            line.text("requestID", &ids.request);
            line.text("eventID", &ids.event);
            line.bool("readOnly", false);
            line.text("eventType", "AwsApiCall");
            line.bool("managementEvent", true);
            line.text("recipientAccountId", id.as_str());
            line.text("eventCategory", "Management");
        });
        line.push('\n');
        line
    };
    let now = clock.now();
    audit
        .write_change(record(None).as_bytes(), now)
        .map_err(failed)?;
    let changed = state
        .update(|index| {
            let account = index.account(id).ok_or(RecoveryError::NoSuchAccount(id))?;
            let mut transaction = Transaction::new()
                .touch(&*account.record, account.revision)
                .create(&key);
            let mut deleted = 0;
            for key in index.root_access_keys(id) {
                transaction = transaction.delete(&*key.record, key.revision);
                deleted += 1;
            }
            Ok((transaction, deleted))
        })
        .await;
    let deleted = match changed {
        Ok(deleted) => deleted,
        Err(error) => {
            let error = match error {
                UpdateError::Refused(error) => error,
                other @ (UpdateError::Quota(_)
                | UpdateError::Busy
                | UpdateError::Invalid(_)
                | UpdateError::Store(_)) => RecoveryError::Update(Box::new(other)),
            };
            audit
                .write_change(record(Some(&error.to_string())).as_bytes(), now)
                .map_err(failed)?;
            return Err(error);
        }
    };
    let written = replace_private(&file, root.to_credentials_file().as_bytes());
    written.map_err(|source| RecoveryError::File {
        path: file.clone(),
        source,
    })?;
    drop(index);
    state.close().await;
    Ok(Recovered {
        account: id,
        access_key_id: root.access_key_id.to_string(),
        deleted,
        credentials: file,
    })
}

/// A credentials file is replaced only if it is one of this account.
fn check_credentials_file(account: AccountId, file: &PathBuf) -> Result<(), RecoveryError> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            let path = file.clone();
            return Err(RecoveryError::File { path, source });
        }
    };
    // The root may have deleted the key in it since, but generated ids say their account.
    let is_of_account = text
        .lines()
        .nth(1)
        .and_then(|line| line.strip_prefix("aws_access_key_id = "))
        .and_then(|id| id.parse().ok())
        .and_then(|id| ids::account_of(&id))
        == Some(account);
    if RootCredentials::wrote(&text) && is_of_account {
        Ok(())
    } else {
        Err(RecoveryError::OtherCredentials(file.clone()))
    }
}
