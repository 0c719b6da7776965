//! Attachments after a restart and after a kill.

use super::*;

#[test]
fn attachments_survive_a_restart() {
    let mut world = World::with_service_roles(Launch::sqlite());
    let root = Bowline::root();
    world.attach(&root, INSTANCE, "on-ec2").accepted();
    world.attach(&root, FUNCTION, "on-lambda").accepted();
    world.detach(FUNCTION).accepted();
    let before = issued(world.issue(&root, INSTANCE));
    world.server.kill();
    world.server.restart();
    assert_eq!(world.resources(&root), [INSTANCE]);
    assert_eq!(
        arn(&world, &before),
        arn(&world, &issued(world.issue(&root, INSTANCE)))
    );
    assert_eq!(
        world.iam("DeleteRole", &[("RoleName", "on-ec2")]).status,
        409
    );
}

/// How many times the server is killed.
const KILLS: usize = 12;

const WRITERS: usize = 3;

#[test]
fn a_kill_leaves_no_incomplete_attachment() {
    let mut world = World::with_service_roles(Launch::sqlite());
    let (attached, detached) = (Mutex::new(HashSet::new()), Mutex::new(HashSet::new()));
    let next = AtomicUsize::new(0);
    let send = |port: u16, name: &str, input: Value| {
        let request = operator(name, &input);
        let request = Signer::new(&Bowline::root(), "bowline").sign(request, port);
        let response = request.try_send(port);
        response.is_some_and(|response| response.status == 200 && response.body == b"{}")
    };
    for round in 0..KILLS {
        let stop = AtomicBool::new(false);
        let port = world.server.port;
        let before = attached.lock().unwrap().len();
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let arn = format!(
                            "arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-{number:017x}"
                        );
                        let input = json!({ "Service": "ec2.amazonaws.com", "ResourceArn": arn, "Role": "on-ec2" });
                        if !send(port, "AttachRole", input) {
                            continue;
                        }
                        // Every other attachment is detached again; its response may not arrive.
                        if number.is_multiple_of(2) {
                            attached.lock().unwrap().insert(arn);
                        } else if send(port, "DetachRole", json!({ "ResourceArn": arn })) {
                            detached.lock().unwrap().insert(arn);
                        }
                    }
                });
            }
            wait_for("attachments", Duration::from_secs(30), || {
                (attached.lock().unwrap().len() > before + round % 3).then_some(())
            });
            world.server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        world.server.restart();
        let there: HashSet<_> = world.resources(&Bowline::root()).into_iter().collect();
        let attached = attached.lock().unwrap();
        assert!(attached.is_subset(&there), "kill {round} lost one");
        assert!(detached.lock().unwrap().is_disjoint(&there));
        // Each that is there is whole: its role is found, and what it gives is good.
        for arn in there.iter().take(5) {
            issued(world.issue(&Bowline::root(), arn));
        }
    }
    // The role is free once all are detached: nothing counts that is not listed.
    let policy = [("RoleName", "on-ec2"), ("PolicyName", "read")];
    world.iam("DeleteRolePolicy", &policy).accepted();
    let delete = || world.iam("DeleteRole", &[("RoleName", "on-ec2")]).status;
    assert_eq!(delete(), 409);
    for arn in world.resources(&Bowline::root()) {
        world.detach(&arn).accepted();
    }
    assert_eq!(delete(), 200);
}
