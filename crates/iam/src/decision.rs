//! What a decision hands over: the proof that the next step asks for.

/// That the policies allow `A`. Only a decision makes one.
#[derive(Debug)]
#[must_use]
pub struct Permit<A>(A);

impl<A> Permit<A> {
    /// What is permitted. The proof is used up.
    pub fn into_action(self) -> A {
        self.0
    }
}
