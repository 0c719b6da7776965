//! Policies, and what they and roles are attached to.

use super::*;

#[tokio::test]
async fn policies_are_compiled_and_a_damaged_one_stays_as_unreadable() {
    let state = state().await;
    create(&state, &policy(1, "reading")).await;
    let mut reader = role(1, "reader");
    let permissions = &mut reader.permissions;
    permissions
        .inline
        .insert("good".to_owned(), ALLOW.to_owned());
    permissions.inline.insert("odd".to_owned(), "{}".to_owned());
    permissions.attached.insert(policy(1, "reading").arn());
    permissions.attached.insert(policy(2, "gone").arn());
    create(&state, &reader).await;
    let index = state.current();
    let role = index.role(account(), "reader").unwrap();
    assert!(role.trust.get().is_some());
    let applied = index.role_policies(role);
    let shown: Vec<_> = applied
        .iter()
        .map(|a| (a.name, a.arn.is_some(), a.policy.is_some()))
        .collect();
    assert_eq!(
        shown,
        [
            ("good", false, true),
            ("odd", false, false),
            ("gone", true, false),
            ("reading", true, true)
        ]
    );
}

#[tokio::test]
async fn a_trust_policy_keeps_the_principals_of_when_it_was_saved() {
    let state = state().await;
    let mut trusting_ann = role(1, "reader");
    trusting_ann.trust = trusting(r#"{"AWS":"arn:aws:iam::432797229265:user/ann"}"#);
    create(&state, &trusting_ann).await;
    let index = state.current();
    assert!(
        index
            .role(account(), "reader")
            .unwrap()
            .trust
            .get()
            .is_none(),
        "no principal matches"
    );
    let mut resolved = role(2, "writer");
    resolved.trust = trusting_ann.trust.clone();
    resolved.trust.principals.push(entity::ResolvedPrincipal {
        arn: "arn:aws:iam::432797229265:user/ann".to_owned(),
        id: id("AIDA", 1),
    });
    create(&state, &resolved).await;
    let index = state.current();
    let role = index.role(account(), "writer").unwrap();
    assert!(role.trust.get().is_some());
    assert!(
        index
            .render_trust(&role.record)
            .contains("\"AIDA00000000000000001\"")
    );
}

#[tokio::test]
async fn a_deleted_principal_is_shown_by_its_id_only_where_it_is_a_principal() {
    let state = state().await;
    let mut reader = role(1, "reader");
    reader.trust = TrustDocument {
        text: r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["arn:aws:iam::432797229265:user\/ann", "arn:aws:iam::432797229265:user/bob"]},
             "Precondition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::432797229265:user/ann"}}},
            {"Effect":"Deny","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::432797229265:user/ann"}}]}"#.to_owned(),
        principals: [("ann", 1), ("bob", 2)]
            .map(|(name, number)| entity::ResolvedPrincipal {
                arn: format!("arn:aws:iam::432797229265:user/{name}"),
                id: id("AIDA", number),
            })
            .to_vec(),
    };
    create(&state, &reader).await;
    create(&state, &user(2, "bob")).await;
    let index = state.current();
    let role = index.role(account(), "reader").unwrap();
    let ann = r#""arn:aws:iam::432797229265:user/ann""#;
    let gone = r#""AIDA00000000000000001""#;
    let expected = reader
        .trust
        .text
        .replace(&ann.replace("r/", r"r\/"), gone)
        .replace(
            &format!(r#""Principal":{{"AWS":{ann}"#),
            &format!(r#""Principal":{{"AWS":{gone}"#),
        );
    assert_eq!(expected.matches(gone).count(), 2);
    assert_eq!(index.render_trust(&role.record), expected);
}

#[tokio::test]
async fn attachments_are_counted_while_they_exist() {
    let state = state().await;
    let policy = policy(1, "reading");
    create(&state, &policy).await;
    for number in 0..2 {
        let mut role = role(number, &format!("role-{number}"));
        role.permissions.attached.insert(policy.arn());
        create(&state, &role).await;
    }
    let index = state.current();
    assert_eq!(index.attachment_count(&policy.arn()), 2);
    assert_eq!(index.attached_to(&policy.arn()).count(), 2);
    let stored = index.role(account(), "role-0").unwrap();
    let mut detached = entity::Role::clone(&stored.record);
    detached.permissions.attached.clear();
    let update = Transaction::new().update(&detached, stored.revision);
    state.commit(update).await.unwrap();
    let stored = state.current().role(account(), "role-1").cloned().unwrap();
    let delete = Transaction::new().delete(&*stored.record, stored.revision);
    assert_eq!(state.current().attachment_count(&policy.arn()), 1);
    state.commit(delete).await.unwrap();
    assert_eq!(state.current().attachment_count(&policy.arn()), 0);
}

#[tokio::test]
async fn an_attachment_and_a_deletion_of_one_policy_cannot_both_happen() {
    let state = state().await;
    create(&state, &policy(1, "reading")).await;
    create(&state, &role(1, "reader")).await;
    let index = state.current();
    let policy = index.policy_by_name(account(), "reading").unwrap();
    let stored = index.role(account(), "reader").unwrap();
    let mut attached = entity::Role::clone(&stored.record);
    attached.permissions.attached.insert(policy.arn.to_string());
    let attach = Transaction::new()
        .update(&attached, stored.revision)
        .touch(&*policy.record, policy.revision);
    let delete = Transaction::new().delete(&*policy.record, policy.revision);
    state.commit(attach).await.unwrap();
    assert!(matches!(
        state.commit(delete).await,
        Err(CommitError::Conflict(_))
    ));
}

fn service_attachment(resource: &str, role: &entity::Role) -> entity::ServiceAttachment {
    entity::ServiceAttachment {
        account: account(),
        resource: format!("arn:aws:lambda:us-east-1:432797229265:function:{resource}")
            .parse()
            .unwrap(),
        role: role.id.clone(),
        created: NOW,
    }
}

#[tokio::test]
async fn a_role_is_attached_to_services_while_one_attachment_exists() {
    let state = state().await;
    let role = role(1, "on-lambda");
    create(&state, &role).await;
    let names = ["report", "Report"];
    for name in names {
        create(&state, &service_attachment(name, &role)).await;
    }
    let again = Transaction::new().create(&service_attachment("report", &role));
    assert!(matches!(
        state.commit(again).await,
        Err(CommitError::Conflict(_))
    ));
    for left in [true, false] {
        assert!(state.current().is_attached_to_service(&role.id));
        let index = state.current();
        let found = index.service_attachments(account(), None).next().unwrap();
        let delete = Transaction::new().delete(&*found.record, found.revision);
        state.commit(delete).await.unwrap();
        assert_eq!(state.current().is_attached_to_service(&role.id), left);
    }
}

#[tokio::test]
async fn service_attachments_are_found_by_account_and_exact_arn() {
    let state = state().await;
    let role = role(1, "on-lambda");
    for name in ["b", "a", "A"] {
        create(&state, &service_attachment(name, &role)).await;
    }
    let index = state.current();
    let list = |account, marker: Option<&str>| {
        let found = index.service_attachments(account, marker);
        let names = found.map(|found| found.record.resource.session_name().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(list(account(), None), ["A", "a", "b"]);
    let a = service_attachment("a", &role).resource;
    assert_eq!(list(account(), Some(a.as_str())), ["b"]);
    assert!(list(other(), None).is_empty());
    let found = index.service_attachment(account(), a.as_str()).unwrap();
    assert_eq!(found.record.resource, a);
    assert!(index.service_attachment(other(), a.as_str()).is_none());
}

#[tokio::test]
async fn an_attachment_to_a_service_and_a_deletion_of_its_role_cannot_both_happen() {
    let state = state().await;
    create(&state, &role(1, "on-lambda")).await;
    let index = state.current();
    let stored = index.role(account(), "on-lambda").unwrap();
    let attach = Transaction::new()
        .touch(&*stored.record, stored.revision)
        .create(&service_attachment("report", &stored.record));
    let delete = Transaction::new().delete(&*stored.record, stored.revision);
    state.commit(attach).await.unwrap();
    assert!(matches!(
        state.commit(delete).await,
        Err(CommitError::Conflict(_))
    ));
}

#[tokio::test]
async fn an_attachment_of_another_accounts_resource_is_no_record() {
    let state = state().await;
    let mut attachment = service_attachment("report", &role(1, "on-lambda"));
    attachment.account = other();
    let create = Transaction::new().create(&attachment);
    assert!(matches!(
        state.commit(create).await,
        Err(CommitError::Invalid(_))
    ));
}
