//! What a decision costs: beside a matcher that is written by hand for the same policies, and with
//! more statements that cannot match. And what it costs to parse and compile a policy.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]

#[path = "support/workload.rs"]
mod workload;

use std::hint::black_box;

use bowline_iam::{
    action::Action,
    context::ConditionContext,
    pattern::{ArnPattern, Pattern, ResourcePattern, Variables},
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use workload::{Networks, RESOURCE, Request, compiled, context, document, is_allowed, policies};

fn decide(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decision");
    group.bench_function("written by hand, 10 statements", |bencher| {
        let networks = Networks::new();
        bencher.iter(|| {
            let request = Request::new(black_box("s3:GetObject"), black_box(RESOURCE));
            assert!(request.is_allowed(&networks));
        });
    });
    for statements in [10, 100, 1_000] {
        let policies = policies(statements);
        let action = Action::parse("s3:GetObject").unwrap();
        group.bench_function(BenchmarkId::from_parameter(statements), |bencher| {
            bencher.iter(|| {
                let context = context();
                assert!(is_allowed(&policies, &action, &context));
            });
        });
        group.bench_function(
            BenchmarkId::new("without the context", statements),
            |bencher| {
                let context = context();
                bencher.iter(|| assert!(is_allowed(&policies, black_box(&action), &context)));
            },
        );
    }
    group.finish();
}

fn parse(criterion: &mut Criterion) {
    let text = document(10, 4);
    assert!((1_800..2_200).contains(&text.len()), "{}", text.len());
    criterion.bench_function("parse and compile 2 KB", |bencher| {
        bencher.iter(|| compiled(black_box(&text)));
    });
}

fn match_patterns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pattern");
    let context = ConditionContext::new();
    let arn = ArnPattern::parse("arn:aws:iam::*:role/team-*", Variables::Expand).unwrap();
    group.bench_function("ArnLike", |bencher| {
        bencher.iter(|| arn.matches(black_box("arn:aws:iam::111122223333:role/team-a"), &context));
    });
    let inside = ResourcePattern::parse("arn:aws:iam::1*3:role/x", Variables::Expand).unwrap();
    group.bench_function("a star inside a segment", |bencher| {
        bencher.iter(|| inside.matches(black_box("arn:aws:iam::111122223333:role/x"), &context));
    });
    let text = "a".repeat(8_192);
    for (name, pattern) in [
        (
            "a literal of 1,850 characters in 8 KiB",
            format!("*{}b", "a".repeat(1_850)),
        ),
        (
            "1,850 characters with `?` in 8 KiB",
            format!("*{}?b*", "a".repeat(1_850)),
        ),
        (
            "800 parts with `?` in 8 KiB",
            format!("*{}b", "a?*".repeat(800)),
        ),
    ] {
        let pattern = Pattern::parse(&pattern, Variables::Expand).unwrap();
        group.bench_function(name, |bencher| {
            bencher.iter(|| pattern.matches(black_box(&text), &context));
        });
    }
    group.finish();
}

criterion_group!(benches, decide, parse, match_patterns);
criterion_main!(benches);
