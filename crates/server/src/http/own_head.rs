//! Takes a head out of the buffer that it arrived in.
//!
//! The values of a parsed head are parts of the buffer of its connection. A request that waits for
//! its body would keep that buffer of 8 KiB, and the connection would need another one to read the
//! body. A copy of the head's own bytes leaves the buffer to the body.

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Uri, uri::PathAndQuery};

/// Copies the target and the values of the headers. Nothing refers to the connection's buffer then.
pub(super) fn copy<B>(request: &mut Request<B>) {
    let target = request.uri().path_and_query().map_or("", |it| it.as_str());
    let values = request.headers().values().map(HeaderValue::len);
    let mut copy = BytesMut::with_capacity(target.len() + values.sum::<usize>());
    copy.extend_from_slice(target.as_bytes());
    let target = copy.split().freeze();
    // A target with a scheme or a host is rejected at once, so it keeps no buffer for long.
    let is_path = request.uri().authority().is_none() && request.uri().scheme().is_none();
    if is_path && let Ok(target) = PathAndQuery::from_maybe_shared(target) {
        *request.uri_mut() = Uri::from(target);
    }
    for value in request.headers_mut().values_mut() {
        copy.extend_from_slice(value.as_bytes());
        let own: Bytes = copy.split().freeze();
        if let Ok(own) = HeaderValue::from_maybe_shared(own) {
            *value = own;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A request whose values are parts of one buffer, and the buffer.
    fn parsed(target: &str, values: &[String]) -> (Request<()>, Bytes) {
        let buffer: Bytes = [target, &*values.concat()].concat().into();
        let mut request = Request::new(());
        let part = buffer.slice(..target.len());
        *request.uri_mut() = Uri::from_maybe_shared(part).unwrap();
        let mut begin = target.len();
        for value in values {
            let part = buffer.slice(begin..begin + value.len());
            begin += value.len();
            let value = HeaderValue::from_maybe_shared(part).unwrap();
            request.headers_mut().append("x-value", value);
        }
        (request, buffer)
    }

    proptest! {
        #[test]
        fn a_copy_is_equal_and_leaves_the_buffer(
            target in r"(/[a-z0-9%~;:@!$&'()*+,=.\[\]{}|-]{0,40}){1,3}(\?[a-zA-Z0-9=&%/?+-]{0,60})?|\*",
            values in prop::collection::vec("[ -~\u{80}-\u{ff}]{0,80}", 0..8),
        ) {
            let (mut request, buffer) = parsed(&target, &values);
            let text = |request: &Request<()>| format!("{} {:?}", request.uri(), request.headers());
            let expected = text(&request);
            copy(&mut request);
            prop_assert!(buffer.is_unique());
            prop_assert_eq!(text(&request), expected);
        }
    }
}
