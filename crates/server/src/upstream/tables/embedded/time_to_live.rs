//! `UpdateTimeToLive`, which AWS refuses if it asks for the present state.

use dynoxide::{
    DynoxideError,
    actions::{
        describe_time_to_live::{self, DescribeTimeToLiveRequest},
        update_time_to_live::{self, UpdateTimeToLiveRequest, UpdateTimeToLiveResponse},
    },
};

use super::engine::{Engine, run};

/// Turns it on or off.
///
/// # Errors
/// `ValidationException` with AWS's text if it is so already, and those of the engine.
pub(super) fn update(
    engine: &Engine,
    request: UpdateTimeToLiveRequest,
) -> dynoxide::Result<UpdateTimeToLiveResponse> {
    let table_name = request.table_name.clone();
    let specification = &request.time_to_live_specification;
    // The engine checks the request before it looks for the table.
    if !specification.attribute_name.is_empty() && table_name.len() >= 3 {
        let table = DescribeTimeToLiveRequest { table_name };
        let present = run(describe_time_to_live::execute(&engine.storage, table))?;
        let present = present.time_to_live_description;
        let is_enabled = present.time_to_live_status == "ENABLED";
        let same = present.attribute_name.as_ref() == Some(&specification.attribute_name);
        // The texts of AWS, as the provider of Terraform knows them.
        let refusal = match (specification.enabled, is_enabled) {
            (false, false) => Some("TimeToLive is already disabled"),
            (true, true) if same => Some("TimeToLive is already enabled"),
            (true, true | false) | (false, true) => None,
        };
        if let Some(refusal) = refusal {
            return Err(DynoxideError::ValidationException(refusal.to_owned()));
        }
    }
    run(update_time_to_live::execute(&engine.storage, request))
}
