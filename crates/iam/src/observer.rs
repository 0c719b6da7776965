//! How an evaluation reports its steps. [`crate::trace`] records them; a plain decision ignores
//! them at no cost.

use crate::{
    layer::Layer,
    policies::AppliedPolicy,
    policy_principal::Grant,
    request::AuthorizationRequest,
    statement::{StatementOutcome, StatementRef},
};

/// Receives the steps of an evaluation, layer by layer.
pub(crate) trait Observer {
    /// Whether it needs every statement of every layer. Otherwise statements that cannot apply are
    /// not looked at, and nothing is once a statement has denied.
    const NEEDS_ALL: bool;

    /// The evaluation of a layer begins; `level` names the level of the organization, if any.
    fn begin_layer(&mut self, layer: Layer, level: Option<&str>);
    /// A statement was evaluated.
    fn statement(
        &mut self,
        request: &AuthorizationRequest<'_>,
        policy: &AppliedPolicy<'_>,
        statement: StatementRef<'_>,
        outcome: StatementOutcome<'_>,
    );
    /// A policy cannot be read.
    fn unreadable_policy(&mut self, policy: &AppliedPolicy<'_>);
    /// The evaluation of the layer has ended.
    fn end_layer(&mut self, outcome: &LayerOutcome<'_>);
}

/// What the policies of one layer say together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LayerOutcome<'a> {
    /// The most direct grant of a statement that allows.
    pub(crate) allow: Option<Grant>,
    /// The first policy with a statement that denies.
    pub(crate) deny: Option<AppliedPolicy<'a>>,
    /// Whether a policy cannot be read.
    pub(crate) unreadable: bool,
}

/// Ignores every step.
pub(crate) struct NoObserver;

impl Observer for NoObserver {
    const NEEDS_ALL: bool = false;

    fn begin_layer(&mut self, _: Layer, _: Option<&str>) {}
    fn statement(
        &mut self,
        _: &AuthorizationRequest<'_>,
        _: &AppliedPolicy<'_>,
        _: StatementRef<'_>,
        _: StatementOutcome<'_>,
    ) {
    }
    fn unreadable_policy(&mut self, _: &AppliedPolicy<'_>) {}
    fn end_layer(&mut self, _: &LayerOutcome<'_>) {}
}
