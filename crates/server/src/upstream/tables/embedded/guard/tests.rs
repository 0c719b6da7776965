//! Each file of a database, damaged in each way: it opens with everything, or not at all.

use super::*;

/// A database of the engine's kind, opened through the guards, as the slot does.
struct Opened {
    guards: Guards,
    guard: Arc<Guard>,
    connection: Connection,
}

fn open(path: &Path) -> Result<Opened, String> {
    let guards = Guards::default();
    let guard = guards.open(path).map_err(|error| error.to_string())?;
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS item (text TEXT)")
        .unwrap();
    Ok(Opened {
        guards,
        guard,
        connection,
    })
}

impl Opened {
    fn insert(&self, rows: usize) {
        for _ in 0..rows {
            let text = "x".repeat(300);
            self.connection
                .execute("INSERT INTO item VALUES (?1)", [text])
                .unwrap();
        }
        self.guard.touch();
    }

    fn rows(&self) -> usize {
        let count = "SELECT count(*) FROM item";
        self.connection
            .query_row(count, [], |row| row.get(0))
            .unwrap()
    }

    /// Closes it as an orderly end does.
    fn close(self) {
        self.guard.closing();
        drop(self.connection);
        self.guard.closed();
        drop(self.guards);
    }

    /// The files as a killed process leaves them, after the last position was written.
    fn killed(self, folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        // The thread that follows the guards may be about to write it.
        loop {
            self.guard.is_dirty.store(true, Ordering::Release);
            self.guard.write_position();
            let last = last_commit(&self.guard.path, None).unwrap().unwrap();
            if lock(&self.guard.state).expected == Expected::Log(last) {
                break;
            }
        }
        let entries = fs::read_dir(folder).unwrap();
        let files: Vec<_> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| !path.to_string_lossy().ends_with("-shm"))
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        drop(self);
        put_back(folder, &files);
        files
    }
}

fn put_back(folder: &Path, files: &[(PathBuf, Vec<u8>)]) {
    for entry in fs::read_dir(folder).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (path, bytes) in files {
        fs::write(path, bytes).unwrap();
    }
}

/// The damages that every file gets.
fn damages(whole: &[u8]) -> Vec<(&'static str, Option<Vec<u8>>)> {
    let mut flipped = whole.to_vec();
    for at in [whole.len() / 3, whole.len() / 2, whole.len() - 3] {
        flipped[at] ^= 0x10;
    }
    vec![
        ("removed", None),
        ("emptied", Some(Vec::new())),
        ("cut", Some(whole[..whole.len() / 2].to_vec())),
        ("zeroed", Some(vec![0; whole.len()])),
        ("flipped", Some(flipped)),
        ("foreign", Some(vec![0x5a; whole.len()])),
    ]
}

/// Damages every file in every way: the database opens with these rows, or is refused, and a
/// refusal leaves the files as they are.
fn assert_damage_is_noticed(folder: &Path, path: &Path, files: &[(PathBuf, Vec<u8>)], rows: usize) {
    let mut refused = 0;
    for (damaged, whole) in files {
        for (how, bytes) in damages(whole) {
            put_back(folder, files);
            match &bytes {
                Some(bytes) => fs::write(damaged, bytes).unwrap(),
                None => fs::remove_file(damaged).unwrap(),
            }
            let name = damaged.display();
            match open(path) {
                Ok(opened) => assert_eq!(opened.rows(), rows, "{name} {how}"),
                Err(error) => {
                    refused += 1;
                    assert!(error.contains("restore a backup"), "{name} {how}: {error}");
                    assert_eq!(fs::read(damaged).ok(), bytes, "{name} {how}");
                }
            }
        }
    }
    assert!(refused >= 9, "{refused}");
    put_back(folder, files);
    assert_eq!(open(path).unwrap().rows(), rows);
}

#[test]
fn any_damage_of_a_database_that_was_not_closed_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("432797229265.us-east-1.db");
    let opened = open(&path).unwrap();
    opened.insert(60);
    opened.close();
    let opened = open(&path).unwrap();
    opened.insert(40);
    let files = opened.killed(home.path());
    assert_eq!(files.len(), 3);
    assert_damage_is_noticed(home.path(), &path, &files, 100);
}

#[test]
fn any_damage_of_a_database_that_was_closed_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("432797229265.us-east-1.db");
    let opened = open(&path).unwrap();
    opened.insert(100);
    opened.close();
    let read = |path: &Path| (path.to_owned(), fs::read(path).unwrap());
    let files = [read(&path), read(&state::path_of(&path))];
    assert_damage_is_noticed(home.path(), &path, &files, 100);
}

#[test]
fn an_older_database_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("432797229265.us-east-1.db");
    let opened = open(&path).unwrap();
    opened.insert(10);
    opened.close();
    let older = fs::read(&path).unwrap();
    let opened = open(&path).unwrap();
    opened.insert(10);
    let files = opened.killed(home.path());
    // Without the log, all that is left is of the time before.
    fs::remove_file(log_path(&path)).unwrap();
    fs::write(&path, &older).unwrap();
    assert!(open(&path).map(drop).unwrap_err().contains("lost its log"));
    put_back(home.path(), &files);
    open(&path).unwrap().close();
    fs::write(&path, &older).unwrap();
    assert!(
        open(&path)
            .map(drop)
            .unwrap_err()
            .contains("not what was written last")
    );
}

#[test]
fn the_log_and_the_file_of_another_region_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let killed = |region: &str| {
        let folder = home.path().join(region);
        fs::create_dir(&folder).unwrap();
        let path = folder.join(format!("432797229265.{region}.db"));
        let opened = open(&path).unwrap();
        opened.insert(10);
        opened.killed(&folder);
        path
    };
    let [one, other] = ["us-east-1", "eu-west-1"].map(killed);
    let log = fs::read(log_path(&one)).unwrap();
    fs::copy(log_path(&other), log_path(&one)).unwrap();
    let refused = open(&one).map(drop).unwrap_err();
    assert!(refused.contains("log of another database"), "{refused}");
    fs::write(log_path(&one), log).unwrap();
    open(&one).unwrap().close();
    open(&other).unwrap().close();
    // A copy without its state is one of an earlier version, and its name gives it away.
    fs::remove_file(state::path_of(&one)).unwrap();
    fs::copy(&other, &one).unwrap();
    let refused = open(&one).map(drop).unwrap_err();
    assert!(refused.contains("another account or region"), "{refused}");
}

#[test]
fn a_database_of_an_earlier_version_is_taken_over() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("432797229265.us-east-1.db");
    let earlier = Connection::open(&path).unwrap();
    earlier
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE item (text TEXT); INSERT INTO item VALUES ('a')")
        .unwrap();
    drop(earlier);
    let opened = open(&path).unwrap();
    assert_eq!(opened.rows(), 1);
    opened.close();
    assert!(state::path_of(&path).exists());
}

#[test]
fn the_position_is_written_within_a_second_by_itself() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("432797229265.us-east-1.db");
    let opened = open(&path).unwrap();
    opened.insert(3);
    let newest = || {
        Log::open(&log_path(&path))
            .unwrap()
            .unwrap()
            .last_commit(None)
    };
    let newest = newest().unwrap();
    let written = || match DatabaseState::read(&path).unwrap() {
        state::Read::Present(state) => state.expected == Expected::Log(newest),
        state::Read::Absent | state::Read::Damaged => false,
    };
    while !written() {
        std::thread::yield_now();
    }
    opened.close();
}

#[test]
fn a_start_that_was_killed_while_it_opened_a_database_damages_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("432797229265.us-east-1.db");
    let opened = open(&path).unwrap();
    opened.insert(3);
    opened.close();
    // What each of the first two writes of an opening leaves, if it is the last.
    for raises in [false, true] {
        let Ok(mut state) = check(&path, u64::MAX, true) else {
            panic!("it was closed in order");
        };
        state.expected = Expected::AnyLog;
        state.write(&path).unwrap();
        if raises {
            state.generation += 1;
            raise_generation(&path, &state).unwrap();
        }
        let opened = open(&path).unwrap();
        assert_eq!(opened.rows(), 3);
        opened.close();
    }
}
