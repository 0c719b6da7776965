//! The steps, in order.

mod neighbours;
pub(super) mod pod;
mod services;
mod step;
pub(super) mod tables;

use anyhow::Result;

use super::{reporter::Reporter, scene::Scene};

/// Plays all steps. A failed step is reported, and ends the demonstration only if the next steps
/// depend on it.
///
/// # Errors
/// If no response comes.
pub(super) async fn play(scene: &Scene, reporter: &mut Reporter) -> Result<()> {
    let Some(pod) = pod::play(scene, reporter).await? else {
        return Ok(());
    };
    tables::play(scene, reporter, &pod).await?;
    services::play(scene, reporter).await?;
    neighbours::play(scene, reporter, &pod).await
}
