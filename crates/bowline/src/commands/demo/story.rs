//! The story, chapter by chapter.

mod neighbours;
pub(super) mod pod;
mod services;
mod step;
pub(super) mod tables;

use anyhow::Result;

use super::{scene::Scene, teller::Teller};

/// Plays all of it. Steps that do not end as they must are told, and end the story only where nothing could follow.
///
/// # Errors
/// If no answer comes at all.
pub(super) async fn tell(scene: &Scene, teller: &mut Teller) -> Result<()> {
    let Some(pod) = pod::tell(scene, teller).await? else {
        return Ok(());
    };
    tables::tell(scene, teller, &pod).await?;
    services::tell(scene, teller).await?;
    neighbours::tell(scene, teller, &pod).await
}
