//! The question and the answer of `ListObjectsV2`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bowline_aws::{
    error::{AwsError, Code},
    s3::{BucketName, ListObjects},
    xml::XmlWriter,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{ResponseBody, response};
use crate::upstream::objects::{ListPage, ListPosition, ListQuery, ListedEntry};

/// The most entries of a page.
const MAX_KEYS: u32 = 1000;
/// What `encoding-type=url` leaves as it is.
const KEPT: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*')
    .remove(b'/');

/// What to ask the store. A continuation token goes before `start-after`.
pub(super) fn query(list: &ListObjects) -> Result<ListQuery, AwsError> {
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

/// The page as XML.
pub(super) fn answer(
    bucket: &BucketName,
    list: &ListObjects,
    page: &ListPage,
    owner: &str,
) -> Result<http::Response<ResponseBody>, AwsError> {
    let shown = |text: &str| {
        if list.encode_url {
            utf8_percent_encode(text, &KEPT).to_string()
        } else {
            text.to_owned()
        }
    };
    let mut xml = XmlWriter::with_declaration();
    xml.open_in("ListBucketResult", response::NAMESPACE);
    xml.element("Name", bucket.as_str());
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
                xml.timestamp_millis("LastModified", info.modified);
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

/// A token is where the page ended, encoded. It grants nothing: prefix and permission are checked on every page.
fn write_token(after: &ListPosition) -> Result<String, AwsError> {
    let bytes = postcard::to_allocvec(after)
        .map_err(|_| AwsError::internal(bowline_aws::error::Protocol::S3))?;
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
