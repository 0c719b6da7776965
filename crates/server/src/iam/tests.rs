//! Requests whose entity is replaced between authorization and change: the entity that then has the
//! name is not the one that was authorized.

use std::sync::Arc;

use bowline_aws::{credentials::SecretAccessKey, error::Code, iam::Operation};
use jiff::Timestamp;

use super::*;
use crate::{
    http::{head::RequestHead, peer::Peer},
    identity::{
        entity::{self, AccessKeyOwner, AccessKeyStatus, Permissions, TrustDocument},
        index::Index,
        store::{RecordKey, Transaction},
    },
    request::{
        authorize::Authorizer,
        caller::{Caller, Identity},
        service::Service,
    },
    server::testing::TestServer,
};

/// The path of the first entities, and that of those that replace them.
const PATHS: [&str; 2] = ["/a/", "/b/"];
const INLINE: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const KEYS: [&str; 2] = ["AKIAOVERTAKENKEY0000", "AKIAOVERTAKENKEY1111"];

struct World {
    server: TestServer,
    caller: Caller,
    authorized_on: Arc<Index>,
}

impl World {
    /// A server whose role `x` and user `x` replaced others after a request was authorized.
    async fn replaced() -> Self {
        let server = TestServer::start().await;
        let state = &server.app().state;
        let index = state.current();
        let account = index.accounts().next().unwrap().record.id;
        let root_key = index.root_access_keys(account).next().unwrap();
        let caller = Caller::new(root_key.record.id.clone(), Identity::Root(account));

        let [first, second] = [0, 1].map(|number: usize| {
            let permissions = Permissions {
                inline: [("p".to_owned(), INLINE.to_owned())].into(),
                ..Permissions::default()
            };
            let role = entity::Role {
                path: PATHS[number].to_owned(),
                permissions: permissions.clone(),
                ..entity::Role::new(format!("AROAOVERTAKEN0000000{number}").parse().unwrap(), account, "x".to_owned(), TrustDocument {
                    text: r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}"#.to_owned(),
                    principals: Vec::new(),
                }, Timestamp::UNIX_EPOCH)
            };
            let user = entity::User {
                path: PATHS[number].to_owned(),
                permissions,
                ..entity::User::new(format!("AIDAOVERTAKEN0000000{number}").parse().unwrap(), account, "x".to_owned(), Timestamp::UNIX_EPOCH)
            };
            let id = KEYS[number].parse().unwrap();
            let secret = SecretAccessKey::new("s".repeat(40)).unwrap();
            let sealed = state.master_key().seal(RecordKey::access_key(KEYS[number]), &secret);
            let key = entity::AccessKey {
                id,
                account,
                owner: AccessKeyOwner::User(user.id.clone()),
                status: AccessKeyStatus::Active,
                secret: sealed.unwrap(),
                created: Timestamp::UNIX_EPOCH,
            };
            let profile = entity::InstanceProfile {
                id: format!("AIPAOVERTAKEN0000000{number}").parse().unwrap(),
                account,
                name: "x".to_owned(),
                path: PATHS[number].to_owned(),
                role: None,
                created: Timestamp::UNIX_EPOCH,
            };
            (role, user, key, profile)
        });
        let make = |(role, user, key, profile): &(_, _, _, entity::InstanceProfile)| {
            let made: Transaction = Transaction::new().create::<entity::Role>(role);
            let made = made.create::<entity::User>(user);
            made.create::<entity::AccessKey>(key).create(profile)
        };
        let at = state.commit(make(&first)).await.unwrap();
        let authorized_on = state.current();
        let remove = Transaction::new()
            .delete(&first.3, at)
            .delete(&first.2, at)
            .delete(&first.1, at)
            .delete(&first.0, at);
        state.commit(remove).await.unwrap();
        state.commit(make(&second)).await.unwrap();
        Self {
            server,
            caller,
            authorized_on,
        }
    }

    fn call(&self, index: &Arc<Index>) -> Call<'_> {
        Call {
            app: self.server.app(),
            index: Arc::clone(index),
            caller: &self.caller,
            now: Timestamp::UNIX_EPOCH,
            envelope: bowline_aws::output::Envelope::default(),
        }
    }

    /// The outcome of a request that was authorized on `index`.
    async fn request(&self, index: &Arc<Index>, parameters: &str) -> Result<(), Code> {
        let params = bowline_aws::query::Params::parse(parameters.as_bytes(), None).unwrap();
        let operation = Operation::from_name(params.get("Action").unwrap()).unwrap();
        let request = Request::parse(operation, &params).unwrap();
        let requirements = resource::requirements(operation, &params, &self.caller, index).unwrap();
        let call = self.call(index);
        let (app, now) = (call.app, call.now);
        let (parts, ()) = http::Request::get("/")
            .header("host", "127.0.0.1")
            .body(())
            .unwrap()
            .into_parts();
        let head = RequestHead::read(
            parts,
            Peer::tcp("127.0.0.1:1".parse().unwrap()),
            &[],
            now,
            app.clock.stopwatch(),
        );
        let head = head.unwrap();
        let authorizer = Authorizer::new(index, &head, Service::Iam, None, Some(&self.caller));
        let permit = authorizer.permit(&requirements, request).await.unwrap();
        let done = carry_out(permit, &call).await;
        done.map(drop).map_err(|refused| refused.client.code())
    }
}

#[tokio::test]
async fn an_entity_that_took_the_name_after_authorization_is_not_changed() {
    let world = World::replaced().await;
    let trust = r#"&PolicyDocument={"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    let inline = format!("&PolicyName=p&PolicyDocument={INLINE}");
    for request in [
        "Action=UpdateRole&RoleName=x&Description=d".to_owned(),
        format!("Action=UpdateAssumeRolePolicy&RoleName=x{trust}"),
        format!("Action=PutRolePolicy&RoleName=x{inline}"),
        "Action=DeleteRolePolicy&RoleName=x&PolicyName=p".to_owned(),
        "Action=DeleteRole&RoleName=x".to_owned(),
        format!("Action=PutUserPolicy&UserName=x{inline}"),
        "Action=DeleteUserPolicy&UserName=x&PolicyName=p".to_owned(),
        "Action=CreateAccessKey&UserName=x".to_owned(),
        format!(
            "Action=UpdateAccessKey&UserName=x&Status=Inactive&AccessKeyId={}",
            KEYS[1]
        ),
        format!("Action=DeleteAccessKey&UserName=x&AccessKeyId={}", KEYS[1]),
        "Action=DeleteUser&UserName=x".to_owned(),
        "Action=AddRoleToInstanceProfile&InstanceProfileName=x&RoleName=x".to_owned(),
        "Action=DeleteInstanceProfile&InstanceProfileName=x".to_owned(),
    ] {
        let now = world.server.app().state.current();
        assert_eq!(
            world.request(&world.authorized_on, &request).await,
            Err(Code::NoSuchEntity),
            "{request}"
        );
        let after = world.server.app().state.current();
        assert_eq!(now.revision(), after.revision(), "{request}");
    }

    // The same requests, authorized on the current entities.
    for request in [
        "Action=DeleteInstanceProfile&InstanceProfileName=x".to_owned(),
        "Action=DeleteRolePolicy&RoleName=x&PolicyName=p".to_owned(),
        "Action=DeleteRole&RoleName=x".to_owned(),
        "Action=DeleteUserPolicy&UserName=x&PolicyName=p".to_owned(),
        format!("Action=DeleteAccessKey&UserName=x&AccessKeyId={}", KEYS[1]),
        "Action=DeleteUser&UserName=x".to_owned(),
    ] {
        let now = world.server.app().state.current();
        assert_eq!(world.request(&now, &request).await, Ok(()), "{request}");
    }
}

#[tokio::test]
async fn a_key_that_was_revoked_after_authorization_creates_no_other() {
    let world = World::replaced().await;
    let state = &world.server.app().state;
    let decided = state.current();
    let signed_with = decided.access_key(world.caller.access_key_id().as_str());
    let signed_with = signed_with.unwrap();
    let request = "Action=CreateAccessKey";

    let inactive = entity::AccessKey {
        status: AccessKeyStatus::Inactive,
        ..(*signed_with.record).clone()
    };
    let update = Transaction::new().update(&inactive, signed_with.revision);
    let at = state.commit(update).await.unwrap();
    let refused = Err(Code::UnknownAccessKey);
    assert_eq!(world.request(&decided, request).await, refused);

    let delete = Transaction::new().delete(&inactive, at);
    state.commit(delete).await.unwrap();
    assert_eq!(world.request(&decided, request).await, refused);

    // The same request by a key that exists.
    let create = Transaction::new().create(&*signed_with.record);
    state.commit(create).await.unwrap();
    assert_eq!(world.request(&decided, request).await, Ok(()));
}
