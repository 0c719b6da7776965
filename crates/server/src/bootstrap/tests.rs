use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;

use super::*;
use crate::{
    crypto::master_key::MasterKey,
    identity::{entity::ServerId, store::MemoryStore},
};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

async fn state() -> IdentityState {
    let master_key = MasterKey::generate().unwrap();
    IdentityState::start(
        Arc::new(MemoryStore::new()),
        Arc::new(master_key),
        ServerId::new([0; 16]),
    )
    .await
    .unwrap()
}

fn declared(id: &str, key: &str, secret: &str) -> RootCredentials {
    RootCredentials {
        account: id.parse().unwrap(),
        access_key_id: key.parse().unwrap(),
        secret_access_key: SecretAccessKey::new(secret).unwrap(),
    }
}

fn first() -> RootCredentials {
    declared(
        "432797229265",
        "AKIADECLAREDFIRST001",
        "declared-secret-access-key",
    )
}

async fn run(
    state: &IdentityState,
    declared: &[RootCredentials],
) -> Result<Bootstrapped, BootstrapError> {
    bootstrap(state, declared, &SystemRandom::new(), NOW, |_| Ok(())).await
}

#[tokio::test]
async fn an_empty_store_gets_a_management_account_and_a_keyring() {
    let state = state().await;
    let mut kept = None;
    let keep = |root: &RootCredentials| {
        kept = Some(root.clone());
        Ok(())
    };
    let made = bootstrap(&state, &[], &SystemRandom::new(), NOW, keep).await;
    let root = kept.unwrap();
    assert_eq!(made.unwrap().generated, Some(root.account));
    let index = state.current();
    assert!(index.account(root.account).unwrap().record.management);
    let key = index.access_key(root.access_key_id.as_str()).unwrap();
    assert_eq!(*key.secret(), root.secret_access_key);
    assert_eq!(index.keyring().status(NOW).len(), 1);
    assert_eq!(index.root_access_keys(root.account).count(), 1);
}

#[tokio::test]
async fn no_account_is_created_if_its_credentials_cannot_be_stored() {
    let state = state().await;
    let full = |_: &RootCredentials| {
        Err(BootstrapError::Credentials {
            path: "credentials".to_owned(),
            source: std::io::ErrorKind::StorageFull.into(),
        })
    };
    let failed = bootstrap(&state, &[], &SystemRandom::new(), NOW, full).await;
    assert!(matches!(failed, Err(BootstrapError::Credentials { .. })));
    assert_eq!(state.current().accounts().count(), 0);
    assert!(run(&state, &[]).await.unwrap().generated.is_some());
}

#[test]
fn a_generated_credentials_file_is_recognized() {
    let account = "432797229265".parse().unwrap();
    let own = RootCredentials::generate(account)
        .unwrap()
        .to_credentials_file();
    assert!(RootCredentials::wrote(&own));
    assert!(!RootCredentials::wrote(&format!(
        "{own}region = eu-west-1\n"
    )));
    assert!(!RootCredentials::wrote("[default]\n"));
    assert!(!RootCredentials::wrote(""));
}

#[tokio::test]
async fn a_second_start_creates_nothing() {
    let state = state().await;
    run(&state, &[]).await.unwrap();
    let before = state.current().revision();
    assert!(run(&state, &[]).await.unwrap().generated.is_none());
    assert_eq!(state.current().revision(), before);
}

#[tokio::test]
async fn declared_accounts_are_created_once_and_the_first_is_the_management_account() {
    let state = state().await;
    let second = declared("111122223333", "AKIADECLAREDSECOND01", "another-secret-key");
    let outcome = run(&state, &[first(), second.clone()]).await.unwrap();
    assert!(outcome.generated.is_none() && outcome.warnings.is_empty());
    let index = state.current();
    assert!(index.account(first().account).unwrap().record.management);
    assert!(!index.account(second.account).unwrap().record.management);

    let mut changed = first();
    changed.secret_access_key = SecretAccessKey::new("some-other-secret-key").unwrap();
    let again = run(&state, &[changed]).await.unwrap();
    insta::assert_snapshot!(again.warnings.join("\n"), @"account `432797229265` exists, so its declaration is ignored");
    let index = state.current();
    let kept = index.access_key("AKIADECLAREDFIRST001").unwrap();
    assert_eq!(*kept.secret(), first().secret_access_key);
}

#[tokio::test]
async fn a_short_secret_is_refused_before_anything_is_written() {
    let state = state().await;
    let short = declared("111122223333", "AKIADECLAREDSECOND01", "fifteen-letters");
    let error = run(&state, &[first(), short]).await.unwrap_err();
    insta::assert_snapshot!(error, @"the secret access key declared for account `111122223333` has fewer than 16 characters");
    assert!(state.current().accounts().next().is_none());
}

#[tokio::test]
async fn an_access_key_id_is_declared_once() {
    let state = state().await;
    let mut second = first();
    second.account = "111122223333".parse().unwrap();
    let error = run(&state, &[first(), second]).await.unwrap_err();
    insta::assert_snapshot!(error, @"the access key id `AKIADECLAREDFIRST001` declared for account `111122223333` is in use");
}

#[tokio::test]
async fn a_temporary_access_key_id_is_not_declared() {
    let state = state().await;
    let mut account = first();
    account.access_key_id = "ASIADECLAREDFIRST001".parse().unwrap();
    assert!(matches!(
        run(&state, &[account]).await,
        Err(BootstrapError::TemporaryAccessKey(..))
    ));
}

#[test]
fn the_credentials_file_has_the_format_of_the_sdks() {
    let root = RootCredentials {
        account: "432797229265".parse().unwrap(),
        access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
        secret_access_key: SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
            .unwrap(),
    };
    insta::assert_snapshot!(root.to_credentials_file(), @r"
    [default]
    aws_access_key_id = AKIAIOSFODNN7EXAMPLE
    aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
    ");
}

#[test]
fn a_generated_account_id_has_twelve_digits() {
    for random in [0, 1, u64::MAX] {
        let id = account_id(random).unwrap();
        assert!(!id.as_str().starts_with('0'), "{id}");
    }
}
