//! `Explain`: why a recent request ended with an error.
//!
//! `{"RequestId": "..."}` or `{"Last": true}`; the response is `{"Explanation": {...}}`.
//! `{"List": true}` with filters; the response is `{"Explanations": [...]}`, the latest first.

use bowline_aws::requirement::ResourceOwner;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    error::OperatorError,
    input::{Members, invalid},
    management_account,
    operation::{Operation, any_resource, to_json},
};
use crate::{
    explain::{
        Explanation,
        filter::{Filter, Summary},
    },
    http::response::Response,
    identity::index::Index,
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// The length of a list that does not ask for one.
const DEFAULT_MAX_ITEMS: usize = 50;
/// The most that a list has. A response with so many summaries has less than 2 MiB.
const MAX_ITEMS: usize = 1000;

/// The members that only a list has.
const FILTERS: [&str; 7] = [
    "Caller", "Role", "Action", "Outcome", "Since", "Until", "MaxItems",
];

/// The request to explain.
#[derive(Debug)]
pub(super) enum Explain {
    /// The one with this request id.
    Request(String),
    /// The latest one.
    Last,
    /// Many.
    List(Box<List>),
}

/// Which explanations to list.
#[derive(Debug)]
pub(super) struct List {
    filter: Filter,
    since: Option<When>,
    until: Option<When>,
    max_items: usize,
}

/// A time, or a time before now.
#[derive(Clone, Copy, Debug)]
enum When {
    At(Timestamp),
    Ago(SignedDuration),
}

impl When {
    fn read(members: &Members<'_>, name: &str) -> Result<Option<Self>, OperatorError> {
        let Some(text) = members.text(name)? else {
            return Ok(None);
        };
        if let Ok(at) = text.parse() {
            return Ok(Some(Self::At(at)));
        }
        let ago = text.parse::<SignedDuration>().ok();
        let ago = ago.filter(|ago| !ago.is_negative()).map(Self::Ago);
        ago.map(Some).ok_or_else(|| {
            invalid(&format!(
                "{name} is neither a time such as 2026-11-25T03:00:00Z nor a duration such as 15m"
            ))
        })
    }

    fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            // What is before all times admits all.
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}

impl List {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        let max_items = match members.integer("MaxItems")? {
            None => Some(DEFAULT_MAX_ITEMS),
            Some(number) => usize::try_from(number).ok(),
        };
        let max_items = max_items.filter(|number| (1..=MAX_ITEMS).contains(number));
        Ok(Self {
            filter: Filter {
                caller: members.text("Caller")?,
                role: members.text("Role")?,
                action: members.text("Action")?,
                outcome: members.text("Outcome")?,
                since: None,
                until: None,
            },
            since: When::read(members, "Since")?,
            until: When::read(members, "Until")?,
            max_items: max_items
                .ok_or_else(|| invalid(&format!("MaxItems is not between 1 and {MAX_ITEMS}")))?,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    explanation: &'a Explanation,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListOutput<'a> {
    explanations: Vec<Summary<'a>>,
}

impl Operation for Explain {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        let known = ["RequestId", "Last", "List"].into_iter().chain(FILTERS);
        members.only(&known.collect::<Vec<_>>())?;
        if members.boolean("List")? {
            if members.text("RequestId")?.is_some() || members.boolean("Last")? {
                return Err(invalid("A list has neither RequestId nor Last"));
            }
            return Ok(Self::List(Box::new(List::read(members)?)));
        }
        if members.has_any(&FILTERS) {
            return Err(invalid("Only a list has filters: give List as true"));
        }
        match (members.text("RequestId")?, members.boolean("Last")?) {
            (Some(id), false) => Ok(Self::Request(id)),
            (None, true) => Ok(Self::Last),
            (Some(_), true) | (None, false) => Err(invalid(
                "Give either RequestId, or Last as true, or List as true",
            )),
        }
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        match self {
            Self::Request(id) => parameters.add("requestId", id.clone()),
            Self::Last => parameters.add("last", "true"),
            Self::List(_) => parameters.add("list", "true"),
        }
    }

    fn resource(&self, _: &Index) -> (String, ResourceOwner) {
        any_resource()
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let account = call.account();
        // The management account also sees requests that addressed no account.
        let all = management_account(&call.index) == Some(account);
        let denials = &call.app.denials;
        let (found, id) = match self {
            Self::Request(id) => (denials.find(account, all, &id), Some(id)),
            Self::Last => (denials.last(account, all), None),
            Self::List(list) => {
                let now = call.app.clock.now();
                let filter = Filter {
                    since: list.since.map(|when| when.resolve(now)),
                    until: list.until.map(|when| when.resolve(now)),
                    ..list.filter
                };
                let visible = denials.all(account, all);
                let admitted = visible.iter().filter(|it| filter.admits(it));
                let explanations = admitted.take(list.max_items);
                return to_json(&ListOutput {
                    explanations: explanations.map(|it| Summary::from(&**it)).collect(),
                });
            }
        };
        let explanation = found.ok_or(OperatorError::NoExplanation(id))?;
        let output = Output {
            explanation: &explanation,
        };
        to_json(&output)
    }
}
