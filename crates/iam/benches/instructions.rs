//! Counts the instructions of a decision, and of parsing and compiling a policy. Unlike times, they
//! do not depend on what else the machine does, so they show a regression of a few percent.
//!
//! The process runs itself under callgrind, which Valgrind has, with no and with many repetitions:
//! the difference belongs to the repetitions.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may stop, and prints"
)]

#[path = "support/workload.rs"]
mod workload;

use std::{
    env,
    hint::black_box,
    process::{Command, ExitCode},
};

use bowline_iam::action::Action;
use workload::{Networks, RESOURCE, Request, compiled, context, document, is_allowed, policies};

const REPETITIONS: u64 = 1_000;

/// The option by which the process repeats one of the [`WORKS`] and counts nothing.
const REPEAT: &str = "--repeat";

const WORKS: [&str; 6] = [
    "decision among 10 statements",
    "decision among 100 statements",
    "decision among 1,000 statements",
    "written by hand, 10 statements",
    "creation of a context",
    "parse and compile 2 KB",
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == REPEAT) {
        let number = |at: usize| arguments.get(at).unwrap().parse::<u64>().unwrap();
        repeat(number(at + 1), number(at + 2));
        return ExitCode::SUCCESS;
    }
    for (work, name) in (0..).zip(WORKS) {
        let (Some(none), Some(many)) = (counted(work, 0), counted(work, REPETITIONS)) else {
            println!("to count instructions needs valgrind");
            return ExitCode::FAILURE;
        };
        println!("{name}: {} instructions", (many - none) / REPETITIONS);
    }
    ExitCode::SUCCESS
}

/// The instructions of a process that repeats a work; `None` if it does not run.
fn counted(work: u64, repetitions: u64) -> Option<u64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().ok()?)
        .args([REPEAT, &work.to_string(), &repetitions.to_string()])
        .output()
        .ok()?;
    let report = String::from_utf8(run.stderr).ok()?;
    let (_, after) = report.split_once("Collected : ")?;
    after.split_whitespace().next()?.parse().ok()
}

fn repeat(work: u64, repetitions: u64) {
    let action = Action::parse("s3:GetObject").unwrap();
    let decide = |statements: usize| {
        let policies = policies(statements);
        for _ in 0..repetitions {
            assert!(is_allowed(&policies, &action, &context()));
        }
    };
    match work {
        0 => decide(10),
        1 => decide(100),
        2 => decide(1_000),
        3 => {
            let networks = Networks::new();
            for _ in 0..repetitions {
                let request = Request::new(black_box("s3:GetObject"), black_box(RESOURCE));
                assert!(black_box(request.is_allowed(&networks)));
            }
        }
        4 => {
            for _ in 0..repetitions {
                black_box(context());
            }
        }
        _ => {
            let text = document(10, 4);
            for _ in 0..repetitions {
                black_box(compiled(black_box(&text)));
            }
        }
    }
}
