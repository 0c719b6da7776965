//! `ListObjectsV2`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bowline_aws::{
    error::{AwsError, Code, Protocol},
    s3::operation::ListObjectsV2,
    xml::XmlWriter,
};
use bowline_iam::decision::Permit;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    call::{AuthorizedS3Operation, S3Call},
    error::S3Error,
    response,
};
use crate::{
    http::response::Response,
    request::caller::Caller,
    upstream::objects::{ListPage, ListPosition, ListQuery, ListedEntry},
};

/// The most entries of a page.
const MAX_KEYS: u32 = 1000;
/// What `encoding-type=url` does not encode.
const UNENCODED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*')
    .remove(b'/');

pub(super) async fn handle(
    call: &S3Call<'_>,
    permit: Permit<AuthorizedS3Operation<ListObjectsV2>>,
) -> Result<Response, S3Error> {
    let (bucket, list) = call.use_bucket(permit)?;
    let owner = bucket.entry.record.owner;
    let account = call.caller.map_or(owner, Caller::account);
    let _listing = call.upstreams.listing(account).await;
    let page = bucket.store.list(&bucket.name, query(&list)?).await;
    let page = page.map_err(|error| bucket.error(error))?;
    Ok(page_response(&list, &page, owner.as_str())?)
}

/// The query for the store. A continuation token takes precedence over `start-after`.
fn query(list: &ListObjectsV2) -> Result<ListQuery, AwsError> {
    let after = match (&list.continuation_token, &list.start_after) {
        (Some(token), _) => Some(read_token(token)?),
        (None, Some(key)) if !key.is_empty() => Some(ListPosition::AfterKey(key.clone())),
        (None, Some(_) | None) => None,
    };
    Ok(ListQuery {
        prefix: list.prefix.clone().unwrap_or_default(),
        delimiter: list.delimiter.clone().unwrap_or_default(),
        after,
        max: list.max_keys.unwrap_or(MAX_KEYS).min(MAX_KEYS) as usize,
    })
}

fn page_response(list: &ListObjectsV2, page: &ListPage, owner: &str) -> Result<Response, AwsError> {
    let shown = |text: &str| {
        if list.encode_url {
            utf8_percent_encode(text, &UNENCODED).to_string()
        } else {
            text.to_owned()
        }
    };
    let mut xml = XmlWriter::with_declaration();
    xml.open_in("ListBucketResult", response::NAMESPACE);
    xml.element("Name", list.bucket.as_str());
    xml.element("Prefix", &shown(list.prefix.as_deref().unwrap_or_default()));
    if let Some(key) = &list.start_after {
        xml.element("StartAfter", &shown(key));
    }
    xml.element_if("ContinuationToken", list.continuation_token.as_deref());
    if let Some(next) = page.next() {
        xml.element("NextContinuationToken", &write_token(&next)?);
    }
    xml.int(
        "KeyCount",
        i64::try_from(page.entries.len()).unwrap_or(i64::MAX),
    );
    xml.int("MaxKeys", list.max_keys.unwrap_or(MAX_KEYS).min(MAX_KEYS));
    if let Some(delimiter) = &list.delimiter {
        xml.element("Delimiter", &shown(delimiter));
    }
    if list.encode_url {
        xml.element("EncodingType", "url");
    }
    xml.bool("IsTruncated", page.truncated);
    for entry in &page.entries {
        match entry {
            ListedEntry::Object(key, info) => {
                xml.open("Contents");
                xml.element("Key", &shown(key));
                xml.s3_timestamp("LastModified", info.modified);
                xml.element("ETag", &info.etag.to_string());
                if let Some(checksum) = &info.checksum {
                    let name = checksum
                        .header
                        .trim_start_matches("x-amz-checksum-")
                        .to_ascii_uppercase();
                    xml.element("ChecksumAlgorithm", &name);
                    xml.element("ChecksumType", "FULL_OBJECT");
                }
                xml.int("Size", i64::try_from(info.length).unwrap_or(i64::MAX));
                if list.fetch_owner {
                    xml.open("Owner");
                    xml.element("ID", owner);
                    xml.close("Owner");
                }
                xml.element("StorageClass", "STANDARD");
                xml.close("Contents");
            }
            ListedEntry::CommonPrefix(prefix) => {
                xml.open("CommonPrefixes");
                xml.element("Prefix", &shown(prefix));
                xml.close("CommonPrefixes");
            }
        }
    }
    xml.close("ListBucketResult");
    Ok(response::xml(xml))
}

/// Encodes where the next page begins. A token grants nothing: every page is authorized.
fn write_token(after: &ListPosition) -> Result<String, AwsError> {
    let bytes = postcard::to_allocvec(after).map_err(|_| AwsError::internal(Protocol::S3))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn read_token(token: &str) -> Result<ListPosition, AwsError> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| postcard::from_bytes(&bytes).ok())
        .ok_or_else(|| {
            AwsError::new(
                Code::InvalidArgument,
                "The continuation token provided is incorrect",
            )
        })
}
