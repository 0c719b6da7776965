//! Tokens of a real Kubernetes API server, requested as a kubelet does and exchanged as a pod does.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::bowline::{ACCOUNT, Bowline, Launch, OTHER_ACCOUNT};
use crate::support::http::{Request, Response};
use crate::support::issuer::Issuer;
use crate::support::keys::{Keys, SigningKey};
use crate::support::kubernetes::{Cluster, kubernetes};
use crate::support::wait::wait_for;
use crate::support::world::{World, allow, credentials, provider, query, web_identity};

const AUDIENCE: &str = "sts.amazonaws.com";
/// The issuer of a cluster without a configured one.
const DEFAULT_ISSUER: &str = "https://kubernetes.default.svc";

/// A server on which the root of each account may do what follows.
fn world() -> World {
    World::without_roles(Launch::two_accounts(), Issuer::start())
}

/// One account of the server, by its root.
struct Account<'w> {
    world: &'w World,
    id: &'static str,
    root: Keys,
}

impl<'w> Account<'w> {
    fn first(world: &'w World) -> Self {
        Self {
            world,
            id: ACCOUNT,
            root: Bowline::root(),
        }
    }

    fn second(world: &'w World) -> Self {
        Self {
            world,
            id: OTHER_ACCOUNT,
            root: Bowline::other_root(),
        }
    }

    fn provider_arn(&self, url: &str) -> String {
        let host = url.strip_prefix("https://").unwrap();
        format!("arn:aws:iam::{}:oidc-provider/{host}", self.id)
    }

    fn add_provider(&self, url: &str) {
        self.world.send(&self.root, "iam", provider(url)).accepted();
    }

    /// Runs `bowline provider configure` with one option, whose value is this text or a file with
    /// it.
    fn configure(&self, url: &str, options: &[(&str, &str)]) {
        let arn = self.provider_arn(url);
        let mut command = vec!["provider", "configure", &arn];
        let file = self.world.server.home().join("configured");
        let path = file.to_str().unwrap();
        for (option, value) in options {
            command.push(option);
            if *option == "--issuer" {
                command.push(value);
            } else {
                fs::write(&file, value).unwrap();
                command.push(path);
            }
        }
        self.world.server.ran(&self.root, &command);
    }

    /// A role for one service account of a provider, and a bucket of the role's name that it may
    /// use.
    fn add_role(&self, name: &str, url: &str, subject: &str) {
        let host = url.strip_prefix("https://").unwrap();
        let trust = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Federated": self.provider_arn(url) },
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": { "StringEquals": {
                    format!("{host}:aud"): AUDIENCE,
                    format!("{host}:sub"): subject,
                } },
            }],
        });
        let bucket = format!("arn:aws:s3:::{name}/*");
        let permissions = allow(&["s3:GetObject", "s3:PutObject"], &[&bucket]);
        for (action, parameter, document) in [
            ("CreateRole", "AssumeRolePolicyDocument", trust),
            ("PutRolePolicy", "PolicyDocument", permissions),
        ] {
            let document = document.to_string();
            let mut parameters = vec![("RoleName", name), (parameter, &*document)];
            if action == "PutRolePolicy" {
                parameters.push(("PolicyName", "data"));
            }
            let request = query("iam", action, &parameters);
            self.world.send(&self.root, "iam", request).accepted();
        }
        let bucket = Request::put(&format!("/{name}"), "");
        self.world.send(&self.root, "s3", bucket).accepted();
    }

    fn exchange(&self, role: &str, token: &str) -> Response {
        let role = format!("arn:aws:iam::{}:role/{role}", self.id);
        web_identity(&role, "pod", token, &[]).send(self.world.server.port)
    }
}

/// Puts an object and gets it back, in the bucket of the role's name.
#[track_caller]
fn use_bucket(world: &World, keys: &Keys, bucket: &str) {
    let path = format!("/{bucket}/a.txt");
    world
        .send(keys, "s3", Request::put(&path, "hello"))
        .accepted();
    let got = world.send(keys, "s3", Request::get(&path)).accepted();
    assert_eq!(got.text(), "hello");
}

#[test]
fn only_the_token_of_the_trusted_pod_reaches_the_bucket() {
    let Some(kubernetes) = kubernetes() else {
        return;
    };
    let cluster = kubernetes.start(&SigningKey::rsa());
    let world = world();
    let account = Account::first(&world);
    let (pod, other) = (cluster.pod("bot-builder"), cluster.pod("other"));
    account.add_provider(&cluster.url);
    account.configure(&cluster.url, &[("--jwks", &cluster.jwks())]);
    account.add_role("bot", &cluster.url, &pod.subject());

    let response = account.exchange("bot", &cluster.token(&pod, AUDIENCE));
    let printed = ["SubjectFromWebIdentityToken", "Audience", "Provider", "Arn"]
        .map(|name| response.element(name).unwrap_or_default());
    assert_snapshot!(printed.join("\n"), @"
    system:serviceaccount:gbot-dev:bot-builder
    sts.amazonaws.com
    arn:aws:iam::432797229265:oidc-provider/localhost:[port]
    arn:aws:sts::432797229265:assumed-role/bot/pod
    ");
    use_bucket(&world, &credentials(&response), "bot");

    let refused = |token: &str| account.exchange("bot", token).verdict();
    assert_snapshot!(refused(&cluster.token(&other, AUDIENCE)), @"403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
    assert_snapshot!(refused(&cluster.token(&pod, "vault")), @"400 InvalidIdentityToken: Incorrect token audience");
}

#[test]
fn a_cluster_is_its_own_issuer_once_its_keys_are_public() {
    let Some(kubernetes) = kubernetes() else {
        return;
    };
    let cluster = kubernetes.start(&SigningKey::rsa());
    let world = world();
    let account = Account::first(&world);
    let pod = cluster.pod("bot-builder");
    account.add_provider(&cluster.url);
    account.configure(&cluster.url, &[("--ca-bundle", &cluster.authority)]);
    account.add_role("bot", &cluster.url, &pod.subject());
    let token = cluster.token(&pod, AUDIENCE);
    // By default a cluster shows its keys only to authenticated clients.
    assert_snapshot!(account.exchange("bot", &token).verdict(), @"400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
    cluster.let_anybody_discover();
    let response = wait_for("the keys", Duration::from_secs(30), || {
        let response = account.exchange("bot", &token);
        (response.status == 200).then_some(response)
    });
    use_bucket(&world, &credentials(&response), "bot");
}

/// Many tokens for a pod, so that no signature is cached.
fn tokens(cluster: &Cluster, pod: &crate::support::kubernetes::Pod) -> Vec<String> {
    (0..100).map(|_| cluster.token(pod, AUDIENCE)).collect()
}

#[test]
fn tokens_are_exchanged_while_a_cluster_changes_its_signing_key() {
    let Some(kubernetes) = kubernetes() else {
        return;
    };
    let (first, second, third) = (SigningKey::rsa(), SigningKey::p256(), SigningKey::rsa());
    let mut cluster = kubernetes.start(&first);
    cluster.let_anybody_discover();
    let world = world();
    let account = Account::first(&world);
    let pod = cluster.pod("bot-builder");
    account.add_provider(&cluster.url);
    account.configure(&cluster.url, &[("--ca-bundle", &cluster.authority)]);
    account.add_role("bot", &cluster.url, &pod.subject());

    let old = tokens(&cluster, &pod);
    account.exchange("bot", &old[0]).accepted();
    let stop = AtomicBool::new(false);
    let new = thread::scope(|scope| {
        // Pods that still have a token of the first key, all through the change of keys and while
        // the cluster is away.
        let exchanging = scope.spawn(|| {
            let mut exchanged = 0;
            for token in old.iter().cycle() {
                account.exchange("bot", token).accepted();
                exchanged += 1;
                if stop.load(Ordering::Relaxed) && exchanged >= old.len() {
                    break;
                }
            }
        });
        cluster.restart_with(&[&second, &first]);
        let new = cluster.token(&pod, AUDIENCE);
        let response = exchanged_soon(&account, &new);
        use_bucket(&world, &credentials(&response), "bot");
        stop.store(true, Ordering::Relaxed);
        exchanging.join().unwrap();
        new
    });
    // What the cluster no longer publishes ends when its keys are next read.
    cluster.restart_with(&[&third, &second]);
    exchanged_soon(&account, &cluster.token(&pod, AUDIENCE));
    account.exchange("bot", &new).accepted();
    assert_snapshot!(account.exchange("bot", &old[0]).verdict(), @"400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
}

/// A key that is new to the server is looked for at most once in ten seconds.
fn exchanged_soon(account: &Account<'_>, token: &str) -> Response {
    wait_for("the new key", Duration::from_mins(1), || {
        let response = account.exchange("bot", token);
        (response.status == 200).then_some(response)
    })
}

#[test]
fn two_clusters_with_one_issuer_url_are_distinguished_by_their_keys() {
    let Some(kubernetes) = kubernetes() else {
        return;
    };
    let (here, there) = (SigningKey::rsa(), SigningKey::rsa());
    let here = kubernetes.start_as(DEFAULT_ISSUER, &here);
    let there = kubernetes.start_as(DEFAULT_ISSUER, &there);
    let world = world();
    let (first, second) = (Account::first(&world), Account::second(&world));
    let pods = [here.pod("bot-builder"), there.pod("bot-builder")];
    let subject = pods[0].subject();
    assert_eq!(subject, pods[1].subject());
    let [ours, theirs] =
        [(&here, &pods[0]), (&there, &pods[1])].map(|(cluster, pod)| cluster.token(pod, AUDIENCE));

    // In two accounts each cluster is the issuer that it says it is.
    for (account, cluster, bucket) in [(&first, &here, "here"), (&second, &there, "there")] {
        account.add_provider(DEFAULT_ISSUER);
        account.configure(DEFAULT_ISSUER, &[("--jwks", &cluster.jwks())]);
        account.add_role(bucket, DEFAULT_ISSUER, &subject);
    }
    let response = first.exchange("here", &ours);
    use_bucket(&world, &credentials(&response), "here");
    let response = second.exchange("there", &theirs);
    use_bucket(&world, &credentials(&response), "there");
    assert_snapshot!(first.exchange("here", &theirs).verdict(), @"400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
    assert_snapshot!(second.exchange("there", &ours).verdict(), @"400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");

    // In one account they have URLs of their own, which roles trust, and share what their tokens
    // say.
    let own = ["https://here.example.com", "https://there.example.com"];
    for (url, cluster, role) in [(own[0], &here, "own-here"), (own[1], &there, "own-there")] {
        second.add_provider(url);
        let jwks = cluster.jwks();
        second.configure(url, &[("--issuer", DEFAULT_ISSUER), ("--jwks", &jwks)]);
        second.add_role(role, url, &subject);
    }
    let response = second.exchange("own-here", &ours);
    use_bucket(&world, &credentials(&response), "own-here");
    assert_snapshot!(second.exchange("own-here", &theirs).verdict(), @"403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
}
