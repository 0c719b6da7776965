//! The configurations of proxies in the documentation, with the real proxies.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::documentation::{blocks, read};
use crate::support::authority::{Certified, certify, send_over_tls};
use crate::support::bowline::{Launch, Running};
use crate::support::inherited::inherited;
use crate::support::installed::or_skip;
use crate::support::issuer::Issuer;
use crate::support::python::{Clients, clients};
use crate::support::sign::Signer;
use crate::support::wait::wait_for;
use crate::support::world::{World, query, role_arn};

/// A program of the system, also in the folders of the administrator.
fn installed(name: &str) -> Option<PathBuf> {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin"];
    let mut paths = folders.iter().map(|folder| Path::new(folder).join(name));
    paths.find(|path| path.exists())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A server that trusts the proxy of its machine, with a role and a bucket for a pod.
fn world() -> World {
    let launch = Launch {
        config: "tls = \"terminated\"\ntrusted_proxies = [\"127.0.0.1\"]\n",
        ..Launch::default()
    };
    let world = World::without_roles(launch, Issuer::start());
    world.add_role("bot");
    world
}

/// A certificate in a folder of a proxy.
fn certificate(folder: &Path) -> String {
    let Certified {
        authority,
        certificate,
        private_key,
    } = certify(&["localhost"]);
    fs::write(folder.join("certificate.pem"), certificate).unwrap();
    fs::write(folder.join("key.pem"), private_key).unwrap();
    fs::write(folder.join("ca.pem"), &authority).unwrap();
    authority
}

/// Starts a proxy, and waits until it listens.
fn start(command: &mut Command, folder: &Path, port: u16) -> Running {
    let log = fs::File::create(folder.join("proxy.log")).unwrap();
    command
        .env_clear()
        .envs(inherited())
        .env("HOME", folder)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    let mut proxy = Running::spawn(command);
    wait_for("a proxy that listens", Duration::from_secs(30), || {
        let log = folder.join("proxy.log");
        let ended = proxy.has_ended();
        assert!(ended.is_none(), "{}", fs::read_to_string(&log).unwrap());
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
    });
    proxy
}

/// What the page promises of a proxy at this port.
fn prove(world: &World, clients: &Clients, folder: &Path, port: u16, authority: &str) {
    let url = format!("https://localhost:{port}");
    let token = folder.join("token");
    fs::write(&token, world.issuer.valid_token()).unwrap();
    let ca = folder.join("ca.pem");
    let role = role_arn("bot");
    let pod = [
        ("AWS_ROLE_ARN", role.as_str()),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_ROLE_SESSION_NAME", "pod"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_CA_BUNDLE", ca.to_str().unwrap()),
    ];
    let printed = clients.drive("s3_https.py", &url, None, &pod);
    let expected =
        "arn:aws:sts::432797229265:assumed-role/bot/pod\nbytes equal\nstream equal\nempty equal";
    assert_eq!(printed.trim_end(), expected);
    let file = folder.join("file");
    fs::write(&file, "hello").unwrap();
    for key in ["a b//c+d=e", "%2F:(x)&@'!*$,;", "ü/../z"] {
        let object = format!("s3://insights/bot/{key}");
        clients.aws(
            &["s3", "cp", file.to_str().unwrap(), &object],
            &url,
            None,
            &pod,
        );
        let read = clients.aws(&["s3", "cp", &object, "-"], &url, None, &pod);
        assert_eq!(read, "hello", "{key}");
    }
    // Over TLS, and from this machine whatever the client says.
    let allowed = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*", "Condition": {
            "Bool": { "aws:SecureTransport": "true" },
            "IpAddress": { "aws:SourceIp": "127.0.0.1/32" },
        } }],
    });
    let user = world.user("client", Some(allowed));
    let mut request = Signer::new(&user, "iam").sign(query("iam", "ListUsers", &[]), port);
    request = request.header("x-forwarded-for", "203.0.113.7");
    request = request.header("x-forwarded-proto", "http");
    assert_eq!(send_over_tls(&request, port, authority).verdict(), "200");
}

#[test]
fn clients_work_through_nginx_as_the_page_configures_it() {
    let Some(clients) = clients() else { return };
    let Some(nginx) = or_skip(installed("nginx"), "nginx") else {
        return;
    };
    let world = world();
    let home = TempDir::new().unwrap();
    let folder = home.path();
    let (port, authority) = (free_port(), certificate(folder));
    let here = folder.to_str().unwrap();
    let page = blocks(&read("docs/proxy.md"), "nginx").remove(0);
    let page = page
        .replace(
            "127.0.0.1:9400",
            &format!("127.0.0.1:{}", world.server.port),
        )
        .replace("listen 443", &format!("listen 127.0.0.1:{port}"))
        .replace("bowline.example.com", "localhost")
        .replace("*.localhost", "")
        .replace("/etc/ssl/bowline", &format!("\"{here}"))
        .replace(".pem;", ".pem\";");
    // What the main configuration of a distribution says, for a user without rights.
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|name| format!("{name}_temp_path \"{here}/{name}\";"));
    let temporary = temporary.join("\n");
    let config = format!(
        "daemon off;\nmaster_process off;\npid \"{here}/nginx.pid\";\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}\n{page}\n}}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, config).unwrap();
    let mut command = Command::new(nginx);
    command.args(["-p", here, "-c"]).arg(&file);
    let _proxy = start(&mut command, folder, port);
    prove(&world, &clients, folder, port, &authority);
}

#[test]
fn clients_work_through_caddy_as_the_page_configures_it() {
    let Some(clients) = clients() else { return };
    // Not every distribution has it.
    let Some(caddy) = installed("caddy") else {
        return;
    };
    let world = world();
    let home = TempDir::new().unwrap();
    let folder = home.path();
    let (port, authority) = (free_port(), certificate(folder));
    let page = read("docs/proxy.md");
    let (_, caddyfile) = page.split_once("## Caddy").unwrap();
    let caddyfile = blocks(caddyfile, "text").remove(0);
    // A certificate of the test, since no authority would sign one for this machine.
    let tls = format!(
        "bind 127.0.0.1\n\ttls \"{0}/certificate.pem\" \"{0}/key.pem\"\n\treverse_proxy",
        folder.display()
    );
    let caddyfile = caddyfile
        .replace("bowline.example.com", &format!("https://localhost:{port}"))
        .replace(
            "127.0.0.1:9400",
            &format!("127.0.0.1:{}", world.server.port),
        )
        .replace("reverse_proxy", &tls);
    let global = "{\n\tadmin off\n\tauto_https off\n}\n";
    let file = folder.join("Caddyfile");
    fs::write(&file, format!("{global}{caddyfile}\n")).unwrap();
    let mut command = Command::new(caddy);
    command.args(["run", "--adapter", "caddyfile", "--config"]);
    command.arg(&file);
    let _proxy = start(&mut command, folder, port);
    prove(&world, &clients, folder, port, &authority);
}
