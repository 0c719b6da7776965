//! What a guarded database is for, and the error that names it.

/// Why a database is not opened.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} `{path}` {problem}: {}", kind.noun(), kind.remedy())]
pub(crate) struct DamagedDatabase {
    pub(super) kind: DatabaseKind,
    pub(super) path: String,
    pub(super) problem: String,
}

/// What a database is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DatabaseKind {
    /// Tables of an account in a region.
    #[default]
    Tables,
    /// The index of the embedded object store.
    ObjectIndex,
}

impl DatabaseKind {
    fn noun(self) -> &'static str {
        match self {
            Self::Tables => "the table database",
            Self::ObjectIndex => "the index of objects",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Tables => {
                "stop the server and put its files back as they were, or restore a backup"
            }
            Self::ObjectIndex => {
                "put its files back as they were, or rebuild it with `bowline store check --repair-index`"
            }
        }
    }
}
