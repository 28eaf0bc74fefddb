//! Failures of the framework (an address that isn't there, a body that can't be read), told as our own [`Error`].

use poem::{
    error::{MethodNotAllowedError, NotFoundError, ReadBodyError},
    http::StatusCode,
};
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseMultipartError, ParseParamError, ParsePathError,
    ParseRequestPayloadError,
};

use crate::error::Error;

pub fn translate(error: &poem::Error) -> Error {
    if error.is::<NotFoundError>() {
        return Error::not_found("no_such_address", "There is nothing at this address; /docs lists what there is.");
    }
    if error.is::<MethodNotAllowedError>() {
        return Error::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This address doesn't take this method; see Allow.",
        );
    }
    if error.is::<AuthorizationError>() {
        return Error::unauthenticated(
            "not_signed_in",
            "Sign in first: POST /api/auth/login, then send `Authorization: Bearer …`.",
        );
    }
    if let Some(e) = error.downcast_ref::<ParseRequestPayloadError>() {
        return Error::malformed("bad_body", sentence(&e.reason));
    }
    if let Some(e) = error.downcast_ref::<ParseMultipartError>() {
        return Error::malformed("bad_body", sentence(&e.reason));
    }
    if let Some(e) = error.downcast_ref::<ParseParamError>() {
        return Error::malformed("bad_parameter", format!("{}: {}", place(e.name), value(&e.reason)));
    }
    if let Some(e) = error.downcast_ref::<ParsePathError>() {
        return Error::malformed("bad_parameter", format!("{}: {}", place(e.name), value(&e.reason)));
    }
    if error.is::<ContentTypeError>() {
        return Error::unsupported("bad_content_type", error.to_string());
    }
    if error.is::<ReadBodyError>() {
        return Error::malformed("bad_request", "The request broke off or can't be read.");
    }
    match error.status() {
        status if status.is_client_error() => Error::new(status, "bad_request", sentence(&error.to_string())),
        _ => Error::internal(anyhow::anyhow!("{error}")),
    }
}

/// The framework counts what stands in the path and forgets its name.
fn place(name: &str) -> String {
    if name.starts_with("param") { "the address".to_owned() } else { format!("`{name}`") }
}

/// What is wrong with a value: the framework names its own types where it knows a list of words.
fn value(reason: &str) -> String {
    if reason.contains("Expect a valid enumeration value") {
        return "not one of the words that it may be; /docs lists them.".to_owned();
    }
    sentence(reason)
}

/// The reason's first line, bounded: parsers quote what they were given, and that may be long.
fn sentence(reason: &str) -> String {
    let line = reason.lines().next().unwrap_or_default();
    line.chars().take(300).collect()
}
