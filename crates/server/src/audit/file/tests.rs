//! Rotation loses no line and stays within the bound.

use std::time::Duration;

use jiff::SignedDuration;

use super::*;

const START: Timestamp = Timestamp::UNIX_EPOCH;

fn limits(max_total: u64) -> AuditLimits {
    AuditLimits {
        max_file_bytes: 16 * 1024,
        max_file_age: Duration::from_hours(24),
        max_total_bytes: Some(max_total),
        ..AuditLimits::default()
    }
}

fn at(hours: i64) -> Timestamp {
    // The creation time of a file is that of the machine.
    START + SignedDuration::from_hours(hours)
}

fn all_lines(path: &Path) -> Vec<String> {
    let mut paths: Vec<_> = earlier_files(path).unwrap();
    paths.push((path.to_owned(), 0));
    let texts = paths
        .iter()
        .map(|(path, _)| fs::read_to_string(path).unwrap());
    texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn a_large_file_is_followed_by_a_new_one_and_no_line_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit/audit.jsonl");
    let files = LogFiles::open(&path, limits(1 << 20), START).unwrap();
    let written = std::thread::scope(|scope| {
        let write = |writer: usize| {
            let lines = (0..500).map(|number| format!("{writer}-{number}-{}\n", "x".repeat(80)));
            let lines: Vec<_> = lines.collect();
            for line in &lines {
                let n = files.append(line.as_bytes(), Some(START)).unwrap();
                assert_eq!(n, line.len());
            }
            lines
        };
        let writers = [0, 1, 2].map(|writer| scope.spawn(move || write(writer)));
        let lines = writers.map(|writer| writer.join().unwrap());
        lines.concat()
    });
    let mut expected: Vec<_> = written
        .iter()
        .map(|line| line.trim_end().to_owned())
        .collect();
    let mut found = all_lines(&path);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    assert_eq!(
        files.rotations(),
        earlier_files(&path).unwrap().len() as u64
    );
    assert!(files.rotations() > 0);
}

#[test]
fn the_oldest_files_are_deleted_and_no_others() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit.jsonl");
    let (bound, line) = (256 * 1024, vec![b'x'; 8_000]);
    let files = LogFiles::open(&path, limits(bound), START).unwrap();
    let others = [
        "audit.jsonl.old",
        "audit-2026.jsonl",
        "audit-20260101T000000.000000000Z.json",
        "other-20260101T000000.000000000Z.jsonl",
    ];
    for other in others {
        fs::write(home.path().join(other), vec![b'y'; 300_000]).unwrap();
    }
    for number in 0..200 {
        let now = START + SignedDuration::from_secs(number);
        files.append(&line, Some(now)).unwrap();
        if number % 10 == 0 {
            files.maintain(u64::MAX, now).unwrap();
            let total: u64 = earlier_files(&path)
                .unwrap()
                .iter()
                .map(|(_, size)| size)
                .sum();
            assert!(total + files.max_file() <= bound, "{total}");
        }
    }
    files.maintain(u64::MAX, at(1)).unwrap();
    assert!(files.deletions() > 0);
    assert!(files.total_bytes() <= bound);
    let earlier = earlier_files(&path).unwrap();
    // Those that are left are the newest.
    assert!(earlier.len() > 4);
    let oldest = earlier[0].0.file_name().unwrap().to_str().unwrap();
    assert!(oldest > "audit-19700101T000200", "{oldest}");
    for other in others {
        assert!(home.path().join(other).exists(), "{other}");
    }
}

#[test]
fn an_old_file_is_followed_by_a_new_one() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit.jsonl");
    let now = Timestamp::try_from(fs::metadata(home.path()).unwrap().modified().unwrap());
    let now = now.unwrap();
    let files = LogFiles::open(&path, limits(1 << 20), now).unwrap();
    let later = now + SignedDuration::from_hours(25);
    files.maintain(u64::MAX, later).unwrap();
    assert_eq!(files.rotations(), 0, "an empty file stays");
    files.append(b"one\n", Some(now)).unwrap();
    files
        .maintain(u64::MAX, now + SignedDuration::from_hours(23))
        .unwrap();
    assert_eq!(files.rotations(), 0);
    files.maintain(u64::MAX, later).unwrap();
    assert_eq!(files.rotations(), 1);
    files.append(b"two\n", Some(later)).unwrap();
    assert_eq!(all_lines(&path), ["one", "two"]);
}

#[test]
fn a_file_that_was_moved_away_is_followed_by_a_new_one() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit.jsonl");
    let files = LogFiles::open(&path, limits(1 << 20), START).unwrap();
    files.append(b"one\n", Some(START)).unwrap();
    fs::rename(&path, home.path().join("moved")).unwrap();
    files.append(b"two\n", Some(START)).unwrap();
    files.maintain(u64::MAX, START).unwrap();
    files.append(b"three\n", Some(START)).unwrap();
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    assert_eq!(read(&home.path().join("moved")), "one\ntwo\n");
    assert_eq!(read(&path), "three\n");
}

#[test]
fn two_files_of_one_moment_have_different_names() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit.jsonl");
    let files = LogFiles::open(&path, limits(1 << 20), START).unwrap();
    for _ in 0..4 {
        files.append(&vec![b'x'; 17 * 1024], Some(START)).unwrap();
    }
    assert_eq!(earlier_files(&path).unwrap().len(), 4);
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit.jsonl");
    fs::write(home.path().join("target"), "").unwrap();
    std::os::unix::fs::symlink(home.path().join("target"), &path).unwrap();
    assert!(LogFiles::open(&path, limits(1 << 20), START).is_err());
}
