//! The one error of every operation, for its two readers: the client gets a stable code and a sentence, the log
//! gets the cause. Rendered as RFC 9457 problem+json in one place, the middleware around all requests.
//!
//! Nothing outside this file and `around.rs` names a status code.

use std::{fmt, sync::Arc};

use poem::{error::ResponseError, http::StatusCode};
use poem_openapi::{
    ApiResponse, Object,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as RFC 9457 has it.
#[derive(Debug, Object, serde::Serialize)]
pub struct Problem {
    /// The kind of problem, as a URN
    pub r#type: String,
    /// The kind of problem, the same words each time
    pub title: String,
    /// The HTTP status
    pub status: u16,
    /// The kind of problem, for programs: stable
    pub code: String,
    /// What happened this time
    pub detail: String,
    /// Quote this when you ask for help; the log has the same
    pub request_id: String,
    /// What is wrong with each line or field, where that can be said
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<Detail>>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Object, serde::Serialize)]
pub struct Detail {
    /// Where: a field, or a product's id
    pub at: String,
    /// What is wrong there
    pub detail: String,
}

const DATABASE_AWAY: &str = "database_away";

#[derive(Debug)]
pub struct Error {
    pub status: StatusCode,
    /// Stable, for programs.
    pub code: &'static str,
    /// For the client.
    pub detail: String,
    pub errors: Option<Vec<Detail>>,
    /// Seconds to wait before trying again.
    pub retry_after: Option<u64>,
    /// For the log, never for the client.
    pub cause: Option<anyhow::Error>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $status:ident;)+) => {
        impl Error { $(
            $(#[$doc])*
            pub fn $name(code: &'static str, detail: impl Into<String>) -> Self {
                Self::new(StatusCode::$status, code, detail)
            }
        )+ }
    };
}

kinds! {
    /// The request can't be read.
    malformed => BAD_REQUEST;
    /// Nobody is signed in, or not any more.
    unauthenticated => UNAUTHORIZED;
    /// Somebody is signed in who may not do this.
    forbidden => FORBIDDEN;
    /// There is no such thing, or the caller may not know of it.
    not_found => NOT_FOUND;
    /// The thing is not in a state that allows this.
    conflict => CONFLICT;
    /// The rest of the request does not come.
    too_slow => REQUEST_TIMEOUT;
    /// Too large.
    too_large => PAYLOAD_TOO_LARGE;
    /// Not a kind of content that is taken here.
    unsupported => UNSUPPORTED_MEDIA_TYPE;
    /// Readable, and wrong.
    invalid => UNPROCESSABLE_ENTITY;
    /// Too many.
    throttled => TOO_MANY_REQUESTS;
    /// A part that the service needs is away: the client may try again.
    unavailable => SERVICE_UNAVAILABLE;
    /// Took longer than a request may take.
    timed_out => GATEWAY_TIMEOUT;
}

impl Error {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), errors: None, retry_after: None, cause: None }
    }

    /// There is no `noun`, or not for this caller.
    pub fn no(noun: &'static str) -> Self {
        Self::not_found("not_found", format!("There is no such {noun}."))
    }

    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.")
        }
    }

    pub fn database_away(cause: impl Into<anyhow::Error>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::unavailable(DATABASE_AWAY, "The database is away for a moment; try again.").retry_after(2)
        }
    }

    /// The database was lost while it was asked to keep something: it may have been kept or not.
    pub fn outcome_unknown(cause: impl Into<anyhow::Error>) -> Self {
        let detail = "The database was lost at that moment: this may have been done or not. Look, or send the same \
                      again; with the same Idempotency-Key it is done once.";
        Self { cause: Some(cause.into()), ..Self::unavailable("outcome_unknown", detail).retry_after(2) }
    }

    pub fn is_database_away(&self) -> bool {
        self.code == DATABASE_AWAY
    }

    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    pub fn with(self, errors: Vec<Detail>) -> Self {
        Self { errors: Some(errors), ..self }
    }

    pub fn because(self, cause: impl Into<anyhow::Error>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// The error of a flight is shared by all that waited for it: each gets its own copy without the cause, which the first
    /// of them logs.
    pub fn of_flight(error: Arc<Self>) -> Self {
        Arc::try_unwrap(error).unwrap_or_else(|e| Self {
            errors: e.errors.clone(),
            retry_after: e.retry_after,
            ..Self::new(e.status, e.code, e.detail.clone())
        })
    }

    pub fn problem(&self, request_id: &str) -> Problem {
        Problem {
            r#type: format!("urn:wayfare:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail.clone(),
            request_id: request_id.to_owned(),
            errors: self.errors.clone(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)?;
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, ": {cause:#}"))
    }
}

impl std::error::Error for Error {}

impl ResponseError for Error {
    fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<anyhow::Error> for Error {
    fn from(cause: anyhow::Error) -> Self {
        Self::internal(cause)
    }
}

/// A question about the city that has no answer.
impl From<city::Error> for Error {
    fn from(why: city::Error) -> Self {
        match why {
            city::Error::UnknownPlace(_) => Self::not_found(why.code(), format!("There is nothing to find: {why}.")),
            city::Error::NoRoute(_)
            | city::Error::BadPoint
            | city::Error::OutsideCity
            | city::Error::OutsideCalendar { .. }
            | city::Error::BadQuestion(_) => Self::invalid(why.code(), format!("That can't be answered: {why}.")),
        }
    }
}

impl ApiResponse for Error {
    fn meta() -> MetaResponses {
        let response = |range: &str, description| MetaResponse {
            description,
            status: None,
            status_range: Some(range.to_owned()),
            content: vec![MetaMediaType { content_type: "application/problem+json", schema: Problem::schema_ref() }],
            headers: vec![],
        };
        MetaResponses {
            responses: vec![
                response("4XX", "The request can't be done: the code says why"),
                response("5XX", "The service can't do it now"),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}
