//! Tokens of transactions (`ClientRequestToken`): a transaction that is sent again within ten
//! minutes is executed once.

use std::collections::HashMap;

/// How long a token is remembered, in seconds ("Idempotency", `TransactWriteItems`).
const TOKEN_LIFETIME: u64 = 600;
/// Maximum number of tokens that are remembered. Beyond it, transactions with a token are rejected
/// until older ones expire: without memory of them they could be executed twice.
const MAX_TOKENS: usize = 20_000;

/// The tokens of transactions that were executed.
#[derive(Debug, Default)]
pub(super) struct Tokens(HashMap<String, Executed>);

#[derive(Debug)]
struct Executed {
    /// In seconds of the Unix epoch.
    at: u64,
    /// A hash of the transaction.
    request: u64,
    /// Read capacity that a repetition consumes, by table.
    units: Vec<(String, f64)>,
}

/// What is known of a token.
#[derive(Debug, PartialEq)]
pub(super) enum Known {
    /// It is new.
    New,
    /// This transaction was executed. A repetition consumes this read capacity, by table.
    Executed(Vec<(String, f64)>),
    /// Another transaction was executed with it.
    OtherRequest,
    /// Too many tokens are remembered.
    TooMany,
}

impl Tokens {
    /// Looks a token up.
    pub(super) fn look_up(&mut self, token: &str, request: u64, now: u64) -> Known {
        if let Some(executed) = self.0.get(token)
            && now.saturating_sub(executed.at) < TOKEN_LIFETIME
        {
            return if executed.request == request {
                Known::Executed(executed.units.clone())
            } else {
                Known::OtherRequest
            };
        }
        if self.0.len() >= MAX_TOKENS {
            self.0
                .retain(|_, executed| now.saturating_sub(executed.at) < TOKEN_LIFETIME);
        }
        if self.0.len() >= MAX_TOKENS {
            return Known::TooMany;
        }
        Known::New
    }

    /// Remembers the token of a transaction that was executed.
    pub(super) fn insert(
        &mut self,
        token: String,
        request: u64,
        units: Vec<(String, f64)>,
        at: u64,
    ) {
        self.0.insert(token, Executed { at, request, units });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_means_one_transaction_for_ten_minutes() {
        let mut tokens = Tokens::default();
        let start = 1_800_000_000;
        assert_eq!(tokens.look_up("t", 1, start), Known::New);
        tokens.insert("t".to_owned(), 1, vec![("orders".to_owned(), 2.0)], start);
        let later = start + TOKEN_LIFETIME - 1;
        assert_eq!(
            tokens.look_up("t", 1, later),
            Known::Executed(vec![("orders".to_owned(), 2.0)])
        );
        assert_eq!(tokens.look_up("t", 2, later), Known::OtherRequest);
        assert_eq!(tokens.look_up("t", 2, start + TOKEN_LIFETIME), Known::New);
    }

    #[test]
    fn no_token_is_forgotten_early_and_their_number_is_limited() {
        let mut tokens = Tokens::default();
        let start = 1_800_000_000;
        for n in 0..MAX_TOKENS {
            tokens.insert(n.to_string(), 1, Vec::new(), start);
        }
        assert_eq!(tokens.look_up("another", 1, start), Known::TooMany);
        assert_eq!(tokens.look_up("0", 1, start), Known::Executed(Vec::new()));
        assert_eq!(
            tokens.look_up("another", 1, start + TOKEN_LIFETIME),
            Known::New
        );
    }
}
