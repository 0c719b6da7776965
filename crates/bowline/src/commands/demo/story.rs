//! The story, chapter by chapter.

pub(super) mod pod;
mod step;

use anyhow::Result;

use super::{scene::Scene, teller::Teller};

/// Plays all of it. Steps that do not end as they must are told, and end the story only where nothing could follow.
///
/// # Errors
/// If no answer comes at all.
pub(super) async fn tell(scene: &Scene, teller: &mut Teller) -> Result<()> {
    pod::tell(scene, teller).await
}
