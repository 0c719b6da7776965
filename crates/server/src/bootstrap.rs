//! Creates a server's first accounts.
//!
//! An empty store gets a management account with a root access key: the declared one, or a random
//! one. More accounts can be declared. The declaration of an account that exists is ignored, with a
//! warning.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use bowline_aws::{
    credentials::{AccessKeyId, SecretAccessKey},
    ids,
};
use bowline_iam::account::AccountId;
use jiff::Timestamp;

use crate::{
    crypto::{master_key::MasterKey, seal::SealError},
    identity::{
        entity::{AccessKey, AccessKeyOwner, AccessKeyStatus, Account},
        index::{IdentityState, Index, UpdateError},
        store::{RecordKey, Transaction},
    },
};

/// Fewest characters of a declared secret.
pub const MIN_SECRET_CHARS: usize = 16;

/// The result of [`bootstrap`].
#[derive(Debug, Default)]
pub struct Bootstrapped {
    /// The account whose root credentials were generated and stored.
    pub generated: Option<AccountId>,
    /// The warnings about ignored declarations.
    pub warnings: Vec<String>,
}

/// The root credentials of an account, declared or generated.
#[derive(Clone, Debug)]
pub struct RootCredentials {
    /// The account.
    pub account: AccountId,
    /// The access key's id.
    pub access_key_id: AccessKeyId,
    /// The access key's secret.
    pub secret_access_key: SecretAccessKey,
}

/// Why a start failed.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// A declared secret is too short.
    #[error(
        "the secret access key declared for account `{0}` has fewer than {MIN_SECRET_CHARS} characters"
    )]
    ShortSecret(AccountId),
    /// A declared access key id is in use.
    #[error("the access key id `{0}` declared for account `{1}` is in use")]
    AccessKeyInUse(AccessKeyId, AccountId),
    /// A declared access key id looks like that of temporary credentials.
    #[error("the access key id `{0}` declared for account `{1}` is one of temporary credentials")]
    TemporaryAccessKey(AccessKeyId, AccountId),
    /// No randomness.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The generated credentials cannot be stored.
    #[error("writing the root credentials to `{path}`")]
    Credentials {
        /// The file.
        path: String,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// The store failed.
    #[error("writing the first records")]
    Update(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Creates the records that a server needs before it serves: the keyring, and the declared accounts
/// or, in an empty store, one account.
///
/// Generated credentials are passed to `keep` before the account is created. If the process ends
/// between the two, credentials exist for an account that does not, and the next start replaces
/// them; there is never an account without known credentials.
///
/// # Errors
/// [`BootstrapError`].
pub async fn bootstrap(
    state: &IdentityState,
    declared: &[RootCredentials],
    random: &(dyn SecureRandom + Sync),
    now: Timestamp,
    keep: impl FnOnce(&RootCredentials) -> Result<(), BootstrapError>,
) -> Result<Bootstrapped, BootstrapError> {
    for account in declared {
        check(account)?;
    }
    state.ensure_keyring(now).await.map_err(update_error)?;

    let mut outcome = Bootstrapped::default();
    for account in declared {
        let made = state
            .update(|index| declare(state, index, account, now))
            .await
            .map_err(refusal_or_update)?;
        if !made {
            outcome.warnings.push(format!(
                "account `{}` exists, so its declaration is ignored",
                account.account
            ));
        }
    }
    if state.current().accounts().next().is_none() {
        let root = RootCredentials::of_new_account(random)?;
        keep(&root)?;
        state
            .update(|index| declare(state, index, &root, now))
            .await
            .map_err(refusal_or_update)?;
        outcome.generated = Some(root.account);
    }
    Ok(outcome)
}

impl RootCredentials {
    /// Random credentials for an account.
    ///
    /// # Errors
    /// [`SealError`] without randomness.
    pub fn generate(account: AccountId) -> Result<Self, SealError> {
        Self::draw(account, &SystemRandom::new())
    }

    /// Random credentials for a new account with a random id.
    ///
    /// # Errors
    /// [`SealError`] without randomness.
    pub(crate) fn of_new_account(random: &dyn SecureRandom) -> Result<Self, SealError> {
        let account = account_id(u64::from_be_bytes(draw(random)?))?;
        Self::draw(account, random)
    }

    /// Random credentials for an account.
    ///
    /// # Errors
    /// [`SealError`] without randomness.
    pub(crate) fn draw(account: AccountId, random: &dyn SecureRandom) -> Result<Self, SealError> {
        Ok(Self {
            account,
            access_key_id: ids::access_key_id(ids::KeyKind::LongTerm, account, draw(random)?)
                .map_err(|_| SealError)?,
            secret_access_key: ids::secret_access_key(draw(random)?).map_err(|_| SealError)?,
        })
    }

    /// The access key as a record, with its secret sealed.
    ///
    /// # Errors
    /// [`SealError`].
    pub(crate) fn access_key(
        &self,
        master_key: &MasterKey,
        now: Timestamp,
    ) -> Result<AccessKey, SealError> {
        let record_key = RecordKey::access_key(self.access_key_id.as_str());
        Ok(AccessKey {
            id: self.access_key_id.clone(),
            account: self.account,
            owner: AccessKeyOwner::Root,
            status: AccessKeyStatus::Active,
            secret: master_key.seal(&record_key, &self.secret_access_key)?,
            created: now,
        })
    }

    /// Whether a text has the form of [`Self::to_credentials_file`], for any credentials.
    pub fn wrote(text: &str) -> bool {
        let mut lines = text.lines();
        lines.next() == Some("[default]")
            && ["aws_access_key_id = ", "aws_secret_access_key = "]
                .iter()
                .all(|start| lines.next().is_some_and(|line| line.starts_with(start)))
            && lines.next().is_none()
    }

    /// The content of an AWS credentials file with these as the default profile.
    pub fn to_credentials_file(&self) -> String {
        format!(
            "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            self.access_key_id,
            self.secret_access_key.expose()
        )
    }
}

fn check(account: &RootCredentials) -> Result<(), BootstrapError> {
    if account.secret_access_key.expose().len() < MIN_SECRET_CHARS {
        return Err(BootstrapError::ShortSecret(account.account));
    }
    if account.access_key_id.as_str().starts_with("ASIA") {
        let id = account.access_key_id.clone();
        return Err(BootstrapError::TemporaryAccessKey(id, account.account));
    }
    Ok(())
}

/// Creates an account with its root access key, unless it exists. The first account of a store is
/// the management account.
fn declare(
    state: &IdentityState,
    index: &Index,
    declared: &RootCredentials,
    now: Timestamp,
) -> Result<(Transaction, bool), BootstrapError> {
    if index.account(declared.account).is_some() {
        return Ok((Transaction::new(), false));
    }
    if index.access_key(declared.access_key_id.as_str()).is_some() {
        let id = declared.access_key_id.clone();
        return Err(BootstrapError::AccessKeyInUse(id, declared.account));
    }
    let account = Account {
        id: declared.account,
        management: index.accounts().next().is_none(),
        created: now,
    };
    let key = declared.access_key(state.master_key(), now)?;
    Ok((Transaction::new().create(&account).create(&key), true))
}

/// Twelve digits. The first is not zero, so that a tool that reads the id as a number preserves it.
fn account_id(random: u64) -> Result<AccountId, SealError> {
    const FIRST: u64 = 100_000_000_000;
    let digits = FIRST + random % (9 * FIRST);
    digits.to_string().parse().map_err(|_| SealError)
}

fn draw<const N: usize>(random: &dyn SecureRandom) -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    random.fill(&mut bytes).map_err(|_| SealError)?;
    Ok(bytes)
}

fn update_error<E>(error: UpdateError<E>) -> BootstrapError
where
    UpdateError<E>: std::error::Error + Send + Sync + 'static,
{
    BootstrapError::Update(Box::new(error))
}

fn refusal_or_update(error: UpdateError<BootstrapError>) -> BootstrapError {
    match error {
        UpdateError::Refused(error) => error,
        other @ (UpdateError::Quota(_)
        | UpdateError::Busy
        | UpdateError::Invalid(_)
        | UpdateError::Store(_)) => update_error(other),
    }
}

#[cfg(test)]
mod tests;
